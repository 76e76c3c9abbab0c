//! Which slots of a job a person means.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use steward::batch::{Job, Slot, Timetable, Trigger};

use crate::gantt::local;
use crate::jobs::zone_of;

/// More runs are not asked for at once.
pub(super) const MOST: usize = 1_000;
/// No slot is made of more characters of a person's name: it would be a hash.
const MOST_OF_NAME: usize = 16;

/// What a person asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'w> {
    /// A run, whatever its slot.
    Now,
    /// The slot of a time.
    At(&'w str),
    /// Every slot of a window, both ends included.
    Window { from: &'w str, to: &'w str },
    /// The slot of a text.
    Text(&'w str),
}

/// The slots that are meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// In order, each with the time that it names.
    pub(super) slots: Vec<(Slot, Timestamp)>,
    /// The window goes on beyond now: what is still to come is left to the schedule.
    pub(super) goes_on: bool,
}

/// The slots of a job that a person means.
///
/// # Errors
///
/// Where a time is none of its schedule, or still to come; where a window has no slots, or too many.
pub(super) fn slots(job: &Job, wanted: &Wanted<'_>, by: &str, now: Timestamp) -> Result<Chosen, String> {
    let one = |slot: Slot, time: Timestamp| Ok(Chosen { slots: vec![(slot, time)], goes_on: false });
    let zone = zone_of(Some(job));
    match (*wanted, &job.trigger) {
        (Wanted::Now, _) => one(own(by, now), now),
        (Wanted::Text(text), _) => one(Slot::of_text(text), text.parse().unwrap_or(now)),
        (Wanted::At(text), Trigger::Schedule(timetable)) => {
            let at = time(text, &zone)?;
            check(timetable, at, &zone, now)?;
            one(Slot::at(at), at)
        }
        (Wanted::At(text), _) => {
            let at = time(text, &zone)?;
            one(Slot::at(at), at)
        }
        (Wanted::Window { from, to }, Trigger::Schedule(timetable)) => {
            window(timetable, time(from, &zone)?, time(to, &zone)?, now)
        }
        (Wanted::Window { .. }, Trigger::After(jobs)) => {
            let names: Vec<String> = jobs.iter().map(|job| format!("`{job}`")).collect();
            Err(format!(
                "{} has no schedule of its own: backfill {}, and it follows",
                job.name,
                names.join(" and ")
            ))
        }
        (Wanted::Window { .. }, Trigger::Demand) => Err(format!(
            "{} has no schedule, so no slots: `--slot TEXT` or `--at TIME` names a run",
            job.name
        )),
    }
}

/// A slot of the time and of whoever asks: the same person gets one run a second.
fn own(by: &str, now: Timestamp) -> Slot {
    let person = by.split('@').next().unwrap_or_default();
    let name: String = person
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(MOST_OF_NAME)
        .collect::<String>()
        .to_lowercase();
    let name = if name.is_empty() { "somebody" } else { name.as_str() };
    // The time comes last: behind a name, `-r2` would be a number of times.
    Slot::of_text(&format!("by-{name}-{}", Slot::at(now)))
}

/// A time with an offset, or one of a time zone.
fn time(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let civil = text.parse::<DateTime>().ok();
    civil.and_then(|civil| zone.to_timestamp(civil).ok()).ok_or_else(|| {
        format!("`{text}` is no time; write one such as 2026-11-27T02:00Z, or 2026-11-27T02:00 for the schedule's own zone")
    })
}

/// Refuses what is no slot of a schedule, or is still to come.
fn check(timetable: &Timetable, at: Timestamp, zone: &TimeZone, now: Timestamp) -> Result<(), String> {
    let before = timetable.last_at(at);
    if before != Some(at) {
        let near: Vec<String> = [before, timetable.next_after(at)]
            .into_iter()
            .flatten()
            .map(|near| format!("{} ({near})", local(near, zone)))
            .collect();
        let near = match near.as_slice() {
            [] => "it has none at all".to_owned(),
            near => format!("the nearest: {}", near.join(", ")),
        };
        return Err(format!(
            "{} is no slot of {}; {near}. `--slot TEXT` takes anything",
            local(at, zone),
            timetable.schedule
        ));
    }
    if at > now {
        return Err(format!(
            "{} is still to come, and its schedule begins it then; `--slot {at}` begins it now, and the schedule does not any more",
            local(at, zone)
        ));
    }
    Ok(())
}

fn window(timetable: &Timetable, from: Timestamp, to: Timestamp, now: Timestamp) -> Result<Chosen, String> {
    if to < from {
        return Err("`--to` is before `--from`".to_owned());
    }
    let before = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let found = timetable.slots(before, to.min(now), MOST);
    if !found.left_out.is_none() {
        let count = found.left_out.count() + u64::try_from(found.times.len()).unwrap_or(u64::MAX);
        let least =
            if matches!(found.left_out, steward::batch::LeftOut::AtLeast(_)) { "at least " } else { "" };
        return Err(format!(
            "that is {least}{count} runs, and at most {MOST} are asked for at once: take a shorter window"
        ));
    }
    if found.times.is_empty() {
        return Err(format!(
            "{} has no slot between these times that is not still to come",
            timetable.schedule
        ));
    }
    let slots = found.times.into_iter().map(|time| (Slot::at(time), time)).collect();
    Ok(Chosen { slots, goes_on: to > now })
}
