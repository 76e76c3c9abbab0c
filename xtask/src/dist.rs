//! `cargo xtask dist`: what is released, below `target/dist`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::functions::{ARCHITECTURES, Architecture};
use crate::tools::{Python, run};

pub(crate) const USAGE: &str = "cargo xtask dist [--architecture arm64|x86_64] [--unreleased]";

/// The functions, each a package and a program of that name.
const FUNCTIONS: &[&str] = &["remediation", "batch", "notifications", "scaling"];

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is to be made.
struct Order {
    architectures: Vec<&'static Architecture>,
    /// A trial, of what the changelog calls unreleased.
    unreleased: bool,
}

pub(crate) fn dist(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let order = order(arguments)?;
    let changelog =
        fs::read_to_string(root.join("CHANGELOG.md")).map_err(|error| format!("CHANGELOG.md: {error}"))?;
    let heading = if order.unreleased { "Unreleased" } else { VERSION };
    if !has_entry(&changelog, heading) {
        return Err(format!(
            "CHANGELOG.md says nothing below `## {heading}`. Name there what {VERSION} brings; to try the build \
             before that: cargo xtask dist --unreleased"
        ));
    }
    let name = format!("steward-{VERSION}{}", if order.unreleased { "-unreleased" } else { "" });
    let place = Place::below(root, &name)?;
    for architecture in &order.architectures {
        place.functions(architecture)?;
    }
    place.command_line()?;
    run(place.python.tool("python")?.arg(root.join("xtask/pack.py")).arg("sums").arg(&place.dist))?;
    print!("{}", fs::read_to_string(place.dist.join("SHA256SUMS")).map_err(|error| error.to_string())?);
    println!("made {}", place.dist.display());
    Ok(())
}

fn order(arguments: &[&str]) -> Result<Order, String> {
    let mut order = Order { architectures: Vec::new(), unreleased: false };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--unreleased" => order.unreleased = true,
            "--architecture" => {
                let wanted = arguments.next().copied().unwrap_or_default();
                let known = ARCHITECTURES.iter().find(|known| known.template == wanted);
                order.architectures.push(known.ok_or_else(|| format!("usage: {USAGE}"))?);
            }
            _ => return Err(format!("usage: {USAGE}")),
        }
    }
    if order.architectures.is_empty() {
        order.architectures = ARCHITECTURES.iter().collect();
    }
    Ok(order)
}

/// Whether something stands below the second-level heading of that name, up to the next one.
fn has_entry(changelog: &str, heading: &str) -> bool {
    let mut below = false;
    changelog.lines().any(|line| {
        if let Some(title) = line.strip_prefix("## ") {
            // A date or a link may follow.
            below = title.trim_start_matches('[').split([' ', ']']).next() == Some(heading);
        }
        below && line.starts_with("- ")
    })
}

/// Where it is built and where it is put.
struct Place<'r> {
    root: &'r Path,
    name: &'r str,
    dist: PathBuf,
    /// Its own, for what is built with other flags would be built again by everything else.
    build: PathBuf,
    python: Python,
}

impl<'r> Place<'r> {
    fn below(root: &'r Path, name: &'r str) -> Result<Self, String> {
        let (dist, build) = (root.join("target/dist"), root.join("target/dist-build"));
        if dist.exists() {
            fs::remove_dir_all(&dist).map_err(|error| format!("emptying {}: {error}", dist.display()))?;
        }
        fs::create_dir_all(&dist).map_err(|error| format!("making {}: {error}", dist.display()))?;
        Ok(Self { root, name, dist, build, python: Python::ready(root)? })
    }

    /// A zip file for each function, as Lambda wants it: one program, called `bootstrap`.
    fn functions(&self, architecture: &Architecture) -> Result<(), String> {
        let lambda = self.build.join("lambda").join(architecture.template);
        let target = format!("{}-unknown-linux-gnu", architecture.rust);
        let mut command = self.python.tool("cargo-lambda")?;
        // As cargo calls it, which finds it by its name.
        command
            .args(["lambda", "build", "--release", "--locked", "--target", &target, "--lambda-dir"])
            .arg(&lambda);
        for function in FUNCTIONS {
            command.args(["--package", function]);
        }
        run(self.reproducible(&mut command)?)?;
        for function in FUNCTIONS {
            let bootstrap = lambda.join(function).join("bootstrap");
            architecture.is_of(&bootstrap)?;
            let zip = format!("{}-{function}-{}.zip", self.name, architecture.template);
            self.pack(&zip, &[("bootstrap", bootstrap)])?;
        }
        Ok(())
    }

