//! A message, as it lies in a channel.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::mentions::{self, Ring};
use super::ts::Ts;

/// Who posted a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// An app, by its bot token.
    App(String),
    /// An app, by an incoming webhook: that is another bot, and no token may change what it posts.
    Webhook(String),
    /// Somebody.
    Person(String),
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its name in the channel.
    pub ts: Ts,
    /// The message that it replies to.
    pub thread: Option<Ts>,
    /// Whether a reply is shown in the channel too.
    pub broadcast: bool,
    /// Who posted it.
    pub author: Author,
    /// What notifications say; what is shown where there are no blocks.
    pub text: String,
    /// What is shown, where there are any.
    pub blocks: Vec<Value>,
    /// `event_type` and `event_payload`.
    pub metadata: Option<Value>,
    /// When it was posted.
    pub posted: Timestamp,
    /// When it was changed.
    pub edits: Vec<Timestamp>,
    /// Whether Slack says that it was edited: it does not of changes that bring blocks.
    pub(super) marked_edited: bool,
    /// Whether Slack was asked to look for names.
    pub(super) linked: bool,
    pub(super) rung: BTreeSet<Ring>,
}

impl Message {
    /// Whom it rang or rings: of what it was when it was posted, and of all that it was changed to.
    pub fn rings(&self) -> impl Iterator<Item = &str> {
        self.rung.iter().map(String::as_str)
    }

    /// What a person reads, with a line each text.
    pub fn read(&self) -> String {
        mentions::read(&self.text, &self.blocks)
    }

    /// Whether it is seen in the channel itself, and not in a thread only.
    pub fn is_in_channel(&self) -> bool {
        self.thread.is_none() || self.broadcast
    }

    /// Looks again whom it rings.
    pub(super) fn ring(&mut self) {
        self.rung.extend(mentions::rings(&self.text, &self.blocks, self.linked));
    }

    /// As the Web API shows it, without metadata.
    pub(super) fn shown(&self) -> Map<String, Value> {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("type", "message".into());
        put("ts", self.ts.to_string().into());
        put("text", self.text.clone().into());
        match &self.author {
            Author::App(app) => {
                put("bot_id", bot_of(app).into());
                put("app_id", app.clone().into());
            }
            Author::Webhook(app) => {
                put("subtype", "bot_message".into());
                put("bot_id", format!("BW{app}").into());
            }
            Author::Person(user) => {
                put("user", user.clone().into());
            }
        }
        if !self.blocks.is_empty() {
            put("blocks", self.blocks.clone().into());
        }
        if let Some(thread) = self.thread {
            put("thread_ts", thread.to_string().into());
        }
        if self.broadcast {
            put("subtype", "thread_broadcast".into());
        }
        if let Some(last) = self.edits.last().filter(|_| self.marked_edited) {
            put("edited", json!({ "ts": format!("{}.000000", last.as_second()) }));
        }
        shown
    }
}

/// The bot by whose name an app's token posts.
pub(super) fn bot_of(app: &str) -> String {
    format!("B{app}")
}
