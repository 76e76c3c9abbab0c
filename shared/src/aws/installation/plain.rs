//! Reads of services of which so few calls are needed that their SDKs would not be worth a minute of compiling each: EventBridge,
//! its Scheduler, Lambda, and STS. Signed by the SDK's own signer, sent by its own connector.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::aws::sdk::Sdk;
use crate::aws::verdict::{innermost, verdict};
use crate::ports::{EcsError, Meaning};
use crate::redact::redact;

/// One call, and one second try where nothing came back.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is shown of what a service said.
const SHOWN_CHARS: usize = 300;
/// What services say of what is not there.
const MISSING: &str = "ResourceNotFoundException";

/// A way to services by their wire protocols.
pub(super) struct Plain {
    sdk: Sdk,
    now: fn() -> Timestamp,
    ahead: Cell<Option<SignedDuration>>,
}

/// A call.
pub(super) struct Call<'c> {
    /// As the signature and the host name it.
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    /// What it is about, for errors.
    pub(super) target: &'c str,
    pub(super) method: &'static str,
    /// With its first slash.
    pub(super) path: String,
    pub(super) headers: &'c [(&'static str, &'static str)],
    pub(super) body: String,
}

impl Plain {
    pub(super) fn new(sdk: &Sdk, now: fn() -> Timestamp) -> Self {
        Self { sdk: sdk.clone(), now, ahead: Cell::new(None) }
    }

    /// By how much this machine's clock is ahead of AWS's.
    pub(super) fn ahead(&self) -> Option<SignedDuration> {
        self.ahead.get()
    }

    /// The answer's JSON; `None` where there is no such thing.
    pub(super) async fn json(&self, call: &Call<'_>) -> Result<Option<Value>, EcsError> {
        let Some(text) = self.text(call).await? else { return Ok(None) };
        let parsed = serde_json::from_str(&text);
        parsed
            .map(Some)
            .map_err(|error| failed(call, format!("the answer is no JSON: {error}"), Meaning::Unknown))
    }

    /// The answer's text; `None` where there is no such thing.
    pub(super) async fn text(&self, call: &Call<'_>) -> Result<Option<String>, EcsError> {
        let late = |_| Err(failed(call, "no answer in time", Meaning::Unknown));
        tokio::time::timeout(PATIENCE, self.ask(call)).await.unwrap_or_else(late)
    }

    async fn ask(&self, call: &Call<'_>) -> Result<Option<String>, EcsError> {
        let request = self.signed(call).await.map_err(|problem| failed(call, problem, Meaning::Refused))?;
        let answer = self.sdk.connector().call(request).await;
        let answer = answer
            .map_err(|error| failed(call, format!("no answer: {}", innermost(&error)), Meaning::Unknown))?;
        self.look_at_the_clock(&answer);
        let status = answer.status().as_u16();
        let named = answer.headers().get("x-amzn-errortype").map(str::to_owned);
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|error| failed(call, innermost(&error), Meaning::Unknown))?;
        let body = String::from_utf8_lossy(&body.to_vec()).into_owned();
        if (200..300).contains(&status) {
            return Ok(Some(body));
        }
        let said: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
        let code = named.or_else(|| Some(said.get("__type")?.as_str()?.to_owned())).unwrap_or_default();
        // `com.amazonaws.events#ResourceNotFoundException`, `ResourceNotFoundException:http://…`
        let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
        if code == MISSING || (code.is_empty() && status == 404) {
            return Ok(None);
        }
        let message = ["message", "Message"].iter().find_map(|name| said.get(*name)?.as_str());
        let message = redact(message.unwrap_or(&body)).shortened(SHOWN_CHARS);
        let problem = format!("{} ({status}): {message}", if code.is_empty() { "an error" } else { code });
        let code = Some(code).filter(|code| !code.is_empty());
        Err(failed(call, problem, crate::aws::ecs::meaning(verdict(code, status))))
    }

    async fn signed(&self, call: &Call<'_>) -> Result<HttpRequest, String> {
        let config = self.sdk.config();
        let region = config.region().ok_or("no Region is configured")?.as_ref();
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let origin = match config.endpoint_url() {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{}.{region}.{suffix}", call.service),
        };
        let uri = format!("{origin}{}", call.path);
        let credentials = config.credentials_provider().ok_or("no credentials are configured")?;
        let credentials = credentials.provide_credentials().await.map_err(|error| innermost(&error))?;
        let identity: Identity = credentials.into();
        let params: SigningParams<'_> = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(call.service)
            .time(SystemTime::from((self.now)()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let body = SignableBody::Bytes(call.body.as_bytes());
        let signable = SignableRequest::new(call.method, &uri, call.headers.iter().copied(), body);
        let signed =
            signable.and_then(|signable| sign(signable, &params)).map_err(|error| error.to_string())?;
        let (instructions, _) = signed.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(call.body.as_str()));
        request.set_method(call.method).map_err(|error| error.to_string())?;
        request.set_uri(uri.as_str()).map_err(|error| error.to_string())?;
        for (name, value) in call.headers {
            request.headers_mut().insert(*name, *value);
        }
        let (headers, _) = instructions.into_parts();
        for header in headers {
            request.headers_mut().insert(header.name(), header.value().to_owned());
        }
        Ok(request)
    }

    /// Every answer of AWS says its time, also one that refuses a signature for being too old or too new.
    fn look_at_the_clock(&self, answer: &HttpResponse) {
        let said = answer.headers().get("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        if let Some(said) = said {
            self.ahead.set(Some((self.now)().duration_since(said.timestamp())));
        }
    }
}

fn failed(call: &Call<'_>, problem: impl Into<String>, meaning: Meaning) -> EcsError {
    EcsError { operation: call.operation, target: call.target.to_owned(), problem: problem.into(), meaning }
}
