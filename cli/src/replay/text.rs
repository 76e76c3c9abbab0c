//! A replay for people, at a terminal.

use std::io::{self, Write};

use steward::incident::Severity;

use super::difference::Difference;
use super::report::{ActionRow, AlertRow, Listed, Played, Read, RefusedRow, Report};
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW, wrapped};

/// So many of a kind are listed: the page and the JSON have more.
const MAX_LISTED: usize = 10;

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    recording(out, &report.recording)?;
    match (&report.against, &report.difference) {
        (Some(against), Some(difference)) => {
            let names = (report.played.configuration.as_str(), against.configuration.as_str());
            summary(out, "A", &report.played)?;
            summary(out, "B", against)?;
            compare(out, names, difference)?;
        }
        _ => played(out, &report.played)?,
    }
    rests(out, report)
}

fn recording(out: &mut impl Write, read: &Read) -> io::Result<()> {
    let files = counted(read.files, "file", "files");
    let span = match (read.first_at, read.last_at) {
        (Some(first), Some(last)) => {
            format!(", {} to {}", first.strftime("%-d %b %Y %H:%M"), last.strftime("%-d %b %Y %H:%M UTC"))
        }
        _ => String::new(),
    };
    writeln!(out, "{} of {files}{span}", events(read.events))?;
    if let (Some(account), Some(region)) = (&read.account, &read.region) {
        writeln!(out, "account {account}, region {region}")?;
    }
    if read.elsewhere > 0 {
        let what = format!(
            "{} of another account or region: told, and never changed, as one installation does. Replay them by \
             themselves",
            events(read.elsewhere)
        );
        wrapped(out, "! ", &what)?;
    }
    if read.timeless > 0 {
        wrapped(out, "! ", &format!("{} without a time: played last", events(read.timeless)))?;
    }
    if read.unread > 0 {
        wrapped(out, "! ", &format!("{} could not be read: see above", read.unread))?;
    }
    Ok(())
}

fn title(out: &mut impl Write, name: &str, what: &str) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{BOLD}{name}{BOLD:#}  {what}")
}

fn played(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(out, "by {}", played.configuration)?;
    title(out, "ALERTS", &alerts_in_words(played))?;
    channels(out, played)?;
    alerts(out, &played.alerts.listed)?;
    title(out, "QUIET", &format!("{} made no alert of their own", events(played.quiet.count())))?;
    for (reason, count) in &played.quiet.reasons {
        wrapped(out, &format!("  {count:>8}  "), reason)?;
    }
    if played.quiet.grouped > 0 {
        wrapped(out, &format!("  {:>8}  ", played.quiet.grouped), "went on with what was told already")?;
    }
    incidents(out, played)?;
    title(out, "ACTIONS", &actions_in_words(played))?;
    actions(out, &played.actions.listed)?;
    refused(out, "REFUSED", "incidents in which a guard refused a remedy", &played.refused)?;
    refused(out, "NO REMEDY", "incidents in which none helps, and why", &played.no_remedy)?;
    troubles(out, played)
}

fn summary(out: &mut impl Write, name: &str, played: &Played) -> io::Result<()> {
    title(out, name, &played.configuration)?;
    let quiet = format!("{} made no alert of their own", events(played.quiet.count()));
    for (what, words) in [
        ("alerts   ", alerts_in_words(played)),
        ("quiet    ", quiet),
        ("actions  ", actions_in_words(played)),
    ] {
        wrapped(out, &format!("  {what}"), &words)?;
    }
    channels(out, played)?;
    troubles(out, played)
}

fn alerts_in_words(played: &Played) -> String {
    let alerts = &played.alerts;
    let by = [(alerts.critical, "critical"), (alerts.warning, "warning"), (alerts.info, "info")];
    let by: Vec<String> =
        by.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let by = if by.is_empty() { String::new() } else { format!(": {}", by.join(", ")) };
    let messages = counted(alerts.messages, "message", "messages");
    format!("{}, {messages}{by}", counted(alerts.count, "alert", "alerts"))
}

