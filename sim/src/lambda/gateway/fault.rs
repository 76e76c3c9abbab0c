//! What can go wrong with a call, and with which.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode};
use serde_json::json;

use super::Call;
use crate::http::reply;
use crate::lambda::cloudwatch::{self, SIGNED_FOR};
use crate::lambda::iam;
use crate::lambda::runtime::Function;

/// Which calls a fault hits: all that is named must agree, what is not named does not matter.
#[derive(Clone, Debug, Default)]
pub struct When {
    function: Option<String>,
    service: Option<String>,
    operation: Option<String>,
    mentions: Option<String>,
    turn: Turn,
}

#[derive(Clone, Copy, Debug, Default)]
enum Turn {
    #[default]
    Each,
    Never,
    Nth(u64),
    First(u64),
    From(u64),
}

impl When {
    /// Each call.
    pub fn any() -> Self {
        Self::default()
    }

    pub(super) fn never() -> Self {
        Self { turn: Turn::Never, ..Self::default() }
    }

    /// Calls of a function, by name.
    #[must_use]
    pub fn function(mut self, name: &str) -> Self {
        self.function = Some(name.to_owned());
        self
    }

    /// Calls to a service: `dynamodb`.
    #[must_use]
    pub fn service(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// Calls of an operation: `PutItem`.
    #[must_use]
    pub fn operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Calls that touch a resource or a leading key with this text in it, or have it in their body.
    #[must_use]
    pub fn mentions(mut self, text: &str) -> Self {
        self.mentions = Some(text.to_owned());
        self
    }

    /// Of those, the nth from now on, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.turn = Turn::Nth(nth);
        self
    }

    /// Of those, the first `count` from now on.
    #[must_use]
    pub fn first(mut self, count: u64) -> Self {
        self.turn = Turn::First(count);
        self
    }

    /// Of those, the nth and all that follow.
    #[must_use]
    pub fn from(mut self, nth: u64) -> Self {
        self.turn = Turn::From(nth);
        self
    }

    pub(super) fn is_kind_of(&self, call: &Call) -> bool {
        let agrees = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        agrees(&self.function, &call.function)
            && agrees(&self.service, &call.service)
            && agrees(&self.operation, &call.operation)
            && self.mentions.as_deref().is_none_or(|text| call.mentions(text))
    }

    /// Whether it is the turn of the nth call of the kind.
    pub(super) fn is_turn(&self, number: u64) -> bool {
        match self.turn {
            Turn::Each => true,
            Turn::Never => false,
            Turn::Nth(nth) => number == nth,
            Turn::First(count) => number <= count,
            Turn::From(nth) => number >= nth,
        }
    }
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The service throttles it, in its own words. No effect.
    Throttle,
    /// IAM refuses it: the caller may not do this. No effect.
    Deny,
    /// 503. No effect.
    Unavailable,
    /// The connection is cut. No effect.
    Cut,
    /// It is forwarded late.
    DelayBefore(Duration),
    /// It takes effect, and the connection is cut before the answer.
    LoseAnswer,
    /// It is never answered. No effect.
    Hold,
    /// It takes effect, and is never answered.
    HoldAnswer,
    /// The hook runs before it is forwarded.
    Before(Hook),
    /// The hook runs when it took effect, before it is answered.
    After(Hook),
}

impl Fault {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Deny => "deny",
            Self::Unavailable => "unavailable",
            Self::Cut => "cut",
            Self::DelayBefore(_) => "delay before",
            Self::LoseAnswer => "lose answer",
            Self::Hold => "hold",
            Self::HoldAnswer => "hold answer",
            Self::Before(_) => "before",
            Self::After(_) => "after",
        }
    }
}

/// What a hook wants done with the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes its way.
    GoOn,
    /// The connection is cut.
    Cut,
}

type Action = dyn Fn(Call) -> Pin<Box<dyn Future<Output = Next> + Send>> + Send + Sync;

/// Something to do at a call.
#[derive(Clone)]
pub struct Hook(Arc<Action>);

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

