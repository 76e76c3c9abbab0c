//! Rolling deployments, the circuit breaker, and ways back.

use serde_json::json;

use super::super::{Happening, PullFailure};
use super::*;

const BAD_IMAGE: Fate = Fate::CannotPull(PullFailure::NotFound);
const MINUTE: Duration = Duration::from_mins(1);

fn with_breaker(rollback: bool) -> World {
    let mut world = World::new(21);
    world.define(Behaviour::serves());
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 2).with_breaker(rollback)).unwrap();
    world.pass(MINUTE * 10);
    world.events.clear();
    world
}

fn primary(world: &mut World) -> Value {
    world.service("api")["deployments"][0].clone()
}

#[test]
fn a_deployment_replaces_all_tasks_and_completes() {
    let mut world = World::steady(1);
    let old = primary(&mut world)["id"].clone();
    let arn = world.define(Behaviour::serves());
    world.update(&arn);
    world.pass(MINUTE * 10);
    let service = world.service("api");
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(service["deployments"][0]["taskDefinition"], *arn);
    assert_ne!(service["deployments"][0]["id"], old);
    assert_eq!(
        world.names(),
        ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_STEADY_STATE"]
    );
    assert!(world.running().iter().all(|task| task["taskDefinitionArn"] == *arn));
    assert_eq!(world.service_deployment()["status"], "SUCCESSFUL");
    assert!(service.get("currentServiceDeployment").is_none());
}

#[test]
fn another_strategy_takes_a_forced_deployment_and_the_same_one_takes_none() {
    let mut world = World::steady(4);
    let update = |forced: Value| {
        json!({
            "cluster": CLUSTER, "service": "api", "forceNewDeployment": forced,
            "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }],
        })
    };
    let before = primary(&mut world)["id"].clone();
    let error = world.ecs.call("person", "UpdateService", &update(Value::Null)).unwrap_err();
    assert!(error.to_string().contains("you must force a new deployment"), "{error}");
    assert_eq!(primary(&mut world)["id"], before);
    world.ecs.call("person", "UpdateService", &update(json!(true))).unwrap();
    let after = primary(&mut world)["id"].clone();
    assert_ne!(after, before);
    world.ecs.call("person", "UpdateService", &update(Value::Null)).unwrap();
    assert_eq!(primary(&mut world)["id"], after);
    world.pass(MINUTE * 10);
    assert!(world.running().iter().all(|task| task["capacityProviderName"] == "FARGATE_SPOT"));
}

/// The most and the least of running tasks, looked at every second of a deployment.
fn bounds(minimum: u32, maximum: u32) -> (u64, u64) {
    let mut world = World::new(6);
    world.define(Behaviour::serves());
    let request = fargate_service(CLUSTER, "api", "api:1", 4).with_percents(minimum, maximum);
    world.ecs.add_service(&request).unwrap();
    world.pass(MINUTE * 10);
    let arn = world.define(Behaviour::serves());
    world.update(&arn);
    let (mut least, mut most) = (u64::MAX, 0);
    for _ in 0..900 {
        world.pass(Duration::from_secs(1));
        let healthy = world.running().iter().filter(|task| task["lastStatus"] == "RUNNING").count() as u64;
        least = least.min(healthy);
        most = most.max(world.running().len() as u64);
    }
    assert_eq!(primary(&mut world)["rolloutState"], "COMPLETED");
    (least, most)
}

#[test]
fn a_deployment_stays_within_its_percentages() {
    assert_eq!(bounds(100, 200), (4, 8));
    let (least, most) = bounds(50, 100);
    assert!(least >= 2 && most <= 4, "{least} {most}");
    let (least, most) = bounds(100, 150);
    assert!(least >= 4 && most <= 6, "{least} {most}");
}

#[test]
fn one_task_with_100_and_100_percent_never_gets_anywhere() {
    let mut world = World::new(6);
    world.define(Behaviour::serves());
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 1).with_percents(100, 100)).unwrap();
    world.pass(MINUTE * 10);
    let arn = world.define(Behaviour::serves());
    world.update(&arn);
    world.pass(Duration::from_hours(6));
    assert_eq!(primary(&mut world)["rolloutState"], "IN_PROGRESS");
    assert_eq!(world.running().len(), 1);
}

