//! A message as Slack's Block Kit, within Slack's limits.

use serde_json::{Value, json};

use super::Message;
use crate::redact::Redacted;

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
}

/// What Slack takes of each part.
const AMPLE: Limits =
    Limits { header: 150, field: 2_000, section: 3_000, ask: 3_000, quotes: 6_000, done: 3_000 };
/// What Slack takes of all parts together, however long each of them is.
const TIGHT: Limits = Limits { header: 150, field: 120, section: 400, ask: 640, quotes: 1_500, done: 1_500 };

/// Renders a message as the value of `blocks`, with a `text` for notifications beside it.
pub fn blocks(message: &Message) -> Value {
    let ample = render(message, &AMPLE);
    if ample.to_string().chars().count() <= MESSAGE_CHARS { ample } else { render(message, &TIGHT) }
}

fn render(message: &Message, limits: &Limits) -> Value {
    let section = |text: &str| section(text, limits.section);
    let mut blocks = vec![
        json!({"type": "header", "text": {
            "type": "plain_text",
            "text": cut(&format!("{} {}", message.tone.emoji(), message.title), limits.header),
        }}),
        section(&escape(message.status.as_str())),
    ];
    let ask = |ask: &Redacted| self::section(&format!("❗ {}", escape(ask.as_str())), limits.ask);
    blocks.extend(message.asks.iter().map(ask));
    let fields: Vec<Value> = message
        .facts
        .iter()
        .take(MAX_FIELDS)
        .map(|fact| mrkdwn(&cut(&format!("*{}*\n{}", fact.name, escape(fact.value.as_str())), limits.field)))
        .collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let share = limits.quotes.checked_div(message.evidence.len()).unwrap_or_default();
    for quote in &message.evidence {
        // A fence inside a quote would end it.
        let quote = escape(&quote.as_str().replace("```", "'''"));
        blocks.push(section(&format!("```{}```", cut(&quote, share.min(limits.section - 6)))));
    }
    if let Some(advice) = &message.advice {
        blocks.push(section(&format!("*Next:* {}", escape(advice.as_str()))));
    }
    let share = limits.done.checked_div(message.done.len()).unwrap_or_default();
    let done = message.done.iter().take(MAX_ELEMENTS);
    let done: Vec<Value> = done.map(|done| mrkdwn(&cut(&escape(done.as_str()), share))).collect();
    if !done.is_empty() {
        blocks.push(json!({"type": "context", "elements": done}));
    }
    json!({
        "text": cut(&escape(&format!("[{}] {}", message.tone.word(), message.title)), limits.section),
        "blocks": blocks,
    })
}

fn section(text: &str, max: usize) -> Value {
    json!({"type": "section", "text": mrkdwn(&cut(text, max))})
}

/// Verbatim: Slack makes no mention, channel or link of what an image wrote.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// The three characters that Slack reads as control characters.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// How many characters a character takes as JSON.
fn cost(character: char) -> usize {
    match character {
        '"' | '\\' => 2,
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
    let mut short: String = text.chars().take_while(fits).collect();
    if let Some(start) = short.rfind('&')
        && !short.get(start..).is_some_and(|entity| entity.contains(';'))
    {
        short.truncate(start);
    }
    short.push('…');
    short
}
