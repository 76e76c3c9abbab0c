//! A message as Slack's Block Kit, within Slack's limits.

use serde_json::{Value, json};

use super::Message;

/// A header block's text (Block Kit reference).
const HEADER_CHARS: usize = 150;
/// One field of a section block.
const FIELD_CHARS: usize = 2_000;
/// Fields of one section block.
const MAX_FIELDS: usize = 10;
/// A section block's text.
const SECTION_CHARS: usize = 3_000;
/// All quotes together, as JSON: all blocks of a message should stay below 10,000.
const QUOTES_CHARS: usize = 6_000;

/// Renders a message as the value of `blocks`, with a `text` for notifications beside it.
pub fn blocks(message: &Message) -> Value {
    let mut blocks = vec![
        json!({"type": "header", "text": {
            "type": "plain_text",
            "text": cut(&format!("{} {}", message.tone.emoji(), message.title), HEADER_CHARS),
        }}),
        section(&escape(message.status.as_str())),
    ];
    let fields: Vec<Value> = message
        .facts
        .iter()
        .take(MAX_FIELDS)
        .map(|fact| mrkdwn(&cut(&format!("*{}*\n{}", fact.name, escape(fact.value.as_str())), FIELD_CHARS)))
        .collect();
    if !fields.is_empty() {
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    let share = QUOTES_CHARS.checked_div(message.evidence.len()).unwrap_or_default();
    for quote in &message.evidence {
        // A fence inside a quote would end it.
        let quote = escape(&quote.as_str().replace("```", "'''"));
        blocks
            .push(section(&format!("```{}```", cut(&quote, share_of(&quote, share).min(SECTION_CHARS - 6)))));
    }
    if let Some(advice) = &message.advice {
        blocks.push(section(&format!("*Next:* {}", escape(advice.as_str()))));
    }
    blocks.push(json!({"type": "context", "elements": [mrkdwn(&escape(message.done.as_str()))]}));
    json!({
        "text": cut(&escape(&format!("[{}] {}", message.tone.word(), message.title)), SECTION_CHARS),
        "blocks": blocks,
    })
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(&cut(text, SECTION_CHARS))})
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text})
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
