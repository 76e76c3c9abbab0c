//! `steward unsilence`: ends a silence before its time.

use std::io;
use std::process::ExitCode;

use clap::Args;
use steward::apply::people;

use crate::account;
use crate::ledger::{By, Place, person};
use crate::silences;

/// Ends a silence before its time
///
/// What matches is told again from its next news on. `steward silences` lists the silences that hold.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The silence's id, as `steward silence` printed it
    #[arg(value_name = "SILENCE", value_parser = person)]
    silence: String,
    /// Why, for the ledger
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: Option<String>,
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
        let person = arguments.by.person(arguments.why.as_ref());
        match people::unsilence(&found.ledger, &arguments.silence, &person).await {
            Ok(taken) => silences::write_ended(&mut anstream::stdout(), &taken)?,
            Err(error) => return account::fail(&error),
        }
        Ok(ExitCode::SUCCESS)
    })
}
