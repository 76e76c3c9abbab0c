//! `steward simulate scaling`: a recorded load under Steward's scaler and under others.

mod configured;
mod matrix;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use steward::config::Duration;
use steward::scaling::Scaler;
use steward_scaling_sim::{
    Comparison, Distribution, Options, Policy, Rival, Trace, Workers, World, alone, json, page, scaler,
    search, settings, steward, text,
};

use self::configured::Configured;
use self::matrix::Matrix;

/// Plays a recorded load through a queue, under Steward's scaler and under others
///
/// Single messages wait in a queue as SQS has them, with counts that lag and are slightly off; tasks take a while to start, and
/// finish what they work on when they stop. Steward's scaler begins knowing nothing. KEDA with the horizontal pod autoscaler,
/// target tracking and step scaling are tried with hundreds of settings each, on the same messages; the best of each is shown,
/// and whether it beats Steward.
///
/// A trace is a CSV file with the header `timestamp,value` (messages in each interval), or `app,func,end_timestamp,duration`
/// (single jobs, in seconds).
#[derive(Args)]
pub(crate) struct Arguments {
    /// The recorded load, a CSV file
    #[arg(long, value_name = "FILE", required_unless_present = "matrix")]
    trace: Option<PathBuf>,
    #[command(flatten)]
    matrix: Matrix,
    #[command(flatten)]
    configured: Configured,
    /// Who scales
    #[arg(long, value_enum, default_value_t = Who::All)]
    policy: Who,
    /// How to print what came of it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    load: Load,
    #[command(flatten)]
    tasks: Tasks,
}

#[derive(Args)]
struct Load {
    /// Multiply arrivals by so much
    #[arg(long = "load", id = "load", value_name = "X", default_value = "1", value_parser = positive)]
    times: f64,
    /// The mean time a message takes, such as 2s or 250ms [default: 2s, or as the trace's jobs took]
    #[arg(long, value_name = "DURATION", value_parser = milliseconds)]
    service_time: Option<u64>,
    /// How single messages differ from that mean
    #[arg(long, value_enum, default_value_t = Shape::Exponential)]
    distribution: Shape,
    /// Only the first hours of the trace
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=8_784))]
    shorten: Option<u32>,
    /// What chance is drawn from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct Tasks {
    /// From the order of a task until it works, on average
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = milliseconds)]
    start_up: u64,
    /// A message shall wait for at most so long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = milliseconds)]
    promise: u64,
    /// The least tasks
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=5_000))]
    min: u32,
    /// The most tasks
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    max: u32,
    /// Messages that a task works on at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    per_task: u32,
    /// Whether workers protect their task while it works
    #[arg(long, value_enum, default_value_t = Manner::Protecting)]
    workers: Manner,
}

/// Who scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Who {
    /// Steward alone
    Steward,
    /// KEDA with Kubernetes' horizontal pod autoscaler
    Keda,
    /// Application Auto Scaling's target tracking on the backlog per task
    TargetTracking,
    /// Application Auto Scaling's step scaling on the messages that wait
    Step,
    /// Steward against all others
    All,
}

/// How to print what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// An array with one object a policy
    Json,
    /// A page with charts, light and dark
    Html,
}

/// How single messages differ from the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Not at all
    Constant,
    /// Most are short, few are long
    Exponential,
    /// Most are short, and some very long
    Lognormal,
}

/// What workers do when their task shall stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Manner {
    /// They protect their task while it works on a message
    Protecting,
    /// They do not: ECS stops any
    Plain,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let Some(path) = &arguments.trace else { return matrix::run(&arguments.matrix) };
    let trace = read(path)?;
    let (options, scaler, ours) = arguments.setting()?;
    let world = World::new(&trace, options).map_err(io::Error::other)?;
    let comparison = compare(&world, &scaler, arguments.policy);
    let mut out = anstream::stdout().lock();
    match arguments.format {
        Format::Text => write!(out, "{}", text(&comparison, &world, &ours))?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &json(&comparison, &ours))?;
            writeln!(out)?;
        }
        Format::Html => write!(out, "{}", page(&comparison, &world, &scaler, &name(path), &ours))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> io::Result<Trace> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(named)?;
    Trace::read(&path.display().to_string(), &String::from_utf8_lossy(&bytes)).map_err(io::Error::other)
}

