//! `steward explain`: why tasks stopped, from whatever is at hand.

mod json;
mod text;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use steward::arn::{TaskArn, TaskDefinitionArn};
use steward::config::Policy;
use steward::diagnosis::{self, Diagnosis};
use steward::event::document::{self, Item};
use steward::event::{Detail, TaskStateChange};
use steward::incident::Target;
use steward::redact::redact;
use steward::remediation::{self, Decision};

/// Explains why tasks stopped
///
/// A FILE holds one ECS event, a JSON array or NDJSON of events, what a Lambda function gets (SQS batch, SNS record), or
/// the output of `aws ecs describe-tasks`. Everything that can be read is explained; the exit code is 2 if something
/// could not be.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How to print: for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Files to read; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// One explained thing.
pub(crate) struct Explanation<'f> {
    pub(crate) file: &'f str,
    /// Its place in the file, from 0.
    pub(crate) index: usize,
    pub(crate) kind: &'static str,
    pub(crate) target: Option<String>,
    /// `family:revision` and task id.
    pub(crate) task: Option<String>,
    pub(crate) diagnosis: Option<Diagnosis>,
    pub(crate) decision: Decision,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    let mut err = anstream::stderr();
    let mut unreadable = 0;
    for file in &arguments.files {
        let bytes = match read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                writeln!(err, "steward: {file}: cannot be read: {error}")?;
                unreadable += 1;
                continue;
            }
        };
        let mut index = 0;
        for item in document::read(&bytes) {
            match item {
                Ok(Item::Missing { arn }) => {
                    let arn = redact(arn.as_deref().unwrap_or("a task"));
                    writeln!(
                        err,
                        "steward: {file}: ECS does not know {arn} any more: it shows stopped tasks for about an hour"
                    )?;
                    continue;
                }
                Ok(item) => {
                    let explanation = explain(file, index, &item);
                    match arguments.format {
                        Format::Text => text::write(&mut out, &explanation)?,
                        Format::Json => json::write(&mut out, &explanation)?,
                    }
                }
                Err(error) => {
                    unreadable += 1;
                    let field = error.field().map_or_else(String::new, |field| format!(", field {field}"));
                    let what = redact(&error.to_string());
                    writeln!(err, "steward: {file}, index {index}{field}: {what}")?;
                    writeln!(err, "  hint: {}", error.hint())?;
                }
            }
            index += 1;
        }
    }
    Ok(if unreadable == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    if file == "-" {
        let mut bytes = Vec::new();
        let limit = u64::try_from(document::MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let size = std::fs::metadata(file)?.len();
    if usize::try_from(size).is_ok_and(|size| size > document::MAX_DOCUMENT_BYTES) {
        return Err(io::Error::other(format!("{size} bytes are too many: split it into single events")));
    }
    std::fs::read(file)
}

fn explain<'f>(file: &'f str, index: usize, item: &Item) -> Explanation<'f> {
    let policy = Policy::default();
    let kind = item.kind();
    match item {
        Item::Event(event) => {
            // Only identities depend on the time, and none is shown.
            let reading = remediation::read(event, Timestamp::UNIX_EPOCH);
            let decision =
                remediation::decide(event, reading.diagnosis.as_ref(), reading.because, &policy, None);
            let task = match &event.detail {
                Detail::TaskStateChange(task) => name_of(task),
                _ => None,
            };
            let target = reading.whom().map(|whom| redact(&whom).to_string());
            Explanation { file, index, kind, target, task, diagnosis: reading.diagnosis, decision }
        }
        Item::Task(task) => {
            let diagnosis = diagnosis::of_task(task);
            let decision = remediation::decide_task(Some(task), diagnosis.as_ref(), &policy);
            let target = Target::of_task(task).map(|target| redact(&target.to_string()).to_string());
            Explanation { file, index, kind, target, task: name_of(task), diagnosis, decision }
        }
        Item::Failure(failure) => {
            let diagnosis = Some(diagnosis::of_failure(failure));
            let decision = remediation::decide_task(None, diagnosis.as_ref(), &policy);
            Explanation { file, index, kind, target: None, task: None, diagnosis, decision }
        }
        Item::Missing { .. } => {
            let decision = remediation::decide_task(None, None, &policy);
            Explanation { file, index, kind, target: None, task: None, diagnosis: None, decision }
        }
    }
}

fn name_of(task: &TaskStateChange) -> Option<String> {
    let id = task.task_arn.as_ref().map(TaskArn::id);
    let revision = task.task_definition_arn.as_ref().map(TaskDefinitionArn::family_and_revision);
    let name = match (id, revision) {
        (Some(id), Some(revision)) => format!("{id} ({revision})"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => return None,
    };
    Some(redact(&name).to_string())
}
