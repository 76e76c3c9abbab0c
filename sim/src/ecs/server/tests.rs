use bytes::Bytes;
use hyper::Request;
use serde_json::{Value, json};

use super::*;
use crate::ecs::Host;
use crate::ecs::Settings;
use crate::ecs::operation::ControlPlane;
use crate::ecs::throttle::{Bucket, Rate};
use crate::lambda::gateway::{self, Gateway};

/// A scope that says ECS.
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/us-east-1/ecs/aws4_request, SignedHeaders=host";

fn model() -> Ecs {
    Ecs::new(Settings::new("2026-03-01T12:00:00Z".parse().unwrap(), 1))
}

/// The face as a function's SDK meets it: over HTTP, behind the gateway.
struct Face {
    endpoint: Endpoint,
    gateway: Gateway,
}

impl Face {
    async fn start() -> Self {
        let endpoint = Endpoint::new(model());
        let behind = gateway::Settings { ecs: Some(endpoint.clone()), ..gateway::Settings::default() };
        Self { endpoint, gateway: Gateway::start(behind).await.unwrap() }
    }

    async fn post(&self, target: &str, content_type: &str, body: impl Into<Bytes>) -> (u16, Value) {
        let request = Request::post("/")
            .header("authorization", SIGNATURE)
            .header("content-type", content_type)
            .header("x-amz-target", target)
            .body(body.into())
            .unwrap();
        let url = self.gateway.url();
        let response = crate::http::forward(url.trim_start_matches("http://"), request).await.unwrap();
        assert_eq!(response.headers()["content-type"], CONTENT_TYPE);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    async fn call(&self, operation: &str, input: &Value) -> (u16, Value) {
        self.post(&format!("{TARGET}.{operation}"), CONTENT_TYPE, input.to_string()).await
    }

    /// A call that succeeds.
    async fn ok(&self, operation: &str, input: &Value) -> Value {
        let (status, answer) = self.call(operation, input).await;
        assert_eq!(status, 200, "{operation} {input}: {answer}");
        answer
    }

    /// A call that is refused: the exception's name.
    async fn refused(&self, operation: &str, input: &Value) -> String {
        let (status, answer) = self.call(operation, input).await;
        assert_eq!(status, 400, "{operation} {input}: {answer}");
        answer["__type"].as_str().unwrap().to_owned()
    }
}

mod against_botocore;

#[tokio::test]
async fn what_ecs_does_not_have_is_unknown_and_never_silent() {
    let face = Face::start().await;
    for operation in ["ExecuteCommand", "MakeCoffee", "", "describeServices"] {
        assert_eq!(face.refused(operation, &json!({})).await, "UnknownOperationException");
    }
    let (status, answer) = face.post("DynamoDB_20120810.ListServices", CONTENT_TYPE, "{}").await;
    assert_eq!((status, &answer["__type"]), (400, &json!("UnknownOperationException")));
    let (status, answer) =
        face.post(&format!("{TARGET}.ListServices"), "application/x-amz-json-1.0", "{}").await;
    assert_eq!((status, &answer["__type"]), (400, &json!("UnknownOperationException")));
}

#[tokio::test]
async fn what_is_no_request_is_refused_before_the_model_sees_it() {
    let face = Face::start().await;
    for body in ["", "{", "[]", "null"] {
        let (status, answer) = face.post(&format!("{TARGET}.ListClusters"), CONTENT_TYPE, body).await;
        assert_eq!((status, &answer["__type"]), (400, &json!("SerializationException")), "{body}");
    }
    let unknown = json!({ "taskDefinition": "job", "volumeConfigurations": [] });
    let (status, answer) = face.call("RunTask", &unknown).await;
    assert_eq!((status, &answer["__type"]), (400, &json!("InvalidParameterException")));
    assert!(answer["message"].as_str().unwrap().contains("volumeConfigurations"), "{answer}");
}

#[tokio::test]
async fn a_bucket_that_is_empty_answers_until_time_has_passed() {
    let face = Face::start().await;
    face.ok("CreateCluster", &json!({ "clusterName": "prod" })).await;
    face.endpoint.model(|ecs| ecs.throttle().set(Bucket::ClusterReads, Rate { burst: 2, refill: 1 }));
    for _ in 0..2 {
        face.ok("ListClusters", &json!({})).await;
    }
    assert_eq!(face.refused("DescribeClusters", &json!({})).await, "ThrottlingException");
    face.ok("ListTasks", &json!({ "cluster": "prod" })).await;
    face.endpoint.advance(Duration::from_secs(1));
    face.ok("ListClusters", &json!({})).await;
}

#[tokio::test]
async fn launches_on_fargate_have_a_bucket_of_their_own() {
    let face = Face::start().await;
    face.ok("CreateCluster", &json!({ "clusterName": "prod" })).await;
    let definition = json!({
        "family": "job", "cpu": "256", "memory": "512", "containerDefinitions": [{ "name": "app", "image": "job:1" }],
    });
    face.ok("RegisterTaskDefinition", &definition).await;
    let run = |count: u32, token: &str| {
        json!({
            "cluster": "prod", "taskDefinition": "job", "launchType": "FARGATE", "count": count, "clientToken": token,
        })
    };
    face.endpoint.model(|ecs| ecs.throttle().set(Bucket::FargateLaunches, Rate { burst: 12, refill: 1 }));
    let first = face.ok("RunTask", &run(10, "a")).await;
    assert_eq!(face.refused("RunTask", &run(10, "b")).await, "ThrottlingException");
    assert_eq!(face.ok("RunTask", &run(10, "a")).await, first, "an original result launches nothing");
    face.ok("RunTask", &run(2, "c")).await;
    face.endpoint.advance(Duration::from_secs(10));
    face.ok("RunTask", &run(10, "b")).await;
    let listed = face.ok("ListTasks", &json!({ "cluster": "prod", "family": "job" })).await;
    assert_eq!(listed["taskArns"].as_array().unwrap().len(), 22);
}

#[tokio::test]
async fn the_gateway_sees_calls_of_ecs_with_what_they_touch() {
    let face = Face::start().await;
    face.call("UpdateService", &json!({ "cluster": "prod", "service": "web" })).await;
    let calls = face.gateway.calls();
    let call = calls.last().unwrap();
    assert_eq!((call.service.as_str(), call.operation.as_str()), ("ecs", "UpdateService"));
    assert_eq!(call.touches[0].action, "ecs:UpdateService");
    assert_eq!(call.touches[0].resource, "arn:aws:ecs:us-east-1:123456789012:service/prod/web");
    assert_eq!(call.took_effect, Some(400));
}

#[derive(Debug)]
struct SetClock(Mutex<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }

    fn on_the_wall(&self, duration: Duration) -> Duration {
        duration
    }
}

#[test]
fn a_model_that_follows_a_clock_is_never_behind_it_and_never_goes_back() {
    let start = model().now();
    let clock = Arc::new(SetClock(Mutex::new(start)));
    let endpoint = Endpoint::following(model(), clock.clone());
    *lock(&clock.0) = start + Duration::from_mins(5);
    assert_eq!(endpoint.now(), start + Duration::from_mins(5));
    endpoint.advance(Duration::from_mins(5));
    assert_eq!(endpoint.now(), start + Duration::from_mins(10));
}
