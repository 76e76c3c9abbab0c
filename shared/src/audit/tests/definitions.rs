//! What is read of a definition, and what its execution role needs.

use super::*;

fn needed(change: impl FnOnce(&mut Value), launch: Launch) -> Vec<String> {
    let definition = changed(change);
    let needs = needs(definition.known().unwrap(), &ClusterArn::new(CLUSTER), launch);
    let mark = |need: &Need| if need.by_resource_policy { " ?" } else { "" };
    needs.iter().map(|need| format!("{} {}{}", need.action, need.resource, mark(need))).collect()
}

#[test]
fn image_secrets_and_logs_need_what_the_facts_say() {
    insta::assert_snapshot!(needed(|_| {}, Launch::Fargate).join("\n"));
}

#[test]
fn on_container_instances_the_instance_pulls() {
    let needed = needed(|_| {}, Launch::Ec2);
    assert!(needed.iter().all(|need| !need.starts_with("ecr:")), "{needed:?}");
    assert!(needed.iter().any(|need| need.starts_with("logs:PutLogEvents")), "{needed:?}");
}

#[test]
fn everything_else_that_a_container_may_name_is_needed() {
    let needed = needed(
        |definition| {
            let container = &mut definition["containerDefinitions"][0];
            container["image"] = json!("999999999999.dkr.ecr.us-east-1.amazonaws.com/tools/web:1");
            container["repositoryCredentials"] = json!({"credentialsParameter": "registry"});
            container["environmentFiles"] = json!([{"type": "s3", "value": "arn:aws:s3:::settings/web.env"}]);
            container["firelensConfiguration"] = json!({"type": "fluentbit", "options": {
                "config-file-type": "s3", "config-file-value": "arn:aws:s3:::settings/fluent.conf"}});
            container["secrets"] = json!([
                {"name": "A", "valueFrom": "/web/a"},
                {"name": "B", "valueFrom": "arn:aws:ssm:eu-central-1:123456789012:parameter/web/b"},
                {"name": "C", "valueFrom": "arn:aws:secretsmanager:eu-central-1:999999999999:secret:c-AbCdEf"},
            ]);
            container["logConfiguration"]["options"]["awslogs-create-group"] = json!("true");
            container["logConfiguration"]["secretOptions"] = json!([{"name": "t", "valueFrom": "token"}]);
        },
        Launch::Fargate,
    );
    insta::assert_snapshot!(needed.join("\n"));
}

#[test]
fn no_value_of_a_variable_is_kept() {
    let definition = container(
        "environment",
        json!([{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "A", "value": "plain-text"}]),
    );
    let kept = format!("{definition:?}");
    assert!(
        kept.contains("DB_PASSWORD") && !kept.contains("hunter2") && !kept.contains("plain-text"),
        "{kept}"
    );
}

#[test]
fn its_size_is_that_of_what_was_registered() {
    let registered = json!({"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx"}]});
    let mut answered = registered.clone();
    let more = json!({
        "taskDefinitionArn": "arn:…", "revision": 3, "status": "ACTIVE", "compatibilities": ["EC2"], "volumes": [],
        "requiresAttributes": [{"name": "ecs.capability.execution-role-ecr-pull"}], "registeredBy": "ana", "cpu": null,
    });
    answered.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answered["containerDefinitions"][0]["mountPoints"] = json!([]);
    assert_eq!(Definition::read(&answered).unwrap().size, registered.to_string().len());
}

#[test]
fn what_is_no_definition_is_an_error_that_shows_nothing_of_it() {
    let error =
        Definition::read(&json!({"taskDefinitionArn": "a", "containerDefinitions": "hunter2"})).unwrap_err();
    assert!(error.to_string().contains("sequence"), "{error}");
    assert!(Definition::read(&json!({})).is_err());
}
