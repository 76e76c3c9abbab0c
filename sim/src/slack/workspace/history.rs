//! `conversations.history` and `conversations.replies`.
//!
//! | what | source |
//! |---|---|
//! | a channel newest first, without replies that were not broadcast; a thread oldest first, with its parent | `docs.slack.dev/reference/methods/conversations.history`, `conversations.replies` |
//! | `oldest` and `latest` leave out what is named exactly so, unless `inclusive` | the same |
//! | `limit`: 100 and at most 999 of a channel, 1,000 of a thread | the same |
//! | metadata comes with `include_all_metadata` only, and with the scope `metadata.message:read` | the same; `docs.slack.dev/messaging/message-metadata` |
//! | any message of a thread does as `ts` of its replies | `conversations.replies`, `ts` |
//!
//! Without the scope Slack may refuse or stay silent about metadata; here it stays silent, for a reader must not take that
//! for a message that is not there.

use serde_json::{Value, json};

use super::arguments::{Arguments, Refusal};
use super::message::Message;
use super::post::with_metadata;
use super::ts::Ts;
use super::{Channel, Workspace};

/// What a cursor begins with. It ends with `=`, as Slack's do: it must be escaped in a form.
const CURSOR: &str = "next_ts:";

/// Items of an answer.
struct Page {
    usual: usize,
    most: usize,
}

impl Workspace {
    /// `conversations.history`.
    pub(super) fn history(
        &self,
        app: &str,
        arguments: Arguments<'_>,
        metadata: bool,
    ) -> Result<Value, Refusal> {
        let channel = self.readable(app, arguments)?;
        let newest_first = channel.messages.values().rev().filter(|message| message.is_in_channel());
        page(channel, newest_first, arguments, metadata, &Page { usual: 100, most: 999 })
    }

    /// `conversations.replies`.
    pub(super) fn replies(
        &self,
        app: &str,
        arguments: Arguments<'_>,
        metadata: bool,
    ) -> Result<Value, Refusal> {
        let channel = self.readable(app, arguments)?;
        let ts = required(arguments, "ts")?;
        let named = Ts::parse(ts).and_then(|ts| channel.messages.get(&ts)).ok_or("thread_not_found")?;
        let parent = named.thread.unwrap_or(named.ts);
        let thread = |message: &&Message| message.ts == parent || message.thread == Some(parent);
        let messages = channel.messages.values().filter(thread);
        page(channel, messages, arguments, metadata, &Page { usual: 1000, most: 1000 })
    }

    fn readable(&self, app: &str, arguments: Arguments<'_>) -> Result<&Channel, Refusal> {
        let channel = self.channels.get(required(arguments, "channel")?).ok_or("channel_not_found")?;
        if channel.members.contains(app) { Ok(channel) } else { Err("not_in_channel".into()) }
    }
}

fn required<'call>(arguments: Arguments<'call>, name: &str) -> Result<&'call str, Refusal> {
    let missing = || Refusal::explained("invalid_arguments", &format!("missing required field: {name}"));
    arguments.text(name).ok_or_else(missing)
}

fn page<'channel>(
    channel: &Channel,
    messages: impl Iterator<Item = &'channel Message>,
    arguments: Arguments<'_>,
    metadata: bool,
    page: &Page,
) -> Result<Value, Refusal> {
    let oldest = bound(arguments, "oldest", "invalid_ts_oldest")?;
    let latest = bound(arguments, "latest", "invalid_ts_latest")?;
    let inclusive = arguments.flag("inclusive");
    let inside = |ts: Ts| {
        let end = |bound: Option<Ts>| inclusive && bound == Some(ts);
        (oldest.is_none_or(|oldest| ts > oldest) || end(oldest))
            && (latest.is_none_or(|latest| ts < latest) || end(latest))
    };
    let limit = match arguments.number("limit")? {
        Some(0) => return Err(Refusal::explained("invalid_arguments", "limit is less than 1")),
        limit => limit.unwrap_or(page.usual).min(page.most),
    };
    let from = cursor(arguments)?;
    let mut rest = messages
        .filter(|message| inside(message.ts))
        .skip_while(|message| from.is_some_and(|from| message.ts != from));
    let metadata = metadata && arguments.flag("include_all_metadata");
    let shown: Vec<Value> =
        rest.by_ref().take(limit).map(|message| in_list(channel, message, metadata)).collect();
    let next = rest.next().map(|message| format!("{CURSOR}{}=", message.ts));
    let mut body = json!({ "ok": true, "messages": shown, "has_more": next.is_some() });
    if let (Some(body), Some(next)) = (body.as_object_mut(), next) {
        body.insert("response_metadata".to_owned(), json!({ "next_cursor": next }));
    }
    Ok(body)
}

fn bound(arguments: Arguments<'_>, name: &str, word: &'static str) -> Result<Option<Ts>, Refusal> {
    let Some(given) = arguments.get(name) else { return Ok(None) };
    let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
    Ts::bound(&text).map(Some).ok_or_else(|| word.into())
}

fn cursor(arguments: Arguments<'_>) -> Result<Option<Ts>, Refusal> {
    let Some(given) = arguments.text("cursor").filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    let ts = given.strip_prefix(CURSOR).and_then(|rest| rest.strip_suffix('=')).and_then(Ts::parse);
    ts.map(Some).ok_or_else(|| "invalid_cursor".into())
}

/// A message with what its thread looks like.
fn in_list(channel: &Channel, message: &Message, metadata: bool) -> Value {
    let mut shown = with_metadata(message, metadata);
    let replies: Vec<Ts> = channel.replies(message.ts).map(|reply| reply.ts).collect();
    if let (Some(shown), Some(last)) = (shown.as_object_mut(), replies.last()) {
        shown.insert("thread_ts".to_owned(), message.ts.to_string().into());
        shown.insert("reply_count".to_owned(), replies.len().into());
        shown.insert("latest_reply".to_owned(), last.to_string().into());
    }
    shown
}
