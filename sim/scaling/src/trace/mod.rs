//! Recorded load: what arrived when.

mod fault;
mod read;
#[cfg(test)]
mod tests;
mod time;

pub use fault::{Fault, TraceError};

/// What a trace says. In order of time.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// `timestamp,value`: so many messages in each interval.
    Counts(Vec<Interval>),
    /// `app,func,end_timestamp,duration`: single jobs.
    Jobs(Vec<Job>),
}

/// An interval, and what arrived in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// When it began: milliseconds since 1970.
    pub began: i64,
    /// How long it lasted, in milliseconds: as long as most of the trace's intervals, or until the next begins.
    pub lasts: u64,
    /// Messages that arrived in it. Finite, and not negative.
    pub messages: f64,
}

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// When it arrived: its end without its duration, in milliseconds since 1970.
    pub arrived: i64,
    /// How long it took, in milliseconds.
    pub took: u64,
}

impl Trace {
    /// Reads a trace. `file` is how errors call it.
    pub fn read(file: &str, text: &str) -> Result<Self, TraceError> {
        read::read(text).map_err(|fault| TraceError { file: file.to_owned(), fault })
    }
}
