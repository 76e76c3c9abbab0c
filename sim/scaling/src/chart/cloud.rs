//! All settings by what they cost and how many messages were late.

use std::fmt::Write as _;

use super::scale::{Scale, late, short};
use super::{Chart, escaped};
use crate::compare::Comparison;
use crate::outcome::Outcome;
use crate::policy::Policy;

const WIDTH: f64 = 1_100.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 1_080.0;
const TOP: f64 = 40.0;
const BASE: f64 = 410.0;
/// Late shares that have a line, in percent.
const SHARES: [f64; 6] = [0.0, 0.01, 0.1, 1.0, 10.0, 100.0];
/// Settings that cost more than so many times what ours and the front's cheapest faultless do are drawn at the edge.
const REACH: f64 = 2.5;

/// Late share against task-hours: a mark for every setting, a line for each peer's front.
///
/// Where `is_told`, each mark says what its setting is to whoever points at it.
pub fn cloud(comparison: &Comparison, is_told: bool) -> Chart {
    let mut chart = Chart::new(WIDTH, HEIGHT, "Late messages against task-hours, all settings");
    let tried = || comparison.rivals.iter().flat_map(|rival| &rival.tried);
    let most = tried().map(|tried| tried.outcome.task_hours).fold(0.0, f64::max);
    let own = comparison.ours.map_or(0.0, |ours| ours.task_hours);
    let to = if own > 0.0 { most.min(own * REACH).max(own * 1.1) } else { most };
    let (x, y) = (Scale::new((0.0, to), (LEFT, RIGHT)), Scale::new((0.0, late(100.0)), (BASE, TOP)));
    for share in SHARES {
        let at = y.place(late(share));
        chart.line("grid", (LEFT, at), (RIGHT, at));
        chart.text((LEFT - 8.0, at + 4.0), "tick end", format_args!("{} %", short(share)));
    }
    for hours in x.ticks(8.0) {
        let at = x.place(hours);
        chart.line("grid", (at, TOP), (at, BASE));
        chart.text((at, BASE + 18.0), "tick middle", short(hours));
    }
    chart.text((f64::midpoint(LEFT, RIGHT), BASE + 38.0), "axis middle", "task-hours");
    let place =
        |outcome: &Outcome| (x.place(outcome.task_hours), y.place(late(outcome.late_share() * 100.0)));
    if let Some(ours) = &comparison.ours {
        // Whatever lies in there is better in both.
        let (right, top) = place(ours);
        let (width, height) = (right - LEFT, BASE - top);
        if height > 0.5 {
            chart.draw(format_args!(
                "<rect class=\"better\" x=\"{LEFT:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            ));
        }
    }
    for rival in &comparison.rivals {
        for tried in rival.tried.iter().filter(|tried| tried.outcome.task_hours <= to) {
            let told = || titled(rival.policy, &tried.outcome, &tried.setting.to_string());
            let title = if is_told { told() } else { String::new() };
            chart.mark(rival.policy, "dot", place(&tried.outcome), 2.6, &title);
        }
    }
    for rival in &comparison.rivals {
        let front = rival.front();
        let within = front.iter().filter(|tried| tried.outcome.task_hours <= to);
        let mut path = String::new();
        for (n, tried) in within.enumerate() {
            let (x, y) = place(&tried.outcome);
            // What lies between two settings of a front is reached by neither: a step, not a slope.
            // Writing to a string does not fail.
            let _ = if n == 0 { write!(path, "M{x:.1} {y:.1}") } else { write!(path, "H{x:.1}V{y:.1}") };
        }
        let name = rival.policy.as_str();
        chart.draw(format_args!("<path class=\"front {}\" d=\"{}\"/>", escaped(name), path));
    }
    if let Some(ours) = &comparison.ours {
        chart.mark(Policy::Steward, "own", place(ours), 6.0, &titled(Policy::Steward, ours, ""));
    }
    legend(&mut chart, comparison);
    chart
}

fn titled(policy: Policy, outcome: &Outcome, setting: &str) -> String {
    let Outcome { task_hours, .. } = outcome;
    let share = outcome.late_share() * 100.0;
    format!("{}: {share:.3} % late, {task_hours:.2} task-hours\n{setting}", policy.as_str())
}

fn legend(chart: &mut Chart, comparison: &Comparison) {
    let mut x = LEFT;
    chart.text((x, 20.0), "axis", "late messages");
    x += 130.0;
    let ours = comparison.ours.map(|_| Policy::Steward);
    for policy in ours.into_iter().chain(comparison.rivals.iter().map(|rival| rival.policy)) {
        let class = if policy == Policy::Steward { "own" } else { "key" };
        chart.mark(policy, class, (x, 16.0), 5.0, "");
        chart.text((x + 12.0, 20.0), "tick", policy.as_str());
        x += 140.0;
    }
}
