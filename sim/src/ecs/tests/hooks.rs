//! Pause hooks, and a trail.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::api::{
    DeploymentLifecycleHookAction as Action, DeploymentLifecycleHookStage as Stage, DeploymentStrategy,
};
use super::{Behaviour, CLUSTER, World, fargate_service};

const MINUTE: Duration = Duration::from_mins(1);

/// A service of two tasks whose deployments wait for an hour.
fn gated(strategy: DeploymentStrategy, stage: Stage, then: Action) -> World {
    let mut world = World::new(5);
    world.define(Behaviour::serves());
    let request = fargate_service(CLUSTER, "api", "api:1", 2);
    world.ecs.add_service(&request).unwrap();
    world.pass(MINUTE * 10);
    let configuration = json!({ "strategy": strategy.as_str(), "lifecycleHooks": [{
        "targetType": "PAUSE", "lifecycleStages": [stage.as_str()],
        "timeoutConfiguration": { "timeoutInMinutes": 60, "action": then.as_str() },
    }]});
    let input = json!({ "cluster": CLUSTER, "service": "api", "deploymentConfiguration": configuration });
    world.call("UpdateService", &input);
    world.events.clear();
    let arn = world.define(Behaviour::serves());
    world.update(&arn);
    world.pass(MINUTE * 10);
    world
}

fn hook(world: &mut World) -> Value {
    world.service_deployment()["lifecycleHookDetails"][0].clone()
}

fn answer(world: &mut World, action: &str) -> Result<Value, &'static str> {
    let arn = world.service_deployment()["serviceDeploymentArn"].clone();
    let id = hook(world)["hookId"].clone();
    let input = json!({ "serviceDeploymentArn": arn, "hookId": id, "action": action });
    world.ecs.call("tests", "ContinueServiceDeployment", &input).map_err(|error| error.code)
}

/// How many tasks of each revision run.
fn running(world: &mut World) -> (usize, usize) {
    let tasks = world.running();
    let of = |number: &str| {
        tasks.iter().filter(|task| task["taskDefinitionArn"].as_str().unwrap().ends_with(number)).count()
    };
    (of(":1"), of(":2"))
}

#[test]
fn a_deployment_waits_once_all_its_tasks_run_beside_the_old_ones_and_says_so_once() {
    let mut world = gated(DeploymentStrategy::BlueGreen, Stage::PostTestTrafficShift, Action::Rollback);
    world.pass(MINUTE * 40);
    assert_eq!(running(&mut world), (2, 2));
    assert_eq!(world.count("HOOK_AWAITING_ACTION"), 1);
    let told =
        world.events.iter().find(|emitted| emitted.event["detail-type"] == "ECS Hook State Change").unwrap();
    let detail = told.event["detail"].clone();
    let seen = hook(&mut world);
    assert_eq!((&detail["hookId"], &detail["timeoutAction"]), (&seen["hookId"], &json!("ROLLBACK")));
    assert_eq!(
        (seen["status"].as_str(), seen["targetType"].as_str()),
        (Some("AWAITING_ACTION"), Some("PAUSE"))
    );
    assert_eq!(detail["lifecycleStage"], "POST_TEST_TRAFFIC_SHIFT");
    let one = world.service_deployment();
    assert_eq!(
        (&one["status"], &one["lifecycleStage"]),
        (&json!("IN_PROGRESS"), &json!("POST_TEST_TRAFFIC_SHIFT"))
    );
    assert_eq!(one["targetServiceRevision"]["runningTaskCount"], 2);
    assert_eq!(world.count("SERVICE_DEPLOYMENT_IN_PROGRESS"), 0, "those are of rolling deployments");
}

#[test]
fn it_goes_on_or_back_as_it_is_answered_and_is_answered_once() {
    for (word, runs, status, of_hook) in [
        ("CONTINUE", (0, 2), "SUCCESSFUL", "SUCCEEDED"),
        ("ROLLBACK", (2, 0), "ROLLBACK_SUCCESSFUL", "FAILED"),
    ] {
        let mut world = gated(DeploymentStrategy::BlueGreen, Stage::PostScaleUp, Action::Rollback);
        answer(&mut world, word).unwrap();
        assert_eq!(answer(&mut world, word), Err("InvalidParameterException"));
        world.pass(MINUTE * 10);
        assert_eq!(running(&mut world), runs, "{word}");
        assert_eq!(world.service_deployment()["status"], status);
        assert_eq!(hook(&mut world)["status"], of_hook);
    }
}

