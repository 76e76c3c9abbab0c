//! `steward resume`: changes go on.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::apply::people;
use steward::ledger::Scope;
use steward::notification::moment;

use crate::account;
use crate::ledger::{By, Place, person};
use crate::pause::{scope, what};
use crate::terminal::wrapped;

/// Lets changes go on that were paused
///
/// Without a cluster, what was paused without one: a cluster that was paused by name stays so until it is resumed by name.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The cluster, by name or ARN; without one, everything
    #[arg(value_name = "CLUSTER")]
    cluster: Option<String>,
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
        let (found, scope) = match scope(&arguments.place, arguments.cluster.as_deref()).await {
            Ok(found) => found,
            Err(error) => return account::fail(&error),
        };
        let person = arguments.by.person(arguments.why.as_ref());
        let out = &mut anstream::stdout();
        match people::resume(&found.ledger, &scope, &person).await {
            Ok(Some(ruling)) => {
                let why = ruling.why.map_or_else(String::new, |why| format!(": {why}"));
                let (what, by, at) = (what(&scope), ruling.by, moment(ruling.at));
                wrapped(out, "", &format!("resumed: {what}, which {by} had paused {at}{why}"))?;
            }
            Ok(None) if scope == Scope::Global => {
                writeln!(out, "nothing was paused as a whole; clusters are resumed by name")?;
            }
            Ok(None) => wrapped(out, "", &format!("{} were not paused", what(&scope)))?,
            Err(error) => return account::fail(&error),
        }
        Ok(ExitCode::SUCCESS)
    })
}
