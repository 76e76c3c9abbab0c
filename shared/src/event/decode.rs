//! From the bytes a Lambda is invoked with to events.
//!
//! A payload is a raw event, an SQS batch whose bodies are events or SNS notifications that hold events, or a list of
//! SNS records. Sizes, counts and nesting are bounded, and a bad record fails alone: the others are handled, and the
//! queue's redrive keeps the bad one.

use std::borrow::Cow;

use serde_json::Value;

use super::fields::FieldError;
use super::json::{Json, Object};
use super::shape::{Shape, recognise};
use super::{Event, Unrecognised};

/// Lambda takes at most 6 MB in one invocation; its own wrapping may add to that.
pub const MAX_PAYLOAD_BYTES: usize = 8 * 1024 * 1024;
/// No larger message comes through SQS or EventBridge (1 MiB each).
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;
/// The largest batch that an event source mapping for SQS delivers.
pub const MAX_RECORDS: usize = 10_000;
/// SQS around SNS around an event, and one to spare.
pub(crate) const MAX_WRAPPINGS: usize = 4;

/// Why something is not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Larger than any event can be.
    #[error("{what} of {bytes} bytes is larger than {limit} bytes")]
    TooLarge {
        /// The payload, or one event in it.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The most there can be.
        limit: usize,
    },
    /// More records than a batch can have.
    #[error("{count} records are more than the {limit} that a batch can have")]
    TooMany {
        /// How many there are.
        count: usize,
        /// The most there can be.
        limit: usize,
    },
    /// Not JSON, or nested deeper than 127 levels.
    #[error("not JSON: {problem} at line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 where the line is empty.
        column: usize,
        /// What the parser says.
        problem: String,
    },
    /// A field that an event cannot do without.
    #[error("field {0}")]
    Field(#[from] FieldError),
    /// JSON, but nothing that holds an event.
    #[error("not an ECS event: this is {what}")]
    NotAnEvent {
        /// What it is instead.
        what: String,
        /// What to do about it.
        instead: &'static str,
    },
    /// Wrapped in more messages than any way into a Lambda adds.
    #[error("wrapped in more than {MAX_WRAPPINGS} messages")]
    WrappedTooDeeply,
}

/// What to do with input that has no known shape.
pub(crate) const EXPECTED: &str = "an event is an object with `detail-type`, `source` and `detail`, as EventBridge sends it; \
     the output of `aws ecs describe-tasks` is read too";

impl DecodeError {
    pub(crate) fn not_json(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let problem = message.split(" at line ").next().unwrap_or_default().to_owned();
        Self::NotJson { line: error.line(), column: error.column(), problem }
    }

    pub(crate) fn not_an_event(value: &Json<'_>) -> Self {
        let what = match value {
            Json::Object(object) if object.is_empty() => "an empty object".to_owned(),
            Json::Object(object) => {
                let names: Vec<String> = object
                    .names()
                    .into_iter()
                    .take(5)
                    .map(|name| format!("`{}`", name.chars().take(40).collect::<String>()))
                    .collect();
                format!("an object with {}", names.join(", "))
            }
            Json::List(_) => "a list inside a list".to_owned(),
            Json::Text(_) => "a text".to_owned(),
            Json::Number(_) => "a number".to_owned(),
            Json::Bool(_) => "a truth value".to_owned(),
            Json::Null => "null".to_owned(),
        };
        Self::NotAnEvent { what, instead: EXPECTED }
    }

    /// What a person can do about it, in one sentence without a full stop.
    pub fn hint(&self) -> &str {
        match self {
            Self::TooLarge { .. } => "split the input into single events",
            Self::TooMany { .. } => "split the input into batches",
            Self::NotJson { .. } => "check that the file is whole, and saved as UTF-8",
            Self::Field(_) => {
                "compare the event with those in events/, or take it from EventBridge unchanged"
            }
            Self::NotAnEvent { instead, .. } => instead,
            Self::WrappedTooDeeply => "unwrap the message, and pass the event itself",
        }
    }

    /// The field's path, where one is at fault.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(error) => Some(&error.path),
            _ => None,
        }
    }
}

/// One event of a payload, or why it is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// `messageId` of an SQS record: what a partial batch response names. Absent for raw events and SNS records.
    pub message_id: Option<String>,
    /// The event.
    pub event: Result<Event, DecodeError>,
}

/// Decodes what a Lambda was invoked with.
///
/// # Errors
///
/// Where nothing of the payload can be told apart: too large, not JSON, too many records. Errors of single records
/// are in the records.
pub fn payload(bytes: &[u8]) -> Result<Vec<Record>, DecodeError> {
    if bytes.len() > MAX_PAYLOAD_BYTES {
        return Err(DecodeError::TooLarge {
            what: "a payload",
            bytes: bytes.len(),
            limit: MAX_PAYLOAD_BYTES,
        });
    }
    let value: Json<'_> = serde_json::from_slice(bytes).map_err(|error| DecodeError::not_json(&error))?;
    records_of(value)
}

/// [`payload`], of JSON that is parsed already.
pub fn records(value: Value) -> Result<Vec<Record>, DecodeError> {
    records_of(value.into())
}