#[test]
fn a_bad_image_without_a_breaker_stays_in_progress_and_is_tried_ever_more_slowly() {
    let mut world = World::steady(1);
    let arn = world.fate(BAD_IMAGE);
    world.update(&arn);
    world.pass(MINUTE * 40);
    assert_eq!(world.count("SERVICE_TASK_START_IMPAIRED"), 1);
    world.events.clear();
    world.pass(Duration::from_hours(6));
    let started =
        world.events.iter().filter(|emitted| emitted.event["detail"]["lastStatus"] == "PROVISIONING").count();
    // Two tasks a round, a round every quarter of an hour.
    assert!((40..=52).contains(&started), "{started}");
    let service = world.service("api");
    assert_eq!(service["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(service["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(service["runningCount"], 2);
    assert_eq!(world.count("SERVICE_DEPLOYMENT_FAILED"), 0);
}

#[test]
fn the_breaker_fails_a_deployment_and_goes_back_under_the_old_id() {
    let mut world = with_breaker(true);
    let good = primary(&mut world)["id"].clone();
    let arn = world.fate(BAD_IMAGE);
    world.update(&arn);
    let bad = primary(&mut world)["id"].clone();
    world.pass(MINUTE * 20);
    assert_eq!(
        world.names(),
        [
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_FAILED",
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_COMPLETED",
            "SERVICE_STEADY_STATE",
        ]
    );
    let ids: Vec<&Value> =
        world.events.iter().filter_map(|emitted| emitted.event["detail"].get("deploymentId")).collect();
    assert_eq!(ids, [&bad, &bad, &good, &good]);
    let reasons: Vec<&str> =
        world.events.iter().filter_map(|emitted| emitted.event["detail"]["reason"].as_str()).collect();
    assert_eq!(reasons[1], "ECS deployment circuit breaker: tasks failed to start.");
    assert!(reasons[2].starts_with("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/"));
    let service = world.service("api");
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    assert!(service["taskDefinition"].as_str().unwrap().ends_with("api:1"));
    let deployment = world.service_deployment();
    assert_eq!(deployment["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(deployment["deploymentCircuitBreaker"]["threshold"], 3);
    assert_eq!(deployment["deploymentCircuitBreaker"]["status"], "TRIGGERED");
}

#[test]
fn a_rollback_makes_no_service_revision() {
    let mut world = with_breaker(true);
    let source = world.service("api")["currentServiceRevisions"][0]["arn"].clone();
    let arn = world.fate(BAD_IMAGE);
    world.update(&arn);
    world.pass(MINUTE * 20);
    let deployment = world.service_deployment();
    assert_eq!(deployment["rollback"]["serviceRevisionArn"], source);
    assert_eq!(deployment["sourceServiceRevisions"][0]["arn"], source);
    assert_ne!(deployment["targetServiceRevision"]["arn"], source);
    let input = json!({ "serviceRevisionArns": [source] });
    let revision = world.call("DescribeServiceRevisions", &input)["serviceRevisions"][0].clone();
    assert!(revision["taskDefinition"].as_str().unwrap().ends_with("api:1"));
    assert_eq!(world.service("api")["currentServiceRevisions"][0]["arn"], source);
}

#[test]
fn the_breaker_without_rollback_leaves_the_failed_deployment_where_it_is() {
    let mut world = with_breaker(false);
    let arn = world.fate(BAD_IMAGE);
    world.update(&arn);
    world.pass(MINUTE * 60);
    assert_eq!(world.names(), ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_FAILED"]);
    let service = world.service("api");
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["runningCount"], 2);
    assert_eq!(world.service_deployment()["status"], "STOPPED");
    world.events.clear();
    world.pass(Duration::from_hours(2));
    assert!(world.events.is_empty(), "{:?}", world.events);
}

#[test]
fn crashes_after_running_trip_no_breaker_and_the_deployment_completes_first() {
    let mut world = with_breaker(true);
    let arn = world.fate(Fate::Exits { after: MINUTE * 10, exit_code: 1 });
    world.update(&arn);
    world.pass(MINUTE * 9);
    assert_eq!(primary(&mut world)["rolloutState"], "COMPLETED");
    world.pass(MINUTE * 60);
    assert_eq!(world.count("SERVICE_DEPLOYMENT_FAILED"), 0);
    assert!(!world.stopped().is_empty());
}

#[test]
fn failing_load_balancer_checks_trip_the_breaker() {
    let mut world = World::new(2);
    world.define(Behaviour::serves());
    let request =
        fargate_service(CLUSTER, "api", "api:1", 2).with_breaker(true).with_target_group(TARGET_GROUP);
    world.ecs.add_service(&request).unwrap();
    world.pass(MINUTE * 10);
    let arn = world.fate(Fate::FailsElbHealth { after: Duration::ZERO });
    world.update(&arn);
    world.pass(MINUTE * 40);
    assert_eq!(world.count("SERVICE_DEPLOYMENT_FAILED"), 1);
    assert_eq!(world.service_deployment()["status"], "ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_first_deployment_that_fails_has_nowhere_to_go_back_to() {
    let mut world = World::new(2);
    world.fate(BAD_IMAGE);
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 2).with_breaker(true)).unwrap();
    world.pass(MINUTE * 60);
    assert_eq!(primary(&mut world)["rolloutState"], "FAILED");
    assert_eq!(world.service_deployment()["status"], "STOPPED");
}

#[test]
fn an_alarm_fails_a_deployment_and_a_quiet_one_bakes_first() {
    let mut world = World::new(2);
    world.define(Behaviour::serves());
    let mut request = fargate_service(CLUSTER, "api", "api:1", 1);
    let alarms = json!({ "alarms": { "alarmNames": ["errors"], "enable": true, "rollback": true } });
    request.deployment_configuration = Some(serde_json::from_value(alarms).unwrap());
    world.ecs.add_service(&request).unwrap();
    world.pass(MINUTE * 2);
    assert_eq!(primary(&mut world)["rolloutState"], "IN_PROGRESS");
    world.pass(MINUTE * 10);
    assert_eq!(primary(&mut world)["rolloutState"], "COMPLETED");

    let arn = world.define(Behaviour::serves());
    world.update(&arn);
    world.pass(MINUTE * 3);
    world.ecs.happen(Happening::Alarm { name: "errors".into(), in_alarm: true });
    world.pass(MINUTE * 20);
    assert_eq!(world.count("SERVICE_DEPLOYMENT_FAILED"), 1);
    let deployment = world.service_deployment();
    assert_eq!(deployment["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(deployment["alarms"]["triggeredAlarmNames"], json!(["errors"]));
}

#[test]
fn stop_service_deployment_goes_back_to_the_last_successful_revision_without_a_breaker() {
    let mut world = World::steady(4);
    let arn = world.fate(BAD_IMAGE);
    world.update(&arn);
    world.pass(MINUTE * 5);
    let current = world.service("api")["currentServiceDeployment"].clone();
    assert!(current.as_str().unwrap().contains(":service-deployment/shop/api/"));
    let input = json!({ "serviceDeploymentArn": current, "stopType": "ROLLBACK" });
    world.call("StopServiceDeployment", &input);
    assert_eq!(world.service_deployment()["status"], "ROLLBACK_REQUESTED");
    world.call("StopServiceDeployment", &input);
    world.pass(MINUTE * 15);
    let deployment = world.service_deployment();
    assert_eq!(
        (&deployment["serviceDeploymentArn"], &deployment["status"]),
        (&current, &json!("ROLLBACK_SUCCESSFUL"))
    );
    assert!(world.service("api")["taskDefinition"].as_str().unwrap().ends_with("api:1"));
    assert_eq!(world.refused("StopServiceDeployment", &input), "ConflictException");
}

#[test]
fn a_newer_change_stops_the_service_deployment_under_way() {
    let mut world = World::steady(4);
    let bad = world.fate(BAD_IMAGE);
    world.update(&bad);
    world.pass(MINUTE * 5);
    let first = world.service("api")["currentServiceDeployment"].clone();
    let good = world.define(Behaviour::serves());
    world.update(&good);
    world.pass(MINUTE * 15);
    let input = json!({ "serviceDeploymentArns": [first] });
    let first = world.call("DescribeServiceDeployments", &input)["serviceDeployments"][0].clone();
    assert_eq!(first["status"], "STOPPED");
    assert_eq!(world.service_deployment()["status"], "SUCCESSFUL");
    assert_eq!(world.service("api")["taskDefinition"], *good);
}

#[test]
fn a_person_deploys_at_a_time_of_the_script() {
    let mut world = World::steady(4);
    let arn = world.define(Behaviour::serves());
    let at = later(world.ecs.now(), MINUTE * 30);
    world.ecs.schedule(
        at,
        Happening::Call {
            caller: "marta".into(),
            operation: "UpdateService".into(),
            input: json!({ "cluster": CLUSTER, "service": "api", "taskDefinition": arn }),
        },
    );
    world.pass(MINUTE * 29);
    assert!(world.ecs.effects().is_empty());
    world.pass(MINUTE * 20);
    let effect = &world.ecs.effects()[0];
    assert_eq!(
        (effect.at, effect.caller.as_str(), effect.operation.as_str()),
        (at, "marta", "UpdateService")
    );
    assert!(effect.target.ends_with(":service/shop/api"));
    assert_eq!(world.service("api")["taskDefinition"], *arn);
}

#[test]
fn only_what_needs_a_deployment_makes_one() {
    let mut world = World::steady(4);
    let before = primary(&mut world)["id"].clone();
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 3 }));
    world.update("api:1");
    world.pass(MINUTE * 5);
    assert_eq!(primary(&mut world)["id"], before);
    assert_eq!(world.service("api")["runningCount"], 3);
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "forceNewDeployment": true }));
    assert_ne!(primary(&mut world)["id"], before);
}

#[test]
fn what_serves_is_replaced_by_its_own_revision_while_a_newer_one_fails() {
    let mut world = World::steady(4);
    let bad = world.fate(BAD_IMAGE);
    world.update(&bad);
    world.pass(MINUTE * 30);
    let good = world.running().into_iter().find(|task| task["lastStatus"] == "RUNNING").unwrap();
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": good["taskArn"] }));
    world.pass(MINUTE * 3);
    let running: Vec<Value> =
        world.running().into_iter().filter(|task| task["lastStatus"] == "RUNNING").collect();
    assert_eq!(running.len(), 2);
    assert!(running.iter().all(|task| task["taskDefinitionArn"] == good["taskDefinitionArn"]));
}

#[test]
fn steady_state_is_repeated_every_six_hours_and_not_before() {
    let mut world = World::steady(4);
    world.pass(Duration::from_hours(23));
    let count = world.count("SERVICE_STEADY_STATE");
    assert!((3..=4).contains(&count), "{count}");
}
