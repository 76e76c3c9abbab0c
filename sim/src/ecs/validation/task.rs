//! Requests about tasks and task definitions.

use super::super::api::{
    Compatibility, DeregisterTaskDefinitionRequest, DescribeTaskDefinitionRequest, DescribeTasksRequest,
    GetTaskProtectionRequest, ListTaskDefinitionsRequest, ListTasksRequest, RegisterTaskDefinitionRequest,
    RunTaskRequest, StopTaskRequest, TaskOverride, UpdateTaskProtectionRequest, without_nulls,
};
use super::super::error::ApiError;
use super::service::{either_type_or_strategy, network, placement};
use super::{
    Checked, Validate, client_token, invalid, name, not_blank, page, some_and_at_most, some_not_blank,
};
use super::{at_most, tags, unmodelled, within};

/// Tasks of one `DescribeTasks` or `GetTaskProtection` (API; FACTS §8).
const DESCRIBED_TASKS: usize = 100;
/// Tasks that one `RunTask` starts (API; FACTS §8).
const STARTED_TASKS: u32 = 10;
/// Characters of the token of `RunTask` (API; FACTS §10).
const TOKEN: usize = 64;
/// Characters of `startedBy` (API; FACTS §10).
const STARTED_BY: usize = 128;
/// Characters of overrides as JSON (API, `overrides`).
const OVERRIDES: usize = 8192;
/// Characters of the reason of `StopTask`: those of a stopped reason (FACTS §7).
const REASON: usize = 1024;
/// Tasks of one `UpdateTaskProtection` (API).
const PROTECTED_TASKS: usize = 10;
/// Minutes of protection (API; FACTS §8).
const PROTECTION: u32 = 2880;

impl Validate for DescribeTasksRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        some_and_at_most("tasks", &self.tasks, DESCRIBED_TASKS)
    }
}

impl Validate for ListTasksRequest {
    /// `startedBy` must be the only filter (API; FACTS §10).
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        page(self.max_results)?;
        let others = self.family.is_some()
            || self.service_name.is_some()
            || self.container_instance.is_some()
            || self.desired_status.is_some()
            || self.launch_type.is_some();
        if self.started_by.is_some() && others {
            return Err(invalid("startedBy must be the only filter."));
        }
        unmodelled::launch_type(self.launch_type)
    }
}

impl Validate for RunTaskRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        not_blank("taskDefinition", &self.task_definition)?;
        within("count", self.count, 1, STARTED_TASKS)?;
        client_token(self.client_token.as_ref(), TOKEN)?;
        started_by(self.started_by.as_deref())?;
        tags(&self.tags)?;
        either_type_or_strategy(self.launch_type, self.capacity_provider_strategy.as_deref())?;
        placement(&self.placement_constraints, &self.placement_strategy)?;
        network(self.network_configuration.as_ref())?;
        overrides(self.overrides.as_ref())?;
        unmodelled::run_task(self)
    }
}

impl Validate for StopTaskRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        not_blank("task", &self.task)?;
        match &self.reason {
            Some(reason) if reason.chars().count() > REASON => {
                Err(invalid(format!("reason can have at most {REASON} characters.")))
            }
            _ => Ok(()),
        }
    }
}

impl Validate for UpdateTaskProtectionRequest {
    fn validate(&self) -> Checked {
        not_blank("cluster", &self.cluster)?;
        some_and_at_most("tasks", &self.tasks, PROTECTED_TASKS)?;
        within("expiresInMinutes", self.expires_in_minutes, 1, PROTECTION)
    }
}

impl Validate for GetTaskProtectionRequest {
    fn validate(&self) -> Checked {
        not_blank("cluster", &self.cluster)?;
        at_most("tasks", self.tasks.len(), DESCRIBED_TASKS)
    }
}

impl Validate for DescribeTaskDefinitionRequest {
    fn validate(&self) -> Checked {
        not_blank("taskDefinition", &self.task_definition)
    }
}

impl Validate for ListTaskDefinitionsRequest {
    fn validate(&self) -> Checked {
        page(self.max_results)
    }
}

impl Validate for RegisterTaskDefinitionRequest {
    fn validate(&self) -> Checked {
        name("family", &self.family)?;
        tags(&self.tags)?;
        if self.container_definitions.is_empty() {
            return Err(invalid("containerDefinitions can not be empty."));
        }
        let mut names = Vec::new();
        for container in &self.container_definitions {
            let called = container.name.as_deref().unwrap_or_default();
            name("Container.name", called)?;
            not_blank("Container.image", container.image.as_deref().unwrap_or_default())?;
            if names.contains(&called) {
                return Err(invalid(format!("Two containers are called {called}.")));
            }
            names.push(called);
        }
        sizes(self)
    }
}

/// A task that is to run on Fargate has one of its sizes, no container has more than its task, and none reserves more than its
/// limit (API reference of `RegisterTaskDefinition` and of `ContainerDefinition`; the first text as ECS writes it).
fn sizes(request: &RegisterTaskDefinitionRequest) -> Checked {
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u32>().ok());
    let (cpu, memory) = (number(&request.cpu), number(&request.memory));
    if request.requires_compatibilities.contains(&Compatibility::Fargate)
        && !cpu.zip(memory).is_some_and(|(cpu, memory)| steward::quota::fits(cpu, memory))
    {
        return Err(ApiError::client("No Fargate configuration exists for given values."));
    }
    for container in &request.container_definitions {
        let too_large = |size: Option<u32>| size.zip(memory).is_some_and(|(size, task)| size > task);
        let is_odd =
            container.memory.zip(container.memory_reservation).is_some_and(|(most, kept)| kept > most);
        if too_large(container.memory) || too_large(container.memory_reservation) || is_odd {
            return Err(ApiError::client("Invalid 'memory' setting for container."));
        }
    }
    Ok(())
}

impl Validate for DeregisterTaskDefinitionRequest {
    fn validate(&self) -> Checked {
        not_blank("taskDefinition", &self.task_definition)
    }
}

fn started_by(text: Option<&str>) -> Checked {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_');
    match text {
        Some(text) if text.len() > STARTED_BY || !text.chars().all(fits) => Err(invalid(format!(
            "startedBy can have up to {STARTED_BY} letters, numbers, hyphens, slashes and underscores."
        ))),
        _ => Ok(()),
    }
}

/// The characters of the JSON count, not only of its values.
fn overrides(overrides: Option<&TaskOverride>) -> Checked {
    let Some(overrides) = overrides else {
        return Ok(());
    };
    let json = serde_json::to_value(overrides).map(without_nulls).unwrap_or_default().to_string();
    let length = json.chars().count();
    if length > OVERRIDES {
        return Err(invalid(format!(
            "overrides can have at most {OVERRIDES} characters as JSON, and has {length}."
        )));
    }
    overrides.container_overrides.iter().try_for_each(|container| {
        not_blank("containerOverrides.name", container.name.as_deref().unwrap_or_default())
    })
}
