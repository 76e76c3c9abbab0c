//! What is measured, and what it is invoked with.
//!
//! Before anything is measured, remediation takes in one failure, so that there is an incident in the table and a message in the queue. Then the table
//! is frozen: every invocation of notifications tells that incident as if for the first time, and every one of remediation opens the
//! same other one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use steward::config::file::File;
use steward::config::{MemoryParameters, store};
use steward::ledger::Key;
use steward_sim::lambda::queue::{self, QueueError};
use steward_sim::lambda::runtime::{InvokeError, Settings};
use steward_sim::lambda::source;
use steward_sim::lambda::sqs::Sqs;

use crate::calls::Calls;
use crate::lap::{Environment, LapError};
use crate::package::{self, PackageError};
use crate::peer::Peer;
use crate::report::{Program, Role};
use crate::services::Services;
use crate::tls::Identity;

const TABLE: &str = "steward";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";
const CONFIGURATION: &str = "/steward/bench/configuration";
const WEBHOOK: &str = "/steward-secrets/slack-webhook";
/// Behind `https://hooks.slack.com`, and behind the stand-in.
const WEBHOOK_PATH: &str = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";
const SWEEP: &str = r#"{"steward":"sweep"}"#;
/// Long enough for a Python that has 7 % of a processor.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Why nothing can be measured.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// What people decided cannot be written.
    #[error("the configuration cannot be applied: {0}")]
    Configuration(String),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A program.
    #[error(transparent)]
    Lap(#[from] LapError),
    /// A package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A program was not built.
    #[error("cargo built no program {0}")]
    NoProgram(&'static str),
    /// Remediation took the failure in, and left nothing to tell.
    #[error("remediation left no {0} behind")]
    NothingLeft(&'static str),
}

/// A program that can be started and invoked.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// How it is started.
    pub settings: Settings,
    /// What it is invoked with, each time.
    pub payload: Bytes,
    role: Role,
    job: &'static str,
}

impl Prepared {
    fn new(role: Role, settings: Settings, job: &'static str, payload: impl Into<Bytes>) -> Self {
        Self { settings, payload: payload.into(), role, job }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    pub(crate) fn failed(&self, source: InvokeError) -> LapError {
        LapError::Invoke { program: self.name().to_owned(), source }
    }

    /// As it is reported, with what it calls and what its package weighs.
    ///
    /// # Errors
    ///
    /// Where it fails, or its files cannot be read.
    pub async fn described(&self, services: &Services, peer: Option<&Peer>) -> Result<Program, PrepareError> {
        let bootstrap = || vec![("bootstrap".to_owned(), self.settings.bootstrap.clone())];
        let package = match (self.role, peer) {
            (Role::Peer, Some(peer)) => peer.package.clone(),
            _ => bootstrap(),
        };
        Ok(Program {
            name: self.name().to_owned(),
            role: self.role,
            job: self.job.to_owned(),
            zipped_bytes: package::zipped(&package)?,
            calls: Calls::of(self, services).await?,
        })
    }
}

/// What Parameter Store holds: a configuration as `steward apply` writes it, and Slack's webhook.
///
/// # Errors
///
/// Where the configuration does not apply, which memory does not refuse.
pub fn parameters() -> Result<BTreeMap<String, String>, PrepareError> {
    let refused = |error: &dyn std::fmt::Display| PrepareError::Configuration(error.to_string());
    let file = json!({"version": 1, "notifications": {"grouping": "0s"}});
    let file: File = serde_json::from_value(file).map_err(|error| refused(&error))?;
    let memory = MemoryParameters::new();
    let applied = async {
        let change = store::prepare(&memory, CONFIGURATION, file).await.map_err(|error| refused(&error))?;
        store::apply(&memory, &change).await.map_err(|error| refused(&error))
    };
    applied.now_or_never().unwrap_or_else(|| Err(refused(&"memory waits")))?;
    let mut parameters = memory.values();
    parameters.insert(WEBHOOK.to_owned(), format!("https://hooks.slack.com{WEBHOOK_PATH}"));
    Ok(parameters)
}

/// All programs, in the order of the report, with an incident in the table, which is frozen from then on.
///
/// # Errors
///
/// Where one was not built, or remediation does not take in a failure.
pub async fn prepare(
    built: &BTreeMap<String, PathBuf>,
    peer: Option<&Peer>,
    services: &Services,
    identity: &Identity,
    now: Timestamp,
) -> Result<Vec<Prepared>, PrepareError> {
    let setting = Setting { services, identity };
    let ours = |name: &'static str, job, payload: Bytes| {
        let program = built.get(name).ok_or(PrepareError::NoProgram(name))?;
        Ok::<_, PrepareError>(Prepared::new(Role::Ours, setting.of(name, program), job, payload))
    };
    let failure = "a task that ran out of memory, the first of its service";
    let remediation = |service| ours("remediation", failure, batch(&stop(service, now).to_string())?);
    let first = remediation("api")?;
    let mut environment = Environment::start(&first).await?;
    environment.invoke().await?;
    environment.end().await;
    services.freeze();
    let subject = services.told()?.into_iter().next().ok_or(PrepareError::NothingLeft("message"))?;
    let incident = services.key(Key::INCIDENTS).ok_or(PrepareError::NothingLeft("incident"))?;
    let mut programs = Vec::new();
    if let Some(floor) = built.get("floor") {
        programs.push(Prepared::new(Role::Floor, setting.of("floor", floor), "nothing", "{}"));
    }
    programs.push(remediation("web")?);
    programs.push(ours("batch", "a tick of which nothing is due", Bytes::from_static(SWEEP.as_bytes()))?);
    programs.push(ours("notifications", "an incident to tell: Slack and SNS", batch(&subject)?)?);
    programs.push(ours("scaling", "a tick without scaled services", Bytes::from_static(SWEEP.as_bytes()))?);
    if let Some(peer) = peer {
        let payload = batch(&json!({ "subject": incident }).to_string())?;
        let job = "the same incident to tell: Slack and SNS";
        programs.push(Prepared::new(Role::Peer, setting.of_peer(peer), job, payload));
    }
    Ok(programs)
}

/// The events that remediation is asked about in tests: a failure and what is none.
///
/// # Errors
///
/// Where a queue refuses the event, which it does not.
pub fn invoked_with(program: &Prepared, event: &Value) -> Result<Prepared, PrepareError> {
    Ok(Prepared { payload: batch(&event.to_string())?, ..program.clone() })
}

/// What surrounds all programs.
struct Setting<'s> {
    services: &'s Services,
    identity: &'s Identity,
}

