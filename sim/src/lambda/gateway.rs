//! The gateway in front of all AWS services: it stands as `AWS_ENDPOINT_URL`, records each call, and breaks those that a
//! test wants broken.
//!
//! SQS, ECS, CloudWatch and IAM are answered in process, everything else by an upstream server such as moto's. A call is taken to its end even when
//! the function that made it was killed meanwhile: a service that has a request carries it out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderValue;
use hyper::{Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::ecs::server::{self as ecs, Endpoint};
use crate::http::{Cut, Reply, Server, forward, header};
use crate::iam::Policy;
use crate::lambda::cloudwatch::{self, CloudWatch, SIGNED_FOR};
use crate::lambda::iam::{self, Iam};
use crate::lambda::runtime::Function;
use crate::lambda::sqs::Sqs;
use crate::slack::Slack;
use crate::sync::lock;

mod call;
mod fault;
mod touch;

pub use call::Call;
pub use fault::{Fault, Hook, Next, When};
pub use touch::Touch;

/// What the gateway stands in front of.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Answers SQS; without it SQS goes upstream.
    pub sqs: Option<Sqs>,
    /// Answers ECS; without it ECS goes upstream.
    pub ecs: Option<Endpoint>,
    /// Answers CloudWatch; without it CloudWatch goes upstream.
    pub cloudwatch: Option<CloudWatch>,
    /// Answers IAM; without it IAM goes upstream.
    pub iam: Option<Iam>,
    /// Host and port, or `http://host:port`, of the server that answers everything else.
    pub upstream: Option<String>,
    /// Names of functions by their access keys; a key that is not here is its own name.
    pub functions: BTreeMap<String, String>,
    /// What functions may do, by name; whatever else they try is refused, as IAM refuses it. One that is not here may do everything.
    pub policies: BTreeMap<String, Policy>,
    /// Slack, when the gateway's URL stands for its origin too: then posts are calls like all others.
    pub slack: Option<SlackBehind>,
}

/// Slack behind the gateway: its calls are recorded as service `slack`, those of webhooks as operation `PostMessage`.
#[derive(Clone, Debug)]
pub struct SlackBehind {
    /// `http://host:port`.
    pub origin: String,
    /// The function that posts: unlike calls to AWS, its posts do not say who made them.
    pub function: String,
}

impl Settings {
    /// Knows a function by its access key.
    #[must_use]
    pub fn function(mut self, function: &crate::lambda::runtime::Settings) -> Self {
        self.functions.insert(function.access_key_id(), function.name.clone());
        self
    }

    /// Whether its function's policy does not allow a call. Slack is no service of AWS.
    fn denies(&self, call: &Call) -> bool {
        let is_of_aws = call.service != "slack";
        let policy = self.policies.get(&call.function).filter(|_| is_of_aws);
        policy.is_some_and(|policy| call.touches.iter().any(|touch| !policy.allows(&touch.request())))
    }

    /// Stands in front of Slack for the function of this name.
    #[must_use]
    pub fn slack(mut self, slack: &Slack, function: &str) -> Self {
        self.slack = Some(SlackBehind { origin: slack.origin(), function: function.to_owned() });
        self
    }
}

/// The gateway; stops on drop.
#[derive(Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    server: Server,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    last_call: u64,
    rules: Vec<Rule>,
    last_rule: u64,
    down: BTreeSet<String>,
}

#[derive(Debug)]
struct Rule {
    id: u64,
    when: When,
    fault: Fault,
    /// Calls that it looked at and that were of its kind.
    matched: u64,
    /// Numbers of the calls that it hit.
    hit: Vec<u64>,
}

/// A fault that was asked for: [`Gateway::hits`] tells which calls it hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injected(u64);

