//! Tools that the checks need beyond Rust, installed below `target/tools`, for nobody should have to.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO_DENY: &str = "0.20.2";

/// Pins of what comes from `PyPI`.
const PYTHON_TOOLS: &str = include_str!("../python-tools.txt");

/// Runs a program to its end, on this terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// Runs the cargo that runs this.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    run(Command::new(env!("CARGO")).args(arguments).current_dir(root))
}

/// cargo-deny in the pinned version.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf, String> {
    let tools = root.join("target/tools");
    let program = tools.join("bin/cargo-deny");
    let installed = Command::new(&program)
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY));
    if !installed {
        println!("   installing cargo-deny {CARGO_DENY} below target/tools (a minute or two, once)");
        // It runs for a second: optimising it would take longer than all its runs.
        run(Command::new(env!("CARGO"))
            .args([
                "install",
                "--quiet",
                "--debug",
                "--locked",
                "--version",
                CARGO_DENY,
                "cargo-deny",
                "--root",
            ])
            .arg(&tools)
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .current_dir(root))?;
    }
    Ok(program)
}

/// A virtual environment with exactly the tools of `python-tools.txt`.
pub(crate) struct Python {
    bin: PathBuf,
}

impl Python {
    /// The environment; made first where it is missing, half made, or of other pins.
    pub(crate) fn ready(root: &Path) -> Result<Self, String> {
        let environment = root.join("target/tools/python");
        let bin = environment.join("bin");
        // Written last: an installation that was interrupted has none.
        let stamp = environment.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == PYTHON_TOOLS) {
            return Ok(Self { bin });
        }
        println!(
            "   installing SAM, cargo-lambda and cfn-lint below target/tools/python (a minute or two, once)"
        );
        let found = Command::new("python3").arg("--version").output();
        if !found.is_ok_and(|output| output.status.success()) {
            return Err(
                "there is no python3, on which SAM and cfn-lint run: install Python 3.10 or newer with \
                        its venv module (Debian, Ubuntu: apt-get install python3-venv)"
                    .to_owned(),
            );
        }
        if environment.exists() {
            fs::remove_dir_all(&environment)
                .map_err(|error| format!("removing {}: {error}", environment.display()))?;
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        run(Command::new(bin.join("python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(root.join("xtask/python-tools.txt")))?;
        fs::write(&stamp, PYTHON_TOOLS).map_err(|error| format!("writing {}: {error}", stamp.display()))?;
        Ok(Self { bin })
    }

    /// One of the tools, with the others on its path and without anything that it could send or ask AWS for.
    pub(crate) fn tool(&self, name: &str) -> Result<Command, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = [self.bin.clone()].into_iter().chain(std::env::split_paths(&path));
        let path: OsString = std::env::join_paths(paths).map_err(|error| format!("PATH: {error}"))?;
        let mut command = Command::new(self.bin.join(name));
        command
            .env("PATH", path)
            .env("SAM_CLI_TELEMETRY", "0")
            // A template is checked against a region; no call is made to it.
            .env("AWS_DEFAULT_REGION", "eu-central-1")
            .env_remove("AWS_REGION")
            .env_remove("AWS_PROFILE");
        Ok(command)
    }
}
