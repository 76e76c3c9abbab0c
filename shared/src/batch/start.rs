//! From a unit's call to what RunTask is told.

use std::collections::BTreeMap;

use super::{Call, Capacity, Frozen, JobNetwork, Place, Run, StartedBy, StrategyItem, Unit};
use crate::action::ActionId;
use crate::ports::{ContainerOverride, TaskRequest};
use crate::quota;
use crate::remediation::Home;

/// The Fargate capacity that is not taken back.
pub const FARGATE: &str = "FARGATE";
/// The Fargate capacity that may be taken back at any time.
pub const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// Why a call cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The overrides are too long for ECS.
    #[error(
        "the overrides have {0} characters, and RunTask takes {most}: keep long values in SSM, Secrets Manager or S3, and pass \
         their names",
        most = quota::OVERRIDES
    )]
    TooLong(usize),
    /// It is not clear whose command and environment it is.
    #[error(
        "the task definition {definition} has no essential container of that name alone: name one as `container`"
    )]
    NoContainer {
        /// The task definition.
        definition: String,
    },
}

impl Frozen {
    /// Whether any of its tasks may run on Fargate Spot.
    pub fn is_spot(&self) -> bool {
        match &self.task.capacity {
            Capacity::Strategy(items) => items.iter().any(|item| item.provider == FARGATE_SPOT),
            Capacity::AsCluster | Capacity::LaunchType(_) => false,
        }
    }

    /// Whether the next attempt of a place goes on demand.
    pub fn goes_on_demand(&self, place: &Place) -> bool {
        let too_often = self.rules.on_demand_after.is_some_and(|most| place.spot_failures >= most);
        self.is_spot() && (place.on_demand || too_often)
    }

    /// The container that command and environment are for.
    pub fn container(&self) -> Option<&str> {
        if let Some(container) = &self.task.container {
            return Some(container);
        }
        let mut essential = self.definition.containers.iter().filter(|container| container.is_essential);
        match (essential.next(), essential.next()) {
            (Some(only), None) => Some(&only.name),
            _ => None,
        }
    }

    /// So many percent of the memory that a task has had, as much as its CPU allows.
    pub fn more_memory(&self, had: Option<u32>, percent: u32) -> Option<u32> {
        let had = had.or(self.task.memory).or(self.definition.memory)?;
        let wanted = u32::try_from(u64::from(had) * u64::from(percent) / 100).ok()?;
        let cpu = self.task.cpu.or(self.definition.cpu);
        let is_fargate = match &self.task.capacity {
            Capacity::Strategy(items) => items.iter().all(|item| item.provider.starts_with(FARGATE)),
            Capacity::LaunchType(launch_type) => launch_type == FARGATE,
            Capacity::AsCluster => false,
        };
        match cpu.filter(|_| is_fargate) {
            Some(cpu) => quota::next_memory_at_least(cpu, wanted),
            None => Some(wanted),
        }
    }

    /// The token of a call: the same call has the same, and no other has it.
    pub fn token(&self, home: &Home, unit: &Unit, number: u32) -> ActionId {
        let target = format!("RUN#{}#{}#{}", unit.run.job, unit.run.slot, unit.index);
        let number = number.to_string();
        ActionId::of_parts(&[
            &home.account,
            &home.region,
            self.cluster.as_str(),
            &target,
            "run_task",
            &number,
        ])
    }

    /// What RunTask is told for a call. The same call gives the same request.
    ///
    /// # Errors
    ///
    /// Where ECS would refuse it whatever happens.
    pub fn request(&self, home: &Home, run: &Run, unit: &Unit, call: &Call) -> Result<TaskRequest, Unfit> {
        let task = &self.task;
        let values = self.values(run, unit, call);
        let fill = |text: &String| super::template::fill(text, &values);
        let started_by = StartedBy { run: run.id.clone(), index: unit.index, call: call.number };
        let environment = task.environment.iter().map(|(name, text)| (name.clone(), fill(text)));
        let own = OWN.iter().filter_map(|(name, key)| Some(((*name).to_owned(), values.get(*key)?.clone())));
        let name = self.container().ok_or_else(|| Unfit::NoContainer {
            definition: self.definition.arn.family_and_revision().to_owned(),
        })?;
        let memory = call.memory.or(task.memory);
        let limited = self.definition.containers.iter().any(|it| it.name == name && it.memory.is_some());
        let request = TaskRequest {
            cluster: self.cluster.clone(),
            task_definition: self.definition.arn.clone(),
            token: self.token(home, unit, call.number),
            count: call.wanted,
            started_by: started_by.to_string(),
            capacity: if call.on_demand { on_demand() } else { task.capacity.clone() },
            network: task.network.as_ref().map(|network| rotated(network, call.rotation)),
            platform_version: task.platform_version.clone(),
            container: Some(ContainerOverride {
                name: name.to_owned(),
                command: task.command.as_ref().map(|words| words.iter().map(fill).collect()),
                environment: environment.chain(own).collect(),
                memory: call.memory.filter(|_| limited),
            }),
            cpu: task.cpu,
            memory,
            task_role: task.task_role.clone(),
            execution_role: task.execution_role.clone(),
            tags: task.tags.iter().map(|(key, text)| (key.clone(), fill(text))).collect(),
            execute_command: task.execute_command,
        };
        let long = request.overrides().map_or(0, |overrides| overrides.to_string().chars().count());
        if long > quota::OVERRIDES { Err(Unfit::TooLong(long)) } else { Ok(request) }
    }

    fn values(&self, run: &Run, unit: &Unit, call: &Call) -> BTreeMap<String, String> {
        let mut values = self.parameters.clone();
        values.extend([
            ("job".to_owned(), run.id.job.to_string()),
            ("scheduled_time".to_owned(), run.scheduled.to_string()),
            ("run_id".to_owned(), run.id.to_string()),
            ("attempt".to_owned(), call.attempt.to_string()),
            ("index".to_owned(), unit.index.to_string()),
            ("size".to_owned(), self.size.tasks().to_string()),
        ]);
        values
    }
}

/// What every task finds in its environment, by the parameters that have it.
const OWN: [(&str, &str); 6] = [
    ("STEWARD_JOB", "job"),
    ("STEWARD_SCHEDULED_TIME", "scheduled_time"),
    ("STEWARD_RUN_ID", "run_id"),
    ("STEWARD_ATTEMPT", "attempt"),
    ("STEWARD_INDEX", "index"),
    ("STEWARD_SIZE", "size"),
];

/// All subnets at first. After a call that started nothing one alone, and another each time: ECS does not say which one had no
/// room.
fn rotated(network: &JobNetwork, rotation: u32) -> JobNetwork {
    let turns = network.subnets.len() + 1;
    let turn = usize::try_from(rotation).unwrap_or(0) % turns;
    let alone = turn.checked_sub(1).and_then(|index| network.subnets.get(index)).cloned();
    match alone {
        Some(alone) => JobNetwork { subnets: vec![alone], ..network.clone() },
        None => network.clone(),
    }
}

fn on_demand() -> Capacity {
    Capacity::Strategy(vec![StrategyItem { provider: FARGATE.to_owned(), weight: 1, base: 0 }])
}
