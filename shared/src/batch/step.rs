//! What happens to a unit: calls, their answers, what is heard of its tasks, and what time does.
//!
//! Each step is pure and total, and taking it twice is taking it once: answers, events and looks come late, twice and in
//! any order.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use super::{
    Attempt, Call, Ending, EndingKind, Frozen, Outcome, Place, PlaceState, Placed, StopFor, Stopping, Unit,
};
use crate::action::READS_LAG;
use crate::arn::TaskArn;
use crate::diagnosis::{self, Cause, Diagnosis};
use crate::event::{Failure, TaskStateChange};
use crate::ports::{StartFailure, Started};
use crate::quota;
use crate::redact::{Redacted, redact};

/// A call that was turned away is made again after so long, at first.
const TURNED_AWAY: SignedDuration = SignedDuration::from_secs(5);
/// Different failures of one call that are kept.
const MAX_SAID: usize = 4;
/// A call whose answer is lost is made again so long after.
const ANSWER_LOST: SignedDuration = SignedDuration::from_secs(20);
/// A task that nothing was heard of is looked at so often while it is young.
pub(super) const FIRST_LOOK: SignedDuration = SignedDuration::from_mins(3);
/// A task that ECS does not know any more for so long is forgotten: reads lag.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(5);

/// After a time.
pub(super) fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

impl Unit {
    /// Begins a call for the places that wait for one, those alike together. Answers whether there is one to make.
    pub fn begin(&mut self, frozen: &Frozen, now: Timestamp, lease_until: Timestamp) -> bool {
        if self.call.is_some() {
            return false;
        }
        let waits = |place: &Place| matches!(place.state, PlaceState::Waiting { not_before, .. } if not_before <= now);
        let traits = |place: &Place| (frozen.goes_on_demand(place), place.memory, place.attempts + 1);
        let Some(first) = self.places.iter().find(|place| waits(place)).map(traits) else { return false };
        let alike: Vec<usize> = (0..)
            .zip(&self.places)
            .filter(|(_, place)| waits(place) && traits(place) == first)
            .map(|(index, _)| index)
            .collect();
        for index in &alike {
            if let Some(place) = self.places.get_mut(*index)
                && let PlaceState::Waiting { since, ref why, .. } = place.state
            {
                // What was never tried has not waited for ECS.
                let since = if why.is_some() { since } else { now };
                place.state = PlaceState::Calling { since };
            }
        }
        let (on_demand, memory, attempt) = first;
        self.calls += 1;
        self.call = Some(Call {
            number: self.calls,
            at: now,
            lease_until,
            tries: 1,
            is_refused: false,
            wanted: u32::try_from(alike.len()).unwrap_or(u32::MAX),
            places: alike,
            on_demand,
            rotation: self.vain,
            memory,
            attempt,
        });
        true
    }

    /// Makes the call once more, with its token: while that is good, ECS answers what it did.
    pub fn begin_again(&mut self, now: Timestamp, lease_until: Timestamp) -> bool {
        let is_good = |call: &&mut Call| {
            !call.is_refused
                && call.lease_until <= now
                && now.duration_since(call.at) <= quota::CLIENT_TOKEN_IS_GOOD
        };
        let Some(call) = self.call.as_mut().filter(is_good) else { return false };
        call.tries += 1;
        call.lease_until = lease_until;
        true
    }

    /// Whether only a look can tell what the call did.
    pub fn must_probe(&self, now: Timestamp) -> bool {
        self.call.as_ref().is_some_and(|call| {
            call.lease_until <= now
                && (call.is_refused || now.duration_since(call.at) > quota::CLIENT_TOKEN_IS_GOOD)
        })
    }

    /// ECS answered a call.
    pub fn answered(&mut self, number: u32, started: &Started, frozen: &Frozen, now: Timestamp) {
        self.adopt(number, &started.tasks, now);
        let Some(call) = self.call.take_if(|call| call.number == number) else { return };
        if started.tasks.is_empty() {
            self.vain += 1;
        } else {
            self.vain = 0;
        }
        let diagnosis = why_not(&started.failures);
        for index in call.places {
            self.failed_to_start(index, &diagnosis, call.on_demand, frozen, now);
        }
    }

