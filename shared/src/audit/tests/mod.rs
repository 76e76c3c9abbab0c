use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::arn::{ClusterArn, DeploymentId, ServiceName, TaskDefinitionArn};
use crate::ecs::{
    self, Controller, DesiredCount, PendingCount, Rollout, RunningCount, ServiceDeploymentSummary, Watch,
};
use crate::observed::Observed;

mod definitions;
mod reports;
mod table;

const CLUSTER: &str = "arn:aws:ecs:eu-central-1:123456789012:cluster/shop";
const DENIED: &str = "DescribeTaskDefinition web:1: AccessDeniedException (400): User: ana is not authorized to perform: \
                      ecs:DescribeTaskDefinition on resource: *";

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

/// A definition that nothing can be said against.
fn good() -> Value {
    json!({
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:1",
        "family": "web",
        "revision": 1,
        "status": "ACTIVE",
        "taskRoleArn": "arn:aws:iam::123456789012:role/web",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{
            "name": "app",
            "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web@sha256:0123",
            "essential": true,
            "healthCheck": {"command": ["CMD", "true"]},
            "stopTimeout": 60,
            "environment": [{"name": "LOG_LEVEL", "value": "info"}],
            "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf:password::"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/web", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "web"}},
        }],
    })
}

fn definition(answered: &Value) -> Observed<Rc<Definition>> {
    Observed::Known(Rc::new(Definition::read(answered).unwrap()))
}

/// The good definition, changed.
fn changed(change: impl FnOnce(&mut Value)) -> Observed<Rc<Definition>> {
    let mut answered = good();
    change(&mut answered);
    definition(&answered)
}

/// The good definition, its container changed.
fn container(member: &str, value: Value) -> Observed<Rc<Definition>> {
    changed(|definition| definition["containerDefinitions"][0][member] = value)
}

/// Everything that a definition needs, allowed.
fn allowed(definition: &Observed<Rc<Definition>>) -> Permissions {
    let needs = needs(definition.known().unwrap(), &ClusterArn::new(CLUSTER), Launch::Fargate);
    needs.into_iter().map(|need| ((need.action.to_owned(), need.resource), Ruling::Allowed)).collect()
}

/// A service that nothing can be said against.
fn clean(name: &str) -> Facts {
    let definition = definition(&good());
    let zones = [("eu-central-1a", 1), ("eu-central-1b", 1)];
    Facts {
        permissions: Observed::Known(Rc::new(allowed(&definition))),
        definition,
        running: Observed::Known(Running {
            by_zone: zones.map(|(zone, tasks)| (zone.to_owned(), tasks)).into(),
            nowhere: 0,
        }),
        failures: Observed::Known(Vec::new()),
        service: Service {
            ecs: ecs::Service {
                cluster: ClusterArn::new(CLUSTER),
                name: ServiceName::new(name),
                status: "ACTIVE".to_owned(),
                controller: Controller::Ecs,
                is_rolling: true,
                task_definition: Some(TaskDefinitionArn::new("web:1")),
                desired: DesiredCount(2),
                running: RunningCount(2),
                pending: PendingCount(0),
                breaker: Watch { is_enabled: true, rolls_back: true },
                deployments: vec![deployment(Rollout::Completed, 0)],
                alarms: Watch::default(),
                current_service_deployment: None,
                capacity_providers: Vec::new(),
                tags: BTreeMap::new(),
            },
            arn: format!("arn:aws:ecs:eu-central-1:123456789012:service/shop/{name}"),
            launch: Launch::Fargate,
            is_on_spot: false,
            is_daemon: false,
            minimum_percent: Some(100),
            maximum_percent: Some(200),
            grace: Some(60),
            has_load_balancer: true,
            subnets: Some(2),
            is_discovered: false,
            execute_command: false,
            platform_version: Some("LATEST".to_owned()),
        },
    }
}

fn deployment(rollout: Rollout, failed: u32) -> ServiceDeploymentSummary {
    ServiceDeploymentSummary {
        is_primary: true,
        rollout: Some(rollout),
        failed_tasks: Some(failed),
        created_at: None,
        updated_at: None,
        task_definition: None,
        id: DeploymentId::new("ecs-svc/1"),
    }
}

fn cluster(services: usize) -> ClusterFacts {
    ClusterFacts { cluster: ClusterArn::new(CLUSTER), services: Observed::Known(services) }
}

fn rulings(change: impl FnOnce(&mut Permissions)) -> Observed<Rc<Permissions>> {
    let mut all: BTreeMap<_, _> = allowed(&definition(&good()));
    change(&mut all);
    Observed::Known(Rc::new(all))
}

fn rule(all: &mut Permissions, action: &str, ruling: &Ruling) {
    let of_action = all.iter_mut().filter(|((one, _), _)| one == action);
    let changed = of_action.map(|(_, old)| *old = ruling.clone()).count();
    assert!(changed > 0, "{action} is needed");
}
