//! Threads as the pages of preview and demo show them; `templates/thread.html` has their look.

use jiff::Timestamp;

use super::{Kind, Look};
use crate::play::{Placed, Post, Thread};

/// A thread on a page.
pub(crate) struct Shown {
    /// The place to link to.
    pub(crate) id: String,
    /// What it is about.
    pub(crate) about: String,
    /// As it stands at the end.
    pub(crate) last: Bubble,
    /// As it stood first, where that was otherwise.
    pub(crate) first: Option<Bubble>,
    pub(crate) replies: Vec<Bubble>,
}

/// A message on a page.
pub(crate) struct Bubble {
    /// When it was sent.
    pub(crate) at: Timestamp,
    /// When it was brought up to date.
    pub(crate) edited_at: Option<Timestamp>,
    /// Whether the whole channel sees it, though it stands in a thread.
    pub(crate) is_aloud: bool,
    pub(crate) look: Look,
}

impl Shown {
    /// A thread in a kind of channel.
    pub(crate) fn of(thread: &Thread<'_>, kind: Kind, id: String) -> Self {
        let bubble = |post: &Post| Bubble {
            at: post.at,
            edited_at: None,
            is_aloud: post.how == Placed::Reply { aloud: true },
            look: kind.look(post),
        };
        let edited_at = thread.is_edited().then_some(thread.last.at);
        Self {
            id,
            about: thread.first.subject.to_string(),
            last: Bubble { at: thread.first.at, edited_at, ..bubble(thread.last) },
            first: thread.is_edited().then(|| bubble(thread.first)),
            replies: thread.replies.iter().map(|post| bubble(post)).collect(),
        }
    }
}