    /// A place for which ECS could start nothing: it waits, unless trying again cannot help or it has waited too long.
    fn failed_to_start(
        &mut self,
        index: usize,
        diagnosis: &Diagnosis,
        on_demand: bool,
        frozen: &Frozen,
        now: Timestamp,
    ) {
        let (vain, jitter) = (self.vain, self.jitter());
        let Some(place) = self.places.get_mut(index) else { return };
        let PlaceState::Calling { since } = place.state else { return };
        if frozen.is_spot() && !on_demand {
            place.spot_failures += 1;
        }
        let said = said_of(diagnosis);
        let is_out = now.duration_since(since) >= frozen.rules.provision_timeout;
        if is_out || !may_pass(diagnosis.cause) {
            let kind = if is_out { EndingKind::ProvisionTimeout } else { EndingKind::Cause(diagnosis.cause) };
            let ending = Ending {
                kind,
                at: now,
                task: None,
                exit_code: None,
                diagnosis: Some(diagnosis.clone()),
                said: Some(said),
            };
            place.attempts += 1;
            return place.ended(since, None, ending, frozen, jitter, now);
        }
        let pause = frozen.rules.backoff.after(vain.max(1), jitter);
        place.state = PlaceState::Waiting { since, not_before: after(now, pause), why: Some(said) };
    }

    /// A call was turned away for now. If it was the first of its token, nothing was started.
    pub fn turned_away(&mut self, number: u32, frozen: &Frozen, now: Timestamp) {
        let jitter = self.jitter();
        let Some(call) = self.call.as_mut().filter(|call| call.number == number) else { return };
        let pause = TURNED_AWAY + SignedDuration::from_millis(i64::from(jitter) * 5);
        if call.tries > 1 {
            call.lease_until = after(now, pause);
            return;
        }
        let places = std::mem::take(&mut call.places);
        self.call = None;
        for index in places {
            self.wait_again(index, pause, frozen, now);
        }
    }

    /// A call was not made after all: nothing was started by it, unless it was made before.
    pub fn withdrawn(&mut self, number: u32, pause: SignedDuration, now: Timestamp) {
        let Some(call) = self.call.as_mut().filter(|call| call.number == number) else { return };
        if call.tries > 1 {
            call.lease_until = after(now, pause);
            return;
        }
        let places = std::mem::take(&mut call.places);
        self.call = None;
        for index in places {
            if let Some(place) = self.places.get_mut(index)
                && let PlaceState::Calling { since } = place.state
            {
                place.state = PlaceState::Waiting { since, not_before: after(now, pause), why: None };
            }
        }
    }

    fn wait_again(&mut self, index: usize, pause: SignedDuration, frozen: &Frozen, now: Timestamp) {
        let jitter = self.jitter();
        let Some(place) = self.places.get_mut(index) else { return };
        let PlaceState::Calling { since } = place.state else { return };
        let said = redact("RunTask was throttled");
        if now.duration_since(since) < frozen.rules.provision_timeout {
            place.state = PlaceState::Waiting { since, not_before: after(now, pause), why: Some(said) };
            return;
        }
        let ending = Ending {
            kind: EndingKind::ProvisionTimeout,
            at: now,
            task: None,
            exit_code: None,
            diagnosis: None,
            said: Some(said),
        };
        place.attempts += 1;
        place.ended(since, None, ending, frozen, jitter, now);
    }

    /// A call was refused for good. Of one that was made before, only a look tells what that did.
    pub fn refused(&mut self, number: u32, problem: &str, frozen: &Frozen, now: Timestamp) {
        let Some(call) = self.call.as_mut().filter(|call| call.number == number) else { return };
        if call.tries > 1 {
            call.is_refused = true;
            call.lease_until = after(now, READS_LAG);
            return;
        }
        let places = std::mem::take(&mut call.places);
        self.call = None;
        for index in places {
            self.not_taken(index, problem, frozen, now);
        }
    }

