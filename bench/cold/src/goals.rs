//! What the functions are to be held to, and whether they are.
//!
//! Every bound is a ratio to what ran beside on the same machine, but for the size of the package and the distance from the
//! floor, which are absolute.

use crate::figures::{Figures, Times, milliseconds};
use crate::report::{Lap, Program, Report, Role};
use crate::share::Share;

/// Milliseconds above the floor until the first `next`.
const ABOVE_FLOOR: f64 = 1.5;
/// Part of the peer's time until the first `next`.
const INIT: f64 = 60.0;
/// Part of the peer's first invocation.
const FIRST: f64 = 15.0;
/// Part of the peer's warm invocations.
const WARM: f64 = 3.0;
/// Part of the peer's peak memory.
const MEMORY: f64 = 4.0;
/// A zipped package, in millions of bytes.
const PACKAGE: f64 = 3.0;
/// The share under which the first invocation is judged: the least that Lambda sells.
const LEAST: Share = Share::OfMemory(128);

/// At most so much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Milliseconds.
    Milliseconds(f64),
    /// One part in so many of the peer's.
    OnePartIn(f64),
    /// Millions of bytes.
    Megabytes(f64),
}

/// What came of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is met.
    Met,
    /// It is not.
    Missed,
    /// What it needs was not measured.
    NotMeasured,
}

impl Verdict {
    /// A word for a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "**missed**",
            Self::NotMeasured => "not measured",
        }
    }
}

/// A goal of one function.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// What is bounded.
    pub what: &'static str,
    /// Whose.
    pub program: String,
    /// At most.
    pub bound: Bound,
    /// In the bound's unit: milliseconds, the part of the peer's, or megabytes.
    pub measured: Option<f64>,
}

impl Goal {
    /// Whether it is met.
    pub fn verdict(&self) -> Verdict {
        let most = match self.bound {
            Bound::Milliseconds(most) | Bound::Megabytes(most) => most,
            Bound::OnePartIn(parts) => 1.0 / parts,
        };
        match self.measured {
            None => Verdict::NotMeasured,
            Some(measured) if measured <= most => Verdict::Met,
            Some(_) => Verdict::Missed,
        }
    }
}

/// Every goal of every function of ours.
pub fn goals(report: &Report) -> Vec<Goal> {
    let of = |role: Role| report.programs.iter().find(|program| program.role == role);
    let (floor, peer) = (of(Role::Floor), of(Role::Peer));
    let ours = report.programs.iter().filter(|program| program.role == Role::Ours);
    ours.flat_map(|program| of_program(report, program, floor, peer)).collect()
}

fn of_program(report: &Report, ours: &Program, floor: Option<&Program>, peer: Option<&Program>) -> Vec<Goal> {
    let part = |share: Share, of: fn(&Figures) -> Option<f64>| {
        let (ours, peers) = (figures(report, share, ours)?, figures(report, share, peer?)?);
        Some(of(ours)? / of(peers)?)
    };
    let above_floor = || {
        let (ours, floor) = (figures(report, Share::Whole, ours)?, figures(report, Share::Whole, floor?)?);
        Some(p50(&ours.init)? - p50(&floor.init)?)
    };
    let goal = |what, bound, measured| Goal { what, program: ours.name.clone(), bound, measured };
    vec![
        goal("start to the first `next`, above the floor", Bound::Milliseconds(ABOVE_FLOOR), above_floor()),
        goal(
            "start to the first `next`",
            Bound::OnePartIn(INIT),
            part(Share::Whole, |figures| p50(&figures.init)),
        ),
        goal(
            "first invocation at 128 MB",
            Bound::OnePartIn(FIRST),
            part(LEAST, |figures| p50(&figures.first)),
        ),
        goal(
            "warm invocation, no limit",
            Bound::OnePartIn(WARM),
            part(Share::Whole, |figures| p50(&figures.warm)),
        ),
        goal("warm invocation at 128 MB", Bound::OnePartIn(WARM), part(LEAST, |figures| p50(&figures.warm))),
        goal("peak memory", Bound::OnePartIn(MEMORY), part(Share::Whole, peak)),
        goal("package, zipped", Bound::Megabytes(PACKAGE), Some(megabytes(ours.zipped_bytes))),
    ]
}

/// What a program took under a share, if that was measured.
pub(crate) fn figures<'r>(report: &'r Report, share: Share, program: &Program) -> Option<&'r Figures> {
    let lap = report.laps.iter().find(|lap| lap.share == share)?;
    let Lap { outcome: Ok(taken), .. } = lap else { return None };
    taken.get(&program.name)
}

pub(crate) fn p50(times: &Times) -> Option<f64> {
    times.p50().map(milliseconds).filter(|time| *time > 0.0)
}

#[expect(clippy::cast_precision_loss, reason = "bytes of programs are far below 2^52")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn peak(figures: &Figures) -> Option<f64> {
    figures.peak_memory.map(megabytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    fn verdicts(report: &Report) -> Vec<(&'static str, Verdict)> {
        goals(report).iter().map(|goal| (goal.what, goal.verdict())).collect()
    }

    #[test]
    fn every_function_has_every_goal_and_floor_and_peer_have_none() {
        let goals = goals(&report());
        assert_eq!(goals.len(), 7);
        assert!(goals.iter().all(|goal| goal.program == "notifications"));
    }

    #[test]
    fn a_bound_itself_is_met_and_what_is_above_is_missed() {
        let goal = |bound, measured| Goal { what: "x", program: "y".to_owned(), bound, measured };
        for (bound, measured, verdict) in [
            (Bound::Milliseconds(1.5), Some(1.5), Verdict::Met),
            (Bound::Milliseconds(1.5), Some(1.51), Verdict::Missed),
            (Bound::OnePartIn(4.0), Some(0.25), Verdict::Met),
            (Bound::OnePartIn(4.0), Some(0.26), Verdict::Missed),
            (Bound::Megabytes(3.0), Some(3.1), Verdict::Missed),
            (Bound::Megabytes(3.0), None, Verdict::NotMeasured),
        ] {
            assert_eq!(goal(bound, measured).verdict(), verdict, "{bound:?} {measured:?}");
        }
    }

    #[test]
    fn without_the_peer_or_the_share_what_is_compared_with_them_is_not_measured() {
        let mut alone = report();
        alone.programs.retain(|program| program.role != Role::Peer);
        let open: Vec<_> =
            verdicts(&alone).into_iter().filter(|(_, verdict)| *verdict == Verdict::NotMeasured).collect();
        assert_eq!(open.len(), 5, "{open:?}");
        let mut unlimited = report();
        unlimited.laps.iter_mut().filter(|lap| lap.share != Share::Whole).for_each(|lap| {
            lap.outcome = Err("this machine cannot".to_owned());
        });
        let open: Vec<_> = verdicts(&unlimited)
            .into_iter()
            .filter_map(|(what, verdict)| (verdict == Verdict::NotMeasured).then_some(what))
            .collect();
        assert_eq!(open, ["first invocation at 128 MB", "warm invocation at 128 MB"]);
    }
}
