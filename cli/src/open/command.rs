//! What the commands that list have in common: the ledger, what cannot be read, and what reading all of it costs.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use jiff::Timestamp;
use steward::ledger::{LedgerError, Record};

use super::{Scanned, scan};
use crate::account;
use crate::ledger::{Found, Place};
use crate::progress::Progress;
use crate::terminal::{DIM, YELLOW, wrapped};

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// Opens the ledger. Where there is none people were told why, and the command ends with that code.
pub(crate) async fn opened(place: &Place) -> io::Result<Result<Found, ExitCode>> {
    match place.open().await {
        Ok(found) => Ok(Ok(found)),
        Err(error) => account::fail(&error).map(Err),
    }
}

/// Says what could not be read. The code says so, too.
pub(crate) fn warn(unreadable: &[LedgerError]) -> io::Result<ExitCode> {
    let mut err = anstream::stderr();
    for error in unreadable {
        writeln!(err, "{YELLOW}steward: left out: {error}{YELLOW:#}")?;
    }
    Ok(if unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Reads the whole table, and says what that costs: beforehand what to expect, afterwards what it was.
pub(crate) async fn scanned(
    found: &Found,
    prefix: &str,
    now: Timestamp,
    keep: impl Fn(&Record) -> bool,
) -> io::Result<Result<Scanned, LedgerError>> {
    let mut err = anstream::stderr();
    write!(err, "{DIM}")?;
    wrapped(
        &mut err,
        "",
        "what is closed is in no index, so the whole table is read: some two US cents and a few minutes a gigabyte",
    )?;
    write!(err, "{DIM:#}")?;
    let progress = Progress::on_terminal();
    let scanned = scan(&found.ledger, prefix, now, keep, |text| progress.show(text)).await;
    progress.clear();
    if let Ok(scanned) = &scanned {
        writeln!(err, "{DIM}{} items read, {:.0} read units{DIM:#}", scanned.read, scanned.units.ceil())?;
    }
    Ok(scanned)
}
