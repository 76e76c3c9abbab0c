//! Tasks, from their first event to the hour after their last.

use serde_json::json;

use super::*;

fn story(world: &World, task_arn: &str) -> Vec<(String, String, u64)> {
    let of_task = |emitted: &&Emitted| emitted.event["detail"]["taskArn"] == *task_arn;
    let state = |emitted: &Emitted| {
        let detail = &emitted.event["detail"];
        let text = |name: &str| detail[name].as_str().unwrap().to_owned();
        (text("lastStatus"), text("desiredStatus"), detail["version"].as_u64().unwrap())
    };
    world.events.iter().filter(of_task).map(state).collect()
}

fn told(story: &[(&str, &str)]) -> Vec<(String, String, u64)> {
    let one = |(version, (last, desired)): (u64, &(&str, &str))| ((*last).into(), (*desired).into(), version);
    (1..).zip(story).map(one).collect()
}

fn service(elb: bool) -> World {
    let mut world = World::new(3);
    world.define(Behaviour::serves());
    let request = fargate_service(CLUSTER, "api", "api:1", 1);
    let request = if elb { request.with_target_group(TARGET_GROUP) } else { request };
    world.ecs.add_service(&request).unwrap();
    world.pass(Duration::from_mins(5));
    world
}

fn stop(world: &mut World) -> String {
    let arn = world.running()[0]["taskArn"].as_str().unwrap().to_owned();
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": arn, "reason": "on purpose" }));
    world.pass(Duration::from_mins(5));
    arn
}

#[test]
fn a_fargate_task_with_a_load_balancer_goes_through_every_state() {
    let mut world = service(true);
    let arn = stop(&mut world);
    let expected = told(&[
        ("PROVISIONING", "RUNNING"),
        ("PENDING", "RUNNING"),
        ("ACTIVATING", "RUNNING"),
        ("RUNNING", "RUNNING"),
        ("RUNNING", "STOPPED"),
        ("DEACTIVATING", "STOPPED"),
        ("STOPPING", "STOPPED"),
        ("DEPROVISIONING", "STOPPED"),
        ("STOPPED", "STOPPED"),
    ]);
    assert_eq!(story(&world, &arn), expected);
}

#[test]
fn a_task_whose_container_ends_by_itself_is_told_of_in_five_events() {
    let mut world = World::new(5);
    world.fate(Fate::Exits { after: Duration::from_mins(2), exit_code: 0 });
    let input = json!({ "cluster": CLUSTER, "taskDefinition": "api", "launchType": "FARGATE" });
    let answer = world.call("RunTask", &input);
    world.pass(Duration::from_mins(10));
    let arn = answer["tasks"][0]["taskArn"].as_str().unwrap();
    let expected = told(&[
        ("PROVISIONING", "RUNNING"),
        ("PENDING", "RUNNING"),
        ("RUNNING", "RUNNING"),
        ("DEPROVISIONING", "STOPPED"),
        ("STOPPED", "STOPPED"),
    ]);
    assert_eq!(story(&world, arn), expected);
}

#[test]
fn a_stop_is_told_at_once_and_its_exit_code_with_the_end_of_the_containers() {
    let mut world = service(false);
    let arn = stop(&mut world);
    let details: Vec<&Value> = world
        .events
        .iter()
        .map(|emitted| &emitted.event["detail"])
        .filter(|detail| detail["taskArn"] == *arn && detail["desiredStatus"] == "STOPPED")
        .collect();
    for detail in &details {
        assert_eq!(
            (&detail["stopCode"], &detail["stoppedReason"]),
            (&json!("UserInitiated"), &json!("on purpose"))
        );
    }
    assert_eq!(details[0]["containers"][0].get("exitCode"), None);
    assert_eq!(details.last().unwrap()["containers"][0]["exitCode"], 143);
    assert!(details.last().unwrap()["stoppedAt"].is_string());
    assert_eq!(details.iter().filter(|detail| detail.get("stoppedAt").is_some()).count(), 1);
}

