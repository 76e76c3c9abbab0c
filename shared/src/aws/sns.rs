//! Topics: mail, and whatever else subscribes to one; and Amazon Q Developer in chat applications.
#![allow(clippy::disallowed_types, reason = "the SDK's map; it is never iterated here")]

use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::retry::RetryConfig;

use super::late::Late;
use super::sdk::Sdk;
use super::verdict::{FailedCall, Verdict};
use crate::ledger::Root;
use crate::notification::{Message, Subject, Tone, amazon_q, mail};
use crate::ports::{Access, Channel, Form, Letter, Resource, SendError, Trouble};

/// A topic that people read: mail.
#[derive(Clone)]
pub struct Topic {
    publisher: Publisher,
}

/// A topic that Amazon Q Developer reads, and brings to a chat.
#[derive(Clone)]
pub struct AmazonQ {
    publisher: Publisher,
}

/// What publishes to one topic.
#[derive(Clone)]
struct Publisher {
    client: Late<Client>,
    name: String,
    arn: String,
}

impl Topic {
    /// What sending needs.
    pub const ACCESS: &'static [Access] =
        &[Access { method: "send", actions: &["sns:Publish"], on: Resource::Topic }];

    /// The channel `name`: the topic `arn`.
    pub fn new(sdk: &Sdk, name: String, arn: String) -> Self {
        Self { publisher: Publisher { client: sdk.sns(), name, arn } }
    }
}

impl AmazonQ {
    /// What sending needs.
    pub const ACCESS: &'static [Access] = Topic::ACCESS;

    /// The channel `name`: the topic `arn`, in the schema that Amazon Q Developer reads.
    pub fn new(sdk: &Sdk, name: String, arn: String) -> Self {
        Self { publisher: Publisher { client: sdk.sns(), name, arn } }
    }
}

impl Channel for Topic {
    fn name(&self) -> &str {
        &self.publisher.name
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        let publish = self.publisher.with_attributes(letter).message(mail::body(letter.message));
        let publish = match letter.form {
            Form::Rich => publish.subject(mail::subject(letter.message)),
            // SNS then writes its own.
            Form::Plain => publish,
        };
        self.publisher.send(publish).await
    }
}

impl Channel for AmazonQ {
    fn name(&self) -> &str {
        &self.publisher.name
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        let notification = amazon_q::notification(letter.subject, letter.message, letter.key);
        self.publisher.send(self.publisher.with_attributes(letter).message(notification.to_string())).await
    }
}

impl Publisher {
    fn with_attributes(&self, letter: &Letter<'_>) -> PublishFluentBuilder {
        let attributes = (letter.form == Form::Rich).then(|| attributes(letter.subject, letter.message));
        self.client.publish().topic_arn(&self.arn).set_message_attributes(attributes)
    }

    async fn send(&self, publish: PublishFluentBuilder) -> Result<Option<Root>, SendError> {
        // The SDK would send again what got no answer, and may have arrived. The message comes again in its own time.
        let once = aws_sdk_sns::config::Builder::new().retry_config(RetryConfig::disabled());
        match publish.customize().config_override(once).send().await {
            Ok(_) => Ok(None),
            Err(error) => {
                let call = FailedCall::of(&error);
                let trouble = trouble(&error, call.verdict);
                let problem = format!("Publish: {}", call.problem);
                Err(SendError { channel: self.name.clone(), problem, retry_after: None, trouble })
            }
        }
    }
}

fn trouble(error: &SdkError<PublishError, HttpResponse>, verdict: Verdict) -> Trouble {
    match (verdict, error.code()) {
        (Verdict::Throttled, _) => Trouble::Later,
        (Verdict::Unknown, _) => Trouble::Unknown,
        (Verdict::Refused, Some("InvalidParameter" | "InvalidParameterValue")) => Trouble::Form,
        (Verdict::Refused | Verdict::ConditionFailed, _) => Trouble::Refused,
    }
}

/// For filter policies of subscriptions: a pager may want the critical ones of one cluster only.
fn attributes(subject: &Subject, message: &Message) -> HashMap<String, MessageAttributeValue> {
    let tone = message.tone.word().to_lowercase();
    let severity = match message.tone {
        Tone::Alert(severity) => Some(("severity", severity.as_str())),
        Tone::Good | Tone::Neutral => None,
    };
    let cluster = cluster(subject).filter(|name| !name.is_empty()).map(|name| ("cluster", name));
    [("tone", tone.as_str()), ("subject", subject.kind())]
        .into_iter()
        .chain(severity)
        .chain(cluster)
        .filter_map(|(name, value)| {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            Some((name.to_owned(), value.build().ok()?))
        })
        .collect()
}

fn cluster(subject: &Subject) -> Option<&str> {
    match subject {
        Subject::Incident { target, .. }
        | Subject::Scaler { target, .. }
        | Subject::Deployment { service: target, .. } => Some(target.cluster().name()),
        Subject::Outage { cluster, .. } => Some(cluster.name()),
        Subject::Digest { .. } | Subject::Job { .. } | Subject::Channel { .. } => None,
    }
}