impl Hook {
    /// Runs `action` with the call.
    pub fn new<F>(action: impl Fn(Call) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Next> + Send + 'static,
    {
        Self(Arc::new(move |call| Box::pin(action(call))))
    }

    /// Kills the running environments of a function, waits for their end, and cuts the connection.
    pub fn kill(function: &Function) -> Self {
        let function = function.clone();
        Self::new(move |_| {
            let function = function.clone();
            async move {
                function.kill_running().await;
                Next::Cut
            }
        })
    }

    pub(super) async fn run(&self, call: Call) -> Next {
        (self.0)(call).await
    }
}

/// A refusal in the words of the call's service.
pub(super) fn throttled(call: &Call) -> Response<Full<Bytes>> {
    let json = |kind: &str, message: &str| {
        let body = json!({ "__type": kind, "message": message }).to_string();
        reply(StatusCode::BAD_REQUEST, "application/x-amz-json-1.0", body)
    };
    match call.service.as_str() {
        "dynamodb" => json(
            "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
             provisioning level with the UpdateTable API.",
        ),
        "sqs" => {
            let mut response = json("com.amazonaws.sqs#RequestThrottled", "Request is throttled.");
            let code = hyper::header::HeaderValue::from_static("RequestThrottled;Sender");
            response.headers_mut().insert("x-amzn-query-error", code);
            response
        }
        "sns" => query_error(StatusCode::BAD_REQUEST, "Sender", "Throttling", "Rate exceeded"),
        iam::SIGNED_FOR => {
            let answer = iam::error(400, "Throttling", "Rate exceeded");
            reply(StatusCode::BAD_REQUEST, iam::CONTENT_TYPE, answer.body)
        }
        "ssm" | "ecs" | "logs" | "application-autoscaling" => json("ThrottlingException", "Rate exceeded"),
        SIGNED_FOR => super::in_cbor(cloudwatch::refusal("ThrottlingException", "Rate exceeded")),
        _ => {
            let body =
                json!({ "__type": "TooManyRequestsException", "message": "Rate exceeded" }).to_string();
            reply(StatusCode::TOO_MANY_REQUESTS, "application/json", body)
        }
    }
}

/// A refusal by IAM, in the words of the call's service and with the action, as AWS names it.
pub(super) fn denied(call: &Call) -> Response<Full<Bytes>> {
    let message = format!(
        "User: arn:aws:sts::123456789012:assumed-role/{0}/session is not authorized to perform: {1}:{2} on resource: * \
         because no identity-based policy allows the {1}:{2} action",
        call.function, call.service, call.operation
    );
    if call.service == iam::SIGNED_FOR {
        let answer = iam::error(403, "AccessDenied", &message);
        return reply(StatusCode::FORBIDDEN, iam::CONTENT_TYPE, answer.body);
    }
    let body = json!({ "__type": "AccessDeniedException", "message": message }).to_string();
    reply(StatusCode::BAD_REQUEST, "application/x-amz-json-1.1", body)
}

pub(super) fn unavailable(call: &Call) -> Response<Full<Bytes>> {
    let message = "Service is unable to handle request.";
    if call.service == "sns" {
        return query_error(StatusCode::SERVICE_UNAVAILABLE, "Receiver", "ServiceUnavailable", message);
    }
    let body = json!({ "__type": "ServiceUnavailable", "message": message }).to_string();
    reply(StatusCode::SERVICE_UNAVAILABLE, "application/x-amz-json-1.0", body)
}

pub(super) fn bad_gateway(why: &str) -> Response<Full<Bytes>> {
    let body = json!({ "__type": "StewardSimNoService", "message": why }).to_string();
    reply(StatusCode::BAD_GATEWAY, "application/x-amz-json-1.0", body)
}

fn query_error(status: StatusCode, blame: &str, code: &str, message: &str) -> Response<Full<Bytes>> {
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{blame}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>00000000-0000-4000-a000-000000000000</RequestId></ErrorResponse>"
    );
    reply(status, "text/xml", body)
}
