//! A message as Slack's Block Kit, within Slack's limits.

use serde_json::{Value, json};

use super::Message;

/// Fields of one section block (Block Kit reference).
const MAX_FIELDS: usize = 10;
/// All blocks of a message as JSON should stay below this.
const MESSAGE_CHARS: usize = 10_000;

/// How long the parts of a message may be.
struct Limits {
    /// A header block's text: 150 by Slack.
    header: usize,
    /// One field of a section block: 2,000 by Slack.
    field: usize,
    /// A section block's text: 3,000 by Slack.
    section: usize,
    /// All quotes together, as JSON.
    quotes: usize,
}

/// What Slack takes of each part.
const AMPLE: Limits = Limits { header: 150, field: 2_000, section: 3_000, quotes: 6_000 };
/// What Slack takes of all parts together, however long each of them is.
const TIGHT: Limits = Limits { header: 150, field: 120, section: 400, quotes: 2_400 };

/// Renders a message as the value of `blocks`, with a `text` for notifications beside it.
pub fn blocks(message: &Message) -> Value {
    let ample = render(message, &AMPLE);
    if ample.to_string().chars().count() <= MESSAGE_CHARS { ample } else { render(message, &TIGHT) }
}

fn render(message: &Message, limits: &Limits) -> Value {
    let section = |text: &str| section(text, limits);
    let mut blocks = vec![
        json!({"type": "header", "text": {
            "type": "plain_text",
            "text": cut(&format!("{} {}", message.tone.emoji(), message.title), limits.header),
        }}),
        section(&escape(message.status.as_str())),
    ];
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
        let length = share_of(&quote, share).min(limits.section - 6);
        blocks.push(section(&format!("```{}```", cut(&quote, length))));
    }
    if let Some(advice) = &message.advice {
        blocks.push(section(&format!("*Next:* {}", escape(advice.as_str()))));
    }
    let done = cut(&escape(message.done.as_str()), limits.section);
    blocks.push(json!({"type": "context", "elements": [mrkdwn(&done)]}));
    json!({
        "text": cut(&escape(&format!("[{}] {}", message.tone.word(), message.title)), limits.section),
        "blocks": blocks,
    })
}

fn section(text: &str, limits: &Limits) -> Value {
    json!({"type": "section", "text": mrkdwn(&cut(text, limits.section))})
}

/// Verbatim: Slack makes no mention, channel or link of what an image wrote.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// The three characters that Slack reads as control characters.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// How many of a text's first characters take at most `share` characters as JSON.
fn share_of(text: &str, share: usize) -> usize {
    let mut taken = 0;
    text.chars()
        .take_while(|c| {
            taken += match c {
                '"' | '\\' => 2,
                c if c.is_control() => 6,
                _ => 1,
            };
            taken <= share
        })
        .count()
}

/// At most `max` characters, and no half of an escaped character at the end.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    if let Some(start) = short.rfind('&')
        && !short.get(start..).is_some_and(|entity| entity.contains(';'))
    {
        short.truncate(start);
    }
    short.push('…');
    short
}
