//! What is left open in the behaviour of a revision, settled for each of its tasks as it begins.

use std::sync::Arc;

use super::api::TaskOverride;
use super::behaviour::{Behaviour, Fate};
use super::definition::Definition;
use super::world::Ecs;
use crate::random::Random;

impl Ecs {
    /// What a task does. Only what is left open is drawn: other behaviours take nothing from the world's randomness.
    pub(super) fn settle(&mut self, behaviour: &Arc<Behaviour>, memory: u64) -> Arc<Behaviour> {
        if behaviour.fate.is_settled() {
            return Arc::clone(behaviour);
        }
        let fate = behaviour.fate.settled(memory, &mut self.random);
        Arc::new(Behaviour { fate, ..behaviour.as_ref().clone() })
    }
}

impl Fate {
    fn is_settled(&self) -> bool {
        !matches!(self, Self::ExitsBetween { .. } | Self::NeedsMemory { .. } | Self::Mixed(_))
    }

    /// One that leaves nothing open, for a task with so many MiB.
    fn settled(&self, memory: u64, random: &mut Random) -> Self {
        match self {
            Self::ExitsBetween { least, most, exit_code } => {
                Self::Exits { after: random.between(*least, *most), exit_code: *exit_code }
            }
            Self::NeedsMemory { mib, after, .. } if memory < u64::from(*mib) => {
                Self::OutOfMemory { after: *after }
            }
            Self::NeedsMemory { otherwise, .. } => otherwise.settled(memory, random),
            Self::Mixed(fates) => match one_of(fates, random) {
                Some(fate) => fate.settled(memory, random),
                None => Self::Serves,
            },
            settled => settled.clone(),
        }
    }
}

/// Draws by weight; `None` where nothing weighs anything.
fn one_of<'a>(fates: &'a [(u32, Fate)], random: &mut Random) -> Option<&'a Fate> {
    let total: u64 = fates.iter().map(|(weight, _)| u64::from(*weight)).sum();
    if total == 0 {
        return None;
    }
    let mut left = random.below(total);
    fates.iter().find_map(|(weight, fate)| match left.checked_sub(u64::from(*weight)) {
        Some(rest) => {
            left = rest;
            None
        }
        None => Some(fate),
    })
}

/// MiB that the essential container of a task can use.
pub(super) fn usable_memory(definition: &Definition, overrides: &TaskOverride) -> u64 {
    let main = definition.main_container();
    let overridden = overrides
        .container_overrides
        .iter()
        .find(|container| main.is_some_and(|main| container.name == main.name));
    let own = overridden.and_then(|container| container.memory).or(main.and_then(|main| main.memory));
    let of_task = overrides.memory.as_ref().or(definition.request.memory.as_ref());
    let of_task = of_task.and_then(|text| text.parse().ok());
    own.map(u64::from).into_iter().chain(of_task).min().unwrap_or_else(|| definition.memory())
}
