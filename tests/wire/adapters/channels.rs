//! The topic and the `tell` queue: what subscribers get, and when messages come.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::aws::{TellQueue, Topic};
use steward::incident::{Failures, Incident, Remedies, Severity, Status};
use steward::notification::{Message, Style, Subject, Tone};
use steward::ports::{Channel, Form, How, Letter, Postpone, Tell, Trouble};
use steward::request::Request;
use steward::words::Language;
use steward_sim::house::TELL;
use steward_sim::lambda::clock::FastClock;
use steward_sim::lambda::gateway::{Fault, When};
use steward_sim::lambda::queue::Settings;
use steward_sim::lambda::sqs::Sqs;
use steward_sim::moto::Moto;

use crate::support::{Services, run, target};

fn alert(service: &str, tone: Tone) -> (Subject, Message) {
    let (target, opened_at) = (target(service), Timestamp::UNIX_EPOCH);
    let about = Incident {
        target: target.clone(),
        opened_at,
        status: Status::Open,
        after: None,
        failures: Failures::default(),
        deployments: [].into(),
        remedies: Remedies::default(),
        relapses: 0,
        hooks: Vec::new(),
        deeds: Vec::new(),
    };
    let message = Message { tone, ..Style::of(Language::En).incident(&about) };
    (Subject::Incident { target, opened_at }, message)
}

fn letter<'l>(subject: &'l Subject, message: &'l Message) -> Letter<'l> {
    Letter { subject, message, key: "root", how: How::New, form: Form::Rich }
}

/// A queue of moto's own that subscribes to the topic.
async fn subscribe(moto: &Moto, topic: &str, queue: &str, filter: Option<&Value>) {
    moto.call("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": queue})).await.unwrap();
    let endpoint = format!("arn:aws:sqs:us-east-1:123456789012:{queue}");
    let policy = filter.map(Value::to_string).unwrap_or_default();
    let mut fields = vec![
        ("Action", "Subscribe"),
        ("TopicArn", topic),
        ("Protocol", "sqs"),
        ("Endpoint", endpoint.as_str()),
    ];
    if filter.is_some() {
        fields.extend([
            ("Attributes.entry.1.key", "FilterPolicy"),
            ("Attributes.entry.1.value", policy.as_str()),
        ]);
    }
    moto.query("sns", &fields).await.unwrap();
}

