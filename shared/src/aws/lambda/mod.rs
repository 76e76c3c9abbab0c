//! A function's process: from Lambda's Runtime API to a handler and back.
//!
//! One thread, one invocation at a time. Logs, metrics and errors have one form for all functions. SIGTERM reaches the
//! process through an internal extension; nothing is kept in memory that it would have to save.
#![allow(clippy::disallowed_methods, reason = "here the process meets its environment and its clock")]

mod log;
mod metrics;

use std::cell::Cell;
use std::process::ExitCode;

use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

pub use metrics::Metrics;

use super::environment::{Environment, EnvironmentError};
use crate::config::{Configuration, Loaded, Loader};
use crate::ports::{Clock, Parameters, Wait};

/// A Lambda function.
pub trait Function: Sized {
    /// Its name in logs and metrics.
    const NAME: &'static str;

    /// Makes it ready, before the first invocation. No call is made here.
    ///
    /// # Errors
    ///
    /// Where the environment lacks what the function needs.
    fn build(environment: &Environment) -> Result<Self, EnvironmentError>;

    /// Handles one invocation.
    ///
    /// # Errors
    ///
    /// Where the invocation as a whole failed: Lambda then lets all of it come again.
    async fn invoke(&self, payload: &[u8], invocation: &Invocation) -> Result<Value, Failure>;
}

/// What Lambda says about an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Lambda's request id; the same for a retry of an asynchronous invocation.
    pub request_id: String,
    /// When Lambda ends the process, done or not.
    pub deadline: Timestamp,
    /// The function's ARN, which has account and region.
    pub function_arn: String,
}

impl Invocation {
    fn of(context: &Context) -> Self {
        let millis = i64::try_from(context.deadline).unwrap_or(i64::MAX);
        Self {
            request_id: context.request_id.clone(),
            deadline: Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX),
            function_arn: context.invoked_function_arn.clone(),
        }
    }
}

/// Why an invocation failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable word, for alarms and retry rules: Lambda's `errorType`.
    pub error_type: &'static str,
    /// What happened, for people.
    pub message: String,
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let message = crate::redact::redact(&failure.message).to_string();
        Self { error_type: failure.error_type.to_owned(), error_message: message }
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Wait for SystemClock {
    async fn until(&self, at: Timestamp) {
        let left = at.duration_since(self.now());
        if let Ok(left) = std::time::Duration::try_from(left) {
            tokio::time::sleep(left).await;
        }
    }
}

/// The configuration in force, as a function needs it before it does anything.
///
/// # Errors
///
/// Where it cannot be read and never was: the function acts on nothing, and its records return.
pub async fn configuration<P: Parameters>(loader: &Loader, parameters: &P) -> Result<Configuration, Failure> {
    match loader.load(parameters, SystemClock.now()).await {
        Ok(Loaded { configuration, version, stale }) => {
            log::configured(version);
            if let Some(error) = stale {
                tracing::warn!("the configuration cannot be read, the last one stays in force: {error}");
            }
            Ok(configuration)
        }
        Err(error) => {
            let message = format!("the configuration cannot be read: {error}");
            Err(Failure { error_type: "Steward.Configuration", message })
        }
    }
}

/// Runs a function until Lambda ends the process.
pub fn run<F: Function>() -> ExitCode {
    let environment = Environment::new(|name| std::env::var(name).ok());
    log::start(F::NAME, &environment);
    if environment.optional("AWS_LAMBDA_RUNTIME_API").is_none() {
        return refuse_to_start("this program runs in AWS Lambda, which sets AWS_LAMBDA_RUNTIME_API");
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse_to_start(&format!("no runtime: {error}")),
    };
    let function = match F::build(&environment) {
        Ok(function) => function,
        Err(error) => return refuse_to_start(&error.to_string()),
    };
    match runtime.block_on(serve(&function)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse_to_start(&error.to_string()),
    }
}

fn refuse_to_start(problem: &str) -> ExitCode {
    tracing::error!(error_type = "Steward.Start", "the function cannot start: {problem}");
    ExitCode::FAILURE
}

async fn serve<F: Function>(function: &F) -> Result<(), lambda_runtime::Error> {
    lambda_runtime::spawn_graceful_shutdown_handler(|| async {
        tracing::info!("SIGTERM: nothing is held in memory, nothing is lost");
    })
    .await;
    let is_cold = Cell::new(true);
    let is_cold = &is_cold;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let LambdaEvent { payload, context } = event;
        log::begin(&context, is_cold.replace(false));
        function.invoke(payload.get().as_bytes(), &Invocation::of(&context)).await
    }))
    .await
}
