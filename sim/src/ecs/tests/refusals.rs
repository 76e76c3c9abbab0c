//! What ECS refuses, and what it leaves alone.

use serde_json::json;

use super::super::api::DeploymentControllerType;
use super::*;

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn an_inactive_revision_is_neither_deployed_nor_run() {
    let mut world = World::steady(1);
    world.define(Behaviour::serves());
    world.call("DeregisterTaskDefinition", &json!({ "taskDefinition": "api:2" }));
    let update = json!({ "cluster": CLUSTER, "service": "api", "taskDefinition": "api:2" });
    assert_eq!(world.refused("UpdateService", &update), "InvalidParameterException");
    let run = json!({ "cluster": CLUSTER, "taskDefinition": "api:2", "launchType": "FARGATE" });
    assert_eq!(world.refused("RunTask", &run), "InvalidParameterException");
    let shown = world.call("DescribeTaskDefinition", &json!({ "taskDefinition": "api:2" }));
    assert_eq!(shown["taskDefinition"]["status"], "INACTIVE");
    let list = world.call("ListTaskDefinitions", &json!({ "familyPrefix": "api" }));
    assert_eq!(list["taskDefinitionArns"].as_array().unwrap().len(), 1);
    let unknown = json!({ "cluster": CLUSTER, "service": "api", "taskDefinition": "api:9" });
    assert_eq!(world.refused("UpdateService", &unknown), "ClientException");
}

#[test]
fn services_that_others_deploy_refuse_a_task_definition_and_take_a_count() {
    for controller in [DeploymentControllerType::CodeDeploy, DeploymentControllerType::External] {
        let mut world = World::new(1);
        world.define(Behaviour::serves());
        world.define(Behaviour::serves());
        let request = fargate_service(CLUSTER, "api", "api:1", 1).with_controller(controller);
        world.ecs.add_service(&request).unwrap();
        world.pass(MINUTE * 5);
        let update = json!({ "cluster": CLUSTER, "service": "api", "taskDefinition": "api:2" });
        assert_eq!(world.refused("UpdateService", &update), "InvalidParameterException");
        let force = json!({ "cluster": CLUSTER, "service": "api", "forceNewDeployment": true });
        assert_eq!(world.refused("UpdateService", &force), "InvalidParameterException");
        world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 2 }));
        assert_eq!(world.service("api")["desiredCount"], 2);
        assert_eq!(world.ecs.effects().len(), 1);
    }
}

#[test]
fn a_deleted_service_drains_and_is_no_longer_active() {
    let mut world = World::steady(1);
    let delete = json!({ "cluster": CLUSTER, "service": "api" });
    assert_eq!(world.refused("DeleteService", &delete), "InvalidParameterException");
    world.call("DeleteService", &json!({ "cluster": CLUSTER, "service": "api", "force": true }));
    assert_eq!(world.refused("UpdateService", &delete), "ServiceNotActiveException");
    world.pass(MINUTE * 10);
    assert_eq!(world.service("api")["status"], "INACTIVE");
    assert!(world.running().is_empty());
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 1)).unwrap();
    assert_eq!(world.service("api")["status"], "ACTIVE");
}

#[test]
fn what_is_not_there_is_named() {
    let mut world = World::steady(1);
    let missing = json!({ "cluster": "other", "services": ["api"] });
    assert_eq!(world.refused("DescribeServices", &missing), "ClusterNotFoundException");
    let update = json!({ "cluster": CLUSTER, "service": "web", "desiredCount": 1 });
    assert_eq!(world.refused("UpdateService", &update), "ServiceNotFoundException");
    let stop = json!({ "cluster": CLUSTER, "task": "0123" });
    assert_eq!(world.refused("StopTask", &stop), "InvalidParameterException");
    let deployment = json!({ "serviceDeploymentArn": "arn:aws:ecs:r:1:service-deployment/shop/api/none" });
    assert_eq!(world.refused("StopServiceDeployment", &deployment), "ServiceDeploymentNotFoundException");
    assert_eq!(world.refused("ExecuteEverything", &json!({})), "UnknownOperationException");
    let services = world.call("DescribeServices", &json!({ "cluster": CLUSTER, "services": ["api", "web"] }));
    assert_eq!(services["failures"][0]["reason"], "MISSING");
    assert!(services["failures"][0]["arn"].as_str().unwrap().ends_with(":service/shop/web"));
}

#[test]
fn protected_tasks_survive_scale_in_until_their_protection_ends() {
    let mut world = World::steady(1);
    let tasks: Vec<Value> = world.running().iter().map(|task| task["taskArn"].clone()).collect();
    let protect =
        json!({ "cluster": CLUSTER, "tasks": tasks, "protectionEnabled": true, "expiresInMinutes": 30 });
    let answer = world.call("UpdateTaskProtection", &protect);
    assert_eq!(answer["protectedTasks"].as_array().unwrap().len(), 2);
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 0 }));
    world.pass(MINUTE * 29);
    assert_eq!(world.running().len(), 2);
    let get = json!({ "cluster": CLUSTER, "tasks": tasks });
    assert_eq!(world.call("GetTaskProtection", &get)["protectedTasks"][0]["protectionEnabled"], true);
    world.pass(MINUTE * 5);
    assert!(world.running().is_empty());
}

#[test]
fn only_tasks_of_services_can_be_protected() {
    let mut world = World::steady(1);
    let run = json!({ "cluster": CLUSTER, "taskDefinition": "api", "launchType": "FARGATE" });
    let arn = world.call("RunTask", &run)["tasks"][0]["taskArn"].clone();
    let protect = json!({ "cluster": CLUSTER, "tasks": [arn], "protectionEnabled": true });
    assert_eq!(world.call("UpdateTaskProtection", &protect)["failures"][0]["reason"], "TASK_NOT_VALID");
}
