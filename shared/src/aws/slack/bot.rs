//! Slack by a bot's token: messages are edited, have threads, and can be found again.
//!
//! The app needs the bot scope `chat:write`. With `channels:history` (of private channels `groups:history`) a post of which
//! nobody knows whether it arrived is looked for; without it, it may be repeated.

use std::cell::RefCell;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::http::{Answer, FORM, Http, JSON, Post, by_status};
use super::pace::Pace;
use super::secret::Secret;
use super::words::{advice, trouble};
use super::{Refusal, rendered};
use crate::aws::sdk::Sdk;
use crate::ledger::Root;
use crate::ports::{Access, Channel, Form, How, Letter, Parameters, Resource, SendError, Trouble};
use crate::redact::redact;

/// Where methods live. A token of GovSlack is followed by `@slack-gov.com` in its parameter: it does not say so itself.
const HOSTS: [&str; 2] = ["slack.com", "slack-gov.com"];
/// How messages of Steward's are told from all others of the bot.
const EVENT: &str = "ecs_steward";
/// An answer to a post repeats the post.
const ANSWER_BYTES: usize = 256 * 1024;
/// A page of messages with their blocks.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Messages of a page, and pages: so many may a channel get while one is looked for.
const PAGE: u32 = 100;
const MAX_PAGES: usize = 5;
/// Looking takes no longer: the post must still have its time.
const LOOKING: Duration = Duration::from_secs(8);
/// What is shown of an error word.
const WORD_CHARS: usize = 60;

/// A channel that a bot posts to.
pub struct SlackBot<P> {
    name: String,
    /// The channel's id, `C…`.
    channel: String,
    http: Http,
    pub(super) token: Secret<P>,
    pace: Pace,
    /// `bot_id` of the token: which messages are its own.
    own: RefCell<Option<String>>,
}

impl<P: Parameters> SlackBot<P> {
    /// What sending needs.
    pub const ACCESS: &'static [Access] =
        &[Access { method: "send", actions: &["ssm:GetParameters"], on: Resource::SlackSecrets }];

    /// The channel `name`, which is Slack's `channel` (an id), by the bot token that `parameter` holds. It is read with the
    /// first message. `origin` stands for Slack's hosts in tests: no template sets it.
    pub fn new(
        sdk: &Sdk,
        name: String,
        parameters: P,
        parameter: String,
        channel: String,
        origin: Option<String>,
    ) -> Self {
        let token = Secret::new(parameters, parameter, "bot token");
        let (http, pace, own) = (Http::new(sdk, origin), Pace::default(), RefCell::default());
        Self { name, channel, http, token, pace, own }
    }

    /// Calls a method. Answers what it answered, if it said `ok`.
    async fn call(&self, method: &str, content_type: &'static str, body: String) -> Result<Value, Refusal> {
        let secret = self.token.get(|value| parts(value).map(drop)).await?;
        let (token, host) = parts(&secret).map_err(|problem| Refusal::new(Trouble::Refused, problem))?;
        let path = format!("api/{method}");
        let most = if content_type == FORM { PAGE_BYTES } else { ANSWER_BYTES };
        let answer =
            self.http.post(&Post { host, path: &path, token: Some(token), content_type, body, most }).await?;
        judged(method, &answer).inspect_err(|refusal| {
            if refusal.trouble == Trouble::Refused {
                self.token.forget();
                *self.own.borrow_mut() = None;
            }
        })
    }

    async fn read(&self, method: &str, fields: &[(&str, &str)]) -> Result<Value, Refusal> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.call(method, FORM, body).await
    }

    async fn post(&self, letter: &Letter<'_>) -> Result<Option<Root>, Refusal> {
        let mut body = rendered(letter);
        let method = match letter.how {
            How::Edit(root) => {
                put(&mut body, "channel", json!(root.channel));
                put(&mut body, "ts", json!(root.id));
                if letter.form == Form::Plain {
                    // Without the field the old ones would stay.
                    put(&mut body, "blocks", json!([]));
                }
                "chat.update"
            }
            How::New | How::Reply { .. } => {
                self.address(&mut body, letter);
                self.pace.keep().await;
                "chat.postMessage"
            }
        };
        let answer = self.call(method, JSON, body.to_string()).await?;
        Ok(root(&answer))
    }

    /// Where a new message goes, and how it is found again. An edit leaves that as it is.
    fn address(&self, body: &mut Value, letter: &Letter<'_>) {
        match letter.how {
            How::Reply { root, aloud } => {
                put(body, "channel", json!(root.channel));
                put(body, "thread_ts", json!(root.id));
                put(body, "reply_broadcast", json!(aloud));
            }
            How::New | How::Edit(_) => put(body, "channel", json!(self.channel)),
        }
        put(body, "metadata", json!({"event_type": EVENT, "event_payload": {"key": key(letter)}}));
        // Links lead to consoles: nobody needs a picture of their sign-in.
        put(body, "unfurl_links", json!(false));
        put(body, "unfurl_media", json!(false));
    }

    async fn look(&self, letter: &Letter<'_>, since: Timestamp) -> Result<Option<Root>, Refusal> {
        let (method, channel, thread) = match letter.how {
            How::New => ("conversations.history", self.channel.as_str(), None),
            How::Reply { root, .. } => {
                ("conversations.replies", root.channel.as_str(), Some(root.id.as_str()))
            }
            How::Edit(_) => return Ok(None),
        };
        let Some(own) = self.own().await? else { return Ok(None) };
        let (key, oldest, limit) = (key(letter), seconds(since), PAGE.to_string());
        let mut cursor = String::new();
        for _ in 0..MAX_PAGES {
            let mut fields = vec![
                ("channel", channel),
                ("oldest", oldest.as_str()),
                ("inclusive", "true"),
                ("include_all_metadata", "true"),
                ("limit", limit.as_str()),
            ];
            fields.extend(thread.map(|thread| ("ts", thread)));
            fields.extend(Some(("cursor", cursor.as_str())).filter(|(_, cursor)| !cursor.is_empty()));
            let page = self.read(method, &fields).await?;
            let messages = page.get("messages").and_then(Value::as_array).map(Vec::as_slice);
            let is_it = |message: &&Value| is_own(message, &own) && has_key(message, &key);
            if let Some(id) = messages.unwrap_or_default().iter().find(is_it).and_then(|it| text(it, "/ts")) {
                return Ok(Some(Root { channel: channel.to_owned(), id: id.to_owned() }));
            }
            match text(&page, "/response_metadata/next_cursor") {
                Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
                _ => break,
            }
        }
        Ok(None)
    }

    /// Whether Slack takes the token: `auth.test`, which posts nothing and needs no scope.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or that Slack did not answer.
    #[cfg(feature = "audit")]
    pub async fn test(&self) -> Result<(), String> {
        self.own().await.map(drop).map_err(|refusal| refusal.problem)
    }

    /// The token's `bot_id`. `auth.test` needs no scope.
    async fn own(&self) -> Result<Option<String>, Refusal> {
        if let Some(known) = self.own.borrow().clone() {
            return Ok(Some(known));
        }
        let found = self.read("auth.test", &[]).await?;
        let own = text(&found, "/bot_id").map(str::to_owned);
        self.own.borrow_mut().clone_from(&own);
        Ok(own)
    }
}

