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
use steward::incident::{Observation, Target};
use steward::redact::redact;
use steward::remediation::{self, Decision};
use steward::words::{self, Language};

use crate::configuration;

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
    /// The policy to decide by, such as steward.yaml (otherwise the defaults, by which nobody is enrolled)
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
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
    /// Who did what, where the event is a call.
    pub(crate) done: Vec<String>,
    pub(crate) diagnosis: Option<Diagnosis>,
    pub(crate) decision: Decision,
    /// Whether somebody's configuration was decided by, and not the defaults.
    pub(crate) is_by_configuration: bool,
}

impl Explanation<'_> {
    /// The entry that enrols the target, as faults in the configuration name it.
    fn enrolled_by(&self) -> Option<String> {
        self.decision.entry.map(|place| format!("services[{place}]"))
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let policy = match &arguments.config {
        None => None,
        Some(file) => match configuration::read_file(file)? {
            Some(valid) => Some(valid.configuration.policy),
            None => return Ok(ExitCode::from(2)),
        },
    };
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
                    let explanation = explain(file, index, &item, policy.as_ref());
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

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn read(file: &str) -> io::Result<Vec<u8>> {
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

/// Without a policy the defaults hold.
fn explain<'f>(file: &'f str, index: usize, item: &Item, policy: Option<&Policy>) -> Explanation<'f> {
    let defaults = Policy::default();
    let is_by_configuration = policy.is_some();
    let policy = policy.unwrap_or(&defaults);
    let mut done = Vec::new();
    let (target, task, diagnosis, decision) = match item {
        Item::Event(event) => {
            // Only identities depend on the time, and none is shown.
            let reading = remediation::read(event, Timestamp::UNIX_EPOCH);
            let decision = remediation::decide(event, &reading, policy, None);
            done = deeds(&reading);
            let task = match &event.detail {
                Detail::TaskStateChange(task) => name_of(task),
                _ => None,
            };
            (reading.whom(), task, reading.diagnosis, decision)
        }
        Item::Task(task) => {
            let (target, diagnosis) = (Target::of_task(task), diagnosis::of_task(task));
            let decision = remediation::decide_task(Some(task), target.as_ref(), diagnosis.as_ref(), policy);
            (target.map(|target| target.to_string()), name_of(task), diagnosis, decision)
        }
        Item::Failure(failure) => {
            let diagnosis = Some(diagnosis::of_failure(failure));
            let decision = remediation::decide_task(None, None, diagnosis.as_ref(), policy);
            (None, None, diagnosis, decision)
        }
        Item::Missing { .. } => (None, None, None, remediation::decide_task(None, None, None, policy)),
    };
    let target = target.map(|target| redact(&target).to_string());
    Explanation {
        file,
        index,
        kind: item.kind(),
        target,
        task,
        done,
        diagnosis,
        decision,
        is_by_configuration,
    }
}

/// What somebody did, and when.
fn deeds(reading: &remediation::Reading) -> Vec<String> {
    let deeds = reading.observations().filter_map(|observation| match observation {
        Observation::Did(deed) => Some(words::deeds::deed(deed, Language::En)),
        _ => None,
    });
    deeds.map(|deed| redact(&deed).to_string()).collect()
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
