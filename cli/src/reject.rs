//! `steward reject`: turns down what Steward proposes.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::action::Call;
use steward::apply::people::{self, Taken};
use steward::notification::moment;

use crate::account;
use crate::approve::action_id;
use crate::ledger::{By, Place, now, person};
use crate::open::Digits;
use crate::terminal::wrapped;

/// Turns down what Steward proposes
///
/// Where a deployment waits at a hook, this answers it: the deployment goes back, within a minute, unless a guard refuses. Anything
/// else is given up, and not proposed again for the same incident. Nothing is called from here.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The action, by its id as the alert and `steward actions` print it, or by its first digits (4 at least) while it is open
    #[arg(value_name = "ACTION", value_parser = action_id)]
    action: Digits,
    /// Why, for the alert and the ledger
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: String,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    place: Place,
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
        match people::reject(&found.ledger, &id, &person).await {
            Ok(Taken::Now(action)) => {
                wrapped(out, "", &format!("rejected: {}, of {}", action.plan.call, action.plan.target))?;
                match action.plan.call {
                    Call::ContinueServiceDeployment { .. } => {
                        writeln!(out, "the next sweep lets the deployment go back, unless a guard refuses")?;
                    }
                    _ => writeln!(out, "it is not proposed again for this incident")?,
                }
                Ok(ExitCode::SUCCESS)
            }
            Ok(Taken::Already(_, ruling)) => {
                wrapped(out, "", &format!("{} has rejected it already, {}", ruling.by, moment(ruling.at)))?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => account::fail(&error),
        }
    })
}
