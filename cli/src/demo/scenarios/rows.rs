//! Two runs of one world as rows of two columns: what befell both stands across, the rest minute by minute side by side.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward_sim::scenario::{Entry, Played, Row as Measured, Scenario, Tone, What, short_ids};

/// So many of a kind in one minute are shown.
const ALIKE: usize = 3;
/// What happens within so long of each other stands side by side.
const BLOCK: SignedDuration = SignedDuration::from_secs(60);
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
    let all = |lines: &[(Timestamp, Line)]| -> BTreeSet<(Timestamp, String)> {
        lines.iter().map(|(at, line)| (*at, line.text.clone())).collect()
    };
    let shared: BTreeSet<_> = all(&left).intersection(&all(&right)).cloned().collect();
    let mut parts: Vec<(Timestamp, Option<usize>, Line)> = Vec::new();
    for (column, lines) in [left, right].into_iter().enumerate() {
        for (at, line) in lines {
            match (shared.contains(&(at, line.text.clone())), column) {
                (true, 0) => parts.push((at, None, line)),
                (true, _) => {}
                (false, column) => parts.push((at, Some(column), line)),
            }
        }
    }
    parts.sort_by_key(|(at, ..)| *at);
    let mut rows: Vec<(Timestamp, Across)> = Vec::new();
    for (at, column, line) in parts {
        let Some(column) = column else {
            rows.push((at, Across::Both(line)));
            continue;
        };
        let block = rows.last_mut().and_then(|(first, what)| match what {
            Across::Each(columns) if at.duration_since(*first) < BLOCK => Some(columns),
            _ => None,
        });
        let mut new = [Vec::new(), Vec::new()];
        let is_new = block.is_none();
        if let Some(lines) = block.unwrap_or(&mut new).get_mut(column) {
            lines.push(line);
        }
        if is_new {
            rows.push((at, Across::Each(new)));
        }
    }
    rows.into_iter().map(|(at, what)| Row { after: at.duration_since(begins), what }).collect()
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
        // What Steward concludes is told each time: that it does so again is the story.
        let may_repeat = matches!(line.sign, Sign::World | Sign::Bad | Sign::Good);
        let is_known = !known.insert(line.text.clone()) && !may_repeat;
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
    Line { sign, text: short_ids(&text) }
}
