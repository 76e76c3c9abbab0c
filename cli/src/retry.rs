//! `steward retry`: has a run done again.

use std::io;
use std::process::ExitCode;

use clap::Args;
use steward::batch::{RunId, people};

use crate::cancel::run_id;
use crate::jobs::{Needs, Source};
use crate::ledger::By;
use crate::{account, runs};

/// Has a run of a job done again
///
/// As a run of its own, with the same slot's time and the same parameters, by the configuration and the task definition of now.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run, as `steward runs` and alerts print it
    #[arg(value_name = "JOB/SLOT", value_parser = run_id)]
    run: RunId,
    /// Only what did not succeed
    #[arg(long)]
    failed_only: bool,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    source: Source,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let opened = match arguments.source.open(Needs::Ledger).await? {
            Ok(opened) => opened,
            Err(code) => return Ok(code),
        };
        let by = arguments.by.person(None).by;
        let (of, ledger) = (&arguments.run, &opened.ledger);
        let new = match people::again(ledger, of, arguments.failed_only, &by, &opened.terms()).await {
            Ok(new) => new,
            Err(error) => return account::fail(&error),
        };
        let begun = match people::read_run(ledger, &new).await {
            Ok(begun) => begun,
            Err(error) => return account::fail(&error),
        };
        let only = begun.and_then(|run| run.only).map(|only| only.len());
        runs::write_again(&mut anstream::stdout(), of, &new, only)?;
        Ok(ExitCode::SUCCESS)
    })
}
