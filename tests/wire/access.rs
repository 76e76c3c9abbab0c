//! Least privilege, by record: what the functions do on the wire is what their ports declare, and what the template allows.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use steward::aws::{DynamoLedger, Slack, Ssm, TellQueue, Topic};
use steward::ledger::Owner;
use steward::ports::{Access, Resource, Role};
use steward_sim::house::{CONFIGURATION, EVENTS, House, TABLE, TELL, WEBHOOK};
use steward_sim::lambda::gateway::{Call, Fault, Touch, When};
use steward_sim::slack::Reply;

use crate::support::{PATIENCE, house, plan, run, stop, sweep_until_queued};

fn role_of_remediation() -> Role {
    remediation::role::<DynamoLedger, TellQueue, Ssm>()
}

fn role_of_notifications() -> Role {
    notifications::role::<DynamoLedger, TellQueue, Ssm>(&[Topic::ACCESS, Slack::<Ssm>::ACCESS])
}

const SWEEP: &str = r#"{"steward":"sweep"}"#;

/// A task that stopped, of a deployment that ECS names.
fn stop_of_deployment(service: &str, task: u32) -> String {
    let mut event = stop(service, task);
    event["detail"]["startedBy"] = json!("ecs-svc/1234567890123456789");
    event.to_string()
}

/// Lets both functions do everything that they ever do, and answers their calls to AWS.
async fn everything() -> Vec<Call> {
    let house = house(&plan()).await;
    // Slack asks for a pause, and the answer to a first write is lost.
    house.slack.script([Reply::RateLimited(1)]);
    let write = When::any().function("remediation").operation("TransactWriteItems").nth(1);
    let lost = house.gateway.inject(write, Fault::LoseAnswer);
    house.send(&stop_of_deployment("api", 1)).unwrap();
    house.gateway.hit(lost, 1).await;
    assert!(house.sqs.drained(EVENTS, PATIENCE).await.unwrap());
    assert!(house.settles(PATIENCE).await.unwrap());
    // The next task of the deployment finds incident and deployment, and its nudge is lost.
    house.tell.pause();
    house.send(&stop_of_deployment("api", 2)).unwrap();
    house.send(&stop_of_deployment("web", 3)).unwrap();
    assert!(house.sqs.drained(EVENTS, PATIENCE).await.unwrap());
    assert!(house.sqs.reaches(TELL, PATIENCE, |counts| counts.visible > 0).await.unwrap());
    house.sqs.purge(TELL).unwrap();
    sweep_until_queued(&house, 1).await;
    house.remediation.invoke(SWEEP).await.unwrap();
    house.tell.resume();
    assert!(house.settles(PATIENCE).await.unwrap());
    let titles = house.slack_titles();
    assert!(titles.len() >= 2 && titles.len() == house.mails().len(), "{titles:?}");
    aws_calls(&house)
}

fn aws_calls(house: &House) -> Vec<Call> {
    house.gateway.calls().into_iter().filter(|call| call.service != "slack").collect()
}

/// What a resource is to the ports; `None`: nothing that they know.
fn resource(arn: &str) -> Option<Resource> {
    let rest = arn.splitn(6, ':').last()?;
    let below = |path: &str| rest.strip_prefix("parameter").and_then(|name| name.strip_prefix(path));
    match rest {
        _ if rest == format!("table/{TABLE}") => Some(Resource::Table),
        _ if rest == format!("table/{TABLE}/index/due") => Some(Resource::DueIndex),
        TELL => Some(Resource::TellQueue),
        "alerts" => Some(Resource::Topic),
        _ if below(WEBHOOK) == Some("") => Some(Resource::SlackWebhook),
        _ => below(CONFIGURATION)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .map(|_| Resource::Configuration),
    }
}

fn declares(role: &Role, action: &str, on: Resource) -> bool {
    role.needs.iter().any(|need| need.on == on && need.actions.contains(&action))
}

