//! `steward demo --wire`: the functions as they are deployed, in processes of their own, on this machine.
#![allow(
    clippy::disallowed_methods,
    reason = "the functions live by the wall clock, and who plays events to them must too"
)]

mod play;
mod show;
mod slack;
mod story;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use steward_sim::binaries::{self, Profile};
use steward_sim::house::{House, HouseError};
use steward_sim::lambda::runtime::LogLine;
use steward_sim::moto::{self, MotoError};
use steward_sim::python::PythonError;

use play::{Played, PlayedFunction};

/// Where the functions' logs go.
const LOGS: &str = "target/demo/wire";
/// A line of progress is cut there.
const PROGRESS_CHARS: usize = 76;

pub(super) fn run() -> io::Result<ExitCode> {
    let mut out = anstream::stdout();
    show::write_introduction(&mut out, moto::is_installed())?;
    out.flush()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let played = runtime.block_on(play())?;
    let well = show::write(&mut out, &played)?;
    write_logs(&mut out, Path::new(LOGS), &played.functions)?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn play() -> io::Result<Played> {
    if !binaries::workspace().join("Cargo.toml").is_file() {
        let gone = format!(
            "demo --wire builds the functions from {}, which is gone: run `cargo demo --wire` in a clone of the repository",
            binaries::workspace().display()
        );
        return Err(io::Error::other(gone));
    }
    if !moto::is_installed() {
        tell(&format!("installing moto {} from PyPI below target/tools", moto::VERSION))?;
        moto::install().map_err(explain_moto)?;
    }
    let house = House::build(&play::plan(build()?)?).await.map_err(|error| match error {
        HouseError::Moto(error) => explain_moto(error),
        error => io::Error::other(error),
    })?;
    tell("playing; this takes about half a minute")?;
    play::play(&house).await
}

/// Builds the functions and lets a person see that it goes on.
fn build() -> io::Result<BTreeMap<String, PathBuf>> {
    tell("building the functions; minutes at first, seconds later")?;
    let (since, mut err) = (Instant::now(), anstream::stderr());
    let is_watched = io::stderr().is_terminal();
    let built = binaries::functions_telling(Profile::Dev, |line| {
        if is_watched {
            let line: String =
                format!("{:>4} s  {line}", since.elapsed().as_secs()).chars().take(PROGRESS_CHARS).collect();
            // Progress that cannot be shown hurts nobody.
            let _unseen = write!(err, "\r\u{1b}[2K{line}").and_then(|()| err.flush());
        }
    });
    if is_watched {
        write!(anstream::stderr(), "\r\u{1b}[2K")?;
    }
    built.map_err(io::Error::other)
}

/// Says on standard error what is being done: it is no part of what the demo shows.
fn tell(what: &str) -> io::Result<()> {
    writeln!(anstream::stderr(), "… {what}")
}

/// In one sentence: pip says the same thing many times.
fn explain_moto(error: MotoError) -> io::Error {
    let MotoError::Install(PythonError::Command { command, reason }) = error else {
        return io::Error::other(error);
    };
    let reason = reason.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let command = command.split(' ').take(4).collect::<Vec<_>>().join(" ");
    io::Error::other(format!(
        "moto, which stands in for AWS, cannot be installed: `{command} …` said: {}. Install python3 with venv, let it \
         reach PyPI this once, and run this again; `cargo demo` without --wire needs neither",
        reason.trim().trim_end_matches('.')
    ))
}

/// What the functions wrote, as CloudWatch would keep it: a JSON object a line.
fn write_logs(out: &mut impl Write, folder: &Path, functions: &[PlayedFunction]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for function in functions {
        let path = folder.join(format!("{}.log", function.name));
        let lines: Vec<String> = function.logs.iter().map(as_json).collect();
        std::fs::write(&path, lines.join("\n") + "\n")?;
        show::write_log_place(out, &function.name, &path, lines.len())?;
    }
    Ok(())
}

fn as_json(line: &LogLine) -> String {
    match line.json() {
        Some(_) => line.text.clone(),
        None => serde_json::json!({"environment": line.environment, "text": line.text}).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_python_or_network_is_told_so_in_one_line() {
        for reason in [
            "No such file or directory (os error 2)",
            "exit status: 1\nWARNING: Retrying\nERROR: No matching distribution found for moto",
        ] {
            let command = "python3 -m venv /work/target/tools/moto-5.2.5".to_owned();
            let told =
                explain_moto(PythonError::Command { command, reason: reason.to_owned() }.into()).to_string();
            assert!(
                told.contains("`python3 -m venv /work") && told.contains(reason.lines().last().unwrap()),
                "{told}"
            );
            assert!(
                !told.contains('\n') && told.contains("python3 with venv") && told.contains("PyPI"),
                "{told}"
            );
        }
    }
}
