//! A Slack workspace that enforces Slack's rules, in virtual time: no clock, no network, no randomness.
//!
//! The rules and where they come from stand at the top of each part. In the order in which a call meets them:
//!
//! 1. the method is known; the token is there, known, and holds the scope
//! 2. the rate allows it
//! 3. channel, rights, contents
//!
//! Where Slack's documentation leaves a choice, the stricter one is taken: who passes here passes there.
//!
//! ```
//! use steward_sim::slack::workspace::{SCOPES, Workspace};
//! # let now = jiff::Timestamp::UNIX_EPOCH;
//!
//! let mut slack = Workspace::new();
//! slack.open("C1", "alerts");
//! slack.install("xoxb-1", "A1", SCOPES);
//! slack.invite("A1", "C1");
//!
//! let message = serde_json::json!({ "channel": "C1", "text": "web is down" });
//! let answer = slack.call("chat.postMessage", "xoxb-1", &message, now, None);
//! assert_eq!(answer.ts(), Some("0.000100"));
//! assert_eq!(slack.messages("C1").count(), 1);
//! ```

mod arguments;
mod fault;
mod history;
mod mentions;
mod message;
mod post;
mod query;
mod rate;
mod setup;
#[cfg(test)]
mod tests;
mod ts;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use arguments::{Arguments, Refusal};
use fault::Face;
use rate::{Bucket, Limits};

pub use fault::{Answer, Fault, Given, Trouble};
pub use mentions::Ring;
pub use message::{Author, Message};
pub use query::Thread;
pub use ts::Ts;

/// The scopes that all methods here need together.
pub const SCOPES: &[&str] = &["chat:write", "channels:history", "metadata.message:read"];

/// The workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    channels: BTreeMap<String, Channel>,
    tokens: BTreeMap<String, Token>,
    /// By path.
    webhooks: BTreeMap<String, Webhook>,
    /// Where all other webhooks post to.
    any_webhook: Option<Webhook>,
    /// None: as often as anybody likes.
    limits: Option<Limits>,
    edit_window: Option<SignedDuration>,
    text_updates_keep_blocks: bool,
    /// The last name that was given.
    last: Ts,
}

#[derive(Clone, Debug, Default)]
struct Channel {
    name: String,
    archived: bool,
    /// Apps that may post and read.
    members: BTreeSet<String>,
    messages: BTreeMap<Ts, Message>,
    /// What was answered with `ok` and is not there.
    dropped: BTreeMap<Ts, Message>,
    /// What people deleted.
    deleted: BTreeSet<Ts>,
}

#[derive(Clone, Debug)]
struct Token {
    app: String,
    scopes: BTreeSet<String>,
    /// Slack's word for one that is valid no more.
    refused: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Webhook {
    app: String,
    channel: String,
}

/// The methods that are imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Post,
    Update,
    History,
    Replies,
    Test,
}

impl Method {
    fn named(name: &str) -> Option<Self> {
        let all = [Self::Post, Self::Update, Self::History, Self::Replies, Self::Test];
        all.into_iter().find(|method| method.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Post => "chat.postMessage",
            Self::Update => "chat.update",
            Self::History => "conversations.history",
            Self::Replies => "conversations.replies",
            Self::Test => "auth.test",
        }
    }

    /// `None`: any token may.
    const fn scope(self) -> Option<&'static str> {
        match self {
            Self::Post | Self::Update => Some("chat:write"),
            Self::History | Self::Replies => Some("channels:history"),
            Self::Test => None,
        }
    }
}

/// Why a call is not carried out.
enum Denied {
    RateLimited(u32),
    Refused(Refusal),
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<&'static str> for Denied {
    fn from(word: &'static str) -> Self {
        Self::Refused(word.into())
    }
}

impl Workspace {
    /// Calls a method of the Web API with its decoded arguments. An empty `token` is none.
    pub fn call(
        &mut self,
        method: &str,
        token: &str,
        arguments: &Value,
        now: Timestamp,
        fault: Option<Fault>,
    ) -> Answer {
        if let Some(answer) = fault.and_then(|fault| fault.instead(Face::Api)) {
            return answer;
        }
        let hidden = fault == Some(Fault::HiddenDrop);
        let answer = match self.carry_out(method, token, Arguments(arguments), now, hidden) {
            Ok(body) => Answer::json(body),
            Err(Denied::Refused(refusal)) => Answer::json(refusal.body()),
            Err(Denied::RateLimited(seconds)) => Answer::rate_limited(Face::Api, seconds),
        };
        match fault {
            Some(fault) => fault.over(Face::Api, answer),
            None => answer,
        }
    }

