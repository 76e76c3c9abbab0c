//! Partial batch responses, read as Lambda reads them.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a function's reply to a batch says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// All messages are done.
    AllDone,
    /// These are not, by message id.
    NotDone(BTreeSet<String>),
    /// It says nothing that Lambda understands: the whole batch failed.
    Unreadable(String),
}

/// Reads a reply to a batch of the messages `sent`.
pub fn read_reply(reply: &[u8], sent: &BTreeSet<&str>) -> Reply {
    if reply.is_empty() {
        return Reply::AllDone;
    }
    let reply: Value = match serde_json::from_slice(reply) {
        Ok(reply) => reply,
        Err(error) => return Reply::Unreadable(format!("the reply is not JSON: {error}")),
    };
    match reply.get("batchItemFailures") {
        None | Some(Value::Null) => Reply::AllDone,
        Some(Value::Array(failures)) => read_failures(failures, sent),
        Some(other) => Reply::Unreadable(format!("batchItemFailures is not a list: {other}")),
    }
}

fn read_failures(failures: &[Value], sent: &BTreeSet<&str>) -> Reply {
    let mut failed = BTreeSet::new();
    for failure in failures {
        match failure.get("itemIdentifier").and_then(Value::as_str) {
            Some(id) if sent.contains(id) => {
                failed.insert(id.to_owned());
            }
            Some(id) => return Reply::Unreadable(format!("itemIdentifier {id:?} is not of this batch")),
            None => return Reply::Unreadable(format!("{failure} has no itemIdentifier that is text")),
        }
    }
    if failed.is_empty() { Reply::AllDone } else { Reply::NotDone(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reply: &str) -> Reply {
        read_reply(reply.as_bytes(), &BTreeSet::from(["a", "b"]))
    }

    #[test]
    fn a_reply_without_failures_means_that_all_is_done() {
        let done = [
            "",
            "null",
            "{}",
            "\"ok\"",
            "[]",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
        ];
        for reply in done {
            assert_eq!(read(reply), Reply::AllDone, "{reply}");
        }
    }

    #[test]
    fn named_messages_are_not_done() {
        let reply = r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}"#;
        assert_eq!(read(reply), Reply::NotDone(BTreeSet::from(["b".to_owned()])));
    }

    #[test]
    fn a_reply_that_lambda_cannot_read_fails_the_whole_batch() {
        let bad = [
            "{",
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":7}]}"#,
            r#"{"batchItemFailures":[{"messageId":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"of another batch"}]}"#,
            r#"{"batchItemFailures":"a"}"#,
        ];
        for reply in bad {
            assert!(matches!(read(reply), Reply::Unreadable(_)), "{reply}");
        }
    }
}
