//! Least privilege, by record: what the functions do on the wire is what their ports declare, and what the template allows.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::arn::ClusterArn;
use steward::aws::{
    DynamoLedger, Ecs, Queues, ScalableTargets, SlackWebhook, Ssm, Stacks, TaskEvidence, TellQueue, Topic,
};
use steward::batch::{Happened, JobName, Trouble};
use steward::ledger::{Owner, Transaction, Write, push_news};
use steward::ports::{
    Access, ChangeEcs, DescribeEcs, Evidence, Hosts, Ledger, Owners, Resource, Role, RunTasks,
};
use steward_sim::house::{CONFIGURATION, EVENTS, House, TABLE, TELL, WEBHOOK};
use steward_sim::lambda::gateway::{Call, Fault, Touch, When};
use steward_sim::slack::Reply;

use crate::jobs;
use crate::scaling as scaled;
use crate::support::{PATIENCE, house, plan, run, sdk_at, stop, sweep_until_queued};

fn role_of_remediation() -> Role {
    remediation::role::<DynamoLedger, Ecs, Stacks, TellQueue, Ssm>()
}

fn role_of_batch() -> Role {
    batch::role::<DynamoLedger, Ecs, TellQueue, Ssm>()
}

fn role_of_scaling() -> Role {
    scaling::role::<DynamoLedger, Queues, Ecs, ScalableTargets, TellQueue, Ssm>()
}

fn role_of_notifications() -> Role {
    // What Slack's bot and Amazon Q need is the same as what these two do.
    let channels = [Topic::ACCESS, SlackWebhook::<Ssm>::ACCESS];
    notifications::role::<DynamoLedger, TellQueue, TaskEvidence, Ssm>(&channels)
}

const SWEEP: &str = r#"{"steward":"sweep"}"#;

/// A task that stopped, of a deployment that ECS names.
fn stop_of_deployment(service: &str, task: u32) -> String {
    let mut event = stop(service, task);
    event["detail"]["startedBy"] = json!("ecs-svc/1234567890123456789");
    event.to_string()
}

/// The trouble of a job with its news, as batch writes them, and told.
async fn tell_of_a_job(house: &House) {
    let now = Timestamp::now();
    let cluster = ClusterArn::new("arn:aws:ecs:us-east-1:123456789012:cluster/batch");
    let mut trouble = Trouble::new(JobName::parse("nightly-etl").unwrap(), Some(cluster), now);
    trouble.note(Happened::NoSuccess { since: now - SignedDuration::from_hours(30) }, now);
    let subject = trouble.subject();
    let ledger = DynamoLedger::new(&sdk_at(&house.moto.url()), TABLE.to_owned());
    let mut writes = vec![Write::of_trouble(trouble, None, SignedDuration::from_hours(24), now)];
    push_news(&ledger, &mut writes, std::slice::from_ref(&subject), SignedDuration::ZERO, now).await.unwrap();
    ledger.commit(Transaction { writes }).await.unwrap();
    house.notifications.invoke(json!({"steward": "tell", "subject": subject}).to_string()).await.unwrap();
}

/// Lets remediation and notifications do everything that they ever do, and answers their calls to AWS.
async fn everything() -> Vec<Call> {
    let house = house(&plan()).await;
    // Slack asks for a pause that is not waited out at once, and the answer to a first write is lost.
    house.slack.script([Reply::RateLimited(4)]);
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
    tell_of_a_job(&house).await;
    assert!(house.settles(PATIENCE).await.unwrap());
    let titles = house.slack_titles();
    assert!(titles.len() >= 2 && titles.len() == house.mails().len(), "{titles:?}");
    aws_calls(&house)
}

pub(crate) fn aws_calls(house: &House) -> Vec<Call> {
    house.gateway.calls().into_iter().filter(|call| call.service != "slack").collect()
}

