//! Ours against the peers: fronts, best settings, and what shall hold.

use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::search::Tried;

/// From a burst that SQS tells of to the order, in seconds.
const REACTS_WITHIN: f64 = 15.0;
/// So few reversals are none too many.
const FEW_REVERSALS: u32 = 2;

/// Ours, and each peer with all that was tried of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What came of ours; absent: it was not run.
    pub ours: Option<Outcome>,
    /// Whether somebody asked for ours, or it is only what the peers are measured by.
    pub shows_ours: bool,
    /// The peers.
    pub rivals: Vec<Rival>,
}

/// A peer, and what was tried of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    /// Which.
    pub policy: Policy,
    /// All settings, and what came of them.
    pub tried: Vec<Tried>,
}

/// What shall hold of ours, and whether it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a claim of its own, and none excludes another")]
pub struct Proofs {
    /// No setting of a peer has both fewer late messages and at most our task-hours.
    pub unbeaten: bool,
    /// No message's worker was killed.
    pub no_kills: bool,
    /// At most half the reversals of the setting of all peers that is nearest in task-hours, or at most two.
    pub calm: bool,
    /// At most 15 seconds from a burst that SQS tells of to the order.
    pub quick: bool,
}

impl Proofs {
    /// Whether all hold.
    pub fn hold(self) -> bool {
        self.unbeaten && self.no_kills && self.calm && self.quick
    }
}

impl Rival {
    /// Its best setting: the fewest late at no more than our task-hours, or where none keeps to them, the fewest late. Of several
    /// with equally few, the one with the fewest task-hours.
    pub fn best(&self, ours: Option<&Outcome>) -> Option<&Tried> {
        let within = |tried: &&Tried| ours.is_none_or(|ours| tried.outcome.task_hours <= ours.task_hours);
        let by_rank = |one: &&Tried, other: &&Tried| {
            let (one, other) = (&one.outcome, &other.outcome);
            one.late.cmp(&other.late).then(one.task_hours.total_cmp(&other.task_hours))
        };
        let cheap = self.tried.iter().filter(within).min_by(by_rank);
        cheap.or_else(|| self.tried.iter().min_by(by_rank))
    }

    /// The settings of which no other has both fewer late messages and fewer task-hours, from the cheapest on.
    pub fn front(&self) -> Vec<&Tried> {
        let mut sorted: Vec<&Tried> = self.tried.iter().collect();
        sorted.sort_by(|one, other| {
            let hours = one.outcome.task_hours.total_cmp(&other.outcome.task_hours);
            hours.then(one.outcome.late.cmp(&other.outcome.late))
        });
        let mut front: Vec<&Tried> = Vec::new();
        for tried in sorted {
            if front.last().is_none_or(|last| tried.outcome.late < last.outcome.late) {
                front.push(tried);
            }
        }
        front
    }

    /// The settings that have both fewer late messages than ours and at most our task-hours.
    pub fn winners<'r>(&'r self, ours: &'r Outcome) -> impl Iterator<Item = &'r Tried> {
        self.tried.iter().filter(|tried| tried.outcome.beats(ours))
    }

    /// The setting whose task-hours are nearest to ours.
    pub fn nearest(&self, ours: &Outcome) -> Option<&Tried> {
        let apart = |tried: &Tried| (tried.outcome.task_hours - ours.task_hours).abs();
        self.tried.iter().min_by(|one, other| apart(one).total_cmp(&apart(other)))
    }
}

impl Comparison {
    /// The setting of all peers whose task-hours are nearest to ours.
    pub fn nearest(&self, ours: &Outcome) -> Option<(Policy, &Tried)> {
        let apart = |tried: &Tried| (tried.outcome.task_hours - ours.task_hours).abs();
        let each = self.rivals.iter().filter_map(|rival| Some((rival.policy, rival.nearest(ours)?)));
        each.min_by(|(_, one), (_, other)| apart(one).total_cmp(&apart(other)))
    }

