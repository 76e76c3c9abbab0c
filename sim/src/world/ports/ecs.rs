//! ECS: the model, through its own operations, read and changed as the SDK's adapter does.

use std::collections::BTreeMap;
use std::rc::Rc;

use steward::action::{ActionId, Call as Change};
use steward::arn::{
    ClusterArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn, TaskDefinitionArn,
};
use steward::ecs::{Overrides, Service, ServiceDeployment, ServiceRevision, Task, TaskDefinition};
use steward::ports::{ChangeEcs, Changed, DescribeEcs, EcsError, Find, Meaning, Owners, Page};

use super::read;
use crate::ecs::Ecs;
use crate::ecs::api::{
    AwsVpcConfiguration, CapacityProviderStrategyItem, DescribeServicesRequest, NetworkConfiguration,
    RunTaskRequest, ServiceField, StopServiceDeploymentRequest, StopServiceDeploymentStopType,
    StopTaskRequest, TaskOverride, UpdateServiceRequest,
};
use crate::ecs::error::ApiError;
use crate::ecs::operation::{self, Request};
use crate::world::actor::{Actor, Broken, Call};
use crate::world::checks::{Change as Seen, Sabotage, describe};
use crate::world::stage::Stage;

/// Who Steward is, to ECS.
const STEWARD: &str = "steward";

/// ECS, and who else owns services, as one invocation sees them.
pub(in crate::world) struct EcsPort(pub(in crate::world) Rc<Actor>);

impl EcsPort {
    async fn read<T>(
        &self,
        method: &'static str,
        operation: &'static str,
        about: String,
        read: impl FnOnce(&mut Ecs) -> Result<T, ApiError>,
    ) -> Result<T, EcsError> {
        let call = Call { port: "ecs", method, on: "", changes: false, about: about.clone() };
        let effect =
            |stage: &Stage| with_ecs(stage, read).map_err(|error| failed(operation, about.clone(), &error));
        self.0.call(call, effect, |broken| interrupted(operation, about.clone(), broken)).await
    }
}

impl DescribeEcs for EcsPort {
    async fn service(&self, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
        let names = [name.as_str().to_owned()];
        self.read("service", "DescribeServices", name.to_string(), |ecs| {
            Ok(read::services(ecs, cluster, &names)?.into_iter().next())
        })
        .await
    }

    async fn services(&self, cluster: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError> {
        self.read("services", "ListServices", cluster.to_string(), |ecs| {
            read::page_of_services(ecs, cluster, from)
        })
        .await
    }

    async fn service_deployment(
        &self,
        arn: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        self.read("service_deployment", "DescribeServiceDeployments", arn.to_string(), |ecs| {
            read::service_deployment(ecs, arn)
        })
        .await
    }

    async fn service_revision(&self, arn: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        self.read("service_revision", "DescribeServiceRevisions", arn.to_string(), |ecs| {
            read::service_revision(ecs, arn)
        })
        .await
    }

    async fn task_definition(&self, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        self.read("task_definition", "DescribeTaskDefinition", arn.to_string(), |ecs| {
            read::task_definition(ecs, arn)
        })
        .await
    }

    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        let about = format!("{} tasks", arns.len());
        self.read("tasks", "DescribeTasks", about, |ecs| read::tasks(ecs, cluster, arns)).await
    }

    async fn find_tasks(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<Task>, EcsError> {
        let about = format!("{find:?}");
        self.read("find_tasks", "ListTasks", about, |ecs| read::find_tasks(ecs, cluster, find, from)).await
    }

    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        self.read("clusters", "ListClusters", "the account".to_owned(), read::clusters).await
    }
}

impl Owners for EcsPort {
    /// No stack describes anything here, whatever a tag says.
    async fn stack_status(&self, stack: &str) -> Result<Option<String>, EcsError> {
        self.read("stack_status", "DescribeStacks", stack.to_owned(), |_| Ok(None)).await
    }
}

impl ChangeEcs for EcsPort {
    async fn change(&self, id: &ActionId, call: &Change, overrides: &Overrides) -> Result<Changed, EcsError> {
        let actor = &self.0;
        let operation = call.operation();
        let about = format!("{} for action {}", describe(call), id.short());
        let place =
            Call { port: "ecs", method: "change", on: operation, changes: true, about: about.clone() };
        let effect = |stage: &Stage| {
            let sabotage = stage.checks.borrow().sabotage();
            if sabotage == Some(Sabotage::ClaimsWhatItDidNot) {
                return Ok(Changed { made: None });
            }
            let changed = change(actor, stage, id, call, overrides);
            if sabotage == Some(Sabotage::CallsTwice) {
                let _again = change(actor, stage, id, call, overrides);
            }
            if sabotage == Some(Sabotage::DeniesWhatItDid) && changed.is_ok() {
                return Err(interrupted(operation, about.clone(), Broken::Throttled));
            }
            changed.map_err(|error| failed(operation, about.clone(), &error))
        };
        actor.call(place, effect, |broken| interrupted(operation, about.clone(), broken)).await
    }
}

/// ECS as it is now, called by Steward.
fn with_ecs<T>(stage: &Stage, act: impl FnOnce(&mut Ecs) -> Result<T, ApiError>) -> Result<T, ApiError> {
    let mut ecs = stage.ecs.borrow_mut();
    ecs.advance(stage.now());
    ecs.set_caller(STEWARD);
    act(&mut ecs)
}

