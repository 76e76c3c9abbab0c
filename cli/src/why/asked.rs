//! What a person asks about: an action by the first digits of its id, or an incident by its target.

use std::collections::BTreeSet;

use jiff::Timestamp;
use steward::action::ActionId;
use steward::incident::TargetRecord;

use crate::open::{Named, Open, Unnamed, incident_id};

/// No fewer digits name an action: fewer are soon another one's, too.
const FEWEST: usize = 4;
/// So many ids are named where several are meant.
const NAMED: usize = 5;

/// What is asked about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// An action, by digits that its id begins with; or a target that is called so.
    Action { digits: String, or: Option<Named> },
    /// An incident of a target: the latest, or the one that was opened at a time that begins so.
    Incident { named: Named, opened: Option<String> },
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfound {
    /// No open action has such an id.
    #[error(
        "no action that is open, or of a target of which something is open, has an id that begins with {0}: write the id \
         in full, as alerts print it, or look through all that is kept by --all"
    )]
    NotOpen(String),
    /// No action that is kept has such an id.
    #[error("no action that is kept has an id that begins with {0}: is it another stack's?")]
    NotKept(String),
    /// Several have.
    #[error("several ids begin with {0}; write more of one: {list}", list = .1.join(", "))]
    Several(String, Vec<String>),
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
        let is_digits =
            (FEWEST..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_digits {
            return Ok(Self::Action { digits: text.to_lowercase(), or: Named::parse(text).ok() });
        }
        match text.rsplit_once('@') {
            Some((target, opened)) if !opened.is_empty() => {
                Ok(Self::Incident { named: Named::parse(target)?, opened: Some(opened.to_owned()) })
            }
            _ => Ok(Self::Incident { named: Named::parse(text)?, opened: None }),
        }
    }
}

/// The one id that begins so, of those that what is open names.
pub(super) fn of_open(open: &Open, digits: &str) -> Result<ActionId, Unfound> {
    let tried = |record: &TargetRecord| -> Vec<ActionId> {
        record.care.tried.iter().map(|tried| tried.id.clone()).chain(record.care.open.clone()).collect()
    };
    let mut ids: BTreeSet<ActionId> = open.targets.iter().flat_map(tried).collect();
    ids.extend(open.actions.iter().map(|action| action.plan.id.clone()));
    ids.extend(open.incidents.iter().flat_map(|it| &it.remedies.notes).map(|note| note.id.clone()));
    match one_of(ids, digits) {
        Ok(None) => Err(Unfound::NotOpen(digits.to_owned())),
        Ok(Some(id)) => Ok(id),
        Err(error) => Err(error),
    }
}

/// The one id that begins so.
pub(super) fn one_of(ids: BTreeSet<ActionId>, digits: &str) -> Result<Option<ActionId>, Unfound> {
    let mut found: Vec<ActionId> = ids.into_iter().filter(|id| id.as_str().starts_with(digits)).collect();
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => {
            let named = found.iter().take(NAMED).map(|id| id.short().to_owned()).collect();
            Err(Unfound::Several(digits.to_owned(), named))
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
