//! A message in the schema of custom notifications that Amazon Q Developer in chat applications reads from SNS
//! (<https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>).
//!
//! It cannot edit; `threadId` keeps what belongs together in one thread, where the channel's preferences allow that.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::text::{escaped, without_half};
use super::{Message, Subject, mail};
use crate::words::alerts;

/// A title is one line.
const TITLE_CHARS: usize = 250;
/// More is not read in a chat, and SNS takes 256 KiB.
const DESCRIPTION_CHARS: usize = 4_000;
/// Whom a chat rings behind an at sign.
const MENTIONS: [&str; 3] = ["here", "channel", "everyone"];
/// One next step.
const STEP_CHARS: usize = 350;

/// The notification, as the text of an SNS message. `key` tells it from the others of its subject.
pub fn notification(subject: &Subject, message: &Message, key: &str) -> Value {
    let title = format!("{} {}", message.tone.emoji(), escape(message.title.as_str()));
    let steps = message.asks.iter().chain(&message.advice);
    let steps: Vec<String> = steps.map(|step| cut(&escape(step.as_str()), STEP_CHARS)).collect();
    let mut content = json!({
        "textType": "client-markdown",
        "title": cut(&title, TITLE_CHARS),
        "description": cut(&escape(&body(message)), DESCRIPTION_CHARS),
        "keywords": ["ECS", subject.kind(), message.tone.word()],
    });
    if !steps.is_empty()
        && let Some(content) = content.as_object_mut()
    {
        content.insert("nextSteps".to_owned(), json!(steps));
    }
    json!({
        "version": "1.0",
        "source": "custom",
        "id": hash(&format!("{}#{key}", subject.key())),
        "content": content,
        "metadata": {
            "threadId": hash(&subject.key()),
            "summary": cut(&escape(message.title.as_str()), TITLE_CHARS),
            "eventType": subject.kind(),
            "enableCustomActions": false,
        },
    })
}

/// What a mail says, but for what has a place of its own here.
fn body(message: &Message) -> String {
    let rest = Message { asks: Vec::new(), advice: None, links: Vec::new(), ..message.clone() };
    let text = mail::body(&rest);
    let text = text.strip_prefix(message.title.as_str()).unwrap_or(&text).trim().to_owned();
    let links = message.links.iter();
    let links = links.map(|link| format!("{}: {}", alerts::link(link.what, message.language), link.url));
    let parts: Vec<String> = [text].into_iter().chain(links).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { message.title.to_string() } else { parts.join("\n") }
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// Without what markdown or a chat makes a mention, a link or a fence of. No part can be marked as verbatim here.
fn escape(text: &str) -> String {
    let text = escaped(text).replace("```", "'''").replace("](", "] (");
    MENTIONS.iter().fold(text, |text, mention| text.replace(&format!("@{mention}"), &format!("＠{mention}")))
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => without_half(text.chars().take(max.saturating_sub(1)).collect()) + "…",
    }
}
