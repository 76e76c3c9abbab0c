//! The command: what is asked about, and in which form.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::action::ActionId;
use steward::ledger::{Key, LedgerError, Record};

use super::asked::{self, Asked, Unfound};
use super::{json, read, text};
use crate::history::target;
use crate::ledger::{Found, Place, now};
use crate::open::{self, Digits, Format};
use crate::status::settings;
use crate::{account, configuration};

/// Shows why something was done, or not: event, cause, policy, guards, action, outcome
///
/// All of it is read from the ledger. What that does not keep, or not any more, is said. An action is found by the first digits of
/// its id while it, or anything of its target, is open; one that is over by its id in full, or by --all.
#[derive(Args)]
pub(crate) struct Arguments {
    /// An action, by the first digits of its id (4 at least); or an incident, by its target: CLUSTER/SERVICE is the
    /// latest of that service, CLUSTER/SERVICE@TIME the one that was opened then
    #[arg(value_name = "ACTION|INCIDENT")]
    asked: String,
    /// Look for the action through all that is kept: it reads the whole table, and says what that costs
    #[arg(long)]
    all: bool,
    /// The configuration to go by (otherwise the one that the stack applied)
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// How to print: for people, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    place: Place,
}

/// What stops the search.
enum Stop {
    /// People are to be told why.
    Told(Box<dyn std::error::Error>),
    /// They cannot be told.
    Io(io::Error),
}

impl<E: std::error::Error + 'static> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Told(Box::new(error))
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let asked = match Asked::parse(&arguments.asked) {
        Ok(asked) => asked,
        Err(error) => return account::fail(&error),
    };
    let file = match configuration::read_named(arguments.config.as_deref())? {
        Ok(file) => file,
        Err(code) => return Ok(code),
    };
    account::block_on(async {
        let found = match open::opened(&arguments.place).await? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let settings = settings(&found, file).await;
        let mut unreadable = Vec::new();
        let trace = match trace(&found, asked, arguments.all, &mut unreadable).await {
            Ok(trace) => trace,
            Err(Stop::Told(error)) => return account::fail(error.as_ref()),
            Err(Stop::Io(error)) => return Err(error),
        };
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::write(out, &trace, &settings, now())?,
            Format::Json => writeln!(out, "{}", json::of(&trace, &settings)?)?,
        }
        out.flush()?;
        open::warn(&unreadable)
    })
}

async fn trace(
    found: &Found,
    asked: Asked,
    is_all: bool,
    unreadable: &mut Vec<LedgerError>,
) -> Result<read::Trace, Stop> {
    let (ledger, now) = (&found.ledger, now());
    let (named, opened) = match asked {
        Asked::Incident { named, opened } => (named, opened),
        Asked::Action { digits, or } => match (action(found, &digits, is_all).await, or) {
            (Ok(action), _) => {
                let (target, incident) = (&action.plan.target, action.plan.incident);
                let id = Some(action.plan.id.clone());
                return Ok(read::trace(ledger, target, incident, id, now, unreadable).await?);
            }
            // A name may look like an id: it is taken for one where nothing is called so.
            (Err(Stop::Told(error)), Some(named)) => match target(found, &named).await {
                Ok(_) => (named, None),
                Err(_) => return Err(Stop::Told(error)),
            },
            (Err(error), _) => return Err(error),
        },
    };
    let record = target(found, &named).await?;
    let known = read::opened(ledger, &record, now).await?;
    let opened_at = asked::which(&record, &known, opened.as_deref())?;
    let trace = read::trace(ledger, &record.target, opened_at, None, now, unreadable).await?;
    if trace.incident.is_none() && trace.acts.is_empty() {
        let known = known.iter().rev().map(|at| open::incident_id(&record.target, *at)).collect();
        return Err(Unfound::NoSuchIncident(record.target.to_string(), known).into());
    }
    Ok(trace)
}

async fn action(found: &Found, digits: &Digits, is_all: bool) -> Result<steward::action::Action, Stop> {
    let (ledger, now) = (&found.ledger, now());
    let not_kept = || Unfound::NotKept(digits.as_str().to_owned());
    if !is_all || ActionId::parse(digits.as_str()).is_some() {
        let id = digits.id(ledger, now).await.map_err(Unfound::from)?;
        return Ok(read::action(ledger, &id, now).await?.ok_or_else(not_kept)?);
    }
    let prefix = Key::actions_from(digits.as_str());
    let scanned = open::scanned(found, &prefix, now, |_| true).await.map_err(Stop::Io)??;
    let mut actions: Vec<steward::action::Action> = scanned
        .records
        .into_iter()
        .filter_map(|record| match record {
            Record::Action(action) => Some(*action),
            _ => None,
        })
        .collect();
    let ids: BTreeSet<ActionId> = actions.iter().map(|action| action.plan.id.clone()).collect();
    digits.one_of(ids).map_err(Unfound::from)?;
    Ok(actions.pop().ok_or_else(not_kept)?)
}