    /// The command line for this machine, without what only a clone can do (`demo --wire`).
    fn command_line(&self) -> Result<(), String> {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--release", "--locked", "--package", "steward-cli", "--bin", "steward"]);
        command.args(["--no-default-features", "--features", "aws"]);
        run(self.reproducible(&mut command)?)?;
        let zip = format!("{}-{}-{}.zip", self.name, std::env::consts::OS, std::env::consts::ARCH);
        let licences = ["LICENSE-APACHE", "LICENSE-MIT"].map(|name| (name, self.root.join(name)));
        let program = ("steward", self.build.join("release/steward"));
        self.pack(&zip, &[&[program], licences.as_slice()].concat())
    }

    /// Builds without a trace of where: the paths of the clone and of the crates are the same everywhere.
    fn reproducible<'c>(&self, command: &'c mut Command) -> Result<&'c mut Command, String> {
        let mut flags = Vec::new();
        for (path, stands_for) in self.paths()?.iter().zip(["/steward", "/cargo"]) {
            // cargo-lambda hands flags on by a variable that spaces part.
            if path.contains(' ') {
                return Err(format!(
                    "{path} has a space in it, which cannot be told to the compiler: move it"
                ));
            }
            flags.push(format!("--remap-path-prefix={path}={stands_for}"));
        }
        Ok(command
            .env("CARGO_TARGET_DIR", &self.build)
            .env("RUSTFLAGS", flags.join(" "))
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("CARGO_INCREMENTAL", "0")
            .current_dir(self.root))
    }

    /// What nothing that is released may contain: the folder of the clone, and that of cargo.
    fn paths(&self) -> Result<[String; 2], String> {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo").into_os_string());
        let cargo = std::env::var_os("CARGO_HOME").or(home).ok_or("neither CARGO_HOME nor HOME is set")?;
        let text =
            |path: OsString| path.into_string().map_err(|path| format!("{}: no UTF-8", path.display()));
        Ok([text(self.root.as_os_str().to_owned())?, text(cargo)?])
    }

    fn pack(&self, zip: &str, members: &[(&str, PathBuf)]) -> Result<(), String> {
        for (_, file) in members {
            self.tells_no_path(file)?;
        }
        let members = members.iter().map(|(name, file)| format!("{name}={}", file.display()));
        let mut command = self.python.tool("python")?;
        run(command.arg(self.root.join("xtask/pack.py")).arg("zip").arg(self.dist.join(zip)).args(members))
    }

    fn tells_no_path(&self, file: &Path) -> Result<(), String> {
        let bytes = fs::read(file).map_err(|error| format!("reading {}: {error}", file.display()))?;
        match self.paths()?.iter().find(|path| contains(&bytes, path.as_bytes())) {
            None => Ok(()),
            Some(path) => {
                Err(format!("{} has {path} in it: it would differ from machine to machine", file.display()))
            }
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::{contains, has_entry, order};

    #[test]
    fn a_version_without_an_entry_is_refused() {
        let changelog = "# Changelog\n\n## Unreleased\n\n### Added\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- More.\n\n## 0.1.0\n\n- All.\n";
        for (heading, there) in
            [("Unreleased", false), ("0.2.0", true), ("0.1.0", true), ("0.1", false), ("0.3.0", false)]
        {
            assert_eq!(has_entry(changelog, heading), there, "{heading}");
        }
        assert!(has_entry("## Unreleased\n- Something.\n", "Unreleased"));
    }

    #[test]
    fn a_path_is_found_wherever_it_stands() {
        assert!(contains(b"\0\0/home/ann/steward/src\0", b"/home/ann"));
        assert!(!contains(b"/home/an", b"/home/ann") && !contains(b"", b"/home/ann") && !contains(b"a", b""));
    }

    #[test]
    fn both_architectures_are_made_unless_one_is_named() {
        let names = |arguments: &[&str]| {
            order(arguments)
                .map(|order| order.architectures.iter().map(|one| one.template).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]), Ok(vec!["x86_64", "arm64"]));
        assert_eq!(names(&["--unreleased", "--architecture", "arm64"]), Ok(vec!["arm64"]));
        for wrong in [&["--architecture"][..], &["--architecture", "mips"], &["--fast"]] {
            assert!(names(wrong).is_err(), "{wrong:?}");
        }
    }
}
