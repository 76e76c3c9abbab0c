//! Answers HTTP for a workspace.
//!
//! | what | source |
//! |---|---|
//! | arguments by query, form or JSON; methods that read take no JSON: they answer as if there were none | `docs.slack.dev/apis/web-api`; reported: `Yeachan-Heo/gajae-code#3824` |
//! | `blocks` and `metadata` in a form are JSON as text | each method's reference |
//! | the token stands in `Authorization: Bearer`, or in a form, never in JSON | `docs.slack.dev/apis/web-api`, "posting JSON" |
//! | `invalid_json`, `json_not_object`, `invalid_charset`, `missing_post_type`, `invalid_post_type`, the warning `missing_charset` | the same, errors of all methods |

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::workspace::{Answer, Given};
use super::{Call, Delivery, Reply, Shared};
use crate::http::{Cut, Reply as HttpReply, header, reply};
use crate::sync::lock;

/// A client that waits for this is a client whose patience is tested.
const HANG: Duration = Duration::from_mins(15);
/// Methods that read, and take no JSON.
const READS: &str = "conversations.";

impl Shared {
    pub(super) async fn answer(&self, request: Request<Bytes>) -> HttpReply {
        match request.uri().path().strip_prefix("/api/") {
            Some(method) => self.call(method, &request).await,
            None => self.deliver(&request).await,
        }
    }

    /// A call of the Web API.
    async fn call(&self, method: &str, request: &Request<Bytes>) -> HttpReply {
        let now = Timestamp::now();
        let (arguments, answer) = {
            let mut state = lock(&self.state);
            let fault = state.faults.get_mut(method).and_then(VecDeque::pop_front).flatten();
            match Decoded::read(method, request) {
                Ok(decoded) => {
                    let answer = state.workspace.call(method, &decoded.token, &decoded.arguments, now, fault);
                    (decoded.arguments, warned(answer, decoded.warning))
                }
                Err(word) => {
                    let body = json!({ "ok": false, "error": word });
                    (Value::Null, Answer::json(body))
                }
            }
        };
        let call = Call { at: now, method: method.to_owned(), arguments, answer: answer.body().cloned() };
        lock(&self.state).calls.push(call);
        self.changed.notify_waiters();
        send(answer).await
    }