fn records_of(value: Json<'_>) -> Result<Vec<Record>, DecodeError> {
    let Json::Object(map) = value else {
        return Ok(vec![Record { message_id: None, event: Err(DecodeError::not_an_event(&value)) }]);
    };
    match recognise(map) {
        Shape::Records(records) => records_in(records),
        shape => Ok(vec![Record { message_id: None, event: event_of_shape(shape, 0) }]),
    }
}

/// The entries of `Records`.
pub(crate) fn records_in(records: Vec<Json<'_>>) -> Result<Vec<Record>, DecodeError> {
    if records.len() > MAX_RECORDS {
        return Err(DecodeError::TooMany { count: records.len(), limit: MAX_RECORDS });
    }
    Ok(records.into_iter().map(record).collect())
}

/// One entry of `Records`: from SQS (`body`) or SNS (`Sns.Message`).
fn record(value: Json<'_>) -> Record {
    let Json::Object(mut map) = value else {
        return Record { message_id: None, event: Err(DecodeError::not_an_event(&value)) };
    };
    let message_id = match map.take("messageId") {
        Some(Json::Text(id)) => Some(id.into_owned()),
        _ => None,
    };
    Record { message_id, event: message_of(map).and_then(|message| event_of_text(&message, 1)) }
}

fn message_of(mut map: Object<'_>) -> Result<Cow<'_, str>, DecodeError> {
    if let Some(Json::Text(body)) = map.take("body") {
        return Ok(body);
    }
    if let Some(Json::Object(mut sns)) = map.take("Sns") {
        return match sns.take("Message") {
            Some(Json::Text(message)) => Ok(message),
            _ => Err(FieldError { path: "Sns.Message".into(), problem: "is missing".into() }.into()),
        };
    }
    let source =
        ["eventSource", "EventSource"].iter().find_map(|name| map.get(name)?.as_str().map(str::to_owned));
    match source {
        Some(source) => Err(DecodeError::NotAnEvent {
            what: format!("a record of `{}`", source.chars().take(40).collect::<String>()),
            instead: "records come from SQS (with a `body`) or SNS (with `Sns.Message`)",
        }),
        None => Err(DecodeError::not_an_event(&Json::Object(map))),
    }
}

/// An event inside a message: plain, or inside an SNS notification.
pub(crate) fn event_of_text(text: &str, wrappings: usize) -> Result<Event, DecodeError> {
    if wrappings > MAX_WRAPPINGS {
        return Err(DecodeError::WrappedTooDeeply);
    }
    if text.len() > MAX_EVENT_BYTES {
        return Err(DecodeError::TooLarge { what: "an event", bytes: text.len(), limit: MAX_EVENT_BYTES });
    }
    let value: Json<'_> = serde_json::from_str(text).map_err(|error| DecodeError::not_json(&error))?;
    match value {
        Json::Object(map) => event_of_shape(recognise(map), wrappings),
        other => Err(DecodeError::not_an_event(&other)),
    }
}

pub(crate) fn event_of_shape(shape: Shape<'_>, wrappings: usize) -> Result<Event, DecodeError> {
    match shape {
        Shape::Event(map) => Ok(Event::of_object(map)?),
        Shape::Notification(message) => event_of_text(&message, wrappings + 1),
        Shape::PutEventsEntry(map) => event_of_entry(map),
        Shape::Foreign(what, instead) => Err(DecodeError::NotAnEvent { what: what.to_owned(), instead }),
        Shape::Unknown(map) => Err(DecodeError::not_an_event(&Json::Object(map))),
        Shape::Records(_) => Err(DecodeError::NotAnEvent {
            what: "a batch inside a message".into(),
            instead: "unwrap the batch, and pass its records",
        }),
        Shape::Tasks { .. } | Shape::Task(_) => Err(DecodeError::NotAnEvent {
            what: "a task as DescribeTasks answers it".into(),
            instead: "a Lambda reads events; `steward explain` reads this too",
        }),
    }
}

/// An entry for `PutEvents` has the same fields under other names, and its detail as a text.
fn event_of_entry(mut entry: Object<'_>) -> Result<Event, DecodeError> {
    let mut object = Object::default();
    for (theirs, ours) in
        [("DetailType", "detail-type"), ("Source", "source"), ("Time", "time"), ("Resources", "resources")]
    {
        if let Some(value) = entry.take(theirs) {
            object.put(ours, value);
        }
    }
    let text = match entry.take("Detail") {
        Some(Json::Text(text)) => text,
        other => {
            object.put("detail", other.unwrap_or(Json::Null));
            return Ok(Event::of_object(object)?);
        }
    };
    let detail = serde_json::from_str(&text).map_err(|error| DecodeError::not_json(&error))?;
    // What was taken of the entry lives longer than the text of its detail.
    let mut inner: Object<'_> = object;
    inner.put("detail", detail);
    Ok(Event::of_object(inner)?)
}

/// Reads a task as `DescribeTasks` answers it.
pub(crate) fn task_of_map(
    map: Object<'_>,
    path: &str,
) -> Result<(super::TaskStateChange, Unrecognised), DecodeError> {
    let mut unrecognised = Unrecognised::default();
    let mut fields = super::fields::Fields::new(map, path, &mut unrecognised);
    let task = super::TaskStateChange::read(&mut fields)?;
    fields.finish();
    Ok((task, unrecognised))
}
