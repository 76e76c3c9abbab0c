//! `steward settle`: says what became of an action of which nobody knows.

use std::io;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use steward::action::Settled;
use steward::apply::people::{self, Taken};
use steward::notification::moment;

use crate::account;
use crate::approve::action_id;
use crate::ledger::{By, Place, now, person};
use crate::open::Digits;
use crate::terminal::wrapped;

/// Says whether an action took effect of which nobody knows
///
/// Look first: at the service's deployments, at the task. What you say is taken for the truth. It frees the service, and
/// remedies for it are considered again.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The action, by its id as the alert and `steward actions` print it, or by its first digits (4 at least) while it is open
    #[arg(value_name = "ACTION", value_parser = action_id)]
    action: Digits,
    /// What became of it
    #[arg(long = "as", value_name = "OUTCOME")]
    outcome: Outcome,
    /// How you know, for the alert and the ledger
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: String,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, ValueEnum)]
enum Outcome {
    /// It took effect
    Done,
    /// It did not
    NotDone,
}

impl From<Outcome> for Settled {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::NotDone => Self::NotDone,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let found = match arguments.place.open().await {
            Ok(found) => found,
            Err(error) => return account::fail(&error),
        };
        let id = match arguments.action.id(&found.ledger, now()).await {
            Ok(id) => id,
            Err(error) => return account::fail(&error),
        };
        let person = arguments.by.person(Some(&arguments.why));
        let out = &mut anstream::stdout();
        match people::settle(&found.ledger, &id, arguments.outcome.into(), &person).await {
            Ok(Taken::Now(action)) => {
                let effect = match arguments.outcome {
                    Outcome::Done => "took effect",
                    Outcome::NotDone => "took no effect",
                };
                wrapped(out, "", &format!("settled: {} {effect}", action.plan.call))?;
                wrapped(
                    out,
                    "",
                    &format!("{} is free again, and looked at with the next sweep", action.plan.target),
                )?;
                Ok(ExitCode::SUCCESS)
            }
            Ok(Taken::Already(action, ruling)) => {
                let (state, by, at) = (action.state.as_str(), ruling.by, moment(ruling.at));
                wrapped(
                    out,
                    "",
                    &format!("{by} has settled it already, as {state}, {at}; nothing was changed"),
                )?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => account::fail(&error),
        }
    })
}
