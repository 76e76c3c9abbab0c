//! What a call touches, in the terms in which IAM decides: action, resource, and the leading keys of DynamoDB.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use crate::iam::Request;
use crate::lambda::cloudwatch::SIGNED_FOR;

mod ecs;

/// The account of all that is imitated, as moto has it.
const ACCOUNT: &str = "123456789012";
/// The partition key of the steward's table.
const PARTITION_KEY: &str = "pk";

/// One permission that a call needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    /// `dynamodb:PutItem`.
    pub action: String,
    /// An ARN, or `*` where the call names nothing.
    pub resource: String,
    /// Values of `dynamodb:LeadingKeys`; empty elsewhere.
    pub leading_keys: Vec<String>,
    /// Other keys that conditions may look at, with their values: `ecs:cluster`.
    pub context: Vec<(&'static str, Vec<String>)>,
}

impl Touch {
    fn new(action: String, resource: String) -> Self {
        Self { action, resource, leading_keys: Vec::new(), context: Vec::new() }
    }

    /// As IAM is asked about it. Everything is of the one account, and asked for in the region that the ARN names.
    pub fn request(&self) -> Request {
        let region = self.resource.split(':').nth(3).filter(|region| !region.is_empty());
        let mut request = Request::new(&self.action, &self.resource)
            .with("aws:ResourceAccount", [ACCOUNT])
            .with("aws:RequestedRegion", region);
        if !self.leading_keys.is_empty() {
            request = request.with("dynamodb:LeadingKeys", self.leading_keys.clone());
        }
        self.context.iter().fold(request, |request, (key, values)| request.with(key, values.clone()))
    }
}

/// The fields of a Query call.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn read(body: &Bytes) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

