//! Every operation, over HTTP, held against AWS's own model of it: what is asked as well as what is answered.

use std::collections::BTreeSet;

use super::*;
use crate::ecs::botocore::{ApiModel, Side};
use crate::ecs::operation::Operation;

/// A face, and what AWS says of it.
struct Held {
    face: Face,
    model: ApiModel,
    answered: BTreeSet<&'static str>,
}

impl Held {
    async fn start() -> Self {
        let model = tokio::task::spawn_blocking(ApiModel::of_ecs).await.unwrap();
        let model = model.unwrap_or_else(|error| panic!("{error}"));
        Self { face: Face::start().await, model, answered: BTreeSet::new() }
    }

    /// A call that AWS's model allows, and its answer, which AWS's model allows too.
    async fn ok(&mut self, operation: Operation, input: Value) -> Value {
        let name = operation.name();
        assert_eq!(self.model.violations(name, Side::Input, &input), Vec::<String>::new(), "{input:#}");
        let answer = self.face.ok(name, &input).await;
        assert_eq!(self.model.violations(name, Side::Output, &answer), Vec::<String>::new(), "{answer:#}");
        self.answered.insert(name);
        answer
    }

    /// A call that is refused as AWS's model lets the operation refuse.
    async fn refused(&self, operation: Operation, input: Value) -> String {
        let name = operation.name();
        assert_eq!(self.model.violations(name, Side::Input, &input), Vec::<String>::new(), "{input:#}");
        let (status, body) = self.face.call(name, &input).await;
        assert_eq!(status, 400, "{name} {input}: {body}");
        assert_eq!(self.model.violations_of_error(&body), Vec::<String>::new(), "{body:#}");
        let code = body["__type"].as_str().unwrap();
        assert!(self.model.has_error(name, code), "{name} never answers {code}");
        code.to_owned()
    }

    fn wait(&self, minutes: u64) {
        self.face.endpoint.advance(Duration::from_mins(minutes));
    }
}

fn text_at(answer: &Value, pointer: &str) -> String {
    let text = answer.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no {pointer} in {answer:#}")).to_owned()
}

fn network() -> Value {
    json!({ "awsvpcConfiguration": {
        "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED",
    } })
}

/// A definition that carries much.
fn definition(image: &str) -> Value {
    json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
        "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
        "ephemeralStorage": { "sizeInGiB": 30 },
        "tags": [{ "key": "team", "value": "shop" }],
        "volumes": [{ "name": "scratch" }],
        "containerDefinitions": [
            {
                "name": "app", "image": image, "essential": true, "cpu": 128, "memoryReservation": 256,
                "command": ["serve"], "environment": [{ "name": "PORT", "value": "8080" }],
                "secrets": [{ "name": "KEY", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/key" }],
                "portMappings": [{ "containerPort": 8080, "protocol": "tcp", "name": "http" }],
                "mountPoints": [{ "sourceVolume": "scratch", "containerPath": "/tmp", "readOnly": false }],
                "dependsOn": [{ "containerName": "log", "condition": "START" }],
                "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "web" } },
                "linuxParameters": { "initProcessEnabled": true, "capabilities": { "drop": ["ALL"] } },
                "ulimits": [{ "name": "nofile", "softLimit": 1024, "hardLimit": 4096 }],
                "stopTimeout": 60,
            },
            { "name": "log", "image": "log:1", "essential": false },
        ],
    })
}

async fn clusters_and_definitions(held: &mut Held) {
    let cluster = json!({
        "clusterName": "prod", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1, "base": 0 }],
        "tags": [{ "key": "team", "value": "shop" }],
    });
    held.ok(Operation::CreateCluster, cluster).await;
    held.ok(Operation::ListClusters, json!({})).await;
    let asked = json!({ "clusters": ["prod", "gone"], "include": ["TAGS"] });
    let described = held.ok(Operation::DescribeClusters, asked).await;
    assert_eq!(described["failures"][0]["reason"], "MISSING");
    let asked = json!({ "capacityProviders": ["FARGATE", "FARGATE_SPOT"] });
    held.ok(Operation::DescribeCapacityProviders, asked).await;
    held.ok(Operation::RegisterTaskDefinition, definition("web:1")).await;
    held.ok(Operation::RegisterTaskDefinition, definition("web:2")).await;
    let asked = json!({ "taskDefinition": "web:1", "include": ["TAGS"] });
    let described = held.ok(Operation::DescribeTaskDefinition, asked).await;
    let containers = &described["taskDefinition"]["containerDefinitions"];
    assert_eq!(containers, &definition("web:1")["containerDefinitions"]);
    assert_eq!(described["tags"][0]["key"], "team");
    held.ok(Operation::ListTaskDefinitions, json!({ "familyPrefix": "web", "sort": "DESC" })).await;
}