/// Whether an ARN of a call is of a resource as the ports name it. A service is named by calls about what belongs to it, too.
pub(crate) fn is_of(arn: &str, on: Resource) -> bool {
    let rest = arn.splitn(6, ':').last().unwrap_or_default();
    let below = |path: &str| rest.strip_prefix("parameter").and_then(|name| name.strip_prefix(path));
    let is_kind = |kind: &str| rest.strip_prefix(kind).is_some_and(|name| name.starts_with('/'));
    match on {
        Resource::Table => rest == format!("table/{TABLE}"),
        Resource::DueIndex => rest == format!("table/{TABLE}/index/due"),
        Resource::TellQueue => rest == TELL,
        Resource::ScaledQueues => arn.split(':').nth(2) == Some("sqs") && rest != TELL,
        Resource::Topic => rest == "alerts",
        Resource::SlackSecrets => below(WEBHOOK) == Some(""),
        Resource::TaskLogs => rest.starts_with("log-group:"),
        Resource::Configuration => {
            below(CONFIGURATION).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        Resource::Services => is_kind("service"),
        Resource::ServiceDeployments => is_kind("service-deployment") || is_kind("service"),
        Resource::ServiceRevisions => is_kind("service-revision") || is_kind("service"),
        Resource::Tasks => is_kind("task"),
        Resource::TaskDefinitions => is_kind("task-definition"),
        Resource::TaskRoles => is_kind("role"),
        Resource::Stacks => is_kind("stack"),
        Resource::ContainerInstances => is_kind("container-instance"),
        Resource::Clusters => is_kind("cluster"),
        Resource::CapacityProviders => is_kind("capacity-provider"),
        Resource::InClusters | Resource::Everything => arn == "*",
    }
}

fn declares(role: &Role, touch: &Touch) -> Option<Resource> {
    let needs = role.needs.iter().filter(|need| need.actions.contains(&touch.action.as_str()));
    needs.map(|need| need.on).find(|on| is_of(&touch.resource, *on))
}

/// What a function did that its role does not allow.
fn beyond(role: &Role, touches: &BTreeSet<Touch>) -> Vec<String> {
    let is_allowed = |touch: &Touch| {
        let on = declares(role, touch)?;
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
        keys.then_some(())
    };
    touches.iter().filter(|touch| is_allowed(touch).is_none()).map(|touch| format!("{touch:?}")).collect()
}

/// The ports to ECS are exercised one by one, against its model ([`crate::adapters`]), and what alerts show besides in the
/// adapter's own tests.
fn is_exercised_elsewhere(need: &Access) -> bool {
    let ports = [
        <Ecs as DescribeEcs>::ACCESS,
        <Ecs as ChangeEcs>::ACCESS,
        <Ecs as RunTasks>::ACCESS,
        <Ecs as Hosts>::ACCESS,
        Stacks::ACCESS,
        <TaskEvidence as Evidence>::ACCESS,
    ];
    ports.concat().contains(need)
}

/// What a role allows that its function did not do.
fn unused(role: &Role, touches: &BTreeSet<Touch>) -> Vec<String> {
    let is_used = |action: &str, on: Resource| {
        touches.iter().any(|touch| touch.action == action && is_of(&touch.resource, on))
    };
    let is_owner_used = |owner: &Owner, reads: bool| {
        touches.iter().filter(|touch| touch.action.ends_with("GetItem") == reads).any(|touch| {
            is_of(&touch.resource, Resource::Table)
                && touch.leading_keys.iter().any(|key| key.starts_with(owner.prefix()))
        })
    };
    let mut unused: Vec<String> = Vec::new();
    for need in role.needs.iter().filter(|need| !is_exercised_elsewhere(need)) {
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
    for (index, _) in role.needs.iter().enumerate().filter(|(_, need)| !is_exercised_elsewhere(need)) {
        let mut needs = role.needs.clone();
        needs.remove(index);
        less.push(Role { needs, ..role.clone() });
    }
    less.push(Role { reads: &[Owner::Remediation], ..role.clone() });
    less.push(Role { writes: &[Owner::Shared], ..role.clone() });
    if role.needs.iter().any(|need| need.on == Resource::DueIndex) {
        less.push(Role { due: Owner::Notifications, ..role.clone() });
    }
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
        let mut calls = everything().await;
        calls.extend(jobs::everything().await);
        calls.extend(scaled::everything().await);
        for (name, role) in [
            ("remediation", role_of_remediation()),
            ("batch", role_of_batch()),
            ("notifications", role_of_notifications()),
            ("scaling", role_of_scaling()),
        ] {
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
        let functions = ["remediation", "batch", "notifications", "scaling"];
        let others = calls.iter().filter(|call| !functions.contains(&&*call.function));
        assert_eq!(others.count(), 0, "every call is of a function");
        let services: BTreeSet<&str> = calls.iter().map(|call| call.service.as_str()).collect();
        let known = [
            "application-autoscaling",
            "cloudformation",
            "dynamodb",
            "ecs",
            "logs",
            "monitoring",
            "sns",
            "sqs",
            "ssm",
        ]
        .into();
        assert!(services.is_subset(&known), "nothing else is touched: {services:?}");
    });
}

/// What the template names a resource for a role, as text without CloudFormation's tags: of one cluster or of all.
fn in_template(role: &str, on: Resource, one_cluster: bool) -> Vec<String> {
    let arn = |service: &str, rest: &str| {
        format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{rest}")
    };
    let ecs = |kind: &str| {
        let cluster = if one_cluster { "/${ClusterName}/*" } else { "/*" };
        arn("ecs", &format!("{kind}{cluster}"))
    };
    let configuration = arn("ssm", "parameter/steward/${AWS::StackName}/configuration");
    match on {
        Resource::Table => vec!["Table.Arn".to_owned()],
        Resource::DueIndex => vec!["${Table.Arn}/index/due".to_owned()],
        Resource::TellQueue => vec!["TellQueue.Arn".to_owned()],
        Resource::ScaledQueues => vec!["ScalingQueueArns".to_owned()],
        Resource::Topic => vec!["Topic".to_owned(), "AlertTopicArns".to_owned()],
        Resource::Configuration => vec![configuration.clone(), format!("{configuration}/*")],
        Resource::SlackSecrets => {
            let further = "arn:*:ssm:*:*:parameter${Names}".to_owned();
            vec![arn("ssm", "parameter${SlackWebhookParameter}"), further]
        }
        Resource::TaskLogs => vec!["arn:*:logs:*:*:log-group:${Groups}:log-stream:*".to_owned()],
        Resource::Services => vec![ecs("service")],
        Resource::ServiceDeployments => vec![ecs("service"), ecs("service-deployment")],
        Resource::ServiceRevisions => vec![ecs("service"), ecs("service-revision")],
        Resource::Tasks => vec![ecs("task")],
        Resource::TaskDefinitions => vec![arn("ecs", "task-definition/*")],
        Resource::TaskRoles if role == "BatchRole" => vec!["JobTaskRoleArns".to_owned()],
        Resource::TaskRoles => vec!["TaskRoleArns".to_owned()],
        Resource::Stacks => vec![arn("cloudformation", "stack/*")],
        Resource::ContainerInstances => vec![ecs("container-instance")],
        Resource::Clusters if one_cluster => vec![arn("ecs", "cluster/${ClusterName}")],
        Resource::Clusters => vec![arn("ecs", "cluster/*")],
        Resource::CapacityProviders => vec![arn("ecs", "capacity-provider/*")],
        Resource::InClusters | Resource::Everything => vec!["*".to_owned()],
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

/// A text or a list of texts; of a list that is made by `!Split`, the text around each member.
fn listed(value: &Value) -> Vec<String> {
    if let Some([Value::String(comma), Value::Array(made)]) = value.as_array().map(Vec::as_slice)
        && comma == ","
    {
        return vec![made[0].as_str().unwrap().to_owned()];
    }
    let one = std::slice::from_ref(value);
    let all = value.as_array().map_or(one, Vec::as_slice);
    all.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What parameters may ask for, by the template's conditions.
const ASKED: [&str; 11] = [
    "OneCluster",
    "MayChange",
    "MayPassRoles",
    "MayRunJobs",
    "MayPassJobRoles",
    "MayScale",
    "MayRaiseMemory",
    "MayDrain",
    "MayAnswerHooks",
    "MayFallBack",
    "MayLimitCount",
];

/// A stack as its parameters make it: a bit for each of [`ASKED`].
#[derive(Debug, Clone, Copy)]
struct Stack(u16);

impl Stack {
    fn all() -> impl Iterator<Item = Self> {
        (0..1 << ASKED.len()).map(Self)
    }

    fn asks(self, condition: &str) -> bool {
        ASKED.iter().position(|asked| *asked == condition).is_some_and(|bit| self.0 & (1 << bit) != 0)
    }

    fn holds(self, condition: &str) -> bool {
        match condition {
            "MayUpdateServices" => {
                ["MayChange", "MayFallBack", "MayLimitCount"].into_iter().any(|asked| self.asks(asked))
            }
            "MaySetStrategiesOnly" => {
                self.asks("MayFallBack") && !self.asks("MayChange") && !self.asks("MayLimitCount")
            }
            "MayPassRoles" | "MayRaiseMemory" => self.asks("MayChange") && self.asks(condition),
            "MayPassJobRoles" => self.asks("MayRunJobs") && self.asks(condition),
            asked if ASKED.contains(&asked) => self.asks(asked),
            "HasSlackWebhook" | "HasSlackWebhookKey" | "HasSlackSecrets" | "HasSlackSecretsKey"
            | "HasAlertTopics" | "HasTaskLogs" | "HasScalingQueues" => true,
            // A key of one's own takes statements that are no port's: `tests/template/test_account.py` looks at them.
            "HasKey" => false,
            other => panic!("a condition that is not known here: {other}"),
        }
    }

    /// A value with every `!If` decided. Without its tag one is a list: condition, then, else.
    fn decided(self, value: &Value, conditions: &[&str]) -> Value {
        match value {
            Value::Array(items) => match items.as_slice() {
                [Value::String(name), then, otherwise] if conditions.contains(&name.as_str()) => {
                    self.decided(if self.holds(name) { then } else { otherwise }, conditions)
                }
                items => items
                    .iter()
                    .map(|item| self.decided(item, conditions))
                    .filter(|item| item != "AWS::NoValue")
                    .collect(),
            },
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), self.decided(member, conditions)))
                .filter(|(_, member)| member != "AWS::NoValue")
                .collect(),
            other => other.clone(),
        }
    }

    /// A role's statements.
    fn statements(self, template: &Value, role: &str) -> Vec<Value> {
        let names = template["Conditions"].as_object().unwrap().keys();
        let conditions: Vec<&str> = names.map(String::as_str).collect();
        let policies = template["Resources"][role]["Properties"]["Policies"].as_array().unwrap();
        assert_eq!(policies.len(), 1, "{role}");
        let statements = self.decided(&policies[0]["PolicyDocument"]["Statement"], &conditions);
        statements.as_array().unwrap().clone()
    }

    /// What of a role's declared need such a stack allows: changes and jobs only where it says so, each by itself. What hands
    /// over roles, or is a remedy that runs tasks that have some, only where it names roles.
    fn allows(self, role: &str, action: &str) -> bool {
        if role == "BatchRole" {
            return match action {
                "iam:PassRole" => self.holds("MayPassJobRoles"),
                "ecs:RunTask" | "ecs:StopTask" | "ecs:TagResource" => self.holds("MayRunJobs"),
                _ => true,
            };
        }
        if role == "ScalingRole" {
            return action != "ecs:UpdateService" || self.holds("MayScale");
        }
        let drains = <Ecs as Hosts>::ACCESS.iter().any(|need| need.actions.contains(&action));
        let is_read_elsewhere = matches!(
            action,
            "ecs:ListTasks"
                | "ecs:DescribeTasks"
                | "ecs:ListContainerInstances"
                | "ecs:DescribeContainerInstances"
        );
        if (drains && !is_read_elsewhere) || action == "ecs:UpdateContainerInstancesState" {
            return self.holds("MayDrain");
        }
        let changes = <Ecs as ChangeEcs>::ACCESS.iter().any(|need| need.actions.contains(&action));
        match action {
            "ecs:RunTask" | "iam:PassRole" => self.holds("MayPassRoles"),
            "ecs:RegisterTaskDefinition" | "ecs:TagResource" | "ecs:ListTaskDefinitions" => {
                self.holds("MayRaiseMemory")
            }
            // A change that begins with a read.
            "ecs:DescribeTaskDefinition" => true,
            "ecs:ContinueServiceDeployment" => self.holds("MayAnswerHooks"),
            "ecs:UpdateService" => self.holds("MayUpdateServices"),
            _ if changes => self.holds("MayChange"),
            _ => true,
        }
    }
}

#[test]
fn the_template_allows_what_the_ports_declare_and_lambda_needs_and_no_more() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let template: Value = serde_saphyr::from_str(&text).unwrap();
    for stack in Stack::all() {
        let mut lambda_of_notifications = of_lambda("TellQueue.Arn", "NotificationsLogGroup.Arn");
        // By SSM, where the SecureString has a key of the customer's.
        lambda_of_notifications.push(("kms:Decrypt", "SlackWebhookKeyArn"));
        let lambda_of_remediation = of_lambda("EventsQueue.Arn", "RemediationLogGroup.Arn");
        allows_what_is_declared(
            stack,
            &template,
            "RemediationRole",
            &role_of_remediation(),
            &lambda_of_remediation,
        );
        let mut lambda_of_batch = of_lambda("JobsQueue.Arn", "BatchLogGroup.Arn");
        // What failed for good.
        lambda_of_batch.push(("sqs:SendMessage", "JobsDeadLetterQueue.Arn"));
        allows_what_is_declared(stack, &template, "BatchRole", &role_of_batch(), &lambda_of_batch);
        let role = role_of_notifications();
        allows_what_is_declared(stack, &template, "NotificationsRole", &role, &lambda_of_notifications);
        // No queue invokes it.
        let lambda_of_scaling: Vec<(&str, &str)> = of_lambda("none", "ScalingLogGroup.Arn")
            .into_iter()
            .filter(|(action, _)| !action.starts_with("sqs:"))
            .collect();
        allows_what_is_declared(stack, &template, "ScalingRole", &role_of_scaling(), &lambda_of_scaling);
    }
}

