//! SARIF 2.1.0 (OASIS), for code scanning: a rule a check, a result a finding, and a notification for what could not be seen.
//!
//! A service is no file: its place is a logical location, its name the ARN.

use std::io::{self, Write};

use serde_json::{Value, json};
use steward::audit::{CHECKS, Check, Finding, Named, Report, Unseen};
use steward::redact::redact;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What fingerprints are made of: a new name would make every finding a new one.
const FINGERPRINT: &str = "checkAndResource/v1";

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let results: Vec<Value> = report.findings.iter().map(|finding| result(finding, report)).collect();
    let notifications: Vec<Value> = report.unseen.iter().map(|unseen| notification(unseen, report)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "steward audit",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": CHECKS.iter().map(rule).collect::<Vec<_>>(),
            }},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notifications}],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.reason},
        "help": {"text": check.fix},
        "helpUri": check.source.url,
        "defaultConfiguration": {"level": check.severity.as_str()},
        "properties": {"source": check.source.name},
    })
}

fn result(finding: &Finding, report: &Report) -> Value {
    let index = CHECKS.iter().position(|check| check.id == finding.check.id);
    let evidence: Vec<&str> = finding.evidence.iter().map(AsRef::as_ref).collect();
    let name = finding.service.as_ref().map_or("the cluster", |service| service.name.as_str());
    let text = format!("{name}: {} ({})", finding.check.title, evidence.join("; "));
    let resource = finding.service.as_ref().map_or(report.cluster.as_str(), |service| service.arn.as_str());
    json!({
        "ruleId": finding.check.id,
        "ruleIndex": index,
        "level": finding.check.severity.as_str(),
        "message": {"text": redact(&text).as_str()},
        "locations": [location(finding.service.as_ref(), report)],
        // What is told again, though its evidence changes, is the same.
        "partialFingerprints": {FINGERPRINT: format!("{}/{resource}", finding.check.id)},
    })
}

fn location(service: Option<&Named>, report: &Report) -> Value {
    let (name, resource) = match service {
        Some(service) => (service.name.as_str(), service.arn.as_str()),
        None => (report.cluster.name(), report.cluster.as_str()),
    };
    json!({"logicalLocations": [{"name": name, "fullyQualifiedName": resource, "kind": "resource"}]})
}

fn notification(unseen: &Unseen, report: &Report) -> Value {
    let who = unseen.check.map_or("no check", |check| check.id);
    let sees = if unseen.check.is_some() { "could not see this" } else { "could see this" };
    let mut notification = json!({
        "level": "warning",
        "message": {"text": format!("{who} {sees}: {}", unseen.why)},
        "locations": [location(unseen.service.as_ref(), report)],
    });
    if let (Some(check), Some(members)) = (unseen.check, notification.as_object_mut()) {
        members.insert("associatedRule".to_owned(), json!({"id": check.id}));
    }
    notification
}