async fn services(held: &mut Held) -> String {
    let service = json!({
        "cluster": "prod", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": 2,
        "launchType": "FARGATE", "networkConfiguration": network(),
        "propagateTags": "SERVICE",
        "deploymentConfiguration": {
            "minimumHealthyPercent": 100, "maximumPercent": 200,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true },
        },
        "tags": [{ "key": "team", "value": "shop" }],
    });
    let created = held.ok(Operation::CreateService, service).await;
    held.wait(10);
    held.ok(Operation::ListServices, json!({ "cluster": "prod" })).await;
    let asked = json!({ "cluster": "prod", "services": ["web", "gone"], "include": ["TAGS"] });
    let described = held.ok(Operation::DescribeServices, asked).await;
    assert_eq!(described["services"][0]["runningCount"], 2, "{described:#}");
    assert_eq!(described["failures"][0]["reason"], "MISSING");
    text_at(&created, "/service/serviceArn")
}

async fn deployments(held: &mut Held) {
    let update =
        json!({ "cluster": "prod", "service": "web", "taskDefinition": "web:2", "forceNewDeployment": true });
    held.ok(Operation::UpdateService, update).await;
    let of_web = json!({ "cluster": "prod", "service": "web" });
    let listed = held.ok(Operation::ListServiceDeployments, of_web).await;
    let arn = text_at(&listed, "/serviceDeployments/0/serviceDeploymentArn");
    let target = text_at(&listed, "/serviceDeployments/0/targetServiceRevisionArn");
    let asked = json!({ "serviceDeploymentArns": [arn] });
    held.ok(Operation::DescribeServiceDeployments, asked.clone()).await;
    held.ok(Operation::DescribeServiceRevisions, json!({ "serviceRevisionArns": [target] })).await;
    let hook = json!({ "serviceDeploymentArn": arn, "hookId": "none", "action": "CONTINUE" });
    held.refused(Operation::ContinueServiceDeployment, hook).await;
    let stop = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
    held.ok(Operation::StopServiceDeployment, stop).await;
    held.wait(15);
    let described = held.ok(Operation::DescribeServiceDeployments, asked).await;
    assert_eq!(described["serviceDeployments"][0]["status"], "ROLLBACK_SUCCESSFUL", "{described:#}");
}

async fn tasks(held: &mut Held) {
    let run = json!({
        "cluster": "prod", "taskDefinition": "web:1", "count": 2, "startedBy": "steward/rerun/1",
        "clientToken": "a1", "launchType": "FARGATE", "networkConfiguration": network(), "group": "rerun",
        "overrides": {
            "containerOverrides": [{ "name": "app", "command": ["once"], "environment": [] }], "cpu": "512",
            "memory": "1024",
        },
        "tags": [{ "key": "team", "value": "shop" }],
    });
    let ran = held.ok(Operation::RunTask, run).await;
    let task = text_at(&ran, "/tasks/0/taskArn");
    held.wait(5);
    let asked = json!({ "cluster": "prod", "startedBy": "steward/rerun/1" });
    let listed = held.ok(Operation::ListTasks, asked).await;
    assert_eq!(listed["taskArns"].as_array().unwrap().len(), 2);
    let of_web = json!({ "cluster": "prod", "serviceName": "web" });
    let of_service = held.ok(Operation::ListTasks, of_web).await;
    let protected = text_at(&of_service, "/taskArns/0");
    let protect =
        json!({ "cluster": "prod", "tasks": [protected], "protectionEnabled": true, "expiresInMinutes": 60 });
    held.ok(Operation::UpdateTaskProtection, protect).await;
    held.ok(Operation::GetTaskProtection, json!({ "cluster": "prod", "tasks": [protected] })).await;
    let stop = json!({ "cluster": "prod", "task": task, "reason": "enough" });
    held.ok(Operation::StopTask, stop).await;
    held.wait(5);
    let gone = "0".repeat(32);
    let asked = json!({ "cluster": "prod", "tasks": [task, gone], "include": ["TAGS"] });
    let described = held.ok(Operation::DescribeTasks, asked).await;
    assert_eq!(described["tasks"][0]["stopCode"], "UserInitiated");
    assert_eq!(described["failures"][0]["reason"], "MISSING");
}

async fn hosts(held: &mut Held) {
    let host = Host {
        cluster: "prod".to_owned(),
        ec2_instance_id: "i-0123456789abcdef0".to_owned(),
        zone: "us-east-1a".to_owned(),
        capacity_provider: None,
        cpu: 2048,
        memory: 3884,
    };
    held.face.endpoint.model(|ecs| ecs.add_container_instance(&host));
    let listed = held.ok(Operation::ListContainerInstances, json!({ "cluster": "prod" })).await;
    let host = text_at(&listed, "/containerInstanceArns/0");
    let drain = json!({ "cluster": "prod", "containerInstances": [host], "status": "DRAINING" });
    held.ok(Operation::UpdateContainerInstancesState, drain).await;
    let asked = json!({ "cluster": "prod", "containerInstances": [host, "0".repeat(32)] });
    let described = held.ok(Operation::DescribeContainerInstances, asked).await;
    assert_eq!(described["containerInstances"][0]["status"], "DRAINING");
    assert_eq!(described["failures"][0]["reason"], "MISSING");
}