impl Gateway {
    /// Serves on a free port of the loopback interface.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let shared = Arc::new(Shared { settings, state: Mutex::default(), changed: Notify::new() });
        let handler = {
            let shared = Arc::clone(&shared);
            move |request| {
                let shared = Arc::clone(&shared);
                async move {
                    // On a task of its own, for the connection's ends with the client.
                    let carried_out = tokio::spawn(async move { shared.carry_out(request).await });
                    carried_out.await.unwrap_or(Err(Cut))
                }
            }
        };
        Ok(Self { shared, server: Server::start(handler).await? })
    }

    /// The value of `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        self.server.origin()
    }

    /// All calls so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.state).calls.clone()
    }

    /// The calls of a kind, in order of arrival; `nth` plays no part.
    pub fn calls_of(&self, when: &When) -> Vec<Call> {
        lock(&self.shared.state).calls.iter().filter(|call| when.is_kind_of(call)).cloned().collect()
    }

    /// Forgets the calls that have ended. Numbers go on.
    pub fn forget(&self) {
        lock(&self.shared.state).calls.retain(|call| call.duration.is_none());
    }

    /// Breaks calls from now on: of the faults whose turn it is, the one injected first.
    pub fn inject(&self, when: When, fault: Fault) -> Injected {
        let mut state = lock(&self.shared.state);
        state.last_rule += 1;
        let id = state.last_rule;
        state.rules.push(Rule { id, when, fault, matched: 0, hit: Vec::new() });
        Injected(id)
    }

    /// Kills a function's running environments when a call of the kind arrives: it has no effect.
    pub fn kill_before(&self, when: When, function: &Function) -> Injected {
        self.inject(when, Fault::Before(Hook::kill(function)))
    }

    /// Kills a function's running environments when a call of the kind took effect, before it is answered.
    pub fn kill_after(&self, when: When, function: &Function) -> Injected {
        self.inject(when, Fault::After(Hook::kill(function)))
    }

    /// The calls that a fault hit.
    pub fn hits(&self, injected: Injected) -> Vec<Call> {
        let state = lock(&self.shared.state);
        let rule = state.rules.iter().find(|rule| rule.id == injected.0);
        let hit = rule.map(|rule| rule.hit.as_slice()).unwrap_or_default();
        state.calls.iter().filter(|call| hit.contains(&call.number)).cloned().collect()
    }

    /// Waits until a fault has hit so many calls.
    pub async fn hit(&self, injected: Injected, times: usize) -> Vec<Call> {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let hits = self.hits(injected);
            if hits.len() >= times {
                return hits;
            }
            changed.await;
        }
    }

    /// Breaks nothing any more; services that are down stay so.
    pub fn heal(&self) {
        for rule in &mut lock(&self.shared.state).rules {
            rule.when = When::never();
        }
    }

    /// From now on all calls to a service (`dynamodb`, `sqs`, …) are answered by 503.
    pub fn down(&self, service: &str) {
        lock(&self.shared.state).down.insert(service.to_owned());
    }

    /// The service answers again.
    pub fn up(&self, service: &str) {
        lock(&self.shared.state).down.remove(service);
    }
}

impl Shared {
    async fn carry_out(&self, request: Request<Bytes>) -> Reply {
        let since = Instant::now();
        let (number, fault) = self.arrived(&request);
        self.changed.notify_waiters();
        let reply = self.under(fault, number, request).await;
        let mut state = lock(&self.state);
        if let Some(call) = state.calls.iter_mut().find(|call| call.number == number) {
            call.status = reply.as_ref().ok().map(|response| response.status().as_u16());
            call.duration = Some(since.elapsed());
        }
        drop(state);
        self.changed.notify_waiters();
        reply
    }

    /// Records the call and chooses its fault.
    fn arrived(&self, request: &Request<Bytes>) -> (u64, Option<Fault>) {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.last_call += 1;
        let number = state.last_call;
        let mut call = Call::read(number, Timestamp::now(), request, &self.settings);
        let mut chosen = None;
        for rule in &mut state.rules {
            if !rule.when.is_kind_of(&call) {
                continue;
            }
            let is_turn = rule.when.is_turn(rule.matched + 1);
            if is_turn && chosen.is_some() {
                // One fault breaks a call; the other has the next call as its turn.
                continue;
            }
            rule.matched += 1;
            if is_turn {
                rule.hit.push(number);
                chosen = Some(rule.fault.clone());
            }
        }
        if state.down.contains(&call.service) {
            chosen = Some(Fault::Unavailable);
        }
        if self.settings.denies(&call) {
            chosen = Some(Fault::Deny);
        }
        call.fault = chosen.as_ref().map(Fault::name);
        state.calls.push(call);
        (number, chosen)
    }

