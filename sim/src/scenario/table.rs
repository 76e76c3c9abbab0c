//! The measures of scenarios beside each other, for people.

use std::fmt::Write;

use super::measure::span;
use super::transcript::short_ids;
use super::{Played, Run, Scenario};

/// The runs of a scenario: each mode that it names, and ECS alone without its breaker and with it.
pub fn runs(scenario: &Scenario) -> Vec<Run> {
    let modes = scenario.modes().map(|(mode, _)| Run::Steward(mode));
    modes.chain([false, true].map(|breaker| Run::EcsAlone { breaker })).collect()
}

/// One run's measures in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who looked after the world.
    pub run: String,
    /// What was done about it, the last deed of each kind once.
    pub deeds: Vec<String>,
    /// Why no more was, in one word each.
    pub held: Vec<String>,
    /// From the first failure to the first thing done about it.
    pub remedy: String,
    /// From the first failure to recovery.
    pub recovery: String,
    /// How many alerts were sent.
    pub alerts: Option<usize>,
}

impl Row {
    /// The measures of a run.
    pub fn of(played: &Played) -> Self {
        let measures = played.measures;
        let is_steward = matches!(played.run, Run::Steward(_));
        let recovery = match (measures.first_failure, measures.until_recovery()) {
            (None, _) => "nothing failed".to_owned(),
            (Some(_), None) => "never".to_owned(),
            (Some(_), Some(after)) => span(after),
        };
        let mut deeds: Vec<String> = Vec::new();
        for made in &played.made {
            // A task's id tells nobody anything.
            let call = short_ids(made.call.split(" like ").next().unwrap_or(&made.call));
            match deeds.iter_mut().find(|known| known.starts_with(&call)) {
                Some(known) => *known = again(known, &call),
                None => deeds.push(call),
            }
        }
        Self {
            run: played.run.to_string(),
            deeds,
            held: played.held.clone(),
            remedy: measures.until_remedy().map_or_else(|| "none".to_owned(), span),
            recovery,
            alerts: is_steward.then_some(played.alerts),
        }
    }
}

fn again(known: &str, call: &str) -> String {
    let times = known.rsplit(" × ").next().and_then(|times| times.parse::<u32>().ok()).unwrap_or(1) + 1;
    format!("{call} × {times}")
}

/// The scenarios as a Markdown document: what each shows, and how long it took.
pub fn document(played: &[(&Scenario, Vec<Played>)]) -> String {
    let mut text = HEAD.to_owned();
    for (scenario, runs) in played {
        text.push_str(&section(scenario, runs));
    }
    text
}

/// What the document says of one scenario.
pub fn section(scenario: &Scenario, runs: &[Played]) -> String {
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _written = write_scenario(&mut text, scenario, runs);
    text
}

fn write_scenario(text: &mut String, scenario: &Scenario, runs: &[Played]) -> std::fmt::Result {
    writeln!(text, "\n## {}\n\n`{}`: {}\n", scenario.title(), scenario.name, scenario.why())?;
    writeln!(text, "| run | Steward calls | holds back for | remedy after | recovered after | alerts |")?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for row in runs.iter().map(Row::of) {
        let code = |words: &[String]| {
            let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            quoted.join(", ")
        };
        let alerts = row.alerts.map(|alerts| alerts.to_string()).unwrap_or_default();
        let (deeds, held) = (code(&row.deeds), code(&row.held));
        writeln!(text, "| {} | {deeds} | {held} | {} | {} | {alerts} |", row.run, row.remedy, row.recovery)?;
    }
    Ok(())
}

const HEAD: &str = "# Scenarios

Each is a file in [sim/scenarios](../sim/scenarios) that says what stands, what happens, and what must come of it. The
production handlers play it in virtual time against the model of ECS, in each mode that the file names; the same world is played
without Steward, too, with every circuit breaker off, and with every one on and going back. Each is a test
(`cargo test -p steward-sim scenario`).

```console
$ steward demo --scenario crash_after_completion   # one in full: what happened when, and every alert
$ steward demo --scenario my.yaml                  # one of your own
$ steward demo --write-scenarios docs/scenarios.md # this page
```

**Remedy after** is the time from the first failure (where nothing fails: from the first thing that happens) to the first call of
Steward's, or to ECS's going back by itself, whichever came first. **Recovered after** ends when every task runs on a
deployment that is over, and stays so until the end. Times are the model's: they compare runs of one world, and promise nothing about
another. Alerts are messages as they were sent to one channel; where a channel can change a message, most of them change one.
";
