//! `cargo verify`: every check of the project, one after the other, as CI runs them; `cargo xtask dist`: what is released.
#![allow(clippy::print_stdout, reason = "a build tool talks to its terminal")]
#![allow(
    clippy::disallowed_methods,
    reason = "a build tool reads its arguments, its environment and the clock"
)]

mod code;
mod dist;
mod functions;
mod template;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// A named check.
struct Check {
    name: &'static str,
    /// What it proves, for those who read along.
    proves: &'static str,
    run: fn(&Path) -> Result<(), String>,
}

const CHECKS: &[Check] = &[
    Check { name: "fmt", proves: "the code is formatted", run: code::fmt },
    Check { name: "clippy", proves: "no lint, no banned call", run: code::clippy },
    Check { name: "domain", proves: "the domain builds alone, without any SDK", run: code::domain },
    Check {
        name: "test",
        proves: "unit tests, properties, sample events, storms, conformance",
        run: code::test,
    },
    Check {
        name: "faults",
        proves: "500 days in which everything goes wrong hold, and every call is died at",
        run: code::faults,
    },
    Check {
        name: "jobs",
        proves: "500 times two days of jobs hold against a naive model, and every call is died at",
        run: code::jobs,
    },
    Check {
        name: "scaling-faults",
        proves: "200 times ten hours of scaled services hold, and every call is died at",
        run: code::scaling_faults,
    },
    Check {
        name: "scaling",
        proves: "no setting of another scaler beats ours on recorded loads",
        run: code::scaling,
    },
    Check { name: "doc", proves: "the documentation builds without a warning", run: code::doc },
    Check { name: "fuzz", proves: "the fuzz targets type-check", run: code::fuzz },
    Check { name: "deny", proves: "bans, licences and sources of dependencies", run: code::deny },
    Check {
        name: "template",
        proves: "the SAM template is valid, lints clean and passes a scan of what SAM makes of it",
        run: template::check,
    },
    Check {
        name: "worker",
        proves: "the example of a worker does nothing that scale-in could kill",
        run: template::check_worker,
    },
    Check {
        name: "release",
        proves: "what is packed for a release is the same bytes each time",
        run: template::check_release,
    },
    Check {
        name: "build",
        proves: "`sam build` makes all functions, for each architecture whose target is installed",
        run: functions::build,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = root();
    let wanted: Vec<&str> = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["verify"] => CHECKS.iter().map(|check| check.name).collect(),
        ["verify", names @ ..] if names.iter().all(|name| CHECKS.iter().any(|check| check.name == *name)) => {
            names.to_vec()
        }
        ["dist", how @ ..] => {
            return match dist::dist(&root, how) {
                Ok(()) => ExitCode::SUCCESS,
                Err(problem) => {
                    println!("{problem}");
                    ExitCode::from(2)
                }
            };
        }
        _ => {
            let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
            println!("usage: cargo verify [{}]\n       {}", names.join("|"), dist::USAGE);
            return ExitCode::from(2);
        }
    };
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
    if wanted.contains(&"test") && !code::corpus(root).is_dir() {
        println!(
            "NOT CHECKED: conformance with real input, for there is no corpus at {}",
            code::corpus(root).display()
        );
    }
    if wanted.contains(&"deny") {
        println!(
            "NOT CHECKED: security advisories, whose database is a download of its own: `cargo deny check advisories`"
        );
    }
    if wanted.contains(&"template") {
        println!("NOT CHECKED: that CloudFormation takes the template, which only a deployment shows");
    }
    if wanted.contains(&"build") {
        for left in functions::left_out() {
            println!("NOT CHECKED: {left}");
        }
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
