//! Least privilege, by record: what the functions do on the wire is what their ports declare, and what the translated template's roles
//! allow. That these allow nothing else is held by `tests/template`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::arn::ClusterArn;
use steward::aws::{DynamoLedger, Ecs, Stacks, TaskEvidence, TellQueue};
use steward::batch::{Happened, JobName, Trouble};
use steward::ledger::{Owner, Transaction, Write, push_news};
use steward::notification::Subject;
use steward::permissions::{Function, Grants};
use steward::ports::{
    Access, ChangeEcs, DescribeEcs, Evidence, Hosts, Ledger, Owners, Resource, Role, RunTasks, Tell,
};
use steward_sim::house::{CONFIGURATION, EVENTS, House, TABLE, TELL, WEBHOOK};
use steward_sim::iam::Policy;
use steward_sim::lambda::gateway::{self, Call, Fault, Gateway, Touch, When};
use steward_sim::lambda::queue;
use steward_sim::lambda::sqs::Sqs;
use steward_sim::slack::Reply;

use crate::jobs;
use crate::scaling as scaled;
use crate::stack;
use crate::support::{PATIENCE, house, plan, run, sdk_at, stop, sweep_until_queued, target};

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
        // A person's to move.
        Resource::DeadLetterQueues => false,
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

/// All that functions do when nobody and nothing is in their way.
async fn recorded() -> Vec<Call> {
    let mut calls = everything().await;
    calls.extend(jobs::everything().await);
    calls.extend(scaled::everything().await);
    calls
}

fn touches_of(function: Function, calls: &[Call]) -> BTreeSet<Touch> {
    let of_function = calls.iter().filter(|call| call.function == function.as_str());
    of_function.flat_map(|call| call.touches.clone()).collect()
}

/// What of it a policy does not allow.
pub(crate) fn denied<'touch>(
    policy: &Policy,
    touches: impl IntoIterator<Item = &'touch Touch>,
) -> Vec<&'touch Touch> {
    touches.into_iter().filter(|touch| !policy.allows(&touch.request())).collect()
}

#[test]
fn functions_do_what_their_ports_declare_and_declare_nothing_that_they_never_do() {
    run(async {
        let calls = recorded().await;
        for function in Function::ALL {
            let (name, role) = (function.as_str(), stack::role(function));
            let touches = touches_of(function, &calls);
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
            is_allowed_by_the_template(function, &touches);
            is_bound_to_its_cluster(function, &touches);
        }
        let functions = Function::ALL.map(Function::as_str);
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

/// By the role that the template gives it, and by no less: each action that it lacks is missed.
fn is_allowed_by_the_template(function: Function, touches: &BTreeSet<Touch>) {
    let name = function.as_str();
    let documents = stack::documents(function, &stack::everything());
    assert_eq!(denied(&stack::policy(&documents), touches), Vec::<&Touch>::new(), "{name}");
    let actions: BTreeSet<&str> = touches.iter().map(|touch| touch.action.as_str()).collect();
    assert!(actions.len() > 5, "{name}: {actions:?}");
    for action in actions {
        let without: Vec<Value> = documents.iter().map(|document| without(document, action)).collect();
        assert_ne!(
            denied(&stack::policy(&without), touches),
            Vec::<&Touch>::new(),
            "{name} without {action}"
        );
    }
    // What `steward iam` prints is as good.
    assert_eq!(
        denied(&stack::declared(function, &stack::everything()), touches),
        Vec::<&Touch>::new(),
        "{name}"
    );
}

/// A policy without an action.
fn without(document: &Value, action: &str) -> Value {
    let mut document = document.clone();
    for statement in document["Statement"].as_array_mut().unwrap() {
        let actions =
            statement["Action"].as_array().cloned().unwrap_or_else(|| vec![statement["Action"].clone()]);
        let rest: Vec<Value> = actions.into_iter().filter(|known| known != action).collect();
        // IAM takes no statement without actions.
        statement["Action"] = if rest.is_empty() { json!("none:None") } else { json!(rest) };
    }
    document
}

/// Where one cluster is looked after, calls about that one pass, and those about another do not.
fn is_bound_to_its_cluster(function: Function, touches: &BTreeSet<Touch>) {
    let cluster_of = |touch: &Touch| {
        let named =
            touch.context.iter().find(|(key, _)| *key == "ecs:cluster").map(|(_, values)| values[0].clone());
        let rest = touch.resource.splitn(6, ':').last().unwrap_or_default().split('/').collect::<Vec<_>>();
        match rest.as_slice() {
            [
                "service" | "task" | "service-deployment" | "service-revision" | "container-instance",
                cluster,
                _,
                ..,
            ]
            | ["cluster", cluster] => Some((*cluster).to_owned()),
            _ => named.and_then(|arn| arn.rsplit('/').next().map(str::to_owned)),
        }
    };
    let policy = |cluster: &str| {
        let grants = Grants { cluster: Some(cluster.to_owned()), ..stack::everything() };
        stack::granted(function, &grants)
    };
    let other = policy("another");
    for touch in touches {
        // A definition is of no cluster, and read in any case.
        let Some(cluster) = cluster_of(touch).filter(|_| touch.action.starts_with("ecs:")) else { continue };
        assert!(policy(&cluster).allows(&touch.request()), "{function:?}: {touch:?}");
        assert!(!other.allows(&touch.request()), "{function:?}: {touch:?}");
    }
}

#[test]
fn what_a_role_does_not_allow_is_refused_in_every_test_of_the_wire() {
    run(async {
        let sqs = Sqs::default();
        sqs.create_queue(TELL, queue::Settings::default()).unwrap();
        let nothing = BTreeMap::from([("AKIAADAPTER".to_owned(), Policy::default())]);
        let behind =
            gateway::Settings { sqs: Some(sqs.clone()), policies: nothing, ..gateway::Settings::default() };
        let gateway = Gateway::start(behind).await.unwrap();
        let tell = TellQueue::new(&sdk_at(&gateway.url()), sqs.queue_url(TELL));
        let subject = Subject::Incident { target: target("api"), opened_at: Timestamp::now() };
        let error = tell.nudge(&subject, SignedDuration::ZERO).await.unwrap_err().to_string();
        assert!(error.contains("not authorized to perform: sqs:SendMessage"), "{error}");
        assert_eq!(gateway.calls()[0].fault, Some("deny"));
        assert_eq!(plan().policies.len(), Function::ALL.len());
    });
}

#[test]
fn scaling_does_nothing_that_its_role_does_not_allow_and_changes_no_service_where_it_may_not() {
    let touches = touches_of(Function::Scaling, &run(scaled::everything()));
    assert!(touches.iter().any(|touch| touch.action == "ecs:UpdateService"), "{touches:?}");
    let may_not = Grants { scaling: false, ..stack::everything() };
    let denied = denied(&stack::granted(Function::Scaling, &may_not), &touches);
    let actions: BTreeSet<&str> = denied.iter().map(|touch| touch.action.as_str()).collect();
    assert_eq!(actions, BTreeSet::from(["ecs:UpdateService"]));
}
