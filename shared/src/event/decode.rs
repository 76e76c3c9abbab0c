//! From the bytes a Lambda is invoked with to events.
//!
//! A payload is a raw event, an SQS batch whose bodies are events or SNS notifications that hold events, or a list of
//! SNS records. Sizes, counts and nesting are bounded, and a bad record fails alone: the others are handled, and the
//! queue's redrive keeps the bad one.

use serde_json::{Map, Value};

use super::fields::FieldError;
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

    pub(crate) fn not_an_event(value: &Value) -> Self {
        let what = match value {
            Value::Object(map) if map.is_empty() => "an empty object".to_owned(),
            Value::Object(map) => {
                let keys: Vec<String> = map
                    .keys()
                    .take(5)
                    .map(|key| format!("`{}`", key.chars().take(40).collect::<String>()))
                    .collect();
                format!("an object with {}", keys.join(", "))
            }
            Value::Array(_) => "a list inside a list".to_owned(),
            Value::String(_) => "a text".to_owned(),
            Value::Number(_) => "a number".to_owned(),
            Value::Bool(_) => "a truth value".to_owned(),
            Value::Null => "null".to_owned(),
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
    let value: Value = serde_json::from_slice(bytes).map_err(|error| DecodeError::not_json(&error))?;
    records(value)
}

/// [`payload`], of JSON that is parsed already.
pub fn records(value: Value) -> Result<Vec<Record>, DecodeError> {
    let Value::Object(map) = value else {
        return Ok(vec![Record { message_id: None, event: Err(DecodeError::not_an_event(&value)) }]);
    };
    match recognise(map) {
        Shape::Records(records) => {
            if records.len() > MAX_RECORDS {
                return Err(DecodeError::TooMany { count: records.len(), limit: MAX_RECORDS });
            }
            Ok(records.into_iter().map(record).collect())
        }
        shape => Ok(vec![Record { message_id: None, event: event_of_shape(shape, 0) }]),
    }
}

/// One entry of `Records`: from SQS (`body`) or SNS (`Sns.Message`).
fn record(value: Value) -> Record {
    let Value::Object(mut map) = value else {
        return Record { message_id: None, event: Err(DecodeError::not_an_event(&value)) };
    };
    let message_id = match map.remove("messageId") {
        Some(Value::String(id)) => Some(id),
        _ => None,
    };
    Record { message_id, event: message_of(map).and_then(|message| event_of_text(&message, 1)) }
}

fn message_of(mut map: Map<String, Value>) -> Result<String, DecodeError> {
    if let Some(Value::String(body)) = map.remove("body") {
        return Ok(body);
    }
    if let Some(Value::Object(mut sns)) = map.remove("Sns") {
        return match sns.remove("Message") {
            Some(Value::String(message)) => Ok(message),
            _ => Err(FieldError { path: "Sns.Message".into(), problem: "is missing".into() }.into()),
        };
    }
    let source =
        ["eventSource", "EventSource"].iter().find_map(|name| map.get(*name)?.as_str().map(str::to_owned));
    match source {
        Some(source) => Err(DecodeError::NotAnEvent {
            what: format!("a record of `{}`", source.chars().take(40).collect::<String>()),
            instead: "records come from SQS (with a `body`) or SNS (with `Sns.Message`)",
        }),
        None => Err(DecodeError::not_an_event(&Value::Object(map))),
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
    let value: Value = serde_json::from_str(text).map_err(|error| DecodeError::not_json(&error))?;
    match value {
        Value::Object(map) => event_of_shape(recognise(map), wrappings),
        other => Err(DecodeError::not_an_event(&other)),
    }
}

pub(crate) fn event_of_shape(shape: Shape, wrappings: usize) -> Result<Event, DecodeError> {
    match shape {
        Shape::Event(map) => Ok(Event::from_object(map)?),
        Shape::Notification(message) => event_of_text(&message, wrappings + 1),
        Shape::PutEventsEntry(map) => event_of_entry(map),
        Shape::Foreign(what, instead) => Err(DecodeError::NotAnEvent { what: what.to_owned(), instead }),
        Shape::Unknown(map) => Err(DecodeError::not_an_event(&Value::Object(map))),
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
fn event_of_entry(mut entry: Map<String, Value>) -> Result<Event, DecodeError> {
    let mut map = Map::new();
    for (theirs, ours) in
        [("DetailType", "detail-type"), ("Source", "source"), ("Time", "time"), ("Resources", "resources")]
    {
        if let Some(value) = entry.remove(theirs) {
            map.insert(ours.to_owned(), value);
        }
    }
    let detail = match entry.remove("Detail") {
        Some(Value::String(text)) => {
            serde_json::from_str(&text).map_err(|error| DecodeError::not_json(&error))?
        }
        Some(other) => other,
        None => Value::Null,
    };
    map.insert("detail".to_owned(), detail);
    Ok(Event::from_object(map)?)
}

/// Reads a task as `DescribeTasks` answers it.
pub(crate) fn task_of_map(
    map: Map<String, Value>,
    path: &str,
) -> Result<(super::TaskStateChange, Unrecognised), DecodeError> {
    let mut unrecognised = Unrecognised::default();
    let mut fields = super::fields::Fields::new(map, path, &mut unrecognised);
    let task = super::TaskStateChange::read(&mut fields)?;
    fields.finish();
    Ok((task, unrecognised))
}
