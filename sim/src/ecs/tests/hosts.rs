//! Container instances, and Fargate's capacity.

use serde_json::json;
use steward::diagnosis::diagnose;
use steward::event::Event;

use super::super::{Happening, Host, PullFailure};
use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn host(letter: &str, cpu: u64) -> Host {
    Host {
        cluster: CLUSTER.into(),
        ec2_instance_id: format!("i-{letter}"),
        zone: format!("eu-central-1{letter}"),
        capacity_provider: None,
        cpu,
        memory: 4_096,
    }
}

/// `api` with two tasks on two hosts that take four tasks each.
fn on_hosts() -> World {
    let mut world = World::new(9);
    world.define(Behaviour::serves());
    for letter in ["a", "b"] {
        world.ecs.add_container_instance(&host(letter, 1_024));
    }
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 2).on_ec2()).unwrap();
    world.pass(MINUTE * 5);
    assert_eq!(world.service("api")["runningCount"], 2);
    world.events.clear();
    world
}

fn diagnosed(world: &World, name: &str) -> String {
    let emitted =
        world.events.iter().find(|emitted| emitted.event["detail"]["eventName"] == *name).expect("the event");
    let Value::Object(map) = emitted.event.clone() else { panic!() };
    diagnose(&Event::from_object(map).unwrap()).unwrap().cause.to_string()
}

fn reasons(world: &World, detail_type: &str) -> Vec<String> {
    let of_kind = |emitted: &&Emitted| emitted.event["detail-type"] == *detail_type;
    let status =
        |emitted: &Emitted| emitted.event["detail"]["status"].as_str().unwrap_or_default().to_owned();
    world.events.iter().filter(of_kind).map(status).collect()
}

#[test]
fn tasks_on_hosts_spread_over_zones_and_have_no_network_interface() {
    let mut world = on_hosts();
    let tasks = world.running();
    assert_ne!(tasks[0]["availabilityZone"], tasks[1]["availabilityZone"]);
    assert!(tasks.iter().all(|task| task["attachments"] == json!([]) && task["launchType"] == "EC2"));
    let instance = world.call("ListContainerInstances", &json!({ "cluster": CLUSTER }));
    let input = json!({ "cluster": CLUSTER, "containerInstances": instance["containerInstanceArns"] });
    let shown = world.call("DescribeContainerInstances", &input)["containerInstances"][0].clone();
    assert_eq!((&shown["runningTasksCount"], &shown["agentConnected"]), (&json!(1), &json!(true)));
    assert_eq!(shown["remainingResources"][0]["integerValue"], 768);
}

#[test]
fn a_terminated_host_takes_its_tasks_and_they_are_replaced_elsewhere() {
    let mut world = on_hosts();
    world.ecs.happen(Happening::InstanceTerminated { ec2_instance_id: "i-a".into() });
    world.pass(MINUTE * 5);
    let stopped = world.stopped();
    assert_eq!(stopped[0]["stoppedReason"], "Host EC2 (instance i-a) terminated.");
    assert_eq!(stopped[0]["stopCode"], "TerminationNotice");
    assert!(stopped[0]["containers"][0].get("exitCode").is_none());
    assert_eq!(world.running().len(), 2);
    assert_eq!(reasons(&world, "ECS Container Instance State Change"), ["ACTIVE", "INACTIVE"]);
}

#[test]
fn a_draining_host_loses_its_tasks_without_loss_of_service() {
    let mut world = on_hosts();
    let arn = world.call("ListContainerInstances", &json!({ "cluster": CLUSTER }))["containerInstanceArns"]
        [0]
    .clone();
    let input = json!({ "cluster": CLUSTER, "containerInstances": [arn], "status": "DRAINING" });
    world.call("UpdateContainerInstancesState", &input);
    for _ in 0..300 {
        world.pass(Duration::from_secs(1));
        assert!(world.service("api")["runningCount"].as_u64().unwrap() >= 2);
    }
    assert!(world.running().iter().all(|task| task["containerInstanceArn"] != arn));
    assert_eq!(world.running().len(), 2);
    assert_eq!(world.ecs.effects()[0].operation, "UpdateContainerInstancesState");
}

#[test]
fn while_an_agent_is_not_heard_its_tasks_stand_still() {
    let mut world = on_hosts();
    world.ecs.happen(Happening::Agent { ec2_instance_id: "i-a".into(), connected: false });
    let lost = world.running().into_iter().find(|task| task["connectivity"] == "DISCONNECTED").unwrap();
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": lost["taskArn"] }));
    world.pass(MINUTE * 30);
    let input = json!({ "cluster": CLUSTER, "tasks": [lost["taskArn"]] });
    let task = world.call("DescribeTasks", &input)["tasks"][0].clone();
    assert_eq!(task["desiredStatus"], "STOPPED");
    assert_ne!(task["lastStatus"], "STOPPED");
    world.ecs.happen(Happening::Agent { ec2_instance_id: "i-a".into(), connected: true });
    world.pass(MINUTE);
    assert_eq!(world.call("DescribeTasks", &input)["tasks"][0]["lastStatus"], "STOPPED");
}

