//! `steward schema`: the configuration's form, for editors.

use std::io::{self, Write};
use std::process::ExitCode;

/// Prints the JSON Schema of the configuration
///
/// For editors: the same as docs/steward.schema.json.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> io::Result<ExitCode> {
    let schema = serde_json::to_string_pretty(&steward::config::file::schema())?;
    writeln!(anstream::stdout(), "{schema}")?;
    Ok(ExitCode::SUCCESS)
}
