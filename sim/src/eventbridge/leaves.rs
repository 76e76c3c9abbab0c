//! An event as its leaves.

use std::collections::BTreeMap;

use serde_json::Value;

/// A value that is no object and no list.
#[derive(Debug)]
pub(super) struct Leaf<'event> {
    /// The names on the way to it; lists have none.
    pub(super) path: Vec<String>,
    pub(super) value: &'event Value,
    /// Where it is in the lists around it.
    pub(super) places: Places,
}

/// Which element of which list: lists are numbered in order of appearance.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Places(BTreeMap<usize, usize>);

impl Places {
    /// Both; nothing where they do not agree.
    pub(super) fn with(&self, others: &Self) -> Option<Self> {
        let mut all = self.0.clone();
        for (list, element) in &others.0 {
            if *all.entry(*list).or_insert(*element) != *element {
                return None;
            }
        }
        Some(Self(all))
    }
}

/// All leaves of an event.
pub(super) fn leaves_of(event: &Value) -> Vec<Leaf<'_>> {
    let mut all = Vec::new();
    let mut lists = 0;
    collect(event, &mut Vec::new(), &Places::default(), &mut lists, &mut all);
    all
}

fn collect<'event>(
    value: &'event Value,
    path: &mut Vec<String>,
    places: &Places,
    lists: &mut usize,
    all: &mut Vec<Leaf<'event>>,
) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                path.push(name.clone());
                collect(member, path, places, lists, all);
                path.pop();
            }
        }
        Value::Array(elements) => {
            let list = *lists;
            *lists += 1;
            for (index, element) in elements.iter().enumerate() {
                let mut inside = places.clone();
                inside.0.insert(list, index);
                collect(element, path, &inside, lists, all);
            }
        }
        value => all.push(Leaf { path: path.clone(), value, places: places.clone() }),
    }
}
