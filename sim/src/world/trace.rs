//! What happened last, for whoever reads a failure.

use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Who did it: an invocation, ECS, a person.
    pub who: String,
    /// What.
    pub what: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {:<24}  {}", self.at.strftime("%d %H:%M:%S%.3f"), self.who, self.what)
    }
}

/// The last steps of a run.
#[derive(Debug)]
pub(super) struct Trace {
    steps: VecDeque<Step>,
    kept: usize,
}

impl Trace {
    pub(super) fn new(kept: usize) -> Self {
        Self { steps: VecDeque::new(), kept }
    }

    /// `text` is only asked for where it is kept.
    pub(super) fn note(&mut self, at: Timestamp, who: impl fmt::Display, text: impl FnOnce() -> String) {
        if self.kept == 0 {
            return;
        }
        if self.steps.len() == self.kept {
            self.steps.pop_front();
        }
        self.steps.push_back(Step { at, who: who.to_string(), what: text() });
    }

    pub(super) fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps).into()
    }
}
