//! Tells by its keys what a JSON object is, before anything is read from it.

use std::borrow::Cow;

use super::json::{Json, Object};

/// What a JSON object turned out to be.
pub(crate) enum Shape<'t> {
    /// An event from EventBridge, whole or trimmed.
    Event(Object<'t>),
    /// A Lambda payload from SQS or SNS.
    Records(Vec<Json<'t>>),
    /// An SNS notification as it stands in an SQS body; its message.
    Notification(Cow<'t, str>),
    /// An entry for `PutEvents`; its detail, still a text.
    PutEventsEntry(Object<'t>),
    /// The answer of `DescribeTasks` or `RunTask`.
    Tasks {
        /// The tasks.
        tasks: Vec<Json<'t>>,
        /// What could not be described or started.
        failures: Vec<Json<'t>>,
    },
    /// One task out of such an answer.
    Task(Object<'t>),
    /// Something known that holds no event: what it is, and what to do instead.
    Foreign(&'static str, &'static str),
    /// Nothing known.
    Unknown(Object<'t>),
}

/// Answers of other calls that people have at hand, told by a list that only they hold.
const FOREIGN: [(&str, &str, &str); 6] = [
    (
        "services",
        "the answer of DescribeServices",
        "it holds no tasks: run `aws ecs describe-tasks` for the service's stopped tasks, and explain that",
    ),
    (
        "containerInstances",
        "the answer of DescribeContainerInstances",
        "it holds no tasks: run `aws ecs describe-tasks` for the tasks on the instance, and explain that",
    ),
    (
        "taskArns",
        "the answer of ListTasks",
        "pass these ARNs to `aws ecs describe-tasks --tasks …`, and explain that",
    ),
    (
        "taskDefinition",
        "a task definition",
        "explain reads events and the output of `aws ecs describe-tasks`",
    ),
    (
        "clusters",
        "the answer of DescribeClusters",
        "explain reads events and the output of `aws ecs describe-tasks`",
    ),
    (
        "serviceDeployments",
        "the answer of DescribeServiceDeployments",
        "explain reads events and the output of `aws ecs describe-tasks`",
    ),
];

/// Recognises an object. Total: what is not known is [`Shape::Unknown`].
pub(crate) fn recognise(mut map: Object<'_>) -> Shape<'_> {
    if matches!(map.get("Records"), Some(Json::List(_))) {
        return match map.take("Records") {
            Some(Json::List(records)) => Shape::Records(records),
            _ => Shape::Unknown(map),
        };
    }
    if map.get("detail-type").is_some_and(Json::is_text)
        || (map.get("detail").is_some_and(Json::is_object) && map.get("lastStatus").is_none())
    {
        return Shape::Event(map);
    }
    if map.get("Type").and_then(Json::as_str) == Some("Notification") {
        if let Some(Json::Text(message)) = map.take("Message") {
            return Shape::Notification(message);
        }
        return Shape::Unknown(map);
    }
    if map.contains("DetailType") && map.contains("Detail") {
        return Shape::PutEventsEntry(map);
    }
    if matches!(map.get("tasks"), Some(Json::List(_))) {
        return Shape::Tasks {
            tasks: take_list(&mut map, "tasks"),
            failures: take_list(&mut map, "failures"),
        };
    }
    if map.contains("lastStatus") && (map.contains("containers") || map.contains("taskArn")) {
        return Shape::Task(map);
    }
    // Recorded answers keep the API's answer under `data`, beside a status code.
    if let Some(Json::Object(_)) = map.get("data")
        && let Some(Json::Object(data)) = map.take("data")
    {
        return recognise_data(data);
    }
    foreign(&map).unwrap_or(Shape::Unknown(map))
}

fn recognise_data(mut data: Object<'_>) -> Shape<'_> {
    if matches!(data.get("tasks"), Some(Json::List(_))) {
        return Shape::Tasks {
            tasks: take_list(&mut data, "tasks"),
            failures: take_list(&mut data, "failures"),
        };
    }
    foreign(&data).unwrap_or(Shape::Unknown(data))
}

fn foreign<'t>(map: &Object<'t>) -> Option<Shape<'t>> {
    FOREIGN
        .iter()
        .find(|(key, _, _)| map.contains(key))
        .map(|(_, what, instead)| Shape::Foreign(what, instead))
}

fn take_list<'t>(map: &mut Object<'t>, name: &str) -> Vec<Json<'t>> {
    match map.take(name) {
        Some(Json::List(items)) => items,
        _ => Vec::new(),
    }
}
