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
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is the outside: it owns clocks, processes and tasks"
)]

pub mod binaries;
mod http;
pub mod lambda;

pub mod moto;
pub mod slack;
mod sync;
