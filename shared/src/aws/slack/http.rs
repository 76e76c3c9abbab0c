//! HTTP to Slack, over the SDK's connector: a second HTTP stack would double what a cold start loads.
//!
//! What was certainly not taken is tried once more within the invocation, after the pause that Slack asks for, if it is a
//! short one. Nothing that may have arrived is.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use jiff::SignedDuration;

use super::Refusal;
use crate::aws::sdk::{ATTEMPT, CALL, Sdk};
use crate::aws::verdict::{innermost, never_connected};
use crate::ports::Trouble;
use crate::redact::redact;

pub(super) const JSON: &str = "application/json; charset=utf-8";
/// What methods that read take, not all of them JSON.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// Slack asks for such pauses in bursts; longer ones are waited out by the queue.
const SHORT: SignedDuration = SignedDuration::from_secs(3);
/// Before a connection is tried once more.
const RECONNECT: Duration = Duration::from_millis(200);
const LATE: &str = "no answer from Slack in time";
/// What is shown of an answer.
const SHOWN_CHARS: usize = 120;

/// The way to Slack.
pub(super) struct Http {
    connector: SharedHttpConnector,
    /// Instead of Slack's hosts, in tests.
    origin: Option<String>,
}

/// A request. It has no `Debug`: address and token are secrets.
pub(super) struct Post<'p> {
    /// Behind `https://`, or the test's origin.
    pub(super) host: &'p str,
    /// Without its first slash.
    pub(super) path: &'p str,
    pub(super) token: Option<&'p str>,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// What is read of the answer, in bytes.
    pub(super) most: usize,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<SignedDuration>,
    /// As far as it came, and was wanted.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Its beginning, fit to be shown.
    pub(super) fn said(&self) -> String {
        let head = self.body.get(..self.body.len().min(SHOWN_CHARS * 4)).unwrap_or_default();
        redact(&String::from_utf8_lossy(head)).shortened(SHOWN_CHARS)
    }
}

impl Http {
    pub(super) fn new(sdk: &Sdk, origin: Option<String>) -> Self {
        Self { connector: sdk.connector(), origin }
    }

    /// Sends a request. All tries together stay within [`CALL`].
    pub(super) async fn post(&self, post: &Post<'_>) -> Result<Answer, Refusal> {
        let late = |_| Err(Refusal::new(Trouble::Unknown, LATE));
        tokio::time::timeout(CALL, self.tries(post)).await.unwrap_or_else(late)
    }

    #[expect(clippy::disallowed_methods, reason = "so short a pause is cheaper than a message's visibility")]
    async fn tries(&self, post: &Post<'_>) -> Result<Answer, Refusal> {
        let first = self.once(post).await;
        let pause = match &first {
            Ok(Answer { status: 429, retry_after: Some(asked), .. }) if *asked <= SHORT => {
                asked.unsigned_abs()
            }
            Err(Refusal { trouble: Trouble::Later, .. }) => RECONNECT,
            _ => return first,
        };
        tokio::time::sleep(pause).await;
        self.once(post).await
    }

    async fn once(&self, post: &Post<'_>) -> Result<Answer, Refusal> {
        let Ok(request) = self.request(post) else {
            return Err(Refusal::new(Trouble::Refused, "the secret makes no request"));
        };
        let attempt = async {
            let answer = self.connector.call(request).await.map_err(|error| lost(&error))?;
            let (status, retry_after) = (answer.status().as_u16(), retry_after(&answer));
            Ok(Answer { status, retry_after, body: read(answer, post.most).await })
        };
        let late = |_| Err(Refusal::new(Trouble::Unknown, LATE));
        tokio::time::timeout(ATTEMPT, attempt).await.unwrap_or_else(late)
    }

    fn request(&self, post: &Post<'_>) -> Result<HttpRequest, ()> {
        let uri = match &self.origin {
            Some(origin) => format!("{origin}/{}", post.path),
            None => format!("https://{}/{}", post.host, post.path),
        };
        let mut request = HttpRequest::new(SdkBody::from(post.body.as_str()));
        request.set_method("POST").map_err(drop)?;
        request.set_uri(uri.as_str()).map_err(drop)?;
        let headers = request.headers_mut();
        headers.insert("content-type", post.content_type);
        // While a function is frozen, Slack closes what it keeps open, and the next message would meet a dead connection. The
        // SDK tries again where that happens; a message that may have arrived is not tried again at once.
        headers.insert("connection", "close");
        if let Some(token) = post.token {
            headers.insert("authorization", format!("Bearer {token}"));
        }
        Ok(request)
    }
}

/// A request that was not answered: a connection that was never made has carried nothing.
fn lost(error: &ConnectorError) -> Refusal {
    if never_connected(error) {
        return Refusal::new(Trouble::Later, "no connection to Slack");
    }
    if error.is_timeout() {
        return Refusal::new(Trouble::Unknown, LATE);
    }
    Refusal::new(Trouble::Unknown, format!("no answer from Slack: {}", redact(&innermost(error))))
}

/// `Retry-After` in seconds, the form that Slack uses.
fn retry_after(answer: &HttpResponse) -> Option<SignedDuration> {
    let seconds: u32 = answer.headers().get("retry-after")?.trim().parse().ok()?;
    Some(SignedDuration::from_secs(i64::from(seconds)))
}

async fn read(answer: HttpResponse, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut body = ByteStream::new(answer.into_body());
    while bytes.len() < most
        && let Some(Ok(part)) = body.next().await
    {
        bytes.extend_from_slice(&part);
    }
    bytes.truncate(most);
    bytes
}

/// What a status says, where it says it all: of webhooks and methods alike.
pub(super) fn by_status(answer: &Answer) -> Option<Refusal> {
    let Answer { status, retry_after, .. } = answer;
    match status {
        429 => {
            let problem = format!("Slack asks to slow down (429 {})", answer.said());
            Some(Refusal::new(Trouble::Later, problem).after(*retry_after))
        }
        // It may have arrived all the same.
        500.. => {
            let problem = format!("Slack is not well ({status} {})", answer.said());
            Some(Refusal::new(Trouble::Unknown, problem).after(*retry_after))
        }
        300..400 => {
            let problem = format!("Slack answers with a redirect ({status}), which is not followed");
            Some(Refusal::new(Trouble::Refused, problem))
        }
        _ => None,
    }
}
