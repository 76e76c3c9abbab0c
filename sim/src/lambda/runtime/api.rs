//! The Runtime API, and of the Extensions API what registers an internal extension and lets it wait.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::Settings;
use crate::http::{Reply, Server, header, reply};
use crate::sync::lock;

const JSON: &str = "application/json";
const INVOCATION: &str = "/2018-06-01/runtime/invocation/";
/// A body larger than this is refused, as Lambda refuses it.
const MAX_RESPONSE: usize = 6 * 1024 * 1024;

/// An invocation on its way to the process.
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) deadline: Timestamp,
    pub(super) payload: Bytes,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// What the process made of it.
#[derive(Debug)]
pub(super) enum Outcome {
    Response(Bytes),
    Error { error_type: String, message: String, payload: Bytes },
}

/// How far the process came.
#[derive(Clone, Debug)]
enum Phase {
    Init,
    Ready,
    Failed(String),
}

pub(super) struct Api {
    work: AsyncMutex<mpsc::UnboundedReceiver<Work>>,
    current: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    phase: watch::Sender<Phase>,
    figures: Mutex<Figures>,
    running: Arc<AtomicUsize>,
    idle: Box<dyn Fn() + Send + Sync>,
    name: String,
    account: String,
    arn: String,
}

#[derive(Debug, Default)]
struct Figures {
    pid: u32,
    started: Option<Instant>,
    init: Option<Duration>,
    peak_memory: Option<u64>,
    handed_over: usize,
    extensions: usize,
}

