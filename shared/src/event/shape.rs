//! Tells by its keys what a JSON object is, before anything is read from it.

use serde_json::{Map, Value};

/// What a JSON object turned out to be.
pub(crate) enum Shape {
    /// An event from EventBridge, whole or trimmed.
    Event(Map<String, Value>),
    /// A Lambda payload from SQS or SNS.
    Records(Vec<Value>),
    /// An SNS notification as it stands in an SQS body; its message.
    Notification(String),
    /// An entry for `PutEvents`; its detail, still a text.
    PutEventsEntry(Map<String, Value>),
    /// The answer of `DescribeTasks` or `RunTask`.
    Tasks {
        /// The tasks.
        tasks: Vec<Value>,
        /// What could not be described or started.
        failures: Vec<Value>,
    },
    /// One task out of such an answer.
    Task(Map<String, Value>),
    /// Something known that holds no event: what it is, and what to do instead.
    Foreign(&'static str, &'static str),
    /// Nothing known.
    Unknown(Map<String, Value>),
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
pub(crate) fn recognise(mut map: Map<String, Value>) -> Shape {
    if matches!(map.get("Records"), Some(Value::Array(_))) {
        return match map.remove("Records") {
            Some(Value::Array(records)) => Shape::Records(records),
            _ => Shape::Unknown(map),
        };
    }
    if map.get("detail-type").is_some_and(Value::is_string)
        || (map.get("detail").is_some_and(Value::is_object) && map.get("lastStatus").is_none())
    {
        return Shape::Event(map);
    }
    if map.get("Type").and_then(Value::as_str) == Some("Notification") {
        if let Some(Value::String(message)) = map.remove("Message") {
            return Shape::Notification(message);
        }
        return Shape::Unknown(map);
    }
    if map.contains_key("DetailType") && map.contains_key("Detail") {
        return Shape::PutEventsEntry(map);
    }
    if matches!(map.get("tasks"), Some(Value::Array(_))) {
        return Shape::Tasks {
            tasks: take_list(&mut map, "tasks"),
            failures: take_list(&mut map, "failures"),
        };
    }
    if map.contains_key("lastStatus") && (map.contains_key("containers") || map.contains_key("taskArn")) {
        return Shape::Task(map);
    }
    // Recorded answers keep the API's answer under `data`, beside a status code.
    if let Some(Value::Object(_)) = map.get("data")
        && let Some(Value::Object(data)) = map.remove("data")
    {
        return recognise_data(data);
    }
    foreign(&map).unwrap_or(Shape::Unknown(map))
}

fn recognise_data(mut data: Map<String, Value>) -> Shape {
    if matches!(data.get("tasks"), Some(Value::Array(_))) {
        return Shape::Tasks {
            tasks: take_list(&mut data, "tasks"),
            failures: take_list(&mut data, "failures"),
        };
    }
    foreign(&data).unwrap_or(Shape::Unknown(data))
}

fn foreign(map: &Map<String, Value>) -> Option<Shape> {
    FOREIGN
        .iter()
        .find(|(key, _, _)| map.contains_key(*key))
        .map(|(_, what, instead)| Shape::Foreign(what, instead))
}

fn take_list(map: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match map.remove(name) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}
