//! What came of a comparison, as a page: one file, no script, nothing from elsewhere, light and dark.

use askama::Template;
use steward::scaling::Scaler;

use crate::chart::{self, Line, cloud, timeline};
use crate::compare::{Comparison, Rival};
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::search::{course, course_of};
use crate::show::about;
use crate::world::World;

/// Longer traces are shown once whole, and once where most waits or runs, in seconds.
const CLOSE_UP: u64 = 3 * 3_600;

#[derive(Template)]
#[template(path = "scaling.html")]
struct Page<'p> {
    trace: &'p str,
    about: String,
    style: &'static str,
    proofs: Vec<Proof>,
    rows: Vec<Row>,
    has_own: bool,
    cloud: String,
    fronts: Vec<Front>,
    timelines: Vec<(String, String)>,
    version: &'static str,
}

struct Proof {
    holds: bool,
    words: String,
}

struct Row {
    is_own: bool,
    policy: &'static str,
    late: String,
    p50: String,
    p95: String,
    p99: String,
    hours: String,
    reversals: u32,
    killed: u64,
    burst: String,
    setting: String,
}

struct Front {
    title: String,
    rows: Vec<FrontRow>,
}

struct FrontRow {
    wins: bool,
    hours: String,
    late: String,
    reversals: u32,
    setting: String,
}

/// The page. `trace` is how the trace is called, `ours` how ours is set.
pub fn page(comparison: &Comparison, world: &World, scaler: &Scaler, trace: &str, ours: &str) -> String {
    let lines = lines(comparison, world, scaler);
    let page = Page {
        trace,
        about: about(world),
        style: chart::STYLE,
        proofs: proofs(comparison),
        rows: rows(comparison, ours),
        has_own: comparison.shows_ours,
        cloud: cloud(comparison, true).inline(),
        fronts: comparison.rivals.iter().map(|rival| front(rival, comparison)).collect(),
        timelines: timelines(&lines, world),
        version: env!("CARGO_PKG_VERSION"),
    };
    // A template without filters of our own writes into a string, and does not fail.
    page.render().unwrap_or_default()
}

/// Ours, and the peers at their best.
pub fn lines(comparison: &Comparison, world: &World, scaler: &Scaler) -> Vec<Line> {
    let own = comparison.shows_ours.then(|| Line { policy: Policy::Steward, course: course(world, scaler) });
    let rivals = comparison.rivals.iter().filter_map(|rival| {
        let best = rival.best(comparison.ours.as_ref())?;
        Some(Line { policy: rival.policy, course: course_of(world, &best.setting) })
    });
    own.into_iter().chain(rivals).collect()
}

fn timelines(lines: &[Line], world: &World) -> Vec<(String, String)> {
    let ends = world.ends / 1_000;
    let whole = ("The whole trace.".to_owned(), timeline(lines, 0, ends).inline());
    if ends < 2 * CLOSE_UP {
        return vec![whole];
    }
    let from = busiest(world);
    let close = timeline(lines, from, from + CLOSE_UP).inline();
    vec![whole, ("The three hours around the busiest minute.".to_owned(), close)]
}

/// Where the hours around the minute begin in which most arrives, in seconds.
pub fn busiest(world: &World) -> u64 {
    let mut best = (0_usize, 0_u64);
    for minute in world.arrivals.chunk_by(|one, other| one / 60_000 == other / 60_000) {
        if let Some(first) = minute.first().filter(|_| minute.len() > best.0) {
            best = (minute.len(), first / 1_000);
        }
    }
    best.1.saturating_sub(CLOSE_UP / 2).min((world.ends / 1_000).saturating_sub(CLOSE_UP))
}

fn proofs(comparison: &Comparison) -> Vec<Proof> {
    let (Some(ours), Some(proofs), true) = (&comparison.ours, comparison.proofs(), comparison.shows_ours)
    else {
        return Vec::new();
    };
    let winners = comparison.rivals.iter().filter_map(|rival| {
        let winners = rival.winners(ours).count();
        let (policy, tried) = (rival.policy.as_str(), rival.tried.len());
        (winners > 0).then(|| format!("{policy} with {winners} of {tried} settings"))
    });
    let winners: Vec<String> = winners.collect();
    let nearest = comparison.rivals.iter().filter_map(|rival| {
        let Outcome { reversals, task_hours, .. } = rival.nearest(ours)?.outcome;
        Some(format!("{} {reversals} at {task_hours:.2}", rival.policy.as_str()))
    });
    let nearest: Vec<String> = nearest.collect();
    let mut said = vec![
        Proof {
            holds: proofs.no_kills,
            words: format!("{} messages killed in flight", ours.killed_in_flight),
        },
        Proof {
            holds: proofs.calm,
            words: format!(
                "{} reversals; of each peer the setting nearest in task-hours, of which the nearest counts: {}",
                ours.reversals,
                if nearest.is_empty() { "none tried".to_owned() } else { nearest.join(", ") }
            ),
        },
        Proof {
            holds: proofs.quick,
            words: ours.burst_reaction.map_or_else(
                || "no burst".to_owned(),
                |seconds| format!("{seconds:.1} s from a visible burst to the order, at the most"),
            ),
        },
    ];
    if !comparison.rivals.is_empty() {
        let words = if winners.is_empty() {
            "no peer's setting has fewer late messages at no more task-hours".to_owned()
        } else {
            format!("fewer late messages at no more task-hours: {}", winners.join(", "))
        };
        said.insert(0, Proof { holds: proofs.unbeaten, words });
    }
    said
}

fn rows(comparison: &Comparison, ours: &str) -> Vec<Row> {
    let own = comparison.ours.iter().filter(|_| comparison.shows_ours);
    let own = own.map(|outcome| row(Policy::Steward, outcome, ours.to_owned()));
    let rivals = comparison.rivals.iter().filter_map(|rival| {
        let best = rival.best(comparison.ours.as_ref())?;
        Some(row(rival.policy, &best.outcome, best.setting.to_string()))
    });
    own.chain(rivals).collect()
}

fn row(policy: Policy, outcome: &Outcome, setting: String) -> Row {
    Row {
        is_own: policy == Policy::Steward,
        policy: policy.as_str(),
        late: format!("{:.3} %", outcome.late_share() * 100.0),
        p50: format!("{:.1} s", outcome.wait_p50),
        p95: format!("{:.1} s", outcome.wait_p95),
        p99: format!("{:.1} s", outcome.wait_p99),
        hours: format!("{:.2}", outcome.task_hours),
        reversals: outcome.reversals,
        killed: outcome.killed_in_flight,
        burst: outcome.burst_reaction.map_or("–".to_owned(), |seconds| format!("{seconds:.0} s")),
        setting,
    }
}

fn front(rival: &Rival, comparison: &Comparison) -> Front {
    let (front, policy) = (rival.front(), rival.policy.as_str());
    let title = format!("The front of {policy}: {} of {} settings", front.len(), rival.tried.len());
    let beats = |outcome: &Outcome| comparison.ours.is_some_and(|ours| outcome.beats(&ours));
    let rows = front.iter().map(|tried| FrontRow {
        wins: beats(&tried.outcome),
        hours: format!("{:.2}", tried.outcome.task_hours),
        late: format!("{:.3} %", tried.outcome.late_share() * 100.0),
        reversals: tried.outcome.reversals,
        setting: tried.setting.to_string(),
    });
    Front { title, rows: rows.collect() }
}
