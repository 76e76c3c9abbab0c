//! The next size.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Raise, Step};
use crate::ecs::{ContainerSize, Sizes};
use crate::quota;

/// Fargate has no Windows tasks of more CPU units:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>.
const MOST_CPU_OF_WINDOWS: u32 = 4_096;

/// How memory is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// A container that had too little gets so many percent of it, rounded up to the next size that there is.
    pub percent: u32,
    /// Neither a container nor its task gets more, in MiB.
    pub max: u32,
    /// Whether a task gets more CPU where its CPU allows no more memory.
    pub raise_cpu: bool,
}

/// Why there is no more memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRoom {
    /// The policy allows no more.
    AtMax {
        /// So many MiB.
        max: u32,
    },
    /// Fargate has no more memory for so much CPU, and more CPU is not allowed, or there is none.
    NeedsCpu {
        /// CPU units.
        cpu: u32,
    },
    /// Neither the container nor its task has a limit: its host has no more.
    NoLimit,
    /// The task definition has no container of that name, or no size that Fargate has.
    NotUnderstood,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMax { max } => write!(f, "more than {max} MiB are not allowed (`memory.max`)"),
            Self::NeedsCpu { cpu } => write!(f, "Fargate has no more memory for {cpu} CPU units"),
            Self::NoLimit => f.write_str("neither the container nor its task has a limit"),
            Self::NotUnderstood => f.write_str("its sizes are not understood"),
        }
    }
}

/// A size that a task may get.
#[derive(Clone, Copy)]
struct Room {
    cpu: Option<u32>,
    memory: u32,
}

impl Ladder {
    /// The next size of the task definition in which `container` runs out of memory.
    ///
    /// Where the container's own limit is hit and the task has room, that alone is raised; else the task, and the container's
    /// limit with it. Where the policy or the table ends before the whole step, the step goes to that end.
    ///
    /// # Errors
    ///
    /// Why it cannot have more.
    pub fn next(&self, sizes: &Sizes, container: &str) -> Result<Raise, NoRoom> {
        let found = sizes.container(container).ok_or(NoRoom::NotUnderstood)?;
        // A limit beyond the task's is none.
        let limit = found.limit.filter(|limit| sizes.memory.is_none_or(|task| *limit <= task));
        let had = limit.or(sizes.memory).ok_or(NoRoom::NoLimit)?;
        if had >= self.max {
            return Err(NoRoom::AtMax { max: self.max });
        }
        let wanted = self.wanted(had);
        let raise = |limit: Option<u32>, room: Option<Room>| Raise {
            container: container.to_owned(),
            limit: limit.map(|to| Step { from: had, to }),
            task_memory: step(sizes.memory, room.map(|room| room.memory)),
            task_cpu: step(sizes.cpu, room.and_then(|room| room.cpu)),
        };
        let Some(task) = sizes.memory else { return Ok(raise(Some(wanted), None)) };
        if limit.is_none() {
            let room = self.room(sizes, task, wanted)?;
            return Ok(raise(None, Some(room)));
        }
        let others = kept_for_others(sizes, container);
        if wanted.saturating_add(others) <= task {
            return Ok(raise(Some(wanted), None));
        }
        // What the task, as it is, has left for it.
        let left = task.saturating_sub(others).min(self.max);
        match self.room(sizes, task, wanted.saturating_add(others)) {
            Ok(room) if room.memory.saturating_sub(others) > had => {
                Ok(raise(Some(wanted.min(room.memory - others)), Some(room)))
            }
            Err(_) | Ok(_) if left > had => Ok(raise(Some(left), None)),
            Err(why) => Err(why),
            Ok(_) => Err(NoRoom::AtMax { max: self.max }),
        }
    }

    /// What a container should get that had so much.
    fn wanted(&self, had: u32) -> u32 {
        let raised = (u64::from(had) * u64::from(self.percent)).div_ceil(100);
        u32::try_from(raised).unwrap_or(u32::MAX).max(had.saturating_add(1)).min(self.max)
    }

    /// The least size of a task, larger than it is, that has `wanted`; else the largest that may be.
    fn room(&self, sizes: &Sizes, task: u32, wanted: u32) -> Result<Room, NoRoom> {
        if !sizes.is_fargate {
            let memory = wanted.min(self.max);
            let is_more = memory > task;
            return is_more.then_some(Room { cpu: None, memory }).ok_or(NoRoom::AtMax { max: self.max });
        }
        let cpu = sizes.cpu.ok_or(NoRoom::NotUnderstood)?;
        quota::fargate_memory(cpu).ok_or(NoRoom::NotUnderstood)?;
        if let Some(memory) = self.of_row(cpu, task, wanted) {
            return Ok(Room { cpu: None, memory });
        }
        // The table has more, and the policy does not allow it.
        if quota::next_memory_at_least(cpu, task.saturating_add(1)).is_some() {
            return Err(NoRoom::AtMax { max: self.max });
        }
        if !self.raise_cpu {
            return Err(NoRoom::NeedsCpu { cpu });
        }
        let most = if sizes.is_windows { MOST_CPU_OF_WINDOWS } else { u32::MAX };
        let larger = quota::FARGATE.iter().map(|(cpu, _)| *cpu).filter(|next| *next > cpu && *next <= most);
        let mut is_bounded = false;
        for cpu in larger {
            if let Some(memory) = self.of_row(cpu, task, wanted) {
                return Ok(Room { cpu: Some(cpu), memory });
            }
            is_bounded |= quota::next_memory_at_least(cpu, task.saturating_add(1)).is_some();
        }
        Err(if is_bounded { NoRoom::AtMax { max: self.max } } else { NoRoom::NeedsCpu { cpu } })
    }

    /// Of the sizes that go with so much CPU, are more than `task` and no more than is allowed: the least that has `wanted`, else
    /// the largest.
    fn of_row(&self, cpu: u32, task: u32, wanted: u32) -> Option<u32> {
        let mut found = None;
        let mut next = quota::next_memory_at_least(cpu, task.saturating_add(1));
        while let Some(memory) = next.filter(|memory| *memory <= self.max) {
            found = Some(memory);
            if memory >= wanted {
                break;
            }
            next = quota::next_memory_at_least(cpu, memory + 1);
        }
        found
    }
}

fn step(from: Option<u32>, to: Option<u32>) -> Option<Step> {
    let (from, to) = (from?, to?);
    (from != to).then_some(Step { from, to })
}

/// MiB that the other containers may take: their limits, else what is kept for them.
fn kept_for_others(sizes: &Sizes, container: &str) -> u32 {
    let of = |other: &ContainerSize| other.limit.or(other.reservation).unwrap_or_default();
    sizes.containers.iter().filter(|other| other.name != container).map(of).fold(0, u32::saturating_add)
}
