//! The command: which actions, and in which form.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::action::{Action, State};
use steward::ledger::{Key, Record};

use super::text;
use crate::account;
use crate::ledger::{Place, now};
use crate::open::{self, Format, Where, action_json};

/// Lists the actions that are not over, the latest first
///
/// An action is open while it is proposed, planned or issued, while nobody knows whether it took effect, and until it is known whether
/// it helped. Those that are over are in no index: --all reads the whole table for them, and says what that costs. The exit code is 2
/// where something could not be read.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Those that are over, too, as long as they are kept (35 days and more)
    #[arg(long)]
    all: bool,
    /// Only those whose outcome nobody knows: each waits for `steward settle`
    #[arg(long)]
    unknown: bool,
    /// Only those that wait for `steward approve` or `reject`
    #[arg(long, conflicts_with = "unknown")]
    proposed: bool,
    #[command(flatten)]
    which: Where,
    /// How to print: for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let found = match open::opened(&arguments.place).await? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let now = now();
        let is_meant = |action: &Action| {
            let is_unknown = matches!(action.state, State::Unknown { .. });
            let is_asked = matches!(action.state, State::Proposed { .. }) && action.approved.is_none();
            arguments.which.has_action(action, now)
                && (!arguments.unknown || is_unknown)
                && (!arguments.proposed || is_asked)
        };
        let (mut actions, unreadable) = if arguments.all {
            let keep = |record: &Record| matches!(record, Record::Action(action) if is_meant(action));
            match open::scanned(&found, Key::ACTIONS, now, keep).await? {
                Ok(scanned) => {
                    let actions = scanned.records.into_iter().filter_map(|record| match record {
                        Record::Action(action) => Some(*action),
                        _ => None,
                    });
                    (actions.collect(), scanned.unreadable)
                }
                Err(error) => return account::fail(&error),
            }
        } else {
            match open::open(&found.ledger, now).await {
                Ok(open) => (open.actions, open.unreadable),
                Err(error) => return account::fail(&error),
            }
        };
        actions.retain(is_meant);
        actions.sort_by_key(|action: &Action| std::cmp::Reverse(action.decided_at));
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::write(out, &actions, arguments.all, now)?,
            Format::Json => {
                for action in &actions {
                    writeln!(out, "{}", action_json(action))?;
                }
            }
        }
        out.flush()?;
        open::warn(&unreadable)
    })
}
