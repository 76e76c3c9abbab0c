//! The batch function's process.

mod report;

use std::process::ExitCode;

use batch::{Handler, Ports, Settings};
use serde_json::Value;
use steward::aws::lambda::{self, Failure, Function, Invocation, SystemClock};
use steward::aws::{DynamoLedger, Ecs, Environment, EnvironmentError, Sdk, Ssm, TellQueue};
use steward::config::Loader;
use steward::deadline::Deadline;
use steward::ports::Clock;
use steward::remediation::Home;
use steward::request::Request;

struct Batch {
    ledger: DynamoLedger,
    ecs: Ecs,
    tell: TellQueue,
    parameters: Ssm,
    configuration: Loader,
}

impl Function for Batch {
    const NAME: &'static str = "batch";

    fn build(environment: &Environment) -> Result<Self, EnvironmentError> {
        let sdk = Sdk::new(environment)?;
        Ok(Self {
            ledger: DynamoLedger::new(&sdk, environment.required("STEWARD_TABLE")?),
            ecs: Ecs::new(&sdk),
            tell: TellQueue::new(&sdk, environment.required("STEWARD_TELL_QUEUE_URL")?),
            parameters: Ssm::new(&sdk),
            configuration: Loader::new(environment.required("STEWARD_CONFIGURATION")?),
        })
    }

    async fn invoke(&self, payload: &[u8], invocation: &Invocation) -> Result<Value, Failure> {
        let loaded = lambda::configuration(&self.configuration, &self.parameters).await?;
        let home = Home::of_function(&invocation.function_arn)
            .ok_or_else(|| report::homeless(&invocation.function_arn))?;
        let deadline = Deadline::new(SystemClock.now(), invocation.deadline);
        let settings = Settings::new(loaded.jobs, &loaded.policy, &loaded.notifications, home, deadline);
        let ports = Ports { ledger: &self.ledger, tasks: &self.ecs, tell: &self.tell, clock: &SystemClock };
        let handler = Handler::new(ports, settings);
        match Request::read(payload) {
            None => {
                let outcome = handler.handle(payload).await.map_err(|error| report::unreadable(&error))?;
                report::handled(&outcome, SystemClock.now())
            }
            Some(Ok(Request::Sweep)) => {
                let done = handler.sweep().await.map_err(|error| report::blind(&error))?;
                Ok(report::swept(&done, SystemClock.now()))
            }
            Some(Ok(Request::RunJob { job, slot, set })) => {
                let begun = handler.run_job(&job, slot.as_deref(), &invocation.request_id, set).await;
                let (run, done) = begun.map_err(|refused| report::refused(&refused))?;
                Ok(report::begun(&run, &done, SystemClock.now()))
            }
            Some(Ok(Request::Tell { .. })) => Err(report::misdirected("notifications tells subjects")),
            Some(Err(error)) => Err(report::misdirected(&error.to_string())),
        }
    }
}

fn main() -> ExitCode {
    lambda::run::<Batch>()
}
