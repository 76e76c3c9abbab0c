//! `steward diff`: what applying a configuration would change.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::config::file::File;
use steward::config::store::{self, Change};
use steward::ports::ParameterStore;

use crate::account;
use crate::configuration::{self, Place};
use crate::terminal::RED;

/// Shows what applying a configuration would change
///
/// Writes nothing. The exit code is 0 without a difference, 1 with one, 2 on an error.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let Some(valid) = configuration::read_file(&arguments.file)? else { return Ok(ExitCode::from(2)) };
    account::block_on(async {
        let store = arguments.place.open().await;
        diff(&store, &arguments.place.path(), valid.file, &mut anstream::stdout()).await
    })
}

async fn diff<P: ParameterStore>(
    store: &P,
    path: &str,
    file: File,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let change = match store::prepare(store, path, file).await {
        Ok(change) => change,
        Err(error) => return account::fail(&error),
    };
    if !change.is_change {
        write_unchanged(out, path, &change)?;
        return Ok(ExitCode::SUCCESS);
    }
    write_change(out, path, &change)?;
    Ok(ExitCode::from(1))
}

pub(crate) fn write_unchanged(out: &mut impl Write, path: &str, change: &Change) -> io::Result<()> {
    let version = change.version_before().unwrap_or_default();
    writeln!(out, "{path}: no difference to version {version}, which is in force")
}

/// Shows what a change does, setting by setting.
pub(crate) fn write_change(out: &mut impl Write, path: &str, change: &Change) -> io::Result<()> {
    match change.version_before() {
        Some(before) => writeln!(out, "{path}: version {before} → {}", change.version)?,
        None => writeln!(out, "{path}: the defaults → version {}", change.version)?,
    }
    if let Some(unreadable) = &change.unreadable {
        writeln!(out, "  {RED}what is in force cannot be read{RED:#}: {unreadable}")?;
        writeln!(out, "  compared with the defaults:")?;
    }
    let before = change.before.clone().unwrap_or_default();
    configuration::write_lines(out, &configuration::lines(&before, &change.after))?;
    configuration::write_permissions(out, &before, &change.after)
}
