//! Which tasks of a run are shown where it has too many.

use steward::batch::{Outcome, Place, Unit};

/// More tasks nobody reads one by one.
const MOST: usize = 200;

/// Tasks that are shown, and what is left out.
pub(crate) struct Picked<'u> {
    /// Each with its unit, and which of the unit's places it is.
    pub(crate) shown: Vec<(&'u Unit, usize, &'u Place)>,
    /// What is left out, in words.
    pub(crate) left_out: Option<String>,
}

/// All tasks in order, where they are few. Where they are many, as many as one can read: those that failed first, then those
/// that were tried again, those that go on, and the others.
pub(crate) fn pick(units: &[Unit]) -> Picked<'_> {
    let places = units
        .iter()
        .flat_map(|unit| unit.places.iter().enumerate().map(move |(at, place)| (unit, at, place)));
    let mut shown: Vec<_> = places.collect();
    if shown.len() <= MOST {
        return Picked { shown, left_out: None };
    }
    shown.sort_by_key(|(_, _, place)| Rank::of(place));
    let rest = shown.split_off(MOST);
    let notable = rest.iter().filter(|(_, _, place)| Rank::of(place) <= Rank::Again).count();
    let left_out = match (notable, rest.len() - notable) {
        (0, others) => format!("{others} tasks that neither failed nor were tried again"),
        (notable, 0) => format!("{notable} more that failed or were tried again"),
        (notable, others) => format!("{notable} more that failed or were tried again, and {others} others"),
    };
    Picked { shown, left_out: Some(left_out) }
}

/// What people look for first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Failed,
    Again,
    GoesOn,
    Other,
}

impl Rank {
    fn of(place: &Place) -> Self {
        match place.outcome() {
            Some(Outcome::Failed | Outcome::TimedOut | Outcome::Unknown) => Self::Failed,
            Some(_) if place.past.len() > 1 => Self::Again,
            None if !place.past.is_empty() => Self::Again,
            None => Self::GoesOn,
            Some(_) => Self::Other,
        }
    }
}
