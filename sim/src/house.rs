//! ECS Steward as its template deploys it, on this machine: all functions' processes, their queues, table, topic and
//! ticks, Slack, and a gateway that sees every call.
//!
//! What the template says of keys, indexes, queues, batches and rules stands here a second time, for moto knows no SAM. An
//! event that a test sends by [`House::send`] has passed the rules; those of the model of ECS go through them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ecs::server::Endpoint;
use crate::iam::Policy;
use crate::lambda::cloudwatch::CloudWatch;
use crate::lambda::gateway::{self, Gateway, When};
use crate::lambda::queue::{self, Counts, DeadLetters, QueueError};
use crate::lambda::runtime::{self, Function};
use crate::lambda::source::{self, Source, Tick};
use crate::lambda::sqs::Sqs;
use crate::moto::{Moto, MotoError};
use crate::slack::Slack;
use crate::sync::Owned;

mod rules;

pub use rules::queue_of;

/// The table's name.
pub const TABLE: &str = "steward";
/// Where the functions look for their configuration.
pub const CONFIGURATION: &str = "/steward/house/configuration";
/// The parameter that holds Slack's webhook.
pub const WEBHOOK: &str = "/steward-secrets/slack-webhook";
/// The queue of ECS events.
pub const EVENTS: &str = "events";
/// The queue of batch: events of its tasks, and requests for runs.
pub const JOBS: &str = "jobs";
/// The queue that wakes notifications.
pub const TELL: &str = "tell";
/// What EventBridge sends to a function each minute.
const SWEEP: &str = r#"{"steward":"sweep"}"#;
/// What is due later is on no way: it is told that something goes on, hours after.
const SOON: SignedDuration = SignedDuration::from_hours(1);
/// How often [`House::settles`] looks, and events of ECS are delivered.
const LOOK: Duration = Duration::from_millis(50);

/// How a house is built.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The functions' programs, by name.
    pub programs: BTreeMap<String, PathBuf>,
    /// Parameters that are there before the functions start: names and values.
    pub parameters: BTreeMap<String, String>,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// How long a message that was received stays away.
    pub visibility: Duration,
    /// After so many receives a message is given up.
    pub max_receive_count: u32,
    /// Batches of each queue, and invocations of each function, at a time.
    pub concurrency: usize,
    /// Messages of one batch of the `tell` queue.
    pub tell_batch: usize,
    /// How often functions are asked to sweep; `None`: never. A minute when deployed.
    pub tick: Option<Duration>,
    /// ECS; without it there are no events but those that are sent, and calls to ECS go to moto.
    pub ecs: Option<Endpoint>,
    /// What the functions may do, by name; a function that is not here may do everything.
    pub policies: BTreeMap<String, Policy>,
}

impl Plan {
    /// As deployed, but for what a test would wait for: a message comes back after 2 s instead of 3 min or 6, and so 100 times
    /// instead of 10 before it is given up; invocations take 12 s instead of 30 s or 60; batches of events are of 10 and gather
    /// no time, instead of 100 and 5 s or 2; and there are no ticks. Without ticks, news whose wake-up was lost stay untold.
    pub fn new(programs: BTreeMap<String, PathBuf>) -> Self {
        Self {
            programs,
            parameters: BTreeMap::new(),
            timeout: Duration::from_secs(12),
            visibility: Duration::from_secs(2),
            max_receive_count: 100,
            concurrency: 2,
            tell_batch: 5,
            tick: None,
            ecs: None,
            policies: BTreeMap::new(),
        }
    }
}

