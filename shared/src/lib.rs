//! What ECS Steward knows about Amazon ECS.
//!
//! The way through is the same everywhere: [`event`] turns JSON into domain types once, [`diagnosis`] says why a task
//! stopped, [`incident`] folds what happened to one target into one story, [`remediation`] decides (and says why not),
//! [`ledger`] remembers, and [`notification`] renders the current state for people.
//!
//! # Invariants
//!
//! * Nothing in this crate reads a clock, the environment or a source of randomness, and nothing here talks to a
//!   network: time and identity are arguments, the outside is behind [`ports`]. The one exception is `aws`, the ports on
//!   AWS, behind the feature of that name.
//! * Decisions and transitions are pure and total. Text from outside never panics them and costs linear time.
//! * What leaves the process is [`redact::Redacted`], a type that only redaction can make.
//! * What is not known stays unknown: no default stands in for a fact.

pub mod action;
pub mod apply;
pub mod arn;
pub mod audit;
#[cfg(feature = "aws")]
pub mod aws;
pub mod batch;
pub mod config;
pub mod deadline;
pub mod diagnosis;
pub mod ecs;
pub mod event;
pub mod guard;
pub mod incident;
pub mod ledger;
pub mod notification;
pub mod observed;
pub mod permissions;
pub mod ports;
pub mod quota;
pub mod redact;
pub mod remediation;
pub mod request;
pub mod scaling;
pub mod words;