#[test]
fn agents_that_flap_are_told_of_with_growing_versions() {
    let mut world = on_hosts();
    for connected in [false, true, false, true] {
        world.ecs.happen(Happening::Agent { ec2_instance_id: "i-a".into(), connected });
        world.pass(MINUTE);
    }
    let versions: Vec<u64> =
        world.events.iter().filter_map(|emitted| emitted.event["detail"]["version"].as_u64()).collect();
    assert_eq!(versions, [2, 3, 4, 5]);
    assert_eq!(world.service("api")["runningCount"], 2);
}

#[test]
fn a_task_without_room_is_told_of_and_placed_once_there_is() {
    let mut world = on_hosts();
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 9 }));
    world.pass(MINUTE * 10);
    assert_eq!(world.service("api")["runningCount"], 8);
    assert_eq!(diagnosed(&world, "SERVICE_TASK_PLACEMENT_FAILURE"), "placement_failed");
    let failure = world
        .events
        .iter()
        .find(|emitted| emitted.event["detail"]["eventName"] == "SERVICE_TASK_PLACEMENT_FAILURE")
        .unwrap();
    assert_eq!(failure.event["detail"]["reason"], "RESOURCE:CPU");
    assert_eq!(failure.event["detail"]["containerInstanceArns"].as_array().unwrap().len(), 2);
    world.ecs.add_container_instance(&host("c", 1_024));
    world.pass(MINUTE * 20);
    assert_eq!(world.service("api")["runningCount"], 9);
}

#[test]
fn an_empty_cluster_and_silent_agents_have_reasons_of_their_own() {
    let mut world = World::new(9);
    world.define(Behaviour::serves());
    let input = json!({ "cluster": CLUSTER, "taskDefinition": "api", "launchType": "EC2" });
    let failure = world.call("RunTask", &input)["failures"][0].clone();
    assert_eq!(failure["reason"], "No Container Instances were found in your cluster.");
    world.ecs.add_container_instance(&host("a", 1_024));
    world.ecs.happen(Happening::Agent { ec2_instance_id: "i-a".into(), connected: false });
    let failure = world.call("RunTask", &input)["failures"][0].clone();
    assert_eq!(failure["reason"], "AGENT");
    assert!(failure["arn"].as_str().unwrap().contains(":container-instance/shop/"));
}

#[test]
fn a_spot_instance_is_warned_of_two_minutes_before_it_goes() {
    let mut world = on_hosts();
    let warned = world.ecs.now();
    let warning = Happening::SpotInstanceInterruption { ec2_instance_id: "i-a".into(), drains: true };
    world.ecs.happen(warning);
    world.pass(MINUTE * 10);
    assert_eq!(world.events[0].event["detail-type"], "EC2 Spot Instance Interruption Warning");
    let gone = world.events.iter().find(|emitted| emitted.event["detail"]["status"] == "INACTIVE").unwrap();
    assert_eq!(gone.at, later(warned, MINUTE * 2));
    assert_eq!(world.running().len(), 2);
}

#[test]
fn fargate_without_room_in_any_zone_places_nothing_and_tries_again() {
    let mut world = World::steady(9);
    for zone in ["a", "b", "c"] {
        let zone = format!("eu-central-1{zone}");
        world.ecs.happen(Happening::Shortage { zone, spot: false, is_short: true });
    }
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 4 }));
    world.pass(MINUTE * 10);
    assert_eq!(world.running().len(), 2);
    assert_eq!(diagnosed(&world, "SERVICE_TASK_PLACEMENT_FAILURE"), "capacity_unavailable");
    let input = json!({ "cluster": CLUSTER, "taskDefinition": "api", "launchType": "FARGATE" });
    let reason = world.call("RunTask", &input)["failures"][0]["reason"].clone();
    assert!(reason.as_str().unwrap().starts_with("Capacity is unavailable at this time."));

    let back = Happening::Shortage { zone: "eu-central-1b".into(), spot: false, is_short: false };
    world.ecs.happen(back);
    world.pass(MINUTE * 20);
    let tasks = world.running();
    assert_eq!(tasks.len(), 4);
    assert!(tasks.iter().filter(|task| task["availabilityZone"] == "eu-central-1b").count() >= 2);
}

