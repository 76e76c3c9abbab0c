//! What machine it is: times are of one, and only ratios carry over.

use std::fmt;
use std::fs;

use serde_json::{Value, json};

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The processor's name, as the kernel has it.
    pub processor: String,
    /// Processors that this program may use.
    pub cores: usize,
    /// The kernel's name and version.
    pub kernel: String,
    /// The peer's Python, where there is a peer.
    pub python: Option<String>,
}

impl Machine {
    /// This one.
    pub fn here(python: Option<String>) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let unknown = || "an unknown processor".to_owned();
        Self {
            processor: model(&read("/proc/cpuinfo")).unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: kernel(&read("/proc/version")),
            python,
        }
    }

    pub(crate) fn json(&self) -> Value {
        let Self { processor, cores, kernel, python } = self;
        json!({"processor": processor, "cores": cores, "kernel": kernel, "python": python})
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores, {}", self.processor, self.cores, self.kernel)?;
        match &self.python {
            Some(python) => write!(f, ", Python {python}"),
            None => Ok(()),
        }
    }
}

fn model(cpuinfo: &str) -> Option<String> {
    // Processors of ARM tell a number of their part instead.
    let value = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    value("model name").or_else(|| Some(format!("CPU part {}", value("CPU part")?)))
}

/// `Linux 6.18.44` of `Linux version 6.18.44 (…`.
fn kernel(version: &str) -> String {
    let mut words = version.split_whitespace().filter(|word| *word != "version");
    match (words.next(), words.next()) {
        (Some(name), Some(number)) => format!("{name} {number}"),
        _ => "an unknown kernel".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_tell_their_model_or_their_part() {
        assert_eq!(model("processor\t: 0\nmodel name\t: AMD EPYC\n").as_deref(), Some("AMD EPYC"));
        assert_eq!(model("processor\t: 0\nCPU part\t: 0xd40\n").as_deref(), Some("CPU part 0xd40"));
        assert_eq!(model(""), None);
    }

    #[test]
    fn the_kernel_is_its_name_and_its_version() {
        assert_eq!(kernel("Linux version 6.18.44-x (root@host) #1 SMP"), "Linux 6.18.44-x");
        assert_eq!(kernel(""), "an unknown kernel");
    }
}