#[test]
fn nobody_answers_and_ecs_does_what_was_set() {
    for (then, runs) in [(Action::Continue, (0, 2)), (Action::Rollback, (2, 0))] {
        let mut world = gated(DeploymentStrategy::BlueGreen, Stage::PostScaleUp, then);
        world.pass(MINUTE * 75);
        assert_eq!(running(&mut world), runs, "{then}");
        assert_eq!(hook(&mut world)["status"], "TIMED_OUT");
        assert_eq!(answer(&mut world, "CONTINUE"), Err("InvalidParameterException"));
    }
}

#[test]
fn a_rolling_deployment_may_wait_before_it_starts_anything() {
    let mut world = gated(DeploymentStrategy::Rolling, Stage::PreScaleUp, Action::Rollback);
    world.pass(MINUTE * 20);
    assert_eq!(running(&mut world), (2, 0));
    answer(&mut world, "CONTINUE").unwrap();
    world.pass(MINUTE * 10);
    assert_eq!(running(&mut world), (0, 2));
    assert_eq!(world.count("SERVICE_DEPLOYMENT_COMPLETED"), 1);
}

#[test]
fn what_is_deployed_meanwhile_ends_what_waits() {
    let mut world = gated(DeploymentStrategy::BlueGreen, Stage::PostScaleUp, Action::Rollback);
    let first = world.service_deployment()["serviceDeploymentArn"].clone();
    let arn = world.define(Behaviour::serves());
    world.update(&arn);
    world.pass(MINUTE);
    let input = json!({ "serviceDeploymentArns": [first] });
    let left = world.call("DescribeServiceDeployments", &input)["serviceDeployments"][0].clone();
    assert_eq!(left["status"], "STOPPED");
    assert_eq!(left["lifecycleHookDetails"][0]["status"], "FAILED");
}

#[test]
fn hooks_that_the_model_does_not_have_are_refused_by_name() {
    let mut world = World::steady(1);
    for hook in [
        json!({ "targetType": "AWS_LAMBDA", "hookTargetArn": "arn:aws:lambda:r:1:function:x", "lifecycleStages": ["POST_SCALE_UP"] }),
        json!({ "targetType": "PAUSE", "lifecycleStages": ["RECONCILE_SERVICE"] }),
        json!({ "targetType": "PAUSE" }),
    ] {
        let input = json!({ "cluster": CLUSTER, "service": "api", "deploymentConfiguration": { "lifecycleHooks": [hook] } });
        assert_eq!(world.refused("UpdateService", &input), "InvalidParameterException");
    }
}

fn trail(world: &World) -> Vec<&Value> {
    let of_trail = |event: &&Value| event["detail-type"] == "AWS API Call via CloudTrail";
    world.events.iter().map(|emitted| &emitted.event).filter(of_trail).collect()
}

#[test]
fn a_trail_tells_minutes_later_who_called_and_what_came_of_it() {
    let mut world = World::steady(1);
    world.ecs.set_trail(9);
    let arn = world.define(Behaviour::serves());
    let input = json!({ "cluster": CLUSTER, "service": "api", "taskDefinition": arn });
    world.ecs.call("ci/deploy", "UpdateService", &input).unwrap();
    let called = world.ecs.now();
    let refused = json!({ "cluster": CLUSTER, "service": "api", "taskDefinition": "api:99" });
    world.ecs.call("maria", "UpdateService", &refused).unwrap_err();
    world.pass(Duration::from_secs(10));
    assert_eq!(trail(&world).len(), 0);
    world.pass(MINUTE * 7);
    let told = trail(&world);
    let of = |name: &str| {
        let who = |event: &&&Value| event["detail"]["userIdentity"]["arn"].as_str().unwrap().contains(name);
        told.iter().find(who).unwrap()["detail"].clone()
    };
    let deployed = of("assumed-role/deploy/");
    assert_eq!(
        deployed["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"],
        "arn:aws:iam::123456789012:role/ci/deploy"
    );
    assert_eq!(deployed["eventTime"], called.to_string());
    let primary = &deployed["responseElements"]["service"]["deployments"][0];
    assert_eq!((&primary["status"], &primary["taskDefinition"]), (&json!("PRIMARY"), &json!(arn)));
    assert_eq!(of("user/maria")["errorCode"], "ClientException");
}

#[test]
fn a_world_with_a_trail_is_the_world_without_it() {
    let run = |has_trail: bool| {
        let mut world = World::steady(3);
        if has_trail {
            world.ecs.set_trail(9);
        }
        let arn = world.define(Behaviour::serves());
        world.update(&arn);
        world.pass(MINUTE * 20);
        let others = world
            .events
            .iter()
            .filter(|emitted| emitted.event["detail-type"] != "AWS API Call via CloudTrail");
        others.map(|emitted| emitted.event.clone()).collect::<Vec<_>>()
    };
    assert_eq!(run(true), run(false));
}
