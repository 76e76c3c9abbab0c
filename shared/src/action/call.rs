//! The calls, one for each way to change something.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::{
    ClusterArn, ContainerInstanceArn, DeploymentId, ServiceDeploymentArn, ServiceName, TaskArn,
    TaskDefinitionArn,
};
use crate::ecs::{DesiredCount, HookAnswer, HostStatus, Launch, ServiceDeploymentSummary, StrategyItem};
use crate::remediation::memory::Raise;

/// One call of ECS's API that changes something, with absolute parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// StopServiceDeployment with `stopType: ROLLBACK`.
    StopServiceDeployment {
        /// Which.
        service_deployment: ServiceDeploymentArn,
        /// Where ECS goes back to, as was checked.
        back_to: TaskDefinitionArn,
    },
    /// UpdateService.
    UpdateService {
        /// In this cluster.
        cluster: ClusterArn,
        /// Which.
        service: ServiceName,
        /// To deploy; absent: what it deploys already.
        task_definition: Option<TaskDefinitionArn>,
        /// Whether tasks are replaced though nothing changes. ECS takes no other strategy without it.
        force_new_deployment: bool,
        /// How many tasks are wanted; absent: as many as are.
        #[serde(default)]
        desired_count: Option<DesiredCount>,
        /// `capacityProviderStrategy`, the whole of it; absent: what it has already.
        #[serde(default)]
        capacity_providers: Option<Vec<StrategyItem>>,
    },
    /// StopTask. The reason begins with the action's id.
    StopTask {
        /// In this cluster.
        cluster: ClusterArn,
        /// Which.
        task: TaskArn,
    },
    /// RunTask, of one task like one that was lost. The action's id is the client token.
    RunTask {
        /// In this cluster.
        cluster: ClusterArn,
        /// The task that was lost; its overrides are read again when the call is made, and not stored.
        like: TaskArn,
        /// What to run.
        task_definition: TaskDefinitionArn,
        /// Its group.
        group: Option<String>,
        /// How, but for the overrides.
        launch: Launch,
        /// Where, for tasks with a network interface of their own. ECS does not say it of a task, so the policy does.
        network: Option<Network>,
        /// Marks the new task as the stand-in: `steward/rerun/<first digits of the id>`.
        started_by: String,
    },
    /// RegisterTaskDefinition, of a revision like another, with more memory. It is the first of two steps: the service is updated
    /// to what it makes ([`Call::follows`]). The new revision has the action's id as a tag.
    RegisterTaskDefinition {
        /// The service's cluster.
        cluster: ClusterArn,
        /// The service that then gets the new revision.
        service: ServiceName,
        /// The revision; it is read again when the call is made, and not stored.
        like: TaskDefinitionArn,
        /// What becomes larger.
        raise: Raise,
    },
    /// `UpdateContainerInstancesState`, of one instance. The status is absolute: made twice it is as made once.
    UpdateContainerInstancesState {
        /// In this cluster.
        cluster: ClusterArn,
        /// Which.
        instance: ContainerInstanceArn,
        /// What it is to be.
        status: HostStatus,
    },
    /// ContinueServiceDeployment: a person's answer to a hook at which a deployment waits.
    ContinueServiceDeployment {
        /// The deployment.
        service_deployment: ServiceDeploymentArn,
        /// The hook's id.
        hook: String,
        /// The answer.
        answer: HookAnswer,
    },
}

impl Call {
    /// The operation of ECS's API.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::StopServiceDeployment { .. } => "StopServiceDeployment",
            Self::UpdateService { .. } => "UpdateService",
            Self::StopTask { .. } => "StopTask",
            Self::RunTask { .. } => "RunTask",
            Self::UpdateContainerInstancesState { .. } => "UpdateContainerInstancesState",
            Self::ContinueServiceDeployment { .. } => "ContinueServiceDeployment",
            Self::RegisterTaskDefinition { .. } => "RegisterTaskDefinition",
        }
    }

    /// Whether it is the second step of an action whose first was `first` and made `registered`: whoever allowed the first
    /// allowed this.
    pub fn follows(&self, first: &Self, registered: Option<&TaskDefinitionArn>) -> bool {
        match (first, self) {
            (
                Self::RegisterTaskDefinition { cluster, service, .. },
                Self::UpdateService { cluster: c, service: s, task_definition: Some(deployed), .. },
            ) => (cluster, service) == (c, s) && registered == Some(deployed),
            _ => false,
        }
    }

    /// Whether making the same call again after an unknown outcome takes effect once at the most: RunTask by its client
    /// token within 55 minutes, StopTask by its nature.
    pub fn is_repeatable(&self) -> bool {
        matches!(self, Self::StopTask { .. } | Self::RunTask { .. })
    }

    /// Whether it sets how many tasks are wanted, or on which capacity.
    pub fn sets_capacity(&self) -> bool {
        matches!(self, Self::UpdateService { desired_count, capacity_providers, .. }
            if desired_count.is_some() || capacity_providers.is_some())
    }

    /// Whether it changes what infrastructure-as-code may describe.
    pub fn changes_definition(&self) -> bool {
        match self {
            Self::StopServiceDeployment { .. } | Self::RegisterTaskDefinition { .. } => true,
            Self::UpdateService { task_definition, desired_count, capacity_providers, .. } => {
                task_definition.is_some() || desired_count.is_some() || capacity_providers.is_some()
            }
            Self::StopTask { .. } | Self::RunTask { .. } | Self::UpdateContainerInstancesState { .. } => {
                false
            }
            Self::ContinueServiceDeployment { answer, .. } => *answer == HookAnswer::Rollback,
        }
    }
}

