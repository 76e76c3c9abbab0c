//! `cargo verify`: every check of the project, as CI runs them; `cargo xtask dist`: what is released.
#![allow(clippy::print_stdout, reason = "a build tool talks to its terminal")]
#![allow(
    clippy::disallowed_methods,
    reason = "a build tool reads its arguments, its environment and the clock"
)]

mod code;
mod dist;
mod functions;
mod lanes;
mod template;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanes::Lane;

/// A named check.
struct Check {
    name: &'static str,
    /// What it proves, for those who read along.
    proves: &'static str,
    run: fn(&Path) -> Result<(), String>,
    lane: Lane,
}

/// Before a check's name: nothing but the check itself, for the lane beside.
const ALONE: &str = "alone";

const CHECKS: &[Check] = &[
    Check { name: "fmt", proves: "the code is formatted", run: code::fmt, lane: Lane::Here },
    Check { name: "clippy", proves: "no lint, no banned call", run: code::clippy, lane: Lane::Here },
    Check {
        name: "domain",
        proves: "the domain builds alone, without any SDK",
        run: code::domain,
        lane: Lane::Here,
    },
    Check {
        name: "test",
        proves: "unit tests, properties, sample events, storms, conformance",
        run: code::test,
        lane: Lane::Here,
    },
    Check {
        name: "doc",
        proves: "the documentation builds without a warning",
        run: code::doc,
        lane: Lane::Here,
    },
    Check {
        name: "template",
        proves: "the SAM template is valid, lints clean and passes a scan of what SAM makes of it",
        run: template::check,
        lane: Lane::Beside,
    },
    Check {
        name: "worker",
        proves: "the example of a worker does nothing that scale-in could kill",
        run: template::check_worker,
        lane: Lane::Beside,
    },
    Check {
        name: "release",
        proves: "what is packed for a release is the same bytes each time",
        run: template::check_release,
        lane: Lane::Beside,
    },
    Check {
        name: "deny",
        proves: "bans, licences and sources of dependencies",
        run: code::deny,
        lane: Lane::Beside,
    },
    Check { name: "fuzz", proves: "the fuzz targets type-check", run: code::fuzz, lane: Lane::Beside },
    // Before `build`, which keeps two cores busy by itself: compiling what simulates does not.
    Check {
        name: "worlds",
        proves: "simulations see what is broken on purpose",
        run: code::worlds,
        lane: Lane::Beside,
    },
    Check {
        name: "build",
        proves: "`sam build` makes all functions, for each architecture whose target is installed",
        run: functions::build,
        lane: Lane::Beside,
    },
    Check {
        name: "faults",
        proves: "500 days in which everything goes wrong hold, and every call is died at",
        run: code::faults,
        lane: Lane::Beside,
    },
    Check {
        name: "jobs",
        proves: "500 times two days of jobs hold against a naive model, and every call is died at",
        run: code::jobs,
        lane: Lane::Beside,
    },
    Check {
        name: "scaling-faults",
        proves: "200 times ten hours of scaled services hold, and every call is died at",
        run: code::scaling_faults,
        lane: Lane::Beside,
    },
    Check {
        name: "scaling",
        proves: "no setting of another scaler beats ours on recorded loads",
        run: code::scaling,
        lane: Lane::Beside,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = root();
    if let [before, name] = arguments.as_slice()
        && before == ALONE
        && let Some(check) = check(name)
    {
        return alone(&root, check);
    }
    let wanted: Vec<&'static Check> =
        match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["verify"] => CHECKS.iter().collect(),
            ["verify", names @ ..] if names.iter().all(|name| check(name).is_some()) => {
                names.iter().filter_map(|name| check(name)).collect()
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
    let failed = lanes::run(&root, &wanted);
    let wanted: Vec<&str> = wanted.iter().map(|check| check.name).collect();
    report(&root, &wanted, &failed)
}

fn check(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}

/// One check, and what it has to say.
fn alone(root: &Path, check: &Check) -> ExitCode {
    match (check.run)(root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("{problem}");
            ExitCode::FAILURE
        }
    }
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