    /// What holds of ours; `None` where it was not run.
    pub fn proofs(&self) -> Option<Proofs> {
        let ours = self.ours.as_ref()?;
        let nearest = self.nearest(ours);
        let is_calm = nearest.is_none_or(|(_, nearest)| ours.reversals * 2 <= nearest.outcome.reversals);
        Some(Proofs {
            unbeaten: self.rivals.iter().all(|rival| rival.winners(ours).next().is_none()),
            no_kills: ours.killed_in_flight == 0,
            calm: ours.reversals <= FEW_REVERSALS || is_calm,
            quick: ours.burst_reaction.is_none_or(|seconds| seconds <= REACTS_WITHIN),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::{KedaSetting, Setting};

    fn outcome(late: u64, task_hours: f64, reversals: u32) -> Outcome {
        Outcome {
            messages: 100,
            late,
            wait_p50: 0.0,
            wait_p95: 0.0,
            wait_p99: 0.0,
            task_hours,
            orders: 0,
            reversals,
            killed_in_flight: 0,
            burst_reaction: None,
        }
    }

    fn rival(outcomes: &[Outcome]) -> Rival {
        let tried = (1..).zip(outcomes).map(|(queue_length, outcome)| Tried {
            setting: Setting::Keda(KedaSetting { queue_length, ..KedaSetting::default() }),
            outcome: *outcome,
        });
        Rival { policy: Policy::Keda, tried: tried.collect() }
    }

    fn held(ours: Outcome, theirs: &[Outcome]) -> Proofs {
        Comparison { ours: Some(ours), shows_ours: true, rivals: vec![rival(theirs)] }.proofs().unwrap()
    }

    #[test]
    fn the_best_setting_has_the_fewest_late_at_no_more_than_our_task_hours() {
        let best = |theirs: &[Outcome]| rival(theirs).best(Some(&outcome(5, 10.0, 0))).unwrap().outcome;
        let all = [outcome(0, 11.0, 0), outcome(7, 10.0, 0), outcome(7, 9.0, 0), outcome(8, 1.0, 0)];
        assert_eq!(best(&all), all[2], "of equals the cheapest");
        assert_eq!(best(&all[..1]), all[0], "where none is as cheap, the fewest late");
        assert!(rival(&[]).best(None).is_none());
    }

    #[test]
    fn on_a_front_less_late_costs_more() {
        let all = [
            outcome(9, 1.0, 0),
            outcome(9, 2.0, 0),
            outcome(5, 3.0, 0),
            outcome(5, 3.0, 1),
            outcome(0, 9.0, 0),
        ];
        let rival = rival(&all);
        let front: Vec<Outcome> = rival.front().iter().map(|tried| tried.outcome).collect();
        assert_eq!(front, [all[0], all[2], all[4]]);
    }

    #[test]
    fn a_peer_wins_only_with_both_fewer_late_and_at_most_our_task_hours() {
        let ours = outcome(5, 10.0, 0);
        for (theirs, unbeaten) in [
            (outcome(4, 10.0, 9), false),
            (outcome(4, 10.1, 9), true),
            (outcome(5, 1.0, 9), true),
            (outcome(6, 1.0, 9), true),
        ] {
            assert_eq!(held(ours, &[theirs]).unbeaten, unbeaten, "{theirs:?}");
        }
    }

    #[test]
    fn reversals_are_held_against_the_setting_nearest_in_task_hours() {
        for (reversals, nearest, calm) in
            [(2, 0, true), (3, 6, true), (3, 5, false), (10, 19, false), (10, 20, true)]
        {
            let theirs = [outcome(9, 12.0, nearest), outcome(9, 20.0, 1_000), outcome(9, 1.0, 0)];
            assert_eq!(held(outcome(0, 10.0, reversals), &theirs).calm, calm, "{reversals} {nearest}");
        }
    }

    #[test]
    fn kills_and_slow_orders_are_failures() {
        let ours = outcome(0, 10.0, 0);
        assert!(held(ours, &[]).hold());
        assert!(!held(Outcome { killed_in_flight: 1, ..ours }, &[]).no_kills);
        assert!(held(Outcome { burst_reaction: Some(15.0), ..ours }, &[]).quick);
        assert!(!held(Outcome { burst_reaction: Some(15.1), ..ours }, &[]).quick);
    }
}
