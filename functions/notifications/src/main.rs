//! The notifications function's process.

mod channels;
mod report;

use std::process::ExitCode;

use notifications::{Handler, Invocation, Outcome, Ports};
use serde_json::Value;
use steward::aws::lambda::{self, Failure, Function, SystemClock};
use steward::aws::{DynamoLedger, Environment, EnvironmentError, Sdk, Ssm, TaskEvidence, TellQueue};
use steward::config::Loader;
use steward::deadline::Deadline;
use steward::ports::Clock;

use channels::Channels;

struct Notifications {
    ledger: DynamoLedger,
    queue: TellQueue,
    parameters: Ssm,
    configuration: Loader,
    channels: Channels,
    evidence: TaskEvidence,
}

impl Function for Notifications {
    const NAME: &'static str = "notifications";

    fn build(environment: &Environment) -> Result<Self, EnvironmentError> {
        let sdk = Sdk::new(environment)?;
        Ok(Self {
            ledger: DynamoLedger::new(&sdk, environment.required("STEWARD_TABLE")?),
            queue: TellQueue::new(&sdk, environment.required("STEWARD_TELL_QUEUE_URL")?),
            parameters: Ssm::new(&sdk),
            configuration: Loader::new(environment.required("STEWARD_CONFIGURATION")?),
            evidence: TaskEvidence::new(&sdk),
            channels: Channels::new(sdk, environment),
        })
    }

    async fn invoke(&self, payload: &[u8], invocation: &lambda::Invocation) -> Result<Value, Failure> {
        let configuration = lambda::configuration(&self.configuration, &self.parameters).await?;
        let channels = self.channels.of(&configuration.notifications);
        let ports = Ports {
            ledger: &self.ledger,
            channels: channels.as_slice(),
            queue: &self.queue,
            clock: &SystemClock,
            evidence: &self.evidence,
        };
        let invocation = Invocation {
            holder: invocation.request_id.clone(),
            deadline: Deadline::new(SystemClock.now(), invocation.deadline),
        };
        let outcome = Handler::new(ports, invocation).configured(configuration).handle(payload).await;
        match outcome.map_err(|error| report::failed(&error))? {
            Outcome::Told(messages) => report::told(&messages, SystemClock.now()),
            Outcome::Swept(swept) => Ok(report::swept(&swept, SystemClock.now())),
        }
    }
}

fn main() -> ExitCode {
    lambda::run::<Notifications>()
}
