//! Where a handler calls the outside: the places at which it can be struck.

use std::collections::BTreeMap;
use std::fmt;

/// Calls of one kind are told apart up to the third of an invocation: what comes behind is like the third.
const MAX_ORDINAL: u8 = 3;

/// What is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// remediation, with a batch of events.
    RemediationBatch,
    /// remediation, by its tick.
    RemediationSweep,
    /// batch, with a batch of task events.
    BatchEvents,
    /// batch, by its tick.
    BatchSweep,
    /// scaling, by its tick.
    ScalingSweep,
    /// notifications, with a batch of the `tell` queue.
    NotificationsBatch,
    /// notifications, by its tick.
    NotificationsSweep,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RemediationBatch,
        Self::RemediationSweep,
        Self::BatchEvents,
        Self::BatchSweep,
        Self::ScalingSweep,
        Self::NotificationsBatch,
        Self::NotificationsSweep,
    ];
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RemediationBatch => "remediation batch",
            Self::RemediationSweep => "remediation sweep",
            Self::BatchEvents => "batch events",
            Self::BatchSweep => "batch sweep",
            Self::ScalingSweep => "scaling sweep",
            Self::NotificationsBatch => "notifications batch",
            Self::NotificationsSweep => "notifications sweep",
        })
    }
}

/// A call site as a simulation can tell it: who calls which method, on what, and for the how-manieth time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Who calls.
    pub function: Function,
    /// Such as `ledger`.
    pub port: &'static str,
    /// Such as `commit`.
    pub method: &'static str,
    /// On what kind of thing, such as `action issued`; may be empty.
    pub on: &'static str,
    /// The first of its kind in an invocation is 1; 3 stands for all behind it, too.
    pub ordinal: u8,
}

impl fmt::Display for Site {
    /// `remediation sweep: ledger.commit(action issued) #1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, port, method, on, ordinal } = self;
        write!(f, "{function}: {port}.{method}({on}) #{ordinal}")
    }
}

/// Counts the calls of one invocation.
#[derive(Debug, Default)]
pub(super) struct Ordinals(BTreeMap<(&'static str, &'static str, &'static str), u8>);

impl Ordinals {
    pub(super) fn next(&mut self, port: &'static str, method: &'static str, on: &'static str) -> u8 {
        let count = self.0.entry((port, method, on)).or_default();
        *count = (*count + 1).min(MAX_ORDINAL);
        *count
    }
}

/// How often a site was reached, and struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Visits {
    /// The call of the run that reached it first, counted from 1.
    pub first_call: u64,
    /// How often it was reached.
    pub reached: u64,
    /// Crashes before the effect.
    pub crashed_before: u64,
    /// Crashes after the effect.
    pub crashed_after: u64,
}

/// The sites of one or more runs.
pub type Sites = BTreeMap<Site, Visits>;
