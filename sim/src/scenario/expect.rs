//! Whether a run came to what its scenario expects.

use std::fmt;

use jiff::SignedDuration;
use steward::config::{Duration, Glob};
use steward::words::{self, Language};

use super::Played;
use super::form::{Expected, ExpectedRemedy, Verdict};
use super::measure::span;
use super::transcript::What;

/// What did not come as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The field, such as `remedies[0].call`.
    pub field: String,
    /// What was expected, and what came.
    pub problem: String,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl Played {
    /// Everything that did not come as expected.
    pub fn unmet(&self, expected: &Expected) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        let mut differs = |field: &str, problem: String| {
            unmet.push(Unmet { field: field.to_owned(), problem });
        };
        if let Some(remedies) = &expected.remedies {
            self.remedies(remedies, &mut differs);
        }
        if let Some(held) = &expected.held
            && *held != self.held
        {
            differs("held", format!("expected [{}], came [{}]", held.join(", "), self.held.join(", ")));
        }
        for (service, revision) in &expected.runs {
            let runs = self.runs.get(service).map_or("nothing", String::as_str);
            if runs != revision {
                differs(&format!("runs.{service}"), format!("expected {revision}, runs {runs}"));
            }
        }
        for (service, count) in &expected.wants {
            let wants = self.wants.get(service).copied().unwrap_or_default();
            if wants != *count {
                differs(&format!("wants.{service}"), format!("expected {count} tasks, wants {wants}"));
            }
        }
        for (service, strategy) in &expected.on {
            let on = self.on.get(service).map_or("nothing", String::as_str);
            if on != strategy {
                differs(&format!("on.{service}"), format!("expected {strategy}, runs on {on}"));
            }
        }
        for (index, text) in expected.says.iter().enumerate() {
            if !self.says(text) {
                differs(&format!("says[{index}]"), format!("no alert says `{text}`"));
            }
        }
        let tells = self.tells();
        for wanted in &expected.tells {
            if !tells.iter().any(|told| Glob::new(wanted.as_str()).matches(told)) {
                differs("tells", format!("nothing like `{wanted}` in [{}]", tells.join("; ")));
            }
        }
        if let Some(most) = expected.alerts_at_most.filter(|most| self.alerts > *most) {
            differs("alerts_at_most", format!("expected {most} at the most, came {}", self.alerts));
        }
        if let Some(count) = expected.incidents.filter(|count| *count != self.incidents.len()) {
            differs("incidents", format!("expected {count}, came {}", self.incidents.len()));
        }
        let open = self.incidents.iter().filter(|incident| incident.is_open()).count();
        if let Some(count) = expected.open_at_the_end.filter(|count| *count != open) {
            differs("open_at_the_end", format!("expected {count}, {open} go on"));
        }
        let recovery = self.measures.until_recovery();
        if let Some(recovers) = expected.recovers.filter(|recovers| *recovers != recovery.is_some()) {
            let came = recovery.map_or_else(|| "never".to_owned(), |after| format!("after {}", span(after)));
            differs("recovers", format!("expected {recovers}, recovered {came}"));
        }
        if let Some(within) = expected.recovered_within
            && let Some(problem) = too_late(recovery, within)
        {
            differs("recovered_within", problem);
        }
        unmet
    }

    /// Whether an alert says something, in what it asks or in what was done.
    fn says(&self, text: &str) -> bool {
        self.entries.iter().any(|entry| match &entry.what {
            What::Alert { message, .. } => {
                message.asks.iter().chain(&message.done).any(|said| said.as_str().contains(text))
            }
            _ => false,
        })
    }

    /// What the last incident tells of deployments that wait, and of who did what.
    fn tells(&self) -> Vec<String> {
        let Some(incident) = self.incidents.last() else { return Vec::new() };
        let ends = incident.hooks.iter().filter_map(|hook| hook.over.as_ref());
        let ends = ends.map(|over| words::hooks::end(over.how, over.by.as_ref(), Language::En));
        let seen = incident.hooks.iter().filter_map(|hook| hook.evidence.as_ref());
        let seen = seen.map(|evidence| words::hooks::evidence(evidence, Language::En));
        let deeds = incident.deeds.iter().map(|deed| words::deeds::deed(deed, Language::En));
        ends.chain(seen).chain(deeds).collect()
    }

    fn remedies(&self, expected: &[ExpectedRemedy], differs: &mut impl FnMut(&str, String)) {
        let calls: Vec<&str> = self.made.iter().map(|made| made.call.as_str()).collect();
        if calls.len() != expected.len() {
            differs("remedies", format!("expected {} calls, came [{}]", expected.len(), calls.join("; ")));
        }
        for (index, (expected, made)) in expected.iter().zip(&self.made).enumerate() {
            let field = |key: &str| format!("remedies[{index}].{key}");
            if !Glob::new(expected.call.as_str()).matches(&made.call) {
                differs(&field("call"), format!("expected `{}`, came `{}`", expected.call, made.call));
            }
            let after = Some(made.at.duration_since(self.measures.began));
            if let Some(problem) = expected.within.and_then(|within| too_late(after, within)) {
                differs(&field("within"), problem);
            }
            if let Some(early) =
                expected.not_before.filter(|early| after.is_some_and(|after| after < early.get()))
            {
                let came = after.map(span).unwrap_or_default();
                differs(&field("not_before"), format!("expected not before {early}, came after {came}"));
            }
            let verdict = match made.verdict {
                Some(steward::action::Verdict::Helped { .. }) => Verdict::Helped,
                Some(steward::action::Verdict::DidNotHelp { .. }) => Verdict::DidNotHelp,
                None => Verdict::None,
            };
            if let Some(expected) = expected.verdict.filter(|expected| *expected != verdict) {
                differs(&field("verdict"), format!("expected {expected:?}, came {verdict:?}"));
            }
        }
    }
}

fn too_late(after: Option<SignedDuration>, within: Duration) -> Option<String> {
    match after {
        Some(after) if after <= within.get() => None,
        Some(after) => Some(format!("expected within {within}, came after {}", span(after))),
        None => Some(format!("expected within {within}, never came")),
    }
}
