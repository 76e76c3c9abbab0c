//! What people have at hand, as files: one event, a list, NDJSON, a Lambda payload, the output of `aws ecs describe-tasks`.

use serde_json::Value;

use super::decode::{self, DecodeError};
use super::fields::Fields;
use super::json::{Json, Object};
use super::shape::{Shape, recognise};
use super::{Event, Failure, TaskStateChange, Unrecognised};

/// Larger files are a log, not a question.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024 * 1024;
/// Lists of lists hold nothing that anybody wrote on purpose.
const MAX_LISTS: usize = 4;

/// Something in a document that can be explained.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An event.
    Event(Box<Event>),
    /// A task out of `DescribeTasks` or `RunTask`, without an envelope.
    Task(Box<TaskStateChange>),
    /// A task that `RunTask` did not start.
    Failure(Failure),
    /// A task that ECS does not know, or no longer: stopped tasks are visible for about an hour.
    Missing {
        /// The ARN that was asked for.
        arn: Option<String>,
    },
}

impl Item {
    /// The kind in one stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Event(event) => event.detail.kind(),
            Self::Task(_) => "task",
            Self::Failure(_) => "failure",
            Self::Missing { .. } => "missing",
        }
    }
}

/// Reads a document: everything in it, in order, each readable or not.
pub fn read(bytes: &[u8]) -> Vec<Result<Item, DecodeError>> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        let error = DecodeError::TooLarge { what: "a file", bytes: bytes.len(), limit: MAX_DOCUMENT_BYTES };
        return vec![Err(error)];
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return vec![Err(DecodeError::NotAnEvent {
            what: "a text in UTF-16".into(),
            instead: "save it as UTF-8; in PowerShell: `… | Out-File -Encoding utf8 FILE`",
        })];
    }
    if bytes.trim_ascii().is_empty() {
        return vec![Err(DecodeError::NotAnEvent { what: "empty".into(), instead: decode::EXPECTED })];
    }
    let mut items = Vec::new();
    match serde_json::from_slice::<Json<'_>>(bytes) {
        Ok(value) => push(value, 0, &mut items),
        Err(error) => match lines_of_objects(bytes) {
            Some(lines) => push_lines(&lines, &mut items),
            None => push_stream(bytes, &error, &mut items),
        },
    }
    items
}

/// [`read`], of JSON that is parsed already.
pub fn of_value(value: Value) -> Vec<Result<Item, DecodeError>> {
    let mut items = Vec::new();
    push(value.into(), 0, &mut items);
    items
}

/// The lines of NDJSON with their numbers: text in which at least half of the filled lines look like whole objects.
fn lines_of_objects(bytes: &[u8]) -> Option<Vec<(usize, &str)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let whole = lines.iter().filter(|(_, line)| line.starts_with('{') && line.ends_with('}')).count();
    (lines.len() > 1 && whole * 2 >= lines.len()).then_some(lines)
}

fn push_lines(lines: &[(usize, &str)], items: &mut Vec<Result<Item, DecodeError>>) {
    for (number, line) in lines {
        match serde_json::from_str::<Json<'_>>(line) {
            Ok(value) => push(value, 0, items),
            Err(error) => items.push(Err(not_json_behind(number - 1, &error))),
        }
    }
}

/// Values one after the other, each over as many lines as it likes. Behind a bad one it goes on at the next line that
/// begins with a brace: so printed, an object begins there and nothing inside it does.
fn push_stream(bytes: &[u8], whole: &serde_json::Error, items: &mut Vec<Result<Item, DecodeError>>) {
    let mut from = 0;
    let mut lines = 0;
    let mut values = 0;
    while let Some(rest) = bytes.get(from..).filter(|rest| !rest.trim_ascii().is_empty()) {
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<Json<'_>>();
        let failed = loop {
            match stream.next() {
                Some(Ok(value)) => push(value, 0, items),
                Some(Err(error)) => break Some(error),
                None => break None,
            }
            values += 1;
        };
        let Some(error) = failed else { return };
        items.push(Err(not_json_behind(lines, &error)));
        let read = from + stream.byte_offset();
        let next = bytes.get(read + 1..).and_then(|rest| rest.windows(2).position(|pair| pair == b"\n{"));
        let Some(next) = next else { break };
        let skipped = from..read + 1 + next + 1;
        from = skipped.end;
        lines += bytes.get(skipped).unwrap_or_default().split(|byte| *byte == b'\n').count() - 1;
    }
    if values == 0 {
        items.clear();
        items.push(Err(DecodeError::not_json(whole)));
    }
}

/// The error, of a text that has so many lines before it.
fn not_json_behind(lines: usize, error: &serde_json::Error) -> DecodeError {
    match DecodeError::not_json(error) {
        DecodeError::NotJson { line, column, problem } => {
            DecodeError::NotJson { line: lines + line, column, problem }
        }
        other => other,
    }
}

fn push(value: Json<'_>, lists: usize, items: &mut Vec<Result<Item, DecodeError>>) {
    match value {
        Json::List(values) if lists < MAX_LISTS => {
            for value in values {
                push(value, lists + 1, items);
            }
        }
        Json::Object(object) => push_object(object, items),
        other => items.push(Err(DecodeError::not_an_event(&other))),
    }
}

fn push_object(object: Object<'_>, items: &mut Vec<Result<Item, DecodeError>>) {
    match recognise(object) {
        Shape::Records(records) => match decode::records_in(records) {
            Ok(records) => items.extend(
                records.into_iter().map(|record| record.event.map(|event| Item::Event(Box::new(event)))),
            ),
            Err(error) => items.push(Err(error)),
        },
        Shape::Tasks { tasks, failures } => {
            items.extend(
                tasks
                    .into_iter()
                    .enumerate()
                    .map(|(index, task)| read_task(task, &format!("tasks[{index}]"))),
            );
            items.extend(failures.into_iter().map(read_failure));
        }
        Shape::Task(map) => items.push(read_task(Json::Object(map), "")),
        shape => items.push(decode::event_of_shape(shape, 0).map(|event| Item::Event(Box::new(event)))),
    }
}

fn read_task(value: Json<'_>, path: &str) -> Result<Item, DecodeError> {
    match value {
        Json::Object(map) => decode::task_of_map(map, path).map(|(task, _)| Item::Task(Box::new(task))),
        other => Err(DecodeError::not_an_event(&other)),
    }
}

fn read_failure(value: Json<'_>) -> Result<Item, DecodeError> {
    let mut unrecognised = Unrecognised::default();
    let failure = match value {
        Json::Object(map) => Failure::read(&mut Fields::new(map, "failures", &mut unrecognised)),
        other => return Err(DecodeError::not_an_event(&other)),
    };
    if failure.reason.as_deref() == Some("MISSING") {
        return Ok(Item::Missing { arn: failure.arn });
    }
    Ok(Item::Failure(failure))
}