    /// Posts by an incoming webhook, whose path is `/services/T…/B…/…`; a body that was no JSON is null.
    pub fn webhook(&mut self, path: &str, body: &Value, now: Timestamp, fault: Option<Fault>) -> Answer {
        if let Some(answer) = fault.and_then(|fault| fault.instead(Face::Webhook)) {
            return answer;
        }
        let hidden = fault == Some(Fault::HiddenDrop);
        let answer = self.by_webhook(path, body, now, hidden);
        match fault {
            Some(fault) => fault.over(Face::Webhook, answer),
            None => answer,
        }
    }

    fn by_webhook(&mut self, path: &str, body: &Value, now: Timestamp, hidden: bool) -> Answer {
        let any = self.any_webhook.as_ref().filter(|_| is_webhook(path));
        let Some(Webhook { app, channel }) = self.webhooks.get(path).or(any).cloned() else {
            return Answer::words(404, "no_service");
        };
        if !body.is_object() {
            return Answer::words(400, "invalid_payload");
        }
        if let Err(seconds) = self.pace(&app, &channel, now) {
            return Answer::rate_limited(Face::Webhook, seconds);
        }
        let (status, word) = self.post_by_webhook(&channel, &app, Arguments(body), now, hidden);
        Answer::words(status, word)
    }

    fn carry_out(
        &mut self,
        method: &str,
        token: &str,
        arguments: Arguments<'_>,
        now: Timestamp,
        hidden: bool,
    ) -> Result<Value, Denied> {
        let method = Method::named(method).ok_or("unknown_method")?;
        let Token { app, scopes, .. } = self.allowed(method, token)?.clone();
        let metadata = scopes.contains("metadata.message:read");
        if method == Method::Post {
            // What names no channel is refused below; whom it bothers is nobody.
            let channel = arguments.text("channel").unwrap_or_default().to_owned();
            let channel = self.id_of(&channel).unwrap_or(channel);
            self.pace(&app, &channel, now).map_err(Denied::RateLimited)?;
        } else if let Some(limits) = &mut self.limits
            && method != Method::Test
        {
            // `auth.test` may be called hundreds of times a minute.
            let bucket = Bucket::Tier3 { app: app.clone(), method: method.name() };
            limits.take(bucket, now).map_err(Denied::RateLimited)?;
        }
        Ok(match method {
            Method::Post => self.post(&app, scopes.contains("chat:write.public"), arguments, now, hidden)?,
            Method::Update => self.update(&app, arguments, now)?,
            Method::History => self.history(&app, arguments, metadata)?,
            Method::Replies => self.replies(&app, arguments, metadata)?,
            // By `docs.slack.dev/reference/methods/auth.test`.
            Method::Test => json!({ "ok": true, "bot_id": message::bot_of(&app) }),
        })
    }

    fn allowed(&self, method: Method, token: &str) -> Result<&Token, Refusal> {
        if token.is_empty() {
            return Err("not_authed".into());
        }
        let token = self.tokens.get(token).ok_or("invalid_auth")?;
        if let Some(word) = token.refused {
            return Err(word.into());
        }
        let Some(scope) = method.scope().filter(|scope| !token.scopes.contains(*scope)) else {
            return Ok(token);
        };
        let provided: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
        let refusal = Refusal::with("missing_scope", "needed", scope.into());
        Err(refusal.and("provided", provided.join(",").into()))
    }

    /// A message into a channel, by an app: as often as Slack lets it.
    fn pace(&mut self, app: &str, channel: &str, now: Timestamp) -> Result<(), u32> {
        let Some(limits) = &mut self.limits else { return Ok(()) };
        limits.take(Bucket::Posts { app: app.to_owned(), channel: channel.to_owned() }, now)
    }
}

/// `/services/T…/B…/secret`.
fn is_webhook(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts.as_slice(), ["", "services", team, webhook, secret]
        if team.starts_with('T') && webhook.starts_with('B') && !secret.is_empty())
}
