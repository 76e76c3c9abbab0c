//! Single messages through a queue and its ECS tasks, under Steward's scaler and under others, in virtual time.
//!
//! A [`Trace`] says what arrived when; a [`World`] makes of it messages with their service times, and start-up delays, which are the
//! same for every policy. Each policy sees no more than it would in AWS: counts that lag and are slightly off, CloudWatch's minutes
//! when they are told. Peers are searched over their settings ([`settings`]), and held against ours ([`Comparison`]).
#![allow(clippy::cast_precision_loss, reason = "counts beyond 2^53 need not be exact")]
#![cfg_attr(test, allow(clippy::float_cmp, reason = "the same seed gives the same bits"))]

mod chart;
mod compare;
mod fleet;
pub mod matrix;
mod number;
mod outcome;
mod page;
mod peer;
mod policy;
mod queue;
mod random;
mod run;
mod search;
mod show;
mod steward;
#[cfg(test)]
mod tests;
mod trace;
mod world;

pub use chart::{Chart, Line, cloud, timeline};
pub use compare::{Comparison, Proofs, Rival};
pub use outcome::Outcome;
pub use page::{busiest, lines, page};
pub use peer::grid::settings;
pub use peer::{Adjustment, KedaSetting, Setting, StepSetting, TrackingSetting};
pub use policy::Policy;
pub use run::Course;
pub use search::{Tried, course, course_of, looks, search, steward};
pub use show::{json, text};
pub use steward::{Look, alone, scaler};
pub use trace::{Fault, Interval, Job, Trace, TraceError};
pub use world::{Distribution, Options, Workers, World, WorldError};
