//! Attempts of a place: those that are over, and the one that goes on.

use jiff::Timestamp;
use steward::arn::TaskArn;
use steward::batch::{EndingKind, Place, PlaceState};

use super::words::last_evidence;

/// One attempt.
pub(crate) struct Attempted {
    /// Its task, where one was started.
    pub(crate) task: Option<TaskArn>,
    /// When a task was wanted.
    pub(crate) wanted_at: Timestamp,
    /// When it ran.
    pub(crate) started_at: Option<Timestamp>,
    /// How it stands.
    pub(crate) how: How,
    /// Of the last that failed, what is known of why, line by line.
    pub(crate) evidence: Vec<String>,
}

/// How an attempt stands.
pub(crate) enum How {
    /// It goes on.
    GoesOn,
    /// It succeeded.
    Succeeded { at: Timestamp },
    /// It is over, and did not succeed.
    Ended { at: Timestamp, kind: EndingKind, exit_code: Option<i64> },
}

impl How {
    /// When it was over.
    pub(crate) fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::GoesOn => None,
            Self::Succeeded { at } | Self::Ended { at, .. } => Some(*at),
        }
    }
}

/// The attempts of a place, in order.
pub(crate) fn attempts(place: &Place) -> Vec<Attempted> {
    let last_bad = place.past.iter().rposition(|past| past.kind.is_some());
    let past = place.past.iter().enumerate().map(|(at, past)| Attempted {
        task: past.task.clone(),
        wanted_at: past.wanted_at,
        started_at: past.started_at,
        how: match past.kind {
            None => How::Succeeded { at: past.ended_at },
            Some(kind) => How::Ended { at: past.ended_at, kind, exit_code: past.exit_code },
        },
        evidence: if last_bad == Some(at) { last_evidence(place) } else { Vec::new() },
    });
    let going_on = match &place.state {
        PlaceState::Placed(placed) => Some(Attempted {
            task: Some(placed.task.clone()),
            wanted_at: placed.since,
            started_at: placed.started_at,
            how: How::GoesOn,
            evidence: Vec::new(),
        }),
        _ => None,
    };
    past.chain(going_on).collect()
}
