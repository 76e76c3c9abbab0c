//! For people: what is in each queue, and what became of it, in 80 columns.

use std::io::{self, Write};

use jiff::Timestamp;
use steward::notification::moment;
use steward::ports::{Move, MoveStatus};

use super::steps::Found;
use crate::jobs::ago;
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW, wrapped};

/// So many kinds of messages are shown of a queue.
const SHOWN: usize = 5;

/// What is there.
pub(super) fn write_found(out: &mut impl Write, found: &Found, now: Timestamp) -> io::Result<()> {
    let Found { pair, count, looked_at, oldest, said, under_way } = found;
    if *count == 0 && under_way.is_none() {
        return writeln!(out, "{BOLD}{}{BOLD:#}: nothing", pair.name);
    }
    let messages = if *count == 1 { "1 message".to_owned() } else { format!("about {count} messages") };
    let oldest = oldest.map_or_else(String::new, |at| {
        let of = if *looked_at == 1 { String::new() } else { format!(" of {looked_at} looked at") };
        format!(", the oldest{of} from {}, {}", moment(at), ago(at, now))
    });
    wrapped(out, "", &format!("{}: {messages}{oldest}", pair.name))?;
    for (said, count) in said.iter().take(SHOWN) {
        let style = if said.is_readable { DIM } else { YELLOW };
        let times = if *count > 1 { format!("{count} × ") } else { String::new() };
        write!(out, "{style}")?;
        wrapped(out, "  ", &format!("{times}{}", said.text))?;
        write!(out, "{style:#}")?;
    }
    match said.len().saturating_sub(SHOWN) {
        0 => {}
        more => writeln!(out, "  {DIM}and {more} more kinds{DIM:#}")?,
    }
    if said.iter().any(|(said, _)| !said.is_readable) {
        wrapped(out, "  ", "what is not readable comes back, however often it is tried")?;
    }
    if let Some(latest) = under_way {
        let text = format!("a move goes on already: {} were moved; it is followed", latest.moved);
        wrapped(out, "  ", &text)?;
    }
    Ok(())
}

/// What became of it.
pub(super) fn write_moved(out: &mut impl Write, found: &Found, moved: &Move) -> io::Result<()> {
    let (name, count) = (&found.pair.name, moved.moved);
    match &moved.status {
        MoveStatus::Completed => writeln!(out, "{GREEN}{name}: {count} moved back{GREEN:#}"),
        MoveStatus::Running => writeln!(out, "{name}: {count} moved so far"),
        MoveStatus::Ended(status) => {
            let why = moved.problem.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            write!(out, "{RED}")?;
            wrapped(
                out,
                "",
                &format!("{name}: {status} after {count}{why}; the others are where they were"),
            )?;
            write!(out, "{RED:#}")
        }
    }
}
