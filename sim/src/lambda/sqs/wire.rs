//! The wire protocol: `X-Amz-Target: AmazonSQS.SendMessage` and a JSON body.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Sqs;
use crate::lambda::queue::{MAX_BODY, Message, QueueError, Sent};

#[cfg(test)]
mod tests;

/// An answer, ready for HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of the response.
    pub status: u16,
    /// Value of the header `x-amzn-query-error`, from which SDKs read the code of an error.
    pub query_error: Option<String>,
    /// A JSON document.
    pub body: Bytes,
}

/// An error as SQS names it.
#[derive(Debug)]
struct Refusal {
    /// The shape's name, after `com.amazonaws.sqs#`.
    shape: &'static str,
    /// The code of the older Query protocol, which SDKs still report.
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(shape: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { shape, code, message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValueException", "InvalidParameterValue", message)
    }

    fn missing(parameter: &str) -> Self {
        let message = format!("The request must contain the parameter {parameter}.");
        Self::new("MissingRequiredParameterException", "MissingParameter", message)
    }

    fn unsupported(what: &str) -> Self {
        let message = format!("{what} is not imitated by this stand-in for SQS");
        Self::new("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", message)
    }

    fn answer(self) -> Answer {
        let body = json!({ "__type": format!("com.amazonaws.sqs#{}", self.shape), "message": self.message });
        Answer {
            status: 400,
            query_error: Some(format!("{};Sender", self.code)),
            body: body.to_string().into(),
        }
    }
}

impl From<QueueError> for Refusal {
    fn from(error: QueueError) -> Self {
        let text = error.to_string();
        match error {
            QueueError::NoSuchQueue { .. } => Self::new(
                "QueueDoesNotExist",
                "AWS.SimpleQueueService.NonExistentQueue",
                "The specified queue does not exist.",
            ),
            QueueError::EmptyBody { .. } => Self::missing("MessageBody"),
            QueueError::BodyTooLarge { .. } => Self::invalid(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {MAX_BODY} bytes."
            )),
            QueueError::BodyCharacters { .. } => {
                Self::new("InvalidMessageContents", "InvalidMessageContents", text)
            }
            QueueError::DelayTooLong { seconds, .. } => Self::invalid(format!(
                "Value {seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
            )),
            QueueError::VisibilityTooLong { seconds, .. } => Self::invalid(format!(
                "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the \
                 message is beyond the limit [43200 seconds]."
            )),
            QueueError::ReceiveCount { asked, .. } => Self::invalid(format!(
                "Value {asked} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if \
                 provided."
            )),
            QueueError::InvalidReceipt { handle, .. } => Self::new(
                "ReceiptHandleIsInvalid",
                "ReceiptHandleIsInvalid",
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
            ),
            QueueError::StaleReceipt { handle, .. } => Self::invalid(format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not \
                 available for visibility timeout change."
            )),
            QueueError::PurgeInProgress { .. } => Self::new(
                "PurgeQueueInProgress",
                "AWS.SimpleQueueService.PurgeQueueInProgress",
                "Only one PurgeQueue operation is allowed every 60 seconds.",
            ),
        }
    }
}

/// The parameters of all operations imitated; which are needed is each operation's to say.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Call {
    queue_url: Option<String>,
    queue_name: Option<String>,
    #[serde(flatten)]
    entry: Entry,
    entries: Option<Vec<Entry>>,
    max_number_of_messages: Option<i64>,
    wait_time_seconds: Option<i64>,
    attribute_names: Vec<String>,
    message_system_attribute_names: Vec<String>,
}

/// What batches repeat, and single calls say once.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    id: Option<String>,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
    message_attributes: Option<Map<String, Value>>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

/// What an operation does with one entry of a batch.
type Single = fn(&Sqs, &str, &Entry) -> Result<Value, Refusal>;