/// Why a house cannot be built or looked at.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// moto is not there, or refuses.
    #[error(transparent)]
    Moto(#[from] MotoError),
    /// A queue refuses.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A server does not start.
    #[error("a server does not start: {0}")]
    Io(#[from] std::io::Error),
    /// A program was not built.
    #[error("the plan has no program of the function {0}")]
    NoProgram(&'static str),
    /// moto's answer has not what it should have.
    #[error("the answer to {operation} has no {field}")]
    Answer {
        /// Of SNS or DynamoDB.
        operation: &'static str,
        /// What is missing.
        field: &'static str,
    },
}

/// A mail as SNS was asked to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// When.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// The house; everything in it stops on drop.
#[derive(Debug)]
pub struct House {
    /// DynamoDB, SNS, SSM and Application Auto Scaling.
    pub moto: Moto,
    /// Slack.
    pub slack: Slack,
    /// The queues.
    pub sqs: Sqs,
    /// What went through queues.
    pub cloudwatch: CloudWatch,
    /// ECS, where the plan has one.
    pub ecs: Option<Endpoint>,
    /// What stands before all of them.
    pub gateway: Gateway,
    /// The function.
    pub remediation: Function,
    /// The function.
    pub batch: Function,
    /// The function.
    pub notifications: Function,
    /// The function. Nothing feeds it: it lives by ticks.
    pub scaling: Function,
    /// Feeds remediation.
    pub events: Source,
    /// Feeds batch.
    pub jobs: Source,
    /// Feeds notifications.
    pub tell: Source,
    ticks: Vec<Tick>,
    _delivering: Option<Owned>,
}

impl House {
    /// Builds it, and lets the functions start.
    ///
    /// # Errors
    ///
    /// Where something of it does not start.
    pub async fn build(plan: &Plan) -> Result<Self, HouseError> {
        let (moto, slack, sqs) = (Moto::start().await?, Slack::start().await?, Sqs::default());
        let topic = furnish(&moto, &slack, plan).await?;
        for name in [EVENTS, JOBS, TELL] {
            let dead = dead_letters_of(name);
            sqs.create_queue(&dead, queue::Settings::default())?;
            let dead_letters = Some(DeadLetters { queue: dead, max_receive_count: plan.max_receive_count });
            let visibility_timeout = plan.visibility;
            sqs.create_queue(
                name,
                queue::Settings { visibility_timeout, dead_letters, ..queue::Settings::default() },
            )?;
        }
        let remediation = settings("remediation", plan)?;
        let batch = settings("batch", plan)?;
        let notifications = settings("notifications", plan)?;
        let scaling = settings("scaling", plan)?;
        let cloudwatch = CloudWatch::default();
        let behind = gateway::Settings {
            sqs: Some(sqs.clone()),
            ecs: plan.ecs.clone(),
            cloudwatch: Some(cloudwatch.clone()),
            upstream: Some(moto.url()),
            policies: plan.policies.clone(),
            ..gateway::Settings::default()
        };
        let behind = behind.function(&remediation).function(&batch).function(&notifications);
        let behind = behind.function(&scaling).slack(&slack, "notifications");
        let gateway = Gateway::start(behind).await?;
        let common = |settings: runtime::Settings| {
            settings
                .variable("AWS_ENDPOINT_URL", gateway.url())
                .variable("STEWARD_TABLE", TABLE)
                .variable("STEWARD_TELL_QUEUE_URL", sqs.queue_url(TELL))
                .variable("STEWARD_CONFIGURATION", CONFIGURATION)
        };
        let remediation = Function::new(common(remediation));
        let batch = Function::new(common(batch));
        let scaling = Function::new(common(scaling));
        let notifications = common(notifications)
            .variable("STEWARD_SLACK_WEBHOOK", WEBHOOK)
            .variable("STEWARD_TOPIC_ARN", topic)
            .variable("STEWARD_TEST_SLACK_ORIGIN", gateway.url());
        let notifications = Function::new(notifications);
        let maximum_concurrency = plan.concurrency;
        let of_events = source::Settings { maximum_concurrency, ..source::Settings::new(EVENTS) };
        let of_jobs = source::Settings { maximum_concurrency, ..source::Settings::new(JOBS) };
        let batch_size = plan.tell_batch;
        let of_tell = source::Settings { batch_size, maximum_concurrency, ..source::Settings::new(TELL) };
        let events = Source::start(of_events, &sqs, remediation.clone())?;
        let jobs = Source::start(of_jobs, &sqs, batch.clone())?;
        let tell = Source::start(of_tell, &sqs, notifications.clone())?;
        let ecs = plan.ecs.clone();
        let mut house = Self {
            _delivering: ecs.clone().map(|ecs| Owned::spawn(keep_delivering(ecs, sqs.clone()))),
            moto,
            slack,
            sqs,
            cloudwatch,
            ecs,
            gateway,
            remediation,
            batch,
            notifications,
            scaling,
            events,
            jobs,
            tell,
            ticks: Vec::new(),
        };
        if let Some(interval) = plan.tick {
            house.tick_every(interval);
        }
        Ok(house)
    }

    /// Lets all functions sweep from now on.
    pub fn tick_every(&mut self, interval: Duration) {
        let sweep: Value = serde_json::from_str(SWEEP).unwrap_or_default();
        for function in [&self.remediation, &self.batch, &self.notifications, &self.scaling] {
            self.ticks.push(Tick::start(function.clone(), interval, &sweep));
        }
    }

    /// Sends an event the way EventBridge does.
    ///
    /// # Errors
    ///
    /// Where the queue refuses it.
    pub fn send(&self, event: &str) -> Result<(), HouseError> {
        self.sqs.send(EVENTS, event, None)?;
        Ok(())
    }

    /// Lets time pass in ECS, and delivers what it sent meanwhile. Queues and functions have times of their own.
    ///
    /// # Errors
    ///
    /// Where the queue refuses an event.
    pub fn advance(&self, by: Duration) -> Result<(), HouseError> {
        let Some(ecs) = &self.ecs else { return Ok(()) };
        ecs.advance(by);
        Ok(deliver(ecs, &self.sqs)?)
    }

    /// The queue's messages, and those that were given up.
    ///
    /// # Errors
    ///
    /// Where there is no such queue.
    pub fn counts(&self, queue: &str) -> Result<(Counts, Counts), HouseError> {
        Ok((self.sqs.counts(queue)?, self.sqs.counts(&dead_letters_of(queue))?))
    }

    /// Waits until nothing is on its way any more: no message in a queue, and no news that is due within the hour. What runs on,
    /// such as a job, is not waited for. Answers
    /// whether it came to that in time.
    ///
    /// # Errors
    ///
    /// Where the table or a queue cannot be looked at.
    pub async fn settles(&self, within: Duration) -> Result<bool, HouseError> {
        let end = tokio::time::Instant::now() + within;
        loop {
            if let Some(ecs) = &self.ecs {
                deliver(ecs, &self.sqs)?;
            }
            let mut waiting = 0;
            for queue in [EVENTS, JOBS, TELL] {
                waiting += self.counts(queue)?.0.total();
            }
            if waiting == 0 && self.due().await?.is_empty() {
                return Ok(true);
            }
            if tokio::time::Instant::now() >= end {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Every item of the table as DynamoDB has it.
    ///
    /// # Errors
    ///
    /// Where moto does not answer.
    pub async fn items(&self) -> Result<Vec<Value>, HouseError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let mut request = json!({"TableName": TABLE, "ConsistentRead": true});
            if let (Some(start), Some(fields)) = (start.take(), request.as_object_mut()) {
                fields.insert("ExclusiveStartKey".to_owned(), start);
            }
            let mut answer = self.moto.call("dynamodb", "DynamoDB_20120810.Scan", &request).await?;
            if let Some(Value::Array(page)) = answer.get_mut("Items").map(Value::take) {
                items.extend(page);
            }
            start = answer.get_mut("LastEvaluatedKey").map(Value::take);
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Keys of items that begin with `prefix`.
    ///
    /// # Errors
    ///
    /// Where moto does not answer.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, HouseError> {
        let items = self.items().await?;
        let keys = items.iter().filter_map(|item| item.pointer("/pk/S")?.as_str());
        Ok(keys.filter(|key| key.starts_with(prefix)).map(ToOwned::to_owned).collect())
    }

    /// Keys of news that are to be told within the hour.
    ///
    /// # Errors
    ///
    /// Where moto does not answer.
    pub async fn due(&self) -> Result<Vec<String>, HouseError> {
        let items = self.items().await?;
        let soon = (Timestamp::now() + SOON).as_millisecond();
        let is_soon =
            |item: &Value| item.pointer("/due_at/N")?.as_str()?.parse().ok().map(|at: i64| at <= soon);
        let due = items
            .iter()
            .filter(|item| item.pointer("/due_owner/S") == Some(&json!("x#")))
            .filter(|item| is_soon(item).unwrap_or(true));
        Ok(due.filter_map(|item| Some(item.pointer("/pk/S")?.as_str()?.to_owned())).collect())
    }

    /// Titles of what people read in Slack, in order.
    pub fn slack_titles(&self) -> Vec<String> {
        let title = |body: &Value| Some(body.pointer("/blocks/0/text/text")?.as_str()?.to_owned());
        self.slack.posted().iter().filter_map(title).collect()
    }

    /// The mails that SNS took.
    pub fn mails(&self) -> Vec<Mail> {
        let calls = self.gateway.calls_of(&When::any().service("sns").operation("Publish"));
        calls
            .iter()
            .filter(|call| call.took_effect == Some(200))
            .map(|call| {
                let form: BTreeMap<String, String> =
                    form_urlencoded::parse(&call.request).into_owned().collect();
                let field = |name: &str| form.get(name).cloned().unwrap_or_default();
                Mail { at: call.at, subject: field("Subject"), text: field("Message") }
            })
            .collect()
    }

    /// Ends all functions as Lambda does: SIGTERM first.
    pub async fn shut_down(&self) -> Vec<runtime::Exit> {
        let mut exits = self.remediation.shutdown().await;
        exits.extend(self.batch.shutdown().await);
        exits.extend(self.notifications.shutdown().await);
        exits.extend(self.scaling.shutdown().await);
        exits
    }
}

/// EventBridge: moves what ECS sent to the queues, as far as rules take it.
fn deliver(ecs: &Endpoint, sqs: &Sqs) -> Result<(), QueueError> {
    for emitted in ecs.take_events() {
        if let Some(queue) = rules::queue_of(&emitted.event) {
            sqs.send(queue, &emitted.event.to_string(), None)?;
        }
    }
    Ok(())
}

async fn keep_delivering(ecs: Endpoint, sqs: Sqs) {
    loop {
        // The queue stands as long as the house, and takes every event that is no megabyte.
        let _ = deliver(&ecs, &sqs);
        tokio::time::sleep(LOOK).await;
    }
}

fn dead_letters_of(queue: &str) -> String {
    format!("{queue}-dead-letters")
}

fn settings(name: &'static str, plan: &Plan) -> Result<runtime::Settings, HouseError> {
    let program = plan.programs.get(name).ok_or(HouseError::NoProgram(name))?;
    let mut settings = runtime::Settings::new(name, program);
    settings.timeout = plan.timeout;
    // A tick must not wait for batches.
    settings.max_concurrency = plan.concurrency + 1;
    Ok(settings)
}

/// Creates the table, with its index.
///
/// # Errors
///
/// Where moto refuses.
pub async fn create_table(moto: &Moto) -> Result<(), MotoError> {
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let attribute = |name: &str, kind: &str| json!({"AttributeName": name, "AttributeType": kind});
    let table = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [attribute("pk", "S"), attribute("due_owner", "S"), attribute("due_at", "N")],
        "KeySchema": [key("pk", "HASH")],
        "GlobalSecondaryIndexes": [{
            "IndexName": "due",
            "KeySchema": [key("due_owner", "HASH"), key("due_at", "RANGE")],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }],
    });
    moto.call("dynamodb", "DynamoDB_20120810.CreateTable", &table).await?;
    Ok(())
}

/// Table, topic, parameters. Answers the topic's ARN.
async fn furnish(moto: &Moto, slack: &Slack, plan: &Plan) -> Result<String, HouseError> {
    create_table(moto).await?;
    let webhook = json!({"Name": WEBHOOK, "Type": "SecureString", "Value": slack.webhook()});
    moto.call("ssm", "AmazonSSM.PutParameter", &webhook).await?;
    for (name, value) in &plan.parameters {
        let parameter = json!({"Name": name, "Type": "String", "Value": value, "Overwrite": true});
        moto.call("ssm", "AmazonSSM.PutParameter", &parameter).await?;
    }
    let answer = moto.query("sns", &[("Action", "CreateTopic"), ("Name", "alerts")]).await?;
    let arn = answer.split_once("<TopicArn>").and_then(|(_, rest)| rest.split_once("</TopicArn>"));
    let (arn, _) = arn.ok_or(HouseError::Answer { operation: "CreateTopic", field: "TopicArn" })?;
    Ok(arn.to_owned())
}
