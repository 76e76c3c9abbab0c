//! A stand-in for Slack: a [`workspace`] that keeps Slack's rules, and a server that answers for it.
//!
//! `POST /services/T…/B…/XXXX` are incoming webhooks, `/api/METHOD` is the Web API. Both are answered as Slack answers, or as
//! a test says: webhooks by a script of [`Reply`], methods by one of [`Fault`] each.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use crate::http::Server;
use crate::sync::lock;

mod blocks;
mod server;
#[cfg(test)]
mod tests;
pub mod workspace;

pub use blocks::violation;

use workspace::{Fault, SCOPES, Workspace};

/// The channel of [`Slack::start`]: all webhooks post to it.
pub const CHANNEL: &str = "C00000000";
/// The bot token of [`Slack::start`], with all scopes.
pub const TOKEN: &str = "xoxb-000000000000-steward";

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

/// A call of the Web API as it came, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// When.
    pub at: Timestamp,
    /// `chat.postMessage` and its like.
    pub method: String,
    /// Decoded; null where they could not be.
    pub arguments: Value,
    /// What it was answered with; `None` where there was no answer.
    pub answer: Option<Value>,
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
    workspace: Workspace,
    deliveries: Vec<Delivery>,
    script: VecDeque<Reply>,
    always: Option<Reply>,
    calls: Vec<Call>,
    /// By method; `None` is no fault.
    faults: BTreeMap<String, VecDeque<Option<Fault>>>,
}

impl Slack {
    /// Serves on a free port of the loopback interface: [`CHANNEL`] by all webhooks and by [`TOKEN`], as often as one likes.
    pub async fn start() -> io::Result<Self> {
        let mut workspace = Workspace::new();
        workspace.unlimited();
        workspace.open(CHANNEL, "alerts");
        workspace.install(TOKEN, "A0STEWARD", SCOPES);
        workspace.invite("A0STEWARD", CHANNEL);
        workspace.hook_all("A0STEWARD", CHANNEL);
        Self::serve(workspace).await
    }

    /// Serves a workspace, by the wall's clock.
    pub async fn serve(workspace: Workspace) -> io::Result<Self> {
        let state = Mutex::new(State { workspace, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Notify::default() });
        let handler = {
            let shared = Arc::clone(&shared);
            move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.answer(request).await }
            }
        };
        Ok(Self { shared, server: Server::start(handler).await? })
    }

    /// Looks at the workspace, or changes it.
    pub fn workspace<T>(&self, look: impl FnOnce(&mut Workspace) -> T) -> T {
        look(&mut lock(&self.shared.state).workspace)
    }

    /// The next calls of a method go wrong so, one each; `None` goes well, as does what follows.
    pub fn faults(&self, method: &str, faults: impl IntoIterator<Item = Option<Fault>>) {
        lock(&self.shared.state).faults.entry(method.to_owned()).or_default().extend(faults);
    }

    /// All calls of the Web API so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.state).calls.clone()
    }

    /// The value of `STEWARD_TEST_SLACK_ORIGIN`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// A webhook as Slack would hand it out: goes into the parameter that the functions read.
    pub fn webhook(&self) -> String {
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX".to_owned()
    }

    /// The next webhook requests are answered so, one each; what follows is judged.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.shared.state).script.extend(replies);
    }

    /// All webhook requests that no script answers are answered so from now on.
    pub fn always(&self, reply: Reply) {
        lock(&self.shared.state).always = Some(reply);
    }

    /// All webhook requests so far, in order of arrival.
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.shared.state).deliveries.clone()
    }

    /// What webhooks posted, as it came.
    pub fn posted(&self) -> Vec<Value> {
        let state = lock(&self.shared.state);
        state
            .deliveries
            .iter()
            .filter(|delivery| delivery.posted)
            .map(|delivery| delivery.body.clone())
            .collect()
    }

    /// Waits until so many webhook requests have come.
    pub async fn delivered(&self, requests: usize) -> Vec<Delivery> {
        self.come(requests, Self::deliveries).await
    }

    /// Waits until so many calls of the Web API have come.
    pub async fn called(&self, calls: usize) -> Vec<Call> {
        self.come(calls, Self::calls).await
    }

    async fn come<T>(&self, many: usize, all: impl Fn(&Self) -> Vec<T>) -> Vec<T> {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let come = all(self);
            if come.len() >= many {
                return come;
            }
            changed.await;
        }
    }
}