pub(super) async fn answer(sqs: &Sqs, target: &str, body: &[u8]) -> Answer {
    let Some(operation) = target.strip_prefix("AmazonSQS.") else {
        return unknown(target);
    };
    let call: Call = match serde_json::from_slice(body) {
        Ok(call) => call,
        Err(error) => {
            let body = json!({ "__type": "com.amazon.coral.service#SerializationException", "message": error.to_string() });
            return Answer { status: 400, query_error: None, body: body.to_string().into() };
        }
    };
    let result = match operation {
        "SendMessage" => single(sqs, &call, send),
        "SendMessageBatch" => batch(sqs, &call, send),
        "ReceiveMessage" => receive(sqs, &call).await,
        "DeleteMessage" => single(sqs, &call, delete),
        "DeleteMessageBatch" => batch(sqs, &call, delete),
        "ChangeMessageVisibility" => single(sqs, &call, change_visibility),
        "ChangeMessageVisibilityBatch" => batch(sqs, &call, change_visibility),
        "GetQueueAttributes" => attributes(sqs, &call),
        "GetQueueUrl" => queue_url(sqs, &call),
        "PurgeQueue" => queue(&call).and_then(|queue| {
            sqs.purge(queue)?;
            Ok(Value::Null)
        }),
        _ => return unknown(target),
    };
    match result {
        Ok(Value::Null) => Answer { status: 200, query_error: None, body: Bytes::new() },
        Ok(value) => Answer { status: 200, query_error: None, body: value.to_string().into() },
        Err(refusal) => refusal.answer(),
    }
}

fn unknown(target: &str) -> Answer {
    let body = json!({
        "__type": "com.amazon.coral.service#UnknownOperationException",
        "message": format!("{target} is no operation that this stand-in for SQS knows"),
    });
    Answer { status: 400, query_error: None, body: body.to_string().into() }
}

fn queue(call: &Call) -> Result<&str, Refusal> {
    let url = call.queue_url.as_deref().ok_or_else(|| Refusal::missing("QueueUrl"))?;
    Ok(url.rsplit('/').next().unwrap_or(url))
}

fn single(sqs: &Sqs, call: &Call, operation: Single) -> Result<Value, Refusal> {
    operation(sqs, queue(call)?, &call.entry)
}

