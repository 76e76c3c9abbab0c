//! ECS target tracking on the backlog per task, a custom metric that somebody publishes each minute.
//!
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>,
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-using-sqs-queue.html>. The alarm that scales out wants three datapoints in a
//! row above the target, the one that scales in fifteen below nine tenths of it. With no task there is no backlog per task: there must
//! be one.

use std::fmt;

use serde::Serialize;

use super::alarm::{Alarm, Cooldowns};
use crate::number::tasks;
use crate::policy::{Control, Seen};

/// Below so much of the target tasks are too many.
const LOW: f64 = 0.9;
/// Where tasks are taken away gradually: at most so much of them at once, and at least one.
const GRADUAL: f64 = 0.1;

/// How target tracking is set. Spans are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrackingSetting {
    /// Messages that may wait for each task.
    pub target: u32,
    /// The least tasks: at least one.
    pub min: u32,
    /// `ScaleOutCooldown`.
    pub out_cooldown: u64,
    /// `ScaleInCooldown`.
    pub in_cooldown: u64,
    /// The metric has a datapoint so often.
    pub period: u64,
    /// Datapoints above the target before tasks are added. AWS sets 3.
    pub points_out: u32,
    /// Datapoints below it before tasks are taken away. AWS sets 15.
    pub points_in: u32,
    /// Whether at most a tenth of the tasks goes at once. AWS says no more than that it scales in more gradually than out.
    pub gradual: bool,
}

impl Default for TrackingSetting {
    /// As Application Auto Scaling comes for ECS.
    fn default() -> Self {
        Self {
            target: 10,
            min: 1,
            out_cooldown: 300,
            in_cooldown: 300,
            period: 60,
            points_out: 3,
            points_in: 15,
            gradual: true,
        }
    }
}

impl fmt::Display for TrackingSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages a task, from {} tasks", self.target, self.min)?;
        write!(
            f,
            "; a datapoint every {} s, {} out and {} in",
            self.period, self.points_out, self.points_in
        )?;
        write!(f, "; cooldown {} s out and {} s in", self.out_cooldown, self.in_cooldown)?;
        f.write_str(if self.gradual { "; in by a tenth" } else { "; in at once" })
    }
}

pub(crate) struct Tracking {
    setting: TrackingSetting,
    max: u32,
    high: Alarm,
    low: Alarm,
    cooldowns: Cooldowns,
}

impl Tracking {
    pub(crate) fn new(setting: TrackingSetting, max: u32) -> Self {
        Self {
            setting,
            max,
            high: Alarm::new(setting.points_out),
            low: Alarm::new(setting.points_in),
            cooldowns: Cooldowns::new(setting.out_cooldown * 1_000, setting.in_cooldown * 1_000),
        }
    }

    /// One datapoint of the metric; `None`: there is none, for no task runs.
    pub(crate) fn datapoint(&mut self, at: u64, metric: Option<f64>, capacity: u32) -> Option<u32> {
        let target = f64::from(self.setting.target.max(1));
        let Some(metric) = metric else {
            self.high.miss();
            self.low.miss();
            return None;
        };
        let (is_high, is_low) = (self.high.hear(metric > target), self.low.hear(metric < LOW * target));
        let ratio = metric / target;
        if is_high {
            return self.cooldowns.scale_out(at, capacity, self.max, |base| tasks(f64::from(base) * ratio));
        }
        if !is_low {
            return None;
        }
        let proportional = tasks(f64::from(capacity) * ratio);
        let gradual = capacity.saturating_sub(tasks(f64::from(capacity) * GRADUAL).max(1));
        let to = if self.setting.gradual { proportional.max(gradual) } else { proportional };
        self.cooldowns.scale_in(at, capacity, to.max(self.setting.min.max(1)))
    }
}

impl Control for Tracking {
    fn every(&self) -> u64 {
        self.setting.period * 1_000
    }

    fn first(&self) -> u32 {
        self.setting.min.max(1).min(self.max)
    }

    fn look(&mut self, seen: &Seen<'_>) -> Option<u32> {
        let metric = (seen.running > 0).then(|| seen.counts.visible as f64 / f64::from(seen.running));
        self.datapoint(seen.at, metric, seen.desired)
    }
}
