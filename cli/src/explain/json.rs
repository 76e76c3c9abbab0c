//! One JSON object a line.

use std::io::{self, Write};

use serde::Serialize;

use steward::diagnosis::Cause;

use super::Explanation;

#[derive(Serialize)]
struct Line<'e> {
    file: &'e str,
    index: usize,
    kind: &'e str,
    target: Option<&'e str>,
    task: Option<&'e str>,
    /// Null for what stops nothing.
    cause: Option<&'e str>,
    kind_of_cause: Option<&'e str>,
    benign: bool,
    container: Option<&'e str>,
    exit_code: Option<i64>,
    evidence: Vec<String>,
    denied_action: Option<&'e str>,
    denied_resource: Option<&'e str>,
    advice: Option<String>,
    decision: Decision<'e>,
}

#[derive(Serialize)]
struct Decision<'e> {
    action: &'e str,
    mode: &'e str,
    /// Null for what no entry enrols.
    enrolled_by: Option<String>,
    reasons: Vec<String>,
}

pub(super) fn write(out: &mut impl Write, explanation: &Explanation<'_>) -> io::Result<()> {
    let diagnosis = explanation.diagnosis.as_ref();
    let cause = diagnosis.map(|diagnosis| diagnosis.cause);
    let denied = diagnosis.and_then(|diagnosis| diagnosis.denied_action.as_ref());
    let line = Line {
        file: explanation.file,
        index: explanation.index,
        kind: explanation.kind,
        target: explanation.target.as_deref(),
        task: explanation.task.as_deref(),
        cause: cause.map(Cause::as_str),
        kind_of_cause: cause.map(|cause| cause.kind().as_str()),
        benign: cause.is_some_and(Cause::is_benign),
        container: diagnosis.and_then(|diagnosis| diagnosis.container.as_ref()).map(AsRef::as_ref),
        exit_code: diagnosis.and_then(|diagnosis| diagnosis.exit_code),
        evidence: diagnosis
            .map(|diagnosis| {
                diagnosis.evidence.iter().map(|piece| format!("{}: {}", piece.source, piece.text)).collect()
            })
            .unwrap_or_default(),
        denied_action: denied.map(|denied| denied.action.as_str()),
        denied_resource: denied.and_then(|denied| denied.resource.as_ref()).map(AsRef::as_ref),
        advice: diagnosis.map(|diagnosis| diagnosis.advice.to_string()),
        decision: Decision {
            action: explanation.decision.action.as_str(),
            mode: explanation.decision.mode.as_str(),
            enrolled_by: explanation.enrolled_by(),
            reasons: explanation.decision.reasons.iter().map(ToString::to_string).collect(),
        },
    };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}