pub(super) fn touches(
    service: &str,
    region: &str,
    operation: &str,
    json: &Value,
    form: Option<&Form>,
) -> Vec<Touch> {
    // Signatures name one service by another word than IAM.
    let in_iam = if service == SIGNED_FOR { "cloudwatch" } else { service };
    let action = |name: &str| format!("{in_iam}:{name}");
    let single = operation.strip_suffix("Batch").unwrap_or(operation);
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let touch = |resource: String| Touch::new(action(single), resource);
    match service {
        "dynamodb" => dynamodb(region, operation, json),
        "cloudformation" => {
            let stack = form.and_then(|form| form.get("StackName"));
            let arn = |name: &str| {
                if name.starts_with("arn:") {
                    return name.to_owned();
                }
                format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/*")
            };
            vec![touch(stack.map_or("*".to_owned(), arn))]
        }
        "ecs" => ecs::touches(region, operation, json)
            .into_iter()
            .map(|(action, resource)| {
                let context = ecs::context(region, operation, &action, json);
                Touch { context, ..Touch::new(action, resource) }
            })
            .collect(),
        "logs" => {
            let group = text("logGroupName").map(|group| format!("log-group:{group}"));
            let stream = text("logStreamName").map(|stream| format!(":log-stream:{stream}"));
            let arn =
                |group| format!("arn:aws:logs:{region}:{ACCOUNT}:{group}{}", stream.unwrap_or_default());
            vec![touch(group.map_or("*".to_owned(), arn))]
        }
        "sqs" => {
            let url = text("QueueUrl").or_else(|| form.and_then(|form| form.get("QueueUrl")));
            let name = url.map(|url| url.rsplit('/').next().unwrap_or(url)).or_else(|| text("QueueName"));
            vec![touch(name.map_or("*".to_owned(), |name| format!("arn:aws:sqs:{region}:{ACCOUNT}:{name}")))]
        }
        "sns" => {
            let topic = form.and_then(|form| form.get("TopicArn").or_else(|| form.get("TargetArn")));
            vec![touch(topic.unwrap_or("*").to_owned())]
        }
        "ssm" => {
            let arn = |name: &str| {
                format!("arn:aws:ssm:{region}:{ACCOUNT}:parameter/{}", name.trim_start_matches('/'))
            };
            let names = json.get("Names").and_then(Value::as_array).into_iter().flatten();
            let one = text("Name").or_else(|| text("Path"));
            let mut all: Vec<Touch> =
                names.filter_map(Value::as_str).chain(one).map(|name| touch(arn(name))).collect();
            if all.is_empty() {
                all.push(touch("*".to_owned()));
            }
            all
        }
        _ => vec![touch("*".to_owned())],
    }
}

fn dynamodb(region: &str, operation: &str, json: &Value) -> Vec<Touch> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut touch = |action: &str, table: &str, index: Option<&str>, key: Option<String>| {
        let index = index.map(|index| format!("/index/{index}")).unwrap_or_default();
        let resource = format!("arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}{index}");
        let keys = found.entry((format!("dynamodb:{action}"), resource)).or_default();
        keys.extend(key.filter(|key| !keys.contains(key)));
    };
    let table = |of: &Value| of.get("TableName").and_then(Value::as_str).unwrap_or("*").to_owned();
    match operation {
        "TransactWriteItems" | "TransactGetItems" => {
            for part in json.get("TransactItems").and_then(Value::as_array).into_iter().flatten() {
                for (verb, of) in part.as_object().into_iter().flatten() {
                    let action = match verb.as_str() {
                        "ConditionCheck" => "ConditionCheckItem",
                        "Put" => "PutItem",
                        "Update" => "UpdateItem",
                        "Delete" => "DeleteItem",
                        "Get" => "GetItem",
                        other => other,
                    };
                    touch(action, &table(of), None, key_of(of));
                }
            }
        }
        "BatchGetItem" | "BatchWriteItem" => {
            for (table, of) in json.get("RequestItems").and_then(Value::as_object).into_iter().flatten() {
                for key in batch_keys(of) {
                    touch(operation, table, None, key);
                }
            }
        }
        "Query" => {
            let index = json.get("IndexName").and_then(Value::as_str);
            touch(operation, &table(json), index, query_key(json));
        }
        _ => {
            let index = json.get("IndexName").and_then(Value::as_str);
            touch(operation, &table(json), index, key_of(json));
        }
    }
    found
        .into_iter()
        .map(|((action, resource), leading_keys)| Touch { leading_keys, ..Touch::new(action, resource) })
        .collect()
}

fn scalar(value: &Value) -> Option<String> {
    let value = value.get("S").or_else(|| value.get("N")).or_else(|| value.get("B"))?;
    value.as_str().map(str::to_owned)
}

/// The partition key of `Key` or `Item`.
fn key_of(of: &Value) -> Option<String> {
    let attributes = of.get("Key").or_else(|| of.get("Item"))?;
    scalar(attributes.get(PARTITION_KEY)?)
}

fn batch_keys(of: &Value) -> Vec<Option<String>> {
    if let Some(keys) = of.get("Keys").and_then(Value::as_array) {
        return keys.iter().map(|key| key.get(PARTITION_KEY).and_then(scalar)).collect();
    }
    let writes = of.as_array().into_iter().flatten();
    writes.filter_map(|write| write.as_object()?.values().next()).map(key_of).collect()
}

/// The value that the first equality of a key condition asks for: `due_owner = :owner AND due_at <= :now`.
fn query_key(json: &Value) -> Option<String> {
    if let Some(conditions) = json.get("KeyConditions").and_then(Value::as_object) {
        let equal =
            conditions.values().find(|one| one.get("ComparisonOperator").is_some_and(|op| op == "EQ"))?;
        return scalar(equal.get("AttributeValueList")?.get(0)?);
    }
    let expression = json.get("KeyConditionExpression")?.as_str()?;
    let spaced = expression.replace(['(', ')'], " ").replace('=', " = ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let value = words.windows(3).find_map(|three| match three {
        [name, "=", value] if !name.ends_with(['<', '>']) => Some(*value),
        _ => None,
    })?;
    scalar(json.get("ExpressionAttributeValues")?.get(value)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn touched(service: &str, operation: &str, body: &Value) -> Vec<(String, String, Vec<String>)> {
        let strip = |resource: &str| resource.rsplit(':').next().unwrap().to_owned();
        touches(service, "us-east-1", operation, body, None)
            .into_iter()
            .map(|touch| (touch.action, strip(&touch.resource), touch.leading_keys))
            .collect()
    }

    fn row(action: &str, resource: &str, keys: &[&str]) -> (String, String, Vec<String>) {
        (action.to_owned(), resource.to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())
    }

    #[test]
    fn a_transaction_needs_the_permission_of_each_of_its_parts() {
        let body = json!({ "TransactItems": [
            { "Put": { "TableName": "t", "Item": { "pk": { "S": "r#1" }, "item": { "S": "{}" } } } },
            { "Put": { "TableName": "t", "Item": { "pk": { "S": "x#2" } } } },
            { "ConditionCheck": { "TableName": "t", "Key": { "pk": { "S": "x#3" } } } },
        ] });
        assert_eq!(
            touched("dynamodb", "TransactWriteItems", &body),
            [
                row("dynamodb:ConditionCheckItem", "table/t", &["x#3"]),
                row("dynamodb:PutItem", "table/t", &["r#1", "x#2"]),
            ]
        );
    }

    #[test]
    fn batches_name_all_their_keys() {
        let body = json!({ "RequestItems": { "t": { "Keys": [{ "pk": { "S": "r#1" } }, { "pk": { "S": "n#2" } }] } } });
        assert_eq!(
            touched("dynamodb", "BatchGetItem", &body),
            [row("dynamodb:BatchGetItem", "table/t", &["r#1", "n#2"])]
        );
    }

    #[test]
    fn a_query_names_its_index_and_the_value_of_its_key() {
        for condition in ["#o = :o AND #a <= :now", "#a <= :now and (#o=:o)", "#o = :o"] {
            let body = json!({
                "TableName": "t", "IndexName": "due", "KeyConditionExpression": condition,
                "ExpressionAttributeNames": { "#o": "due_owner", "#a": "due_at" },
                "ExpressionAttributeValues": { ":o": { "S": "x#" }, ":now": { "N": "5" } },
            });
            let expected = [row("dynamodb:Query", "table/t/index/due", &["x#"])];
            assert_eq!(touched("dynamodb", "Query", &body), expected, "{condition}");
        }
    }

    #[test]
    fn a_stack_is_named_by_its_name_or_its_id() {
        let id = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1";
        for (name, resource) in [
            ("StackName=shop", "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/*".to_owned()),
            (&format!("StackName={id}"), id.to_owned()),
            ("Action=DescribeStacks", "*".to_owned()),
        ] {
            let form = Form::read(&Bytes::copy_from_slice(name.as_bytes()));
            let touched = touches("cloudformation", "us-east-1", "DescribeStacks", &Value::Null, Some(&form));
            assert_eq!(touched[0].resource, resource);
        }
    }

    #[test]
    fn cloudwatch_is_signed_for_by_another_name_and_cannot_be_scoped() {
        let touched = touches("monitoring", "us-east-1", "GetMetricData", &Value::Null, None);
        let named: Vec<_> = touched.iter().map(|it| (it.action.as_str(), it.resource.as_str())).collect();
        assert_eq!(named, [("cloudwatch:GetMetricData", "*")]);
    }

    #[test]
    fn the_stream_of_a_log_is_named_by_its_group_and_itself() {
        let body = json!({ "logGroupName": "/ecs/web", "logStreamName": "web/app/1" });
        let touched = touches("logs", "us-east-1", "GetLogEvents", &body, None);
        let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/web:log-stream:web/app/1";
        assert_eq!(touched[0], Touch::new("logs:GetLogEvents".to_owned(), arn.to_owned()));
    }

    #[test]
    fn iam_is_asked_with_what_conditions_look_at() {
        let body =
            json!({ "cluster": "prod", "taskDefinition": "job:3", "tags": [{ "key": "a", "value": "b" }] });
        let touched = touches("ecs", "us-east-1", "RunTask", &body, None);
        let cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/prod";
        let asked = |touch: &Touch| {
            let request = Request::new(&touch.action, &touch.resource);
            request.with("aws:ResourceAccount", [ACCOUNT]).with("aws:RequestedRegion", ["us-east-1"])
        };
        let requests: Vec<Request> = touched.iter().map(Touch::request).collect();
        let [run, tag] = touched.as_slice() else { panic!("{touched:?}") };
        assert_eq!(requests[0], asked(run).with("ecs:cluster", [cluster]));
        assert_eq!(requests[1], asked(tag).with("ecs:CreateAction", ["RunTask"]));
    }

    #[test]
    fn queues_and_parameters_are_named_by_arn() {
        let body = json!({ "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/tell" });
        assert_eq!(touched("sqs", "SendMessageBatch", &body), [row("sqs:SendMessage", "tell", &[])]);
        let body = json!({ "Names": ["/steward/a/current", "/slack"], "WithDecryption": true });
        assert_eq!(
            touched("ssm", "GetParameters", &body),
            [
                row("ssm:GetParameters", "parameter/steward/a/current", &[]),
                row("ssm:GetParameters", "parameter/slack", &[])
            ]
        );
    }
}