fn channels(out: &mut impl Write, played: &Played) -> io::Result<()> {
    if played.channels.is_empty() {
        wrapped(out, "  ! ", "the configuration names no channel: nobody is told anything")?;
    }
    for channel in &played.channels {
        let threads = counted(channel.threads, "thread", "threads");
        let mut words = vec![threads, counted(channel.messages, "message", "messages")];
        words.extend((channel.edits > 0).then(|| counted(channel.edits, "edit", "edits")));
        words.extend((channel.digests > 0).then(|| counted(channel.digests, "digest", "digests")));
        wrapped(out, &format!("  {:<8} ", channel.channel), &words.join(", "))?;
        for (why, count) in &channel.withheld {
            wrapped(out, "           ", &format!("{count} not told: {}", withheld(why)))?;
        }
    }
    Ok(())
}

/// Why a channel is not told something.
pub(super) fn withheld(why: &str) -> &str {
    match why {
        "no_route" => "no route leads to a channel",
        "silenced" => "a person asked for silence",
        "outage" => "told as part of an outage",
        "flapping" => "the target flaps: it is in a digest",
        "budget" => "the channel's budget was spent: it is in a digest",
        "refused" => "the channel refused it",
        "over" => "it was over before it could be told",
        other => other,
    }
}

fn alerts(out: &mut impl Write, listed: &Listed<AlertRow>) -> io::Result<()> {
    for row in listed.rows.iter().take(MAX_LISTED) {
        let (style, word) = match row.severity {
            Severity::Critical => (RED, "CRITICAL"),
            Severity::Warning => (YELLOW, "WARNING"),
            Severity::Info => (GREEN, "INFO"),
        };
        wrapped(out, &format!("  {style}{word:<8}{style:#} "), row.title.as_str())?;
        let messages = counted(row.messages, "message", "messages");
        let (at, to) = (row.at.strftime("%-d %b %H:%M UTC"), row.channels.join(", "));
        writeln!(out, "           {DIM}{at}, {messages} to {to}{DIM:#}")?;
    }
    more(out, listed)
}

fn more<T>(out: &mut impl Write, listed: &Listed<T>) -> io::Result<()> {
    let more = listed.count().saturating_sub(MAX_LISTED);
    if more > 0 { writeln!(out, "  and {more} more") } else { Ok(()) }
}

fn incidents(out: &mut impl Write, played: &Played) -> io::Result<()> {
    let incidents = &played.incidents;
    let count = counted(incidents.count, "incident", "incidents");
    title(out, "INCIDENTS", &format!("{count}, {} open at the end", incidents.open))?;
    for (cause, count) in incidents.causes.iter().take(MAX_LISTED) {
        writeln!(out, "  {count:>8}  {cause}")?;
    }
    let more = incidents.causes.len().saturating_sub(MAX_LISTED);
    if more > 0 { writeln!(out, "  and {more} more causes") } else { Ok(()) }
}

fn actions_in_words(played: &Played) -> String {
    let counts = &played.actions.counts;
    if counts.is_empty() {
        return "none would fire".to_owned();
    }
    let words: Vec<String> =
        counts.iter().map(|row| format!("{} {} ({})", row.count, row.remedy, reach(row.reach))).collect();
    words.join(", ")
}

/// How far an action would go, behind its name.
pub(super) fn reach(word: &str) -> &'static str {
    match word {
        "act" => "carried out",
        "propose" => "a person is asked",
        _ => "only said: mode observe",
    }
}

fn actions(out: &mut impl Write, listed: &Listed<ActionRow>) -> io::Result<()> {
    for row in listed.rows.iter().take(MAX_LISTED) {
        let at = row.at.strftime("%-d %b %H:%M");
        wrapped(out, &format!("  {:<8} ", row.reach), &format!("{at} {}: {}", row.target, row.call))?;
        if let Some(because) = &row.because {
            wrapped(out, "           ", because.as_str())?;
        }
        if !row.assumed.is_empty() {
            wrapped(out, "           ", &format!("assumed: {}", row.assumed.join(", ")))?;
        }
    }
    more(out, listed)
}

