//! What can go wrong with a request to Slack, and what comes back.

use std::time::Duration;

use serde_json::{Value, json};

/// What goes wrong with one request; the caller draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `Retry-After` in seconds; nothing is done.
    RateLimited(u32),
    /// A status of a server in trouble, 500 or 503.
    Status {
        /// The status.
        status: u16,
        /// Whether the request was carried out all the same.
        done: bool,
    },
    /// `ok: false` with an error of Slack's own: "it's possible some aspect of the operation succeeded", its reference says.
    Trouble {
        /// Which.
        trouble: Trouble,
        /// Whether the request was carried out all the same.
        done: bool,
    },
    /// The answer comes after so long.
    Slow(Duration),
    /// The connection is cut before anything is done.
    ResetBefore,
    /// The request is carried out, and the connection is cut before the answer.
    ResetAfter,
    /// Nothing is done, and nothing is ever said.
    Hang,
    /// A post is answered `ok` with a `ts`, and its message is never seen; does nothing to other requests.
    HiddenDrop,
}

/// Errors that are Slack's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// `fatal_error`.
    FatalError,
    /// `internal_error`.
    InternalError,
    /// `service_unavailable`.
    ServiceUnavailable,
}

impl Trouble {
    /// Slack's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FatalError => "fatal_error",
            Self::InternalError => "internal_error",
            Self::ServiceUnavailable => "service_unavailable",
        }
    }
}

/// What a client gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// An HTTP answer.
    Given(Given),
    /// The connection is cut without one.
    Cut,
    /// Nothing ever comes.
    Hang,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// HTTP's status; the Web API says 200 to most of what it refuses.
    pub status: u16,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// How long after the request it comes.
    pub delay: Duration,
    /// The JSON of the Web API; a text is sent as it is, as webhooks and servers in trouble answer.
    pub body: Value,
}

impl Answer {
    pub(in crate::slack) fn json(body: Value) -> Self {
        Self::Given(Given { status: 200, retry_after: None, delay: Duration::ZERO, body })
    }

    pub(in crate::slack) fn words(status: u16, words: &str) -> Self {
        Self::Given(Given { status, retry_after: None, delay: Duration::ZERO, body: words.into() })
    }

    pub(super) fn rate_limited(face: Face, seconds: u32) -> Self {
        let body = match face {
            Face::Api => json!({ "ok": false, "error": "ratelimited" }),
            Face::Webhook => "rate_limited".into(),
        };
        Self::Given(Given { status: 429, retry_after: Some(seconds), delay: Duration::ZERO, body })
    }

    /// HTTP's status, where there is an answer.
    pub fn status(&self) -> Option<u16> {
        self.given().map(|given| given.status)
    }

    /// The body, where there is an answer.
    pub fn body(&self) -> Option<&Value> {
        self.given().map(|given| &given.body)
    }

    /// Seconds to wait, where the answer asks for it.
    pub fn retry_after(&self) -> Option<u32> {
        self.given()?.retry_after
    }

    /// Whether Slack says that it did what it was asked for.
    pub fn is_ok(&self) -> bool {
        self.status() == Some(200)
            && self.body().is_some_and(|body| body == "ok" || body.get("ok") == Some(&Value::Bool(true)))
    }

    /// Slack's word of refusal.
    pub fn error(&self) -> Option<&str> {
        let body = self.body().filter(|_| !self.is_ok())?;
        body.as_str().or_else(|| body.get("error")?.as_str())
    }

    /// The name of the message that was posted or changed.
    pub fn ts(&self) -> Option<&str> {
        self.body()?.get("ts")?.as_str()
    }

    fn given(&self) -> Option<&Given> {
        match self {
            Self::Given(given) => Some(given),
            Self::Cut | Self::Hang => None,
        }
    }
}

/// Which of Slack's two ways was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Api,
    Webhook,
}

impl Fault {
    /// The answer of a request that is not carried out.
    pub(super) fn instead(self, face: Face) -> Option<Answer> {
        match self {
            Self::RateLimited(seconds) => Some(Answer::rate_limited(face, seconds)),
            Self::Status { done: false, .. } | Self::Trouble { done: false, .. } => {
                Some(self.over(face, Answer::Cut))
            }
            Self::ResetBefore => Some(Answer::Cut),
            Self::Hang => Some(Answer::Hang),
            Self::Status { .. }
            | Self::Trouble { .. }
            | Self::Slow(_)
            | Self::ResetAfter
            | Self::HiddenDrop => None,
        }
    }

    /// What becomes of the answer of a request that was carried out.
    pub(super) fn over(self, face: Face, answer: Answer) -> Answer {
        match (self, answer) {
            (Self::Status { status, .. }, _) => Answer::words(status, "upstream connect error"),
            (Self::Trouble { trouble, .. }, _) => match face {
                Face::Api => Answer::json(json!({ "ok": false, "error": trouble.word() })),
                Face::Webhook => Answer::words(500, "rollup_error"),
            },
            (Self::Slow(delay), Answer::Given(given)) => Answer::Given(Given { delay, ..given }),
            (Self::ResetAfter, _) => Answer::Cut,
            (_, answer) => answer,
        }
    }
}