impl fmt::Display for Call {
    /// As alerts and the ledger name it: `UpdateService api to api:41`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation();
        match self {
            Self::StopServiceDeployment { service_deployment, back_to } => {
                let (service, back_to) = (service_deployment.service(), back_to.family_and_revision());
                write!(f, "{operation} {service}, back to {back_to}")
            }
            Self::UpdateService {
                service,
                task_definition,
                force_new_deployment,
                desired_count,
                capacity_providers,
                ..
            } => {
                write!(f, "{operation} {service}")?;
                if let Some(revision) = task_definition {
                    write!(f, " to {}", revision.family_and_revision())?;
                }
                if let Some(count) = desired_count {
                    write!(f, ", desired count {}", count.0)?;
                }
                for (place, item) in capacity_providers.iter().flatten().enumerate() {
                    let before = if place == 0 { " on" } else { "," };
                    write!(f, "{before} {item}")?;
                }
                f.write_str(if *force_new_deployment { ", force a new deployment" } else { "" })
            }
            Self::StopTask { task, .. } => write!(f, "{operation} {}", task.id()),
            Self::RunTask { like, task_definition, .. } => {
                write!(f, "{operation} {} like {}", task_definition.family_and_revision(), like.id())
            }
            Self::RegisterTaskDefinition { service, like, raise, .. } => {
                write!(f, "{operation} like {} for {service}: {raise}", like.family_and_revision())
            }
            Self::UpdateContainerInstancesState { instance, status, .. } => {
                write!(f, "{operation} {} to {}", instance.id(), status.as_str())
            }
            Self::ContinueServiceDeployment { service_deployment, answer, .. } => {
                write!(f, "{operation} {}: {}", service_deployment.service(), answer.as_str())
            }
        }
    }
}

/// `awsvpcConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Subnet ids, at most 16.
    pub subnets: BTreeSet<String>,
    /// Security group ids, at most 5.
    pub security_groups: BTreeSet<String>,
    /// `assignPublicIp`.
    pub public_ip: bool,
}

/// What must still be so when the call is made: what is absent does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Precondition {
    /// The service's PRIMARY deployment.
    pub primary: Option<DeploymentId>,
    /// What that deploys.
    pub task_definition: Option<TaskDefinitionArn>,
    /// Whether the service must still be unwell: what is well again is left alone.
    pub ailing: bool,
    /// Whether every task must run: what is unwell is not restarted as a precaution.
    pub steady: bool,
    /// A task that still runs and is still unwell.
    pub unwell: Option<TaskArn>,
    /// A task that is still stopped, and that nothing stands in for.
    pub lost: Option<TaskArn>,
    /// A revision that can still be deployed.
    pub active: Option<TaskDefinitionArn>,
    /// A service deployment that can still be stopped.
    pub stoppable: Option<ServiceDeploymentArn>,
    /// The service's `capacityProviderStrategy`.
    #[serde(default)]
    pub capacity_providers: Option<Vec<StrategyItem>>,
    /// How many tasks are wanted.
    #[serde(default)]
    pub desired_count: Option<DesiredCount>,
    /// Whether fewer tasks must run than are wanted.
    #[serde(default)]
    pub short: bool,
    /// How the target, a container instance, must still be.
    #[serde(default)]
    pub host: Option<HostCondition>,
    /// A hook of the service deployment that the call names, which still awaits an answer.
    #[serde(default)]
    pub awaits: Option<String>,
}

impl Precondition {
    /// That this deployment is still PRIMARY, and deploys the same: all else may be.
    pub fn of(primary: &ServiceDeploymentSummary) -> Self {
        Self {
            primary: Some(primary.id.clone()),
            task_definition: primary.task_definition.clone(),
            ..Self::default()
        }
    }
}

/// How a container instance must still be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostCondition {
    /// ACTIVE, its agent away, and EC2 or its tasks say that it fails.
    Failing {
        /// Since when the agent is away.
        since: Timestamp,
    },
    /// ACTIVE, for it ends in any case.
    Active,
    /// DRAINING, its agent connected, and its EC2 instance well.
    Recovered,
}
