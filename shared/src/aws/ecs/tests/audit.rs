//! What an audit makes of ECS's answers.

use serde_json::{Value, json};

use super::*;
use crate::audit::Launch;
use crate::aws::scripted::run;
use crate::ports::AuditEcs;

fn audited(answers: impl IntoIterator<Item = Answer>) -> (AuditedEcs, Script) {
    let script = Script::of(answers);
    (AuditedEcs::with_client(Client::clone(&script.sdk().ecs())), script)
}

fn service(change: impl FnOnce(&mut Value)) -> Value {
    let mut service = json!({
        "clusterArn": cluster(), "serviceName": "api", "status": "ACTIVE", "desiredCount": 3, "runningCount": 2,
        "pendingCount": 1, "taskDefinition": definition("api:7"), "serviceArn": format!("{ACCOUNT}:service/shop/api"),
        "launchType": "FARGATE", "platformVersion": "LATEST", "enableExecuteCommand": true,
        "healthCheckGracePeriodSeconds": 30, "loadBalancers": [{"targetGroupArn": "arn:…"}],
        "serviceRegistries": [{"registryArn": "arn:…"}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"]}},
        "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 150},
    });
    change(&mut service);
    json!({"services": [service], "failures": []})
}

fn read(change: impl FnOnce(&mut Value)) -> crate::audit::Service {
    let (ecs, _) = audited([Answer::ok(&service(change))]);
    run(ecs.services("shop", &["api".to_owned()])).unwrap().remove(0)
}

#[test]
fn a_service_is_read_with_what_the_checks_look_at() {
    let found = read(|_| {});
    assert_eq!(found.arn, format!("{ACCOUNT}:service/shop/api"));
    assert_eq!((found.launch, found.is_on_spot, found.is_daemon), (Launch::Fargate, false, false));
    assert_eq!((found.minimum_percent, found.maximum_percent, found.grace), (Some(50), Some(150), Some(30)));
    assert_eq!((found.has_load_balancer, found.is_discovered, found.execute_command), (true, true, true));
    assert_eq!((found.subnets, found.platform_version.as_deref()), (Some(2), Some("LATEST")));
}

#[test]
fn a_strategy_says_where_tasks_run_where_no_launch_type_does() {
    let strategy = |providers: &[&str]| {
        let items: Vec<Value> = providers.iter().map(|name| json!({"capacityProvider": name})).collect();
        let found = read(|service| {
            service["launchType"] = Value::Null;
            service["capacityProviderStrategy"] = items.into();
        });
        (found.launch, found.is_on_spot)
    };
    assert_eq!(strategy(&["FARGATE"]), (Launch::Fargate, false));
    assert_eq!(strategy(&["FARGATE", "FARGATE_SPOT"]), (Launch::Fargate, true));
    assert_eq!(strategy(&["hosts"]), (Launch::Other, false));
}

#[test]
fn what_ecs_does_not_answer_is_absent() {
    let found = read(|service| {
        for member in ["networkConfiguration", "deploymentConfiguration", "healthCheckGracePeriodSeconds"] {
            service[member] = Value::Null;
        }
    });
    assert_eq!((found.subnets, found.minimum_percent, found.grace), (None, None, None));
}

#[test]
fn a_definition_is_read_from_its_own_json() {
    let container = json!({"name": "app", "image": "nginx", "brandNew": {"x": 1}});
    let answered = json!({"taskDefinition": {"taskDefinitionArn": definition("api:7"), "family": "api",
        "revision": 7, "status": "ACTIVE", "containerDefinitions": [container]}});
    let (ecs, _) = audited([Answer::ok(&answered)]);
    let found = run(ecs.definition(&definition("api:7"))).unwrap().unwrap();
    assert_eq!((found.arn.clone(), found.containers[0].image.as_str()), (definition("api:7"), "nginx"));
    let registered =
        json!({"family": "api", "containerDefinitions": answered["taskDefinition"]["containerDefinitions"]});
    assert_eq!(found.size, registered.to_string().len(), "what the SDK does not know counts, too");
}

#[test]
fn what_is_not_there_is_absent_and_what_is_refused_is_an_error() {
    let (ecs, _) = audited([Answer::error(400, "ClusterNotFoundException")]);
    assert_eq!(run(ecs.service_arns("shop", None)).unwrap(), None);
    let (ecs, _) = audited([Answer::error(400, "ClientException")]);
    assert_eq!(run(ecs.definition(&definition("api:7"))).unwrap(), None);
    let (ecs, _) = audited([Answer::error(400, "AccessDeniedException")]);
    let error = run(ecs.definition(&definition("api:7"))).unwrap_err();
    assert_eq!((error.operation, error.meaning), ("DescribeTaskDefinition", Meaning::Refused));
}

#[test]
fn tasks_are_listed_by_service_and_by_what_is_wanted_of_them() {
    let (ecs, script) = audited([Answer::ok(&json!({"taskArns": ["a"], "nextToken": "2"}))]);
    let page = run(ecs.task_arns("shop", Some(&ServiceName::new("api")), true, Some("1"))).unwrap();
    assert_eq!((page.items, page.next.as_deref()), (vec![TaskArn::new("a")], Some("2")));
    let asked = json!({"cluster": "shop", "serviceName": "api", "desiredStatus": "STOPPED", "maxResults": 100, "nextToken": "1"});
    assert_eq!(script.sent()[0].json(), asked);
}