    fn not_taken(&mut self, index: usize, problem: &str, frozen: &Frozen, now: Timestamp) {
        let jitter = self.jitter();
        let Some(place) = self.places.get_mut(index) else { return };
        let PlaceState::Calling { since } = place.state else { return };
        let diagnosis = diagnosis::of_refusal(problem);
        let ending = Ending {
            kind: EndingKind::Refused,
            at: now,
            task: None,
            exit_code: None,
            said: Some(redact(problem)),
            diagnosis: Some(diagnosis),
        };
        place.attempts += 1;
        place.ended(since, None, ending, frozen, jitter, now);
    }

    /// Nobody knows what a call did.
    pub fn unanswered(&mut self, number: u32, now: Timestamp) {
        if let Some(call) = self.call.as_mut().filter(|call| call.number == number) {
            call.lease_until = after(now, ANSWER_LOST);
        }
    }

    /// What a look found of a call's tasks, running and stopped: what it did not find was not started, or nobody knows.
    pub fn probed(&mut self, number: u32, found: &[TaskArn], frozen: &Frozen, now: Timestamp) {
        self.adopt(number, found, now);
        let Some(call) = self.call.take_if(|call| call.number == number) else { return };
        let is_seen = now.duration_since(call.at) < quota::STOPPED_TASKS_VISIBLE;
        for index in call.places {
            if call.is_refused && is_seen {
                self.not_taken(index, "RunTask was refused when it was made again", frozen, now);
            } else if let Some(place) = self.places.get_mut(index) {
                place.state = PlaceState::Over { outcome: Outcome::Unknown, at: now };
            }
        }
    }

    /// Gives the tasks of a call to its places. Known ones stay where they are.
    pub fn adopt(&mut self, number: u32, tasks: &[TaskArn], now: Timestamp) {
        let mut new: Vec<&TaskArn> = tasks.iter().filter(|task| !self.knows(task)).collect();
        new.sort_by_key(|task| Reverse(*task));
        let Some(call) = self.call.as_mut().filter(|call| call.number == number) else { return };
        while let Some(index) = call.places.first().copied().filter(|_| !new.is_empty()) {
            call.places.remove(0);
            let Some(place) = self.places.get_mut(index) else { continue };
            let PlaceState::Calling { since } = place.state else { continue };
            let Some(task) = new.pop() else { break };
            place.attempts += 1;
            place.state = PlaceState::Placed(Box::new(Placed {
                task: task.clone(),
                since,
                at: now,
                started_at: None,
                heard_at: now,
                look_at: after(now, FIRST_LOOK),
                missing_since: None,
                stopping: None,
            }));
        }
        if call.places.is_empty() {
            self.call = None;
        }
    }

    /// Something is known of one of its tasks, by an event or by a look. Answers whether it is one of its own.
    pub fn observed(&mut self, task: &TaskStateChange, frozen: &Frozen, now: Timestamp) -> bool {
        let jitter = self.jitter();
        let Some(arn) = &task.task_arn else { return false };
        let place = self
            .places
            .iter_mut()
            .find(|place| matches!(&place.state, PlaceState::Placed(placed) if placed.task == *arn));
        match place {
            Some(place) => {
                place.heard(task, frozen, jitter, now);
                true
            }
            None => self.knows(arn),
        }
    }

    /// ECS does not know a task that it should.
    pub fn missing(&mut self, task: &TaskArn, now: Timestamp) {
        for place in &mut self.places {
            let PlaceState::Placed(placed) = &mut place.state else { continue };
            if placed.task != *task {
                continue;
            }
            let since = *placed.missing_since.get_or_insert(now);
            placed.look_at = after(now, READS_LAG);
            if now.duration_since(since) >= FORGOTTEN {
                let ending = Ending {
                    kind: EndingKind::Cause(Cause::Unknown),
                    at: now,
                    task: Some(task.clone()),
                    exit_code: None,
                    diagnosis: None,
                    said: Some(redact("ECS does not know the task any more, and its end was not heard of")),
                };
                place.past.push(Attempt::of(&ending, placed.since, placed.started_at));
                place.last = Some(Box::new(ending));
                place.state = PlaceState::Over { outcome: Outcome::Unknown, at: now };
            }
        }
    }

