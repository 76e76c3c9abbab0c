//! What a check asks a workspace.

use super::message::Message;
use super::ts::Ts;
use super::{Channel, Workspace};

/// A message of a channel, with what was said below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread<'workspace> {
    /// The message; `None` where somebody deleted it and left its replies.
    pub parent: Option<&'workspace Message>,
    /// Oldest first.
    pub replies: Vec<&'workspace Message>,
}

impl Channel {
    /// The replies to a message, oldest first.
    pub(super) fn replies(&self, parent: Ts) -> impl Iterator<Item = &Message> {
        self.messages.values().filter(move |message| message.thread == Some(parent))
    }
}

impl Workspace {
    /// All messages that are seen in a channel and its threads, oldest first.
    pub fn messages(&self, channel: &str) -> impl Iterator<Item = &Message> {
        self.channels.get(channel).into_iter().flat_map(|channel| channel.messages.values())
    }

    /// A message that is seen.
    pub fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.channels.get(channel)?.messages.get(&Ts::parse(ts)?)
    }

    /// What was answered with `ok` and was never seen, oldest first.
    pub fn dropped(&self, channel: &str) -> impl Iterator<Item = &Message> {
        self.channels.get(channel).into_iter().flat_map(|channel| channel.dropped.values())
    }

    /// A channel as its threads, oldest first; most are a message alone.
    pub fn threads(&self, channel: &str) -> Vec<Thread<'_>> {
        let Some(channel) = self.channels.get(channel) else { return Vec::new() };
        let mut roots: Vec<Ts> =
            channel.messages.values().map(|message| message.thread.unwrap_or(message.ts)).collect();
        roots.sort_unstable();
        roots.dedup();
        let thread =
            |root| Thread { parent: channel.messages.get(&root), replies: channel.replies(root).collect() };
        roots.into_iter().map(thread).collect()
    }

    /// Messages that ring or rang somebody.
    pub fn ringing(&self, channel: &str) -> impl Iterator<Item = &Message> {
        self.messages(channel).filter(|message| message.rings().next().is_some())
    }

    /// A channel's id, by its id or its name.
    pub(super) fn id_of(&self, name: &str) -> Option<String> {
        let bare = name.strip_prefix('#').unwrap_or(name);
        let is_it = |(id, channel): &(&String, &Channel)| *id == name || channel.name == bare;
        self.channels.iter().find(is_it).map(|(id, _)| id.clone())
    }
}
