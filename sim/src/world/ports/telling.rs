//! The way to people: the `tell` queue, and channels that keep what they took.

use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::ledger::Root;
use steward::notification::Subject;
use steward::ports::{Channel, How, Letter, NudgeError, Postpone, SendError, Tell, Trouble};
use steward::request::Request;

use crate::world::actor::{Actor, Broken, Call};
use crate::world::checks::Sabotage;
use crate::world::queues::TELL;
use crate::world::stage::Stage;

/// The `tell` queue as one invocation sees it.
pub(in crate::world) struct TellPort(pub(in crate::world) Rc<Actor>);

impl Tell for TellPort {
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError> {
        let call = Call { port: "tell", method: "nudge", on: "", changes: false, about: subject.to_string() };
        let failed =
            |problem: String| NudgeError { operation: "SendMessage", subject: subject.to_string(), problem };
        let effect = |stage: &Stage| {
            let now = stage.now();
            if stage.weather.borrow_mut().loses_nudge(now) {
                return Ok(());
            }
            let body = Request::Tell { subject: subject.clone() }.to_text();
            let sent = stage.queues.borrow_mut().send(now, TELL, &body, Some(unsigned(after)));
            sent.map(|_| ()).map_err(|error| failed(error.to_string()))
        };
        self.0.call(call, effect, |broken: Broken| failed(broken.to_string())).await
    }
}

impl Postpone for TellPort {
    async fn postpone(&self, receipt: &str, pause: SignedDuration) -> Result<(), NudgeError> {
        let call =
            Call { port: "tell", method: "postpone", on: "", changes: false, about: receipt.to_owned() };
        let failed = |problem: String| NudgeError {
            operation: "ChangeMessageVisibility",
            subject: "a message".to_owned(),
            problem,
        };
        let effect = |stage: &Stage| {
            let mut queues = stage.queues.borrow_mut();
            let changed = queues.change_visibility(stage.now(), TELL, receipt, unsigned(pause));
            changed.map_err(|error| failed(error.to_string()))
        };
        self.0.call(call, effect, |broken: Broken| failed(broken.to_string())).await
    }
}

fn unsigned(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or_default()
}

/// A channel that keeps what it took. One that edits can be asked what it has.
pub(in crate::world) struct Inbox {
    pub(in crate::world) actor: Rc<Actor>,
    pub(in crate::world) name: &'static str,
    pub(in crate::world) edits: bool,
}

impl Inbox {
    fn failed(&self, broken: Broken) -> SendError {
        SendError {
            channel: self.name.to_owned(),
            problem: broken.to_string(),
            retry_after: (broken == Broken::Throttled).then(|| SignedDuration::from_secs(20)),
            trouble: if broken == Broken::Throttled { Trouble::Later } else { Trouble::Unknown },
        }
    }
}

impl Channel for Inbox {
    fn name(&self) -> &str {
        self.name
    }

    fn edits(&self) -> bool {
        self.edits
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        let message = letter.message;
        let about = format!("{}: {} ({})", self.name, message.title, message.status);
        let call = Call { port: "channel", method: "send", on: self.name, changes: false, about };
        let effect = |stage: &Stage| {
            let mut checks = stage.checks.borrow_mut();
            if checks.sabotage() == Some(Sabotage::SwallowsMessages) {
                return Ok(None);
            }
            let root = checks.sent(self.name, letter, stage.now());
            drop(checks);
            let how = if matches!(letter.how, How::Edit(_)) { "EDITS" } else { "TELLS" };
            stage.note(&*self.actor, || {
                format!("{how} {} {}: {} ({})", self.name, letter.key, message.title, message.status)
            });
            Ok(root.filter(|_| self.edits))
        };
        self.actor.call(call, effect, |broken| self.failed(broken)).await
    }

    async fn find(&self, letter: &Letter<'_>, _: Timestamp) -> Result<Option<Root>, SendError> {
        if !self.edits {
            return Ok(None);
        }
        let about = format!("{}: {}", self.name, letter.key);
        let call = Call { port: "channel", method: "find", on: self.name, changes: false, about };
        let effect = |stage: &Stage| Ok(stage.checks.borrow().found(self.name, letter));
        self.actor.call(call, effect, |broken| self.failed(broken)).await
    }
}
