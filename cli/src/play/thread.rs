//! The threads that a channel's messages make.

use steward::notification::Subject;
use steward_sim::scenario::{Placed, Post};

/// A message with its thread.
pub(crate) struct Thread<'p> {
    /// As it stood first.
    pub(crate) first: &'p Post,
    /// As it stands at the end: the latest edit.
    pub(crate) last: &'p Post,
    /// What was said below it, in order.
    pub(crate) replies: Vec<&'p Post>,
}

impl Thread<'_> {
    /// Whether it ended other than it began.
    pub(crate) fn is_edited(&self) -> bool {
        self.first.message != self.last.message
    }
}

/// A message in one line. A reply says what it is about: apart from its thread nobody would know.
pub(crate) fn headline(post: &Post) -> String {
    let title = post.message.title.as_str();
    match (&post.subject, post.how) {
        (Subject::Incident { target, .. }, Placed::Reply { .. }) if !title.contains(target.name()) => {
            format!("{target}: {title}")
        }
        _ => title.to_owned(),
    }
}

/// Puts messages together to threads, in the order of their first messages. What belongs to no message is left out: a
/// channel takes no such thing.
pub(crate) fn threads<'p>(posts: impl IntoIterator<Item = &'p Post>) -> Vec<Thread<'p>> {
    let mut threads: Vec<Thread<'p>> = Vec::new();
    for post in posts {
        if post.how == Placed::New {
            threads.push(Thread { first: post, last: post, replies: Vec::new() });
            continue;
        }
        let Some(thread) = threads.iter_mut().find(|thread| thread.first.root == post.root) else { continue };
        match post.how {
            Placed::Edit => thread.last = post,
            _ => thread.replies.push(post),
        }
    }
    threads
}
