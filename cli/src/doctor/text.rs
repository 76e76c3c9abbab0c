//! For people: a line a finding, and what to do below it.

use std::io::{self, Write};

use anstyle::Style;

use super::checks::{Finding, Health};
use crate::terminal::{BOLD, GREEN, RED, YELLOW, wrapped};

/// Names of checks are no longer.
const NAME: usize = 14;

/// `2 problems, 1 not seen`; nothing of either: `well`.
pub(super) fn summary(findings: &[Finding]) -> String {
    let count = |health: Health| findings.iter().filter(|finding| finding.health == health).count();
    let mut parts = Vec::new();
    match count(Health::Problem) {
        0 => {}
        1 => parts.push("1 problem".to_owned()),
        some => parts.push(format!("{some} problems")),
    }
    let unseen = count(Health::Unseen);
    parts.extend((unseen > 0).then(|| format!("{unseen} not seen")));
    if parts.is_empty() { "well".to_owned() } else { parts.join(", ") }
}

pub(super) fn write(out: &mut impl Write, name: &str, findings: &[Finding]) -> io::Result<()> {
    for finding in findings {
        let (word, style) = word(finding.health);
        let first = format!("{word:<8} {:<NAME$} ", finding.check);
        let mut text = Vec::new();
        wrapped(&mut text, &first, &finding.says)?;
        let text = String::from_utf8_lossy(&text);
        let rest = text.strip_prefix(word).unwrap_or(&text);
        write!(out, "{style}{word}{style:#}{rest}")?;
        if let Some(next) = &finding.next {
            wrapped(out, &format!("{:8} {:>NAME$} ", "", "->"), next)?;
        }
    }
    writeln!(out, "{BOLD}{name}{BOLD:#}: {}", summary(findings))
}

fn word(health: Health) -> (&'static str, Style) {
    match health {
        Health::Well => ("ok", GREEN),
        Health::Problem => ("problem", RED),
        Health::Unseen => ("not seen", YELLOW),
    }
}
