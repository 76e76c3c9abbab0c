//! What Steward's work costs, and how it grows: the handlers of all functions over an outside in memory that counts.
//!
//! [`outside`] answers like AWS and counts requests as AWS would see them; [`play`] lets time pass in it; [`work`] measures one
//! event, incident, action, run of a job, minute of scaling and sweep; [`cost`] turns these counts into a bill; [`growth`] sets
//! time, memory and calls against size. Counts are the same each time, so tests hold them; times are for people.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a measurement: in memory nothing fails, and where something does there is nothing to measure"
)]

pub mod cost;
pub mod events;
pub mod growth;
pub mod outside;
pub mod play;
pub mod work;
