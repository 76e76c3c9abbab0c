//! What came of a simulation, for people and for programs.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};
use steward_sim::world::{Course, Outcome, Report, Side};

/// More failures say nothing more.
const MOST_SHOWN: usize = 3;
/// More of what is lacking says nothing more.
const MOST_LACKS: usize = 20;

pub(super) fn text(
    out: &mut impl Write,
    outcome: &Outcome,
    days: u32,
    took: Option<Duration>,
) -> io::Result<()> {
    for report in outcome.failures.iter().take(MOST_SHOWN) {
        writeln!(out, "seed {} does not hold:", report.seed)?;
        trace(out, report)?;
        for violation in &report.violations {
            writeln!(out, "  {violation}")?;
        }
        writeln!(out, "  again: {}\n", again(report, days))?;
    }
    let more = outcome.failures.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        let others = outcome.failures.iter().skip(MOST_SHOWN);
        let seeds: Vec<String> = others
            .map(|report| match report.violations.first() {
                Some(violation) => format!("{} ({})", report.seed, violation.invariant),
                None => report.seed.to_string(),
            })
            .collect();
        writeln!(out, "and {more} more: seeds {}\n", seeds.join(", "))?;
    }
    // One seed alone has not everything.
    let lacks = if outcome.seeds > 1 { outcome.lacks() } else { Vec::new() };
    for lack in lacks.iter().take(MOST_LACKS) {
        writeln!(out, "not whole: {lack}")?;
    }
    if lacks.len() > MOST_LACKS {
        writeln!(out, "not whole: and {} points more", lacks.len() - MOST_LACKS)?;
    }
    if let Some(took) = took {
        let rate = rate(outcome.runs, took);
        writeln!(out, "{} runs in {:.1} s: {rate:.1} a second", outcome.runs, took.as_secs_f64())?;
    }
    writeln!(
        out,
        "each seed: at least {} {}, {} faults of {} kinds, {} changes; {} changes in all",
        outcome.least.services.count,
        outcome.what(),
        outcome.least.faults.count,
        outcome.least.kinds.count,
        outcome.least.mutations.count,
        outcome.mutations
    )?;
    let faults: Vec<String> = outcome.faults.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let (struck, all) = outcome.crash_points();
    writeln!(
        out,
        "{}: {} seeds, {} runs, {:.0} virtual days; faults: {}; crash points: {struck} of {all}",
        if outcome.holds() { "all hold" } else { "NOT ALL HOLD" },
        outcome.seeds,
        outcome.runs,
        virtual_days(outcome),
        faults.join(", "),
    )
}

/// The last steps of a run.
pub(super) fn trace(out: &mut impl Write, report: &Report) -> io::Result<()> {
    report.trace.iter().try_for_each(|step| writeln!(out, "  {step}"))
}

pub(super) fn json(
    out: &mut impl Write,
    outcome: &Outcome,
    days: u32,
    took: Option<Duration>,
) -> io::Result<()> {
    let (struck, all) = outcome.crash_points();
    let failures: Vec<Value> = outcome
        .failures
        .iter()
        .map(|report| {
            json!({
                "course": report.course.as_str(),
                "seed": report.seed,
                "again": again(report, days),
                "violations": report.violations.iter().map(|violation| json!({
                    "invariant": violation.invariant.as_str(),
                    "at": violation.at.to_string(),
                    "what": violation.what,
                })).collect::<Vec<_>>(),
                "trace": report.trace.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        })
        .collect();
    let document = json!({
        "holds": outcome.holds(),
        "lacks": outcome.lacks(),
        "seeds": outcome.seeds,
        "runs": outcome.runs,
        "virtual_days": virtual_days(outcome),
        "seconds": took.map(|took| took.as_secs_f64()),
        "faults": outcome.faults.iter().map(|(kind, count)| (kind.as_str().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "missing_kinds": outcome.missing_kinds().iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        "changes": outcome.mutations,
        "seeds_with_changes": outcome.seeds_with_mutations,
        "least": {
            outcome.what(): outcome.least.services.count,
            "faults": outcome.least.faults.count,
            "kinds": outcome.least.kinds.count,
            "changes": outcome.least.mutations.count,
        },
        "crash_points": { "struck": struck, "all": all, "left": outcome.unstruck() },
        "failures": failures,
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The command that gives the same run.
fn again(report: &Report, days: u32) -> String {
    let what = match report.course {
        Course::Jobs => "jobs",
        Course::Scaling => "scaling-faults",
        _ => "faults",
    };
    let mut command = format!("steward simulate {what} --seed {} --days {days}", report.seed);
    for crash in report.crash_at.into_iter().flatten() {
        let side = match crash.side {
            Side::Before => "before",
            Side::After => "after",
        };
        command = format!("{command} --crash-at {}:{side}", crash.call);
    }
    if !matches!(report.course, Course::Faults | Course::Jobs | Course::Scaling) {
        command = format!("{command} --course {}", report.course.as_str());
    }
    command
}

fn virtual_days(outcome: &Outcome) -> f64 {
    outcome.passed.as_secs_f64() / 86_400.0
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(runs: u64, took: Duration) -> f64 {
    runs as f64 / took.as_secs_f64().max(0.001)
}
