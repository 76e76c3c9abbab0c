//! What people are told who end a run, or have one done again.

use std::io::{self, Write};

use steward::action::Ruling;
use steward::batch::{EndBefore, Run, RunId};
use steward::notification::moment;

use crate::terminal::wrapped;

/// A run that is to end, or has.
pub(crate) fn write_cancelled(out: &mut impl Write, run: &Run, own: &Ruling) -> io::Result<()> {
    let id = &run.id;
    match &run.ending {
        None => wrapped(out, "", &format!("cancelled: {id}, of which nothing had begun")),
        Some(EndBefore::Cancelled(ruling)) if ruling != own => {
            wrapped(out, "", &format!("{} has cancelled it already, {}", ruling.by, moment(ruling.at)))
        }
        Some(EndBefore::Superseded(by)) => {
            wrapped(out, "", &format!("{id} ends already: {by} takes its place"))
        }
        Some(EndBefore::Cancelled(_)) => {
            writeln!(out, "cancelled: {id}")?;
            let going_on = run.tasks().saturating_sub(run.tally.done());
            let asked = match going_on {
                0 => "no task of it goes on".to_owned(),
                1 => "its task that goes on is asked to stop within a minute".to_owned(),
                tasks => format!("its {tasks} tasks that go on are asked to stop within a minute"),
            };
            wrapped(out, "", &asked)?;
            wrapped(
                out,
                "",
                &format!("`steward runs {} --slot {}` shows what became of them", id.job, id.slot),
            )
        }
    }
}

/// A run that does another one again.
pub(crate) fn write_again(
    out: &mut impl Write,
    of: &RunId,
    new: &RunId,
    only: Option<usize>,
) -> io::Result<()> {
    writeln!(out, "asked for: {new}")?;
    let what = match only {
        None => format!("it does {of} again"),
        Some(1) => format!("it does 1 task of {of} again"),
        Some(tasks) => format!("it does {tasks} tasks of {of} again"),
    };
    wrapped(out, "", &format!("{what}, and begins within a minute, or when it is its turn"))?;
    wrapped(out, "", &format!("`steward runs {} --slot {}` shows it", new.job, new.slot))
}
