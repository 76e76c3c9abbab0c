//! What a role needs besides what its function does itself: Lambda receives messages, keeps what failed and writes logs in its name, and services
//! ask KMS in its name.

use super::{Condition, Function, Grant, Grants, Names, Own};

/// What Lambda does for each function.
pub(super) fn of(function: Function, grants: &Grants, names: &Names) -> Vec<Grant> {
    let grant = |action: &str, resource: String| Grant {
        action: action.to_owned(),
        resources: vec![resource],
        conditions: Vec::new(),
    };
    let queue = match function {
        Function::Remediation => Some(Own::EventsQueue),
        Function::Batch => Some(Own::JobsQueue),
        Function::Notifications => Some(Own::TellQueue),
        // No queue invokes it.
        Function::Scaling => None,
    };
    let received = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let mut all: Vec<Grant> = queue
        .iter()
        .flat_map(|queue| received.iter().map(|action| grant(action, names.own(*queue))))
        .collect();
    if function == Function::Batch {
        // Requests by invocation that failed for good.
        all.push(grant("sqs:SendMessage", names.own(Own::JobsDeadLetterQueue)));
    }
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        all.push(grant(action, names.own(Own::LogGroup(function))));
    }
    for action in ["xray:PutTraceSegments", "xray:PutTelemetryRecords"] {
        all.push(grant(action, "*".to_owned()));
    }
    all.extend(own_key(function, grants, names));
    if function == Function::Notifications {
        all.extend(slack_key(grants, names));
    }
    all
}

/// What the table, the queues and the topic are encrypted with, and only through them.
fn own_key(function: Function, grants: &Grants, names: &Names) -> Vec<Grant> {
    let Some(key) = &grants.key else { return Vec::new() };
    let topic = (function == Function::Notifications).then_some("sns");
    let through = ["dynamodb", "sqs"].into_iter().chain(topic).map(|service| names.host(service));
    let through = Condition::new("StringEquals", "kms:ViaService", through);
    ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]
        .into_iter()
        .map(|action| Grant {
            action: format!("kms:{action}"),
            resources: vec![key.clone()],
            conditions: vec![through.clone()],
        })
        .collect()
}

/// Only through SSM, and only these parameters. The AWS managed key `aws/ssm` needs no statement.
fn slack_key(grants: &Grants, names: &Names) -> Vec<Grant> {
    let Some(key) = &grants.slack_key else { return Vec::new() };
    let parameter = "kms:EncryptionContext:PARAMETER_ARN";
    let decrypt = |of: Condition, through: Condition| Grant {
        action: "kms:Decrypt".to_owned(),
        resources: vec![key.clone()],
        conditions: vec![of, through],
    };
    let through = || Condition::new("StringEquals", "kms:ViaService", [names.host("ssm")]);
    let arn = |name: &String| names.arn("ssm", &format!("parameter{name}"));
    let webhook =
        grants.slack_webhook.iter().map(arn).map(|arn| Condition::new("StringEquals", parameter, [arn]));
    let arns: Vec<String> =
        grants.slack_secrets.iter().map(|name| format!("arn:*:ssm:*:*:parameter{name}")).collect();
    let further = (!arns.is_empty()).then(|| Condition::new("StringLike", parameter, arns));
    webhook.chain(further).map(|of| decrypt(of, through())).collect()
}
