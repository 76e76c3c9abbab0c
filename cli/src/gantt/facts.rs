//! What there is to say of a run, name by name.

use jiff::tz::TimeZone;
use steward::batch::{EndBefore, Run};
use steward::notification::moment;

use super::words::{began, span, task_count};

/// Each with its name. What is not known yet is left out.
pub(crate) fn facts(run: &Run, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let claimed_at = run.frozen.as_ref().map(|frozen| frozen.at);
    let claimed = claimed_at.map(|at| format!("{}, after {}", moment(at), span(run.wanted_at(), at)));
    let ended = run.end().map(|(_, at)| match claimed_at {
        Some(claimed_at) => format!("{}, after {}", moment(at), span(claimed_at, at)),
        None => moment(at),
    });
    let set = run.set.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    let only = run.only.as_ref().map(|only| format!("{} of an earlier run", only.len()));
    let causes = run.causes.iter().map(|(cause, count)| format!("{count} × {cause}")).collect::<Vec<_>>();
    let of_frozen = |what: fn(&steward::batch::Frozen) -> String| run.frozen.as_deref().map(what);
    let facts = [
        ("scheduled", Some(local(run.scheduled, zone))),
        ("begun by", Some(began(&run.by))),
        ("set for it", Some(set).filter(|set| !set.is_empty())),
        ("only", only),
        ("claimed", claimed),
        ("ended", ended),
        ("to end", run.ending.as_ref().filter(|_| !run.is_over()).map(ends)),
        ("runs", of_frozen(|frozen| frozen.definition.arn.family_and_revision().to_owned())),
        ("in cluster", of_frozen(|frozen| frozen.cluster.name().to_owned())),
        ("tasks", task_count(run).map(|count| format!("{count}; {} started", run.tally.started))),
        ("failed of", Some(causes.join(", ")).filter(|causes| !causes.is_empty())),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn ends(why: &EndBefore) -> String {
    match why {
        EndBefore::Cancelled(ruling) => {
            let why = ruling.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            format!("cancelled by {}, {}{why}", ruling.by, moment(ruling.at))
        }
        EndBefore::Superseded(by) => format!("{by} waits for its place"),
    }
}

/// A time in a time zone, such as `27 Nov 03:00 CET`.
pub(crate) fn local(at: jiff::Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b %H:%M %Z").to_string()
}