/// Whether a role's statements allow an action on anything at all.
fn allows_at_all(statements: &[Value], action: &str) -> bool {
    statements.iter().any(|statement| listed(&statement["Action"]).iter().any(|allowed| allowed == action))
}

#[test]
fn scaling_does_nothing_that_its_role_does_not_allow_and_changes_no_service_where_it_may_not() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
    let template: Value = serde_saphyr::from_str(&text).unwrap();
    let calls = run(scaled::everything());
    let of_function = calls.iter().filter(|call| call.function == "scaling");
    let done: BTreeSet<&str> =
        of_function.flat_map(|call| call.touches.iter().map(|touch| touch.action.as_str())).collect();
    assert!(done.contains("ecs:UpdateService"), "{done:?}");
    for stack in Stack::all() {
        let statements = stack.statements(&template, "ScalingRole");
        let denied: Vec<&str> =
            done.iter().copied().filter(|action| !allows_at_all(&statements, action)).collect();
        let expected: &[&str] = if stack.holds("MayScale") { &[] } else { &["ecs:UpdateService"] };
        assert_eq!(denied, expected, "{stack:?}");
    }
}

fn allows_what_is_declared(
    stack: Stack,
    template: &Value,
    name: &str,
    role: &Role,
    of_lambda: &[(&'static str, &'static str)],
) {
    let mut declared: BTreeSet<(String, String)> =
        of_lambda.iter().map(|(action, on)| ((*action).to_owned(), (*on).to_owned())).collect();
    let needs = role.needs.iter().flat_map(|need| need.actions.iter().map(move |action| (need, *action)));
    let allows = |need: &Access, action: &str| {
        // Which instances there are is read in any case: what the nearest lacks is told.
        let is_told = action == "ecs:DescribeContainerInstances";
        let is_of_hosts = matches!(need.on, Resource::ContainerInstances) && !is_told;
        // Tasks are listed in any case, on whatever.
        let is_listed = action == "ecs:ListTasks" && is_of_hosts;
        stack.allows(name, action) && !is_listed && (!is_of_hosts || stack.holds("MayDrain"))
    };
    for (need, action) in needs.filter(|(need, action)| allows(need, action)) {
        let on = in_template(name, need.on, stack.holds("OneCluster"));
        declared.extend(on.into_iter().map(|on| (action.to_owned(), on)));
    }
    let mut allowed = BTreeSet::new();
    for statement in stack.statements(template, name) {
        assert_eq!(statement["Effect"], "Allow", "{name}: {statement}");
        let actions = listed(&statement["Action"]);
        for on in listed(&statement["Resource"]) {
            allowed.extend(actions.iter().map(|action| (action.clone(), on.clone())));
        }
        keys_are_as_declared(role, &actions, &statement);
        clusters_are_as_declared(role, stack, &actions, &statement);
    }
    assert_eq!(allowed, declared, "{name} of {stack:?}");
}

/// What has no ARN that names its cluster is bound by condition, where one cluster is looked after.
fn clusters_are_as_declared(role: &Role, stack: Stack, actions: &[String], statement: &Value) {
    let by_condition = |need: &Access| {
        // A revision is registered in no cluster: IAM has no such key for that.
        let of_no_cluster = need.method == "RegisterTaskDefinition";
        let is_in_one = matches!(need.on, Resource::InClusters | Resource::TaskDefinitions);
        is_in_one && !of_no_cluster && stack.holds("OneCluster")
    };
    let bound: BTreeSet<bool> = actions
        .iter()
        .filter(|action| action.starts_with("ecs:"))
        .map(|action| {
            role.needs.iter().any(|need| need.actions.contains(&action.as_str()) && by_condition(need))
        })
        .collect();
    let cluster = &statement["Condition"]["ArnEquals"]["ecs:cluster"];
    let arn = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${ClusterName}";
    assert!(bound.len() <= 1, "a statement is bound to its cluster as a whole: {statement}");
    assert_eq!(cluster == arn, bound.contains(&true), "{statement}");
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
