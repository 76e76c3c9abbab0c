//! The production handlers in a world where everything goes wrong, in virtual time, from a seed.
//!
//! One thread runs the handlers of all functions, several invocations at once, in an executor of its own; every call of a port
//! is a place where others may act, where the call may fail, and where the invocation may die before or after the call's
//! effect. Around them stand ECS ([`crate::ecs`]), queues ([`crate::lambda::queue`]), the bus, channels and people. Each step is
//! checked ([`Invariant`]), and the same seed gives the same run, step by step.
//!
//! # Invariants
//!
//! * Nothing here reads a clock or draws randomness but from the seed.
//! * A fault is a draw of its own stream: without faults the same seed builds the same world.
//! * A check looks at the ledger and at ECS themselves, never at what an invocation was told.

mod actor;
mod campaign;
mod capacity;
mod checks;
mod compare;
mod executor;
mod faults;
mod functions;
mod hosts;
mod jobs;
mod plan;
mod ports;
mod queues;
mod run;
mod scaling;
mod script;
mod site;
mod stage;
mod trace;
#[allow(clippy::module_inception, reason = "the world itself, of all that is in the world")]
mod world;

pub use campaign::{Campaign, Fewest, Least, Outcome, Struck, campaign};
pub use checks::{Invariant, Sabotage, Violation};
pub use compare::Futile;
pub use faults::{CrashAt, Crashes, Kind, Side, Tally};
pub use jobs::{Night, NightError, Wave, nightly_etl};
pub use run::{Course, Options, Report, Trouble, has_hosts, run, run_course};
pub use site::{Function, Site, Sites, Visits};
pub use trace::Step;
