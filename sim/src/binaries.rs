//! Builds the functions' programs, as cargo does it, and says where they are.
//!
//! Whoever has built them already names their folder in `STEWARD_PROGRAMS`: a whole workspace is built with other features of its
//! dependencies than one package of it, and building the AWS SDK once more takes minutes.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

/// The packages of the functions; each has a program of its own name.
pub const FUNCTIONS: [&str; 4] = ["remediation", "batch", "notifications", "scaling"];

/// How to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Fast to build.
    Dev,
    /// As deployed.
    Release,
}

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo did not run.
    #[error("cannot run `{command}`: {source}; set CARGO to cargo's path")]
    Run {
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// Cargo failed.
    #[error("`{command}` failed; run it by hand. It ended: {stderr}")]
    Build {
        /// The command.
        command: String,
        /// The end of what it said.
        stderr: String,
    },
    /// The folder of what was built cannot be read.
    #[error("cannot read {folder}, which STEWARD_PROGRAMS names: {source}")]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A package has no program of its name.
    #[error("package {package} built no program of that name; it needs a src/main.rs or a [[bin]]")]
    NoProgram {
        /// The package.
        package: String,
    },
}

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Builds the functions and gives their programs by name.
pub fn functions(profile: Profile) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    functions_telling(profile, |_| ())
}

/// The same for somebody who waits: hears each line of cargo's while it builds (`Compiling serde v1.0.228`).
pub fn functions_telling(
    profile: Profile,
    hear: impl FnMut(&str),
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let built = build_telling(&FUNCTIONS, profile, hear)?;
    match FUNCTIONS.iter().find(|name| !built.contains_key(**name)) {
        Some(package) => Err(BuildError::NoProgram { package: (*package).to_owned() }),
        None => Ok(built),
    }
}

/// Builds all programs of packages of this workspace. Cargo's own settings (`CARGO_TARGET_DIR` and the like) hold.
pub fn build(packages: &[&str], profile: Profile) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    build_telling(packages, profile, |_| ())
}

fn build_telling(
    packages: &[&str],
    profile: Profile,
    mut hear: impl FnMut(&str),
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    if let (Profile::Dev, Some(folder)) = (profile, std::env::var_os("STEWARD_PROGRAMS")) {
        return built(Path::new(&folder));
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(&cargo);
    command.current_dir(workspace()).args(["build", "--bins", "--message-format=json-render-diagnostics"]);
    for package in packages {
        command.args(["-p", package]);
    }
    if profile == Profile::Release {
        command.arg("--release");
    }
    let told = format!("{cargo} build --bins -p {}", packages.join(" -p "));
    let not_run = |source| BuildError::Run { command: told.clone(), source };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_run)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // Cargo writes to both, and would wait for a pipe that nobody reads.
    let messages = std::thread::spawn(move || {
        let mut text = Vec::new();
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut text)).map(|_| text)
    });
    let mut lines = Vec::new();
    for line in stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')) {
        let line = String::from_utf8_lossy(&line.map_err(not_run)?).into_owned();
        hear(line.trim());
        lines.push(line);
    }
    let status = child.wait().map_err(not_run)?;
    let messages =
        messages.join().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())).map_err(not_run)?;
    if !status.success() {
        let from = lines.len().saturating_sub(40);
        let stderr = lines.get(from..).unwrap_or_default().join("\n");
        return Err(BuildError::Build { command: told, stderr });
    }
    Ok(String::from_utf8_lossy(&messages).lines().filter_map(program).collect())
}

/// What lies in a folder without an extension, as programs do.
fn built(folder: &Path) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let unread = |source| BuildError::NoFolder { folder: folder.to_owned(), source };
    let mut programs = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(name) = name.filter(|_| path.is_file() && path.extension().is_none()) {
            programs.insert(name, path);
        }
    }
    Ok(programs)
}

/// A line of cargo's, if it tells of a program.
fn program(line: &str) -> Option<(String, PathBuf)> {
    #[derive(Deserialize)]
    struct Told {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
    }
    let told: Told = serde_json::from_str(line).ok()?;
    told.target.kind.iter().any(|kind| kind == "bin").then_some((told.target.name, told.executable?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_tells_where_a_program_is() {
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"remediation"},"executable":"/t/remediation"}"#;
        assert_eq!(program(line), Some(("remediation".to_owned(), "/t/remediation".into())));
        for other in [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"remediation"},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "no JSON",
        ] {
            assert_eq!(program(other), None);
        }
    }

    #[test]
    fn what_was_built_already_is_found_by_its_name() {
        let here = std::env::current_exe().unwrap();
        let debug = here.parent().and_then(Path::parent).unwrap();
        assert!(built(debug).unwrap().values().all(|path| path.extension().is_none()));
        let missing = debug.join("nowhere");
        assert!(built(&missing).unwrap_err().to_string().contains("nowhere, which STEWARD_PROGRAMS names"));
    }

    #[test]
    fn the_workspace_is_where_its_manifest_is() {
        let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }
}
