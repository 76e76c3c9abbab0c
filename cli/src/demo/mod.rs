//! `steward demo`: events through the real handlers, in virtual time, without an AWS account.

mod report;
mod samples;
mod show;
#[cfg(feature = "wire")]
mod wire;
mod world;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

/// Plays events through the real handlers in virtual time
///
/// Shows what a person would have seen: the timeline, the alerts as sent, the incidents, and what opened none and why.
/// Nothing leaves this machine, and no AWS account is needed.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A folder of events to play instead of the samples that come with Steward
    #[arg(long, value_name = "DIR")]
    events: Option<PathBuf>,
    /// Where to write the report
    #[arg(long, value_name = "FILE", default_value = "target/demo/report.html")]
    report: PathBuf,
    /// Play some of the samples through the built functions, on this machine
    ///
    /// They run in processes of their own under a local Lambda service, with moto for AWS and a stand-in for Slack. Needs a
    /// clone of the repository and python3; installs moto below target/tools at first. The exit code is 1 where an alert came
    /// twice or not at all.
    #[cfg(feature = "wire")]
    #[arg(long, conflicts_with_all = ["events", "report"])]
    wire: bool,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    #[cfg(feature = "wire")]
    if arguments.wire {
        return wire::run();
    }
    let samples = match &arguments.events {
        Some(folder) => samples::of_folder(folder)?,
        None => samples::embedded(),
    };
    let played = world::play(samples)?;
    let mut out = anstream::stdout().lock();
    show::write(&mut out, &played)?;
    report::write(&arguments.report, &played)?;
    show::write_report_place(&mut out, &arguments.report)?;
    Ok(ExitCode::SUCCESS)
}
