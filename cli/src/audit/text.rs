//! For people: by service, the gravest first, in 80 columns. What many services have in common is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anstyle::Style;
use steward::audit::{CHECKS, Check, Finding, Report, Severity, Unseen};

use crate::terminal::{BOLD, DIM, RED, YELLOW, wrapped};

/// What more services than this have in common is told once.
const MANY: usize = 5;
/// So many of them are named.
const NAMED: usize = 8;
/// Where the text of a finding begins.
const INDENT: &str = "           ";

pub(super) fn write(out: &mut impl Write, report: &Report, checks: usize) -> io::Result<()> {
    let looked = format!(
        "{}: {} and {} looked at",
        report.cluster.name(),
        counted(report.services, "service"),
        counted(checks, "check")
    );
    if report.findings.is_empty() {
        let limit = if report.unseen.is_empty() { "" } else { " in what could be seen" };
        writeln!(out, "{looked}: nothing found{limit}")?;
        return write_unseen(out, &report.unseen);
    }
    wrapped(out, "", &format!("{looked}: {}", counts(&report.findings.iter().collect::<Vec<_>>())))?;
    let mut by_check: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        by_check.entry(finding.check.id).or_default().push(finding);
    }
    let is_common =
        |finding: &Finding| by_check.get(finding.check.id).is_some_and(|findings| findings.len() > MANY);
    write_common(out, &by_check)?;
    let mut services: BTreeMap<Option<&str>, Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| !is_common(finding)) {
        let name = finding.service.as_ref().map(|service| service.name.as_str());
        services.entry(name).or_default().push(finding);
    }
    for (name, findings) in services {
        let name = name.unwrap_or("the cluster itself");
        writeln!(out)?;
        writeln!(out, "{BOLD}{name}{BOLD:#}: {}", counts(&findings))?;
        for finding in findings {
            write_finding(out, finding, None)?;
        }
    }
    write_unseen(out, &report.unseen)?;
    write_advice(out, &by_check)
}

/// Findings that many services have, the gravest first.
fn write_common(out: &mut impl Write, by_check: &BTreeMap<&str, Vec<&Finding>>) -> io::Result<()> {
    let mut common: Vec<&Vec<&Finding>> = by_check.values().filter(|all| all.len() > MANY).collect();
    common.sort_by_key(|all| all.first().map(|finding| finding.check.severity));
    for (place, findings) in common.into_iter().enumerate() {
        let Some((first, others)) = findings.split_first() else { continue };
        if place == 0 {
            writeln!(out)?;
            writeln!(out, "{BOLD}many services{BOLD:#}")?;
        }
        let name = first.service.as_ref().map(|service| service.name.as_str());
        write_finding(out, first, name)?;
        let names = others.iter().filter_map(|finding| Some(finding.service.as_ref()?.name.as_str()));
        let mut shown: Vec<&str> = names.take(NAMED).collect();
        let left_out = others.len() > shown.len();
        if left_out {
            shown.push("…");
        }
        let hint = if left_out { "; `--format json` has all" } else { "" };
        wrapped(out, INDENT, &format!("and {} more: {}{hint}", others.len(), shown.join(", ")))?;
    }
    Ok(())
}

fn write_finding(out: &mut impl Write, finding: &Finding, of: Option<&str>) -> io::Result<()> {
    let Check { id, severity, title, .. } = finding.check;
    let style = style(*severity);
    let first = format!("  {:<7}  ", severity.as_str());
    let mut lines = Vec::new();
    wrapped(&mut lines, &first, &format!("{id}: {title}"))?;
    // Coloured afterwards: escapes have no width.
    let lines = String::from_utf8_lossy(&lines).into_owned();
    let coloured = format!("{style}{}{style:#}", severity.as_str());
    write!(out, "{}", lines.replacen(severity.as_str(), &coloured, 1))?;
    for piece in &finding.evidence {
        let of = of.map_or_else(String::new, |name| format!("{name}: "));
        wrapped(out, INDENT, &format!("{of}{piece}"))?;
    }
    Ok(())
}

/// What could not be seen, by what stood in the way.
fn write_unseen(out: &mut impl Write, unseen: &[Unseen]) -> io::Result<()> {
    let mut by_reason: BTreeMap<String, Vec<&Unseen>> = BTreeMap::new();
    for one in unseen {
        let reason = match &one.denied {
            Some(action) => format!("{action} is not allowed"),
            None => one.why.to_string(),
        };
        by_reason.entry(reason).or_default().push(one);
    }
    for (place, (reason, all)) in by_reason.iter().enumerate() {
        if place == 0 {
            writeln!(out)?;
            writeln!(out, "{BOLD}could not be seen{BOLD:#}")?;
        }
        let services: BTreeSet<&str> =
            all.iter().filter_map(|one| Some(one.service.as_ref()?.name.as_str())).collect();
        let checks: BTreeSet<&str> =
            all.iter().map(|one| one.check.map_or("all checks", |check| check.id)).collect();
        let checks = checks.into_iter().collect::<Vec<_>>().join(", ");
        let of = match (services.len(), services.first()) {
            (0, _) => "the cluster".to_owned(),
            (1, Some(name)) => (*name).to_owned(),
            (count, _) => counted(count, "service"),
        };
        wrapped(out, "  ", reason)?;
        wrapped(out, "    ", &format!("{checks} of {of}"))?;
    }
    Ok(())
}

/// Why it matters and what to do, once a check.
fn write_advice(out: &mut impl Write, by_check: &BTreeMap<&str, Vec<&Finding>>) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{BOLD}what to do{BOLD:#}")?;
    for check in CHECKS.iter().filter(|check| by_check.contains_key(check.id)) {
        writeln!(out, "  {}", check.id)?;
        write_about(out, check)?;
    }
    Ok(())
}

fn write_about(out: &mut impl Write, check: &Check) -> io::Result<()> {
    wrapped(out, "    why     ", check.reason)?;
    wrapped(out, "    fix     ", check.fix)?;
    wrapped(out, "    source  ", &format!("{} {}", check.source.name, check.source.url))
}

/// All checks.
pub(super) fn checks(out: &mut impl Write) -> io::Result<()> {
    for severity in Severity::ALL {
        for check in CHECKS.iter().filter(|check| check.severity == severity) {
            let style = style(severity);
            writeln!(out, "{BOLD}{}{BOLD:#} ({style}{severity}{style:#})", check.id)?;
            wrapped(out, "    ", check.title)?;
            write_about(out, check)?;
        }
    }
    Ok(())
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => DIM,
    }
}

/// `2 errors, 1 warning`.
fn counts(findings: &[&Finding]) -> String {
    let of = |severity: Severity| findings.iter().filter(|one| one.check.severity == severity).count();
    let all = Severity::ALL.map(|severity| (of(severity), severity.as_str()));
    let shown: Vec<String> =
        all.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(count, word)).collect();
    shown.join(", ")
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
