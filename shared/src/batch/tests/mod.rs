//! Jobs, without a ledger and without ECS.

mod admission;
mod ends;
mod requests;
mod starts;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use crate::event::{Container, ResourceVersion, StopCode, TaskStateChange, TaskStatus, TaskTimes};
use crate::ports::{ContainerDefinition, Definition, StartFailure, Started};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_794_182_400 + second).unwrap()
}

fn name(text: &str) -> JobName {
    JobName::parse(text).unwrap()
}

fn run_id() -> RunId {
    RunId { job: name("nightly-etl"), slot: Slot::at(at(0)) }
}

fn spec() -> TaskSpec {
    TaskSpec {
        cluster: "batch".to_owned(),
        task_definition: "etl".to_owned(),
        container: None,
        command: None,
        environment: BTreeMap::new(),
        cpu: None,
        memory: None,
        task_role: None,
        execution_role: None,
        capacity: Capacity::LaunchType(FARGATE.to_owned()),
        network: None,
        platform_version: None,
        tags: BTreeMap::new(),
        execute_command: false,
    }
}

fn job(size: Size) -> Job {
    Job {
        name: name("nightly-etl"),
        trigger: Trigger::Demand,
        suspended: false,
        task: spec(),
        size,
        parameters: BTreeMap::new(),
        rules: JobRules::default(),
    }
}

fn definition() -> Definition {
    let container =
        |name: &str, is_essential| ContainerDefinition { name: name.to_owned(), is_essential, memory: None };
    Definition {
        arn: TaskDefinitionArn::new("arn:aws:ecs:eu-central-1:123456789012:task-definition/etl:7"),
        is_active: true,
        cpu: Some(1024),
        memory: Some(2048),
        containers: vec![container("etl", true), container("proxy", false)],
    }
}

fn frozen(size: Size) -> Frozen {
    Frozen {
        at: at(0),
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/batch"),
        task: spec(),
        size,
        rules: JobRules::default(),
        parameters: BTreeMap::new(),
        definition: definition(),
    }
}

fn lease() -> Timestamp {
    at(75)
}

fn arn(id: u32) -> TaskArn {
    TaskArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task/batch/{id:032x}"))
}

fn exits(name: &str, exit_code: Option<i64>) -> Container {
    Container { name: Some(name.to_owned()), exit_code, ..Container::default() }
}

/// A task that has stopped with these containers.
fn stopped(id: u32, code: Option<StopCode>, containers: Vec<Container>) -> TaskStateChange {
    TaskStateChange {
        cluster_arn: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/batch"),
        task_arn: Some(arn(id)),
        task_definition_arn: Some(definition().arn),
        desired_status: Some(TaskStatus::Stopped),
        last_status: TaskStatus::Stopped,
        group: Some("family:etl".to_owned()),
        started_by: None,
        version: ResourceVersion(6),
        stop_code: code,
        stopped_reason: None,
        containers,
        attachments: Vec::new(),
        launch_type: Some(FARGATE.to_owned()),
        capacity_provider_name: None,
        container_instance_arn: None,
        availability_zone: None,
        cpu: None,
        memory: None,
        times: TaskTimes { started_at: Some(at(30)), stopped_at: Some(at(90)), ..TaskTimes::default() },
    }
}

fn exited(id: u32, exit_code: i64) -> TaskStateChange {
    stopped(
        id,
        Some(StopCode::EssentialContainerExited),
        vec![exits("etl", Some(exit_code)), exits("proxy", Some(143))],
    )
}

/// A unit whose first call was begun.
fn begun(places: u32, frozen: &Frozen) -> Unit {
    let mut unit = Unit::new(run_id(), 0, places, at(0));
    assert!(unit.begin(frozen, at(0), lease()));
    unit
}

fn started(ids: &[u32]) -> Started {
    Started { tasks: ids.iter().map(|id| arn(*id)).collect(), failures: Vec::new() }
}

fn no_room(reason: &str) -> StartFailure {
    StartFailure { arn: None, reason: reason.to_owned(), detail: None }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}
