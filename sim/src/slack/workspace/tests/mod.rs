//! A workspace with one channel, one app that may do everything, and a clock that stands until it is turned.

mod changing;
mod faults;
mod posting;
mod reading;
mod rights;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

const TOKEN: &str = "xoxb-1";
const HOOK: &str = "/services/T1/B1/secret";

struct Desk {
    slack: Workspace,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let mut slack = Workspace::new();
        slack.open("C1", "alerts");
        slack.open("C2", "elsewhere");
        slack.install(TOKEN, "A1", SCOPES);
        slack.invite("A1", "C1");
        slack.hook(HOOK, "A1", "C1");
        Self { slack, now: Timestamp::from_second(1_700_000_000).unwrap() }
    }

    /// One whose rates do not matter.
    fn unlimited() -> Self {
        let mut desk = Self::new();
        desk.slack.unlimited();
        desk
    }

    fn wait(&mut self, milliseconds: i64) {
        self.now += SignedDuration::from_millis(milliseconds);
    }

    fn call(&mut self, method: &str, arguments: &Value) -> Answer {
        self.slack.call(method, TOKEN, arguments, self.now, None)
    }

    /// Calls, in channel C1.
    fn here(&mut self, method: &str, more: &Value) -> Answer {
        self.call(method, &with(&json!({ "channel": "C1" }), more))
    }

    /// Posts a text, with more arguments.
    fn post(&mut self, text: &str, more: &Value) -> Answer {
        self.here("chat.postMessage", &with(&json!({ "text": text }), more))
    }

    /// Posts what is taken.
    #[track_caller]
    fn posted(&mut self, text: &str, more: &Value) -> String {
        let answer = self.post(text, more);
        answer.ts().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    fn texts(&self) -> Vec<&str> {
        self.slack.messages("C1").map(|message| message.text.as_str()).collect()
    }
}

fn with(base: &Value, more: &Value) -> Value {
    let mut all = base.clone();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn none() -> Value {
    json!({})
}

fn section(text: &str) -> Value {
    json!([{ "type": "section", "text": { "type": "mrkdwn", "text": text } }])
}

fn event(payload: &Value) -> Value {
    json!({ "event_type": "alert", "event_payload": payload })
}

/// Texts of an answer's messages.
#[track_caller]
fn listed(answer: &Answer) -> Vec<&str> {
    let body = answer.body().unwrap();
    let messages = body["messages"].as_array().unwrap_or_else(|| panic!("{body}"));
    messages.iter().map(|message| message["text"].as_str().unwrap()).collect()
}