/// How a trace is called.
fn name(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// How ours is set.
const OURS: &str = "the promise and the bounds alone; everything else is learned";

fn compare(world: &World, scaler: &Scaler, who: Who) -> Comparison {
    let peers: &[Policy] = match who {
        Who::Steward => &[],
        Who::Keda => &[Policy::Keda],
        Who::TargetTracking => &[Policy::TargetTracking],
        Who::Step => &[Policy::Step],
        Who::All => &Policy::PEERS,
    };
    Comparison {
        // Whether a peer is better shows against ours alone.
        ours: Some(steward(world, scaler)),
        shows_ours: matches!(who, Who::Steward | Who::All),
        rivals: peers
            .iter()
            .map(|policy| Rival {
                policy: *policy,
                tried: search(world, &settings(*policy, world.options.min)),
            })
            .collect(),
    }
}

impl Arguments {
    /// What holds, our scaler, and how it is set.
    fn setting(&self) -> io::Result<(Options, Scaler, String)> {
        let options = self.options()?;
        Ok(match self.configured.scaler()? {
            None => (options, scaler(&options), OURS.to_owned()),
            Some((configured, said)) => (options.of(&configured), alone(configured), said),
        })
    }

    fn options(&self) -> io::Result<Options> {
        let Tasks { start_up, promise, min, max, per_task, workers } = self.tasks;
        if min > max {
            return Err(io::Error::other(format!("--min {min} is more than --max {max}")));
        }
        if promise < 1_000 {
            return Err(io::Error::other("--promise is shorter than a second"));
        }
        Ok(Options {
            load: self.load.times,
            service_time: self.load.service_time,
            distribution: match self.load.distribution {
                Shape::Constant => Distribution::Constant,
                Shape::Exponential => Distribution::Exponential,
                Shape::Lognormal => Distribution::LogNormal,
            },
            start_up,
            promise,
            min,
            max,
            per_task,
            seed: self.load.seed,
            shorten: self.load.shorten,
            workers: match workers {
                Manner::Protecting => Workers::Protecting,
                Manner::Plain => Workers::Plain,
            },
            ..Options::default()
        })
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "write a number above 0, such as 0.5 or 10".to_owned())
}

/// `250ms`, or as in the configuration.
fn milliseconds(text: &str) -> Result<u64, String> {
    if let Some(number) = text.strip_suffix("ms") {
        let ms = number.parse::<u64>().ok().filter(|ms| (1..=86_400_000).contains(ms));
        return ms.ok_or_else(|| format!("`{text}` is no duration; write one such as `250ms` or `2s`"));
    }
    let duration = text.parse::<Duration>().map_err(|error| error.to_string())?;
    let ms = u64::try_from(duration.get().as_millis()).ok().filter(|ms| (1..=86_400_000).contains(ms));
    ms.ok_or_else(|| format!("`{text}` is not between 1ms and 1d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_the_configuration_or_in_milliseconds() {
        for (text, ms) in [("250ms", 250), ("2s", 2_000), ("1m30s", 90_000)] {
            assert_eq!(milliseconds(text), Ok(ms), "{text}");
        }
        for wrong in ["2", "0s", "0ms", "-1s", "1.5s", "ms", "2d", "999999999ms"] {
            assert!(milliseconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_load_is_above_zero_and_finite() {
        assert_eq!(positive("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "inf", "NaN", "much"] {
            assert!(positive(wrong).unwrap_err().contains("above 0"), "{wrong}");
        }
    }

    #[test]
    fn a_trace_is_called_by_its_file_without_its_ending() {
        assert_eq!(name(Path::new("a/b/requests.csv")), "requests");
    }

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        <Command as clap::Parser>::try_parse_from(line.split(' ')).map(|command| command.arguments)
    }

    #[test]
    fn a_trace_or_the_matrix_is_asked_for_and_not_both() {
        for good in
            ["x --trace a.csv", "x --matrix", "x --matrix --quick", "x --matrix --write docs/scaling.md"]
        {
            assert!(parsed(good).is_ok(), "{good}");
        }
        for wrong in
            ["x", "x --trace a.csv --matrix", "x --trace a.csv --quick", "x --matrix --quick --write a.md"]
        {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bounds_that_contradict_each_other_are_refused() {
        let refused = |line: &str| parsed(line).unwrap().options().unwrap_err().to_string();
        assert_eq!(refused("x --trace a.csv --min 5 --max 2"), "--min 5 is more than --max 2");
        assert!(refused("x --trace a.csv --promise 250ms").contains("shorter than a second"));
        assert!(parsed("x --trace a.csv --min 2 --max 2").unwrap().options().is_ok());
    }
}
