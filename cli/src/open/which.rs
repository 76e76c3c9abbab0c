//! Which incidents and actions are meant.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use steward::action::{Action, State, Verdict};
use steward::config::{Duration, Glob};
use steward::diagnosis::Cause;
use steward::incident::{Incident, Status, Target};

/// Which of them
#[derive(Args, Debug, Default, Clone)]
pub(crate) struct Where {
    /// Only in this cluster; `*` stands for any characters, `?` for one
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Only of this service, task family or container instance; `*` and `?` as above
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only where something happened since: so long ago, such as 2h or 7d, or a time, such as 2026-11-20 or
    /// 2026-11-20T21:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
}

/// Since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

pub(super) fn since(text: &str) -> Result<Since, String> {
    let day = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Since::At(at));
    }
    if let Some(day) = day() {
        return Ok(Since::At(day.timestamp()));
    }
    match text.parse::<Duration>() {
        Ok(ago) => Ok(Since::Ago(ago.get())),
        Err(_) => Err("so long ago, such as 2h or 7d, or a time, such as 2026-11-20T21:00:00Z".to_owned()),
    }
}

/// A cause by its word.
pub(crate) fn cause(word: &str) -> Result<Cause, String> {
    crate::silences::cause(word)
}

impl Where {
    fn is_here(&self, target: &Target) -> bool {
        let is = |glob: &Option<String>, name: &str| {
            glob.as_ref().is_none_or(|glob| Glob::new(glob.as_str()).matches(name))
        };
        is(&self.cluster, target.cluster().name()) && is(&self.service, target.name())
    }

    fn is_then(&self, now: Timestamp, at: impl IntoIterator<Item = Option<Timestamp>>) -> bool {
        let from = match self.since {
            None => return true,
            Some(Since::At(from)) => from,
            Some(Since::Ago(ago)) => now.saturating_sub(ago).unwrap_or(Timestamp::MIN),
        };
        at.into_iter().flatten().any(|at| at >= from)
    }

    /// Whether an incident is one of them.
    pub(crate) fn has(&self, incident: &Incident, now: Timestamp) -> bool {
        let over_at = match incident.status {
            Status::Open => None,
            Status::Resolved { at, .. } => Some(at),
        };
        let times = [Some(incident.opened_at), incident.failures.last_at(), over_at];
        self.is_here(&incident.target) && self.is_then(now, times)
    }

    /// Whether an action is one of them.
    pub(crate) fn has_action(&self, action: &Action, now: Timestamp) -> bool {
        let stepped_at = match &action.state {
            State::Issued { at }
            | State::Confirmed { at, .. }
            | State::Failed { at, .. }
            | State::Unknown { at, .. }
            | State::Withdrawn { at, .. } => Some(*at),
            State::Proposed { .. } | State::Planned => None,
        };
        let judged_at = match action.verdict {
            Some(Verdict::Helped { at } | Verdict::DidNotHelp { at }) => Some(at),
            None => None,
        };
        self.is_here(&action.plan.target)
            && self.is_then(now, [Some(action.decided_at), stepped_at, judged_at])
    }
}
