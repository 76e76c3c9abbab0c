//! For people: a block an action, with its id in full, for `approve` and `settle` take nothing less.

use std::io::{self, Write};

use jiff::Timestamp;
use steward::action::{Action, State};
use steward::redact::redact;

use crate::open::{since, stands};
use crate::terminal::{BOLD, DIM, wrapped};

/// The first column, and two spaces.
const WORDS: usize = 10;

pub(super) fn write(
    out: &mut impl Write,
    actions: &[Action],
    is_all: bool,
    now: Timestamp,
) -> io::Result<()> {
    if actions.is_empty() {
        let what = if is_all { "no such action is kept" } else { "no such action is open" };
        let hint = if is_all { "" } else { "; --all shows those that are over, too" };
        return writeln!(out, "{what}{hint}");
    }
    for action in actions {
        write_one(out, action, now)?;
    }
    let is_asked =
        |action: &Action| matches!(action.state, State::Proposed { .. }) && action.approved.is_none();
    let is_unknown = |action: &Action| matches!(action.state, State::Unknown { .. });
    writeln!(out, "{DIM}One in detail: steward why ACTION, of which the first digits will do{DIM:#}")?;
    if actions.iter().any(is_asked) {
        writeln!(out, "{DIM}To decide: steward approve ACTION, or reject ACTION --why TEXT{DIM:#}")?;
    }
    if actions.iter().any(is_unknown) {
        writeln!(out, "{DIM}Look, then say: steward settle ACTION --as done|not-done --why TEXT{DIM:#}")?;
    }
    Ok(())
}

fn write_one(out: &mut impl Write, action: &Action, now: Timestamp) -> io::Result<()> {
    let plan = &action.plan;
    let (style, word) = stands(&action.state, action.approved.is_some(), action.verdict);
    let call = redact(&plan.call.to_string());
    let space = " ".repeat(WORDS);
    for (place, line) in crate::terminal::lines(call.as_str(), &space, &space).iter().enumerate() {
        let text = line.strip_prefix(space.as_str()).unwrap_or(line);
        if place == 0 {
            writeln!(out, "{style}{word:WORDS$}{style:#}{BOLD}{text}{BOLD:#}")?;
        } else {
            writeln!(out, "{space}{BOLD}{text}{BOLD:#}")?;
        }
    }
    let target = redact(&plan.target.to_string());
    wrapped(out, &space, &format!("{target}, {}", since(action, now)))?;
    writeln!(out, "{space}{DIM}{}{DIM:#}", plan.id)
}
