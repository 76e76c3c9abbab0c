//! `chat.postMessage`, `chat.update` and incoming webhooks.
//!
//! | what | source |
//! |---|---|
//! | a channel's name does where a message is posted, its id alone where one is changed | `docs.slack.dev/reference/methods/chat.postMessage`, `chat.update` |
//! | `text` of 40,000 characters | the same; Slack cuts most longer ones, here they are `msg_too_long`, so that a cut shows |
//! | changed `text` of 4,000 characters | `chat.update`, `msg_too_long` [recalled, not found again] |
//! | a change of `text` alone drops the blocks; older references say that it keeps them | `chat.update`, `blocks` (2025); see [`Workspace::text_updates_keep_blocks`] |
//! | a change without `metadata` keeps it, one with `{}` drops it | `chat.update`, `metadata` |
//! | metadata beyond 4,000 bytes is left out with a warning, and the message is posted | reported: `seratch/ChatGPT-in-Slack#17` |
//! | a reply to a message that somebody deleted is posted outside of any thread, without a word | reported: `slack-go/slack#1571` |
//! | a reply to a reply | "use its parent instead": here `cannot_reply_to_message` |
//! | blocks without `text` | Slack takes them; a phone then says nothing, so they are `no_text` here |

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::arguments::{Arguments, Refusal};
use super::message::{Author, Message};
use super::ts::Ts;
use super::{Channel, Workspace};
use crate::slack::blocks;

/// Characters of a message's text.
const MAX_TEXT: usize = 40_000;
/// Characters of a text that a message is changed to.
const MAX_CHANGED_TEXT: usize = 4_000;
/// Metadata as JSON, in bytes.
const MAX_METADATA: usize = 4_000;

/// What a message is to hold, held against the rules.
struct Content {
    text: String,
    blocks: Option<Vec<Value>>,
    metadata: Metadata,
    warning: Option<&'static str>,
}

enum Metadata {
    NotGiven,
    Removed,
    Given(Value),
}

impl Content {
    fn read(arguments: Arguments<'_>, max_text: usize) -> Result<Self, Refusal> {
        let text = arguments.text("text").filter(|text| !text.is_empty()).ok_or("no_text")?;
        if text.chars().count() > max_text {
            return Err("msg_too_long".into());
        }
        let blocks = match arguments.get("blocks") {
            None => None,
            Some(Value::Array(blocks)) if blocks.is_empty() => Some(Vec::new()),
            Some(given) => Some(checked(given)?),
        };
        let (metadata, warning) = metadata(arguments)?;
        Ok(Self { text: text.to_owned(), blocks, metadata, warning })
    }
}

fn checked(given: &Value) -> Result<Vec<Value>, Refusal> {
    let list = given.as_array().ok_or("invalid_blocks_format")?;
    if let Some(why) = blocks::violation(given) {
        return Err(Refusal::explained("invalid_blocks", &why));
    }
    if blocks::serialised(list) > blocks::MAX_SERIALISED {
        return Err("msg_blocks_too_long".into());
    }
    Ok(list.clone())
}

fn metadata(arguments: Arguments<'_>) -> Result<(Metadata, Option<&'static str>), Refusal> {
    let Some(given) = arguments.get("metadata") else { return Ok((Metadata::NotGiven, None)) };
    let fields = given.as_object().ok_or("invalid_metadata_format")?;
    if fields.is_empty() {
        return Ok((Metadata::Removed, None));
    }
    let named = fields.get("event_type").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    let only = fields.keys().all(|key| ["event_type", "event_payload"].contains(&key.as_str()));
    if !named || !only || !fields.get("event_payload").is_some_and(Value::is_object) {
        return Err("invalid_metadata_schema".into());
    }
    if given.to_string().len() > MAX_METADATA {
        return Ok((Metadata::NotGiven, Some("metadata_too_large")));
    }
    Ok((Metadata::Given(given.clone()), None))
}

impl Workspace {
    /// `chat.postMessage`.
    pub(super) fn post(
        &mut self,
        app: &str,
        public: bool,
        arguments: Arguments<'_>,
        now: Timestamp,
        hidden: bool,
    ) -> Result<Value, Refusal> {
        let id = self.id_of(arguments.text("channel").unwrap_or_default()).ok_or("channel_not_found")?;
        let channel = self.channels.get(&id).ok_or("channel_not_found")?;
        if channel.archived {
            return Err("is_archived".into());
        }
        if !channel.members.contains(app) && !public {
            return Err("not_in_channel".into());
        }
        let (ts, warning) = self.put(&id, Author::App(app.to_owned()), arguments, now, hidden)?;
        let shown = self.posted(&id, ts).map(|message| with_metadata(message, true)).unwrap_or_default();
        let body = json!({ "ok": true, "channel": id, "ts": ts.to_string(), "message": shown });
        Ok(warned(body, warning))
    }

