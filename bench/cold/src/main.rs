//! `cargo cold`: cold starts, warm invocations, processor time, memory and size of the functions, beside a function that does nothing and
//! one in Python that does the same job.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool talks to its terminal")]
#![allow(clippy::disallowed_methods, reason = "a benchmark lives by the wall clock")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use steward_cold::lap::{Terms, lap};
use steward_cold::machine::Machine;
use steward_cold::peer::Peer;
use steward_cold::programs::{self, Prepared};
use steward_cold::report::{Lap, Report};
use steward_cold::services::Services;
use steward_cold::share::{Means, Share};
use steward_cold::tls::Identity;
use steward_sim::binaries::{self, Profile};

type Failure = Box<dyn std::error::Error>;

/// Measures what the functions cost to start and to run.
#[derive(Debug, Parser)]
#[command(name = "cold")]
struct Arguments {
    /// Cold starts of each program under each share of the processor
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    cold: u16,
    /// Warm invocations of each program under each share, over all its environments
    #[arg(long, default_value_t = 1_000)]
    warm: u32,
    /// What cuts the processor; by default the best that this machine has
    #[arg(long)]
    cut: Option<Cut>,
    /// Leave the Python peer out
    #[arg(long)]
    without_peer: bool,
    /// A folder of programs that were built already: the functions and `floor`
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Where `cold.md` and `cold.json` are written
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Cut {
    /// Control groups
    Groups,
    /// Stopping processes and letting them go on
    Signals,
    /// Nothing: only without a limit is measured
    Nothing,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("cold: {problem}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = binaries::workspace().join("target/bench");
    let mut left_out = Vec::new();
    let peer = peer(arguments, &folder, &mut left_out);
    let built = built(arguments.programs.as_deref())?;
    let identity = Identity::make(&folder, peer.as_ref().map(|peer| peer.roots.as_path()))?;
    let means = means(arguments.cut)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let services = Services::start(&identity, programs::parameters()?).await?;
        let programs =
            programs::prepare(&built, peer.as_ref(), &services, &identity, Timestamp::now()).await?;
        let mut described = Vec::new();
        for program in &programs {
            described.push(program.described(&services, peer.as_ref()).await?);
        }
        let laps = laps(arguments, &programs, &means, &mut left_out).await?;
        Ok::<_, Failure>(Report {
            machine: Machine::here(peer.as_ref().map(|peer| peer.python.clone())),
            cold: usize::from(arguments.cold),
            warm: warm(arguments),
            means: means.to_string(),
            programs: described,
            laps,
            left_out,
        })
    })?;
    write(&report, &arguments.out)
}

/// The programs by name: those of a folder, or built for release.
fn built(folder: Option<&Path>) -> Result<BTreeMap<String, PathBuf>, Failure> {
    if let Some(folder) = folder {
        let there =
            binaries::FUNCTIONS.into_iter().chain(["floor"]).map(|name| (name.to_owned(), folder.join(name)));
        return Ok(there.filter(|(_, program)| program.is_file()).collect());
    }
    eprintln!("building the functions for release (minutes, the first time)");
    let packages: Vec<&str> = binaries::FUNCTIONS.into_iter().chain(["steward-floor"]).collect();
    Ok(binaries::build(&packages, Profile::Release)?)
}

/// Whole rounds, as [`lap`] makes them.
fn warm(arguments: &Arguments) -> usize {
    let cold = usize::from(arguments.cold);
    usize::try_from(arguments.warm).unwrap_or(usize::MAX).div_ceil(cold).saturating_mul(cold)
}

fn peer(arguments: &Arguments, folder: &Path, left_out: &mut Vec<String>) -> Option<Peer> {
    if arguments.without_peer {
        left_out.push("the Python peer: --without-peer".to_owned());
        return None;
    }
    eprintln!("installing the Python peer below target/tools, if it is not there");
    match Peer::ready(&folder.join("peer")) {
        Ok(peer) => Some(peer),
        Err(error) => {
            eprintln!("NOT MEASURED: the Python peer: {error}");
            left_out.push(format!("the Python peer: {error}"));
            None
        }
    }
}

fn means(cut: Option<Cut>) -> Result<Means, Failure> {
    match cut {
        None => Ok(Means::find()),
        Some(Cut::Groups) => match Means::find() {
            Means::Groups(groups) => Ok(Means::Groups(groups)),
            _ => Err("this machine lets us make no control group with a quota: try --cut signals".into()),
        },
        Some(Cut::Signals) => Ok(Means::Signals),
        Some(Cut::Nothing) => Ok(Means::Nothing("--cut nothing: the processor is not cut".to_owned())),
    }
}

/// Without a limit, and at what Lambda gives to 128 and 256 MB.
async fn laps(
    arguments: &Arguments,
    programs: &[Prepared],
    means: &Means,
    left_out: &mut Vec<String>,
) -> Result<Vec<Lap>, Failure> {
    let terms = Terms { cold: usize::from(arguments.cold), warm: warm(arguments) };
    let mut laps = Vec::new();
    for share in [Share::Whole, Share::OfMemory(128), Share::OfMemory(256)] {
        let tried = means.try_out(share).await;
        let (got, outcome) = match tried {
            Err(error) => {
                eprintln!("NOT MEASURED: {share}: {error}");
                left_out.push(format!("{share}: {error}"));
                (None, Err(error.to_string()))
            }
            Ok(got) => {
                let taken =
                    lap(programs, terms, means, share, |how_far| eprintln!("{share}: {how_far}")).await?;
                (got, Ok(taken))
            }
        };
        laps.push(Lap { share, got, outcome });
    }
    Ok(laps)
}

fn write(report: &Report, out: &Path) -> Result<(), Failure> {
    fs::create_dir_all(out)?;
    let (markdown, json) = (out.join("cold.md"), out.join("cold.json"));
    let text = report.markdown();
    fs::write(&markdown, &text)?;
    fs::write(&json, serde_json::to_string_pretty(&report.json())? + "\n")?;
    print!("{text}");
    eprintln!("written: {}, {}", markdown.display(), json.display());
    Ok(())
}
