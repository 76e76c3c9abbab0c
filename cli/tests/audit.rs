//! `steward audit` as people and pipelines call it: the built command, the real SDK, the model of ECS over HTTP, and a stand-in
//! for IAM.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]
#![allow(clippy::disallowed_methods, reason = "the command line goes by the real time")]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward_sim::ecs::operation::ControlPlane;
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::throttle::{Bucket, Rate};
use steward_sim::ecs::{Behaviour, Ecs, Fate, Revision, Settings};
use steward_sim::lambda::clock::WallClock;
use steward_sim::lambda::gateway::{self, Fault, Gateway, When};
use steward_sim::lambda::iam::Iam;

const EXECUTION: &str = "arn:aws:iam::123456789012:role/execution";
const POOR: &str = "arn:aws:iam::123456789012:role/poor";

/// An account, an hour ago.
fn account() -> Ecs {
    let mut model = Ecs::new(Settings::new(Timestamp::now() - SignedDuration::from_hours(1), 7));
    model.add_cluster("shop");
    model
}

/// A definition that nothing can be said against.
fn good(family: &str) -> Value {
    json!({
        "family": family,
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "executionRoleArn": EXECUTION,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{
            "name": "app",
            "image": format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/{family}@sha256:{}", "0".repeat(64)),
            "essential": true,
            "healthCheck": {"command": ["CMD", "true"]},
            "stopTimeout": 60,
            "environment": [{"name": "LOG_LEVEL", "value": "info"}],
            "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": format!("/{family}"), "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "app"}},
        }],
    })
}

/// A service that nothing can be said against.
fn service(name: &str) -> Value {
    json!({
        "cluster": "shop",
        "serviceName": name,
        "taskDefinition": name,
        "desiredCount": 2,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "healthCheckGracePeriodSeconds": 60,
        "loadBalancers": [{"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/app/1",
            "containerName": "app", "containerPort": 8080}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"]}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
    })
}

fn add(model: &mut Ecs, definition: Value, service: Value, behaviour: Behaviour) {
    let request = serde_json::from_value(definition).unwrap();
    model.add_task_definition(&Revision::of(request, behaviour));
    model.add_service(&serde_json::from_value(service).unwrap()).unwrap();
}

fn add_good(model: &mut Ecs, name: &str) {
    add(model, good(name), service(name), Behaviour::serves());
}

/// IAM with a role that may do all that it needs.
fn iam() -> Iam {
    let iam = Iam::default();
    iam.allow(EXECUTION, &["ecr:*", "logs:*", "secretsmanager:GetSecretValue"], &["*"]);
    iam
}

/// What the command said and did.
struct Told {
    code: Option<i32>,
    out: String,
    errors: String,
    took: Duration,
    calls: Vec<gateway::Call>,
}

impl Told {
    fn calls(&self, operation: &str) -> usize {
        self.calls.iter().filter(|call| call.operation == operation).count()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.errors))
    }
}

/// Calls the command. The model has caught up with the time, and follows it.
fn audit(mut model: Ecs, iam: Iam, faults: &[(When, Fault)], arguments: &[&str]) -> Told {
    model.advance(Timestamp::now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let behind = gateway::Settings {
            ecs: Some(Endpoint::following(model, Arc::new(WallClock))),
            iam: Some(iam),
            ..gateway::Settings::default()
        };
        let gateway = Gateway::start(behind).await.unwrap();
        for (when, fault) in faults {
            gateway.inject(when.clone(), fault.clone());
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command
            .arg("audit")
            .args(arguments)
            .envs([("AWS_ENDPOINT_URL", gateway.url().as_str()), ("AWS_REGION", "eu-central-1")])
            .envs([("AWS_ACCESS_KEY_ID", "auditor"), ("AWS_SECRET_ACCESS_KEY", "test")])
            .envs([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")])
            .env("NO_PROXY", "127.0.0.1")
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::null());
        let begun = Instant::now();
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        Told {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
            took: begun.elapsed(),
            calls: gateway.calls(),
        }
    })
}

fn clean(services: usize) -> Ecs {
    let mut model = account();
    for number in 0..services {
        add_good(&mut model, &format!("web-{number}"));
    }
    model
}

/// Changes the good definition's container.
fn container(family: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut definition = good(family);
    change(&mut definition["containerDefinitions"][0]);
    definition
}

fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut service = service(name);
    change(&mut service);
    service
}

