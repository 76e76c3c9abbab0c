//! What channels took, as people see it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::ledger::Root;
use steward::ports::{How, Letter};

use super::{Checks, Invariant};
use crate::world::functions::EDITS;

/// All posts of a world.
#[derive(Debug, Default)]
pub(super) struct Posts {
    /// By channel, subject and key: where it stands, and how often it was posted.
    by_key: BTreeMap<(&'static str, String, String), (Root, u64)>,
    /// What each message shows.
    shown: BTreeMap<String, String>,
    count: u64,
}

impl Posts {
    /// Whether a channel took anything about a subject.
    pub(super) fn has(&self, channel: &'static str, subject: &str) -> bool {
        self.by_key.keys().any(|(of, about, _)| *of == channel && about == subject)
    }

    /// What a message shows now.
    pub(super) fn shows(&self, root: &Root) -> Option<&str> {
        self.shown.get(&root.id).map(String::as_str)
    }
}

impl Checks {
    /// A channel took a letter. Where it can be asked what it has, nothing may come twice.
    pub(in crate::world) fn sent(
        &mut self,
        channel: &'static str,
        letter: &Letter<'_>,
        now: Timestamp,
    ) -> Option<Root> {
        let text = letter.message.title.to_string();
        if let How::Edit(root) = letter.how {
            self.posts.shown.insert(root.id.clone(), text);
            return None;
        }
        self.posts.count += 1;
        let root = Root { channel: channel.to_owned(), id: self.posts.count.to_string() };
        let key = (channel, letter.subject.key(), letter.key.to_owned());
        let known = self.posts.by_key.entry(key).or_insert_with(|| (root.clone(), 0));
        known.1 += 1;
        if known.1 > 1 && channel == EDITS {
            let what = format!("{channel} got {} of {} twice", letter.key, letter.subject);
            self.fail(Invariant::AllIsTold, now, what);
        }
        self.posts.shown.insert(root.id.clone(), text);
        Some(root)
    }

    /// Where a letter stands, if it has arrived.
    pub(in crate::world) fn found(&self, channel: &'static str, letter: &Letter<'_>) -> Option<Root> {
        let key = (channel, letter.subject.key(), letter.key.to_owned());
        self.posts.by_key.get(&key).map(|(root, _)| root.clone())
    }
}
