//! KEDA's scaler `aws-sqs-queue`, and the horizontal pod autoscaler that it feeds.
//!
//! KEDA's operator polls the queue and decides between no pod and one: <https://keda.sh/docs/latest/concepts/scaling-deployments/>,
//! <https://keda.sh/docs/latest/reference/scaledobject-spec/>, <https://keda.sh/docs/latest/scalers/aws-sqs/>. From one pod on the
//! autoscaler decides, with the count that KEDA reads at that moment:
//! <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>.

use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;

use crate::number::tasks;
use crate::policy::{Control, Seen};

/// How KEDA and the autoscaler are set. Spans are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct KedaSetting {
    /// `queueLength`: messages for each pod.
    pub queue_length: u32,
    /// `activationQueueLength`: more messages than these wake a pod.
    pub activation: u32,
    /// `scaleOnInFlight`: messages that are worked on count.
    pub in_flight: bool,
    /// `pollingInterval`.
    pub poll: u64,
    /// `cooldownPeriod`: idle for so long before the last pods go.
    pub cooldown: u64,
    /// `minReplicaCount`.
    pub min: u32,
    /// `--horizontal-pod-autoscaler-sync-period`.
    pub sync: u64,
    /// `--horizontal-pod-autoscaler-tolerance`.
    pub tolerance: f64,
    /// `scaleDown.stabilizationWindowSeconds`.
    pub window: u64,
    /// Of `scaleUp.policies`: so many pods in 15 seconds, or
    pub up_pods: u32,
    /// so many percent in 15 seconds, whichever is more.
    pub up_percent: u32,
}

impl Default for KedaSetting {
    /// As KEDA and Kubernetes come.
    fn default() -> Self {
        Self {
            queue_length: 5,
            activation: 0,
            in_flight: true,
            poll: 30,
            cooldown: 300,
            min: 0,
            sync: 15,
            tolerance: 0.1,
            window: 300,
            up_pods: 4,
            up_percent: 100,
        }
    }
}

impl fmt::Display for KedaSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages a pod", self.queue_length)?;
        f.write_str(if self.in_flight { ", in flight counted" } else { ", in flight not counted" })?;
        write!(f, "; from {} pods; wakes above {} messages", self.min, self.activation)?;
        write!(f, ", polled every {} s, cooldown {} s", self.poll, self.cooldown)?;
        write!(f, "; HPA every {} s, tolerance {}", self.sync, self.tolerance)?;
        write!(f, ", down after {} s", self.window)?;
        write!(f, ", up by {} pods or {} % in 15 s", self.up_pods, self.up_percent)
    }
}

/// The period of the policies that limit scaling up, in milliseconds.
const UP_PERIOD: u64 = 15_000;

pub(crate) struct Keda {
    setting: KedaSetting,
    max: u32,
    next_poll: u64,
    next_sync: u64,
    last_active: Option<u64>,
    hpa: Hpa,
}

impl Keda {
    pub(crate) fn new(setting: KedaSetting, max: u32) -> Self {
        Self { setting, max, next_poll: 0, next_sync: 0, last_active: None, hpa: Hpa::default() }
    }

    /// The operator: between none and one.
    fn poll(&mut self, at: u64, messages: u64, replicas: u32) -> u32 {
        let is_active = messages > u64::from(self.setting.activation);
        if is_active {
            self.last_active = Some(at);
        }
        let is_cool =
            self.last_active.is_none_or(|last| at.saturating_sub(last) >= self.setting.cooldown * 1_000);
        match replicas {
            0 if is_active => self.setting.min.max(1),
            _ if !is_active && is_cool && self.setting.min == 0 => 0,
            _ => replicas,
        }
    }
}

impl Control for Keda {
    fn every(&self) -> u64 {
        gcd(self.setting.poll, self.setting.sync).max(1) * 1_000
    }

    fn first(&self) -> u32 {
        self.setting.min.min(self.max)
    }

    fn look(&mut self, seen: &Seen<'_>) -> Option<u32> {
        let worked_on = if self.setting.in_flight { seen.counts.in_flight } else { 0 };
        let messages = seen.counts.visible + worked_on;
        let mut replicas = seen.desired;
        if seen.at >= self.next_poll {
            self.next_poll = seen.at + self.setting.poll * 1_000;
            replicas = self.poll(seen.at, messages, replicas).min(self.max);
            if replicas != seen.desired {
                self.hpa.scaled(seen.at, seen.desired, replicas);
            }
        }
        if seen.at >= self.next_sync {
            self.next_sync = seen.at + self.setting.sync * 1_000;
            // The autoscaler is off while there is no pod.
            if replicas > 0 {
                replicas = self.hpa.sync(&self.setting, self.max, seen.at, messages, replicas);
            }
        }
        (replicas != seen.desired).then_some(replicas)
    }
}

/// The horizontal pod autoscaler, with one external metric of the type `AverageValue`.
#[derive(Debug, Default)]
pub(crate) struct Hpa {
    /// Recommendations of the window: each is more than all that came after it.
    recommended: VecDeque<(u64, u32)>,
    /// When pods were added, and how many.
    added: VecDeque<(u64, u32)>,
}

impl Hpa {
    pub(crate) fn scaled(&mut self, at: u64, from: u32, to: u32) {
        if to > from {
            self.added.push_back((at, to - from));
        }
    }

    /// How many pods there shall be. At least one there is.
    pub(crate) fn sync(
        &mut self,
        setting: &KedaSetting,
        max: u32,
        at: u64,
        messages: u64,
        replicas: u32,
    ) -> u32 {
        let proposed = proposal(setting, messages, replicas);
        let stable = self.stabilised(at, setting.window * 1_000, proposed, replicas);
        let wanted = if stable > replicas {
            stable.min(self.most_after_policies(setting, at, replicas))
        } else {
            stable
        };
        let wanted = wanted.min(max).max(setting.min.max(1));
        self.scaled(at, replicas, wanted);
        wanted
    }

    /// Down to the most that was recommended within the window. Upwards there is no window.
    fn stabilised(&mut self, at: u64, window: u64, proposed: u32, replicas: u32) -> u32 {
        self.recommended.retain(|(then, pods)| *pods > proposed && at - then < window);
        self.recommended.push_back((at, proposed));
        let most = self.recommended.iter().map(|(_, pods)| *pods).max().unwrap_or(proposed);
        if proposed >= replicas { proposed } else { most.min(replicas) }
    }

    /// The policies count from as many pods as there were a period ago.
    fn most_after_policies(&mut self, setting: &KedaSetting, at: u64, replicas: u32) -> u32 {
        self.added.retain(|(then, _)| at - then < UP_PERIOD);
        let added: u32 = self.added.iter().map(|(_, pods)| *pods).sum();
        let before = replicas.saturating_sub(added);
        let by_percent = tasks(f64::from(before) * (1.0 + f64::from(setting.up_percent) / 100.0));
        let most = before.saturating_add(setting.up_pods).max(by_percent);
        // What was added already is not taken back.
        most.max(replicas)
    }
}

/// `ceil(current × metric ÷ target)`, unless the ratio is 1 within the tolerance.
pub(crate) fn proposal(setting: &KedaSetting, messages: u64, replicas: u32) -> u32 {
    let target = f64::from(setting.queue_length.max(1));
    let ratio = messages as f64 / (target * f64::from(replicas.max(1)));
    if (ratio - 1.0).abs() <= setting.tolerance { replicas } else { tasks(messages as f64 / target) }
}

fn gcd(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { gcd(other, one % other) }
}
