//! One JSON object. docs/audit.md describes it; members are added, and none goes or changes its meaning within a version.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use steward::audit::{CHECKS, Check, Report, Severity, Source};

/// The version of the form.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    cluster: &'r str,
    services: usize,
    counts: BTreeMap<&'static str, usize>,
    /// Those that found something, or could not see.
    checks: BTreeMap<&'static str, About>,
    findings: Vec<Finding<'r>>,
    unseen: Vec<Unseen<'r>>,
}

/// What a check is about.
#[derive(Serialize)]
struct About {
    severity: Severity,
    title: &'static str,
    reason: &'static str,
    fix: &'static str,
    source: Source,
}

#[derive(Serialize)]
struct Finding<'r> {
    check: &'static str,
    severity: Severity,
    /// Null: the cluster itself.
    service: Option<&'r str>,
    service_arn: Option<&'r str>,
    evidence: Vec<&'r str>,
}

#[derive(Serialize)]
struct Unseen<'r> {
    /// Null: all checks, for the service itself could not be read.
    check: Option<&'static str>,
    service: Option<&'r str>,
    service_arn: Option<&'r str>,
    why: &'r str,
    denied_action: Option<&'r str>,
}

impl About {
    fn of(check: &Check) -> Self {
        let Check { severity, title, reason, fix, source, .. } = *check;
        Self { severity, title, reason, fix, source }
    }
}

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let spoken = report.findings.iter().map(|finding| finding.check);
    let mentioned = spoken.chain(report.unseen.iter().filter_map(|unseen| unseen.check));
    let document = Document {
        version: VERSION,
        cluster: report.cluster.as_str(),
        services: report.services,
        counts: Severity::ALL.map(|severity| (severity.as_str(), report.count(severity))).into(),
        checks: mentioned.map(|check| (check.id, About::of(check))).collect(),
        findings: report
            .findings
            .iter()
            .map(|finding| Finding {
                check: finding.check.id,
                severity: finding.check.severity,
                service: finding.service.as_ref().map(|service| service.name.as_str()),
                service_arn: finding.service.as_ref().map(|service| service.arn.as_str()),
                evidence: finding.evidence.iter().map(AsRef::as_ref).collect(),
            })
            .collect(),
        unseen: report
            .unseen
            .iter()
            .map(|unseen| Unseen {
                check: unseen.check.map(|check| check.id),
                service: unseen.service.as_ref().map(|service| service.name.as_str()),
                service_arn: unseen.service.as_ref().map(|service| service.arn.as_str()),
                why: unseen.why.as_ref(),
                denied_action: unseen.denied.as_deref(),
            })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// All checks, by id.
pub(super) fn checks(out: &mut impl Write) -> io::Result<()> {
    let all: BTreeMap<&'static str, About> =
        CHECKS.iter().map(|check| (check.id, About::of(check))).collect();
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}