    /// An incoming webhook's message: HTTP's status and Slack's word.
    pub(super) fn post_by_webhook(
        &mut self,
        id: &str,
        app: &str,
        arguments: Arguments<'_>,
        now: Timestamp,
        hidden: bool,
    ) -> (u16, &'static str) {
        match self.channels.get(id) {
            None => return (404, "channel_not_found"),
            Some(channel) if channel.archived => return (410, "channel_is_archived"),
            Some(_) => {}
        }
        match self.put(id, Author::Webhook(app.to_owned()), arguments, now, hidden) {
            Ok(_) => (200, "ok"),
            Err(refusal) => (400, refusal.word),
        }
    }

    fn put(
        &mut self,
        id: &str,
        author: Author,
        arguments: Arguments<'_>,
        now: Timestamp,
        hidden: bool,
    ) -> Result<(Ts, Option<&'static str>), Refusal> {
        let channel = self.channels.get_mut(id).ok_or("channel_not_found")?;
        let content = Content::read(arguments, MAX_TEXT)?;
        let thread = thread(channel, arguments)?;
        self.last = self.last.after(now);
        let mut message = Message {
            ts: self.last,
            thread,
            broadcast: thread.is_some() && arguments.flag("reply_broadcast"),
            author,
            text: content.text,
            blocks: content.blocks.unwrap_or_default(),
            metadata: match content.metadata {
                Metadata::Given(metadata) => Some(metadata),
                Metadata::NotGiven | Metadata::Removed => None,
            },
            posted: now,
            edits: Vec::new(),
            marked_edited: false,
            linked: arguments.flag("link_names") || arguments.text("parse") == Some("full"),
            rung: BTreeSet::new(),
        };
        message.ring();
        let into = if hidden { &mut channel.dropped } else { &mut channel.messages };
        into.insert(message.ts, message);
        Ok((self.last, content.warning))
    }

    /// `chat.update`.
    pub(super) fn update(
        &mut self,
        app: &str,
        arguments: Arguments<'_>,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let id = arguments.text("channel").unwrap_or_default().to_owned();
        let (window, keep) = (self.edit_window, self.text_updates_keep_blocks);
        let channel = self.channels.get_mut(&id).ok_or("channel_not_found")?;
        if channel.archived {
            return Err("is_inactive".into());
        }
        let ts = arguments.text("ts").and_then(Ts::parse).ok_or("message_not_found")?;
        let message = channel.messages.get_mut(&ts).ok_or("message_not_found")?;
        if message.author != Author::App(app.to_owned()) {
            return Err("cant_update_message".into());
        }
        if window.is_some_and(|window| now.duration_since(message.posted) > window) {
            return Err("edit_window_closed".into());
        }
        let content = Content::read(arguments, MAX_CHANGED_TEXT)?;
        message.marked_edited = content.blocks.is_none();
        match content.blocks {
            Some(blocks) => message.blocks = blocks,
            None if keep => {}
            None => message.blocks.clear(),
        }
        message.text = content.text;
        match content.metadata {
            Metadata::Given(metadata) => message.metadata = Some(metadata),
            Metadata::Removed => message.metadata = None,
            Metadata::NotGiven => {}
        }
        message.linked = arguments.flag("link_names") || arguments.text("parse") == Some("full");
        message.edits.push(now);
        message.ring();
        let shown = with_metadata(message, true);
        let body = json!({ "ok": true, "channel": id, "ts": ts.to_string(), "text": message.text, "message": shown });
        Ok(warned(body, content.warning))
    }

    /// A message, seen or dropped.
    fn posted(&self, id: &str, ts: Ts) -> Option<&Message> {
        let channel = self.channels.get(id)?;
        channel.messages.get(&ts).or_else(|| channel.dropped.get(&ts))
    }
}

/// The message that a new one replies to.
fn thread(channel: &Channel, arguments: Arguments<'_>) -> Result<Option<Ts>, Refusal> {
    let Some(given) = arguments.get("thread_ts") else { return Ok(None) };
    // As a number it loses digits: Slack says ok then, and the reply is nowhere (`slackapi/python-slack-sdk#840`).
    let ts = given.as_str().and_then(Ts::parse);
    let ts = ts.ok_or_else(|| {
        Refusal::explained("invalid_thread_ts", &format!("{given} is not a valid thread_ts"))
    })?;
    if channel.deleted.contains(&ts) {
        return Ok(None);
    }
    match channel.messages.get(&ts) {
        None => Err("thread_not_found".into()),
        Some(parent) if parent.thread.is_some() => Err("cannot_reply_to_message".into()),
        Some(_) => Ok(Some(ts)),
    }
}

/// A message as the Web API shows it.
pub(super) fn with_metadata(message: &Message, wanted: bool) -> Value {
    let mut shown = message.shown();
    if let Some(metadata) = message.metadata.as_ref().filter(|_| wanted) {
        shown.insert("metadata".to_owned(), metadata.clone());
    }
    Value::Object(shown)
}

fn warned(mut body: Value, warning: Option<&'static str>) -> Value {
    if let (Some(body), Some(warning)) = (body.as_object_mut(), warning) {
        body.insert("warning".to_owned(), warning.into());
        body.insert("response_metadata".to_owned(), json!({ "warnings": [warning] }));
    }
    body
}
