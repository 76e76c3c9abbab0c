//! Two runs of one world as rows of two columns: what befell both stands across, the rest minute by minute side by side.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward_sim::scenario::{Entry, Played, Row as Measured, Scenario, Tone, What};

/// So many of a kind in one minute are shown.
const ALIKE: usize = 3;
/// A column is cut behind so many lines: a loop that never ends tells nothing new.
const MAX_LINES: usize = 24;

/// A scenario as the overview shows it.
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) rows: Vec<Row>,
    /// How long each run took.
    pub(crate) measures: Vec<Measured>,
}

/// What happened in a minute.
pub(crate) struct Row {
    /// From the beginning of the story.
    pub(crate) after: SignedDuration,
    pub(crate) what: Across,
}

/// How a row is laid out.
pub(crate) enum Across {
    /// It befell both.
    Both(Line),
    /// Left in the first mode, right in the second.
    Each([Vec<Line>; 2]),
}

/// One thing, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) sign: Sign,
    pub(crate) text: String,
}

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It befell the world.
    World,
    /// ECS.
    Ecs,
    /// Steward sees trouble.
    Bad,
    /// Steward notes something.
    Plain,
    /// All is well.
    Good,
    /// Why nothing is done.
    Held,
    /// What is done.
    Remedy,
    /// People are told.
    Alert,
}

impl Sign {
    /// One character.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::World => "*",
            Self::Ecs => "·",
            Self::Bad => "▲",
            Self::Plain => "-",
            Self::Good => "✔",
            Self::Held => "■",
            Self::Remedy => "►",
            Self::Alert => "┃",
        }
    }

    /// The style sheet's word.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::World => "world",
            Self::Ecs | Self::Plain => "plain",
            Self::Bad => "critical",
            Self::Good => "good",
            Self::Held => "warning",
            Self::Remedy => "info",
            Self::Alert => "alert",
        }
    }
}

impl Scene {
    pub(super) fn of(scenario: &Scenario, modes: &[Played; 2], alone: &[Played; 2]) -> Self {
        Self {
            name: scenario.name.clone(),
            title: scenario.title().to_owned(),
            why: scenario.why().to_owned(),
            rows: rows(scenario.begins(), modes),
            measures: modes.iter().chain(alone).map(Measured::of).collect(),
        }
    }
}

fn rows(begins: Timestamp, modes: &[Played; 2]) -> Vec<Row> {
    let [left, right] = modes.each_ref().map(|played| told(&played.entries));
    let shared: BTreeSet<(Timestamp, String)> = {
        let worldly = |lines: &[(Timestamp, Line)]| -> BTreeSet<(Timestamp, String)> {
            let is_worldly = |line: &Line| matches!(line.sign, Sign::World | Sign::Ecs);
            lines.iter().filter(|(_, line)| is_worldly(line)).map(|(at, line)| (*at, line.text.clone())).collect()
        };
        worldly(&left).intersection(&worldly(&right)).cloned().collect()
    };
    let mut across: Vec<(Timestamp, Across)> = Vec::new();
    let mut by_minute: BTreeMap<i64, (Timestamp, [Vec<Line>; 2])> = BTreeMap::new();
    for (column, lines) in [left, right].into_iter().enumerate() {
        for (at, line) in lines {
            if shared.contains(&(at, line.text.clone())) {
                if column == 0 {
                    across.push((at, Across::Both(line)));
                }
                continue;
            }
            let minute = at.duration_since(begins).as_mins();
            let (first, columns) = by_minute.entry(minute).or_insert_with(|| (at, Default::default()));
            *first = at.min(*first);
            if let Some(lines) = columns.get_mut(column) {
                lines.push(line);
            }
        }
    }
    across.extend(by_minute.into_values().map(|(at, columns)| (at, Across::Each(columns))));
    across.sort_by_key(|(at, what)| (*at, matches!(what, Across::Each(_))));
    across.into_iter().map(|(at, what)| Row { after: at.duration_since(begins), what }).collect()
}

/// What a column tells: nothing twice, and of many alike a few.
fn told(entries: &[Entry]) -> Vec<(Timestamp, Line)> {
    let mut lines: Vec<(Timestamp, Line)> = Vec::new();
    let mut alike: BTreeMap<(i64, &str), usize> = BTreeMap::new();
    let mut known = BTreeSet::new();
    let mut left_out = 0_usize;
    for entry in entries {
        let line = line(&entry.what);
        let minute = entry.at.as_second().div_euclid(60);
        let count = alike.entry((minute, entry.like.as_str())).or_default();
        *count += 1;
        let is_much = !entry.like.is_empty() && *count > ALIKE;
        let is_known = line.sign != Sign::World && !known.insert(line.text.clone());
        if is_known {
            continue;
        }
        if is_much || lines.len() >= MAX_LINES {
            left_out += 1;
            continue;
        }
        lines.push((entry.at, line));
    }
    if left_out > 0
        && let Some((at, _)) = lines.last().cloned()
    {
        let text = format!("and {left_out} more of the kind, until the end");
        lines.push((at, Line { sign: Sign::Plain, text }));
    }
    lines
}

/// An entry in words.
pub(super) fn line(what: &What) -> Line {
    let (sign, text) = match what {
        What::World(text) => (Sign::World, text.clone()),
        What::Ecs(text) => (Sign::Ecs, text.clone()),
        What::Steward(text, Tone::Plain) => (Sign::Plain, text.clone()),
        What::Steward(text, Tone::Good) => (Sign::Good, text.clone()),
        What::Steward(text, Tone::Bad) => (Sign::Bad, text.clone()),
        What::Held { word, why } => (Sign::Held, format!("{word}: {why}")),
        What::Remedy(text) => (Sign::Remedy, text.clone()),
        What::Alert { message, .. } => (Sign::Alert, message.title.to_string()),
    };
    Line { sign, text }
}
