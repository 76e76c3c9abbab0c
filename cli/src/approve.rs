//! `steward approve`: allows an action that Steward proposes.

use std::io;
use std::process::ExitCode;

use clap::Args;
use steward::action::{ActionId, State};
use steward::apply::people::{self, Taken};
use steward::notification::moment;

use crate::account;
use crate::ledger::{By, Place, person};
use crate::terminal::wrapped;

/// Allows an action that Steward proposes
///
/// The next sweep carries it out, within a minute, unless a guard refuses: a pause, a freeze, a deployment since. Nothing is
/// called from here.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The action's id, in full, as the alert and `steward actions` print it
    #[arg(value_name = "ACTION", value_parser = action_id)]
    action: ActionId,
    /// Why, for the alert and the ledger
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: Option<String>,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    place: Place,
}

/// 64 digits: what is shorter names no item.
pub(crate) fn action_id(text: &str) -> Result<ActionId, String> {
    ActionId::parse(text.trim())
        .ok_or_else(|| "64 hexadecimal digits, as alerts and `steward actions` print them".to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let found = match arguments.place.open().await {
            Ok(found) => found,
            Err(error) => return account::fail(&error),
        };
        let person = arguments.by.person(arguments.why.as_ref());
        let out = &mut anstream::stdout();
        match people::approve(&found.ledger, &arguments.action, &person).await {
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
