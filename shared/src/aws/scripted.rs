//! AWS and Slack as a script of answers, below the SDK: what the adapters make of each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::environment::Environment;
use super::sdk::Sdk;

/// One answer.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// A status, headers, and a body.
    Http(u16, &'static [(&'static str, &'static str)], String),
    /// An answer in RPC v2 CBOR: a status and a body.
    Cbor(u16, Vec<u8>),
    /// The connection is refused.
    NoConnection,
    /// The connection breaks after the request was sent.
    Broken,
    /// No answer ever comes.
    Hang,
}

impl Answer {
    pub(super) fn ok(body: &Value) -> Self {
        Self::Http(200, &[], body.to_string())
    }

    /// An error in AWS's JSON protocols.
    pub(super) fn error(status: u16, code: &str) -> Self {
        Self::Http(status, &[], json!({"__type": format!("x#{code}"), "message": "said so"}).to_string())
    }
}

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) uri: String,
    /// `X-Amz-Target`, behind its dot.
    pub(super) operation: Option<String>,
    pub(super) authorization: Option<String>,
    pub(super) body: String,
}

impl Sent {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers in order; the last is given for ever.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Script {
    pub(super) fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), sent: Arc::default() }
    }

    pub(super) fn sdk(&self) -> Sdk {
        let environment = Environment::new(|name| match name {
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".to_owned()),
            _ => None,
        });
        Sdk::with_connector(&environment, SharedHttpConnector::new(self.clone())).unwrap()
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target");
        self.sent.lock().unwrap().push(Sent {
            uri: request.uri().to_owned(),
            authorization: request.headers().get("authorization").map(str::to_owned),
            operation: target.and_then(|target| Some(target.split_once('.')?.1.to_owned())),
            body: String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned(),
        });
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        HttpConnectorFuture::ready(match answer.expect("the script has an answer") {
            Answer::Hang => return HttpConnectorFuture::new(std::future::pending()),
            Answer::Http(status, headers, body) => {
                let mut response =
                    HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
                for (name, value) in headers {
                    response.headers_mut().insert(*name, *value);
                }
                Ok(response)
            }
            Answer::Cbor(status, body) => {
                let mut response =
                    HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
                response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
                response.headers_mut().insert("content-type", "application/cbor");
                Ok(response)
            }
            Answer::NoConnection => Err(broken(std::io::ErrorKind::ConnectionRefused)),
            Answer::Broken => Err(broken(std::io::ErrorKind::ConnectionReset)),
        })
    }
}

fn broken(kind: std::io::ErrorKind) -> ConnectorError {
    ConnectorError::io(std::io::Error::from(kind).into())
}

/// Runs where pauses pass at once.
pub(super) fn run_paused<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(future)
}

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
