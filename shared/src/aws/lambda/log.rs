//! Logs: one JSON object a line, with the field names of Powertools for AWS Lambda, so that queries written for other
//! functions work on these.
//!
//! Events of `tracing` are all there is, from this crate and from the runtime and the SDK alike; spans are not used. Every
//! text is redacted on its way out.

use std::fmt;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::Timestamp;
use lambda_runtime::Context;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::super::environment::Environment;
use crate::redact::redact;

/// Whose events are shown at the function's own level; those of others from a warning on.
const OURS: [&str; 5] = ["steward", "remediation", "batch", "scaling", "notifications"];

/// What Lambda says about the function and the invocation: the same in every line.
static COMMON: LazyLock<Mutex<Map<String, Value>>> = LazyLock::new(Mutex::default);

/// Begins to log.
pub(super) fn start(service: &'static str, environment: &Environment) {
    let mut common = Map::new();
    common.insert("service".to_owned(), service.into());
    for (field, variable) in [
        ("stack", "STEWARD_STACK"),
        ("function_name", "AWS_LAMBDA_FUNCTION_NAME"),
        ("function_memory_size", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    ] {
        if let Some(value) = environment.optional(variable) {
            common.insert(field.to_owned(), value.into());
        }
    }
    *COMMON.lock().unwrap_or_else(PoisonError::into_inner) = common;
    let level = environment.optional("AWS_LAMBDA_LOG_LEVEL");
    let level = level.and_then(|level| level.to_lowercase().parse().ok()).unwrap_or(Level::INFO);
    // A second call in one process leaves the first in place.
    let _already = tracing::subscriber::set_global_default(Lines { level });
}

/// What every line of this invocation has.
pub(super) fn begin(context: &Context, is_cold: bool) {
    let mut common = COMMON.lock().unwrap_or_else(PoisonError::into_inner);
    common.insert("cold_start".to_owned(), is_cold.into());
    common.insert("function_arn".to_owned(), context.invoked_function_arn.clone().into());
    common.insert("function_request_id".to_owned(), context.request_id.clone().into());
    match &context.xray_trace_id {
        Some(trace) => common.insert("xray_trace_id".to_owned(), root_of(trace).into()),
        None => common.remove("xray_trace_id"),
    };
}

/// By which configuration this invocation works; `None`: nothing was ever applied, and the defaults hold.
pub(super) fn configured(version: Option<u64>) {
    let mut common = COMMON.lock().unwrap_or_else(PoisonError::into_inner);
    let version = version.map_or_else(|| Value::from("defaults"), Value::from);
    common.insert("configuration_version".to_owned(), version);
}

/// Powertools logs the root alone: `Root=1-…;Parent=…;Sampled=1`.
fn root_of(trace: &str) -> String {
    let root = trace.split(';').find_map(|part| part.trim().strip_prefix("Root="));
    root.unwrap_or(trace).to_owned()
}

/// Adds what identifies the invocation to another kind of line.
pub(super) fn identify(line: &mut Map<String, Value>) {
    let common = COMMON.lock().unwrap_or_else(PoisonError::into_inner);
    for name in ["stack", "service", "function_name", "function_request_id"] {
        if let Some(value) = common.get(name) {
            line.insert(name.to_owned(), value.clone());
        }
    }
}

/// One write a line, so that lines never mix. Where standard output is gone, nobody is left to tell.
pub(super) fn write_line(line: Map<String, Value>) {
    let mut text = Value::Object(line).to_string();
    text.push('\n');
    let _unwritable = std::io::stdout().lock().write_all(text.as_bytes());
}

/// The subscriber: events to lines.
struct Lines {
    level: Level,
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = metadata.level();
        let is_ours = OURS.iter().any(|name| metadata.target().starts_with(name));
        metadata.is_event() && *level <= self.level && (is_ours || *level <= Level::WARN)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Map::new();
        line.insert("level".to_owned(), metadata.level().as_str().into());
        let place = metadata.file().zip(metadata.line());
        let place =
            place.map_or_else(|| metadata.target().to_owned(), |(file, line)| format!("{file}:{line}"));
        line.insert("location".to_owned(), place.into());
        event.record(&mut Fields(&mut line));
        line.insert("timestamp".to_owned(), Timestamp::now().to_string().into());
        let common = COMMON.lock().unwrap_or_else(PoisonError::into_inner);
        line.extend(common.iter().map(|(name, value)| (name.clone(), value.clone())));
        drop(common);
        write_line(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The fields of an event, as JSON. What a person or an image wrote is redacted.
struct Fields<'l>(&'l mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = redact(&format!("{value:?}"));
        self.0.insert(field.name().to_owned(), json!(text));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(redact(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}