    /// What time asks for: tasks that must be stopped, each with the reason. Noted as asked; a task that does not stop is
    /// asked again. What waits for too long is at the end of its attempt.
    pub fn overdue(&mut self, frozen: &Frozen, run_ends: bool, now: Timestamp) -> Vec<(TaskArn, StopFor)> {
        let mut stops = Vec::new();
        for place in &mut self.places {
            match &mut place.state {
                PlaceState::Waiting { .. } if run_ends => {
                    place.state = PlaceState::Over { outcome: Outcome::Cancelled, at: now };
                }
                PlaceState::Placed(placed) => {
                    if let Some(why) = placed.must_stop(frozen, run_ends, now) {
                        placed.stopping = Some(Stopping { why, asked_at: now });
                        stops.push((placed.task.clone(), why));
                    }
                }
                _ => {}
            }
        }
        stops
    }

    /// How many tasks are wanted now; 0 while a call is under way.
    pub fn wanted(&self, now: Timestamp) -> u32 {
        let waits = |place: &&Place| matches!(place.state, PlaceState::Waiting { not_before, .. } if not_before <= now);
        let wanted = self.places.iter().filter(waits).count();
        if self.call.is_some() { 0 } else { u32::try_from(wanted).unwrap_or(u32::MAX) }
    }

    /// Its tasks that nothing was heard of for too long, noted as looked at.
    pub fn look_after(&mut self, now: Timestamp) -> Vec<TaskArn> {
        let mut looks = Vec::new();
        for place in &mut self.places {
            let PlaceState::Placed(placed) = &mut place.state else { continue };
            let was_asked = placed.stopping.is_some_and(|stopping| stopping.asked_at == now);
            if placed.look_at <= now || was_asked {
                placed.look_at = after(now, READS_LAG);
                looks.push(placed.task.clone());
            }
        }
        looks
    }

    /// From 0 to 999, and the same for the same unit and call: so that many do not come back at once.
    fn jitter(&self) -> u32 {
        let mut hash = 2_166_136_261_u32;
        for byte in format!("{}/{}/{}", self.run, self.index, self.calls).bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
        }
        hash % 1000
    }
}

/// Whether what could not be started may be startable later.
fn may_pass(cause: Cause) -> bool {
    use diagnosis::Kind::{Mixed, Transient};
    matches!(cause.kind(), Transient | Mixed)
}

/// Why tasks are missing, by every failure. On hosts there is one a host, and not one a task: where any of them may pass, what is
/// missing may be started later.
fn why_not(failures: &[StartFailure]) -> Diagnosis {
    let each = failures.iter().map(|failure| {
        diagnosis::of_failure(&Failure {
            arn: failure.arn.clone(),
            reason: Some(failure.reason.clone()),
            detail: failure.detail.clone(),
        })
    });
    let mut each: Vec<Diagnosis> = each.collect();
    each.sort_by_key(|diagnosis| !may_pass(diagnosis.cause));
    let mut all = each.into_iter();
    let Some(mut first) = all.next() else { return nothing_said() };
    for piece in all.flat_map(|other| other.evidence) {
        if !first.evidence.contains(&piece) && first.evidence.len() < MAX_SAID {
            first.evidence.push(piece);
        }
    }
    first
}

fn nothing_said() -> Diagnosis {
    diagnosis::of_said("failures", "RunTask answered fewer tasks than were asked for, and no failure")
}

fn said_of(diagnosis: &Diagnosis) -> Redacted {
    let texts: Vec<&str> = diagnosis.evidence.iter().map(|piece| piece.text.as_str()).collect();
    redact(&texts.join("; "))
}