#[test]
fn a_task_that_ignores_sigterm_is_killed_after_its_stop_timeout() {
    let ignores = Behaviour { ignores_sigterm: true, ..Behaviour::serves() };
    killed_after(30.0, &Revision::new("api", ignores.clone()));
    killed_after(90.0, &Revision::new("api", ignores.clone()).stop_timeout(90));
    // A sidecar has the usual time, and the task ends with the last.
    killed_after(30.0, &Revision::new("api", ignores).stop_timeout(10).sidecar("proxy"));
}

fn killed_after(seconds: f64, revision: &Revision) {
    let mut world = World::new(8);
    world.ecs.add_task_definition(revision);
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 1)).unwrap();
    world.pass(Duration::from_mins(5));
    let arn = stop(&mut world);
    let task =
        world.call("DescribeTasks", &json!({ "cluster": CLUSTER, "tasks": [arn] }))["tasks"][0].clone();
    assert_eq!(task["containers"][0]["exitCode"], 137);
    let took = task["executionStoppedAt"].as_f64().unwrap() - task["stoppingAt"].as_f64().unwrap();
    assert!((took - seconds).abs() < 0.01, "{took}");
}

#[test]
fn stopped_tasks_are_shown_for_an_hour() {
    let mut world = World::steady(1);
    stop(&mut world);
    assert_eq!(world.stopped().len(), 1);
    world.pass(Duration::from_mins(50));
    assert_eq!(world.stopped().len(), 1);
    world.pass(Duration::from_mins(15));
    assert!(world.stopped().is_empty());
}

#[test]
fn tasks_say_who_started_them_and_which_group_they_are_in() {
    let mut world = World::steady(2);
    let deployment = world.service("api")["deployments"][0]["id"].clone();
    assert!(deployment.as_str().unwrap().starts_with("ecs-svc/"));
    for task in world.running() {
        assert_eq!((&task["startedBy"], &task["group"]), (&deployment, &json!("service:api")));
    }
    let input =
        json!({ "cluster": CLUSTER, "taskDefinition": "api", "launchType": "FARGATE", "startedBy": "me" });
    let task = world.call("RunTask", &input)["tasks"][0].clone();
    assert_eq!((&task["startedBy"], &task["group"]), (&json!("me"), &json!("family:api")));
}

#[test]
fn stopping_a_task_twice_changes_nothing_more_and_its_tags_are_gone() {
    let mut world = World::steady(2);
    let input = json!({
        "cluster": CLUSTER, "taskDefinition": "api", "launchType": "FARGATE", "tags": [{ "key": "a", "value": "b" }],
    });
    let arn = world.call("RunTask", &input)["tasks"][0]["taskArn"].clone();
    let tags = json!({ "resourceArn": arn });
    assert_eq!(world.call("ListTagsForResource", &tags)["tags"][0]["key"], "a");
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": arn, "reason": "first" }));
    let again = world.call("StopTask", &json!({ "cluster": CLUSTER, "task": arn, "reason": "second" }));
    assert_eq!(again["task"]["stoppedReason"], "first");
    assert_eq!(world.call("ListTagsForResource", &tags)["tags"], json!([]));
}

#[test]
fn health_is_in_describe_tasks_and_never_in_events() {
    let mut world = World::new(4);
    world.ecs.add_task_definition(&Revision::new("api", Behaviour::serves()).health_check());
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 1)).unwrap();
    world.pass(Duration::from_mins(5));
    assert_eq!(world.running()[0]["healthStatus"], "HEALTHY");
    assert!(world.events.iter().all(|emitted| !emitted.event.to_string().contains("healthStatus")));
}

#[test]
fn a_task_that_hangs_is_unhealthy_and_left_alone() {
    let mut world = World::new(4);
    let hangs = Behaviour::new(Fate::Hangs { after: Duration::from_mins(10) });
    world.ecs.add_task_definition(&Revision::new("api", hangs).health_check());
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 1)).unwrap();
    world.pass(Duration::from_hours(12));
    let tasks = world.running();
    assert_eq!((tasks.len(), &tasks[0]["healthStatus"]), (1, &json!("UNHEALTHY")));
    assert!(world.stopped().is_empty());
    let arn = tasks[0]["taskArn"].clone();
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": arn }));
    world.pass(Duration::from_mins(4));
    assert_eq!(world.running()[0]["healthStatus"], "HEALTHY");
}
