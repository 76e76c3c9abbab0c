//! An outage as it stands.

use super::{Style, push, push_place};
use crate::incident::Severity;
use crate::ledger::Outage;
use crate::notification::{Message, Tone};
use crate::redact::redact;
use crate::words::Language;
use crate::words::alerts::{self, Name};
use crate::words::causes;

/// So many services are named; the rest are counted.
const MAX_NAMED: usize = 15;

pub(super) fn message(outage: &Outage, style: &Style<'_>) -> Message {
    let language = style.language;
    let tone = if outage.is_open() { Tone::Alert(Severity::Critical) } else { Tone::Good };
    let mut facts = Vec::new();
    push(&mut facts, Name::Failing, Some(named(outage, true, outage.failing.len(), language)));
    push(&mut facts, Name::WellAgain, Some(named(outage, false, outage.over.len(), language)));
    push(
        &mut facts,
        Name::Causes,
        Some(outage.causes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    );
    push(&mut facts, Name::Zones, Some(outage.zones.iter().cloned().collect::<Vec<_>>().join(", ")));
    push_place(&mut facts, &outage.cluster, language);
    let (done, advice) = alerts::outage_advice(outage.cluster.name(), language);
    Message {
        status: redact(&status(outage, language)),
        facts,
        advice: outage.is_open().then(|| redact(&advice)),
        done: if outage.is_open() { vec![redact(&done)] } else { Vec::new() },
        ..Message::brief(tone, redact(&title(outage, language)), language)
    }
}

/// How many fail, and of what.
pub(super) fn title(outage: &Outage, language: Language) -> String {
    let causes =
        outage.causes.iter().map(|cause| format!("{} ({cause})", causes::headline(*cause, language)));
    let what: Vec<String> = causes.chain(outage.zones.iter().cloned()).collect();
    alerts::outage(outage.cluster.name(), outage.count(), &what.join(", "), outage.is_open(), language)
}

/// How it stands, in one line.
pub(super) fn status(outage: &Outage, language: Language) -> String {
    alerts::outage_status(outage.failing.len(), outage.over.len(), outage.since, outage.resolved_at, language)
}

fn named(outage: &Outage, fails: bool, count: usize, language: Language) -> String {
    let names = outage.names.iter().filter(|(_, still)| **still == fails).map(|(name, _)| name.to_string());
    let mut names: Vec<String> = names.take(MAX_NAMED).collect();
    if count > names.len() {
        names.push(alerts::and_more(count - names.len(), language));
    }
    names.join(", ")
}
