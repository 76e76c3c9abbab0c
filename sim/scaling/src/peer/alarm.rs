//! CloudWatch alarms and the cooldowns of Application Auto Scaling, which target tracking and step scaling share.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>,
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>,
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html>.

/// Whether so many datapoints in a row breach.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alarm {
    needed: u32,
    breaching: u32,
}

impl Alarm {
    pub(crate) fn new(needed: u32) -> Self {
        Self { needed, breaching: 0 }
    }

    /// One datapoint more. Answers whether the alarm is on.
    pub(crate) fn hear(&mut self, breaches: bool) -> bool {
        self.breaching = if breaches { self.breaching.saturating_add(1) } else { 0 };
        self.breaching >= self.needed
    }

    /// A datapoint is missing: the alarm has too little to go by.
    pub(crate) fn miss(&mut self) {
        self.breaching = 0;
    }
}

/// What follows an activity: it is not repeated at once. Spans are in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cooldowns {
    out: u64,
    inwards: u64,
    /// When tasks were added, and how many there were before.
    last_out: Option<(u64, u32)>,
    last_in: Option<u64>,
}

impl Cooldowns {
    pub(crate) fn new(out: u64, inwards: u64) -> Self {
        Self { out, inwards, last_out: None, last_in: None }
    }

    /// Scales out to what `wanted` makes of the capacity. During a cooldown it starts from the capacity before the first
    /// activity: what that added is a part of what is wanted now.
    pub(crate) fn scale_out(
        &mut self,
        at: u64,
        capacity: u32,
        max: u32,
        wanted: impl Fn(u32) -> u32,
    ) -> Option<u32> {
        let cooling = self.last_out.filter(|(then, _)| at - then < self.out);
        let base = cooling.map_or(capacity, |(_, before)| before.min(capacity));
        let to = wanted(base).min(max);
        if to <= capacity {
            return None;
        }
        self.last_out = Some((at, base));
        Some(to)
    }

    /// Scales in, unless an activity of the kind is too recent.
    pub(crate) fn scale_in(&mut self, at: u64, capacity: u32, to: u32) -> Option<u32> {
        if to >= capacity || self.last_in.is_some_and(|then| at - then < self.inwards) {
            return None;
        }
        self.last_in = Some(at);
        Some(to)
    }
}