fn batch(sqs: &Sqs, call: &Call, operation: Single) -> Result<Value, Refusal> {
    let queue = queue(call)?;
    // A queue that is not there fails the call, not its entries.
    sqs.settings(queue)?;
    let entries = call.entries.as_deref().unwrap_or_default();
    check_batch(entries)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = entry.id.clone().unwrap_or_default();
        match operation(sqs, queue, entry) {
            Ok(Value::Object(mut fields)) => {
                fields.insert("Id".to_owned(), id.into());
                successful.push(Value::Object(fields));
            }
            Ok(_) => successful.push(json!({ "Id": id })),
            Err(refusal) => failed.push(json!({
                "Id": id, "Code": refusal.code, "Message": refusal.message, "SenderFault": true,
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn check_batch(entries: &[Entry]) -> Result<(), Refusal> {
    if entries.is_empty() {
        return Err(Refusal::new(
            "EmptyBatchRequest",
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "There should be at least one entry in the request.",
        ));
    }
    if entries.len() > 10 {
        return Err(Refusal::new(
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are 10. You have sent {}.", entries.len()),
        ));
    }
    let mut seen = BTreeSet::new();
    for entry in entries {
        let id = entry.id.as_deref().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 80 || !id.chars().all(allowed) {
            return Err(Refusal::new(
                "InvalidBatchEntryId",
                "AWS.SimpleQueueService.InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at \
                 most 80 letters long.",
            ));
        }
        if !seen.insert(id) {
            return Err(Refusal::new(
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                format!("Id {id} repeated."),
            ));
        }
    }
    let bytes: usize = entries.iter().filter_map(|entry| entry.message_body.as_ref()).map(String::len).sum();
    if bytes > MAX_BODY {
        return Err(Refusal::new(
            "BatchRequestTooLong",
            "AWS.SimpleQueueService.BatchRequestTooLong",
            format!("Batch requests cannot be longer than {MAX_BODY} bytes. You have sent {bytes} bytes."),
        ));
    }
    Ok(())
}

fn send(sqs: &Sqs, queue: &str, entry: &Entry) -> Result<Value, Refusal> {
    if entry.message_attributes.as_ref().is_some_and(|attributes| !attributes.is_empty()) {
        return Err(Refusal::unsupported("MessageAttributes"));
    }
    if entry.message_group_id.is_some() || entry.message_deduplication_id.is_some() {
        return Err(Refusal::unsupported("FIFO"));
    }
    let body = entry.message_body.as_deref().ok_or_else(|| Refusal::missing("MessageBody"))?;
    let delay = entry.delay_seconds.map(|delay| seconds("DelaySeconds", delay, 900)).transpose()?;
    let Sent { message_id, md5_of_body } = sqs.send(queue, body, delay)?;
    Ok(json!({ "MessageId": message_id, "MD5OfMessageBody": md5_of_body }))
}

fn delete(sqs: &Sqs, queue: &str, entry: &Entry) -> Result<Value, Refusal> {
    sqs.delete(queue, receipt_handle(entry)?)?;
    Ok(Value::Null)
}

fn change_visibility(sqs: &Sqs, queue: &str, entry: &Entry) -> Result<Value, Refusal> {
    let handle = receipt_handle(entry)?;
    let visibility = entry.visibility_timeout.ok_or_else(|| Refusal::missing("VisibilityTimeout"))?;
    sqs.change_visibility(queue, handle, seconds("VisibilityTimeout", visibility, 43_200)?)?;
    Ok(Value::Null)
}

fn receipt_handle(entry: &Entry) -> Result<&str, Refusal> {
    entry.receipt_handle.as_deref().ok_or_else(|| Refusal::missing("ReceiptHandle"))
}

fn seconds(parameter: &str, value: i64, most: u64) -> Result<Duration, Refusal> {
    u64::try_from(value).ok().filter(|seconds| *seconds <= most).map(Duration::from_secs).ok_or_else(|| {
        Refusal::invalid(format!(
            "Value {value} for parameter {parameter} is invalid. Reason: {parameter} must be >= 0 and <= {most}."
        ))
    })
}

async fn receive(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let queue = queue(call)?;
    let asked = call.max_number_of_messages.unwrap_or(1);
    let max = usize::try_from(asked).unwrap_or(0);
    let wait = seconds("WaitTimeSeconds", call.wait_time_seconds.unwrap_or(0), 20)?;
    let visibility =
        call.entry.visibility_timeout.map(|value| seconds("VisibilityTimeout", value, 43_200)).transpose()?;
    let received = sqs.receive_within(queue, max, visibility, wait).await?;
    if received.is_empty() {
        return Ok(json!({}));
    }
    let wanted: BTreeSet<&str> =
        call.attribute_names.iter().chain(&call.message_system_attribute_names).map(String::as_str).collect();
    let messages: Vec<Value> = received.iter().map(|message| told(sqs, message, &wanted)).collect();
    Ok(json!({ "Messages": messages }))
}

fn told(sqs: &Sqs, message: &Message, wanted: &BTreeSet<&str>) -> Value {
    let mut told = json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.md5_of_body,
        "Body": &*message.body,
    });
    let mut attributes = system_attributes(sqs, message);
    attributes.retain(|name, _| wanted.contains("All") || wanted.contains(name.as_str()));
    if let Value::Object(told) = &mut told
        && !attributes.is_empty()
    {
        told.insert("Attributes".to_owned(), attributes.into());
    }
    told
}

/// The system attributes of a received message, as `ReceiveMessage` and Lambda's events give them.
pub(crate) fn system_attributes(sqs: &Sqs, message: &Message) -> Map<String, Value> {
    let first = message.first_received_at.unwrap_or(message.sent_at);
    let mut attributes = Map::new();
    let mut put = |name: &str, value: String| attributes.insert(name.to_owned(), value.into());
    put("ApproximateReceiveCount", message.receive_count.to_string());
    put("SentTimestamp", message.sent_at.as_millisecond().to_string());
    put("SenderId", "AIDASENDER".to_owned());
    put("ApproximateFirstReceiveTimestamp", first.as_millisecond().to_string());
    if let Some(source) = &message.dead_letter_source {
        put("DeadLetterQueueSourceArn", sqs.queue_arn(source));
    }
    attributes
}

fn attributes(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let all = sqs.all_counts(queue(call)?)?;
    let Value::Object(mut all) = all else { return Ok(json!({})) };
    if let Some(unknown) =
        call.attribute_names.iter().find(|name| *name != "All" && !known_attribute(name, &all))
    {
        return Err(Refusal::new(
            "InvalidAttributeName",
            "InvalidAttributeName",
            format!("Unknown Attribute {unknown}."),
        ));
    }
    all.retain(|name, _| call.attribute_names.iter().any(|wanted| wanted == "All" || wanted == name));
    if all.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({ "Attributes": all }))
}

/// A queue without dead letters has no such policy, and asking for it is no error.
fn known_attribute(name: &str, all: &Map<String, Value>) -> bool {
    all.contains_key(name) || name == "RedrivePolicy"
}

fn queue_url(sqs: &Sqs, call: &Call) -> Result<Value, Refusal> {
    let name = call.queue_name.as_deref().ok_or_else(|| Refusal::missing("QueueName"))?;
    sqs.settings(name)?;
    Ok(json!({ "QueueUrl": sqs.queue_url(name) }))
}