    /// A webhook's message.
    async fn deliver(&self, request: &Request<Bytes>) -> HttpReply {
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        let path = request.uri().path().to_owned();
        let now = Timestamp::now();
        let (reply, response, posted) = {
            let mut state = lock(&self.state);
            let always = state.always.clone().unwrap_or(Reply::Judge);
            let reply = state.script.pop_front().unwrap_or(always);
            let judged = matches!(reply, Reply::Judge | Reply::LoseAnswer).then(|| {
                if request.method() == Method::POST {
                    state.workspace.webhook(&path, &body, now, None)
                } else {
                    Answer::words(405, "method_not_allowed")
                }
            });
            let posted = judged.as_ref().is_some_and(Answer::is_ok);
            let response = response(&reply, judged);
            (reply, response, posted)
        };
        let headers = request.headers().iter();
        let delivery = Delivery {
            at: now,
            path,
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

/// What a webhook's request is answered with.
fn response(reply: &Reply, judged: Option<Answer>) -> HttpReply {
    let words = |status, words| Ok(self::reply(status, "text/html", words));
    match reply {
        Reply::Judge => match judged {
            Some(Answer::Given(given)) => Ok(http(given)),
            _ => Err(Cut),
        },
        Reply::LoseAnswer | Reply::Hang => Err(Cut),
        Reply::RateLimited(seconds) => {
            let mut response = self::reply(StatusCode::TOO_MANY_REQUESTS, "text/html", "rate_limited");
            response.headers_mut().insert(RETRY_AFTER, (*seconds).into());
            Ok(response)
        }
        Reply::Broken => words(StatusCode::INTERNAL_SERVER_ERROR, "rollup_error"),
        Reply::InvalidPayload => words(StatusCode::BAD_REQUEST, "invalid_payload"),
        Reply::InvalidToken => words(StatusCode::FORBIDDEN, "invalid_token"),
        Reply::NoService => words(StatusCode::NOT_FOUND, "no_service"),
        Reply::ChannelIsArchived => words(StatusCode::GONE, "channel_is_archived"),
        Reply::Redirect(to) => {
            let mut response = self::reply(StatusCode::FOUND, "text/html", "");
            if let Ok(to) = HeaderValue::from_str(to) {
                response.headers_mut().insert(hyper::header::LOCATION, to);
            }
            Ok(response)
        }
    }
}

async fn send(answer: Answer) -> HttpReply {
    match answer {
        Answer::Given(given) => {
            tokio::time::sleep(given.delay).await;
            Ok(http(given))
        }
        Answer::Cut => Err(Cut),
        Answer::Hang => {
            tokio::time::sleep(HANG).await;
            Err(Cut)
        }
    }
}

fn http(given: Given) -> hyper::Response<http_body_util::Full<Bytes>> {
    let status = StatusCode::from_u16(given.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match given.body {
        Value::String(words) => reply(status, "text/html", words),
        body => reply(status, "application/json; charset=utf-8", body.to_string()),
    };
    if let Some(seconds) = given.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// A call as its request means it.
struct Decoded {
    token: String,
    arguments: Value,
    warning: Option<&'static str>,
}

impl Decoded {
    /// Reads a request, or says Slack's word for what is wrong with it.
    fn read(method: &str, request: &Request<Bytes>) -> Result<Self, &'static str> {
        let mut form = self::form(request.uri().query().unwrap_or_default().as_bytes());
        let (mut json, mut warning) = (Map::new(), None);
        let content = header(request, CONTENT_TYPE.as_str()).unwrap_or_default();
        let (kind, parameters) = content.split_once(';').unwrap_or((content, ""));
        match kind.trim().to_ascii_lowercase().as_str() {
            _ if request.body().is_empty() => {}
            "" => return Err("missing_post_type"),
            "application/x-www-form-urlencoded" => form.append(&mut self::form(request.body())),
            "application/json" => {
                warning = charset(parameters)?;
                let body: Value = serde_json::from_slice(request.body()).map_err(|_| "invalid_json")?;
                let Value::Object(body) = body else { return Err("json_not_object") };
                if !method.starts_with(READS) {
                    json = body;
                }
            }
            _ => return Err("invalid_post_type"),
        }
        let bearer = header(request, AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        let in_form = form.remove("token").and_then(|token| token.as_str().map(str::to_owned));
        let token = bearer.map(str::to_owned).or(in_form).unwrap_or_default();
        form.append(&mut json);
        Ok(Self { token, arguments: Value::Object(form), warning })
    }
}

/// What a JSON body's charset makes of it.
fn charset(parameters: &str) -> Result<Option<&'static str>, &'static str> {
    let parameters = parameters.to_ascii_lowercase();
    match parameters.trim().strip_prefix("charset=").map(|name| name.trim_matches('"')) {
        None => Ok(Some("missing_charset")),
        Some("utf-8") => Ok(None),
        Some(_) => Err("invalid_charset"),
    }
}

fn form(pairs: &[u8]) -> Map<String, Value> {
    let value = |name: &str, text: &str| {
        let json = ["blocks", "metadata"].contains(&name).then(|| serde_json::from_str(text).ok()).flatten();
        json.unwrap_or_else(|| text.into())
    };
    let pairs = form_urlencoded::parse(pairs);
    pairs.map(|(name, text)| (name.to_string(), value(&name, &text))).collect()
}

fn warned(mut answer: Answer, warning: Option<&'static str>) -> Answer {
    if let (Answer::Given(Given { body: Value::Object(body), .. }), Some(warning)) = (&mut answer, warning) {
        body.entry("warning").or_insert_with(|| warning.into());
        body.entry("response_metadata").or_insert_with(|| json!({ "warnings": [warning] }));
    }
    answer
}
