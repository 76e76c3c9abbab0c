//! Runs checks: one after the other, or in two lanes beside each other.
//!
//! Cargo uses one core where it links, waits for a lock or runs tests that wait, and each profile has a lock of its own. So the checks that
//! build for development run on the terminal, as one would run them by hand; the others run beside them, at a lower priority, and
//! each is shown whole when it has ended: where a test waits for a function's process, nobody takes its time.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::Check;

/// Where a check runs when all of them do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// On the terminal: it builds for development, or hardly takes time.
    Here,
    /// Beside those: it builds by another profile, or no Rust at all, or needs what those have built.
    Beside,
}

/// Runs the checks and says of each what came of it. Answers the names of those that failed.
pub(crate) fn run(root: &Path, wanted: &[&'static Check]) -> Vec<&'static str> {
    let in_lane = |lane| wanted.iter().copied().filter(move |check: &&Check| check.lane == lane);
    let here: Vec<&Check> = in_lane(Lane::Here).collect();
    let beside: Vec<&Check> = in_lane(Lane::Beside).collect();
    if here.is_empty() || beside.is_empty() {
        return here.into_iter().chain(beside).filter_map(|check| run_here(root, check)).collect();
    }
    let names: Vec<&str> = beside.iter().map(|check| check.name).collect();
    println!("── beside these, each shown when it has ended: {}", names.join(", "));
    std::thread::scope(|scope| {
        let lane = scope.spawn(|| -> Vec<&'static str> {
            beside.into_iter().filter_map(|check| run_beside(root, check)).collect()
        });
        let mut failed: Vec<&str> = here.into_iter().filter_map(|check| run_here(root, check)).collect();
        failed.extend(lane.join().unwrap_or_else(|_| vec!["a lane that ended early"]));
        failed
    })
}

fn run_here(root: &Path, check: &'static Check) -> Option<&'static str> {
    println!("── {}: {}", check.name, check.proves);
    let start = Instant::now();
    let result = (check.run)(root);
    ended(check, start, result)
}

/// In a process of its own, whose output is kept until it ends.
fn run_beside(root: &Path, check: &'static Check) -> Option<&'static str> {
    let start = Instant::now();
    let log = root.join(format!("target/verify/{}.log", check.name));
    let result = in_process(root, check, &log);
    let said = fs::read_to_string(&log).unwrap_or_default();
    // One call, so that no line of the other lane comes between.
    println!("── {}: {}\n{}", check.name, check.proves, said.trim_end());
    ended(check, start, result)
}

fn in_process(root: &Path, check: &Check, log: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("running it beside the others: {error}");
    fs::create_dir_all(log.parent().unwrap_or(root)).map_err(failed)?;
    let (out, err) = File::create(log).and_then(|out| Ok((out.try_clone()?, out))).map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    let status = Command::new("nice")
        .args(["-n", "10"])
        .arg(program)
        .args([crate::ALONE, check.name])
        .stdout(out)
        .stderr(err)
        .current_dir(root)
        .status()
        .map_err(failed)?;
    if status.success() { Ok(()) } else { Err(format!("see above, or {}", log.display())) }
}

fn ended(check: &'static Check, start: Instant, result: Result<(), String>) -> Option<&'static str> {
    let seconds = start.elapsed().as_secs();
    match result {
        Ok(()) => {
            println!("   {} holds ({seconds} s)", check.name);
            None
        }
        Err(problem) => {
            println!("   {} FAILED ({seconds} s): {problem}", check.name);
            Some(check.name)
        }
    }
}
