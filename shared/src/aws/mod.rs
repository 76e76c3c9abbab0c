//! Adapters: the ports over AWS's SDK, and over Slack's HTTP.
//!
//! SDK types stop here. Every adapter judges failed calls by one table ([`verdict()`]), bounds every call in time, and
//! names operation and target in its errors.
//!
//! aws-config is left out: it costs a cold start a millisecond and loads what Lambda never needs. So region, keys and
//! endpoints are read from the [`Environment`] here.

mod auto_scaling;
mod cloudformation;
mod dead_letters;
mod dynamodb;
mod ecs;
mod environment;
mod evidence;
#[cfg(feature = "audit")]
mod iam;
#[cfg(feature = "audit")]
mod installation;
#[cfg(feature = "lambda")]
pub mod lambda;
mod late;
mod queues;

#[cfg(test)]
mod scripted;
mod sdk;
mod slack;
mod sns;
mod sqs;
mod ssm;
mod verdict;

pub use auto_scaling::ScalableTargets;
pub use cloudformation::Stacks;
pub use dead_letters::DeadLetterQueues;
pub use dynamodb::DynamoLedger;
pub use ecs::{AuditedEcs, Ecs};
pub use environment::{Environment, EnvironmentError};
pub use evidence::TaskEvidence;
#[cfg(feature = "audit")]
pub use iam::Iam;
#[cfg(feature = "audit")]
pub use installation::Installed;
pub use queues::Queues;
pub use sdk::Sdk;
pub use slack::{SlackBot, SlackWebhook};
pub use sns::{AmazonQ, Topic};
pub use sqs::TellQueue;
pub use ssm::Ssm;
pub use verdict::{FailedCall, Verdict, verdict};

#[cfg(test)]
mod tests;
