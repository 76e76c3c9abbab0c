//! A message as Slack's Block Kit, within Slack's limits.

use serde_json::{Value, json};

use super::Message;
use super::text::{escaped, without_half};
use crate::redact::Redacted;
use crate::words::alerts;

/// Fields of one section block (Block Kit reference).
const MAX_FIELDS: usize = 10;
/// Elements of one context block (Block Kit reference).
const MAX_ELEMENTS: usize = 10;
/// All blocks of a message as JSON should stay below this.
const MESSAGE_CHARS: usize = 10_000;

/// How long the parts of a message may be, in characters as JSON: those are never fewer than Slack counts.
struct Limits {
    /// A header block's text: 150 by Slack.
    header: usize,
    /// One field of a section block: 2,000 by Slack.
    field: usize,
    /// A section block's text: 3,000 by Slack.
    section: usize,
    /// What a person is asked: never so short that the command in it is cut.
    ask: usize,
    /// All quotes together.
    quotes: usize,
    /// All that was done together.
    done: usize,
    /// All log lines together.
    logs: usize,
    /// All links together: names of 255 characters make them long.
    links: usize,
}

/// What Slack takes of each part.
const AMPLE: Limits = Limits {
    header: 150,
    field: 2_000,
    section: 3_000,
    ask: 3_000,
    quotes: 6_000,
    done: 3_000,
    logs: 2_900,
    links: 3_000,
};
/// What Slack takes of all parts together, however long each of them is.
const TIGHT: Limits = Limits {
    header: 150,
    field: 120,
    section: 400,
    ask: 640,
    quotes: 1_500,
    done: 1_500,
    logs: 1_200,
    links: 1_000,
};

/// A line of a thread, with `text` and `blocks`.
pub fn reply(message: &Message) -> Value {
    let line = format!("{} {}", message.tone.emoji(), escape(message.title.as_str()));
    let mut blocks = vec![section(&line, AMPLE.section)];
    if !message.status.as_str().is_empty() {
        blocks.push(section(&escape(message.status.as_str()), TIGHT.ask));
    }
    blocks.extend(logs(message, &AMPLE));
    json!({"text": cut(&line, AMPLE.section), "blocks": blocks})
}

/// A message in words alone: what Slack takes though it refuses the blocks.
pub fn words(message: &Message) -> Value {
    json!({"text": cut(&escape(&super::plain(message)), AMPLE.section)})
}

/// Renders a message as the value of `blocks`, with a `text` for notifications beside it.
pub fn blocks(message: &Message) -> Value {
    let ample = render(message, &AMPLE);
    if ample.to_string().chars().count() <= MESSAGE_CHARS { ample } else { render(message, &TIGHT) }
}

fn render(message: &Message, limits: &Limits) -> Value {
    let section = |text: &str| section(text, limits.section);
    let mut blocks = vec![json!({"type": "header", "text": {
        "type": "plain_text",
        "text": cut(&format!("{} {}", message.tone.emoji(), escape(message.title.as_str())), limits.header),
    }})];
    // Slack refuses a message with an empty text in it.
    if !message.status.as_str().is_empty() {
        blocks.push(section(&escape(message.status.as_str())));
    }
    let ask = |ask: &Redacted| self::section(&format!("❗ {}", escape(ask.as_str())), limits.ask);
    blocks.extend(message.asks.iter().map(ask));
    let fields: Vec<Value> = message
        .facts
        .iter()
        .take(MAX_FIELDS)
        .map(|fact| {
            mrkdwn(&cut(
                &format!("*{}*\n{}", fact.name.text(message.language), escape(fact.value.as_str())),
                limits.field,
            ))
        })
        .collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let share = limits.quotes.checked_div(message.evidence.len()).unwrap_or_default();
    for quote in &message.evidence {
        blocks.push(section(&format!("```{}```", cut(&inside_fence(quote), share.min(limits.section - 6)))));
    }
    if let Some(advice) = &message.advice {
        let next = alerts::next(message.language);
        blocks.push(section(&format!("*{next}:* {}", escape(advice.as_str()))));
    }
    blocks.extend(logs(message, limits));
    let share = limits.done.checked_div(message.done.len()).unwrap_or_default();
    let done = message.done.iter().take(MAX_ELEMENTS);
    let done: Vec<Value> = done.map(|done| mrkdwn(&cut(&escape(done.as_str()), share))).collect();
    if !done.is_empty() {
        blocks.push(json!({"type": "context", "elements": done}));
    }
    blocks.extend(links(message, limits.links));
    json!({
        "text": cut(&escape(&format!("[{}] {}", message.tone.word(), message.title)), limits.section),
        "blocks": blocks,
    })
}

/// The last log lines, the latest first to stay where not all of them fit.
fn logs(message: &Message, limits: &Limits) -> Option<Value> {
    if message.logs.is_empty() {
        return None;
    }
    let mut left = limits.logs;
    let mut lines: Vec<String> = Vec::new();
    for line in message.logs.iter().rev() {
        let line = cut(&inside_fence(line), left.min(limits.section / 4));
        let size = line.chars().map(cost).sum::<usize>() + 2;
        if size > left {
            break;
        }
        left -= size;
        lines.push(line);
    }
    lines.reverse();
    let name = alerts::logs(message.language);
    Some(section(&format!("*{name}*\n```{}```", lines.join("\n")), limits.logs + 100))
}

/// No text of others is in an address: names are escaped for a path. A link is whole, or is left out.
fn links(message: &Message, max: usize) -> Option<Value> {
    let link = |link: &super::Link| format!("<{}|{}>", link.url, alerts::link(link.what, message.language));
    let mut text = String::new();
    for link in message.links.iter().map(link) {
        let between = if text.is_empty() { "" } else { " · " };
        if text.len() + between.len() + link.len() <= max {
            text.push_str(between);
            text.push_str(&link);
        }
    }
    (!text.is_empty()).then(|| json!({"type": "context", "elements": [mrkdwn(&text)]}))
}

fn section(text: &str, max: usize) -> Value {
    json!({"type": "section", "text": mrkdwn(&cut(text, max))})
}

/// Verbatim: Slack makes no mention, channel or link of what an image wrote.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// No text of others opens a fence: it would swallow what follows.
fn escape(text: &str) -> String {
    escaped(text).replace("```", "'''")
}

/// A quote without backticks: even one at its end would make another fence of the one behind it.
fn inside_fence(quote: &Redacted) -> String {
    escaped(&quote.as_str().replace('`', "'"))
}

/// How many characters a character takes as JSON.
fn cost(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' => 2,
        control if control.is_control() => 6,
        _ => 1,
    }
}

/// At most `max` characters as JSON, and no half of an escaped character at the end.
fn cut(text: &str, max: usize) -> String {
    if text.chars().map(cost).sum::<usize>() <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(1);
    let fits = |c: &char| {
        let rest = left.checked_sub(cost(*c));
        left = rest.unwrap_or(left);
        rest.is_some()
    };
    let mut short = without_half(text.chars().take_while(fits).collect());
    short.push('…');
    short
}
