//! What an event says about its target.

use jiff::Timestamp;

use super::{Deed, Failure, Hook, Image, Notice, Starter, Step};
use crate::arn::{DeploymentId, ServiceDeploymentArn, TaskDefinitionArn};
use crate::diagnosis::Diagnosis;
use crate::ecs::HookAnswer;
use crate::redact::Redacted;

/// What an event says about its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Something failed.
    Failed(Box<Failure>),
    /// All tasks of the service run and are healthy.
    Steady {
        /// When ECS said so.
        at: Timestamp,
    },
    /// A deployment took a step.
    Deployment {
        /// Which.
        id: DeploymentId,
        /// What it became, and when.
        step: Step,
        /// Whether ECS goes back to it.
        is_rollback: bool,
    },
    /// A task tells what its deployment deploys.
    Deploys {
        /// Which.
        id: DeploymentId,
        /// What.
        task_definition: TaskDefinitionArn,
        /// The images of the task; empty where it does not tell.
        images: Vec<Image>,
        /// When the task was seen.
        at: Timestamp,
    },
    /// Somebody started a deployment.
    Started {
        /// Which.
        id: DeploymentId,
        /// Who.
        by: Starter,
        /// When.
        at: Timestamp,
    },
    /// A deployment waits for an answer.
    Waits {
        /// The hook that waits.
        hook: Box<Hook>,
        /// What it says, for people.
        diagnosis: Box<Diagnosis>,
    },
    /// Somebody answered a hook, as a trail has it.
    Answered {
        /// Which hook.
        hook: String,
        /// Of which deployment.
        service_deployment: ServiceDeploymentArn,
        /// How.
        answer: HookAnswer,
        /// Who.
        by: Option<Redacted>,
        /// When.
        at: Timestamp,
    },
    /// Somebody did something to the target, as a trail has it.
    Did(Box<Deed>),
    /// AWS announces that it will replace the service's tasks, or that it has.
    Announced(Box<Notice>),
    /// A container instance's agent came or went.
    Agent {
        /// `detail.version`.
        version: u64,
        /// Whether it talks to ECS.
        connected: bool,
        /// When.
        at: Timestamp,
    },
    /// The agent of a container instance went while that was DRAINING: on purpose, as a rule.
    AwayWhileDraining {
        /// `detail.version`.
        version: u64,
        /// When.
        at: Timestamp,
    },
    /// EC2 takes the host of a container instance back, two minutes from then.
    Warned {
        /// When it said so.
        at: Timestamp,
        /// What it said.
        diagnosis: Box<Diagnosis>,
    },
    /// A container instance is well.
    Healthy {
        /// When ECS said so.
        at: Timestamp,
    },
    /// A container instance has left its cluster.
    Gone {
        /// `detail.version`.
        version: u64,
        /// When.
        at: Timestamp,
    },
}

impl Observation {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Failed(failure) => failure.at,
            Self::Deployment { step, .. } => step.at,
            Self::Announced(notice) => notice.at,
            Self::Waits { hook, .. } => hook.since,
            Self::Did(deed) => deed.at,
            Self::Steady { at }
            | Self::Deploys { at, .. }
            | Self::Started { at, .. }
            | Self::Answered { at, .. }
            | Self::Agent { at, .. }
            | Self::AwayWhileDraining { at, .. }
            | Self::Warned { at, .. }
            | Self::Healthy { at }
            | Self::Gone { at, .. } => *at,
        }
    }
}
