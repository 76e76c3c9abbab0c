//! The built functions on the wire: their processes under a local Lambda service, the real SDK, moto for DynamoDB, SNS and
//! SSM, a stand-in for Slack. What is needed for it is installed and built on the way, or the test fails.
#![allow(clippy::disallowed_methods, reason = "tests live in real time, and look at how they are called")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panic, and tell what they tried"
)]

mod access;
mod adapters;
mod alerts;
mod crashes;
mod ecs;
mod faults;
mod hostile;
mod jobs;
mod remedies;
mod scaling;
// What is deployed, as the tests of the template have it.
#[path = "../template/stack.rs"]
mod stack;
mod support;
mod threads;
