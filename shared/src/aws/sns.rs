//! The topic: mail, and whatever else subscribes to it.
#![allow(clippy::disallowed_types, reason = "the SDK's map; it is never iterated here")]

use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_smithy_types::retry::RetryConfig;

use super::sdk::Sdk;
use super::verdict::FailedCall;
use crate::notification::{Message, Subject, mail};
use crate::ports::{Access, Channel, Resource, SendError};

/// The channel's name in the ledger.
const NAME: &str = "sns";

/// The topic.
#[derive(Clone)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// What sending needs.
    pub const ACCESS: &'static [Access] =
        &[Access { method: "send", actions: &["sns:Publish"], on: Resource::Topic }];

    /// The topic `arn`.
    pub fn new(sdk: &Sdk, arn: String) -> Self {
        Self { client: sdk.sns(), arn }
    }
}

impl Channel for Topic {
    fn name(&self) -> &str {
        NAME
    }

    async fn send(&self, subject: &Subject, message: &Message) -> Result<(), SendError> {
        // The SDK would send again what got no answer, and may have arrived. The message comes again in its own time.
        let once = aws_sdk_sns::config::Builder::new().retry_config(RetryConfig::disabled());
        let published = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .subject(mail::subject(message))
            .message(mail::body(message))
            .set_message_attributes(Some(attributes(subject, message)))
            .customize()
            .config_override(once)
            .send()
            .await;
        let Err(error) = published else { return Ok(()) };
        let call = FailedCall::of(&error);
        Err(SendError {
            channel: NAME.to_owned(),
            problem: format!("Publish: {}", call.problem),
            retry_after: None,
            retryable: call.verdict.is_retryable(),
        })
    }
}

/// For filter policies of subscriptions: a pager may want the critical ones only.
fn attributes(subject: &Subject, message: &Message) -> HashMap<String, MessageAttributeValue> {
    let tone = message.tone.word().to_lowercase();
    [("tone", tone.as_str()), ("subject", subject.kind())]
        .into_iter()
        .filter_map(|(name, value)| {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            Some((name.to_owned(), value.build().ok()?))
        })
        .collect()
}
