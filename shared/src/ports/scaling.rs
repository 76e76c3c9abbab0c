//! What a service is scaled by: its queues, itself, who owns its number of tasks besides, and time that passes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Access, EcsError, Resource};
use crate::arn::{ClusterArn, ServiceName};
use crate::config::Mode;
use crate::observed::Observed;
use crate::scaling::{QueueCounts, QueueMinute, QueueName, ServiceReading};

/// Looks at queues of this account and region, and takes nothing from them.
pub trait ReadQueues {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access {
            method: "counts",
            actions: &["sqs:GetQueueUrl", "sqs:GetQueueAttributes"],
            on: Resource::ScaledQueues,
        },
        // Cannot be scoped (Service Authorization Reference of CloudWatch).
        Access { method: "minutes", actions: &["cloudwatch:GetMetricData"], on: Resource::Everything },
    ];

    /// A queue's counts: approximate, and up to a minute old. `None` where SQS knows no queue of that name.
    ///
    /// # Errors
    ///
    /// Where SQS does not answer, or refuses.
    async fn counts(&self, queue: &QueueName) -> Result<Option<QueueCounts>, EcsError>;

    /// The latest whole minute before `until` that CloudWatch tells of, queue by queue, in their order: at most
    /// [`MAX_QUEUES`]. It lags by minutes. `Absent`: it tells of none. Each queue is three metrics that are paid for.
    ///
    /// # Errors
    ///
    /// Where CloudWatch does not answer, or refuses.
    async fn minutes(
        &self,
        queues: &[QueueName],
        until: Timestamp,
    ) -> Result<Vec<Observed<QueueMinute>>, EcsError>;
}

/// Queues of one call of [`ReadQueues::minutes`]: GetMetricData takes 500 metrics, of which a queue has three.
pub const MAX_QUEUES: usize = 166;
/// Services of one call of [`ScaleServices::services`]: DescribeServices takes so many.
pub const MAX_SERVICES: usize = 10;
/// Services of one call of [`AutoScaling::owned`]: DescribeScalableTargets takes so many.
pub const MAX_OWNED: usize = 50;

/// Reads services, and says how many tasks they shall have. A read may lag behind the latest change by seconds.
pub trait ScaleServices {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access { method: "services", actions: &["ecs:DescribeServices"], on: Resource::Services },
        // On `*`, unless it asks for the tasks of one container instance.
        Access { method: "protected", actions: &["ecs:ListTasks"], on: Resource::InClusters },
        Access { method: "protected", actions: &["ecs:GetTaskProtection"], on: Resource::Tasks },
        Access { method: "scale", actions: &["ecs:UpdateService"], on: Resource::Services },
    ];

    /// Services of a cluster, at most [`MAX_SERVICES`], by name. Those that ECS does not know, or that are not ACTIVE, are left
    /// out.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn services(
        &self,
        cluster: &ClusterArn,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScaledService>, EcsError>;

    /// How many of a service's tasks protect themselves from being taken away.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn protected(&self, cluster: &ClusterArn, service: &ServiceName) -> Result<u32, EcsError>;

    /// Sets `desiredCount`, and nothing else: one request.
    ///
    /// # Errors
    ///
    /// Whether it may have taken effect is [`EcsError::may_have_happened`].
    async fn scale(&self, cluster: &ClusterArn, service: &ServiceName, to: u32) -> Result<(), EcsError>;
}

/// A service as far as its number of tasks goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaledService {
    /// Its counts, and how its deployment goes.
    pub reading: ServiceReading,
    /// Why its number of tasks is nobody's to set, such as `a DAEMON service`; absent: it can be set.
    pub not_scalable: Option<String>,
    /// Its tag `steward:mode`.
    pub mode_tag: Option<String>,
}

impl ScaledService {
    /// How far Steward may go where the configuration says `mode`: the service's own tag can only hold it back. A tag whose
    /// value is no mode holds back as far as that goes.
    pub fn mode(&self, mode: Mode) -> Mode {
        let tag = self.mode_tag.as_deref().map(|word| Mode::from_word(word).unwrap_or_default());
        tag.map_or(mode, |tag| tag.min(mode))
    }
}

/// Says what Application Auto Scaling owns.
pub trait AutoScaling {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        // Cannot be scoped (Service Authorization Reference of Application Auto Scaling).
        Access {
            method: "owned",
            actions: &["application-autoscaling:DescribeScalableTargets"],
            on: Resource::Everything,
        },
    ];

    /// Those of a cluster's services, at most [`MAX_OWNED`], that are scalable targets: it sets their number of tasks.
    ///
    /// # Errors
    ///
    /// Where Application Auto Scaling does not answer, or refuses.
    async fn owned(
        &self,
        cluster: &ClusterArn,
        services: &[ServiceName],
    ) -> Result<BTreeSet<ServiceName>, EcsError>;
}

/// Lets time pass.
pub trait Wait {
    /// Comes back at a time, or at once where that is over.
    async fn until(&self, at: Timestamp);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::{DesiredCount, PendingCount, RunningCount};

    #[test]
    fn a_services_own_tag_holds_back_and_never_goes_further() {
        let tagged = |tag: Option<&str>| ScaledService {
            reading: ServiceReading {
                desired: DesiredCount(1),
                running: RunningCount(1),
                pending: PendingCount(0),
                is_deploying: false,
                failed_tasks: 0,
            },
            not_scalable: None,
            mode_tag: tag.map(str::to_owned),
        };
        for (tag, mode, expected) in [
            (None, Mode::Act, Mode::Act),
            (Some("observe"), Mode::Act, Mode::Observe),
            (Some("propose"), Mode::Act, Mode::Propose),
            (Some("act"), Mode::Propose, Mode::Propose),
            (Some("act"), Mode::Observe, Mode::Observe),
            (Some("yes please"), Mode::Act, Mode::Observe),
        ] {
            assert_eq!(tagged(tag).mode(mode), expected, "{tag:?} {mode:?}");
        }
    }
}
