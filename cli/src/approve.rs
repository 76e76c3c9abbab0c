//! `steward approve`: allows an action that Steward proposes.

use std::io;
use std::process::ExitCode;

use clap::Args;
use steward::action::State;
use steward::apply::people::{self, Taken};
use steward::notification::moment;

use crate::account;
use crate::ledger::{By, Place, now, person};
use crate::open::Digits;
use crate::terminal::wrapped;

/// Allows an action that Steward proposes
///
/// The next sweep carries it out, within a minute, unless a guard refuses: a pause, a freeze, a deployment since. Nothing is
/// called from here.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The action, by its id as the alert and `steward actions` print it, or by its first digits (4 at least) while it is open
    #[arg(value_name = "ACTION", value_parser = action_id)]
    action: Digits,
    /// Why, for the alert and the ledger
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: Option<String>,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    place: Place,
}

/// An action's id, or digits that it begins with.
pub(crate) fn action_id(text: &str) -> Result<Digits, String> {
    Digits::parse(text)
        .ok_or_else(|| "4 to 64 hexadecimal digits, as alerts and `steward actions` print them".to_owned())
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
        let person = arguments.by.person(arguments.why.as_ref());
        let out = &mut anstream::stdout();
        match people::approve(&found.ledger, &id, &person).await {
            Ok(Taken::Now(action)) => {
                wrapped(out, "", &format!("approved: {}, of {}", action.plan.call, action.plan.target))?;
                if let State::Proposed { until } = action.state {
                    let until = moment(until);
                    wrapped(
                        out,
                        "",
                        &format!("the next sweep carries it out, unless a guard refuses until {until}"),
                    )?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Ok(Taken::Already(_, ruling)) => {
                wrapped(out, "", &format!("{} has approved it already, {}", ruling.by, moment(ruling.at)))?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => account::fail(&error),
        }
    })
}