/// Makes one call, seen by the checks: before it, and again where ECS noted an effect.
fn change(
    actor: &Actor,
    stage: &Stage,
    id: &ActionId,
    call: &Change,
    overrides: &Overrides,
) -> Result<Changed, ApiError> {
    let now = stage.now();
    let tags = with_ecs(stage, |ecs| Ok(tags(ecs, call))).unwrap_or_default();
    let before = stage.ecs.borrow().effects().len();
    let seen = Seen { id, call, tags };
    let changed = with_ecs(stage, |ecs| send(ecs, id, call, overrides));
    if stage.ecs.borrow().effects().len() > before {
        stage.checks.borrow_mut().calling(actor, &stage.ledger, &seen, now);
        stage.checks.borrow_mut().called(actor, &seen, now);
    }
    changed
}

fn tags(ecs: &mut Ecs, call: &Change) -> BTreeMap<String, String> {
    let Change::UpdateService { cluster, service, .. } = call else { return BTreeMap::new() };
    let request = DescribeServicesRequest {
        cluster: Some(cluster.to_string()),
        services: vec![service.to_string()],
        include: vec![ServiceField::Tags],
    };
    let described = operation::ControlPlane::describe_services(ecs, request);
    let found = described.map(|answer| answer.services).unwrap_or_default();
    found.into_iter().next().map(|service| read::tags(service.tags)).unwrap_or_default()
}

fn send(ecs: &mut Ecs, id: &ActionId, call: &Change, overrides: &Overrides) -> Result<Changed, ApiError> {
    match call {
        Change::StopServiceDeployment { service_deployment, .. } => {
            let request = StopServiceDeploymentRequest {
                service_deployment_arn: service_deployment.to_string(),
                stop_type: Some(StopServiceDeploymentStopType::Rollback),
            };
            made(ecs, request, |_| None)
        }
        Change::UpdateService { cluster, service, task_definition, force_new_deployment } => {
            let request = UpdateServiceRequest {
                cluster: Some(cluster.to_string()),
                service: service.to_string(),
                task_definition: task_definition.as_ref().map(ToString::to_string),
                force_new_deployment: force_new_deployment.then_some(true),
                ..UpdateServiceRequest::default()
            };
            made(ecs, request, |answer| read::primary(answer.service.as_ref()))
        }
        Change::StopTask { cluster, task } => {
            let request = StopTaskRequest {
                cluster: Some(cluster.to_string()),
                task: task.to_string(),
                reason: Some(format!("{id} ECS Steward replaces a task that hangs")),
            };
            made(ecs, request, |_| None)
        }
        Change::RunTask { cluster, task_definition, group, launch, network, started_by, .. } => {
            let overrides: Option<TaskOverride> =
                overrides.reveal().and_then(|value| serde_json::from_value(value.clone()).ok());
            let awsvpc = |network: &steward::action::Network| AwsVpcConfiguration {
                subnets: network.subnets.iter().cloned().collect(),
                security_groups: network.security_groups.iter().cloned().collect(),
                assign_public_ip: None,
            };
            let provider = |name: &String| CapacityProviderStrategyItem {
                capacity_provider: name.clone(),
                weight: Some(1),
                base: None,
            };
            let request = RunTaskRequest {
                cluster: Some(cluster.to_string()),
                client_token: Some(id.to_string()),
                count: Some(1),
                started_by: Some(started_by.clone()),
                group: group.clone(),
                launch_type: launch.launch_type.as_deref().and_then(read::launch_type),
                capacity_provider_strategy: launch
                    .capacity_provider
                    .as_ref()
                    .map(|name| vec![provider(name)]),
                platform_version: launch.platform_version.clone(),
                enable_execute_command: launch.execute_command.then_some(true),
                network_configuration: network
                    .as_ref()
                    .map(|network| NetworkConfiguration { awsvpc_configuration: Some(awsvpc(network)) }),
                overrides,
                task_definition: task_definition.to_string(),
                ..RunTaskRequest::default()
            };
            let answer = operation::call(ecs, request)?;
            let refused = answer.failures.first().and_then(|failure| failure.reason.clone());
            match answer.tasks.into_iter().next() {
                Some(task) => Ok(Changed { made: task.task_arn }),
                None => Err(ApiError::invalid_parameter(refused.unwrap_or_default())),
            }
        }
    }
}

fn made<R: Request>(
    ecs: &mut Ecs,
    request: R,
    of: impl FnOnce(R::Answer) -> Option<String>,
) -> Result<Changed, ApiError> {
    operation::call(ecs, request).map(|answer| Changed { made: of(answer) })
}

/// A call that ECS answered with an exception.
fn failed(operation: &'static str, target: String, error: &ApiError) -> EcsError {
    let meaning = match error.code {
        "ThrottlingException" => Meaning::Throttled,
        "ConflictException" if !error.resource_ids.is_empty() => {
            Meaning::Conflict { tasks: error.resource_ids.iter().map(TaskArn::new).collect() }
        }
        _ if error.status >= 500 => Meaning::Unknown,
        _ => Meaning::Refused,
    };
    EcsError { operation, target, problem: error.to_string(), meaning }
}

/// A call that went wrong on its way.
fn interrupted(operation: &'static str, target: String, broken: Broken) -> EcsError {
    let meaning = match broken {
        Broken::Throttled => Meaning::Throttled,
        Broken::ServerError | Broken::TimedOut => Meaning::Unknown,
    };
    EcsError { operation, target, problem: broken.to_string(), meaning }
}
