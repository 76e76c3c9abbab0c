//! Checks of the code.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{self, cargo, run};

/// Where real input lies, which is not part of the project.
pub(crate) fn corpus(root: &Path) -> PathBuf {
    root.join(std::env::var_os("STEWARD_CORPUS").unwrap_or_else(|| "../shared/corpus".into()))
}

/// So many seeds take some ten minutes: they are as many as people may count on.
const FAULT_SEEDS: &str = "500";

/// Fewer, for each is ten hours with a decision every ten seconds.
const SCALING_SEEDS: &str = "200";

pub(crate) fn fmt(root: &Path) -> Result<(), String> {
    cargo(root, &["fmt", "--all", "--check"])
}

pub(crate) fn clippy(root: &Path) -> Result<(), String> {
    cargo(root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"])
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

/// The functions are built together with the tests that run them: by themselves they would be built with other features of
/// their dependencies, the AWS SDK among them.
pub(crate) fn test(root: &Path) -> Result<(), String> {
    cargo(root, &["build", "--workspace", "--locked", "--lib", "--bins", "--tests", "--examples"])?;
    let programs = std::env::current_exe().map_err(|error| format!("where xtask is: {error}"))?;
    let programs = programs.parent().ok_or("xtask lies in no folder")?;
    // The longest tests wait for processes of their own, most of the time.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = std::env::var("RUST_TEST_THREADS").unwrap_or_else(|_| (2 * cores).to_string());
    // A snapshot that is missing or differs fails; it is never accepted on the way.
    run(Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .env("RUST_TEST_THREADS", threads)
        .env("INSTA_UPDATE", "no")
        .env("STEWARD_PROGRAMS", programs)
        .current_dir(root))
}

/// Without the SDK, and optimised: seeds are many.
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

fn simulate(root: &Path, what: &[&str]) -> Result<(), String> {
    let build =
        ["--profile", "simulate", "--package", "steward-cli", "--no-default-features", "--bin", "steward"];
    run(Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--locked"])
        .args(build)
        .args(["--", "simulate"])
        .args(what)
        .env("STEWARD_CORPUS", corpus(root))
        .current_dir(root))
}

pub(crate) fn doc(root: &Path) -> Result<(), String> {
    run(Command::new(env!("CARGO"))
        .args(["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"])
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
    let program = tools::cargo_deny(root)?;
    run(Command::new(&program)
        .args(["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
        .current_dir(root))
}
