//! `steward simulate faults`, `jobs` and `scaling-faults`: many days in which everything goes wrong, each from a seed.

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use steward_sim::world::{Campaign, Course, CrashAt, Options, Outcome, Report, Side, campaign, run_course};

use super::show;

/// Worlds at the same time where the machine does not say how many it can.
const THREADS: usize = 2;
/// Seeds where nobody says how many.
const SEEDS: u64 = 100;
/// Steps that the failure of one seed shows.
const KEPT: usize = 400;

/// Runs the handlers through days in which everything goes wrong, and checks each step
///
/// Every seed draws a world: services of many kinds, people, ECS with its own circuit breaker, and what goes wrong in it.
/// Invocations die before and after any call, events come twice, late, in disorder or never, calls are throttled, fail and
/// time out after they took effect. Of several seeds some are run in order and in disorder besides, and one through a month in
/// which no remedy helps; and every call at which nobody died is struck, before and after its effect.
///
/// The same seed gives the same run, step by step. The exit code is 1 where something that must hold did not; the command that
/// shows it again is printed.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    draw: Draw,
    /// Virtual days of each seed
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// What the one seed is run through: faults, disorder, futile-rollback, futile-stops or futile-memory
    #[arg(long, value_name = "COURSE", value_parser = course, default_value = "faults", requires = "seed", conflicts_with = "seeds")]
    course: Course,
}

/// Runs jobs through days in which everything goes wrong, and holds each run against a naive model
///
/// Every seed draws at least three jobs with their timetables, policies and retry rules, and what goes wrong: ticks that come
/// late, twice or not at all, invocations that die before and after any call, calls that are throttled, fail and time out after
/// they took effect, waves of Spot interruptions, zones without room, replaced definitions, lost events, and people. In the
/// end each run must have ended as the tasks did that ECS really ran for it.
///
/// The same seed gives the same run, step by step. The exit code is 1 where something that must hold did not; the command that
/// shows it again is printed.
#[derive(Args)]
pub(crate) struct JobArguments {
    #[command(flatten)]
    draw: Draw,
    /// Virtual days of each seed
    #[arg(long, value_name = "D", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
}

/// Runs scaled services through hours in which everything goes wrong, and checks each change of a count
///
/// Every seed draws at least three services with their queues, bounds and modes, and what goes wrong: bursts, deployments during
/// them, tasks that do not start, services that are deleted, people who set counts or pause changes, counts that are stale, ticks
/// that come late, twice or not at all, invocations that die before and after any call, and calls that are throttled, fail and
/// time out after they took effect. Tasks really take messages, and protect themselves. In the end all that waits must be done,
/// and what idles must have come down to its minimum.
///
/// The same seed gives the same run, step by step. The exit code is 1 where something that must hold did not; the command that
/// shows it again is printed.
#[derive(Args)]
pub(crate) struct ScalingArguments {
    #[command(flatten)]
    draw: Draw,
    /// Virtual days of each seed, of which ten hours each are played
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
}

#[derive(Args)]
struct Draw {
    /// How many seeds [default: 100, or the one that --seed names]
    #[arg(long = "seeds", id = "seeds", value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    count: Option<u64>,
    /// The first seed; alone, the only one
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Let an invocation die at this call of the run, before or after its effect, such as 1234:after; twice at most
    #[arg(long, num_args = 1, value_name = "CALL:SIDE", value_parser = crash_at, requires = "seed", conflicts_with = "seeds")]
    crash_at: Vec<CrashAt>,
    /// Fail, too, where a kind of fault never happened, a seed had too little of anything, or nobody died at some call
    #[arg(long, conflicts_with_all = ["crash_at", "trace"], requires = "seeds")]
    complete: bool,
    /// Print so many of the last steps of the one seed, though all holds
    #[arg(long, value_name = "STEPS", requires = "seed", conflicts_with = "seeds")]
    trace: Option<usize>,
    /// How to print what came of it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

fn course(text: &str) -> Result<Course, String> {
    let known = Course::ALL.map(Course::as_str).join(", ");
    let found = Course::ALL.into_iter().find(|course| course.as_str() == text);
    found.ok_or_else(|| format!("{text:?} is none of {known}"))
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

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    arguments.draw.run(arguments.course, arguments.days)
}

pub(crate) fn run_jobs(arguments: &JobArguments) -> io::Result<ExitCode> {
    arguments.draw.run(Course::Jobs, arguments.days)
}

pub(crate) fn run_scaling(arguments: &ScalingArguments) -> io::Result<ExitCode> {
    arguments.draw.run(Course::Scaling, arguments.days)
}

impl Draw {
    #[allow(clippy::disallowed_methods, reason = "how fast it was is told to whoever waits for it")]
    fn run(&self, course: Course, days: u32) -> io::Result<ExitCode> {
        let seeds = self.count.unwrap_or(if self.seed.is_some() { 1 } else { SEEDS });
        if let (Some(seed), 1) = (self.seed, seeds) {
            let report = run_course(course, self.options(seed, days));
            if self.trace.is_some() && self.format == Format::Text && report.violations.is_empty() {
                show::trace(&mut anstream::stdout().lock(), &report)?;
            }
            return self.finish(&Outcome::of(report), days, None);
        }
        let threads = std::thread::available_parallelism().map_or(THREADS, NonZeroUsize::get);
        let began = Instant::now();
        let wanted =
            Campaign { course, first_seed: self.seed.unwrap_or(1), seeds, days, threads, is_whole: true };
        let outcome = campaign(wanted, |_: &Report| {});
        self.finish(&outcome, days, Some(began.elapsed()))
    }

    fn options(&self, seed: u64, days: u32) -> Options {
        let mut crashes = self.crash_at.iter().copied();
        let crash_at = [crashes.next(), crashes.next()];
        Options { days, crash_at, kept: self.trace.unwrap_or(KEPT), ..Options::new(seed) }
    }

    fn finish(
        &self,
        outcome: &Outcome,
        days: u32,
        took: Option<std::time::Duration>,
    ) -> io::Result<ExitCode> {
        let mut out = anstream::stdout().lock();
        match self.format {
            Format::Text => show::text(&mut out, outcome, days, took)?,
            Format::Json => show::json(&mut out, outcome, days, took)?,
        }
        let is_enough = !self.complete || outcome.lacks().is_empty();
        Ok(if outcome.holds() && is_enough { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_is_asked_for_by_its_name() {
        assert_eq!(course("disorder"), Ok(Course::Disorder));
        assert!(course("chaos").unwrap_err().contains("faults, disorder, futile-rollback"));
    }

    #[test]
    fn a_crash_is_asked_for_by_call_and_side() {
        assert_eq!(crash_at("12:after"), Ok(CrashAt { call: 12, side: Side::After }));
        assert_eq!(crash_at("1:before"), Ok(CrashAt { call: 1, side: Side::Before }));
        for wrong in ["12", "after:12", "12:beside", ":after"] {
            assert!(crash_at(wrong).unwrap_err().contains("such as 1234:after"), "{wrong}");
        }
    }
}
