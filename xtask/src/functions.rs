//! Builds what is deployed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{Python, run};

/// The functions of `template.yaml`.
const FUNCTIONS: &[&str] =
    &["RemediationFunction", "BatchFunction", "NotificationsFunction", "ScalingFunction"];

/// A processor, as the template, the Rust compiler and ELF name it.
pub(crate) struct Architecture {
    pub(crate) template: &'static str,
    pub(crate) rust: &'static str,
    /// `e_machine`.
    elf: u16,
}

pub(crate) const ARCHITECTURES: &[Architecture] = &[
    Architecture { template: "x86_64", rust: "x86_64", elf: 0x3e },
    Architecture { template: "arm64", rust: "aarch64", elf: 0xb7 },
];

impl Architecture {
    /// Whether the standard library of that target is installed: nothing is fetched for a check.
    fn is_at_hand(&self) -> bool {
        self.rust == std::env::consts::ARCH
            || sysroot().is_some_and(|root| {
                root.join(format!("lib/rustlib/{}-unknown-linux-gnu/lib", self.rust)).is_dir()
            })
    }

    /// Refuses a program for another processor.
    pub(crate) fn is_of(&self, program: &Path) -> Result<(), String> {
        let machine = elf_machine(program)?;
        if machine == self.elf {
            return Ok(());
        }
        Err(format!(
            "{} is an ELF file for machine {machine:#x}, not for {}",
            program.display(),
            self.template
        ))
    }
}

/// Where the compiler keeps the standard libraries of its targets.
fn sysroot() -> Option<PathBuf> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// The architectures that [`build`] leaves out, each with what would let it be built.
pub(crate) fn left_out() -> Vec<String> {
    let left = ARCHITECTURES.iter().filter(|known| !known.is_at_hand());
    left.map(|known| {
        format!("functions for {}: `rustup target add {}-unknown-linux-gnu`", known.template, known.rust)
    })
    .collect()
}

/// Builds for every architecture whose compilation target is installed, this machine's among them, by the command by which
/// people build what they deploy.
pub(crate) fn build(root: &Path) -> Result<(), String> {
    let host = std::env::consts::ARCH;
    if !ARCHITECTURES.iter().any(|known| known.rust == host) {
        return Err(format!("Lambda has no functions for this machine's architecture, {host}"));
    }
    panics_unwind(root)?;
    let python = Python::ready(root)?;
    ARCHITECTURES
        .iter()
        .filter(|known| known.is_at_hand())
        .try_for_each(|known| build_for(root, &python, known))
}

fn build_for(root: &Path, python: &Python, architecture: &Architecture) -> Result<(), String> {
    let folder = format!("target/sam/{}", architecture.template);
    run(python
        .tool("sam")?
        .args(["build", "--template-file", "template.yaml", "--build-dir", &folder])
        .args(["--parameter-overrides", &format!("Architecture={}", architecture.template)])
        // One folder for all functions, which share nearly everything that is compiled.
        .env("CARGO_TARGET_DIR", root.join("target"))
        // That they build is the question here, not how fast they are: optimising takes longer than all the rest.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .current_dir(root))?;
    for function in FUNCTIONS {
        architecture.is_of(&root.join(&folder).join(function).join("bootstrap"))?;
    }
    Ok(())
}

/// cargo-lambda lets panics abort where the manifest does not say otherwise, and then the runtime cannot report them.
fn panics_unwind(root: &Path) -> Result<(), String> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).map_err(|error| error.to_string())?;
    let release = manifest.split_once("[profile.release]").map_or("", |(_, behind)| behind);
    let release = release.split("\n[").next().unwrap_or_default();
    if release.lines().any(|line| line.trim() == "panic = \"unwind\"") {
        return Ok(());
    }
    Err("[profile.release] in Cargo.toml must say panic = \"unwind\"".to_owned())
}

/// `e_machine` of a little-endian ELF file.
fn elf_machine(path: &Path) -> Result<u16, String> {
    let mut header = [0; 20];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut header))
        .map_err(|error| format!("reading {}: {error}", path.display()))?;
    match header {
        [0x7f, b'E', b'L', b'F', .., low, high] => Ok(u16::from_le_bytes([low, high])),
        _ => Err(format!("{} is not an ELF file", path.display())),
    }
}
