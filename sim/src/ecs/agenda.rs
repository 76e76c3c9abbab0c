//! What happens when: the model's only clock.
//!
//! Entries at the same time are carried out in the order in which they were put down.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::happening::Happening;
use super::state::{ServiceId, TaskId};

/// Something that is due.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A task's next step; void where the task went another way since (its epoch differs).
    Step { task: TaskId, epoch: u32, step: Step },
    /// The service scheduler looks at a service.
    Turn(ServiceId),
    /// A stopped task is no longer shown.
    Forget(TaskId),
    /// A trail tells of a call.
    Trail(Box<serde_json::Value>),
    /// The script of the world.
    Happening(Box<Happening>),
}

/// The steps of a task's life that take time to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The network interface is there.
    Provisioned,
    /// The pull begins.
    Pull,
    /// All images are there.
    Pulled,
    /// It cannot start.
    FailToStart,
    /// All containers run.
    Started,
    /// Health checks pass.
    Healthy,
    /// Health checks have failed too often.
    Unhealthy,
    /// The application ends by itself.
    Exit,
    /// The load balancer lets go.
    Deregistered,
    /// Containers that were told to stop have ended.
    Terminated,
    /// Nothing is left of it.
    Deprovisioned,
}

/// The agenda.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BTreeMap<(Timestamp, u64), Due>,
    serial: u64,
}

impl Agenda {
    pub(super) fn put(&mut self, at: Timestamp, due: Due) {
        self.serial += 1;
        self.entries.insert((at, self.serial), due);
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Whether a trail has something to tell.
    pub(super) fn has_trail(&self) -> bool {
        self.entries.values().any(|due| matches!(due, Due::Trail(_)))
    }

    /// The next entry that is due at `until` or before.
    pub(super) fn take(&mut self, until: Timestamp) -> Option<(Timestamp, Due)> {
        if self.next_at()? > until {
            return None;
        }
        self.entries.pop_first().map(|((at, _), due)| (at, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_time_come_in_the_order_they_were_put_down() {
        let at = Timestamp::UNIX_EPOCH;
        let mut agenda = Agenda::default();
        for task in [3, 1, 2] {
            agenda.put(at, Due::Forget(TaskId(task)));
        }
        let mut order = Vec::new();
        while let Some((_, Due::Forget(TaskId(task)))) = agenda.take(at) {
            order.push(task);
        }
        assert_eq!(order, [3, 1, 2]);
        assert_eq!(agenda.next_at(), None);
    }
}
