//! What the model does, told in worlds of a few services.

mod causes;
mod deployments;
mod hooks;
mod hosts;
mod jobs;
mod life;
mod ports;
mod refusals;
mod run_task;
mod scale;
mod standing;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Behaviour, Ecs, Emitted, Fate, Revision, Settings, fargate_service};
use crate::random::later;

pub(super) const CLUSTER: &str = "shop";
pub(super) const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-api/3f0c9a7be2d15846";

/// A model, its events so far, and short ways to look at it.
pub(super) struct World {
    pub(super) ecs: Ecs,
    pub(super) events: Vec<Emitted>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let start: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        Self::with(Settings::new(start, seed))
    }

    pub(super) fn with(settings: Settings) -> Self {
        let mut ecs = Ecs::new(settings);
        ecs.add_cluster(CLUSTER);
        Self { ecs, events: Vec::new() }
    }

    /// With a service `api` of two tasks that serve, steady.
    pub(super) fn steady(seed: u64) -> Self {
        let mut world = Self::new(seed);
        world.define(Behaviour::serves());
        world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 2)).unwrap();
        world.pass(Duration::from_mins(10));
        assert_eq!(world.service("api")["deployments"][0]["rolloutState"], "COMPLETED");
        world.events.clear();
        world
    }

    /// The next revision of `api`.
    pub(super) fn define(&mut self, behaviour: Behaviour) -> String {
        self.ecs.add_task_definition(&Revision::new("api", behaviour))
    }

    pub(super) fn fate(&mut self, fate: Fate) -> String {
        self.define(Behaviour::new(fate))
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.ecs.advance(later(self.ecs.now(), time));
        self.events.extend(self.ecs.take_events());
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value) -> Value {
        self.ecs.call("tests", operation, input).unwrap()
    }

    pub(super) fn refused(&mut self, operation: &str, input: &Value) -> &'static str {
        self.ecs.call("tests", operation, input).unwrap_err().code
    }

    pub(super) fn update(&mut self, task_definition: &str) -> Value {
        let input = json!({ "cluster": CLUSTER, "service": "api", "taskDefinition": task_definition });
        self.call("UpdateService", &input)["service"].clone()
    }

    pub(super) fn service(&mut self, name: &str) -> Value {
        let input = json!({ "cluster": CLUSTER, "services": [name] });
        self.call("DescribeServices", &input)["services"][0].clone()
    }

    pub(super) fn tasks(&mut self, filter: &Value) -> Vec<Value> {
        let mut input = filter.clone();
        input["cluster"] = CLUSTER.into();
        let arns = self.call("ListTasks", &input)["taskArns"].clone();
        if arns.as_array().unwrap().is_empty() {
            return Vec::new();
        }
        let input = json!({ "cluster": CLUSTER, "tasks": arns });
        self.call("DescribeTasks", &input)["tasks"].as_array().unwrap().clone()
    }

    pub(super) fn running(&mut self) -> Vec<Value> {
        self.tasks(&json!({ "serviceName": "api" }))
    }

    pub(super) fn stopped(&mut self) -> Vec<Value> {
        self.tasks(&json!({ "serviceName": "api", "desiredStatus": "STOPPED" }))
    }

    /// `eventName`s of deployments and services so far, in order.
    pub(super) fn names(&self) -> Vec<&str> {
        self.events.iter().filter_map(|emitted| emitted.event["detail"]["eventName"].as_str()).collect()
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.names().iter().filter(|known| **known == name).count()
    }

    /// The newest service deployment of `api`.
    pub(super) fn service_deployment(&mut self) -> Value {
        let input = json!({ "cluster": CLUSTER, "service": "api" });
        let list = self.call("ListServiceDeployments", &input);
        let arn = list["serviceDeployments"][0]["serviceDeploymentArn"].clone();
        self.call("DescribeServiceDeployments", &json!({ "serviceDeploymentArns": [arn] }))["serviceDeployments"]
            [0]
        .clone()
    }
}
