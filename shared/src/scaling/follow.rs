//! How problems become a trouble, and how a trouble ends.
//!
//! # Invariants
//!
//! * Nobody is told of what has not stood for as long as its kind must.
//! * A trouble ends only after nothing was wrong for [`CALM`]: what comes and goes is one trouble.
//! * The same look twice changes nothing the second time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Problem, ProblemKind, ScalerTrouble, Sight};
use crate::incident::Severity;

/// A trouble is over when nothing stood for so long.
pub const CALM: SignedDuration = SignedDuration::from_mins(10);
/// Of a trouble that goes on, the numbers that people see are renewed so often.
const RENEWED: SignedDuration = SignedDuration::from_mins(10);
/// A proposal with another number of tasks asks again after so long; the message has it at once.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// Since when each problem of a service stands: what is remembered between two looks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Streak {
    /// The problems that stand, and those that did until a moment ago.
    pub problems: BTreeMap<ProblemKind, Stretch>,
    /// Since when nothing that people were told of stands; absent: something does.
    pub calm_since: Option<Timestamp>,
    /// When the trouble was opened that goes on: with the target, its key.
    pub trouble: Option<Timestamp>,
}

/// For how long a problem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Since then.
    pub since: Timestamp,
    /// It was seen last at this time.
    pub seen: Timestamp,
}

/// What becomes of a service's trouble with one look more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// To be remembered in the service's record.
    pub streak: Streak,
    /// The trouble that goes on, or ended now. It is to be written where `is_news`.
    pub trouble: Option<ScalerTrouble>,
    /// Whether the trouble changed, so that people are to be told.
    pub is_news: bool,
}

/// Follows a service's problems by one look. `known` is the trouble that `streak.trouble` names, where there is one.
pub fn follow(known: Option<&ScalerTrouble>, streak: &Streak, sight: &Sight<'_>, now: Timestamp) -> Followed {
    let problems = sight.problems();
    let mut streak = streak.clone();
    streak.see(&problems, now);
    let known = known.filter(|known| known.is_open());
    let standing = streak.standing();
    let is_worth = |kind: &ProblemKind| {
        standing.contains(kind) || known.is_some_and(|known| known.latest(*kind).is_some())
    };
    let is_calm = !streak.problems.keys().any(is_worth);
    streak.calm_since = is_calm.then(|| streak.calm_since.unwrap_or(now));
    let trouble = match known {
        Some(known) => known.clone(),
        None if standing.is_empty() => {
            return Followed { streak: Streak { trouble: None, ..streak }, trouble: None, is_news: false };
        }
        None => begun(sight, now),
    };
    let before = known.cloned();
    let trouble = trouble.go_on(&standing, &problems, &streak, sight, now);
    streak.trouble = trouble.is_open().then_some(trouble.opened_at);
    let is_news = before.as_ref() != Some(&trouble);
    Followed { streak, trouble: Some(trouble), is_news }
}

fn begun(sight: &Sight<'_>, now: Timestamp) -> ScalerTrouble {
    ScalerTrouble {
        target: sight.target.clone(),
        opened_at: now,
        queues: Vec::new(),
        promise: sight.scaler.promise,
        notes: Vec::new(),
        standing: Vec::new(),
        severity: Severity::Info,
        critical_at: None,
        decision: Box::new(sight.decision.clone()),
        recovered: None,
    }
}

impl Stretch {
    /// For how long it was seen: a gap at the end does not count.
    fn stood(self) -> SignedDuration {
        self.seen.duration_since(self.since)
    }
}

impl Streak {
    fn see(&mut self, problems: &BTreeMap<ProblemKind, Problem>, now: Timestamp) {
        for kind in problems.keys() {
            let stretch = self.problems.entry(*kind).or_insert(Stretch { since: now, seen: now });
            stretch.seen = stretch.seen.max(now);
        }
        let is_there = |kind: &ProblemKind, stretch: &mut Stretch| {
            problems.contains_key(kind) || now.duration_since(stretch.seen) < kind.gap()
        };
        self.problems.retain(is_there);
    }

    /// What has stood for long enough, the worst first.
    fn standing(&self) -> Vec<ProblemKind> {
        let mut standing: Vec<(ProblemKind, Severity)> = self
            .problems
            .iter()
            .map(|(kind, stretch)| (*kind, stretch.stood()))
            .filter(|(kind, stood)| *stood >= kind.patience())
            .map(|(kind, stood)| (kind, kind.severity(stood)))
            .collect();
        standing.sort_by_key(|(kind, severity)| (std::cmp::Reverse(*severity), *kind));
        standing.into_iter().map(|(kind, _)| kind).collect()
    }

    fn severity(&self, standing: &[ProblemKind]) -> Severity {
        let of = |kind: &ProblemKind| Some(kind.severity(self.problems.get(kind)?.stood()));
        standing.iter().filter_map(of).max().unwrap_or(Severity::Info)
    }
}

impl ScalerTrouble {
    fn go_on(
        self,
        standing: &[ProblemKind],
        problems: &BTreeMap<ProblemKind, Problem>,
        streak: &Streak,
        sight: &Sight<'_>,
        now: Timestamp,
    ) -> Self {
        let before = self.clone();
        let mut trouble = self;
        for (kind, problem) in problems.iter().filter(|(kind, _)| standing.contains(kind)) {
            if !before.standing.contains(kind) || trouble.asks_again(problem, now) {
                trouble.note(problem.clone(), now);
            } else if *kind == ProblemKind::Proposed {
                trouble.propose(problem);
            }
        }
        // What is in a gap when it has stood for long enough is told when it is seen again.
        trouble.standing = standing.iter().copied().filter(|kind| trouble.latest(*kind).is_some()).collect();
        let severity = streak.severity(standing);
        trouble.severity = trouble.severity.max(severity);
        if severity == Severity::Critical {
            trouble.critical_at.get_or_insert(now);
        }
        if streak.calm_since.is_some_and(|since| now.duration_since(since) >= CALM) {
            trouble.recovered = Some(now);
        }
        let is_old = now.duration_since(trouble.decision.at) >= RENEWED;
        if trouble != before || is_old {
            trouble.decision = Box::new(sight.decision.clone());
            trouble.promise = sight.scaler.promise;
            trouble.queues = sight.scaler.queues.iter().map(|queue| queue.name.clone()).collect();
        }
        trouble
    }

    /// The message shows what would be approved now.
    fn propose(&mut self, problem: &Problem) {
        let last = self.notes.iter_mut().rev().find(|note| note.what.kind() == ProblemKind::Proposed);
        if let Some(last) = last.filter(|last| last.what != *problem) {
            last.what = problem.clone();
        }
    }

    /// Whether a proposal is another than the one that was asked about, a while ago.
    fn asks_again(&self, problem: &Problem, now: Timestamp) -> bool {
        let Some(last) = self.latest(ProblemKind::Proposed) else { return false };
        let is_another = problem.kind() == ProblemKind::Proposed && last.what != *problem;
        is_another && now.duration_since(last.at) >= ASKED_AGAIN
    }
}

#[cfg(test)]
mod tests;