/// A cluster in one zone, in which every check of services has something to say.
fn messy() -> (Ecs, Iam) {
    let mut settings = Settings::new(Timestamp::now() - SignedDuration::from_hours(1), 7);
    settings.zones = vec!["eu-central-1a".to_owned()];
    let mut model = Ecs::new(settings);
    model.add_cluster("shop");
    let serves = Behaviour::serves;
    let careless = changed("careless", |service| {
        service["deploymentConfiguration"] = json!({"minimumHealthyPercent": 100, "maximumPercent": 100});
        service["enableExecuteCommand"] = json!(true);
        service["healthCheckGracePeriodSeconds"] = Value::Null;
        service["platformVersion"] = json!("1.3.0");
        service["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = json!(["subnet-1"]);
    });
    let loose = container("careless", |app| {
        app["logConfiguration"] = Value::Null;
        app["stopTimeout"] = Value::Null;
        app["image"] = json!("nginx:latest");
        app["environment"] = json!([{"name": "API_KEY", "value": "hunter2hunter2"}]);
    });
    add(&mut model, loose, careless, serves());
    let mut same = container("lonely", |app| {
        app["image"] = json!("nginx:1.27");
        app["healthCheck"] = Value::Null;
        app["stopTimeout"] = json!(121);
        app["dockerLabels"] = json!({"note": "x".repeat(60_000)});
    });
    same["taskRoleArn"] = json!(EXECUTION);
    let lonely = changed("lonely", |service| {
        service["desiredCount"] = json!(1);
        service["loadBalancers"] = json!([]);
        service["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] = json!(false);
    });
    add(&mut model, same, lonely, serves());
    let mut crowded = good("crowded");
    crowded["executionRoleArn"] = json!(POOR);
    let one = crowded["containerDefinitions"][0].clone();
    let many: Vec<Value> = (0..9)
        .map(|number| {
            let mut next = one.clone();
            next["name"] = json!(if number == 0 { "app".to_owned() } else { format!("sidecar-{number}") });
            next
        })
        .collect();
    crowded["containerDefinitions"] = many.into();
    crowded["requiresCompatibilities"] = json!([]);
    // On hosts, of which there are none: 4,500 tasks are wanted and none is made.
    add(&mut model, crowded, changed("crowded", |service| service["desiredCount"] = json!(2)), serves());
    let huge = changed("huge", |service| {
        service["launchType"] = json!("EC2");
        service["desiredCount"] = json!(4_500);
        service["platformVersion"] = Value::Null;
    });
    add(&mut model, good("huge"), huge, serves());
    let failing = changed("failing", |service| service["deploymentConfiguration"] = json!({}));
    add(&mut model, good("failing"), failing, Behaviour::new(Fate::CrashesAtBoot { exit_code: 1 }));
    let iam = iam();
    iam.allow(POOR, &["ecr:BatchGetImage"], &["*"]);
    (model, iam)
}

#[test]
fn a_clean_cluster_takes_one_line() {
    let told = audit(clean(3), iam(), &[], &["shop", "--fail-on", "note"]);
    assert_eq!((told.code, told.errors.as_str()), (Some(0), ""), "{}", told.out);
    assert_eq!(told.out, "shop: 3 services and 24 checks looked at: nothing found\n");
}

#[test]
fn nothing_but_reads_is_called() {
    let told = audit(clean(1), iam(), &[], &["shop"]);
    let called: BTreeSet<&str> = told.calls.iter().map(|call| call.operation.as_str()).collect();
    let reads = [
        "DescribeServices",
        "DescribeTaskDefinition",
        "DescribeTasks",
        "ListServices",
        "ListTasks",
        "SimulatePrincipalPolicy",
    ];
    assert_eq!(called, BTreeSet::from(reads));
}

#[test]
fn every_check_of_services_speaks_in_a_messy_cluster_and_no_secret_is_shown() {
    let (model, iam) = messy();
    let told = audit(model, iam, &[], &["shop", "--format", "json"]);
    assert_eq!(told.code, Some(1), "{}", told.errors);
    let document = told.json();
    let found: BTreeSet<&str> =
        document["findings"].as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    let missing: Vec<&str> = steward::audit::CHECKS
        .iter()
        .map(|check| check.id)
        .filter(|id| *id != "cluster_near_services" && !found.contains(id))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "{document:#}");
    assert_eq!(document["unseen"], json!([]));
    assert!(told.out.contains("API_KEY") && !told.out.contains("hunter2"));
}

#[test]
fn text_and_sarif_say_the_same() {
    let (model, iam) = messy();
    let text = audit(model, iam, &[], &["shop", "--service", "careless"]);
    assert_eq!(text.code, Some(1), "{}", text.errors);
    assert!(text.out.contains("careless: ") && !text.out.contains("lonely"), "{}", text.out);
    assert!(text.out.contains("API_KEY, by its name") && !text.out.contains("hunter2"), "{}", text.out);
    let (model, iam) = messy();
    let sarif = audit(model, iam, &[], &["shop", "--service", "careless", "--format", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    for result in results {
        assert!(text.out.contains(result["ruleId"].as_str().unwrap()), "{result}");
        let place = &result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
        assert_eq!(place, "arn:aws:ecs:eu-central-1:123456789012:service/shop/careless");
    }
    assert!(!results.is_empty() && !sarif.to_string().contains("hunter2"));
}

#[test]
fn the_exit_code_is_by_severity_and_what_is_ignored_does_not_count() {
    let tagged = || {
        let mut model = account();
        let by_tag = container("web", |app| app["image"] = json!("nginx:1.27"));
        add(&mut model, by_tag, service("web"), Behaviour::serves());
        model
    };
    for (arguments, code) in [
        (&["shop"][..], 0),
        (&["shop", "--fail-on", "warning"], 0),
        (&["shop", "--fail-on", "note"], 1),
        (&["shop", "--fail-on", "note", "--ignore", "image_by_tag"], 0),
        (&["shop", "--fail-on", "never"], 0),
    ] {
        let told = audit(tagged(), iam(), &[], arguments);
        assert_eq!(told.code, Some(code), "{arguments:?}: {}{}", told.out, told.errors);
    }
}

#[test]
fn what_is_denied_is_said_and_is_no_finding() {
    let denied =
        |service: &str, operation: &str| (When::any().service(service).operation(operation), Fault::Deny);
    let faults = [denied("ecs", "DescribeTaskDefinition"), denied("ecs", "ListTasks")];
    let told = audit(clean(2), iam(), &faults, &["shop", "--fail-on", "note"]);
    assert_eq!((told.code, told.errors.as_str()), (Some(0), ""), "{}", told.out);
    for part in [
        "nothing found in what could be seen",
        "ecs:DescribeTaskDefinition is not allowed",
        "ecs:ListTasks is not allowed",
        "one_zone, retry_storm of 2 services",
    ] {
        assert!(told.out.contains(part), "{part}: {}", told.out);
    }
    let told = audit(clean(2), iam(), &[denied("iam", "SimulatePrincipalPolicy")], &["shop"]);
    assert_eq!(told.code, Some(0), "{}", told.errors);
    assert!(told.out.contains("iam:SimulatePrincipalPolicy is not allowed"), "{}", told.out);
    assert!(told.out.contains("execution_role_denied, execution_role_may_be_denied"), "{}", told.out);
}

#[test]
fn what_cannot_be_read_at_all_ends_with_2() {
    let told = audit(clean(1), iam(), &[], &["nowhere"]);
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    assert!(told.errors.contains("there is no cluster nowhere"), "{}", told.errors);
    let denied = (When::any().operation("DescribeServices"), Fault::Deny);
    let told = audit(clean(1), iam(), &[denied], &["shop"]);
    assert_eq!((told.code, told.out.as_str()), (Some(2), ""));
    assert!(told.errors.contains("ecs:DescribeServices"), "{}", told.errors);
}

#[test]
fn an_unknown_check_is_an_error_that_lists_those_there_are() {
    let told = audit(account(), iam(), &[], &["shop", "--ignore", "breaker"]);
    assert_eq!(told.code, Some(2));
    assert!(told.errors.contains("breaker_off, breaker_without_rollback"), "{}", told.errors);
    let told = audit(account(), iam(), &[], &["--checks"]);
    assert_eq!((told.code, told.calls.len()), (Some(0), 0), "{}", told.errors);
    assert!(told.out.contains("breaker_off (error)"), "{}", told.out);
}

#[test]
fn it_goes_on_where_others_use_the_allowance_up() {
    let mut model = clean(30);
    model.throttle().set(Bucket::TaskDefinitionReads, Rate { burst: 5, refill: 5 });
    let told = audit(model, iam(), &[], &["shop", "--fail-on", "note"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.errors);
    let throttled = told.calls.iter().filter(|call| call.status == Some(400)).count();
    assert!(throttled > 0, "the bucket is too small for it");
    assert!(told.out.contains("30 services") && told.out.ends_with("nothing found\n"), "{}", told.out);
}

/// The bound is the owner's: 500 services, each with a definition of its own, within a minute under the throttles of ECS.
#[test]
fn a_cluster_of_500_services_takes_less_than_a_minute() {
    let told = audit(clean(500), iam(), &[], &["shop", "--fail-on", "note"]);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.errors);
    assert!(told.out.starts_with("shop: 500 services"), "{}", told.out);
    assert_eq!(told.calls("DescribeTaskDefinition"), 500);
    let throttled = told.calls.iter().filter(|call| call.status == Some(400)).count();
    println!(
        "500 services: {:.1} s, {} calls, {throttled} of them throttled",
        told.took.as_secs_f64(),
        told.calls.len()
    );
    assert!(told.took < Duration::from_mins(1), "{:?}", told.took);
}
