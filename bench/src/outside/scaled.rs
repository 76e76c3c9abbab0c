//! Queues, and services that follow them: whatever is ordered runs at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use steward::arn::{ClusterArn, ServiceName};
use steward::ecs::{DesiredCount, PendingCount, RunningCount};
use steward::observed::Observed;
use steward::ports::{AutoScaling, EcsError, ReadQueues, ScaleServices, ScaledService};
use steward::scaling::{QueueCounts, QueueMinute, QueueName, ServiceReading};

use super::Outside;

/// Metrics that are asked for of each queue.
const METRICS: usize = 3;

impl ReadQueues for Outside {
    /// The queue's address is known: a process asks for it once.
    async fn counts(&self, queue: &QueueName) -> Result<Option<QueueCounts>, EcsError> {
        self.call("sqs:GetQueueAttributes");
        Ok(self.queues.borrow().get(&queue.0).copied())
    }

    /// CloudWatch is paid by the metric: each is counted besides the request.
    async fn minutes(
        &self,
        queues: &[QueueName],
        _: Timestamp,
    ) -> Result<Vec<Observed<QueueMinute>>, EcsError> {
        self.call("cloudwatch:GetMetricData");
        self.count("metric:GetMetricData", METRICS * queues.len());
        Ok(vec![Observed::Absent; queues.len()])
    }
}

impl ScaleServices for Outside {
    async fn services(
        &self,
        _: &ClusterArn,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScaledService>, EcsError> {
        self.call("ecs:DescribeServices");
        let scaled = self.scaled.borrow();
        let find = |name: &ServiceName| {
            let tasks = *scaled.get(name.as_str())?;
            let reading = ServiceReading {
                desired: DesiredCount(tasks),
                running: RunningCount(tasks),
                pending: PendingCount(0),
                is_deploying: false,
                failed_tasks: 0,
            };
            Some((name.clone(), ScaledService { reading, not_scalable: None, mode_tag: None }))
        };
        Ok(names.iter().filter_map(find).collect())
    }

    async fn protected(&self, _: &ClusterArn, _: &ServiceName) -> Result<u32, EcsError> {
        self.call("ecs:ListTasks");
        self.call("ecs:GetTaskProtection");
        Ok(0)
    }

    async fn scale(&self, _: &ClusterArn, service: &ServiceName, to: u32) -> Result<(), EcsError> {
        self.call("ecs:UpdateService");
        self.scaled.borrow_mut().insert(service.to_string(), to);
        Ok(())
    }
}

impl AutoScaling for Outside {
    async fn owned(&self, _: &ClusterArn, _: &[ServiceName]) -> Result<BTreeSet<ServiceName>, EcsError> {
        self.call("application-autoscaling:DescribeScalableTargets");
        Ok(BTreeSet::new())
    }
}
