//! A stand-in for Slack's incoming webhooks: `POST /services/T…/B…/XXXX`, answered as Slack answers, or as a test says.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::{Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use crate::http::{Cut, Reply as HttpReply, Server};
use crate::sync::lock;

mod blocks;
#[cfg(test)]
mod tests;

pub use blocks::violation;

/// A client that waits for this is a client whose patience is tested.
const HANG: Duration = Duration::from_mins(15);

/// What Slack answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// As it is: 200 `ok`, or what Slack says to a message that breaks its rules.
    Judge,
    /// 429, with `Retry-After` in seconds.
    RateLimited(u32),
    /// 500.
    Broken,
    /// 400 `invalid_payload`.
    InvalidPayload,
    /// 403 `invalid_token`.
    InvalidToken,
    /// 404 `no_service`.
    NoService,
    /// 410 `channel_is_archived`.
    ChannelIsArchived,
    /// 302 to elsewhere.
    Redirect(String),
    /// No answer.
    Hang,
    /// The message is taken, and the connection is cut before the answer.
    LoseAnswer,
}

/// A request as it came, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// When.
    pub at: Timestamp,
    /// `/services/…`.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, null when it is not JSON.
    pub body: Value,
    /// Status of the answer; `None` where there was none.
    pub status: Option<u16>,
    /// Whether people can read it in the channel now.
    pub posted: bool,
}

/// The server; stops on drop.
#[derive(Debug)]
pub struct Slack {
    shared: Arc<Shared>,
    server: Server,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    deliveries: Vec<Delivery>,
    script: VecDeque<Reply>,
    always: Option<Reply>,
}

impl Slack {
    /// Serves on a free port of the loopback interface.
    pub async fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let handler = {
            let shared = Arc::clone(&shared);
            move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.answer(request).await }
            }
        };
        Ok(Self { shared, server: Server::start(handler).await? })
    }

    /// The value of `STEWARD_TEST_SLACK_ORIGIN`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// A webhook as Slack would hand it out: goes into the parameter that the functions read.
    pub fn webhook(&self) -> String {
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX".to_owned()
    }

    /// The next requests are answered so, one each; what follows is judged.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.shared.state).script.extend(replies);
    }

    /// All requests that no script answers are answered so from now on.
    pub fn always(&self, reply: Reply) {
        lock(&self.shared.state).always = Some(reply);
    }

    /// All requests so far, in order of arrival.
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.shared.state).deliveries.clone()
    }

    /// What people can read in the channel.
    pub fn posted(&self) -> Vec<Value> {
        let state = lock(&self.shared.state);
        state
            .deliveries
            .iter()
            .filter(|delivery| delivery.posted)
            .map(|delivery| delivery.body.clone())
            .collect()
    }

    /// Waits until so many requests have come.
    pub async fn delivered(&self, requests: usize) -> Vec<Delivery> {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let deliveries = self.deliveries();
            if deliveries.len() >= requests {
                return deliveries;
            }
            changed.await;
        }
    }
}

impl Shared {
    async fn answer(&self, request: Request<Bytes>) -> HttpReply {
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        let reply = {
            let mut state = lock(&self.state);
            let always = state.always.clone().unwrap_or(Reply::Judge);
            state.script.pop_front().unwrap_or(always)
        };
        let judged = judge(&request, &body);
        let (response, posted) = self::response(&reply, judged);
        let headers = request.headers().iter();
        let delivery = Delivery {
            at: Timestamp::now(),
            path: request.uri().path().to_owned(),
            headers: headers
                .map(|(name, value)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect(),
            body,
            status: response.as_ref().ok().map(|response| response.status().as_u16()),
            posted,
        };
        lock(&self.state).deliveries.push(delivery);
        self.changed.notify_waiters();
        if reply == Reply::Hang {
            tokio::time::sleep(HANG).await;
        }
        response
    }
}

/// The answer, and whether the message is in the channel.
fn response(reply: &Reply, judged: (StatusCode, &'static str)) -> (HttpReply, bool) {
    let text = |(status, text): (StatusCode, &'static str)| crate::http::reply(status, "text/html", text);
    let valid = judged.0 == StatusCode::OK;
    let refused = |status, words| (Ok(text((status, words))), false);
    match reply {
        Reply::Judge => (Ok(text(judged)), valid),
        Reply::LoseAnswer => (Err(Cut), valid),
        Reply::Hang => (Err(Cut), false),
        Reply::RateLimited(seconds) => {
            let mut response = text((StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
            response.headers_mut().insert(hyper::header::RETRY_AFTER, (*seconds).into());
            (Ok(response), false)
        }
        Reply::Broken => refused(StatusCode::INTERNAL_SERVER_ERROR, "rollup_error"),
        Reply::InvalidPayload => refused(StatusCode::BAD_REQUEST, "invalid_payload"),
        Reply::InvalidToken => refused(StatusCode::FORBIDDEN, "invalid_token"),
        Reply::NoService => refused(StatusCode::NOT_FOUND, "no_service"),
        Reply::ChannelIsArchived => refused(StatusCode::GONE, "channel_is_archived"),
        Reply::Redirect(to) => {
            let mut response = text((StatusCode::FOUND, ""));
            if let Ok(to) = HeaderValue::from_str(to) {
                response.headers_mut().insert(hyper::header::LOCATION, to);
            }
            (Ok(response), false)
        }
    }
}

/// What Slack says to a request.
fn judge(request: &Request<Bytes>, body: &Value) -> (StatusCode, &'static str) {
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    }
    if !is_webhook(request.uri().path()) {
        return (StatusCode::NOT_FOUND, "no_service");
    }
    if !body.is_object() {
        return (StatusCode::BAD_REQUEST, "invalid_payload");
    }
    if body.get("text").and_then(Value::as_str).is_none_or(str::is_empty) {
        // Slack would take blocks alone: notifications without `text` say nothing on a phone, so they are refused here.
        return (StatusCode::BAD_REQUEST, "no_text");
    }
    match body.get("blocks").map(violation) {
        Some(Some(_)) => (StatusCode::BAD_REQUEST, "invalid_blocks"),
        _ => (StatusCode::OK, "ok"),
    }
}

/// `/services/T…/B…/secret`.
fn is_webhook(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts.as_slice(), ["", "services", team, webhook, secret]
        if team.starts_with('T') && webhook.starts_with('B') && !secret.is_empty())
}
