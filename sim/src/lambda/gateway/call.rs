//! A call as the gateway saw it.

use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use jiff::Timestamp;
use serde_json::Value;

use super::Settings;
use super::touch::{Form, Touch, touches};
use crate::http::header;
use crate::lambda::cloudwatch;

/// One request that an SDK sent: a retry is a call of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// From 1, in order of arrival.
    pub number: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// The function that made it, by its access key.
    pub function: String,
    /// As in the signature's scope: `dynamodb`, `sqs`, `sns`, `ssm`, …; CloudWatch is `monitoring`
    pub service: String,
    /// The operation's name, `GetItem`, `chat.postMessage`; a method and a path where a service has no such name.
    pub operation: String,
    /// What IAM would look at: actions, resources, leading keys.
    pub touches: Vec<Touch>,
    /// Which attempt of the SDK's this is, from 1, where it says so.
    pub attempt: Option<u32>,
    /// The body.
    pub request: Bytes,
    /// The fault that hit it.
    pub fault: Option<&'static str>,
    /// Status of the service's own answer, whether or not the function saw it.
    pub took_effect: Option<u16>,
    /// Status of what was answered; `None` while running, and when the connection was cut.
    pub status: Option<u16>,
    /// Until the answer or the cut; `None` while running.
    pub duration: Option<Duration>,
}

impl Call {
    pub(super) fn read(number: u64, at: Timestamp, request: &Request<Bytes>, settings: &Settings) -> Self {
        let functions = &settings.functions;
        let mut scope = Scope::read(header(request, "authorization").unwrap_or_default());
        let slack = settings.slack.as_ref().filter(|_| is_slack(request));
        if let Some(slack) = slack {
            scope = Scope { access_key: &slack.function, region: scope.region, service: "slack" };
        }
        let body = request.body();
        let form = is_form(request).then(|| Form::read(body));
        let target = header(request, "x-amz-target")
            .filter(|target| !target.is_empty())
            .and_then(|target| target.rsplit('.').next());
        let operation = target
            .map(str::to_owned)
            .or_else(|| form.as_ref().and_then(|form| form.get("Action").map(str::to_owned)))
            .or_else(|| slack.map(|_| of_slack(request).to_owned()))
            .or_else(|| cloudwatch::operation_of(request.uri().path()).map(str::to_owned))
            .unwrap_or_else(|| format!("{} {}", request.method(), request.uri().path()));
        let json = serde_json::from_slice(body).unwrap_or(Value::Null);
        Self {
            number,
            at,
            function: functions.get(scope.access_key).map_or(scope.access_key, String::as_str).to_owned(),
            touches: touches(scope.service, scope.region, &operation, &json, form.as_ref()),
            service: scope.service.to_owned(),
            operation,
            attempt: header(request, "amz-sdk-request").and_then(attempt),
            request: body.clone(),
            fault: None,
            took_effect: None,
            status: None,
            duration: None,
        }
    }

