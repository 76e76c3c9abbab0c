//! `steward validate`: whether a configuration is valid.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use crate::configuration;

/// Says whether a configuration is valid
///
/// Everything that is wrong is written to standard error with file, line and column, and the exit code is 2. Nothing is sent
/// anywhere.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    if configuration::read_file(&arguments.file)?.is_none() {
        return Ok(ExitCode::from(2));
    }
    writeln!(anstream::stdout(), "{}: valid", arguments.file)?;
    Ok(ExitCode::SUCCESS)
}
