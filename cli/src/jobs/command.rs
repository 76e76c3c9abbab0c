//! The command: whose jobs, and in which form.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Needs, Source, read, text};
use crate::account;
use crate::ledger::now;

/// Lists the jobs: what starts them, when they run next, and how they last ended
///
/// The configuration says which jobs there are, the ledger what became of them.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How to print: for people, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    source: Source,
}

/// How to print.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let opened = match arguments.source.open(Needs::Configuration).await? {
            Ok(opened) => opened,
            Err(code) => return Ok(code),
        };
        let now = now();
        let overview = match read::read(&opened.ledger, &opened.configuration.jobs, now).await {
            Ok(overview) => overview,
            Err(error) => return account::fail(&error),
        };
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::write(out, &overview, now)?,
            Format::Json => writeln!(out, "{}", serde_json::to_string(&overview)?)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}
