//! For people: a block an event, aligned, in 80 columns.

use std::io::{self, Write};

use super::Explanation;
use crate::terminal::{BOLD, DIM, style_of, wrapped};

/// What is quoted of one text: four lines or so.
const QUOTE_CHARS: usize = 400;

pub(super) fn write(out: &mut impl Write, explanation: &Explanation<'_>) -> io::Result<()> {
    let Explanation { file, index, kind, target, task, diagnosis, .. } = explanation;
    writeln!(out, "{DIM}{file} [{index}]{DIM:#}")?;
    let place = target.as_deref().unwrap_or(kind);
    let Some(diagnosis) = diagnosis else {
        writeln!(out, "{BOLD}{place}{BOLD:#}: nothing stopped ({kind})")?;
        write_done(out, explanation)?;
        return write_decision(out, explanation);
    };
    let style = style_of(diagnosis.cause.kind());
    writeln!(
        out,
        "{BOLD}{place}{BOLD:#}: {style}{}{style:#} ({})",
        diagnosis.cause,
        diagnosis.cause.kind().as_str()
    )?;
    wrapped(out, "  ", diagnosis.cause.headline())?;
    if let Some(task) = task {
        wrapped(out, "  task       ", task)?;
    }
    if let Some(container) = &diagnosis.container {
        let code = diagnosis.exit_code.map_or_else(String::new, |code| format!(", exit code {code}"));
        wrapped(out, "  container  ", &format!("{container}{code}"))?;
    }
    for (place, piece) in diagnosis.evidence.iter().enumerate() {
        let name = if place == 0 { "  evidence   " } else { "             " };
        wrapped(out, name, &format!("{}: {}", piece.source, piece.text.shortened(QUOTE_CHARS)))?;
    }
    if let Some(denied) = &diagnosis.denied_action {
        let on = denied.resource.as_ref().map_or_else(String::new, |resource| format!(" on {resource}"));
        wrapped(out, "  denied     ", &format!("{}{on}", denied.action))?;
    }
    wrapped(out, "  next       ", &diagnosis.advice.to_string())?;
    write_done(out, explanation)?;
    write_decision(out, explanation)
}

fn write_done(out: &mut impl Write, explanation: &Explanation<'_>) -> io::Result<()> {
    explanation.done.iter().try_for_each(|deed| wrapped(out, "  who        ", deed))
}

fn write_decision(out: &mut impl Write, explanation: &Explanation<'_>) -> io::Result<()> {
    let decision = &explanation.decision;
    if explanation.is_by_configuration {
        let by = match (explanation.enrolled_by(), &explanation.target) {
            (Some(entry), _) => format!("enrolled by {entry}"),
            (None, Some(_)) => "enrolled by no entry of `services`".to_owned(),
            (None, None) => "nothing that could be enrolled".to_owned(),
        };
        wrapped(out, "  policy     ", &format!("{by}; mode {}", decision.mode.as_str()))?;
    }
    for (place, reason) in decision.reasons.iter().enumerate() {
        let first = if place == 0 { format!("  {:<9}  ", decision.action.as_str()) } else { " ".repeat(13) };
        wrapped(out, &first, &reason.to_string())?;
    }
    writeln!(out)
}
