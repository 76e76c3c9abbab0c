use serde_json::json;

use super::*;
use crate::ecs::api::{DescribeServicesRequest, RunTaskRequest, UpdateServiceRequest};

fn refusal<R: DeserializeOwned>(input: Value) -> (&'static str, String) {
    let error = read::<R>(Operation::UpdateService, without_nulls(input)).err().expect("it was read");
    (error.code, error.message)
}

#[test]
fn a_request_is_read_in_ecs_own_spelling() {
    let input = json!({
        "service": "web", "forceNewDeployment": true, "enableECSManagedTags": false, "cluster": null,
        "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": false } },
        "loadBalancers": [],
    });
    let request: UpdateServiceRequest = read(Operation::UpdateService, without_nulls(input)).unwrap();
    assert_eq!((request.service.as_str(), request.cluster), ("web", None));
    assert_eq!(request.enable_ecs_managed_tags, Some(false));
    assert_eq!(request.load_balancers, Some(Vec::new()), "emptied, not left");
    assert_eq!(request.service_registries, None);
    assert!(request.deployment_configuration.unwrap().deployment_circuit_breaker.unwrap().enable);
}

#[test]
fn a_member_that_the_model_does_not_honour_is_refused_by_name() {
    let (code, message) = refusal::<UpdateServiceRequest>(json!({ "service": "web", "monitoring": {} }));
    assert_eq!(code, "InvalidParameterException");
    assert!(message.contains("`monitoring`"), "{message}");
    let input = json!({ "taskDefinition": "web", "overrides": { "containerOverrides": [{ "nme": "app" }] } });
    let (code, message) = refusal::<RunTaskRequest>(input);
    assert_eq!(code, "InvalidParameterException");
    assert!(message.contains("overrides.containerOverrides[0]") && message.contains("`nme`"), "{message}");
}

#[test]
fn a_required_member_that_is_missing_is_refused_by_name() {
    for input in [json!({}), json!({ "service": null })] {
        let (code, message) = refusal::<UpdateServiceRequest>(input);
        assert_eq!(code, "InvalidParameterException");
        assert!(message.contains("`service`"), "{message}");
    }
}

#[test]
fn values_out_of_their_set_or_range_are_the_parameters_fault() {
    let launch = json!({ "taskDefinition": "web", "launchType": "MOON" });
    let negative = json!({ "taskDefinition": "web", "count": -1 });
    for (input, member) in [(launch, "launchType"), (negative, "count")] {
        let (code, message) = refusal::<RunTaskRequest>(input);
        assert_eq!(code, "InvalidParameterException", "{message}");
        assert!(message.contains(member), "{message}");
    }
}

#[test]
fn a_value_of_another_type_is_no_request_at_all() {
    let (code, message) = refusal::<DescribeServicesRequest>(json!({ "services": "web" }));
    assert_eq!(code, "SerializationException");
    assert!(message.contains("services"), "{message}");
}

#[test]
fn operations_are_found_by_their_names_alone() {
    for operation in Operation::ALL {
        assert_eq!(Operation::of_name(operation.name()), Some(*operation));
    }
    assert_eq!(Operation::of_name("describeServices"), None);
    assert_eq!(Operation::of_name("ExecuteCommand"), None);
}
