//! What came of a comparison, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::compare::{Comparison, Rival};
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::world::World;

/// More of a front says nothing more.
const MOST_OF_A_FRONT: usize = 12;

/// One object a policy: for a peer, what came of its best setting.
pub fn json(comparison: &Comparison, ours: &str) -> Value {
    let own = comparison.ours.iter().filter(|_| comparison.shows_ours);
    let own = own.map(|outcome| object(Policy::Steward, outcome, &json!(ours)));
    let rivals = comparison.rivals.iter().filter_map(|rival| {
        let best = rival.best(comparison.ours.as_ref())?;
        Some(object(rival.policy, &best.outcome, &json!(best.setting)))
    });
    Value::Array(own.chain(rivals).collect())
}

fn object(policy: Policy, outcome: &Outcome, setting: &Value) -> Value {
    json!({
        "policy": policy,
        "late_share": outcome.late_share(),
        "wait_p50": outcome.wait_p50,
        "wait_p95": outcome.wait_p95,
        "wait_p99": outcome.wait_p99,
        "task_hours": outcome.task_hours,
        "reversals": outcome.reversals,
        "killed_in_flight": outcome.killed_in_flight,
        "burst_reaction_s": outcome.burst_reaction,
        "setting": setting,
    })
}

/// For people, in 80 columns.
pub fn text(comparison: &Comparison, world: &World, ours: &str) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}\n", wrapped(&about(world), 80).join("\n"))
        .and_then(|()| table(&mut text, comparison, ours))
        .and_then(|()| comparison.rivals.iter().try_for_each(|rival| front(&mut text, rival, comparison)))
        .and_then(|()| verdict(&mut text, comparison));
    text
}

/// What holds in the world.
pub(crate) fn about(world: &World) -> String {
    let options = &world.options;
    format!(
        "{} messages in {:.1} hours, {:.2} s each on average, {} at once in a task. Start-up {:.0} s, promise {:.0} s, {} to {} tasks, seed {}.",
        world.arrivals.len(),
        world.ends as f64 / 3_600_000.0,
        world.mean_service / 1_000.0,
        options.per_task,
        options.start_up as f64 / 1_000.0,
        options.promise as f64 / 1_000.0,
        options.min,
        options.max,
        options.seed,
    )
}

fn table(text: &mut String, comparison: &Comparison, ours: &str) -> std::fmt::Result {
    writeln!(text, "policy            late %     p50     p95     p99    hours  rev. killed  burst")?;
    if let Some(outcome) = comparison.ours.as_ref().filter(|_| comparison.shows_ours) {
        row(text, Policy::Steward, outcome)?;
        setting(text, ours)?;
    }
    for rival in &comparison.rivals {
        if let Some(best) = rival.best(comparison.ours.as_ref()) {
            row(text, rival.policy, &best.outcome)?;
            setting(text, &best.setting.to_string())?;
        }
    }
    Ok(())
}

fn row(text: &mut String, policy: Policy, outcome: &Outcome) -> std::fmt::Result {
    let burst = outcome.burst_reaction.map_or("-".to_owned(), |seconds| format!("{seconds:.0} s"));
    writeln!(
        text,
        "{:16} {:>7.3} {:>7.1} {:>7.1} {:>7.1} {:>8.2} {:>5} {:>6} {burst:>6}",
        policy.as_str(),
        outcome.late_share() * 100.0,
        outcome.wait_p50,
        outcome.wait_p95,
        outcome.wait_p99,
        outcome.task_hours,
        outcome.reversals,
        outcome.killed_in_flight,
    )
}

fn setting(text: &mut String, words: &str) -> std::fmt::Result {
    wrapped(words, 74).iter().try_for_each(|line| writeln!(text, "    {line}"))
}

/// In lines of at most so many characters.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn front(text: &mut String, rival: &Rival, comparison: &Comparison) -> std::fmt::Result {
    let front = rival.front();
    writeln!(text, "\nfront of {}, {} settings tried:", rival.policy.as_str(), rival.tried.len())?;
    writeln!(text, "    hours   late %  rev.  setting")?;
    let shown = front.len().min(MOST_OF_A_FRONT);
    for place in 0..shown {
        // Evenly over the front, with both of its ends.
        let place = if shown > 1 { place * (front.len() - 1) / (shown - 1) } else { 0 };
        let Some(tried) = front.get(place) else { continue };
        let outcome = &tried.outcome;
        let beats = comparison.ours.is_some_and(|ours| outcome.beats(&ours));
        let lines = wrapped(&tried.setting.to_string(), 52);
        let mark = if beats { "!" } else { " " };
        for (place, line) in lines.iter().enumerate() {
            if place == 0 {
                let (hours, late) = (outcome.task_hours, outcome.late_share() * 100.0);
                writeln!(text, "{mark}{hours:>8.2} {late:>8.3} {:>5}  {line}", outcome.reversals)?;
            } else {
                writeln!(text, "{:26}{line}", "")?;
            }
        }
    }
    if front.len() > shown {
        writeln!(text, "    and {} more between them", front.len() - shown)?;
    }
    Ok(())
}

fn verdict(text: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let (Some(ours), Some(proofs), true) = (&comparison.ours, comparison.proofs(), comparison.shows_ours)
    else {
        return Ok(());
    };
    let word = |holds: bool| if holds { "holds" } else { "FAILS" };
    writeln!(text)?;
    if !comparison.rivals.is_empty() {
        writeln!(text, "{}: no peer has fewer late messages at no more task-hours", word(proofs.unbeaten))?;
    }
    for rival in &comparison.rivals {
        let winners = rival.winners(ours).count();
        if winners > 0 {
            let tried = rival.tried.len();
            writeln!(text, "    {} wins with {winners} of {tried} settings", rival.policy.as_str())?;
        }
    }
    writeln!(text, "{}: {} messages killed in flight", word(proofs.no_kills), ours.killed_in_flight)?;
    if comparison.rivals.is_empty() {
        writeln!(text, "open: {} reversals, and no other was tried", ours.reversals)?;
    } else {
        let calm = word(proofs.calm);
        let nearest = comparison.nearest(ours);
        let (policy, theirs) =
            nearest.map_or(("none", 0), |(policy, tried)| (policy.as_str(), tried.outcome.reversals));
        writeln!(
            text,
            "{calm}: {} reversals; {theirs} of {policy}, the nearest of all in task-hours. By peer:",
            ours.reversals
        )?;
    }
    for rival in &comparison.rivals {
        if let Some(nearest) = rival.nearest(ours) {
            let Outcome { task_hours, reversals, .. } = nearest.outcome;
            writeln!(text, "    {:16} {reversals} at {task_hours:.2} hours", rival.policy.as_str())?;
        }
    }
    match ours.burst_reaction {
        Some(seconds) => writeln!(text, "{}: {seconds:.1} s from a burst to the order", word(proofs.quick)),
        None => writeln!(text, "{}: there was no burst", word(proofs.quick)),
    }
}