impl<P: Parameters> Channel for SlackBot<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn edits(&self) -> bool {
        true
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        self.post(letter).await.map_err(|refusal| refusal.of(&self.name))
    }

    async fn find(&self, letter: &Letter<'_>, since: Timestamp) -> Result<Option<Root>, SendError> {
        let looked = match tokio::time::timeout(LOOKING, self.look(letter, since)).await {
            Ok(looked) => looked,
            Err(_) => Err(Refusal::new(Trouble::Unknown, "Slack did not say in time what has arrived")),
        };
        match looked {
            Ok(found) => Ok(found),
            // Who may not read cannot tell. Whether the bot may post, the post says.
            Err(Refusal { trouble: Trouble::Refused | Trouble::Form | Trouble::Gone, .. }) => Ok(None),
            Err(refusal) => Err(refusal.of(&self.name)),
        }
    }
}

/// Token and host, if it is a token that may be sent there.
fn parts(value: &str) -> Result<(&str, &str), &'static str> {
    let (token, host) = value.split_once('@').unwrap_or((value, "slack.com"));
    if !token.starts_with("xoxb-") {
        return Err("it does not begin with xoxb-");
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err("it has characters that no token has");
    }
    if !HOSTS.contains(&host) {
        return Err("what follows @ is none of slack.com and slack-gov.com");
    }
    Ok((token, host))
}

/// What a method answered: errors come with status 200, too.
fn judged(method: &str, answer: &Answer) -> Result<Value, Refusal> {
    if let Some(refusal) = by_status(answer) {
        return Err(refusal);
    }
    let unreadable = || {
        let problem = format!("{method}: an answer that says nothing ({} {})", answer.status, answer.said());
        Refusal::new(if answer.status == 200 { Trouble::Unknown } else { Trouble::Refused }, problem)
    };
    let said: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    if said.get("ok").and_then(Value::as_bool) == Some(true) {
        return Ok(said);
    }
    let word = text(&said, "/error").ok_or_else(unreadable)?;
    let shown = redact(word).shortened(WORD_CHARS);
    let mut problem = format!("{method}: {shown}");
    if trouble(word) == Trouble::Refused {
        problem = format!("{problem}: {}", advice(word));
    }
    if let Some(needed) = text(&said, "/needed") {
        problem = format!("{problem} (needed: {})", redact(needed).shortened(WORD_CHARS));
    }
    Err(Refusal::new(trouble(word), problem).after(answer.retry_after))
}

fn root(answer: &Value) -> Option<Root> {
    let (channel, id) = (text(answer, "/channel")?, text(answer, "/ts")?);
    Some(Root { channel: channel.to_owned(), id: id.to_owned() })
}

/// Tells a letter from all others. A hash, for every app of the workspace can read it.
fn key(letter: &Letter<'_>) -> String {
    let text = format!("{}#{}", letter.subject.key(), letter.key);
    let first = Sha256::digest(text.as_bytes());
    let first = first.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    format!("{first:032x}")
}

fn is_own(message: &Value, own: &str) -> bool {
    text(message, "/bot_id") == Some(own)
}

fn has_key(message: &Value, key: &str) -> bool {
    text(message, "/metadata/event_type") == Some(EVENT)
        && text(message, "/metadata/event_payload/key") == Some(key)
}

/// A time as Slack writes it: `1405894322.002768`.
fn seconds(at: Timestamp) -> String {
    let micros = at.as_microsecond().max(0);
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

fn put(body: &mut Value, name: &str, value: Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert(name.to_owned(), value);
    }
}
