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
//! # Where to begin
//!
//! [`house::House`] is all of ECS Steward as its template deploys it; most tests need nothing else. Its parts stand alone too:
//!
//! | module | what |
//! |---|---|
//! | [`binaries`] | builds the functions with cargo, and says where they are |
//! | [`lambda::runtime`] | a function's execution environments: processes, the Runtime API, time-outs, signals |
//! | [`lambda::queue`], [`lambda::sqs`] | queues in virtual time, and as a service |
//! | [`lambda::source`] | event source mappings and ticks: what invokes functions |
//! | [`lambda::gateway`] | stands in front of AWS and Slack, records calls, breaks some |
//! | [`lambda::clock`] | the queues' time, the wall's or a faster one |
//! | [`scenario`] | stories that the handlers are played in, against the model of ECS |
//! | [`lambda::cloudwatch`] | what went through queues |
//! | [`moto`] | DynamoDB, SNS, SSM and Application Auto Scaling |
//! | [`ecs`] | ECS's control plane in virtual time; [`ecs::server`] answers for it as ECS does |
//! | [`ecs::botocore`] | holds what is asked of ECS, and answered, against AWS's own model |
//! | [`cloudformation`] | the stack's template as CloudFormation takes it: translated, and resolved for parameters |
//! | [`eventbridge`] | which events a rule's pattern matches |
//! | [`iam`] | what a policy allows |
//! | [`slack`], [`slack::workspace`] | Slack as a service, and a workspace that keeps Slack's rules, in virtual time |
//!
//! ```no_run
//! # async fn house() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use steward_sim::binaries::{self, Profile};
//! use steward_sim::house::{House, Plan};
//! use steward_sim::lambda::gateway::When;
//! use steward_sim::slack::Reply;
//!
//! let programs = tokio::task::spawn_blocking(|| binaries::functions(Profile::Dev)).await??;
//! let house = House::build(&Plan::new(programs)).await?;
//!
//! // remediation dies after it has woken notifications, before it hears of it; Slack wants a pause.
//! let nudge = When::any().function("remediation").operation("SendMessage").nth(1);
//! let killed = house.gateway.kill_after(nudge, &house.remediation);
//! house.slack.script([Reply::RateLimited(1)]);
//! house.send(r#"{"source":"aws.ecs"}"#)?;
//!
//! assert!(house.settles(Duration::from_secs(60)).await?);
//! assert_eq!(house.gateway.hits(killed).len(), 1);
//! assert_eq!(house.slack_titles().len(), 1);
//! # Ok(())
//! # }
//! ```
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is the outside: it owns clocks, processes and tasks"
)]

pub mod binaries;
pub mod cloudformation;
pub mod ecs;
pub mod eventbridge;
pub mod house;
mod http;
pub mod iam;
pub mod lambda;
pub mod moto;
pub mod python;
mod random;
pub mod scenario;
pub mod slack;
mod sync;
pub mod world;
