//! The way to people: the `tell` queue, and a channel that has threads, as Slack has by a bot.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use steward::incident::Target;
use steward::ledger::Root;
use steward::notification::{LogLine, Subject};
use steward::ports::{
    Clock as _, Evidence, EvidenceError, How, Letter, LogSource, NudgeError, Postpone, SendError, Tell,
};

use super::Outside;

impl Tell for Outside {
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError> {
        self.call("sqs:SendMessage");
        self.waiting.borrow_mut().insert((self.now() + after, subject.key()), subject.clone());
        Ok(())
    }
}

impl Postpone for Outside {
    async fn postpone(&self, _: &str, _: SignedDuration) -> Result<(), NudgeError> {
        self.call("sqs:ChangeMessageVisibility");
        Ok(())
    }
}

/// Containers that log elsewhere, and no tags: what is asked is counted all the same.
impl Evidence for Outside {
    async fn tags(&self, _: &Target) -> Result<BTreeMap<String, String>, EvidenceError> {
        self.call("ecs:DescribeServices");
        Ok(BTreeMap::new())
    }

    async fn last_lines(&self, _: &LogSource, _: u32) -> Result<Vec<LogLine>, EvidenceError> {
        self.call("ecs:DescribeTaskDefinition");
        self.call("logs:GetLogEvents");
        Ok(Vec::new())
    }
}

/// A channel of Slack.
pub struct Channel<'o>(pub &'o Outside);

impl steward::ports::Channel for Channel<'_> {
    fn name(&self) -> &str {
        "slack"
    }

    fn edits(&self) -> bool {
        true
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        let root = |id: String| Root { channel: "C0123456789".to_owned(), id };
        match letter.how {
            How::New => {
                self.0.call("slack:chat.postMessage");
                self.0.threads.set(self.0.threads.get() + 1);
                Ok(Some(root(self.0.threads.get().to_string())))
            }
            How::Edit(known) => {
                self.0.call("slack:chat.update");
                Ok(Some(known.clone()))
            }
            How::Reply { root, .. } => {
                self.0.call("slack:chat.postMessage");
                Ok(Some(root.clone()))
            }
        }
    }
}