/// An invocation is unfinished while this lives.
pub(super) struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Api {
    /// `idle` is called whenever the process asks for an invocation other than its first.
    pub(super) fn new(
        settings: &Settings,
        work: mpsc::UnboundedReceiver<Work>,
        idle: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self {
            work: AsyncMutex::new(work),
            current: Mutex::default(),
            phase: watch::Sender::new(Phase::Init),
            figures: Mutex::default(),
            running: Arc::default(),
            idle,
            name: settings.name.clone(),
            account: settings.account.clone(),
            arn: settings.arn(),
        }
    }

    pub(super) async fn serve(api: &Arc<Self>) -> io::Result<Server> {
        let api = Arc::clone(api);
        Server::start(move |request| {
            let api = Arc::clone(&api);
            async move { api.answer(request).await }
        })
        .await
    }

    /// The process runs; it began to be made at `begun`.
    pub(super) fn started(&self, pid: u32, begun: Instant) {
        let mut figures = lock(&self.figures);
        figures.pid = pid;
        figures.started = Some(begun);
    }

    /// Waits for the end of the init phase.
    pub(super) async fn ready(&self) -> Result<(), String> {
        let mut phase = self.phase.subscribe();
        let phase = phase.wait_for(|phase| !matches!(phase, Phase::Init)).await;
        match phase.as_deref() {
            Ok(Phase::Failed(reason)) => Err(reason.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn running(&self) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(&self.running))
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }

    pub(super) fn init(&self) -> Option<Duration> {
        lock(&self.figures).init
    }

    pub(super) fn peak_memory(&self) -> Option<u64> {
        lock(&self.figures).peak_memory
    }

    pub(super) fn handed_over(&self) -> usize {
        lock(&self.figures).handed_over
    }

    pub(super) fn has_extension(&self) -> bool {
        lock(&self.figures).extensions > 0
    }

    /// Reads the most memory the process ever held, while there still is a process.
    pub(super) fn look_at_memory(&self) {
        let pid = lock(&self.figures).pid;
        let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return };
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: Option<u64> =
            peak.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|kib| kib.trim().parse().ok());
        if let Some(kib) = kib {
            lock(&self.figures).peak_memory = Some(kib * 1024);
        }
    }

    async fn answer(&self, request: Request<Bytes>) -> Reply {
        let path = request.uri().path().to_owned();
        let response = match (request.method(), path.as_str()) {
            (&Method::GET, "/2018-06-01/runtime/invocation/next") => self.next().await,
            (&Method::POST, "/2018-06-01/runtime/init/error") => self.init_error(request.body()),
            (&Method::POST, "/2020-01-01/extension/register") => self.register(&request),
            (&Method::GET, "/2020-01-01/extension/event/next") => {
                // The extension subscribed to nothing, and a shutdown is a signal: it waits for ever.
                std::future::pending().await
            }
            (&Method::POST, path) => {
                match path.strip_prefix(INVOCATION).and_then(|rest| rest.split_once('/')) {
                    Some((id, "response")) => self.response(id, request.body()),
                    Some((id, "error")) => self.error(id, &request),
                    _ => unknown(path),
                }
            }
            (_, path) => unknown(path),
        };
        Ok(response)
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        let first = {
            let mut figures = lock(&self.figures);
            let first = figures.init.is_none();
            if first {
                figures.init = figures.started.map(|started| started.elapsed());
            }
            first
        };
        self.look_at_memory();
        self.phase.send_replace(Phase::Ready);
        if !first {
            (self.idle)();
        }
        let Some(work) = self.work.lock().await.recv().await else {
            return failure(StatusCode::FORBIDDEN, "ShuttingDown", "the environment is going");
        };
        lock(&self.figures).handed_over += 1;
        *lock(&self.current) = Some((work.request_id.clone(), work.answer));
        let mut response = reply(StatusCode::OK, JSON, work.payload);
        let trace = format!("Root=1-00000000-{};Parent=0000000000000000;Sampled=0", "0".repeat(24));
        let headers = [
            ("lambda-runtime-aws-request-id", work.request_id),
            ("lambda-runtime-deadline-ms", work.deadline.as_millisecond().to_string()),
            ("lambda-runtime-invoked-function-arn", self.arn.clone()),
            ("lambda-runtime-trace-id", trace),
        ];
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    fn response(&self, id: &str, body: &Bytes) -> Response<Full<Bytes>> {
        if body.len() > MAX_RESPONSE {
            let message = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).");
            let payload = Bytes::new();
            let error_type = "Function.ResponseSizeTooLarge".to_owned();
            self.finish(id, Outcome::Error { error_type, message: message.clone(), payload });
            return failure(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message);
        }
        self.finish(id, Outcome::Response(body.clone()))
    }

    fn error(&self, id: &str, request: &Request<Bytes>) -> Response<Full<Bytes>> {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let header = header(request, "lambda-runtime-function-error-type").unwrap_or("Unknown");
        let outcome = Outcome::Error {
            error_type: text("errorType").unwrap_or_else(|| header.to_owned()),
            message: text("errorMessage").unwrap_or_default(),
            payload: request.body().clone(),
        };
        self.finish(id, outcome)
    }

    fn finish(&self, id: &str, outcome: Outcome) -> Response<Full<Bytes>> {
        self.look_at_memory();
        let mut current = lock(&self.current);
        match current.take() {
            Some((running, answer)) if running == id => {
                // Nobody waits any more when the invocation timed out meanwhile.
                let _ = answer.send(outcome);
                reply(StatusCode::ACCEPTED, JSON, r#"{"status":"OK"}"#)
            }
            other => {
                *current = other;
                failure(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation is running")
            }
        }
    }

    fn init_error(&self, body: &Bytes) -> Response<Full<Bytes>> {
        let reason = format!("it reported an init error: {}", String::from_utf8_lossy(body));
        self.phase.send_replace(Phase::Failed(reason));
        reply(StatusCode::ACCEPTED, JSON, r#"{"status":"OK"}"#)
    }

    fn register(&self, request: &Request<Bytes>) -> Response<Full<Bytes>> {
        let Some(name) = header(request, "lambda-extension-name") else {
            return failure(
                StatusCode::BAD_REQUEST,
                "InvalidExtensionName",
                "the header with the name is missing",
            );
        };
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let events = body.get("events").and_then(Value::as_array).map_or(0, Vec::len);
        if events > 0 {
            let message = format!("extension {name} wants events, which are not imitated here");
            return failure(StatusCode::BAD_REQUEST, "InvalidEventType", &message);
        }
        let mut figures = lock(&self.figures);
        figures.extensions += 1;
        let identifier = format!("00000000-0000-4000-9000-{:012x}", figures.extensions);
        drop(figures);
        let body = json!({
            "functionName": self.name,
            "functionVersion": "$LATEST",
            "handler": "bootstrap",
            "accountId": self.account,
        });
        let mut response = reply(StatusCode::OK, JSON, body.to_string());
        if let Ok(identifier) = HeaderValue::from_str(&identifier) {
            response.headers_mut().insert("lambda-extension-identifier", identifier);
        }
        response
    }
}

fn unknown(path: &str) -> Response<Full<Bytes>> {
    failure(StatusCode::NOT_FOUND, "NotFound", &format!("{path} is not imitated here"))
}

fn failure(status: StatusCode, error_type: &str, message: &str) -> Response<Full<Bytes>> {
    reply(status, JSON, json!({ "errorType": error_type, "errorMessage": message }).to_string())
}
