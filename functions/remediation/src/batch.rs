//! Reads a batch and sorts it by target.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::event::decode::Record;
use steward::incident::{Observation, Target};
use steward::remediation::{decide, read as read_event};

use crate::spot::Found;
use crate::{Explained, Handled, Settings};

/// What a batch says about one target.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) observations: Vec<Observation>,
    /// Places of the records that say it.
    pub(crate) records: Vec<usize>,
}

pub(crate) struct Batch {
    pub(crate) records: Vec<Handled>,
    pub(crate) groups: BTreeMap<Target, Group>,
}

/// `warnings` is what those of Spot are about, by the place of their record.
pub(crate) fn read(records: Vec<Record>, mut warnings: Found, settings: &Settings, now: Timestamp) -> Batch {
    let mut batch = Batch { records: Vec::with_capacity(records.len()), groups: BTreeMap::new() };
    for (index, record) in records.into_iter().enumerate() {
        let mut failed = None;
        let result = record.event.map(|event| {
            let reading = read_event(&event, now);
            let decision = decide(&event, &reading, &settings.policy, settings.home.as_ref());
            let explained = Explained {
                kind: event.detail.kind(),
                target: reading.whom(),
                diagnosis: reading.diagnosis,
                decision,
                because: reading.because,
                unrecognised: event.unrecognised.count(),
            };
            let mut explained = explained;
            let warned = warnings.remove(&index).transpose();
            if let Ok(Some(Some(about))) = &warned {
                (explained.target, explained.because) = (Some(about.target.to_string()), None);
            }
            failed = warned.as_ref().err().map(ToString::to_string);
            let warned = warned.ok().flatten().flatten();
            for about in
                reading.about.into_iter().chain(warned).filter(|about| !about.observations.is_empty())
            {
                let group = batch.groups.entry(about.target).or_default();
                group.observations.extend(about.observations);
                group.records.push(index);
            }
            explained
        });
        batch.records.push(Handled { index, message_id: record.message_id, result, failed });
    }
    // As things happened, whatever order they came in.
    for group in batch.groups.values_mut() {
        group.observations.sort_by_key(Observation::at);
    }
    batch
}