fn refused(out: &mut impl Write, name: &str, what: &str, rows: &[RefusedRow]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    title(out, name, what)?;
    for row in rows {
        let remedy = row.remedy.map_or_else(String::new, |remedy| format!("{remedy}: "));
        wrapped(out, &format!("  {:>8}  ", row.incidents), &format!("{remedy}{}", row.reason))?;
        wrapped(out, "            ", &format!("such as {}: {}", row.example_of, row.example))?;
    }
    Ok(())
}

fn troubles(out: &mut impl Write, played: &Played) -> io::Result<()> {
    if played.failed > 0 {
        let first = played.first_failed.clone().unwrap_or_default();
        let failed = played.failed;
        wrapped(out, "! ", &format!("{failed} could not be played, such as: {first}"))?;
    }
    if played.is_cut {
        let what = "more than 100,000 alerts, incidents or actions: beyond that they are only counted";
        wrapped(out, "! ", what)?;
    }
    Ok(())
}

fn compare(out: &mut impl Write, names: (&str, &str), difference: &Difference) -> io::Result<()> {
    if difference.is_empty() {
        return title(out, "DIFFERENCE", "none: both would tell and do the same");
    }
    let (a, b) = names;
    title(out, "DIFFERENCE", &format!("of B ({b}) from A ({a})"))?;
    let (before, after) = difference.messages;
    writeln!(out, "  messages {before} → {after}")?;
    for (what, listed) in [
        ("alerts under A alone", &difference.alerts_lost),
        ("alerts under B alone", &difference.alerts_gained),
        ("alerts to other channels, or of another severity, as B tells them", &difference.alerts_changed),
    ] {
        if !listed.is_empty() {
            title(out, &listed.count().to_string(), what)?;
            alerts(out, listed)?;
        }
    }
    for (what, listed) in
        [("actions lost", &difference.actions_lost), ("actions gained", &difference.actions_gained)]
    {
        if !listed.is_empty() {
            title(out, &listed.count().to_string(), what)?;
            actions(out, listed)?;
        }
    }
    if !difference.actions_changed.is_empty() {
        title(out, &difference.actions_changed.count().to_string(), "actions that go further, or less far")?;
        for row in difference.actions_changed.rows.iter().take(MAX_LISTED) {
            wrapped(out, &format!("  {} → {} ", row.from, row.to), &format!("{}: {}", row.target, row.call))?;
        }
        more(out, &difference.actions_changed)?;
    }
    if !difference.refused_changed.is_empty() {
        title(out, "REFUSED", "incidents in which nothing is done, and why")?;
        for row in &difference.refused_changed {
            let remedy = row.remedy.map_or_else(String::new, |remedy| format!("{remedy}: "));
            writeln!(out, "  {:>8} → {:<8}  {remedy}{}", row.from, row.to, row.reason)?;
        }
    }
    if difference.is_cut {
        wrapped(out, "! ", "there was too much to keep all of it: this is the difference of what was kept")?;
    }
    Ok(())
}

/// What the answer rests on.
fn rests(out: &mut impl Write, report: &Report) -> io::Result<()> {
    title(out, "RESTS ON", "what the events say, and of ECS nothing else")?;
    let all = [Some(&report.played), report.against.as_ref()];
    let mut assumed: Vec<(&str, &str)> = Vec::new();
    for row in all.into_iter().flatten().flat_map(|played| &played.assumed) {
        if !assumed.iter().any(|(word, _)| *word == row.assumed) {
            assumed.push((row.assumed, &row.text));
        }
    }
    for (word, text) in assumed {
        wrapped(out, &format!("  {word:<13} "), &format!("assumed: {text}"))?;
    }
    for limit in LIMITS {
        wrapped(out, "  - ", limit)?;
    }
    Ok(())
}

/// What no replay shows.
pub(super) const LIMITS: [&str; 3] = [
    "No event tells what only a look at ECS shows: tasks that hang, services that are short of tasks, room. Jobs and scaling are \
     not played.",
    "In mode observe the guards behind the mode are not asked: replay the same in mode act with --against.",
    "What follows an action was recorded without it. docs/replay.md has more.",
];

fn events(count: u64) -> String {
    counted(count, "event", "events")
}

fn counted(count: impl Into<Count>, one: &str, many: &str) -> String {
    let Count(count) = count.into();
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

struct Count(u64);

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// `1,234,567`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