/// What a queue of moto's has got from the topic.
async fn received(moto: &Moto, queue: &str) -> Vec<Value> {
    let url = format!("{}/123456789012/{queue}", moto.url());
    let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
    let answer = moto.call("sqs", "AmazonSQS.ReceiveMessage", &request).await.unwrap();
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    messages.iter().map(|message| serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn subscribers_get_subject_text_and_tone_and_may_filter_by_it() {
    run(async {
        let services = Services::start(&Sqs::default()).await;
        let topic = "arn:aws:sns:us-east-1:123456789012:alerts";
        services.moto.query("sns", &[("Action", "CreateTopic"), ("Name", "alerts")]).await.unwrap();
        subscribe(&services.moto, topic, "all", None).await;
        subscribe(&services.moto, topic, "pager", Some(&json!({"tone": ["critical"]}))).await;
        let channel = Topic::new(&services.sdk, "sns".to_owned(), topic.to_owned());
        for (service, tone) in [
            ("api", Tone::Alert(Severity::Warning)),
            ("web", Tone::Alert(Severity::Critical)),
            ("api", Tone::Good),
        ] {
            let (subject, message) = alert(service, tone);
            channel.send(&letter(&subject, &message)).await.unwrap();
        }
        let all = received(&services.moto, "all").await;
        let tones: Vec<&str> =
            all.iter().map(|got| got["MessageAttributes"]["tone"]["Value"].as_str().unwrap()).collect();
        assert_eq!(tones, ["warning", "critical", "ok"]);
        let pager = received(&services.moto, "pager").await;
        assert_eq!(pager.len(), 1, "{pager:?}");
        let got = &pager[0];
        assert!(got["Subject"].as_str().unwrap().starts_with("CRITICAL: service web in shop"), "{got}");
        assert!(got["Message"].as_str().unwrap().contains("service web in shop"), "{got}");
        assert_eq!(got["MessageAttributes"]["subject"], json!({"Type": "String", "Value": "incident"}));
    });
}

#[test]
fn a_topic_that_does_not_exist_is_no_use_trying_again_and_one_that_throttles_is() {
    run(async {
        let services = Services::start(&Sqs::default()).await;
        // moto loads a service with its first call, which may take longer than an adapter waits.
        services.moto.query("sns", &[("Action", "ListTopics")]).await.unwrap();
        let (subject, message) = alert("api", Tone::Good);
        let arn = "arn:aws:sns:us-east-1:123456789012:nowhere".to_owned();
        let nowhere = Topic::new(&services.sdk, "sns".to_owned(), arn);
        let error = nowhere.send(&letter(&subject, &message)).await.unwrap_err();
        assert!(
            error.trouble == Trouble::Refused && error.problem.starts_with("Publish: NotFound (404)"),
            "{error}"
        );
        assert_eq!(services.gateway.calls().len(), 1);
        services.gateway.inject(When::any().operation("Publish").first(1), Fault::Throttle);
        let error = nowhere.send(&letter(&subject, &message)).await.unwrap_err();
        assert!(error.is_retryable() && error.problem.starts_with("Publish: Throttling (400)"), "{error}");
        assert_eq!(
            services.gateway.calls().len(),
            1 + 1,
            "what may have been told is not told again at once"
        );
    });
}

/// Ten minutes of the queues pass in a second.
async fn queues() -> (Sqs, Services, TellQueue) {
    let sqs = Sqs::new(Arc::new(FastClock::new(600)));
    sqs.create_queue(TELL, Settings::default()).unwrap();
    let services = Services::start(&sqs).await;
    let queue = TellQueue::new(&services.sdk, sqs.queue_url(TELL));
    (sqs, services, queue)
}

#[test]
fn a_nudge_comes_when_its_news_have_gathered() {
    run(async {
        let (sqs, _services, queue) = queues().await;
        let (subject, _) = alert("api", Tone::Good);
        queue.nudge(&subject, SignedDuration::from_mins(5)).await.unwrap();
        let counts = sqs.counts(TELL).unwrap();
        assert_eq!((counts.delayed, counts.visible), (1, 0));
        let received = sqs.receive_within(TELL, 1, None, Duration::from_hours(1)).await.unwrap();
        let message = &received[0];
        let waited = message.first_received_at.unwrap().duration_since(message.sent_at);
        assert!(waited >= SignedDuration::from_mins(5), "{waited}");
        assert_eq!(Request::parse(message.body.as_bytes()), Ok(Request::Tell { subject: subject.clone() }));
        // More than SQS takes becomes the most that it takes.
        queue.nudge(&subject, SignedDuration::from_hours(3)).await.unwrap();
        queue.nudge(&subject, SignedDuration::from_secs(-3)).await.unwrap();
        assert!(sqs.counts(TELL).unwrap().visible > 0);
    });
}

#[test]
fn a_message_that_is_postponed_comes_after_its_pause_and_not_before() {
    run(async {
        let (sqs, _services, queue) = queues().await;
        let (subject, _) = alert("api", Tone::Good);
        queue.nudge(&subject, SignedDuration::ZERO).await.unwrap();
        let received = sqs.receive(TELL, 1, Some(Duration::from_hours(1))).unwrap();
        let (receipt, since) = (&received[0].receipt_handle, sqs.now());
        queue.postpone(receipt, SignedDuration::from_mins(10)).await.unwrap();
        let again = sqs.receive_within(TELL, 1, None, Duration::from_mins(50)).await.unwrap();
        assert_eq!(again.len(), 1, "sooner than its visibility would have it");
        let away = sqs.now().duration_since(since);
        assert!(away >= SignedDuration::from_mins(10), "{away}");
        let error = queue.postpone(receipt, SignedDuration::from_mins(1)).await.unwrap_err();
        assert_eq!(error.operation, "ChangeMessageVisibility", "the receipt is an old one: {error}");
    });
}

#[test]
fn a_wrong_queue_is_told_with_what_was_to_be_told() {
    run(async {
        let (sqs, services, _) = queues().await;
        let (subject, _) = alert("api", Tone::Good);
        let nowhere = TellQueue::new(&services.sdk, sqs.queue_url("nowhere"));
        let error = nowhere.nudge(&subject, SignedDuration::ZERO).await.unwrap_err().to_string();
        assert!(
            error.starts_with("SendMessage on the tell queue for incident of service api in shop: "),
            "{error}"
        );
        assert!(error.contains("QueueDoesNotExist") || error.contains("NonExistentQueue"), "{error}");
        assert_eq!(services.gateway.calls().len(), 1, "what cannot succeed is not tried again");
    });
}
