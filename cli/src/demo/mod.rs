//! `steward demo`: events through the real handlers, in virtual time, without an AWS account.

mod burst;
mod night;
mod report;
mod scenarios;
mod show;
#[cfg(feature = "wire")]
mod wire;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::play::{self, Terms, samples};

/// Plays events through the real handlers in virtual time
///
/// Shows what a person would have seen: the timeline, the alerts as sent, the incidents, and what opened none and why; then
/// scenarios against a model of ECS, in observe and in act mode side by side, a night of batch, and a burst that is scaled for from zero. Nothing leaves this machine, and no AWS account is needed.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A folder of events to play instead of the samples that come with Steward
    #[arg(long, value_name = "DIR")]
    events: Option<PathBuf>,
    /// Where to write the report
    #[arg(long, value_name = "FILE", default_value = "target/demo/report.html")]
    report: PathBuf,
    /// Show one scenario in full: by its name, or a file of your own that ends with .yaml
    ///
    /// In each mode that it names, with every alert as it was sent, and beside it what ECS does alone. The exit code is 1 where
    /// something did not come as the file expects.
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["events", "report"])]
    scenario: Option<String>,
    /// Play every scenario and write how long each took, as Markdown
    #[arg(long, value_name = "FILE", conflicts_with_all = ["events", "report", "scenario"])]
    write_scenarios: Option<PathBuf>,
    /// Play some of the samples through the built functions, on this machine
    ///
    /// They run in processes of their own under a local Lambda service, with moto for AWS and a stand-in for Slack. Needs a
    /// clone of the repository and python3; installs moto below target/tools at first. The exit code is 1 where an alert came
    /// twice or not at all.
    #[cfg(feature = "wire")]
    #[arg(long, conflicts_with_all = ["events", "report", "scenario", "write_scenarios"])]
    wire: bool,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    #[cfg(feature = "wire")]
    if arguments.wire {
        return wire::run();
    }
    let mut out = anstream::stdout().lock();
    if let Some(path) = &arguments.write_scenarios {
        let count = scenarios::write_document(path)?;
        writeln!(out, "{count} scenarios written to {}", path.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = &arguments.scenario {
        let (scenario, played) = scenarios::one(name)?;
        let is_met = scenarios::write_one(&mut out, &scenario, &played)?;
        return Ok(if is_met { ExitCode::SUCCESS } else { ExitCode::from(1) });
    }
    let samples = match &arguments.events {
        Some(folder) => samples::of_folder(folder)?,
        None => samples::embedded(),
    };
    let played = play::play(samples, &Terms { edits: true, ..Terms::default() })?;
    // Whoever plays events of their own wants those.
    let (scenes, night, burst) = match arguments.events {
        None => (scenarios::overview()?, Some(night::play()?), Some(burst::play()?)),
        Some(_) => (Vec::new(), None, None),
    };
    show::write(&mut out, &played)?;
    if !scenes.is_empty() {
        scenarios::write(&mut out, &scenes)?;
    }
    if let Some(night) = &night {
        night::write(&mut out, night)?;
    }
    if let Some(burst) = &burst {
        burst::write(&mut out, burst)?;
    }
    report::write(&arguments.report, &played, &scenes, night.as_ref(), burst.as_ref())?;
    show::write_report_place(&mut out, &arguments.report)?;
    Ok(ExitCode::SUCCESS)
}