    /// The body as JSON, for services that speak it.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.request).ok()
    }

    /// Whether any resource or key that it touches contains `text`, or its body does.
    pub fn mentions(&self, text: &str) -> bool {
        let keys = |touch: &Touch| touch.leading_keys.iter().any(|key| key.contains(text));
        self.touches.iter().any(|touch| touch.resource.contains(text) || keys(touch))
            || String::from_utf8_lossy(&self.request).contains(text)
    }

    /// Whether the service answered it with success, even if the function never saw that.
    pub fn succeeded(&self) -> bool {
        self.took_effect.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Whether a request has the path of an incoming webhook, or of a method of the Web API.
pub(super) fn is_slack(request: &Request<Bytes>) -> bool {
    let path = request.uri().path();
    path.starts_with("/services/") || path.starts_with("/api/")
}

/// The method's name; a webhook's messages have none.
fn of_slack(request: &Request<Bytes>) -> &str {
    request.uri().path().strip_prefix("/api/").unwrap_or("PostMessage")
}

fn is_form(request: &Request<Bytes>) -> bool {
    header(request, "content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// `attempt=2; max=3`.
fn attempt(header: &str) -> Option<u32> {
    header.split(';').find_map(|part| part.trim().strip_prefix("attempt=")?.parse().ok())
}

/// `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/dynamodb/aws4_request, …`
struct Scope<'header> {
    access_key: &'header str,
    region: &'header str,
    service: &'header str,
}

impl<'header> Scope<'header> {
    fn read(authorization: &'header str) -> Self {
        let credential = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
        let credential = credential.split(',').next().unwrap_or_default();
        let mut parts = credential.trim().split('/');
        let mut part = || parts.next().filter(|part| !part.is_empty()).unwrap_or("unsigned");
        let access_key = part();
        let _day = part();
        let region = part();
        Self { access_key, region, service: part() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SlackBehind;
    use super::*;

    #[test]
    fn a_call_of_slack_is_named_by_its_method_whose_function_the_settings_know() {
        let slack = SlackBehind { origin: String::new(), function: "notifications".to_owned() };
        let settings = Settings { slack: Some(slack), ..Settings::default() };
        for (path, operation) in
            [("/api/chat.postMessage", "chat.postMessage"), ("/services/T0/B0/X", "PostMessage")]
        {
            let request = Request::post(path).header("authorization", "Bearer xoxb-1");
            let call = Call::read(1, Timestamp::UNIX_EPOCH, &request.body(Bytes::new()).unwrap(), &settings);
            let named = (call.function.as_str(), call.service.as_str(), call.operation.as_str());
            assert_eq!(named, ("notifications", "slack", operation));
        }
    }

    fn call(authorization: &str, target: Option<&str>, kind: &str, body: &str) -> Call {
        let mut request = Request::post("/")
            .header("authorization", authorization)
            .header("content-type", kind)
            .header("amz-sdk-request", "ttl=20260101T000000Z; attempt=2; max=3");
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let mut settings = Settings::default();
        settings.functions.insert("AKIAREMEDIATION".to_owned(), "remediation".to_owned());
        Call::read(1, Timestamp::UNIX_EPOCH, &request.body(Bytes::from(body.to_owned())).unwrap(), &settings)
    }

    #[test]
    fn a_call_names_its_function_service_operation_and_attempt() {
        let call = call(
            "AWS4-HMAC-SHA256 Credential=AKIAREMEDIATION/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host",
            Some("DynamoDB_20120810.GetItem"),
            "application/x-amz-json-1.0",
            r#"{"TableName":"steward","Key":{"pk":{"S":"r#TARGET#a"}}}"#,
        );
        assert_eq!((call.function.as_str(), call.service.as_str()), ("remediation", "dynamodb"));
        assert_eq!((call.operation.as_str(), call.attempt), ("GetItem", Some(2)));
        assert_eq!(call.touches[0].action, "dynamodb:GetItem");
        assert!(call.touches[0].resource.starts_with("arn:aws:dynamodb:eu-west-1:"));
        assert!(call.mentions("r#TARGET"));
    }

    #[test]
    fn a_query_call_is_named_by_its_form() {
        let call = call(
            "AWS4-HMAC-SHA256 Credential=AKIAOTHER/20260101/us-east-1/sns/aws4_request",
            None,
            "application/x-www-form-urlencoded",
            "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A1%3Anews&Message=a+b",
        );
        assert_eq!((call.function.as_str(), call.operation.as_str()), ("AKIAOTHER", "Publish"));
        assert_eq!(call.touches[0].action, "sns:Publish");
        assert_eq!(call.touches[0].resource, "arn:aws:sns:us-east-1:1:news");
    }

    #[test]
    fn an_unsigned_call_is_recorded_all_the_same() {
        let call = call("", None, "text/plain", "");
        assert_eq!((call.service.as_str(), call.operation.as_str()), ("unsigned", "POST /"));
    }
}
