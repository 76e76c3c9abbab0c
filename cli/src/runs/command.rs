//! The command: which job, which of its runs, and in which form.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use steward::batch::people::Unasked;
use steward::batch::{JobName, RunId, Slot};

use super::{detail, json, read, text};
use crate::jobs::{Format, Needs, Opened, Source, known, zone_of};
use crate::ledger::now;
use crate::{account, gantt};

/// Shows the latest runs of a job, or one of them in detail
///
/// A run in detail has its tasks with every attempt: when a task was wanted, ran and ended, why, and what is known of the last
/// failure. Of more than 200 tasks those that failed or were tried again come first, and the others are counted.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The job
    #[arg(value_name = "JOB", value_parser = job_name)]
    job: JobName,
    /// The run of this slot, in detail: as the list prints it, a time, or the text it was begun with
    #[arg(long, value_name = "SLOT", value_parser = slot)]
    slot: Option<Slot>,
    /// How to print: for people, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the run as a page with its attempts in time, instead of printing it
    #[arg(long, value_name = "FILE", requires = "slot", conflicts_with = "format")]
    html: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

/// A text that can be a job's name.
pub(crate) fn job_name(text: &str) -> Result<JobName, String> {
    JobName::parse(text).ok_or_else(|| "letters, digits and hyphens, at most 48".to_owned())
}

fn slot(text: &str) -> Result<Slot, String> {
    if text.is_empty() {
        return Err("it says nothing".to_owned());
    }
    Ok(Slot::parse(text).unwrap_or_else(|| Slot::of_text(text)))
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let opened = match arguments.source.open(Needs::Ledger).await? {
            Ok(opened) => opened,
            Err(code) => return Ok(code),
        };
        match &arguments.slot {
            None => list(arguments, &opened).await,
            Some(slot) => show(arguments, &opened, slot).await,
        }
    })
}

async fn list(arguments: &Arguments, opened: &Opened) -> io::Result<ExitCode> {
    let name = &arguments.job;
    let runs = match read::runs(&opened.ledger, name).await {
        Ok(runs) => runs,
        Err(error) => return account::fail(&error),
    };
    let job = known(&opened.configuration.jobs, name.as_str());
    // A job that is not configured any more has runs all the same.
    if let (Err(problem), true) = (&job, runs.is_empty()) {
        return account::fail(&io::Error::other(problem.clone()));
    }
    let out = &mut anstream::stdout();
    match arguments.format {
        Format::Text => text::write(out, name, &runs, &zone_of(job.ok()), now())?,
        Format::Json => writeln!(out, "{}", json::runs(name, &runs)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(arguments: &Arguments, opened: &Opened, slot: &Slot) -> io::Result<ExitCode> {
    let id = RunId { job: arguments.job.clone(), slot: slot.clone() };
    let found = match read::run(&opened.ledger, &id).await {
        Ok(Some(found)) => found,
        Ok(None) => return account::fail(&Unasked::NoRun(id)),
        Err(error) => return account::fail(&error),
    };
    let zone = zone_of(known(&opened.configuration.jobs, arguments.job.as_str()).ok());
    let out = &mut anstream::stdout();
    match (&arguments.html, arguments.format) {
        (Some(file), _) => {
            gantt::write_page(file, &found.run, &found.units, &zone, now())?;
            writeln!(out, "{id}: written to {}", file.display())?;
        }
        (None, Format::Text) => detail::write(out, &found, &zone, now())?,
        (None, Format::Json) => writeln!(out, "{}", json::run(&found)?)?,
    }
    Ok(ExitCode::SUCCESS)
}
