//! What people are told who ask for runs.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use steward::batch::{Concurrency, Job, MAX_ACTIVE, Run};
use steward::notification::moment;

use super::begin::Begun;
use super::slots::Chosen;
use crate::gantt::{briefly, local};
use crate::jobs::style_of;
use crate::terminal::wrapped;

/// How many runs a wish is for, before it is one.
pub(super) fn write_many(
    out: &mut impl Write,
    job: &Job,
    chosen: &Chosen,
    zone: &TimeZone,
) -> io::Result<()> {
    let text = format!("{} runs of {}{}", chosen.slots.len(), job.name, span(chosen, zone));
    wrapped(out, "", &text)
}

fn span(chosen: &Chosen, zone: &TimeZone) -> String {
    match chosen.slots.as_slice() {
        [(_, first), .., (_, last)] => format!(", from {} to {}", local(*first, zone), local(*last, zone)),
        _ => String::new(),
    }
}

/// What came of a wish.
pub(super) fn write(
    out: &mut impl Write,
    job: &Job,
    begun: &Begun,
    chosen: &Chosen,
    zone: &TimeZone,
) -> io::Result<()> {
    match begun.new.as_slice() {
        [] => {}
        [id] => writeln!(out, "asked for: {id}")?,
        ids => {
            wrapped(
                out,
                "",
                &format!("asked for: {} runs of {}{}", ids.len(), job.name, span(chosen, zone)),
            )?;
            for id in ids {
                writeln!(out, "  {id}")?;
            }
        }
    }
    if !begun.known.is_empty() {
        writeln!(out, "there already, and left as it is:")?;
    }
    for run in &begun.known {
        write_known(out, run)?;
    }
    match begun.known.iter().filter(|run| run.is_over()).collect::<Vec<_>>().as_slice() {
        [] => {}
        [run] => wrapped(out, "", &format!("`steward retry {}` does it again", run.id))?,
        _ => wrapped(out, "", &format!("`steward retry {}/SLOT` does one of them again", job.name))?,
    }
    if begun.left > 0 {
        let left = begun.left;
        let verb = if left == 1 { "slot was" } else { "slots were" };
        wrapped(out, "", &format!("{left} {verb} not asked for: the same command goes on where it ended"))?;
    }
    if chosen.goes_on {
        writeln!(out, "slots that are still to come are left to the schedule")?;
    }
    if begun.new.is_empty() { Ok(()) } else { write_begins(out, job, begun) }
}

fn write_known(out: &mut impl Write, run: &Run) -> io::Result<()> {
    let id = &run.id;
    match run.end() {
        None => writeln!(out, "  {id}  {}", briefly(&run.state)),
        Some((end, at)) => {
            let style = style_of(end);
            let state = briefly(&run.state);
            writeln!(out, "  {id}  {style}{state}{style:#}, {}", moment(at))?;
            Ok(())
        }
    }
}

/// When the runs begin, and what is worth knowing then.
fn write_begins(out: &mut impl Write, job: &Job, begun: &Begun) -> io::Result<()> {
    let together = job.rules.concurrency == Concurrency::Allow;
    let when = match (begun.new.len(), together) {
        (1, true) => "it begins within a minute".to_owned(),
        (1, false) => "it begins within a minute, or after the runs of its job that go on".to_owned(),
        (_, true) => format!("they begin within a minute, at most {MAX_ACTIVE} at the same time"),
        (_, false) => "the first begins within a minute, each of the others after the one before".to_owned(),
    };
    wrapped(out, "", &when)?;
    if job.suspended {
        wrapped(
            out,
            "",
            &format!("{} is suspended: its schedule begins nothing, what people ask for runs", job.name),
        )?;
    }
    match begun.new.as_slice() {
        [id] => wrapped(out, "", &format!("`steward runs {} --slot {}` shows it", id.job, id.slot)),
        _ => wrapped(out, "", &format!("`steward runs {}` shows them from then on", job.name)),
    }
}