    async fn under(&self, fault: Option<Fault>, number: u64, request: Request<Bytes>) -> Reply {
        let call = || {
            let state = lock(&self.state);
            state.calls.iter().find(|call| call.number == number).cloned().ok_or(Cut)
        };
        match fault {
            None => self.answer(number, request).await,
            Some(Fault::Throttle) => Ok(fault::throttled(&call()?)),
            Some(Fault::Unavailable) => Ok(fault::unavailable(&call()?)),
            Some(Fault::Deny) => Ok(fault::denied(&call()?)),
            Some(Fault::Cut) => Err(Cut),
            Some(Fault::DelayBefore(delay)) => {
                tokio::time::sleep(delay).await;
                self.answer(number, request).await
            }
            Some(Fault::LoseAnswer) => {
                let _lost = self.answer(number, request).await;
                Err(Cut)
            }
            Some(Fault::Hold) => hold().await,
            Some(Fault::HoldAnswer) => {
                let _held = self.answer(number, request).await;
                hold().await
            }
            Some(Fault::Before(hook)) => match hook.run(call()?).await {
                Next::GoOn => self.answer(number, request).await,
                Next::Cut => Err(Cut),
            },
            Some(Fault::After(hook)) => {
                let reply = self.answer(number, request).await;
                match hook.run(call()?).await {
                    Next::GoOn => reply,
                    Next::Cut => Err(Cut),
                }
            }
        }
    }

    /// The service's own answer.
    async fn answer(&self, number: u64, request: Request<Bytes>) -> Reply {
        let reply = self.service(number, request).await;
        if let Some(call) = lock(&self.state).calls.iter_mut().find(|call| call.number == number) {
            call.took_effect = Some(reply.status().as_u16());
        }
        self.changed.notify_waiters();
        Ok(reply)
    }

    async fn service(&self, number: u64, request: Request<Bytes>) -> Response<Full<Bytes>> {
        let target = header(&request, "x-amz-target").unwrap_or_default().to_owned();
        // What is signed for one of these never goes upstream, where there may be another of its kind.
        let (caller, signed_for, operation) = {
            let state = lock(&self.state);
            let call = state.calls.iter().find(|call| call.number == number);
            call.map(|call| (call.function.clone(), call.service.clone(), call.operation.clone()))
                .unwrap_or_default()
        };
        let request_id = format!("00000000-0000-4000-a000-{number:012x}");
        if let Some(sqs) = &self.settings.sqs
            && (target.starts_with("AmazonSQS.") || signed_for == "sqs")
        {
            let answer = sqs.answer(&target, request.body()).await;
            let headers =
                [("x-amzn-requestid", Some(request_id)), ("x-amzn-query-error", answer.query_error)];
            return answered(answer.status, "application/x-amz-json-1.0", answer.body, headers);
        }
        if let Some(endpoint) = &self.settings.ecs
            && (target.starts_with(ecs::TARGET) || signed_for == "ecs")
        {
            let content_type = header(&request, "content-type").unwrap_or_default();
            let answer = endpoint.answer(&caller, &target, content_type, request.body());
            return answered(
                answer.status,
                ecs::CONTENT_TYPE,
                answer.body,
                [("x-amzn-requestid", Some(request_id))],
            );
        }
        if let Some(cloudwatch) = self.settings.cloudwatch.as_ref().filter(|_| signed_for == SIGNED_FOR) {
            return in_cbor(cloudwatch.answer(&operation, request.body()));
        }
        if let Some(iam) = self.settings.iam.as_ref().filter(|_| signed_for == iam::SIGNED_FOR) {
            let answer = iam.answer(request.body());
            return answered(answer.status, iam::CONTENT_TYPE, answer.body.into(), []);
        }
        let slack = self.settings.slack.as_ref().filter(|_| call::is_slack(&request));
        let upstream = slack.map(|slack| &slack.origin).or(self.settings.upstream.as_ref());
        let Some(upstream) = upstream else {
            return fault::bad_gateway("no server stands behind the gateway for this service");
        };
        match forward(upstream.trim_start_matches("http://").trim_end_matches('/'), request).await {
            Ok(response) => response.map(Full::new),
            Err(error) => fault::bad_gateway(&error.to_string()),
        }
    }
}

/// What a service in process answers.
fn answered<const N: usize>(
    status: u16,
    content_type: &'static str,
    body: Bytes,
    headers: [(&'static str, Option<String>); N],
) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = crate::http::reply(status, content_type, body);
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What CloudWatch answers.
fn in_cbor(answer: cloudwatch::Answer) -> Response<Full<Bytes>> {
    let protocol = [("smithy-protocol", Some(cloudwatch::PROTOCOL.to_owned()))];
    answered(answer.status, cloudwatch::CONTENT_TYPE, answer.body, protocol)
}

/// A client that waits for this is a client whose patience is tested.
async fn hold() -> Reply {
    tokio::time::sleep(Duration::from_mins(15)).await;
    Err(Cut)
}
