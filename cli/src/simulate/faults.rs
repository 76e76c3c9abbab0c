//! `steward simulate faults`: many days in which everything goes wrong, each from a seed.

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use steward_sim::world::{Campaign, CrashAt, Options, Outcome, Report, Side, campaign, run as run_seed};

use super::show;

/// Worlds at the same time where the machine does not say how many it can.
const THREADS: usize = 2;
/// Steps that the failure of one seed shows.
const KEPT: usize = 400;

/// Runs the handlers through days in which everything goes wrong, and checks each step
///
/// Every seed draws a world: services of many kinds, people, ECS with its own circuit breaker, and what goes wrong in it.
/// Invocations die before and after any call, events come twice, late, in disorder or never, calls are throttled, fail and
/// time out after they took effect. The same seed gives the same run, step by step. The exit code is 1 where something that
/// must hold did not; the command that shows it again is printed.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 100)]
    seeds: u64,
    /// The first seed; alone, the only one
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Virtual days of each seed
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// Let an invocation die at this call of the run, before or after its effect, such as 1234:after; twice at most
    #[arg(long, num_args = 1, value_name = "CALL:SIDE", value_parser = crash_at, requires = "seed", conflicts_with = "seeds")]
    crash_at: Vec<CrashAt>,
    /// How to print what came of it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How to print what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

fn crash_at(text: &str) -> Result<CrashAt, String> {
    let problem = || format!("{text:?} is no call and side, such as 1234:after");
    let (call, side) = text.split_once(':').ok_or_else(problem)?;
    let side = match side {
        "before" => Side::Before,
        "after" => Side::After,
        _ => return Err(problem()),
    };
    Ok(CrashAt { call: call.parse().map_err(|_| problem())?, side })
}

#[allow(clippy::disallowed_methods, reason = "how fast it was is told to whoever waits for it")]
pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    if let (Some(seed), false) = (arguments.seed, arguments.crash_at.is_empty()) {
        let report = run_seed(options(arguments, seed));
        return finish(arguments, &Outcome::of(report), None);
    }
    let threads = std::thread::available_parallelism().map_or(THREADS, NonZeroUsize::get);
    let began = Instant::now();
    let wanted = Campaign {
        first_seed: arguments.seed.unwrap_or(1),
        seeds: arguments.seeds,
        days: arguments.days,
        threads,
        covers_crashes: arguments.seeds > 1,
    };
    let outcome = campaign(wanted, |_: &Report| {});
    finish(arguments, &outcome, Some(began.elapsed()))
}

fn options(arguments: &Arguments, seed: u64) -> Options {
    let mut crashes = arguments.crash_at.iter().copied();
    let crash_at = [crashes.next(), crashes.next()];
    Options { days: arguments.days, crash_at, kept: KEPT, ..Options::new(seed) }
}

fn finish(
    arguments: &Arguments,
    outcome: &Outcome,
    took: Option<std::time::Duration>,
) -> io::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    match arguments.format {
        Format::Text => show::text(&mut out, outcome, arguments.days, took)?,
        Format::Json => show::json(&mut out, outcome, arguments.days, took)?,
    }
    Ok(if outcome.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_is_asked_for_by_call_and_side() {
        assert_eq!(crash_at("12:after"), Ok(CrashAt { call: 12, side: Side::After }));
        assert_eq!(crash_at("1:before"), Ok(CrashAt { call: 1, side: Side::Before }));
        for wrong in ["12", "after:12", "12:beside", ":after"] {
            assert!(crash_at(wrong).unwrap_err().contains("such as 1234:after"), "{wrong}");
        }
    }
}