#[test]
fn a_strategy_fills_its_base_first_and_then_goes_by_weight() {
    let mut world = World::new(9);
    world.define(Behaviour::serves());
    let mut request = fargate_service(CLUSTER, "api", "api:1", 8);
    request.launch_type = None;
    let strategy = json!([
        { "capacityProvider": "FARGATE", "base": 2, "weight": 1 },
        { "capacityProvider": "FARGATE_SPOT", "weight": 2 },
    ]);
    request.capacity_provider_strategy = serde_json::from_value(strategy).unwrap();
    world.ecs.add_service(&request).unwrap();
    world.pass(MINUTE * 10);
    let spot = world.running().iter().filter(|task| task["capacityProviderName"] == "FARGATE_SPOT").count();
    assert_eq!((world.running().len(), spot), (8, 4));
}

#[test]
fn on_a_host_the_cause_of_a_failed_start_is_the_container_s() {
    let mut world = on_hosts();
    let arn = world.fate(Fate::CannotPull(PullFailure::NotFound));
    world.update(&arn);
    world.pass(MINUTE * 3);
    let failed = world.events.iter().find(|emitted| {
        let detail = &emitted.event["detail"];
        detail["taskDefinitionArn"] == *arn && detail["lastStatus"] == "STOPPED"
    });
    let event = failed.unwrap().event.clone();
    assert_eq!(event["detail"]["stoppedReason"], "Task failed to start");
    let reason = event["detail"]["containers"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("CannotPullContainerError: "));
    let Value::Object(map) = event else { panic!() };
    let event = Event::from_object(map).unwrap();
    assert_eq!(event.unrecognised.count(), 0);
    assert_eq!(diagnose(&event).unwrap().cause.to_string(), "image_not_found");
}

#[test]
fn of_a_host_without_network_the_load_balancer_gives_up_the_tasks_and_ecs_replaces_them() {
    let mut world = World::new(9);
    world.define(Behaviour::serves());
    for letter in ["a", "b"] {
        world.ecs.add_container_instance(&host(letter, 1_024));
    }
    let balanced = fargate_service(CLUSTER, "api", "api:1", 2).on_ec2().with_target_group(TARGET_GROUP);
    world.ecs.add_service(&balanced).unwrap();
    world.pass(MINUTE * 10);
    world.ecs.happen(Happening::CutOff { ec2_instance_id: "i-a".into() });
    world.pass(MINUTE * 15);
    let cut_off: Vec<Value> = world
        .call("ListTasks", &json!({ "cluster": CLUSTER, "desiredStatus": "STOPPED" }))["taskArns"]
        .as_array()
        .unwrap()
        .clone();
    let shown =
        world.call("DescribeTasks", &json!({ "cluster": CLUSTER, "tasks": cut_off }))["tasks"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert!(shown[0]["stoppedReason"].as_str().unwrap().starts_with("Task failed ELB health checks"));
    assert_ne!(shown[0]["lastStatus"], "STOPPED", "the agent does not hear of it");
    let running = world.running();
    assert_eq!(running.iter().filter(|task| task["connectivity"] == "CONNECTED").count(), 2);
}

#[test]
fn status_checks_are_told_of_each_minute_that_has_ended_and_of_no_instance_that_is_gone() {
    let mut world = on_hosts();
    let began = world.ecs.now();
    world.ecs.happen(Happening::StatusCheck { ec2_instance_id: "i-a".into(), fails: true });
    assert_eq!(world.ecs.status_check("i-a", began), None, "that minute goes on");
    world.pass(MINUTE * 2);
    assert_eq!(world.ecs.status_check("i-a", began), Some(true));
    assert_eq!(world.ecs.status_check("i-b", began), Some(false));
    world.ecs.happen(Happening::StatusCheck { ec2_instance_id: "i-a".into(), fails: false });
    assert_eq!(world.ecs.status_check("i-a", later(began, MINUTE)), Some(false));
    world.ecs.happen(Happening::InstanceTerminated { ec2_instance_id: "i-a".into() });
    assert_eq!(world.ecs.status_check("i-a", began), None);
}

#[test]
fn a_container_instance_is_found_by_its_ec2_instance() {
    let mut world = on_hosts();
    let of = |world: &mut World, filter: &str| {
        let input = json!({ "cluster": CLUSTER, "filter": filter });
        world.call("ListContainerInstances", &input)["containerInstanceArns"].as_array().unwrap().len()
    };
    assert_eq!(of(&mut world, "ec2InstanceId == i-a"), 1);
    assert_eq!(of(&mut world, "ec2InstanceId == i-z"), 0);
}

#[test]
fn capacity_providers_say_of_what_kind_they_are() {
    let mut world = on_hosts();
    world.ecs.add_managed_instances(CLUSTER, "managed");
    world.ecs.add_container_instance(&Host { capacity_provider: Some("own".into()), ..host("c", 1_024) });
    let shown = world.call("DescribeCapacityProviders", &json!({}))["capacityProviders"].clone();
    let kinds: Vec<(&str, &str)> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("FARGATE", "FARGATE"),
            ("FARGATE_SPOT", "FARGATE_SPOT"),
            ("managed", "MANAGED_INSTANCES"),
            ("own", "EC2_AUTOSCALING"),
        ]
    );
}
