//! `steward silence`: not to be told of something for a while.

use std::io;
use std::process::ExitCode;

use clap::Args;
use jiff::SignedDuration;
use steward::apply::people;

use crate::account;
use crate::ledger::{By, Place, person};
use crate::silences::{self, Condition, condition, lasts};

/// Silences alerts for a while
///
/// Steward goes on watching, and acts as it would; no channel is told of what matches, nor that it is over. An action whose
/// outcome nobody knows is told all the same: it waits for a person. `steward suppressed` shows what was not told.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Of what: KEY=VALUE; all must hold, of several causes one
    ///
    /// cluster=GLOB, service=GLOB (a family's name for standalone tasks), tag:KEY=GLOB (of the service), cause=WORD, or
    /// severity=info|warning|critical (that and above). In a GLOB `*` stands for any characters and `?` for one.
    #[arg(required = true, value_name = "MATCH", value_parser = condition)]
    about: Vec<Condition>,
    /// How long, such as 30m, 2h or 3d: from 1m to 30d
    #[arg(long = "for", value_name = "TIME", value_parser = lasts)]
    lasts: SignedDuration,
    /// Why, for whoever wonders
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: String,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let about = match silences::about(&arguments.about) {
        Ok(about) => about,
        Err(problem) => return account::fail(&io::Error::other(problem)),
    };
    account::block_on(async {
        let found = match arguments.place.open().await {
            Ok(found) => found,
            Err(error) => return account::fail(&error),
        };
        let person = arguments.by.person(Some(&arguments.why));
        match people::silence(&found.ledger, about, arguments.lasts, &person).await {
            Ok(silence) => silences::write_silenced(&mut anstream::stdout(), &silence)?,
            Err(error) => return account::fail(&error),
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Lists the silences that hold
#[derive(Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    place: Place,
}

pub(crate) fn list(arguments: &ListArguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let found = match arguments.place.open().await {
            Ok(found) => found,
            Err(error) => return account::fail(&error),
        };
        match people::silences(&found.ledger).await {
            Ok(known) => {
                silences::write_listed(&mut anstream::stdout(), &known.silences, crate::ledger::now())?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => account::fail(&error),
        }
    })
}
