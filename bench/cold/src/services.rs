//! AWS and Slack on this machine, over TLS, in this process: each call is answered from memory, in microseconds.
//!
//! What is slow in the world is so for whoever asks. Here it is taken out, and what remains is the program's own. Tables are `Table`;
//! parameters are a map; topics and Slack take everything; a queue is `sim/lambda`'s. Each service has a port of its own, as each has a
//! host of its own in the world: whoever calls two of them makes two connections. An operation without an answer here is remembered, for what was measured
//! with it is a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use steward_sim::lambda::queue::{self, QueueError};
use steward_sim::lambda::sqs::Sqs;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::table::Table;
use crate::tls::{HOST, Identity};

/// The queue that wakes notifications.
pub const TELL: &str = "tell";
/// What is counted of Slack.
pub const SLACK: &str = "slack";

const JSON: &str = "application/x-amz-json-1.0";
/// The services of AWS, as the variables of their endpoints end.
const AWS: [&str; 5] = ["DYNAMODB", "ECS", "SNS", "SQS", "SSM"];
/// The task definition of whatever task is asked about: one container, whose log is nowhere.
const DEFINITION: &str = r#"{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:us-east-1:123456789012:task-definition/api:7",
    "family":"api","revision":7,"status":"ACTIVE","containerDefinitions":[{"name":"app","image":"app","essential":true}]},"tags":[]}"#;
