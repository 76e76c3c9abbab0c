//! Slack by incoming webhook.
//!
//! The webhook is a secret: it comes from a SecureString, is kept in memory only, and stands in no error. It is sent
//! nowhere but to Slack's own hosts over https, and redirects are not followed. One connector serves the SDK and this:
//! a second HTTP stack would double what a cold start loads.

use std::cell::RefCell;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use jiff::SignedDuration;

use super::sdk::{ATTEMPT, Sdk};
use super::verdict::{innermost, never_connected};
use crate::notification::{Message, Subject, blocks};
use crate::ports::{Access, Channel, Parameters, Resource, SendError};
use crate::redact::redact;

/// The channel's name in the ledger.
const NAME: &str = "slack";
/// Where incoming webhooks live: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// What is read of an answer: Slack's are one word.
const ANSWER_BYTES: usize = 512;
/// What is shown of an answer.
const ANSWER_CHARS: usize = 120;

/// Slack, behind one incoming webhook.
pub struct Slack<P> {
    connector: SharedHttpConnector,
    parameters: P,
    /// The SecureString that holds the webhook.
    parameter: String,
    /// Instead of Slack's hosts, in tests.
    origin: Option<String>,
    webhook: RefCell<Option<Webhook>>,
}

/// A webhook that may be called. It has no `Debug` and no `Display`: it is a secret.
#[derive(Clone)]
struct Webhook(String);

impl<P: Parameters> Slack<P> {
    /// What sending needs.
    pub const ACCESS: &'static [Access] =
        &[Access { method: "send", actions: &["ssm:GetParameters"], on: Resource::SlackWebhook }];

    /// Slack by the webhook that `parameter` holds. It is read with the first message. `origin` stands for Slack's hosts
    /// in tests: no template sets it.
    pub fn new(sdk: &Sdk, parameters: P, parameter: String, origin: Option<String>) -> Self {
        Self { connector: sdk.connector(), parameters, parameter, origin, webhook: RefCell::default() }
    }

    #[cfg(test)]
    pub(super) fn parameters(&self) -> &P {
        &self.parameters
    }

    async fn webhook(&self) -> Result<Webhook, SendError> {
        if let Some(known) = self.webhook.borrow().clone() {
            return Ok(known);
        }
        let names = [self.parameter.clone()];
        let found = self
            .parameters
            .get(&names)
            .await
            .map_err(|error| SendError { retryable: error.is_retryable(), ..refused(error.to_string()) })?;
        let value = found.into_iter().flatten().next().ok_or_else(|| {
            refused(format!(
                "there is no parameter {}: put the webhook there as a SecureString",
                self.parameter
            ))
        })?;
        let webhook = self.checked(value.trim()).map_err(|problem| {
            refused(format!("the parameter {} holds no webhook of Slack: {problem}", self.parameter))
        })?;
        *self.webhook.borrow_mut() = Some(webhook.clone());
        Ok(webhook)
    }

    /// The address that a message goes to, if it may go there at all.
    fn checked(&self, value: &str) -> Result<Webhook, &'static str> {
        let rest = value.strip_prefix("https://").ok_or("it does not begin with https://")?;
        let (host, path) = rest.split_once('/').ok_or("it has no path")?;
        if !HOSTS.contains(&host) {
            return Err("its host is none of hooks.slack.com and hooks.slack-gov.com");
        }
        if path.is_empty() || !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte))
        {
            return Err("its path is none of a webhook's");
        }
        Ok(Webhook(match &self.origin {
            Some(origin) => format!("{origin}/{path}"),
            None => value.to_owned(),
        }))
    }

    async fn post(&self, webhook: Webhook, body: String) -> Result<(), SendError> {
        let Ok(request) = request(&webhook, body) else {
            return Err(refused("the webhook is no address".to_owned()));
        };
        let answer = match tokio::time::timeout(ATTEMPT, self.connector.call(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if never_connected(&error) => {
                return Err(later("no connection to Slack".to_owned(), None));
            }
            Ok(Err(error)) if error.is_timeout() => {
                return Err(later("no answer from Slack in time".to_owned(), None));
            }
            Ok(Err(error)) => {
                let why = redact(&innermost(&error));
                return Err(later(format!("no answer from Slack: {why}"), None));
            }
            Err(_) => return Err(later("no answer from Slack in time".to_owned(), None)),
        };
        let (status, asked) = (answer.status().as_u16(), retry_after(&answer));
        if status == 200 {
            return Ok(());
        }
        let said = said(answer).await;
        match status {
            429 => Err(later(format!("Slack asks to slow down (429 {said})"), asked)),
            500.. => Err(later(format!("Slack is not well ({status} {said})"), asked)),
            300..400 => {
                Err(refused(format!("Slack answers with a redirect ({status}), which is not followed")))
            }
            _ => {
                // Perhaps the webhook was replaced: the next message reads it anew.
                *self.webhook.borrow_mut() = None;
                Err(refused(format!("Slack refuses the message ({status} {said})")))
            }
        }
    }
}

impl<P: Parameters> Channel for Slack<P> {
    fn name(&self) -> &str {
        NAME
    }

    async fn send(&self, _: &Subject, message: &Message) -> Result<(), SendError> {
        let webhook = self.webhook().await?;
        self.post(webhook, blocks(message).to_string()).await
    }
}

fn request(webhook: &Webhook, body: String) -> Result<HttpRequest, ()> {
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST").map_err(drop)?;
    request.set_uri(webhook.0.as_str()).map_err(drop)?;
    request.headers_mut().insert("content-type", "application/json; charset=utf-8");
    // While a function is frozen, Slack closes what it keeps open, and the next message would meet a dead connection. The
    // SDK tries again where that happens; a message that may have arrived is not tried again at once.
    request.headers_mut().insert("connection", "close");
    Ok(request)
}

/// `Retry-After` in seconds, the form that Slack uses.
fn retry_after(answer: &HttpResponse) -> Option<SignedDuration> {
    answer.headers().get("retry-after")?.trim().parse().ok().map(SignedDuration::from_secs)
}

/// The beginning of an answer, fit to be shown, as far as it comes in time.
async fn said(answer: HttpResponse) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        let mut body = ByteStream::new(answer.into_body());
        while bytes.len() < ANSWER_BYTES
            && let Some(Ok(part)) = body.next().await
        {
            bytes.extend_from_slice(&part);
        }
    };
    let _in_time = tokio::time::timeout(ATTEMPT, reading).await;
    bytes.truncate(ANSWER_BYTES);
    redact(&String::from_utf8_lossy(&bytes)).shortened(ANSWER_CHARS)
}

fn later(problem: String, retry_after: Option<SignedDuration>) -> SendError {
    SendError { channel: NAME.to_owned(), problem, retry_after, retryable: true }
}

fn refused(problem: String) -> SendError {
    SendError { channel: NAME.to_owned(), problem, retry_after: None, retryable: false }
}
