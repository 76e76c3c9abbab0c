//! Slack by incoming webhook (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>): its messages
//! are neither found nor edited again.

use super::http::{Http, JSON, Post, by_status};
use super::pace::Pace;
use super::secret::Secret;
use super::words::is_of_form;
use super::{Refusal, rendered};
use crate::aws::sdk::Sdk;
use crate::ledger::Root;
use crate::ports::{Access, Channel, Letter, Parameters, Resource, SendError, Trouble};

/// Where incoming webhooks live.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// What is read of an answer: a webhook's are one word.
const ANSWER_BYTES: usize = 512;

/// A channel behind one incoming webhook.
pub struct SlackWebhook<P> {
    name: String,
    http: Http,
    webhook: Secret<P>,
    pace: Pace,
}

impl<P: Parameters> SlackWebhook<P> {
    /// What sending needs.
    pub const ACCESS: &'static [Access] =
        &[Access { method: "send", actions: &["ssm:GetParameters"], on: Resource::SlackSecrets }];

    /// The channel `name` by the webhook that `parameter` holds. It is read with the first message. `origin` stands for
    /// Slack's hosts in tests: no template sets it.
    pub fn new(sdk: &Sdk, name: String, parameters: P, parameter: String, origin: Option<String>) -> Self {
        let webhook = Secret::new(parameters, parameter, "webhook");
        Self { name, http: Http::new(sdk, origin), webhook, pace: Pace::default() }
    }

    #[cfg(test)]
    pub(super) fn parameters(&self) -> &P {
        self.webhook.parameters()
    }

    async fn post(&self, letter: &Letter<'_>) -> Result<(), Refusal> {
        let webhook = self.webhook.get(|value| parts(value).map(drop)).await?;
        let (host, path) = parts(&webhook).map_err(|problem| Refusal::new(Trouble::Refused, problem))?;
        self.pace.keep().await;
        let body = rendered(letter).to_string();
        let post = Post { host, path, token: None, content_type: JSON, body, most: ANSWER_BYTES };
        let answer = self.http.post(&post).await?;
        if let Some(refusal) = by_status(&answer) {
            return Err(refusal);
        }
        let (status, said) = (answer.status, answer.said());
        let problem = format!("Slack refuses the message ({status} {said})");
        match status {
            200 => Ok(()),
            400 if is_of_form(&said) => Err(Refusal::new(Trouble::Form, problem)),
            _ => {
                self.webhook.forget();
                Err(Refusal::new(Trouble::Refused, problem))
            }
        }
    }
}

impl<P: Parameters> Channel for SlackWebhook<P> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        self.post(letter).await.map_err(|refusal| refusal.of(&self.name))?;
        Ok(None)
    }
}

/// Host and path of a webhook, if a message may go there at all.
fn parts(value: &str) -> Result<(&str, &str), &'static str> {
    let rest = value.strip_prefix("https://").ok_or("it does not begin with https://")?;
    let (host, path) = rest.split_once('/').ok_or("it has no path")?;
    if !HOSTS.contains(&host) {
        return Err("its host is none of hooks.slack.com and hooks.slack-gov.com");
    }
    if path.is_empty() || !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte)) {
        return Err("its path is none of a webhook's");
    }
    Ok((host, path))
}
