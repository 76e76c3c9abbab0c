//! ECS as a service: the model behind a lock, and its wire protocol, AWS JSON 1.1.
//!
//! `X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeServices`, and a JSON object. Who calls is not checked.
//!
//! # Time
//!
//! The model's time is virtual. It follows a [`Clock`] where it was given one, and is looked at before each call; or it stands
//! still but for [`Endpoint::advance`], so that a test decides when something happens.
//!
//! # Invariants
//!
//! * Every call sees the model at its own time, and calls come one after the other: there is no call within a call.
//! * An operation that the model does not have is refused as ECS refuses one that it does not know.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::error::ApiError;
use super::operation::{self, Operation};
use super::{Ecs, Emitted};
use crate::lambda::clock::Clock;
use crate::sync::lock;

/// What targets begin with.
pub const TARGET: &str = "AmazonEC2ContainerServiceV20141113";
/// What requests and answers are.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The endpoint of an account and region. Clones share their model.
#[derive(Clone, Debug)]
pub struct Endpoint {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    model: Mutex<Ecs>,
    clock: Option<Arc<dyn Clock>>,
    /// What was taken of what ECS sent.
    archive: Mutex<Vec<Value>>,
}

/// An answer, ready for HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of the response.
    pub status: u16,
    /// A JSON document.
    pub body: Bytes,
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Self { status: error.status, body: error.body().to_string().into() }
    }
}

impl Endpoint {
    /// A model whose time only [`Endpoint::advance`] moves.
    pub fn new(model: Ecs) -> Self {
        Self { shared: Arc::new(Shared { model: Mutex::new(model), clock: None, archive: Mutex::default() }) }
    }

    /// A model whose time is a clock's. Where the model is ahead, it waits.
    pub fn following(model: Ecs, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared { model: Mutex::new(model), clock: Some(clock), archive: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Looks at the model, or does something to it: what a test arranges, and people and machines do outside the API.
    pub fn model<T>(&self, act: impl FnOnce(&mut Ecs) -> T) -> T {
        let mut model = lock(&self.shared.model);
        self.catch_up(&mut model);
        act(&mut model)
    }

    /// The time in the model.
    pub fn now(&self) -> Timestamp {
        self.model(|ecs| ecs.now())
    }

    /// Lets time pass in the model.
    pub fn advance(&self, by: Duration) {
        self.model(|ecs| {
            let to = ecs.now().checked_add(by).unwrap_or(Timestamp::MAX);
            ecs.advance(to);
        });
    }

    /// What ECS sent since this was called last.
    pub fn take_events(&self) -> Vec<Emitted> {
        let taken = self.model(Ecs::take_events);
        lock(&self.shared.archive).extend(taken.iter().map(|emitted| emitted.event.clone()));
        taken
    }

    /// All events that were taken so far, as an archive of EventBridge keeps them.
    pub fn archive(&self) -> Vec<Value> {
        lock(&self.shared.archive).clone()
    }

    /// Answers one call of the wire protocol: `target` and `content_type` are the headers of these names, `caller` is whose
    /// effects the model notes.
    pub fn answer(&self, caller: &str, target: &str, content_type: &str, body: &[u8]) -> Answer {
        let operation = match operation_of(target, content_type) {
            Ok(operation) => operation,
            Err(error) => return error.into(),
        };
        let answer = self.model(|ecs| {
            ecs.set_caller(caller);
            operation::answer(ecs, operation, body)
        });
        match answer {
            Ok(answer) => Answer { status: 200, body: answer.to_string().into() },
            Err(error) => error.into(),
        }
    }

    fn catch_up(&self, model: &mut Ecs) {
        if let Some(clock) = &self.shared.clock {
            let now = clock.now().max(model.now());
            model.advance(now);
        }
    }
}

fn operation_of(target: &str, content_type: &str) -> Result<Operation, ApiError> {
    // A protocol is told by its content type: under another one there is no such operation.
    if content_type != CONTENT_TYPE {
        return Err(ApiError::unknown_operation(format!("ECS takes {CONTENT_TYPE}, not {content_type}")));
    }
    let name = target.strip_prefix(TARGET).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
    Operation::of_name(name)
        .ok_or_else(|| ApiError::unknown_operation(format!("the model of ECS has no operation {target}")))
}

#[cfg(test)]
mod tests;
