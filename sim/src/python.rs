//! Tools from `PyPI`, each in a virtual environment of its own below the workspace's `target/tools`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// It installs the others in seconds, where pip takes a minute.
const UV: &str = "uv==0.13.8";

/// Why a tool is not there, or failed.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// A file or folder below `target/tools`.
    #[error("cannot prepare {path}: {source}", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A command that installs, or a program of the tool's.
    #[error("`{command}` failed: {reason}; it needs python3 with venv, and PyPI once")]
    Command {
        /// The command.
        command: String,
        /// What it said.
        reason: String,
    },
}

/// A virtual environment with pinned packages.
#[derive(Debug, PartialEq, Eq)]
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The folder of the environment of this name.
    fn folder(name: &str) -> PathBuf {
        crate::binaries::workspace().join("target/tools").join(name)
    }

    /// Whether [`Environment::ready`] has nothing to do any more.
    pub fn is_ready(name: &str) -> bool {
        stamp_of(&Self::folder(name)).is_file()
    }

    /// The environment; made first where it is missing, once for all processes. The name tells the packages' versions, so that other ones are
    /// another environment.
    pub fn ready(name: &str, packages: &[&str]) -> Result<Self, PythonError> {
        let folder = Self::folder(name);
        let stamp = stamp_of(&folder);
        if stamp.is_file() {
            return Ok(Self { folder });
        }
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| PythonError::Folder { path, source }
        };
        let tools = folder.parent().unwrap_or(&folder);
        fs::create_dir_all(tools).map_err(at(tools))?;
        let lock_path = folder.with_added_extension("lock");
        let lock = File::create(&lock_path).map_err(at(&lock_path))?;
        // Held until `lock` is dropped; by a process that died, not at all.
        lock.lock().map_err(at(&lock_path))?;
        if stamp.is_file() {
            return Ok(Self { folder });
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(at(&folder))?;
        }
        let target = folder.display().to_string();
        run("python3", &["-m", "venv", &target])?;
        let environment = Self { folder };
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", UV];
        environment.run(&pip)?;
        let python = environment.program("python").display().to_string();
        let uv = ["-m", "uv", "pip", "install", "--quiet", "--python", &python];
        environment.run(&[&uv[..], packages].concat())?;
        fs::write(&stamp, packages.join("\n")).map_err(at(&stamp))?;
        Ok(environment)
    }

    /// One of its programs: `python`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Runs its interpreter to the end, and answers what it printed.
    pub fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, PythonError> {
        run(&self.program("python").display().to_string(), arguments)
    }
}

/// Written last: where it is, all is there.
fn stamp_of(folder: &Path) -> PathBuf {
    folder.join("installed")
}

fn run(program: &str, arguments: &[&str]) -> Result<Vec<u8>, PythonError> {
    // A script's first line names it well enough.
    let lines = || arguments.iter().filter_map(|argument| argument.lines().next());
    let failed = |reason: String| PythonError::Command {
        command: format!("{program} {}", lines().collect::<Vec<_>>().join(" ")),
        reason: reason.trim().to_owned(),
    };
    let output = std::process::Command::new(program)
        .args(arguments)
        // boto3 wants a region, even where nothing is called.
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failed(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr))))
}
