//! A bot in a Slack workspace, in virtual time: what the function's adapter says over HTTP, said to the model.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::ledger::Root;
use steward::notification::slack;
use steward::ports::{Form, How, Letter, SendError, Trouble};
use steward_sim::slack::workspace::{Answer, Fault, SCOPES, Workspace};

pub(crate) const CHANNEL: &str = "C0123456789";
const TOKEN: &str = "xoxb-1";

type Weather = Box<dyn Fn(u64) -> Option<Fault>>;

pub(crate) struct Bot {
    pub(crate) workspace: Rc<RefCell<Workspace>>,
    pub(crate) weather: RefCell<Weather>,
    now: Rc<Cell<Timestamp>>,
    requests: Cell<u64>,
}

impl Bot {
    pub(crate) fn new(now: &Rc<Cell<Timestamp>>) -> Self {
        let mut workspace = Workspace::new();
        workspace.open(CHANNEL, "alerts");
        workspace.install(TOKEN, "A1", SCOPES);
        workspace.invite("A1", CHANNEL);
        Self {
            workspace: Rc::new(RefCell::new(workspace)),
            weather: RefCell::new(Box::new(|_| None)),
            now: Rc::clone(now),
            requests: Cell::new(0),
        }
    }

    fn call(&self, method: &str, arguments: &Value) -> Result<Value, SendError> {
        self.requests.set(self.requests.get() + 1);
        let fault = (self.weather.borrow())(self.requests.get());
        let answer = self.workspace.borrow_mut().call(method, TOKEN, arguments, self.now.get(), fault);
        let failed = |problem: String, trouble, retry_after| SendError {
            channel: "slack".into(),
            problem,
            retry_after,
            trouble,
        };
        let retry_after = answer.retry_after().map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
        match &answer {
            Answer::Cut => Err(failed("cut".into(), Trouble::Unknown, None)),
            Answer::Hang => Err(failed("no answer".into(), Trouble::Unknown, None)),
            Answer::Given(_) if answer.is_ok() => Ok(answer.body().cloned().unwrap_or_default()),
            Answer::Given(_) => {
                let word = answer.error().unwrap_or_default().to_owned();
                let trouble = match (answer.status(), word.as_str()) {
                    (Some(429), _) | (_, "ratelimited") => Trouble::Later,
                    (Some(500..), _) | (_, "internal_error" | "fatal_error" | "service_unavailable") => {
                        Trouble::Unknown
                    }
                    (_, "invalid_blocks" | "msg_too_long" | "no_text") => Trouble::Form,
                    (
                        _,
                        "message_not_found"
                        | "cant_update_message"
                        | "edit_window_closed"
                        | "thread_not_found",
                    ) => Trouble::Gone,
                    _ => Trouble::Refused,
                };
                Err(failed(word, trouble, retry_after))
            }
        }
    }

    pub(crate) fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        let mut body = match (letter.form, letter.how) {
            (Form::Plain, _) => slack::words(letter.message),
            (Form::Rich, How::Reply { .. }) => slack::reply(letter.message),
            (Form::Rich, _) => slack::blocks(letter.message),
        };
        body["channel"] = json!(CHANNEL);
        let method = match letter.how {
            How::Edit(root) => {
                body["ts"] = json!(root.id);
                "chat.update"
            }
            How::Reply { root, aloud } => {
                (body["thread_ts"], body["reply_broadcast"]) = (json!(root.id), json!(aloud));
                "chat.postMessage"
            }
            How::New => "chat.postMessage",
        };
        if method == "chat.postMessage" {
            body["metadata"] = json!({"event_type": "ecs_steward", "event_payload": {"key": key(letter)}});
        }
        let answer = self.call(method, &body)?;
        Ok(answer["ts"].as_str().map(|ts| Root { channel: CHANNEL.into(), id: ts.into() }))
    }

    pub(crate) fn find(&self, letter: &Letter<'_>, since: Timestamp) -> Result<Option<Root>, SendError> {
        let mut arguments = json!({"channel": CHANNEL, "oldest": since.as_second().to_string(),
                                   "include_all_metadata": true, "limit": 200});
        let method = match letter.how {
            How::Reply { root, .. } => {
                arguments["ts"] = json!(root.id);
                "conversations.replies"
            }
            _ => "conversations.history",
        };
        let mut cursor = String::new();
        loop {
            if !cursor.is_empty() {
                arguments["cursor"] = json!(cursor);
            }
            let page = self.call(method, &arguments)?;
            let is_it = |message: &&Value| message["metadata"]["event_payload"]["key"] == json!(key(letter));
            if let Some(found) = page["messages"].as_array().unwrap().iter().find(is_it) {
                return Ok(Some(Root { channel: CHANNEL.into(), id: found["ts"].as_str().unwrap().into() }));
            }
            match page["response_metadata"]["next_cursor"].as_str() {
                Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
                _ => return Ok(None),
            }
        }
    }
}

fn key(letter: &Letter<'_>) -> String {
    format!("{}#{}", letter.subject.key(), letter.key)
}
