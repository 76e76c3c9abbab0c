//! A local AWS Lambda service, and what stands around it: for tests, the demo and benchmarks.
//!
//! The functions of ECS Steward are started as Lambda starts them: one process an execution environment, fed by the
//! Runtime API, its environment cleared but for what Lambda sets. Queues, event source mappings and ticks call them; a
//! [`lambda::gateway`] stands in front of all AWS services, records each call and breaks those that a test wants broken.
//!
//! # Invariants
//!
//! * [`lambda::queue`] reads no clock and holds no randomness but a seed: its time is an argument.
//! * Nothing here needs a network beyond the loopback interface, but for the one installation of [`moto`].
//! * Whatever starts a process ends it on drop.
//! * What is not imitated answers with an error, never with a silence that a test could mistake for success.
//!
//! # A house of two functions
//!
//! ```no_run
//! # async fn house() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use serde_json::json;
//! use steward_sim::binaries::{self, Profile};
//! use steward_sim::lambda::clock::FastClock;
//! use steward_sim::lambda::gateway::{self, Gateway, When};
//! use steward_sim::lambda::queue::{self, DeadLetters};
//! use steward_sim::lambda::runtime::{Function, Settings};
//! use steward_sim::lambda::source::{self, Source, Tick};
//! use steward_sim::lambda::sqs::Sqs;
//! use steward_sim::moto::Moto;
//! use steward_sim::slack::{Reply, Slack};
//!
//! let programs = tokio::task::spawn_blocking(|| binaries::functions(Profile::Dev)).await??;
//! let (moto, slack) = (Moto::start().await?, Slack::start().await?);
//! let table = json!({
//!     "TableName": "steward", "BillingMode": "PAY_PER_REQUEST",
//!     "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
//!     "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
//! });
//! moto.call("dynamodb", "DynamoDB_20120810.CreateTable", &table).await?;
//! let webhook = json!({ "Name": "/slack", "Type": "SecureString", "Value": slack.webhook() });
//! moto.call("ssm", "AmazonSSM.PutParameter", &webhook).await?;
//!
//! // A minute of the queues passes in a second.
//! let sqs = Sqs::new(Arc::new(FastClock::new(60)));
//! for name in ["events", "tell"] {
//!     let dead = format!("{name}-dead");
//!     sqs.create_queue(&dead, queue::Settings::default())?;
//!     let visibility_timeout = Duration::from_mins(6);
//!     let dead_letters = Some(DeadLetters { queue: dead, max_receive_count: 5 });
//!     sqs.create_queue(name, queue::Settings { visibility_timeout, dead_letters, ..Default::default() })?;
//! }
//!
//! let remediation = Settings::new("remediation", &programs["remediation"]);
//! let notifications = Settings::new("notifications", &programs["notifications"]);
//! let behind = gateway::Settings { sqs: Some(sqs.clone()), upstream: Some(moto.url()), ..Default::default() }
//!     .function(&remediation)
//!     .function(&notifications)
//!     .slack(&slack, "notifications");
//! let gateway = Gateway::start(behind).await?;
//! let common = |settings: Settings| {
//!     settings
//!         .variable("AWS_ENDPOINT_URL", gateway.url())
//!         .variable("STEWARD_TABLE", "steward")
//!         .variable("STEWARD_TELL_QUEUE_URL", sqs.queue_url("tell"))
//!         .variable("STEWARD_CONFIGURATION", "/steward/demo/configuration")
//! };
//! let remediation = Function::new(common(remediation));
//! let notifications = common(notifications).variable("STEWARD_SLACK_WEBHOOK", "/slack");
//! let notifications = notifications.variable("STEWARD_TEST_SLACK_ORIGIN", gateway.url());
//! let notifications = Function::new(notifications);
//!
//! let _events = Source::start(source::Settings::new("events"), &sqs, remediation.clone())?;
//! let _tell = Source::start(source::Settings::new("tell"), &sqs, notifications.clone())?;
//! let sweep = json!({ "steward": "sweep" });
//! let _ticks = [
//!     Tick::start(remediation.clone(), Duration::from_secs(1), &sweep),
//!     Tick::start(notifications.clone(), Duration::from_secs(1), &sweep),
//! ];
//!
//! // remediation dies after its second write, before it hears of it; Slack wants a pause.
//! let killed = gateway.kill_after(When::any().function("remediation").operation("TransactWriteItems").nth(2), &remediation);
//! slack.script([Reply::RateLimited(1)]);
//! sqs.send("events", r#"{"source":"aws.ecs"}"#, None)?;
//!
//! assert_eq!(gateway.hit(killed, 1).await.len(), 1);
//! assert!(sqs.drained("events", Duration::from_secs(30)).await?);
//! slack.delivered(2).await;
//! assert_eq!(slack.posted().len(), 1);
//! assert_eq!(sqs.counts("events-dead")?.total(), 0);
//! # Ok(())
//! # }
//! ```
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is the outside: it owns clocks, processes and tasks"
)]

pub mod binaries;
pub mod house;
mod http;
pub mod lambda;

pub mod moto;
pub mod slack;
mod sync;