/// What a function did that its role does not allow.
fn beyond(role: &Role, touches: &BTreeSet<Touch>) -> Vec<String> {
    let is_allowed = |touch: &Touch| {
        let on = resource(&touch.resource)?;
        let keys_are = |owners: &[Owner]| {
            let is_of = |key: &String| owners.iter().any(|owner| key.starts_with(owner.prefix()));
            !touch.leading_keys.is_empty() && touch.leading_keys.iter().all(is_of)
        };
        let keys = match (on, touch.action.as_str()) {
            (Resource::DueIndex, _) => touch.leading_keys == [role.due.prefix()],
            (Resource::Table, "dynamodb:GetItem" | "dynamodb:BatchGetItem") => keys_are(role.reads),
            (Resource::Table, _) => keys_are(role.writes),
            _ => touch.leading_keys.is_empty(),
        };
        (keys && declares(role, &touch.action, on)).then_some(())
    };
    touches.iter().filter(|touch| is_allowed(touch).is_none()).map(|touch| format!("{touch:?}")).collect()
}

/// What a role allows that its function did not do.
fn unused(role: &Role, touches: &BTreeSet<Touch>) -> Vec<String> {
    let is_used = |action: &str, on: Resource| {
        touches.iter().any(|touch| touch.action == action && resource(&touch.resource) == Some(on))
    };
    let is_owner_used = |owner: &Owner, reads: bool| {
        touches.iter().filter(|touch| touch.action.ends_with("GetItem") == reads).any(|touch| {
            resource(&touch.resource) == Some(Resource::Table)
                && touch.leading_keys.iter().any(|key| key.starts_with(owner.prefix()))
        })
    };
    let mut unused: Vec<String> = Vec::new();
    for need in &role.needs {
        let of_need = need.actions.iter().filter(|action| !is_used(action, need.on));
        unused.extend(of_need.map(|action| format!("{action} on {:?}, for {}", need.on, need.method)));
    }
    let of_keys = |owners: &[Owner], reads: bool| {
        owners
            .iter()
            .filter(|owner| !is_owner_used(owner, reads))
            .map(|owner| owner.prefix())
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (verb, keys) in [("read", of_keys(role.reads, true)), ("write", of_keys(role.writes, false))] {
        if !keys.is_empty() {
            unused.push(format!("to {verb} {keys}"));
        }
    }
    unused
}

/// Each role that lacks one thing, and each that has one more.
fn near_misses(role: &Role) -> (Vec<Role>, Vec<Role>) {
    let mut less = Vec::new();
    for index in 0..role.needs.len() {
        let mut needs = role.needs.clone();
        needs.remove(index);
        less.push(Role { needs, ..role.clone() });
    }
    less.push(Role { reads: &[Owner::Remediation], ..role.clone() });
    less.push(Role { writes: &[Owner::Shared], ..role.clone() });
    less.push(Role { due: Owner::Notifications, ..role.clone() });
    let all: &[Owner] = &[Owner::Remediation, Owner::Notifications, Owner::Shared];
    let mut more = vec![Role { writes: all, ..role.clone() }];
    for (actions, on) in [
        (&["dynamodb:DeleteItem"], Resource::Table),
        (&["dynamodb:GetItem"], Resource::DueIndex),
        (&["sqs:PurgeQueue"], Resource::TellQueue),
        (&["ssm:GetParametersByPath"], Resource::Configuration),
    ] {
        let mut needs = role.needs.clone();
        needs.push(Access { method: "added", actions, on });
        more.push(Role { needs, ..role.clone() });
    }
    (less, more)
}

#[test]
fn functions_do_what_their_ports_declare_and_declare_nothing_that_they_never_do() {
    run(async {
        let calls = everything().await;
        for (name, role) in
            [("remediation", role_of_remediation()), ("notifications", role_of_notifications())]
        {
            let of_function = calls.iter().filter(|call| call.function == name);
            let touches: BTreeSet<Touch> = of_function.flat_map(|call| call.touches.clone()).collect();
            assert_eq!(beyond(&role, &touches), Vec::<String>::new(), "{name} does what it does not declare");
            assert_eq!(unused(&role, &touches), Vec::<String>::new(), "{name} declares what it never does");
            // The two judges above see every single thing that is missing or too much.
            let (less, more) = near_misses(&role);
            for less in less.iter().filter(|less| **less != role) {
                assert_ne!(beyond(less, &touches), Vec::<String>::new(), "{name}: {less:?}");
            }
            for more in more.iter().filter(|more| **more != role) {
                assert_ne!(unused(more, &touches), Vec::<String>::new(), "{name}: {more:?}");
            }
        }
        let others = calls.iter().filter(|call| !["remediation", "notifications"].contains(&&*call.function));
        assert_eq!(others.count(), 0, "every call is of a function");
        let services: BTreeSet<&str> = calls.iter().map(|call| call.service.as_str()).collect();
        assert_eq!(
            services,
            ["dynamodb", "sns", "sqs", "ssm"].into(),
            "nothing else is touched, ECS least of all"
        );
    });
}

/// What the template names a resource, as text without CloudFormation's tags.
fn in_template(on: Resource) -> Vec<String> {
    let parameter = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter";
    let configuration = format!("{parameter}/steward/${{AWS::StackName}}/configuration");
    match on {
        Resource::Table => vec!["Table.Arn".to_owned()],
        Resource::DueIndex => vec!["${Table.Arn}/index/due".to_owned()],
        Resource::TellQueue => vec!["TellQueue.Arn".to_owned()],
        Resource::Topic => vec!["Topic".to_owned()],
        Resource::Configuration => vec![configuration.clone(), format!("{configuration}/*")],
        Resource::SlackWebhook => vec![format!("{parameter}${{SlackWebhookParameter}}")],
    }
}

/// What Lambda does with a function's role, besides what its code does: (action, resource).
fn of_lambda(queue: &'static str, logs: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("sqs:ReceiveMessage", queue),
        ("sqs:DeleteMessage", queue),
        ("sqs:GetQueueAttributes", queue),
        ("logs:CreateLogStream", logs),
        ("logs:PutLogEvents", logs),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    ]
}

