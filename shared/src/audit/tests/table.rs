//! Each check: where it speaks, the nearest case in which it does not, and what it says when it cannot see.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::*;
use crate::diagnosis::Cause;

/// What is expected.
enum Says {
    /// It is found, and the evidence, joined, is this.
    This(&'static str),
    Nothing,
    CannotSee,
}

use Says::{CannotSee, Nothing, This};

type Row = (&'static str, Says, fn(&mut Facts));

fn unknown<T>() -> Observed<T> {
    Observed::Unknown(DENIED.to_owned())
}

fn failures(count: usize, minutes_ago: i64) -> Observed<Vec<Failure>> {
    let at = now() - SignedDuration::from_mins(minutes_ago);
    Observed::Known(vec![Failure { at, cause: Cause::ImageNotFound }; count])
}

fn zones(all: &[(&str, u32)], nowhere: u32) -> Observed<Running> {
    let by_zone = all.iter().map(|(zone, tasks)| ((*zone).to_owned(), *tasks)).collect();
    Observed::Known(Running { by_zone, nowhere })
}

#[rustfmt::skip]
#[allow(clippy::too_many_lines, reason = "a table")]
fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = vec![
        ("breaker_off", This("deploymentCircuitBreaker is not enabled"), |f| f.service.ecs.breaker.is_enabled = false),
        ("breaker_off", Nothing, |f| f.service.ecs.breaker.rolls_back = false),
        ("breaker_off", Nothing, |f| { f.service.ecs.breaker.is_enabled = false; f.service.ecs.controller = Controller::CodeDeploy }),
        ("breaker_off", Nothing, |f| { f.service.ecs.breaker.is_enabled = false; f.service.ecs.is_rolling = false }),
        ("breaker_without_rollback", This("deploymentCircuitBreaker has rollback: false"), |f| f.service.ecs.breaker.rolls_back = false),
        ("breaker_without_rollback", Nothing, |f| f.service.ecs.breaker = Watch::default()),
        ("deployment_cannot_move", This("minimumHealthyPercent 100 and maximumPercent 100 of 2 desired"), |f| f.service.maximum_percent = Some(100)),
        ("deployment_cannot_move", Nothing, |f| f.service.maximum_percent = Some(150)),
        ("deployment_cannot_move", This("minimumHealthyPercent 100 and maximumPercent 149 of 2 desired"), |f| f.service.maximum_percent = Some(149)),
        ("deployment_cannot_move", This("minimumHealthyPercent 51 and maximumPercent 100 of 2 desired"), |f| { f.service.minimum_percent = Some(51); f.service.maximum_percent = Some(100) }),
        ("deployment_cannot_move", Nothing, |f| { f.service.minimum_percent = Some(50); f.service.maximum_percent = Some(100) }),
        ("deployment_cannot_move", This("minimumHealthyPercent 100 and maximumPercent 100 of 0 desired"), |f| { f.service.ecs.desired = DesiredCount(0); f.service.maximum_percent = Some(100) }),
        ("deployment_cannot_move", Nothing, |f| f.service.ecs.desired = DesiredCount(0)),
        ("deployment_cannot_move", CannotSee, |f| f.service.maximum_percent = None),
        ("retry_storm", This("5 tasks failed within 30 minutes: image_not_found, the image does not exist"), |f| f.failures = failures(5, 30)),
        ("retry_storm", Nothing, |f| f.failures = failures(4, 30)),
        ("retry_storm", Nothing, |f| f.failures = failures(5, 31)),
        ("retry_storm", Nothing, |f| { f.failures = failures(9, 1); f.service.ecs.desired = DesiredCount(20) }),
        ("retry_storm", This("the deployment under way has 5 failed tasks"), |f| f.service.ecs.deployments = vec![deployment(Rollout::InProgress, 5)]),
        ("retry_storm", Nothing, |f| f.service.ecs.deployments = vec![deployment(Rollout::Completed, 5)]),
        ("retry_storm", CannotSee, |f| f.failures = unknown()),
        ("retry_storm", This("the deployment under way has 5 failed tasks"), |f| { f.failures = unknown(); f.service.ecs.deployments = vec![deployment(Rollout::InProgress, 5)] }),
        ("no_health_check", This("no load balancer, and no essential container has a healthCheck"), |f| { f.service.has_load_balancer = false; f.definition = container("healthCheck", Value::Null) }),
        ("no_health_check", This("no load balancer, and no essential container has a healthCheck"), |f| { f.service.has_load_balancer = false; f.definition = container("healthCheck", json!({"command": ["NONE"]})) }),
        ("no_health_check", Nothing, |f| f.service.has_load_balancer = false),
        ("no_health_check", Nothing, |f| f.definition = container("healthCheck", Value::Null)),
        ("no_health_check", CannotSee, |f| { f.service.has_load_balancer = false; f.definition = unknown() }),
        ("no_grace_period", This("behind a load balancer, and healthCheckGracePeriodSeconds is 0"), |f| f.service.grace = None),
        ("no_grace_period", This("behind a load balancer, and healthCheckGracePeriodSeconds is 0"), |f| f.service.grace = Some(0)),
        ("no_grace_period", Nothing, |f| { f.service.grace = None; f.service.has_load_balancer = false }),
        ("one_task", This("the desired count is 1"), |f| f.service.ecs.desired = DesiredCount(1)),
        ("one_task", Nothing, |f| f.service.ecs.desired = DesiredCount(0)),
        ("one_task", Nothing, |f| { f.service.ecs.desired = DesiredCount(1); f.service.is_daemon = true }),
        ("one_zone", This("2 tasks run, all in eu-central-1a"), |f| f.running = zones(&[("eu-central-1a", 2)], 0)),
        ("one_zone", Nothing, |f| f.running = zones(&[("eu-central-1a", 1)], 0)),
        ("one_zone", Nothing, |f| f.running = zones(&[], 0)),
        ("one_zone", Nothing, |f| { f.running = zones(&[("eu-central-1a", 2)], 0); f.service.is_daemon = true }),
        ("one_zone", CannotSee, |f| f.running = unknown()),
        ("one_zone", CannotSee, |f| f.running = zones(&[], 2)),
        ("one_subnet", This("awsvpcConfiguration names one subnet"), |f| f.service.subnets = Some(1)),
        ("one_subnet", Nothing, |f| f.service.subnets = None),
        ("platform_version_retired", This("platformVersion is 1.3.0"), |f| f.service.platform_version = Some("1.3.0".into())),
        ("platform_version_retired", Nothing, |f| f.service.platform_version = Some("1.4.0".into())),
        ("platform_version_retired", Nothing, |f| { f.service.platform_version = Some("1.0.0".into());
            f.definition = changed(|d| d["runtimePlatform"] = json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"})); }),
        ("platform_version_retired", CannotSee, |f| { f.service.platform_version = Some("1.0.0".into()); f.definition = unknown() }),
        ("no_logs", This("app: no logConfiguration"), |f| f.definition = container("logConfiguration", Value::Null)),
        ("no_logs", Nothing, |f| f.definition = container("logConfiguration", json!({"logDriver": "awsfirelens"}))),
        ("secret_in_environment", This("app: DB_PASSWORD, by its name"), |f| f.definition = container("environment", json!([{"name": "DB_PASSWORD", "value": "hunter2"}]))),
        ("secret_in_environment", This("app: DATABASE, by how its value is written"), |f| f.definition = container("environment", json!([{"name": "DATABASE", "value": "postgres://a:hunter2@db/a"}]))),
        ("secret_in_environment", Nothing, |f| f.definition = container("environment", json!([{"name": "DB_PASSWORD_FILE", "value": "/run/db"}]))),
        ("stop_timeout_unset", This("app: is killed after 30 seconds"), |f| f.definition = container("stopTimeout", Value::Null)),
        ("stop_timeout_unset", This("app: is killed after 30 seconds, and runs on Spot"), |f| { f.definition = container("stopTimeout", Value::Null); f.service.is_on_spot = true }),
        ("stop_timeout_unset", Nothing, |f| f.definition = changed(|d| { d["containerDefinitions"][0]["stopTimeout"] = Value::Null; d["containerDefinitions"][0]["essential"] = json!(false) })),
        ("stop_timeout_too_long", This("app: stopTimeout is 121"), |f| f.definition = container("stopTimeout", json!(121))),
        ("stop_timeout_too_long", Nothing, |f| f.definition = container("stopTimeout", json!(120))),
        ("stop_timeout_too_long", Nothing, |f| { f.definition = container("stopTimeout", json!(600)); f.service.launch = Launch::Ec2 }),
        ("image_latest", This("app: nginx"), |f| f.definition = container("image", json!("nginx"))),
        ("image_latest", This("app: nginx:latest"), |f| f.definition = container("image", json!("nginx:latest"))),
        ("image_latest", Nothing, |f| f.definition = container("image", json!("nginx:1.27"))),
        ("image_latest", Nothing, |f| f.definition = container("image", json!("nginx:latest@sha256:0123"))),
        ("image_by_tag", This("app: nginx:1.27"), |f| f.definition = container("image", json!("nginx:1.27"))),
        ("image_by_tag", Nothing, |f| f.definition = container("image", json!("nginx:latest"))),
        ("execute_command_on", This("enableExecuteCommand is true"), |f| f.service.execute_command = true),
        ("execute_command_on", Nothing, |_| {}),
        ("same_role", This("both are arn:aws:iam::123456789012:role/web"), |f| f.definition = changed(|d| d["executionRoleArn"] = d["taskRoleArn"].clone())),
        ("same_role", Nothing, |f| f.definition = changed(|d| { d["executionRoleArn"] = Value::Null; d["taskRoleArn"] = Value::Null })),
        ("execution_role_denied", This("ecr:GetAuthorizationToken on *"), |f| f.permissions = rulings(|all| rule(all, "ecr:GetAuthorizationToken", &Ruling::NotAllowed))),
        ("execution_role_denied", This("secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"),
            |f| f.permissions = rulings(|all| rule(all, "secretsmanager:GetSecretValue", &Ruling::Denied))),
        ("execution_role_denied", Nothing, |f| f.permissions = rulings(|all| rule(all, "secretsmanager:GetSecretValue", &Ruling::NotAllowed))),
        ("execution_role_denied", Nothing, |f| f.permissions = Observed::Absent),
        ("execution_role_denied", CannotSee, |f| f.permissions = unknown()),
        ("execution_role_denied", CannotSee, |f| f.permissions = rulings(BTreeMap::clear)),
        ("execution_role_denied", CannotSee, |f| f.permissions = rulings(|all| rule(all, "ecr:BatchGetImage", &Ruling::DependsOn(vec!["aws:SourceVpce".into()])))),
        ("execution_role_may_be_denied", This("secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"),
            |f| f.permissions = rulings(|all| rule(all, "secretsmanager:GetSecretValue", &Ruling::NotAllowed))),
        ("execution_role_may_be_denied", Nothing, |f| f.permissions = rulings(|all| rule(all, "secretsmanager:GetSecretValue", &Ruling::Denied))),
        ("execution_role_may_be_denied", CannotSee, |f| f.permissions = unknown()),
        ("definition_near_size", This("58983 of 65536 bytes"), |f| f.definition = of_size(58_983)),
        ("definition_near_size", Nothing, |f| f.definition = of_size(58_982)),
        ("definition_near_containers", This("9 of 10 containers"), |f| f.definition = of_containers(9)),
        ("definition_near_containers", Nothing, |f| f.definition = of_containers(8)),
        ("service_near_tasks", This("4500 of 5000 tasks"), |f| f.service.ecs.desired = DesiredCount(4_500)),
        ("service_near_tasks", Nothing, |f| f.service.ecs.desired = DesiredCount(4_499)),
        ("service_near_tasks", This("900 of 1000 tasks"), |f| { f.service.ecs.desired = DesiredCount(900); f.service.is_discovered = true }),
        ("service_near_tasks", Nothing, |f| f.service.ecs.desired = DesiredCount(900)),
    ];
    for id in ["no_logs", "secret_in_environment", "stop_timeout_unset", "stop_timeout_too_long", "image_latest", "image_by_tag",
        "same_role", "execution_role_denied", "execution_role_may_be_denied", "definition_near_size", "definition_near_containers"] {
        rows.push((id, CannotSee, |f| f.definition = unknown()));
        rows.push((id, Nothing, |f| f.definition = Observed::Absent));
    }
    rows
}

fn of_size(size: usize) -> Observed<Rc<Definition>> {
    let empty = Definition::read(&good()).unwrap().size;
    let label = "x".repeat(size - empty - r#","dockerLabels":{"x":""}"#.len());
    let padded = container("dockerLabels", json!({"x": label}));
    assert_eq!(padded.known().unwrap().size, size);
    padded
}

fn of_containers(count: usize) -> Observed<Rc<Definition>> {
    changed(|definition| {
        let one = definition["containerDefinitions"][0].clone();
        definition["containerDefinitions"] = vec![one; count].into();
    })
}

fn look(check: &Check, facts: &Facts) -> Seen {
    match check.look {
        Look::Service(look) => look(facts, now()),
        Look::Cluster(_) => panic!("{} looks at the cluster", check.id),
    }
}

#[test]
fn each_check_says_what_its_row_says() {
    for (number, (id, says, change)) in rows().into_iter().enumerate() {
        let mut facts = clean("web");
        change(&mut facts);
        let seen = look(check(id).unwrap(), &facts);
        match (says, seen) {
            (This(text), Seen::Found(evidence)) => {
                let evidence: Vec<&str> = evidence.iter().map(AsRef::as_ref).collect();
                assert_eq!(evidence.join("; "), text, "{id}, row {number}");
            }
            (Nothing, Seen::Nothing) => {}
            (CannotSee, Seen::Unseen(why)) => assert!(!why.is_empty(), "{id}, row {number}"),
            (_, seen) => panic!("{id}, row {number}: {seen:?}"),
        }
    }
}

#[test]
fn each_check_has_a_row_in_which_it_speaks_one_in_which_it_does_not_and_one_in_which_it_cannot_see() {
    // These look at what DescribeServices answers, and without that there is no service to look at.
    let sees_always = [
        "breaker_off",
        "breaker_without_rollback",
        "no_grace_period",
        "one_task",
        "one_subnet",
        "execute_command_on",
        "service_near_tasks",
    ];
    let (mut speaks, mut silent, mut unseen) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (id, says, _) in rows() {
        match says {
            This(_) => speaks.insert(id),
            Nothing => silent.insert(id),
            CannotSee => unseen.insert(id),
        };
    }
    unseen.extend(sees_always);
    for check in CHECKS.iter().filter(|check| matches!(check.look, Look::Service(_))) {
        let has = [&speaks, &silent, &unseen].map(|rows| rows.contains(check.id));
        assert_eq!(has, [true; 3], "{}", check.id);
    }
}

#[test]
fn a_cluster_that_is_nearly_full_is_told_of() {
    let check = check("cluster_near_services").unwrap();
    let Look::Cluster(look) = check.look else { panic!("it looks at the cluster") };
    assert!(matches!(look(&cluster(4_500)), Seen::Found(_)));
    assert_eq!(look(&cluster(4_499)), Seen::Nothing);
    let unread = ClusterFacts { services: Observed::Unknown(DENIED.to_owned()), ..cluster(1) };
    assert_eq!(look(&unread), Seen::Unseen(DENIED.to_owned()));
}

#[test]
fn ids_are_words_that_occur_once_and_everything_is_said_in_sentences() {
    let ids: BTreeSet<&str> = CHECKS.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), CHECKS.len());
    for check in CHECKS {
        assert!(check.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", check.id);
        assert!(check.reason.ends_with('.') && check.fix.ends_with('.'), "{}", check.id);
        assert!(!check.title.ends_with('.') && check.title.len() <= 72, "{}", check.id);
        assert!(check.source.url.starts_with("https://docs.aws.amazon.com/"), "{}", check.id);
    }
}
