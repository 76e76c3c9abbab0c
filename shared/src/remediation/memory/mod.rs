//! More memory for a container that has too little: the next size that there is, and the change that it takes.
//!
//! [`Ladder::next`] finds the next size, [`Raise`] says what changes, and a raise can be written down for people
//! ([`json_patch`], [`cloud_formation`], [`terraform`]) or put into a task definition ([`registration()`]). All are pure.
//!
//! # Invariants
//!
//! * Nothing becomes smaller, and the container that had too little can use more than before.
//! * Nothing becomes larger than the ladder allows.
//! * A task definition that Fargate can run keeps a size that Fargate has ([`crate::quota::FARGATE`]).

mod fragment;
mod ladder;
mod registration;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use fragment::{cloud_formation, json_patch, terraform};
pub use ladder::{Ladder, NoRoom};
pub use registration::{ACTION_TAG, Unfit, registration};

/// The larger size of a container, or of its task, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raise {
    /// The container that had too little.
    pub container: String,
    /// Its hard limit (`memory`), in MiB; absent: it has none, or one that stays.
    pub limit: Option<Step>,
    /// The task's memory, in MiB; absent: it stays.
    pub task_memory: Option<Step>,
    /// The task's CPU units; absent: they stay.
    pub task_cpu: Option<Step>,
}

/// From one size to a larger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it is.
    pub from: u32,
    /// What it becomes.
    pub to: u32,
}

impl Raise {
    /// The most memory that any part of it gets, in MiB.
    pub fn most(&self) -> u32 {
        [self.limit, self.task_memory].into_iter().flatten().map(|step| step.to).max().unwrap_or_default()
    }

    /// Whether every step goes up, and there is one of memory.
    pub fn goes_up(&self) -> bool {
        let steps = [self.limit, self.task_memory, self.task_cpu];
        steps.into_iter().flatten().all(|step| step.to > step.from)
            && (self.limit.is_some() || self.task_memory.is_some())
    }
}

impl fmt::Display for Raise {
    /// `app 512 to 768 MiB, task 1024 to 2048 MiB, 256 to 512 CPU units`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(Step { from, to }) = self.limit {
            parts.push(format!("{} {from} to {to} MiB", self.container));
        }
        if let Some(Step { from, to }) = self.task_memory {
            parts.push(format!("task {from} to {to} MiB"));
        }
        if let Some(Step { from, to }) = self.task_cpu {
            parts.push(format!("{from} to {to} CPU units"));
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests;
