//! The `tell` queue.

use aws_sdk_sqs::Client;
use jiff::SignedDuration;

use super::late::Late;
use super::sdk::Sdk;
use super::verdict::FailedCall;
use crate::notification::Subject;
use crate::ports::{NudgeError, Postpone, Tell};
use crate::request::Request;

/// `DelaySeconds` of one message, at most.
const MAX_DELAY: i32 = 900;
/// A visibility timeout, at most: 12 hours.
const MAX_VISIBILITY: i32 = 43_200;

/// The `tell` queue.
#[derive(Clone)]
pub struct TellQueue {
    client: Late<Client>,
    url: String,
}

impl TellQueue {
    /// The queue at `url`.
    pub fn new(sdk: &Sdk, url: String) -> Self {
        Self { client: sdk.sqs(), url }
    }
}

impl Tell for TellQueue {
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError> {
        let body = Request::Tell { subject: subject.clone() }.to_text();
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(seconds(after, MAX_DELAY))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => {
                let problem = FailedCall::of(&error).problem;
                Err(NudgeError { operation: "SendMessage", subject: subject.to_string(), problem })
            }
        }
    }
}

impl Postpone for TellQueue {
    async fn postpone(&self, receipt: &str, pause: SignedDuration) -> Result<(), NudgeError> {
        let changed = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(pause, MAX_VISIBILITY))
            .send()
            .await;
        match changed {
            Ok(_) => Ok(()),
            Err(error) => {
                let problem = FailedCall::of(&error).problem;
                let subject = "a message that must come again".to_owned();
                Err(NudgeError { operation: "ChangeMessageVisibility", subject, problem })
            }
        }
    }
}

/// Whole seconds, rounded up, from 0 to `max`.
fn seconds(duration: SignedDuration, max: i32) -> i32 {
    let up = duration.as_secs().saturating_add(i64::from(duration.subsec_nanos() > 0));
    i32::try_from(up).unwrap_or(max).clamp(0, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up_and_stay_within_what_sqs_takes() {
        let given = [
            SignedDuration::from_secs(-5),
            SignedDuration::from_millis(1),
            SignedDuration::from_secs(15),
            SignedDuration::from_hours(1),
            SignedDuration::MAX,
        ];
        assert_eq!(given.map(|duration| seconds(duration, MAX_DELAY)), [0, 1, 15, 900, 900]);
    }
}
