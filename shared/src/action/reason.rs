//! Why an action is taken, given up or in doubt. What people read of it is [`crate::words`]' to say.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::{TaskArn, TaskDefinitionArn};
use crate::diagnosis::Cause;
use crate::ecs::HookAnswer;
use crate::guard::Refusal;
use crate::incident::{Evidence, HookEnd};
use crate::redact::Redacted;
use crate::remediation::Escalation;
use crate::words::{Language, remedies};

/// Why a remedy is the right one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// A revision fails, and an earlier one ran well.
    RevisionFails {
        /// The one that fails.
        revision: TaskDefinitionArn,
        /// How many of its tasks failed of what a revision can cause.
        count: usize,
        /// What most of them failed of.
        cause: Cause,
        /// The one that ran well.
        good: TaskDefinitionArn,
    },
    /// A deployment makes no end, and an earlier revision ran well.
    DeploymentStuck {
        /// What it deploys.
        revision: TaskDefinitionArn,
        /// Since when.
        since: Timestamp,
        /// The one that ran well.
        good: TaskDefinitionArn,
    },
    /// A task hangs, and ECS leaves it.
    TaskHangs {
        /// `UNHEALTHY` or `DISCONNECTED`.
        how: String,
        /// Since when.
        since: Timestamp,
    },
    /// AWS will replace the tasks at a time of its own choice.
    TasksRetire {
        /// From when on.
        from: Timestamp,
    },
    /// A standalone task was lost.
    TaskLost {
        /// Which.
        task: TaskArn,
        /// To what.
        cause: Cause,
    },
    /// One container runs out of memory again and again.
    RunsOutOfMemory {
        /// In this revision.
        revision: TaskDefinitionArn,
        /// Which container.
        container: Redacted,
        /// How often.
        count: usize,
    },
    /// A container instance's agent is away, and more says that it fails.
    HostFails {
        /// Since when the agent is away.
        since: Timestamp,
        /// What else says so.
        sign: HostSign,
        /// How many tasks of services move to other instances; absent where that could not be read.
        moves: Option<usize>,
    },
    /// EC2 takes the host back.
    SpotInterruption {
        /// When it said so: two minutes ahead.
        at: Timestamp,
        /// How many tasks of services move to other instances; absent where that could not be read.
        moves: Option<usize>,
    },
    /// A host that Steward drained is well again.
    HostRecovered {
        /// Since when its agent is connected again.
        since: Timestamp,
    },
    /// A deployment waits for a person's answer.
    HookWaits {
        /// Where it stands, in ECS's word.
        stage: Option<String>,
        /// Since when.
        since: Timestamp,
        /// When ECS goes on without an answer, where that is known.
        expires_at: Option<Timestamp>,
        /// What it does then.
        timeout_action: Option<HookAnswer>,
        /// How the new revision does.
        evidence: Evidence,
    },
    /// Spare capacity has no room.
    SpotUnavailable {
        /// How often ECS found none in this incident.
        count: usize,
        /// How many tasks run.
        running: u32,
        /// Of how many that are wanted.
        desired: u32,
        /// What moves to on-demand capacity.
        moved: Moved,
    },
    /// What fell back to on-demand capacity has run there for long enough.
    SpotAgain {
        /// Since when it runs there.
        since: Timestamp,
        /// How many returns before this one did not last.
        failed: u32,
    },
    /// Tasks have not started for hours.
    StartsFail {
        /// How many did not.
        count: usize,
        /// Since when.
        since: Timestamp,
        /// Most of them of what.
        cause: Cause,
        /// How many tasks run.
        running: u32,
        /// Of how many that are wanted.
        desired: u32,
    },
}

/// Tasks that move from spare to on-demand capacity of Fargate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// How many at the most.
    pub tasks: u32,
    /// CPU units of each, where they are known.
    pub cpu: Option<u64>,
    /// MiB of each, where they are known.
    pub memory: Option<u64>,
}

/// On-demand prices of Fargate for Linux on x86 in us-east-1, in millionths of a dollar an hour: of a vCPU, and of a GB. AWS's
/// pricing page, <https://aws.amazon.com/fargate/pricing/>, as of March 2026.
const PRICES: (u64, u64) = (40_480, 4_445);
/// Fargate Spot is cheaper by so many percent at the most (the same page).
const SPOT_OFF: u64 = 70;

impl Moved {
    /// How much more the tasks cost than on spare capacity, at the most: in cents of a dollar an hour, rounded up, at prices of
    /// us-east-1. `None` where their size is not known.
    pub fn at_most(&self) -> Option<u64> {
        let (of_cpu, of_memory) = PRICES;
        let each = self.cpu?.checked_mul(of_cpu)?.checked_add(self.memory?.checked_mul(of_memory)?)? / 1_024;
        let more = each.checked_mul(u64::from(self.tasks))?.checked_mul(SPOT_OFF)? / 100;
        Some(more.div_ceil(10_000))
    }
}

/// What says that a container instance fails, beside the absence of its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostSign {
    /// A status check of EC2 fails.
    StatusCheck,
    /// At least half of its tasks are unhealthy, or were stopped for what nobody meant.
    Tasks {
        /// Unhealthy ones.
        unhealthy: usize,
        /// Stopped ones.
        stopped: usize,
        /// Of how many.
        of: usize,
    },
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&remedies::because(self, Language::En))
    }
}

/// Why an action was given up before its call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    /// A guard refused it.
    Refused(Refusal),
    /// Decided anew, no remedy helps.
    Escalated(Escalation),
    /// Decided anew, something else is to be done, or nothing.
    NotWanted,
    /// The incident is over.
    IncidentOver,
    /// Nobody approved it in time.
    NotApproved,
    /// A person turned it down.
    Rejected {
        /// Who.
        by: Redacted,
        /// Why.
        why: Option<Redacted>,
    },
    /// The hook does not wait for an answer any more.
    HookOver {
        /// How it ended.
        how: HookEnd,
        /// Who answered it, where that is known.
        by: Option<Redacted>,
    },
}

impl fmt::Display for Withdrawal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&remedies::withdrawal(self, Language::En))
    }
}

/// Why nobody can say whether a call took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The deployment was stopped, by whomever, and ECS does not say that it goes back.
    DeploymentStopped,
    /// ECS does not know the service deployment any more.
    DeploymentForgotten,
    /// The service is gone.
    ServiceGone,
    /// ECS does not know the task any more.
    TaskForgotten,
    /// Somebody has deployed another revision meanwhile.
    DeployedMeanwhile,
    /// No task of RunTask is found, and its client token may have ended.
    NoTaskFound,
    /// ECS names no PRIMARY deployment.
    NoPrimary,
    /// The container instance has left its cluster.
    HostGone,
    /// What would tell was not asked for.
    NotAsked,
    /// Somebody has set another capacity provider strategy meanwhile.
    StrategyChanged,
    /// Somebody has set another desired count meanwhile.
    CountChanged,
    /// What would tell could not be read: why not, in ECS's words.
    Unread(Redacted),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&remedies::doubt(self, Language::En))
    }
}
