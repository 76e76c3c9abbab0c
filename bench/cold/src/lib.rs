//! What a function costs to start and to run, beside one that does nothing and one as people write it today:
//! `cargo cold`; `docs/performance.md` tells what came of it.
//!
//! Pure: [`figures`] (samples → percentiles), [`goals`] (percentiles → verdicts) and [`report`] (all of it → Markdown and JSON).
//! The rest measures: [`programs`] says what runs on which payload, [`services`] is AWS and Slack over TLS, [`share`] cuts the
//! processor, and [`lap`] starts, invokes and reads.
#![allow(clippy::disallowed_methods, reason = "a benchmark lives by the wall clock and reads the machine")]

pub mod calls;
pub mod figures;
pub mod goals;
pub mod lap;
pub mod machine;
pub mod package;
pub mod peer;
pub mod programs;
pub mod report;
pub mod services;
pub mod share;
mod table;
pub mod tls;
mod usage;