fn listed(value: &Value) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let all = value.as_array().map_or(one, Vec::as_slice);
    all.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// A role's statements, those under a condition included.
fn statements(template: &Value, role: &str) -> Vec<Value> {
    let policies = template["Resources"][role]["Properties"]["Policies"].as_array().unwrap();
    assert_eq!(policies.len(), 1, "{role}");
    let statements = policies[0]["PolicyDocument"]["Statement"].as_array().unwrap();
    // Without its tag an `!If` is a list: condition, statement, AWS::NoValue.
    let decided = |statement: &Value| statement.get(1).unwrap_or(statement).clone();
    statements.iter().map(decided).collect()
}

#[test]
fn the_template_allows_what_the_ports_declare_and_lambda_needs_and_no_more() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let template: Value = serde_saphyr::from_str(&text).unwrap();
    let mut lambda_of_notifications = of_lambda("TellQueue.Arn", "NotificationsLogGroup.Arn");
    // By SSM, where the SecureString has a key of the customer's.
    lambda_of_notifications.push(("kms:Decrypt", "SlackWebhookKeyArn"));
    for (name, role, of_lambda) in [
        ("RemediationRole", role_of_remediation(), of_lambda("EventsQueue.Arn", "RemediationLogGroup.Arn")),
        ("NotificationsRole", role_of_notifications(), lambda_of_notifications),
    ] {
        let mut declared: BTreeSet<(String, String)> =
            of_lambda.iter().map(|(action, on)| ((*action).to_owned(), (*on).to_owned())).collect();
        for (need, action) in
            role.needs.iter().flat_map(|need| need.actions.iter().map(move |action| (need, action)))
        {
            declared.extend(in_template(need.on).into_iter().map(|on| ((*action).to_owned(), on)));
        }
        let mut allowed = BTreeSet::new();
        for statement in statements(&template, name) {
            assert_eq!(statement["Effect"], "Allow", "{name}: {statement}");
            let actions = listed(&statement["Action"]);
            for on in listed(&statement["Resource"]) {
                allowed.extend(actions.iter().map(|action| (action.clone(), on.clone())));
            }
            keys_are_as_declared(&role, &actions, &statement);
        }
        assert_eq!(allowed, declared, "{name}");
    }
}

fn keys_are_as_declared(role: &Role, actions: &[String], statement: &Value) {
    let condition = &statement["Condition"];
    let all = |owners: &[Owner]| {
        json!(owners.iter().map(|owner| format!("{}*", owner.prefix())).collect::<Vec<_>>())
    };
    let like = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    for action in actions.iter().filter(|action| action.starts_with("dynamodb:")) {
        match action.as_str() {
            "dynamodb:Query" => {
                let equal = &condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
                assert_eq!(equal, &json!([role.due.prefix()]), "{statement}");
            }
            "dynamodb:GetItem" | "dynamodb:BatchGetItem" => assert_eq!(like, &all(role.reads), "{statement}"),
            _ => assert_eq!(like, &all(role.writes), "{statement}"),
        }
        assert_eq!(condition["Null"]["dynamodb:LeadingKeys"], "false", "{statement}");
    }
}
