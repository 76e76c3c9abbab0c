//! moto's server as the other AWS services: DynamoDB, SNS, SSM, and what else is not imitated here.

use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};

use crate::python::{Environment, PythonError};
use crate::sync::{Owned, lock};

/// Its findings and gaps were looked at in this version; another may differ.
pub const VERSION: &str = "5.2.5";
/// It describes AWS's interfaces as AWS publishes them; moto takes any version of it.
pub const BOTOCORE: &str = "1.44.5";
/// It imports half of AWS before it listens.
const PATIENCE: Duration = Duration::from_mins(1);
/// Lines of its log that an error carries.
const CARRIED_LINES: usize = 20;

/// Starts the server, and mends what of its DynamoDB would mislead: transactions that are not isolated.
const SERVE: &str = include_str!("moto/serve.py");

/// Unpacks what botocore knows of a service.
const DESCRIBE: &str = "import json, sys, botocore.loaders; \
     json.dump(botocore.loaders.Loader().load_service_model(sys.argv[1], 'service-2'), sys.stdout)";

/// Why there is no moto.
#[derive(Debug, thiserror::Error)]
pub enum MotoError {
    /// It cannot be installed, or botocore not be asked.
    #[error("installing moto, or asking botocore: {0}")]
    Install(#[from] PythonError),
    /// What botocore knows of a service.
    #[error("botocore's model of {service} cannot be read: {reason}")]
    Model {
        /// The service.
        service: String,
        /// Why.
        reason: String,
    },
    /// A call that sets something up.
    #[error("moto refused {operation}: {answer}")]
    Refused {
        /// The operation.
        operation: String,
        /// What it said.
        answer: String,
    },
    /// The server.
    #[error("moto's server did not come up: {reason}; its log ends: {log}")]
    Start {
        /// What happened.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
}

/// A running server, empty at first; killed on drop.
#[derive(Debug)]
pub struct Moto {
    authority: String,
    log: Arc<Mutex<Vec<String>>>,
    _child: Child,
    _stdin: Option<ChildStdin>,
    _reading: Owned,
}

impl Moto {
    /// Installs moto if need be, and starts a server of its own.
    pub async fn start() -> Result<Self, MotoError> {
        let environment = tokio::task::spawn_blocking(install)
            .await
            .map_err(|error| MotoError::Start { reason: error.to_string(), log: String::new() })??;
        let started = |error: io::Error| MotoError::Start { reason: error.to_string(), log: String::new() };
        let mut child = Command::new(environment.program("python"))
            .args(["-c", SERVE])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(started)?;
        let stdin = child.stdin.take();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (found, authority) = tokio::sync::oneshot::channel();
        let stderr = child.stderr.take().ok_or_else(|| started(io::ErrorKind::BrokenPipe.into()))?;
        let reading = Owned::spawn(read_log(stderr, Arc::clone(&log), found));
        let fail = |reason: String| {
            let lines = lock(&log);
            let from = lines.len().saturating_sub(CARRIED_LINES);
            MotoError::Start { reason, log: lines.get(from..).unwrap_or_default().join("\n") }
        };
        let authority = match tokio::time::timeout(PATIENCE, authority).await {
            Ok(Ok(authority)) => authority,
            Ok(Err(_)) => return Err(fail("it ended before it listened".to_owned())),
            Err(_) => return Err(fail(format!("it did not listen within {PATIENCE:?}"))),
        };
        let end = tokio::time::Instant::now() + PATIENCE;
        while !crate::http::answers(&authority).await {
            if tokio::time::Instant::now() >= end {
                return Err(fail(format!("it did not answer within {PATIENCE:?}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { authority, log, _child: child, _stdin: stdin, _reading: reading })
    }

    /// An endpoint for SDKs, and the upstream of a gateway.
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Calls a service that speaks JSON, to set a test up: `("ssm", "AmazonSSM.PutParameter", …)`.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> Result<Value, MotoError> {
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", signature(service))
            .header("x-amz-target", target)
            .body(Bytes::from(body.to_string()));
        let answer = self.ask(target, request).await?;
        Ok(serde_json::from_str(&answer).unwrap_or(Value::Null))
    }

    /// Calls a service that speaks Query, such as SNS: `("sns", &[("Action", "CreateTopic"), ("Name", "news")])`. The
    /// answer is XML.
    pub async fn query(&self, service: &str, fields: &[(&str, &str)]) -> Result<String, MotoError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", signature(service))
            .body(Bytes::from(form));
        let operation =
            fields.iter().find(|(name, _)| *name == "Action").map_or(service, |(_, action)| *action);
        self.ask(operation, request).await
    }

    /// Empties all services.
    pub async fn reset(&self) -> Result<(), MotoError> {
        self.ask("reset", Request::post("/moto-api/reset").body(Bytes::new())).await?;
        Ok(())
    }

    async fn ask(
        &self,
        operation: &str,
        request: Result<Request<Bytes>, hyper::http::Error>,
    ) -> Result<String, MotoError> {
        let refused = |answer: String| MotoError::Refused { operation: operation.to_owned(), answer };
        let request = request.map_err(|error| refused(error.to_string()))?;
        let response = crate::http::forward(&self.authority, request)
            .await
            .map_err(|error| refused(error.to_string()))?;
        let (head, body) = response.into_parts();
        let body = String::from_utf8_lossy(&body).into_owned();
        if head.status.is_success() { Ok(body) } else { Err(refused(format!("{} {body}", head.status))) }
    }

    /// Its log: one line a request.
    pub fn log(&self) -> Vec<String> {
        lock(&self.log).clone()
    }
}

/// moto reads the service from the scope, and does not check the rest.
fn signature(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIASETUP/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// Keeps the log, and looks for the line that says where it listens.
async fn read_log(
    stderr: ChildStderr,
    log: Arc<Mutex<Vec<String>>>,
    found: tokio::sync::oneshot::Sender<String>,
) {
    let mut found = Some(found);
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, address)) = line.split_once("Running on http://")
            && let Some(found) = found.take()
        {
            let authority = address.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':'));
            let _ = found.send(authority.collect());
        }
        lock(&log).push(line);
    }
}

/// Whether [`install`] has nothing to do any more.
pub fn is_installed() -> bool {
    Environment::is_ready(&name())
}

/// Of the environment.
fn name() -> String {
    format!("moto-{VERSION}-botocore-{BOTOCORE}")
}

/// Installs moto below the workspace's `target/tools`, once for all test processes.
pub fn install() -> Result<Environment, MotoError> {
    let packages = [format!("moto[server]=={VERSION}"), format!("botocore=={BOTOCORE}")];
    Ok(Environment::ready(&name(), &packages.each_ref().map(String::as_str))?)
}

/// How botocore describes a service, installed if need be: the model from which AWS's SDKs are made.
pub fn service_model(service: &str) -> Result<Value, MotoError> {
    let described = install()?.run(&["-c", DESCRIBE, service])?;
    serde_json::from_slice(&described)
        .map_err(|error| MotoError::Model { service: service.to_owned(), reason: error.to_string() })
}
