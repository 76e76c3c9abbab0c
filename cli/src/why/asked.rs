//! What a person asks about: an action by the first digits of its id, or an incident by its target.

use std::collections::BTreeSet;

use jiff::Timestamp;
use steward::incident::TargetRecord;

use crate::open::{Digits, NAMED, Named, Nameless, Unnamed, incident_id};

/// What is asked about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// An action, by digits that its id begins with; or a target that is called so.
    Action { digits: Digits, or: Option<Named> },
    /// An incident of a target: the latest, or the one that was opened at a time that begins so.
    Incident { named: Named, opened: Option<String> },
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfound {
    /// The digits name no action that is open.
    #[error("{0}; `--all` looks through all that is kept")]
    Nameless(#[from] Nameless),
    /// No action that is kept has such an id.
    #[error("no action that is kept has an id that begins with {0}: is it another stack's?")]
    NotKept(String),
    /// The target had no such incident.
    #[error("no such incident of {0} is known; there are {list}", list = .1.join(", "))]
    NoSuchIncident(String, Vec<String>),
    /// The target had none at all.
    #[error("no incident of {0} is known")]
    NoIncident(String),
    /// There is no such target.
    #[error(transparent)]
    Unnamed(#[from] Unnamed),
}

impl Asked {
    /// Reads `cf69c730`, `shop/api`, `shop/api@2026-11-20T21:00:04Z`.
    pub(super) fn parse(text: &str) -> Result<Self, Unnamed> {
        let text = text.trim();
        if let Some(digits) = Digits::parse(text) {
            return Ok(Self::Action { digits, or: Named::parse(text).ok() });
        }
        match text.rsplit_once('@') {
            Some((target, opened)) if !opened.is_empty() => {
                Ok(Self::Incident { named: Named::parse(target)?, opened: Some(opened.to_owned()) })
            }
            _ => Ok(Self::Incident { named: Named::parse(text)?, opened: None }),
        }
    }
}

/// Which of a target's incidents is meant: `opened` are those that are known.
pub(super) fn which(
    record: &TargetRecord,
    opened: &BTreeSet<Timestamp>,
    asked: Option<&str>,
) -> Result<Timestamp, Unfound> {
    let target = &record.target;
    let Some(asked) = asked else {
        return opened.last().copied().ok_or_else(|| Unfound::NoIncident(target.to_string()));
    };
    // A time in full needs not be known: its incident may be kept all the same.
    if let Ok(at) = asked.parse::<Timestamp>() {
        return Ok(at);
    }
    let mut found = opened.iter().filter(|at| at.to_string().starts_with(asked));
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(*at),
        _ if opened.is_empty() => Err(Unfound::NoIncident(target.to_string())),
        _ => {
            let known = opened.iter().rev().take(NAMED).map(|at| incident_id(target, *at)).collect();
            Err(Unfound::NoSuchIncident(target.to_string(), known))
        }
    }
}
