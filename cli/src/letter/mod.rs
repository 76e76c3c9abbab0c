//! How a message looks in each kind of channel: what is sent, and a drawing of it.

mod blocks;
mod drawn;
mod page;

use serde_json::{Value, json};
use steward::notification::{amazon_q, mail, plain, slack};

pub(crate) use blocks::{Block, Piece};
pub(crate) use drawn::{Line, drawn};
pub(crate) use page::Shown;

use crate::play::{Placed, Post};

/// A kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Slack by a bot: one message that is edited, and a thread below it.
    Slack,
    /// Slack by an incoming webhook: a message each time.
    Webhook,
    /// A mail by SNS.
    Sns,
    /// Amazon Q Developer in chat applications.
    AmazonQ,
    /// Text, as on a console.
    Plain,
}

/// How a message looks to whoever reads it.
pub(crate) enum Look {
    /// Slack's blocks.
    Blocks(Vec<Block>),
    /// A mail.
    Mail { subject: String, body: String },
    /// A card of Amazon Q.
    Card { title: String, text: String, steps: Vec<String> },
    /// Lines.
    Words(String),
}

impl Look {
    /// The style sheet's word.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Blocks(_) => "chat",
            Self::Mail { .. } => "mail",
            Self::Card { .. } => "card",
            Self::Words(_) => "words",
        }
    }
}

impl Kind {
    /// Whether its messages can be edited, and have threads.
    pub(crate) fn edits(self) -> bool {
        self == Self::Slack
    }

    /// Its name, for a headline.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Webhook => "Slack, by a webhook",
            Self::Sns => "mail",
            Self::AmazonQ => "Amazon Q Developer in chat applications",
            Self::Plain => "plain text",
        }
    }

    /// Exactly what is sent, as JSON.
    pub(crate) fn json(self, post: &Post) -> Value {
        let Post { subject, message, key, .. } = post;
        match (self, post.how) {
            (Self::Slack | Self::Webhook, Placed::Reply { .. }) => slack::reply(message),
            (Self::Slack | Self::Webhook, Placed::New | Placed::Edit) => slack::blocks(message),
            (Self::Sns, _) => json!({"Subject": mail::subject(message), "Message": mail::body(message)}),
            (Self::AmazonQ, _) => amazon_q::notification(subject, message, key),
            (Self::Plain, _) => json!(plain(message)),
        }
    }

    /// What is sent as a person sees it.
    pub(crate) fn look(self, post: &Post) -> Look {
        let sent = self.json(post);
        match self {
            Self::Slack | Self::Webhook => Look::Blocks(blocks::read(&sent)),
            Self::Sns => {
                Look::Mail { subject: mail::subject(&post.message), body: mail::body(&post.message) }
            }
            Self::AmazonQ => {
                let text = |name: &str| {
                    let text = sent.get("content").and_then(|content| content.get(name)?.as_str());
                    blocks::unescaped(text.unwrap_or_default())
                };
                let steps = sent.get("content").and_then(|content| content.get("nextSteps")?.as_array());
                let steps = steps.into_iter().flatten().filter_map(Value::as_str);
                let steps = steps.map(blocks::unescaped).collect();
                Look::Card { title: text("title"), text: text("description"), steps }
            }
            Self::Plain => Look::Words(plain(&post.message)),
        }
    }
}