async fn tags(held: &mut Held, service: &str) {
    let tag = json!({ "resourceArn": service, "tags": [{ "key": "steward:mode", "value": "act" }] });
    held.ok(Operation::TagResource, tag).await;
    let listed = held.ok(Operation::ListTagsForResource, json!({ "resourceArn": service })).await;
    assert_eq!(listed["tags"].as_array().unwrap().len(), 2);
    let untag = json!({ "resourceArn": service, "tagKeys": ["steward:mode"] });
    held.ok(Operation::UntagResource, untag).await;
}

async fn ends(held: &mut Held) {
    held.ok(Operation::DeleteService, json!({ "cluster": "prod", "service": "web", "force": true })).await;
    held.ok(Operation::DeregisterTaskDefinition, json!({ "taskDefinition": "web:2" })).await;
}

async fn refusals_of_a_cluster_that_is_not_there(held: &Held) {
    for (operation, rest) in [
        (Operation::DescribeServices, json!({ "services": ["web"] })),
        (Operation::ListServices, json!({})),
        (Operation::UpdateService, json!({ "service": "web" })),
        (Operation::DeleteService, json!({ "service": "web" })),
        (Operation::DescribeTasks, json!({ "tasks": ["0"] })),
        (Operation::ListTasks, json!({})),
        (Operation::RunTask, json!({ "taskDefinition": "web:1", "launchType": "FARGATE" })),
        (Operation::StopTask, json!({ "task": "0" })),
        (Operation::DescribeContainerInstances, json!({ "containerInstances": ["0"] })),
        (Operation::ListContainerInstances, json!({})),
        (Operation::GetTaskProtection, json!({ "tasks": ["0"] })),
        (Operation::ListServiceDeployments, json!({ "service": "web" })),
    ] {
        let mut input = rest;
        input["cluster"] = json!("gone");
        assert_eq!(held.refused(operation, input).await, "ClusterNotFoundException", "{operation:?}");
    }
}

async fn refusals(held: &Held) {
    let missing = json!({ "cluster": "prod", "service": "gone" });
    assert_eq!(held.refused(Operation::UpdateService, missing.clone()).await, "ServiceNotFoundException");
    assert_eq!(held.refused(Operation::DeleteService, missing).await, "ServiceNotFoundException");
    let definition = json!({ "taskDefinition": "gone:1" });
    assert_eq!(held.refused(Operation::DescribeTaskDefinition, definition).await, "ClientException");
    let many = json!({ "cluster": "prod", "taskDefinition": "web:1", "count": 11 });
    assert_eq!(held.refused(Operation::RunTask, many).await, "InvalidParameterException");
}

/// A token that comes with other parameters names the tasks that it started.
async fn conflicts(held: &Held) {
    let with = |count: u32| {
        json!({
            "cluster": "prod", "taskDefinition": "web:1", "clientToken": "twice", "launchType": "FARGATE",
            "networkConfiguration": network(), "count": count,
        })
    };
    let ran = held.face.ok("RunTask", &with(1)).await;
    assert_eq!(held.refused(Operation::RunTask, with(2)).await, "ConflictException");
    let (_, refused) = held.face.call("RunTask", &with(2)).await;
    assert_eq!(refused["resourceIds"], json!([ran["tasks"][0]["taskArn"]]));
}

#[tokio::test]
async fn all_that_is_asked_and_answered_is_as_aws_describes_it() {
    let mut held = Held::start().await;
    clusters_and_definitions(&mut held).await;
    let service = services(&mut held).await;
    deployments(&mut held).await;
    tasks(&mut held).await;
    hosts(&mut held).await;
    tags(&mut held, &service).await;
    refusals_of_a_cluster_that_is_not_there(&held).await;
    refusals(&held).await;
    conflicts(&held).await;
    ends(&mut held).await;
    let names = Operation::ALL.iter().map(|operation| operation.name());
    let rest: Vec<&str> = names.filter(|name| !held.answered.contains(name)).collect();
    assert_eq!(rest, ["ContinueServiceDeployment"], "no hook waits here");
}

type Mutation = (&'static str, fn(&mut Value));

#[tokio::test]
async fn a_wrong_answer_is_caught() {
    let mut held = Held::start().await;
    clusters_and_definitions(&mut held).await;
    services(&mut held).await;
    let asked = json!({ "cluster": "prod", "services": ["web"] });
    let right = held.ok(Operation::DescribeServices, asked).await;
    let mutations: [Mutation; 5] = [
        ("a member by another name", |service| service["ServiceName"] = json!("web")),
        ("a text for a number", |service| service["desiredCount"] = json!("2")),
        ("a value beyond the enumeration", |service| service["schedulingStrategy"] = json!("SOMETIMES")),
        ("a time as text", |service| service["createdAt"] = json!("2026-03-01T12:00:00Z")),
        ("a required member that is gone", |service| {
            service["deploymentConfiguration"]["deploymentCircuitBreaker"] = json!({ "enable": true });
        }),
    ];
    for (mutation, mutate) in mutations {
        let mut wrong = right.clone();
        mutate(&mut wrong["services"][0]);
        assert_ne!(wrong, right, "{mutation}");
        let found = held.model.violations("DescribeServices", Side::Output, &wrong);
        assert_eq!(found.len(), 1, "{mutation}: {found:?}");
    }
}
