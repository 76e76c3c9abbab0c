//! `steward schema`: the configuration's form, for editors and for people.

mod kind;
mod page;
mod sentences;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use steward::config::Configuration;
use steward::config::file::{File, schema};

/// Prints the JSON Schema of the configuration
///
/// For editors, the same as docs/steward.schema.json; or as a page with every key, the same as
/// docs/configuration-reference.md.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How to print: for editors, or as a page
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

/// How to print.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Markdown,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let mut out = anstream::stdout();
    match arguments.format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&schema())?)?,
        Format::Markdown => {
            let in_force = serde_json::to_value(File::of(&Configuration::default()))?;
            write!(out, "{}", page::of(&serde_json::to_value(schema())?, &in_force))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
