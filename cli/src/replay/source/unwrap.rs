//! From what recordings hold to single events: records of SQS, notifications of SNS, events of CloudWatch Logs.

use jiff::Timestamp;
use serde_json::{Map, Value};
use steward::event::decode::{DecodeError, MAX_EVENT_BYTES};

/// Logs around SQS around SNS around an event, and some to spare.
const MAX_WRAPPINGS: usize = 6;

/// What is inside, not known yet to be an event.
#[derive(Debug, PartialEq)]
pub(super) struct Leaf {
    pub(super) value: Value,
    /// When whatever wrapped it was written, for events that do not say when they were.
    pub(super) wrapped_at: Option<Timestamp>,
}

/// Takes the wrappings off. Total: what cannot be unwrapped is an error in its place.
pub(super) fn leaves(value: Value, wrapped_at: Option<Timestamp>) -> Vec<Result<Leaf, DecodeError>> {
    let mut leaves = Vec::new();
    unwrap(value, wrapped_at, 0, &mut leaves);
    leaves
}

fn unwrap(value: Value, at: Option<Timestamp>, depth: usize, leaves: &mut Vec<Result<Leaf, DecodeError>>) {
    if depth > MAX_WRAPPINGS {
        leaves.push(Err(DecodeError::WrappedTooDeeply));
        return;
    }
    match value {
        Value::Array(values) => {
            for value in values {
                unwrap(value, at, depth + 1, leaves);
            }
        }
        Value::Object(map) => unwrap_object(map, at, depth, leaves),
        value => leaves.push(Ok(Leaf { value, wrapped_at: at })),
    }
}

fn unwrap_object(
    mut map: Map<String, Value>,
    at: Option<Timestamp>,
    depth: usize,
    leaves: &mut Vec<Result<Leaf, DecodeError>>,
) {
    let is_event = map.contains_key("detail-type") || map.get("detail").is_some_and(Value::is_object);
    if !is_event {
        for name in ["Records", "logEvents", "events", "Messages"] {
            if map.get(name).is_some_and(Value::is_array)
                && let Some(list) = map.remove(name)
            {
                return unwrap(list, at, depth + 1, leaves);
            }
        }
        let logged_at = map.get("timestamp").and_then(Value::as_i64).and_then(of_millisecond);
        if let Some(text) = message(&mut map) {
            return unwrap_text(&text, logged_at.or(at), depth + 1, leaves);
        }
    }
    leaves.push(Ok(Leaf { value: Value::Object(map), wrapped_at: at }));
}

/// The text of a message: of SQS as Lambda gets it or as `receive-message` prints it, of SNS, of CloudWatch Logs.
fn message(map: &mut Map<String, Value>) -> Option<String> {
    let is_notification = map.get("Type").and_then(Value::as_str) == Some("Notification");
    let is_logged = map.contains_key("timestamp") || map.contains_key("ingestionTime");
    let text = match map.get("Sns") {
        Some(Value::Object(sns)) => sns.get("Message").cloned(),
        _ if map.contains_key("messageId") => map.remove("body"),
        _ if map.contains_key("MessageId") && map.contains_key("Body") => map.remove("Body"),
        _ if is_notification => map.remove("Message"),
        _ if is_logged => map.remove("message"),
        _ => None,
    };
    match text {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn unwrap_text(text: &str, at: Option<Timestamp>, depth: usize, leaves: &mut Vec<Result<Leaf, DecodeError>>) {
    if text.len() > MAX_EVENT_BYTES * 2 {
        let (bytes, limit) = (text.len(), MAX_EVENT_BYTES);
        leaves.push(Err(DecodeError::TooLarge { what: "a message", bytes, limit }));
        return;
    }
    match serde_json::from_str(text) {
        Ok(value) => unwrap(value, at, depth, leaves),
        Err(error) => leaves.push(Err(not_json(&error))),
    }
}

pub(super) fn not_json(error: &serde_json::Error) -> DecodeError {
    let message = error.to_string();
    let problem = message.split(" at line ").next().unwrap_or_default().to_owned();
    DecodeError::NotJson { line: error.line(), column: error.column(), problem }
}

fn of_millisecond(millisecond: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(millisecond).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_found_in_every_wrapping_that_recordings_have() {
        let event = json!({"detail-type": "ECS Task State Change", "detail": {"message": "mine"}});
        let text = event.to_string();
        let at = Timestamp::from_millisecond(1_800_000_000_123).unwrap();
        let notification = json!({"Type": "Notification", "Message": text}).to_string();
        let cases = [
            (json!(event), None),
            (json!([[event]]), None),
            (json!({"Records": [{"messageId": "1", "body": text}]}), None),
            (json!({"Records": [{"messageId": "1", "body": notification}]}), None),
            (json!({"Records": [{"Sns": {"Message": text}}]}), None),
            (json!({"MessageId": "1", "Body": text, "MD5OfBody": "x"}), None),
            (json!({"timestamp": 1_800_000_000_123_i64, "message": text}), Some(at)),
            (json!({"events": [{"timestamp": 1_800_000_000_123_i64, "message": text}]}), Some(at)),
            (
                json!({"logEvents": [{"id": "1", "timestamp": 1_800_000_000_123_i64, "message": text}]}),
                Some(at),
            ),
        ];
        for (wrapped, wrapped_at) in cases {
            let expected = Ok(Leaf { value: event.clone(), wrapped_at });
            assert_eq!(leaves(wrapped.clone(), None), [expected], "{wrapped}");
        }
    }

    #[test]
    fn a_message_that_is_no_json_is_an_error_in_its_place() {
        let log = json!([{"timestamp": 1, "message": "START RequestId"}, {"timestamp": 1, "message": "{}"}]);
        let leaves = leaves(log, None);
        assert!(matches!(leaves.as_slice(), [Err(DecodeError::NotJson { .. }), Ok(_)]), "{leaves:?}");
    }

    #[test]
    fn what_is_wrapped_without_end_is_given_up() {
        let mut value = json!({});
        for _ in 0..10 {
            value = json!({"Type": "Notification", "Message": value.to_string()});
        }
        assert_eq!(leaves(value, None), [Err(DecodeError::WrappedTooDeeply)]);
    }
}