const PUBLISHED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>\
    00000000-0000-4000-b000-000000000000</MessageId></PublishResult><ResponseMetadata><RequestId>\
    00000000-0000-4000-a000-000000000000</RequestId></ResponseMetadata></PublishResponse>";

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The server.
    #[error("no server on {HOST}: {0}")]
    Io(#[from] io::Error),
    /// Its TLS.
    #[error("no TLS with the certificate of this run: {0}")]
    Tls(#[from] rustls::Error),
}

/// The services; they stop on drop.
#[derive(Debug)]
pub struct Services {
    aws: Vec<(&'static str, Port)>,
    slack: Port,
    shared: Arc<Shared>,
}

/// A port that is served until this goes.
#[derive(Debug)]
struct Port {
    /// `https://localhost:PORT`.
    origin: String,
    accepting: JoinHandle<()>,
}

impl Port {
    async fn open(identity: &Identity, shared: &Arc<Shared>) -> Result<Self, ServicesError> {
        let listener = TcpListener::bind((HOST, 0)).await?;
        let origin = format!("https://{HOST}:{}", listener.local_addr()?.port());
        let accepting = tokio::spawn(accept(listener, identity.acceptor()?, Arc::clone(shared)));
        Ok(Self { origin, accepting })
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[derive(Debug)]
struct Shared {
    sqs: Sqs,
    parameters: BTreeMap<String, String>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    table: Table,
    calls: BTreeMap<String, u64>,
    unknown: BTreeSet<String>,
}

impl Services {
    /// Serves, on free ports of this machine alone. `parameters` are those of Parameter Store, by name.
    ///
    /// # Errors
    ///
    /// Where there is no port.
    pub async fn start(
        identity: &Identity,
        parameters: BTreeMap<String, String>,
    ) -> Result<Self, ServicesError> {
        let sqs = Sqs::default();
        sqs.create_queue(TELL, queue::Settings::default())?;
        let shared = Arc::new(Shared { sqs, parameters, state: Mutex::default() });
        let mut aws = Vec::new();
        for service in AWS {
            aws.push((service, Port::open(identity, &shared).await?));
        }
        Ok(Self { aws, slack: Port::open(identity, &shared).await?, shared })
    }

    /// Where the services of AWS are, as variables of the environment: `https://localhost:PORT`. One without a port of its own here is
    /// called at another's, and so becomes known.
    pub fn endpoints(&self) -> Vec<(String, &str)> {
        let each = self.aws.iter();
        let each = each.map(|(service, port)| (format!("AWS_ENDPOINT_URL_{service}"), port.origin.as_str()));
        each.chain([("AWS_ENDPOINT_URL".to_owned(), self.slack.origin.as_str())]).collect()
    }

    /// Slack's origin: `https://localhost:PORT`.
    pub fn slack(&self) -> &str {
        &self.slack.origin
    }

    /// The address of [`TELL`].
    pub fn tell_queue_url(&self) -> String {
        self.shared.sqs.queue_url(TELL)
    }

    /// What was sent to [`TELL`], oldest first.
    ///
    /// # Errors
    ///
    /// Where the queue is gone.
    pub fn told(&self) -> Result<Vec<String>, QueueError> {
        Ok(self.shared.sqs.look(TELL)?.into_iter().map(|message| message.body.to_string()).collect())
    }

    /// The first key of the table that begins so.
    pub fn key(&self, prefix: &str) -> Option<String> {
        self.shared.state().table.key(prefix).map(str::to_owned)
    }

    /// The table takes writes, and keeps none from now on.
    pub fn freeze(&self) {
        self.shared.state().table.freeze();
    }

    /// Calls since this was asked last, by operation.
    pub fn take_calls(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.shared.state().calls)
    }

    /// Operations to which there was no answer.
    pub fn unknown(&self) -> BTreeSet<String> {
        self.shared.state().unknown.clone()
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, acceptor.clone(), Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The end of a connection, by whatever cause, is what the program sees.
async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(shared.answer(&Request::from_parts(head, body)).await)
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: &Request<Bytes>) -> Response<Full<Bytes>> {
        let target =
            request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let (service, operation) = named(request, target);
        *self.state().calls.entry(operation.clone()).or_default() += 1;
        let answer = match service {
            Service::Slack => Some(reply(StatusCode::OK, "text/html", "ok")),
            Service::Sqs => {
                let answer = self.sqs.answer(target, request.body()).await;
                let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Some(reply(status, JSON, answer.body)).filter(|_| status.is_success())
            }
            Service::Sns => (operation == "Publish").then(|| reply(StatusCode::OK, "text/xml", PUBLISHED)),
            Service::Ecs => {
                (operation == "DescribeTaskDefinition").then(|| reply(StatusCode::OK, JSON, DEFINITION))
            }
            Service::DynamoDb | Service::Ssm => {
                let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
                let answer = match service {
                    Service::DynamoDb => self.state().table.answer(&operation, &body),
                    _ => self.parameters(&operation, &body),
                };
                answer.map(|answer| reply(StatusCode::OK, JSON, answer.to_string()))
            }
            Service::Unknown => None,
        };
        answer.unwrap_or_else(|| {
            self.state().unknown.insert(operation);
            reply(StatusCode::BAD_REQUEST, JSON, r#"{"__type":"UnknownOperationException"}"#)
        })
    }

    fn parameters(&self, operation: &str, request: &Value) -> Option<Value> {
        let names =
            request.get("Names").and_then(Value::as_array).filter(|_| operation == "GetParameters")?;
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for name in names.iter().filter_map(Value::as_str) {
            match self.parameters.get(name) {
                Some(value) => {
                    found.push(json!({"Name": name, "Type": "String", "Value": value, "Version": 1}));
                }
                None => missing.push(name),
            }
        }
        Some(json!({"Parameters": found, "InvalidParameters": missing}))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    DynamoDb,
    Ecs,
    Slack,
    Sns,
    Sqs,
    Ssm,
    Unknown,
}

/// The service of a request, and its operation.
fn named(request: &Request<Bytes>, target: &str) -> (Service, String) {
    if request.uri().path().starts_with("/services/") {
        return (Service::Slack, SLACK.to_owned());
    }
    if let Some((service, operation)) = target.split_once('.') {
        let service = match service {
            "DynamoDB_20120810" => Service::DynamoDb,
            "AmazonEC2ContainerServiceV20141113" => Service::Ecs,
            "AmazonSQS" => Service::Sqs,
            "AmazonSSM" => Service::Ssm,
            _ => Service::Unknown,
        };
        return (service, operation.to_owned());
    }
    let action = form_urlencoded::parse(request.body()).find(|(name, _)| name == "Action");
    match action {
        Some((_, action)) if action == "Publish" => (Service::Sns, action.into_owned()),
        Some((_, action)) => (Service::Unknown, action.into_owned()),
        None => (Service::Unknown, format!("{} {}", request.method(), request.uri().path())),
    }
}

fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, target: &str, body: &'static str) -> Request<Bytes> {
        let request = Request::post(path).header("x-amz-target", target);
        request.body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    #[test]
    fn a_call_is_known_by_its_target_its_action_or_its_path() {
        for (path, target, body, service, operation) in [
            ("/", "DynamoDB_20120810.GetItem", "{}", Service::DynamoDb, "GetItem"),
            ("/", "AmazonSSM.GetParameters", "{}", Service::Ssm, "GetParameters"),
            ("/", "", "Action=Publish&Version=2010-03-31", Service::Sns, "Publish"),
            ("/services/T0/B0/X", "", "{}", Service::Slack, SLACK),
            ("/", "Logs_20140328.GetLogEvents", "{}", Service::Unknown, "GetLogEvents"),
            ("/elsewhere", "", "", Service::Unknown, "POST /elsewhere"),
        ] {
            assert_eq!(named(&request(path, target, body), target), (service, operation.to_owned()));
        }
    }

    #[test]
    fn parameters_that_are_not_there_are_named() {
        let parameters = BTreeMap::from([("/a".to_owned(), "1".to_owned())]);
        let shared = Shared { sqs: Sqs::default(), parameters, state: Mutex::default() };
        let answer = shared.parameters("GetParameters", &json!({"Names": ["/a", "/b"]})).unwrap();
        assert_eq!(
            (&answer["Parameters"][0]["Value"], &answer["InvalidParameters"]),
            (&json!("1"), &json!(["/b"]))
        );
        assert_eq!(shared.parameters("PutParameter", &json!({"Names": []})), None);
    }
}
