//! What happens at one place: what is heard of its task, how its attempt ends, and when it must be looked at or stopped.

use jiff::{SignedDuration, Timestamp};

use super::judge::{self, Judged, Next};
use super::step::{FIRST_LOOK, after};
use super::{Attempt, Ending, EndingKind, Frozen, Outcome, Place, PlaceState, Placed, StopFor, Stopping};
use crate::action::READS_LAG;
use crate::diagnosis::Cause;
use crate::event::{TaskStateChange, TaskStatus};
use crate::redact::Redacted;

/// A task that nothing was heard of is looked at so often at the least: within the hour in which ECS shows what has stopped.
const LAST_LOOK: SignedDuration = SignedDuration::from_mins(20);

impl Place {
    pub(super) fn heard(&mut self, task: &TaskStateChange, frozen: &Frozen, jitter: u32, now: Timestamp) {
        let PlaceState::Placed(placed) = &mut self.state else { return };
        placed.missing_since = None;
        placed.heard_at = now;
        placed.started_at = placed
            .started_at
            .or(task.times.started_at)
            .or_else(|| (task.last_status == TaskStatus::Running).then_some(now));
        placed.look_at = placed.next_look(frozen, now);
        if !task.is_stopped() {
            return;
        }
        let (since, started_at) = (placed.since, placed.started_at);
        let ended_at = task.stopped_at().unwrap_or(now);
        let main = frozen.task.container.as_deref();
        let stopping = placed.stopping.map(|stopping| stopping.why);
        match judge::judge(task, &frozen.definition, main, stopping) {
            Judged::Succeeded => {
                self.past.push(Attempt {
                    task: Some(placed.task.clone()),
                    wanted_at: since,
                    started_at,
                    ended_at,
                    kind: None,
                    exit_code: Some(0),
                });
                self.state = PlaceState::Over { outcome: Outcome::Succeeded, at: now };
            }
            Judged::Ended { kind, exit_code, diagnosis } => {
                if frozen.is_spot() && kind == EndingKind::Cause(Cause::SpotInterrupted) {
                    self.spot_failures += 1;
                }
                let task = Some(placed.task.clone());
                let is_over = stopping == Some(StopFor::RunEnds);
                let ending =
                    Ending { kind, at: ended_at, task, exit_code, diagnosis: Some(*diagnosis), said: None };
                self.ended(since, started_at, ending, frozen, jitter, now);
                if is_over {
                    self.state = PlaceState::Over { outcome: Outcome::Cancelled, at: now };
                }
            }
        }
    }

    /// An attempt, counted already, has ended without success: what follows?
    pub(super) fn ended(
        &mut self,
        since: Timestamp,
        started_at: Option<Timestamp>,
        ending: Ending,
        frozen: &Frozen,
        jitter: u32,
        now: Timestamp,
    ) {
        self.past.push(Attempt::of(&ending, since, started_at));
        let texts: Vec<&str> = ending.texts().collect();
        let next = judge::next(self, ending.kind, ending.exit_code, &texts, &frozen.rules);
        match next {
            Next::Over(outcome) => self.state = PlaceState::Over { outcome, at: now },
            Next::Again { on_demand, memory_percent } => {
                self.on_demand |= on_demand;
                if memory_percent > 100 {
                    self.memory = frozen.more_memory(self.memory, memory_percent).or(self.memory);
                }
                let pause = frozen.rules.backoff.after(self.attempts, jitter);
                self.state = PlaceState::Waiting {
                    since: after(now, pause),
                    not_before: after(now, pause),
                    why: None,
                };
            }
        }
        self.last = Some(Box::new(ending));
    }
}

impl Placed {
    fn next_look(&self, frozen: &Frozen, now: Timestamp) -> Timestamp {
        let age = now.duration_since(self.at) / 2;
        let look = after(now, age.clamp(FIRST_LOOK, LAST_LOOK));
        match self.started_at {
            // Past its time it is stopped as soon as somebody comes.
            None => look.min(after(self.since, frozen.rules.provision_timeout).max(now)),
            Some(started_at) => {
                let limit = frozen.rules.run_timeout.map(|timeout| after(started_at, timeout));
                limit.filter(|limit| *limit > now).map_or(look, |limit| look.min(limit))
            }
        }
    }

    pub(super) fn must_stop(&self, frozen: &Frozen, run_ends: bool, now: Timestamp) -> Option<StopFor> {
        if let Some(Stopping { why, asked_at }) = self.stopping {
            return (now.duration_since(asked_at) >= READS_LAG).then_some(why);
        }
        if run_ends {
            return Some(StopFor::RunEnds);
        }
        let timeout = |since: Timestamp, timeout: SignedDuration| now.duration_since(since) >= timeout;
        match self.started_at {
            // That it runs may not have been heard of: it is looked at before it is stopped.
            None if timeout(self.since, frozen.rules.provision_timeout)
                && self.heard_at.duration_since(self.since) >= frozen.rules.provision_timeout =>
            {
                Some(StopFor::ProvisionTimeout)
            }
            Some(started_at) if frozen.rules.run_timeout.is_some_and(|most| timeout(started_at, most)) => {
                Some(StopFor::RunTimeout)
            }
            _ => None,
        }
    }
}

impl Attempt {
    pub(super) fn of(ending: &Ending, wanted_at: Timestamp, started_at: Option<Timestamp>) -> Self {
        Self {
            task: ending.task.clone(),
            wanted_at,
            started_at,
            ended_at: ending.at,
            kind: Some(ending.kind),
            exit_code: ending.exit_code,
        }
    }
}

impl Ending {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let evidence = self.diagnosis.iter().flat_map(|diagnosis| &diagnosis.evidence);
        evidence.map(|piece| piece.text.as_str()).chain(self.said.as_ref().map(Redacted::as_str))
    }
}
