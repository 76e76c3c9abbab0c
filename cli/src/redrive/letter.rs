//! What a message says that could not be handled: enough to decide whether to try it again.

use jiff::Timestamp;
use serde_json::Value;
use steward::event::document::{self, Item};
use steward::redact::redact;
use steward::remediation;
use steward::request::Request;

/// So much of what cannot be read is shown.
const MAX_SHOWN: usize = 160;

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Said {
    /// In one line.
    pub(super) text: String,
    /// Whether it can be read at all: what cannot comes back, however often it is tried.
    pub(super) is_readable: bool,
}

/// Reads a message: an event, a request, or what Lambda keeps of an invocation that failed.
pub(super) fn said(body: &str) -> Said {
    match Request::read(body.as_bytes()) {
        Some(Ok(request)) => return readable(&of_request(&request)),
        Some(Err(error)) => return unreadable(&error.to_string()),
        None => {}
    }
    if let Some(payload) = payload_of(body) {
        let inner = said(&payload);
        return Said { text: format!("an invocation that failed: {}", inner.text), ..inner };
    }
    match document::read(body.as_bytes()).into_iter().next() {
        Some(Ok(item)) => readable(&of_item(&item)),
        Some(Err(error)) => unreadable(&error.to_string()),
        None => unreadable("it is empty"),
    }
}

fn readable(text: &str) -> Said {
    Said { text: redact(text).shortened(MAX_SHOWN), is_readable: true }
}

fn unreadable(problem: &str) -> Said {
    Said { text: format!("not readable: {}", redact(problem).shortened(MAX_SHOWN)), is_readable: false }
}

fn of_request(request: &Request) -> String {
    match request {
        Request::Sweep => "a sweep".to_owned(),
        Request::RunJob { job, slot: Some(slot), .. } => format!("a run of {job}, slot {slot}"),
        Request::RunJob { job, slot: None, .. } => format!("a run of {job}"),
        Request::Tell { subject } => format!("news: {subject}"),
    }
}

fn of_item(item: &Item) -> String {
    let Item::Event(event) = item else { return item.kind().to_owned() };
    // Only identities depend on the time, and none is shown.
    let reading = remediation::read(event, Timestamp::UNIX_EPOCH);
    let whom = reading.whom().unwrap_or_else(|| "nothing that is looked after".to_owned());
    match &reading.diagnosis {
        Some(diagnosis) => format!("{}: {whom}: {}", item.kind(), diagnosis.cause),
        None => format!("{}: {whom}", item.kind()),
    }
}

/// The payload of a failed asynchronous invocation, as Lambda records it.
fn payload_of(body: &str) -> Option<String> {
    let record: Value = serde_json::from_str(body).ok()?;
    record.get("requestContext")?;
    Some(record.get("requestPayload")?.to_string())
}
