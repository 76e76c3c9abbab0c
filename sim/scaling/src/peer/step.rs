//! ECS step scaling on `ApproximateNumberOfMessagesVisible`.
//!
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html>. The metric is SQS's own: CloudWatch has a
//! datapoint each minute, and tells it a minute or two later.

use std::fmt;

use serde::Serialize;

use super::alarm::{Alarm, Cooldowns};
use crate::policy::{Control, Seen};

/// The bounds of the steps, as multiples of the threshold.
const BANDS: [u64; 2] = [4, 16];

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// `ChangeInCapacity`: so many tasks, in the first, second and third step.
    Tasks([u32; 3]),
    /// `PercentChangeInCapacity`: so many percent of the tasks, at least one task.
    Percent([u32; 3]),
}

/// How step scaling is set. Spans are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StepSetting {
    /// More messages than these wait: tasks are added. From 4 and 16 times as many on, the second and third step hold.
    pub above: u64,
    /// Fewer messages than these wait: tasks are taken away.
    pub below: u64,
    /// What is added.
    pub out: Adjustment,
    /// What is taken away: of it the first step holds.
    #[serde(rename = "in")]
    pub inwards: Adjustment,
    /// Datapoints in a row that add tasks.
    pub periods_out: u32,
    /// Datapoints in a row that take tasks away.
    pub periods_in: u32,
    /// `Cooldown`.
    pub cooldown: u64,
    /// The least tasks.
    pub min: u32,
}

impl Adjustment {
    fn of(self, step: usize, capacity: u32) -> u32 {
        match self {
            Self::Tasks(steps) => steps.get(step).copied().unwrap_or_default(),
            // Fractions above one are cut off, and below it are one.
            Self::Percent(steps) => {
                let percent = u64::from(steps.get(step).copied().unwrap_or_default());
                u32::try_from(u64::from(capacity) * percent / 100).unwrap_or(u32::MAX).max(1)
            }
        }
    }
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([one, two, three], unit) = match self {
            Self::Tasks(steps) => (steps, ""),
            Self::Percent(steps) => (steps, " %"),
        };
        if two == one && three == one {
            return write!(f, "{one}{unit}");
        }
        write!(f, "{one}, {two} or {three}{unit}")
    }
}

impl fmt::Display for StepSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "adds {} above {} messages for {} min", self.out, self.above, self.periods_out)?;
        write!(f, "; takes {} below {} for {} min", self.inwards, self.below, self.periods_in)?;
        write!(f, "; cooldown {} s; from {} tasks", self.cooldown, self.min)
    }
}

pub(crate) struct Step {
    setting: StepSetting,
    max: u32,
    high: Alarm,
    low: Alarm,
    cooldowns: Cooldowns,
    /// So many minutes were heard of.
    heard: usize,
}

impl Step {
    pub(crate) fn new(setting: StepSetting, max: u32) -> Self {
        let cooldown = setting.cooldown * 1_000;
        Self {
            setting,
            max,
            high: Alarm::new(setting.periods_out),
            low: Alarm::new(setting.periods_in),
            cooldowns: Cooldowns::new(cooldown, cooldown),
            heard: 0,
        }
    }

    /// One datapoint of the metric.
    pub(crate) fn datapoint(&mut self, at: u64, visible: u64, capacity: u32) -> Option<u32> {
        let StepSetting { above, below, out, inwards, min, .. } = self.setting;
        let (is_high, is_low) = (self.high.hear(visible > above), self.low.hear(visible < below));
        if is_high {
            let step = BANDS.iter().filter(|times| visible >= above.max(1).saturating_mul(**times)).count();
            let more = |base: u32| base.saturating_add(out.of(step, base));
            return self.cooldowns.scale_out(at, capacity, self.max, more);
        }
        if !is_low {
            return None;
        }
        let to = capacity.saturating_sub(inwards.of(0, capacity)).max(min);
        self.cooldowns.scale_in(at, capacity, to)
    }
}

impl Control for Step {
    fn every(&self) -> u64 {
        10_000
    }

    fn first(&self) -> u32 {
        self.setting.min.min(self.max)
    }

    fn look(&mut self, seen: &Seen<'_>) -> Option<u32> {
        let mut desired = seen.desired;
        for point in seen.minutes.get(self.heard..).unwrap_or_default() {
            desired = self.datapoint(seen.at, point.visible, desired).unwrap_or(desired);
        }
        self.heard = seen.minutes.len();
        (desired != seen.desired).then_some(desired)
    }
}
