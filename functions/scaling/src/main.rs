//! The scaling function's process.

mod report;

use std::process::ExitCode;

use scaling::{Handler, Owned, Ports, Settings};
use serde_json::Value;
use steward::aws::lambda::{self, Failure, Function, Invocation, SystemClock};
use steward::aws::{
    DynamoLedger, Ecs, Environment, EnvironmentError, Queues, ScalableTargets, Sdk, Ssm, TellQueue,
};
use steward::config::Loader;
use steward::deadline::Deadline;
use steward::ports::Clock;
use steward::remediation::Home;
use steward::request::Request;

struct Scaling {
    ledger: DynamoLedger,
    queues: Queues,
    ecs: Ecs,
    targets: ScalableTargets,
    tell: TellQueue,
    parameters: Ssm,
    configuration: Loader,
    owned: Owned,
}

impl Function for Scaling {
    const NAME: &'static str = "scaling";

    fn build(environment: &Environment) -> Result<Self, EnvironmentError> {
        let sdk = Sdk::new(environment)?;
        Ok(Self {
            ledger: DynamoLedger::new(&sdk, environment.required("STEWARD_TABLE")?),
            queues: Queues::new(&sdk),
            ecs: Ecs::new(&sdk),
            targets: ScalableTargets::new(&sdk),
            tell: TellQueue::new(&sdk, environment.required("STEWARD_TELL_QUEUE_URL")?),
            parameters: Ssm::new(&sdk),
            configuration: Loader::new(environment.required("STEWARD_CONFIGURATION")?),
            owned: Owned::default(),
        })
    }

    async fn invoke(&self, payload: &[u8], invocation: &Invocation) -> Result<Value, Failure> {
        match Request::read(payload) {
            Some(Ok(Request::Sweep)) => {}
            Some(Err(error)) => return Err(report::misdirected(&error.to_string())),
            Some(Ok(_)) | None => return Err(report::misdirected("scaling answers ticks alone")),
        }
        let loaded = lambda::configuration(&self.configuration, &self.parameters).await?;
        let home = Home::of_function(&invocation.function_arn)
            .ok_or_else(|| report::homeless(&invocation.function_arn))?;
        let settings = Settings::new(
            loaded.scaling,
            &loaded.policy,
            &loaded.notifications,
            home,
            invocation.request_id.clone(),
            Deadline::new(SystemClock.now(), invocation.deadline),
        );
        let ports = Ports {
            ledger: &self.ledger,
            queues: &self.queues,
            services: &self.ecs,
            auto_scaling: &self.targets,
            tell: &self.tell,
            clock: &SystemClock,
        };
        let done = Handler::new(ports, settings, &self.owned).sweep().await;
        let done = done.map_err(|error| report::blind(&error))?;
        Ok(report::swept(&done, SystemClock.now()))
    }
}

fn main() -> ExitCode {
    lambda::run::<Scaling>()
}
