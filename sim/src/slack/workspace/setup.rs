//! What people and administrators do to a workspace.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::message::{Author, Message};
use super::rate::Limits;
use super::ts::Ts;
use super::{Channel, Token, Webhook, Workspace};

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

impl Workspace {
    /// A workspace without channels and apps, with Slack's rates.
    pub fn new() -> Self {
        Self {
            channels: BTreeMap::new(),
            tokens: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            any_webhook: None,
            limits: Some(Limits::default()),
            edit_window: None,
            text_updates_keep_blocks: false,
            last: Ts::default(),
        }
    }

    /// Lets everybody ask as often as they like.
    pub fn unlimited(&mut self) {
        self.limits = None;
    }

    /// After how long messages cannot be changed any more; at first they always can.
    pub fn edit_window(&mut self, window: Option<SignedDuration>) {
        self.edit_window = window;
    }

    /// Whether `chat.update` with `text` alone keeps a message's blocks. Slack's references disagree: the older ones say that
    /// it does, the newer that it does not. At first it does not.
    pub fn text_updates_keep_blocks(&mut self, keep: bool) {
        self.text_updates_keep_blocks = keep;
    }

    /// Opens a public channel.
    pub fn open(&mut self, id: &str, name: &str) {
        let channel = Channel { name: name.to_owned(), ..Channel::default() };
        self.channels.insert(id.to_owned(), channel);
    }

    /// Archives a channel, or takes it back.
    pub fn archive(&mut self, channel: &str, archived: bool) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.archived = archived;
        }
    }

    /// Installs an app: its bot token (`xoxb-…`) is valid and has these scopes.
    pub fn install(&mut self, token: &str, app: &str, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.tokens.insert(token.to_owned(), Token { app: app.to_owned(), scopes, refused: None });
    }

    /// Revokes a token: `token_revoked` from now on.
    pub fn revoke(&mut self, token: &str) {
        if let Some(token) = self.tokens.get_mut(token) {
            token.refused = Some("token_revoked");
        }
    }

    /// Removes an app: `account_inactive` to its bot tokens, and its webhooks are gone.
    pub fn uninstall(&mut self, app: &str) {
        for token in self.tokens.values_mut().filter(|token| token.app == app) {
            token.refused = Some("account_inactive");
        }
        self.webhooks.retain(|_, webhook| webhook.app != app);
    }

    /// Makes an app a member of a channel.
    pub fn invite(&mut self, app: &str, channel: &str) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.members.insert(app.to_owned());
        }
    }

    /// Removes an app from a channel.
    pub fn kick(&mut self, app: &str, channel: &str) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.members.remove(app);
        }
    }

    /// An incoming webhook of an app: its path, `/services/T…/B…/…`, and the channel that it posts to.
    pub fn hook(&mut self, path: &str, app: &str, channel: &str) {
        self.webhooks.insert(path.to_owned(), Webhook { app: app.to_owned(), channel: channel.to_owned() });
    }

    /// Every webhook that there is no other channel for posts here.
    pub fn hook_all(&mut self, app: &str, channel: &str) {
        self.any_webhook = Some(Webhook { app: app.to_owned(), channel: channel.to_owned() });
    }

    /// Somebody says something in a channel, or in a thread of it. `None` where there is no such channel.
    pub fn say(
        &mut self,
        channel: &str,
        user: &str,
        text: &str,
        thread: Option<Ts>,
        now: Timestamp,
    ) -> Option<Ts> {
        let channel = self.channels.get_mut(channel)?;
        self.last = self.last.after(now);
        let message = Message {
            ts: self.last,
            thread,
            broadcast: false,
            author: Author::Person(user.to_owned()),
            text: text.to_owned(),
            blocks: Vec::new(),
            metadata: None,
            posted: now,
            edits: Vec::new(),
            marked_edited: false,
            linked: false,
            rung: BTreeSet::new(),
        };
        channel.messages.insert(message.ts, message);
        Some(self.last)
    }

    /// Somebody deletes a message; its replies stay. Whether it was there.
    pub fn delete(&mut self, channel: &str, ts: Ts) -> bool {
        let Some(channel) = self.channels.get_mut(channel) else { return false };
        let there = channel.messages.remove(&ts).is_some();
        if there {
            channel.deleted.insert(ts);
        }
        there
    }
}
