//! The command: which incidents, and in which form.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::diagnosis::Cause;
use steward::incident::Incident;
use steward::ledger::{Key, Record};

use super::text;
use crate::account;
use crate::ledger::{Place, now};
use crate::open::{self, Format, Where, incident_json};

/// Lists the incidents that go on, the newest first
///
/// They are found by an index, at once, however much is kept. Those that are over are in no index: --all reads the whole table for
/// them, and says what that costs. The exit code is 2 where something could not be read.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Those that are over, too, as long as they are kept (35 days and more)
    #[arg(long)]
    all: bool,
    /// Only with this cause, alone or among others
    #[arg(long, value_name = "CAUSE", value_parser = open::cause)]
    cause: Option<Cause>,
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
        let is_meant = |incident: &Incident| {
            let has_cause = |cause: Cause| incident.failures.causes().iter().any(|(own, _)| *own == cause);
            arguments.which.has(incident, now) && arguments.cause.is_none_or(has_cause)
        };
        let (mut incidents, unreadable) = if arguments.all {
            let keep = |record: &Record| matches!(record, Record::Incident(incident) if is_meant(incident));
            match open::scanned(&found, Key::INCIDENTS, now, keep).await? {
                Ok(scanned) => {
                    let incidents = scanned.records.into_iter().filter_map(|record| match record {
                        Record::Incident(incident) => Some(incident),
                        _ => None,
                    });
                    (incidents.collect(), scanned.unreadable)
                }
                Err(error) => return account::fail(&error),
            }
        } else {
            match open::open(&found.ledger, now).await {
                Ok(open) => (open.incidents, open.unreadable),
                Err(error) => return account::fail(&error),
            }
        };
        incidents.retain(is_meant);
        incidents.sort_by_key(|incident: &Incident| std::cmp::Reverse(incident.opened_at));
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::write(out, &incidents, arguments.all, now)?,
            Format::Json => {
                for incident in &incidents {
                    writeln!(out, "{}", incident_json(incident))?;
                }
            }
        }
        out.flush()?;
        open::warn(&unreadable)
    })
}