impl Setting<'_> {
    fn of(&self, name: &str, program: &Path) -> Settings {
        let mut settings = Settings::new(name, program);
        settings.timeout = TIMEOUT;
        let services = self.services.endpoints().into_iter();
        let settings = services.fold(settings, |settings, (name, origin)| settings.variable(&name, origin));
        settings
            .variable("SSL_CERT_FILE", self.identity.bundle.display().to_string())
            .variable("STEWARD_TABLE", TABLE)
            .variable("STEWARD_TELL_QUEUE_URL", self.services.tell_queue_url())
            .variable("STEWARD_CONFIGURATION", CONFIGURATION)
            .variable("STEWARD_SLACK_WEBHOOK", WEBHOOK)
            .variable("STEWARD_TOPIC_ARN", TOPIC)
            .variable("STEWARD_TEST_SLACK_ORIGIN", self.services.slack())
    }

    fn of_peer(&self, peer: &Peer) -> Settings {
        self.of("peer", &peer.bootstrap)
            // botocore does not read the variable of OpenSSL.
            .variable("AWS_CA_BUNDLE", self.identity.bundle.display().to_string())
            .variable("PEER_SLACK_WEBHOOK", format!("{}{WEBHOOK_PATH}", self.services.slack()))
    }
}

/// A batch of one message, as Lambda makes it.
fn batch(body: &str) -> Result<Bytes, PrepareError> {
    let sqs = Sqs::default();
    sqs.create_queue("events", queue::Settings::default())?;
    sqs.send("events", body, None)?;
    let messages = sqs.receive("events", 1, None)?;
    Ok(source::event(&sqs, "events", &messages).to_string().into())
}

/// A task of a service that ran out of memory.
pub fn stop(service: &str, now: Timestamp) -> Value {
    let arn = |resource: &str| format!("arn:aws:ecs:us-east-1:123456789012:{resource}");
    json!({
        "version": "0", "id": format!("e-{service}"), "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "account": "123456789012", "region": "us-east-1", "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "resources": [arn("task/shop/0000000000000000000000000000000a")],
        "detail": {
            "clusterArn": arn("cluster/shop"), "taskArn": arn("task/shop/0000000000000000000000000000000a"),
            "taskDefinitionArn": arn(&format!("task-definition/{service}:7")), "group": format!("service:{service}"),
            "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited", "stoppedAt": now.to_string(), "version": 4,
            "overrides": {"containerOverrides": []},
            "containers": [{
                "name": "app", "exitCode": 137, "lastStatus": "STOPPED",
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            }],
        },
    })
}
