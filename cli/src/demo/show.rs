//! The demo on a terminal: the timeline with its alerts, then the sums.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use steward::incident::{Severity, Status};
use steward::notification::{Message, Style, Tone, plain};
use steward::redact::redact;

use crate::play::{Happening, Placed, Played, Post, Step, headline};
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW, lines, style_of, wrapped};

/// Where the text of a line of the timeline begins.
const MARGIN: usize = 10;
/// The longest kind of event fits behind it.
const PLACE_CHARS: usize = 36;
/// Title, status and causes: of what was told before, and of replies.
const LATER_LINES: usize = 3;
/// Reasons are named with so many examples.
const EXAMPLES: usize = 3;

pub(super) fn write(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(
        out,
        "{BOLD}Timeline{BOLD:#} in virtual time, UTC. ┃ is an alert as it was sent first, ↳ what its thread"
    )?;
    writeln!(out, "was told later. How each alert stands at the end is on the page.")?;
    let mut day = None;
    let mut told = BTreeSet::new();
    for step in &played.steps {
        let date = step.at.strftime("%-d %B %Y").to_string();
        if day.as_ref() != Some(&date) {
            writeln!(out, "\n{DIM}{date}{DIM:#}")?;
            day = Some(date);
        }
        write_step(out, step, &mut told)?;
    }
    write_incidents(out, played)?;
    write_deployments(out, played)?;
    write_opened_nothing(out, played)?;
    write_unplayed(out, played)?;
    let usage = played.usage;
    let events = played.steps.len() - played.posts().count();
    let alerts = played.posts().filter(|post| post.how == Placed::New).count();
    let replies = played.posts().filter(|post| matches!(post.how, Placed::Reply { .. })).count();
    writeln!(
        out,
        "\n{BOLD}{events} events, {} incidents, {alerts} alerts{BOLD:#}; {replies} replies, {} ledger transactions",
        played.incidents.len(),
        usage.transactions
    )
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

fn write_step(out: &mut impl Write, step: &Step, told: &mut BTreeSet<String>) -> io::Result<()> {
    let time = clock(step.at);
    match &step.what {
        Happening::Event { explained, .. } => {
            let place = short(explained.target.as_deref().unwrap_or(explained.kind), PLACE_CHARS);
            match &explained.diagnosis {
                Some(diagnosis) => {
                    let style = style_of(diagnosis.cause.kind());
                    writeln!(out, "{time}  {place:<PLACE_CHARS$} {style}{}{style:#}", diagnosis.cause)
                }
                None => writeln!(out, "{DIM}{time}  {place:<PLACE_CHARS$} {}{DIM:#}", explained.kind),
            }
        }
        Happening::Told(post) => write_post(out, &time, post, told),
    }
}

fn style_of_tone(tone: Tone) -> anstyle::Style {
    match tone {
        Tone::Alert(Severity::Critical) => RED,
        Tone::Alert(Severity::Warning) => YELLOW,
        Tone::Good => GREEN,
        Tone::Alert(Severity::Info) | Tone::Neutral => BOLD,
    }
}

/// A new message whole, where its subject was not told before; a reply in a line; an edit not at all.
fn write_post(out: &mut impl Write, time: &str, post: &Post, told: &mut BTreeSet<String>) -> io::Result<()> {
    let is_first = told.insert(post.subject.key());
    match post.how {
        Placed::New => {
            write_alert(out, time, "┃ ", &post.message, if is_first { usize::MAX } else { LATER_LINES })
        }
        Placed::Reply { .. } => {
            let message = Message { title: redact(&headline(post)), ..post.message.clone() };
            write_alert(out, time, "↳ ", &message, LATER_LINES)
        }
        Placed::Edit => Ok(()),
    }
}

fn write_alert(
    out: &mut impl Write,
    time: &str,
    mark: &str,
    message: &Message,
    max_lines: usize,
) -> io::Result<()> {
    let style = style_of_tone(message.tone);
    let bar = format!("{:MARGIN$}{}", "", if mark == "┃ " { mark } else { "  " });
    let title = format!("{time:<MARGIN$}{mark}");
    for (number, line) in plain(message).lines().take(max_lines).enumerate() {
        // The names of facts stand in a column of their own.
        let column = if line.get(12..14) == Some("  ") { 14 } else { 0 };
        let first = if number == 0 { &title } else { &bar };
        for text in lines(line, first, &format!("{bar}{:column$}", "")) {
            if number == 0 { writeln!(out, "{style}{text}{style:#}")? } else { writeln!(out, "{text}")? }
        }
    }
    Ok(())
}

fn short(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

fn write_incidents(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(out, "\n{BOLD}Incidents{BOLD:#}")?;
    for incident in &played.incidents {
        let status = match incident.status {
            Status::Open => "open".to_owned(),
            Status::Resolved { at, .. } => format!("resolved {}", clock(at)),
        };
        let causes: Vec<String> =
            incident.failures.causes().iter().map(|(cause, count)| format!("{count} × {cause}")).collect();
        let first = format!("{}  ", clock(incident.opened_at));
        wrapped(out, &first, &format!("{}: {}; {status}", incident.target, causes.join(", ")))?;
    }
    Ok(())
}

fn write_deployments(out: &mut impl Write, played: &Played) -> io::Result<()> {
    let told: Vec<_> = played.deployments.iter().filter(|deployment| deployment.step.is_some()).collect();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}Deployments{BOLD:#}")?;
    for deployment in told {
        let title = Style::default().deployment(deployment).title;
        let first = format!("{}  ", clock(deployment.first_seen_at));
        wrapped(
            out,
            &first,
            &format!("{title} ({}, {} failed tasks)", deployment.id, deployment.failures.count()),
        )?;
    }
    Ok(())
}

fn write_opened_nothing(out: &mut impl Write, played: &Played) -> io::Result<()> {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for step in &played.steps {
        if let Happening::Event { file, explained } = &step.what
            && let Some(reason) = explained.because
        {
            by_reason.entry(reason.to_string()).or_default().push(file);
        }
    }
    writeln!(out, "\n{BOLD}What opened nothing, and why{BOLD:#}")?;
    for (reason, files) in by_reason {
        wrapped(out, &format!("{:>4}  ", files.len()), &reason)?;
        let more = files.len().saturating_sub(EXAMPLES);
        let mut examples: Vec<String> = files.iter().take(EXAMPLES).map(ToString::to_string).collect();
        if more > 0 {
            examples.push(format!("and {more} more"));
        }
        write!(out, "{DIM}")?;
        wrapped(out, "      ", &examples.join(", "))?;
        write!(out, "{DIM:#}")?;
    }
    Ok(())
}

fn write_unplayed(out: &mut impl Write, played: &Played) -> io::Result<()> {
    if played.unplayed.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}Not played{BOLD:#}")?;
    for unplayed in &played.unplayed {
        wrapped(out, "      ", &format!("{}: {}", unplayed.file, unplayed.why))?;
    }
    Ok(())
}

pub(super) fn write_report_place(out: &mut impl Write, report: &Path) -> io::Result<()> {
    writeln!(out, "The same as a page: {}", report.display())
}
