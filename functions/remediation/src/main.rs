//! The remediation function's process.

mod report;

use std::process::ExitCode;

use remediation::{Handler, Ports, Settings};
use serde_json::Value;
use steward::aws::lambda::{self, Failure, Function, Invocation, SystemClock};
use steward::aws::{DynamoLedger, Ecs, Environment, EnvironmentError, Sdk, Ssm, Stacks, TellQueue};
use steward::config::Loader;
use steward::deadline::Deadline;
use steward::ledger::Witness;
use steward::ports::Clock;
use steward::remediation::Home;
use steward::request::Request;

struct Remediation {
    ledger: DynamoLedger,
    ecs: Ecs,
    stacks: Stacks,
    tell: TellQueue,
    parameters: Ssm,
    configuration: Loader,
}

impl Function for Remediation {
    const NAME: &'static str = "remediation";

    fn build(environment: &Environment) -> Result<Self, EnvironmentError> {
        let sdk = Sdk::new(environment)?;
        Ok(Self {
            ledger: DynamoLedger::new(&sdk, environment.required("STEWARD_TABLE")?),
            ecs: Ecs::new(&sdk),
            stacks: Stacks::new(&sdk),
            tell: TellQueue::new(&sdk, environment.required("STEWARD_TELL_QUEUE_URL")?),
            parameters: Ssm::new(&sdk),
            configuration: Loader::new(environment.required("STEWARD_CONFIGURATION")?),
        })
    }

    async fn invoke(&self, payload: &[u8], invocation: &Invocation) -> Result<Value, Failure> {
        let loaded = lambda::configuration(&self.configuration, &self.parameters).await?;
        let settings = Settings {
            policy: loaded.policy,
            grouping: loaded.notifications.grouping,
            home: Home::of_function(&invocation.function_arn),
            deadline: Deadline::new(SystemClock.now(), invocation.deadline),
        };
        let ledger = Witness::new(&self.ledger);
        let ports = Ports {
            ledger: &ledger,
            ecs: &self.ecs,
            owners: &self.stacks,
            tell: &self.tell,
            clock: &SystemClock,
        };
        let handler = Handler::new(ports, settings);
        match Request::read(payload) {
            None => {
                let outcome =
                    Box::pin(handler.handle(payload)).await.map_err(|error| report::unreadable(&error))?;
                let now = SystemClock.now();
                report::handled(&outcome, ledger.done(now), now)
            }
            Some(Ok(Request::Sweep)) => {
                let swept = handler.sweep().await.map_err(|error| report::blind(&error))?;
                let now = SystemClock.now();
                Ok(report::swept(&swept, ledger.done(now), now))
            }
            Some(Ok(Request::Tell { .. })) => Err(report::misdirected("notifications tells subjects")),
            Some(Ok(Request::RunJob { .. })) => Err(report::misdirected("batch runs jobs")),
            Some(Err(error)) => Err(report::misdirected(&error.to_string())),
        }
    }
}

fn main() -> ExitCode {
    lambda::run::<Remediation>()
}
