//! `steward cancel`: ends a run before its time.

use std::io;
use std::process::ExitCode;

use clap::Args;
use steward::action::Ruling;
use steward::batch::{RunId, people};

use crate::jobs::{Needs, Source};
use crate::ledger::{By, person};
use crate::{account, runs};

/// Ends a run of a job before its time
///
/// What was not begun is not begun any more; tasks that go on are asked to stop within a minute. The run ends as cancelled as
/// soon as they have.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run, as `steward runs` and alerts print it
    #[arg(value_name = "JOB/SLOT", value_parser = run_id)]
    run: RunId,
    /// Why, for the ledger
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: Option<String>,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    source: Source,
}

/// A run's name.
pub(crate) fn run_id(text: &str) -> Result<RunId, String> {
    RunId::parse(text.trim()).ok_or_else(|| {
        "JOB/SLOT, such as nightly/20261127T020000Z; `steward runs JOB` lists slots".to_owned()
    })
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let opened = match arguments.source.open(Needs::Ledger).await? {
            Ok(opened) => opened,
            Err(code) => return Ok(code),
        };
        let person = arguments.by.person(arguments.why.as_ref());
        let ruling = Ruling { by: person.by, at: person.now, why: person.why };
        match people::cancel(&opened.ledger, &arguments.run, ruling.clone(), &opened.terms()).await {
            Ok(run) => runs::write_cancelled(&mut anstream::stdout(), &run, &ruling)?,
            Err(error) => return account::fail(&error),
        }
        Ok(ExitCode::SUCCESS)
    })
}
