//! `cargo verify`: every check of the project, one after the other, as CI runs them.
#![allow(clippy::print_stdout, reason = "a build tool talks to its terminal")]
#![allow(
    clippy::disallowed_methods,
    reason = "a build tool reads its arguments, its environment and the clock"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Installed below `target/tools`, for nobody should have to.
const CARGO_DENY: &str = "0.20.2";

/// A named check.
struct Check {
    name: &'static str,
    /// What it proves, for those who read along.
    proves: &'static str,
    run: fn(&Path) -> Result<(), String>,
}

const CHECKS: &[Check] = &[
    Check { name: "fmt", proves: "the code is formatted", run: fmt },
    Check { name: "clippy", proves: "no lint, no banned call", run: clippy },
    Check { name: "domain", proves: "the domain builds alone, without any SDK", run: domain },
    Check { name: "test", proves: "unit tests, properties, sample events, storms, conformance", run: test },
    Check { name: "doc", proves: "the documentation builds without a warning", run: doc },
    Check { name: "fuzz", proves: "the fuzz targets type-check", run: fuzz },
    Check { name: "deny", proves: "bans, licences and sources of dependencies", run: deny },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&str> = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["verify"] => CHECKS.iter().map(|check| check.name).collect(),
        ["verify", names @ ..] if names.iter().all(|name| CHECKS.iter().any(|check| check.name == *name)) => {
            names.to_vec()
        }
        _ => {
            let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
            println!("usage: cargo verify [{}]", names.join("|"));
            return ExitCode::from(2);
        }
    };
    let root = root();
    let mut failed = Vec::new();
    for check in CHECKS.iter().filter(|check| wanted.contains(&check.name)) {
        println!("── {}: {}", check.name, check.proves);
        let start = Instant::now();
        let result = (check.run)(&root);
        let seconds = start.elapsed().as_secs();
        match result {
            Ok(()) => println!("   {} holds ({seconds} s)", check.name),
            Err(problem) => {
                println!("   {} FAILED ({seconds} s): {problem}", check.name);
                failed.push(check.name);
            }
        }
    }
    report(&root, &wanted, &failed)
}

fn report(root: &Path, wanted: &[&str], failed: &[&str]) -> ExitCode {
    if wanted.contains(&"test") && !corpus(root).is_dir() {
        println!(
            "NOT CHECKED: conformance with real input, for there is no corpus at {}",
            corpus(root).display()
        );
    }
    if wanted.contains(&"deny") {
        println!(
            "NOT CHECKED: security advisories, whose database is a download of its own: `cargo deny check advisories`"
        );
    }
    if failed.is_empty() {
        println!("all {} checks hold", wanted.len());
        ExitCode::SUCCESS
    } else {
        println!("FAILED: {}", failed.join(", "));
        ExitCode::FAILURE
    }
}

/// The folder above this one.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

fn corpus(root: &Path) -> PathBuf {
    root.join(std::env::var_os("STEWARD_CORPUS").unwrap_or_else(|| "../shared/corpus".into()))
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    run(Command::new(env!("CARGO")).args(arguments).current_dir(root))
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

fn fmt(root: &Path) -> Result<(), String> {
    cargo(root, &["fmt", "--all", "--check"])
}

fn clippy(root: &Path) -> Result<(), String> {
    cargo(root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"])
}

/// Alone, because a workspace build unites the features of all members and would hide an SDK that crept in.
fn domain(root: &Path) -> Result<(), String> {
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

fn test(root: &Path) -> Result<(), String> {
    // A snapshot that is missing or differs fails; it is never accepted on the way.
    run(Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--locked"])
        .env("INSTA_UPDATE", "no")
        .current_dir(root))
}

fn doc(root: &Path) -> Result<(), String> {
    run(Command::new(env!("CARGO"))
        .args(["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"])
        .env("RUSTDOCFLAGS", "--deny warnings")
        .current_dir(root))
}

/// Fuzzing itself takes a nightly and a C++ compiler, and hours; that the targets type-check must not wait for that.
fn fuzz(root: &Path) -> Result<(), String> {
    let target = root.join("target/fuzz-check");
    run(Command::new(env!("CARGO"))
        .args(["check", "--locked", "--no-default-features"])
        .args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir"])
        .arg(target)
        .current_dir(root))
}

fn deny(root: &Path) -> Result<(), String> {
    let tools = root.join("target/tools");
    let program = tools.join("bin/cargo-deny");
    let installed = Command::new(&program)
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY));
    if !installed {
        println!("   installing cargo-deny {CARGO_DENY} below target/tools (some minutes, once)");
        run(Command::new(env!("CARGO"))
            .args(["install", "--quiet", "--locked", "--version", CARGO_DENY, "cargo-deny", "--root"])
            .arg(&tools)
            .current_dir(root))?;
    }
    run(Command::new(&program)
        .args(["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
        .current_dir(root))
}
