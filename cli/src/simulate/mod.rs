//! `steward simulate`: the handlers in virtual time, where everything goes wrong.

mod faults;
mod scaling;
mod show;

use std::io;
use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Runs the real handlers in a simulated AWS, in virtual time
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Faults(faults::Arguments),
    Jobs(faults::JobArguments),
    ScalingFaults(faults::ScalingArguments),
    Scaling(Box<scaling::Arguments>),
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    match &arguments.what {
        What::Faults(arguments) => faults::run(arguments),
        What::Jobs(arguments) => faults::run_jobs(arguments),
        What::ScalingFaults(arguments) => faults::run_scaling(arguments),
        What::Scaling(arguments) => scaling::run(arguments),
    }
}
