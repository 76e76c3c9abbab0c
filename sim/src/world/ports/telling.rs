//! The way to people: the `tell` queue, and channels that keep what they took.

use std::rc::Rc;
use std::time::Duration;

use jiff::SignedDuration;
use steward::notification::{Message, Subject};
use steward::ports::{Channel, NudgeError, Postpone, SendError, Tell};
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

/// A channel that keeps what it took.
pub(in crate::world) struct Inbox {
    pub(in crate::world) actor: Rc<Actor>,
    pub(in crate::world) name: &'static str,
}

impl Channel for Inbox {
    fn name(&self) -> &str {
        self.name
    }

    async fn send(&self, subject: &Subject, message: &Message) -> Result<(), SendError> {
        let about = format!("{}: {} ({})", self.name, message.title, message.status);
        let call = Call { port: "channel", method: "send", on: self.name, changes: false, about };
        let failed = |broken: Broken| SendError {
            channel: self.name.to_owned(),
            problem: broken.to_string(),
            retry_after: (broken == Broken::Throttled).then(|| SignedDuration::from_secs(20)),
            retryable: true,
        };
        let effect = |stage: &Stage| {
            if stage.checks.borrow().sabotage() == Some(Sabotage::SwallowsMessages) {
                return Ok(());
            }
            stage.checks.borrow_mut().sent(self.name, subject);
            stage.note(&*self.actor, || {
                format!("TELLS {}: {} ({})", self.name, message.title, message.status)
            });
            Ok(())
        };
        self.actor.call(call, effect, failed).await
    }
}
