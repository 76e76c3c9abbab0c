//! Slack, by incoming webhook or by a bot's token.
//!
//! Webhook and token are secrets: they come from a `SecureString`, are kept in memory only, and stand in no error. They are
//! sent nowhere but to Slack's own hosts over https, and redirects are not followed. What Slack's words mean is one table
//! ([`words`]).

mod bot;
mod http;
mod pace;
mod secret;
mod webhook;
mod words;

#[cfg(test)]
mod tests;

use jiff::SignedDuration;
use serde_json::Value;

pub use bot::SlackBot;
pub use webhook::SlackWebhook;

use crate::notification::slack;
use crate::ports::{Form, How, Letter, SendError, Trouble};

/// Why a letter was not taken, before its channel says its name.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    trouble: Trouble,
    problem: String,
    retry_after: Option<SignedDuration>,
}

impl Refusal {
    fn new(trouble: Trouble, problem: impl Into<String>) -> Self {
        Self { trouble, problem: problem.into(), retry_after: None }
    }

    fn after(self, retry_after: Option<SignedDuration>) -> Self {
        Self { retry_after, ..self }
    }

    fn of(self, channel: &str) -> SendError {
        let Self { trouble, problem, retry_after } = self;
        SendError { channel: channel.to_owned(), problem, retry_after, trouble }
    }
}

/// What a letter says, as `text` and, unless it is plain, `blocks`.
fn rendered(letter: &Letter<'_>) -> Value {
    match (letter.form, letter.how) {
        (Form::Plain, _) => slack::words(letter.message),
        (Form::Rich, How::Reply { .. }) => slack::reply(letter.message),
        (Form::Rich, How::New | How::Edit(_)) => slack::blocks(letter.message),
    }
}
