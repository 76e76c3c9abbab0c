//! Standalone tasks as the domain's port has them.

use steward::action::ActionId;
use steward::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use steward::batch::{Capacity, JobNetwork, StrategyItem};
use steward::event::{Detail, Event, StopCode, TaskStateChange, TaskStatus};
use steward::ports::{ContainerOverride, EcsError, Find, Meaning, TaskRequest};

use super::super::ports::{find_job_tasks, job_definition, job_tasks, run_tasks, stop_task};
use super::super::throttle::{Bucket, Rate};
use super::*;

const MINUTE: Duration = Duration::from_mins(1);
const BY: &str = "steward/job/nightly";

fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

fn token(letter: char) -> ActionId {
    ActionId::parse(&letter.to_string().repeat(64)).unwrap()
}

fn request(definition: &str, count: u32) -> TaskRequest {
    TaskRequest {
        cluster: cluster(),
        task_definition: TaskDefinitionArn::new(definition),
        token: token('a'),
        count,
        started_by: BY.to_owned(),
        capacity: Capacity::LaunchType("FARGATE".to_owned()),
        network: None,
        platform_version: None,
        container: None,
        cpu: None,
        memory: None,
        task_role: None,
        execution_role: None,
        tags: [("team".to_owned(), "a".to_owned())].into(),
        execute_command: false,
    }
}

fn world(fate: Fate) -> (World, TaskRequest) {
    let mut world = World::new(3);
    let definition = world.fate(fate);
    (world, request(&definition, 2))
}

#[test]
fn tasks_run_as_they_were_asked_for() {
    let (mut world, mut request) = world(Fate::Serves);
    request.capacity =
        Capacity::Strategy(vec![StrategyItem { provider: "FARGATE_SPOT".to_owned(), weight: 1, base: 0 }]);
    request.network = Some(JobNetwork {
        subnets: vec!["subnet-1".to_owned()],
        security_groups: vec!["sg-1".to_owned()],
        public_ip: true,
    });
    request.platform_version = Some("1.4.0".to_owned());
    request.container = Some(ContainerOverride {
        name: "api".to_owned(),
        command: Some(vec!["load".to_owned()]),
        environment: [("DAY".to_owned(), "1".to_owned())].into(),
        memory: Some(256),
    });
    (request.cpu, request.memory) = (Some(512), Some(1_024));
    request.task_role = Some("arn:aws:iam::123456789012:role/task".to_owned());
    request.execute_command = true;
    let started = run_tasks(&mut world.ecs, &request).unwrap();
    assert_eq!((started.tasks.len(), started.failures.len()), (2, 0));
    let seen = &world.ecs.effects()[0];
    let subnets = json!({ "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED" });
    let asked = json!({
        "cluster": cluster(), "taskDefinition": request.task_definition, "clientToken": token('a'), "count": 2,
        "startedBy": BY, "platformVersion": "1.4.0", "enableExecuteCommand": true,
        "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }],
        "networkConfiguration": { "awsvpcConfiguration": subnets },
        "overrides": request.overrides(), "tags": [{ "key": "team", "value": "a" }],
    });
    let detail = clean(super::super::api::without_nulls(seen.detail.clone()));
    assert_eq!((seen.operation.as_str(), detail), ("RunTask", clean(asked)));
}

/// Without empty lists, which say the same as none.
fn clean(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|_, member| *member != json!([]));
            members.values_mut().for_each(|member| *member = clean(member.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = clean(item.take())),
        _ => {}
    }
    value
}

#[test]
fn every_failure_is_told_beside_what_was_started() {
    let mut settings = Settings::new("2026-11-20T00:00:00Z".parse().unwrap(), 1);
    settings.fargate_tasks = Some(3);
    let mut world = World::with(settings);
    let definition = world.define(Behaviour::serves());
    let started = run_tasks(&mut world.ecs, &request(&definition, 10)).unwrap();
    assert_eq!((started.tasks.len(), started.failures.len()), (3, 7));
    assert!(started.failures.iter().all(|failure| failure.reason.starts_with("You've reached the limit")));
    assert_eq!(run_tasks(&mut world.ecs, &request(&definition, 10)), Ok(started), "the same token");
}

#[test]
fn what_a_refusal_means_is_told() {
    let meaning =
        |result: Result<_, EcsError>| result.map(|_: steward::ports::Started| ()).unwrap_err().meaning;
    let (mut world, first) = world(Fate::Serves);
    let started = run_tasks(&mut world.ecs, &first).unwrap();
    let other = TaskRequest { count: 3, ..first.clone() };
    let conflict = Meaning::Conflict { tasks: started.tasks };
    assert_eq!(meaning(run_tasks(&mut world.ecs, &other)), conflict);
    let odd =
        TaskRequest { token: token('b'), capacity: Capacity::LaunchType("MOON".into()), ..first.clone() };
    assert_eq!(meaning(run_tasks(&mut world.ecs, &odd)), Meaning::Refused);
    world.call("DeregisterTaskDefinition", &json!({ "taskDefinition": "api:1" }));
    let again = TaskRequest { token: token('b'), ..first.clone() };
    assert_eq!(meaning(run_tasks(&mut world.ecs, &again)), Meaning::Refused, "INACTIVE");
    assert!(run_tasks(&mut world.ecs, &first).is_ok(), "a token that was used is judged no more");
    world.ecs.throttle.set(Bucket::ClusterResourceChanges, Rate { burst: 0, refill: 0 });
    assert_eq!(meaning(run_tasks(&mut world.ecs, &again)), Meaning::Throttled);
}

/// Without what events and the API word differently: a network interface is `eni` here, and `ElasticNetworkInterface` there,
/// and only events have `updatedAt`.
fn either_way(mut task: TaskStateChange) -> TaskStateChange {
    task.times.updated_at = None;
    for attachment in &mut task.attachments {
        attachment.kind = None;
    }
    task
}

#[test]
fn a_task_is_answered_as_its_events_tell_it() {
    let (mut world, request) = world(Fate::OutOfMemory { after: MINUTE });
    let started = run_tasks(&mut world.ecs, &request).unwrap();
    world.pass(MINUTE * 5);
    let gone =
        TaskArn::new("arn:aws:ecs:eu-central-1:123456789012:task/shop/0123456789abcdef0123456789abcdef");
    let asked = [started.tasks[0].clone(), gone];
    let answered = job_tasks(&mut world.ecs, &cluster(), &asked).unwrap();
    let last =
        world.events.iter().rev().find(|emitted| emitted.event["detail"]["taskArn"] == json!(asked[0]));
    let Some(Value::Object(event)) = last.map(|emitted| emitted.event.clone()) else { panic!("an event") };
    let Detail::TaskStateChange(told) = Event::from_object(event).unwrap().detail else {
        panic!("of a task")
    };
    assert_eq!(answered.len(), 1, "what ECS does not know is left out");
    let task = &answered[0];
    assert_eq!(either_way(task.clone()), either_way(*told));
    assert_eq!(task.stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!(task.containers[0].exit_code, Some(137));
    assert!(task.containers[0].reason.as_deref().unwrap().starts_with("OutOfMemoryError"), "{task:?}");
    assert_eq!(job_tasks(&mut world.ecs, &cluster(), &[]), Ok(Vec::new()));
}

#[test]
fn running_tasks_are_found_by_who_started_them_and_stopped_ones_by_family() {
    let (mut world, request) = world(Fate::Serves);
    let started = run_tasks(&mut world.ecs, &request).unwrap();
    world.pass(MINUTE * 3);
    stop_task(&mut world.ecs, &cluster(), &started.tasks[0], "it took too long").unwrap();
    world.pass(MINUTE * 3);
    stop_task(&mut world.ecs, &cluster(), &started.tasks[0], "again").unwrap();
    let mut found = |find: &Find| find_job_tasks(&mut world.ecs, &cluster(), find, None).unwrap().items;
    let running = found(&Find::StartedBy(BY.to_owned()));
    assert_eq!((running.len(), running[0].last_status.clone()), (1, TaskStatus::Running));
    let of_family = |started_by: &str| Find::StoppedOfFamily {
        family: "api".to_owned(),
        started_by: started_by.to_owned(),
    };
    let stopped = found(&of_family(BY));
    assert_eq!((stopped.len(), stopped[0].stopped_reason.as_deref()), (1, Some("it took too long")));
    assert!(found(&of_family("somebody")).is_empty());
}

#[test]
fn a_task_definition_is_read_by_family_by_revision_and_by_arn() {
    let mut world = World::new(1);
    world.ecs.add_task_definition(&Revision::new("api", Behaviour::serves()).size(512, 1_024));
    let second = Revision::new("api", Behaviour::serves()).sidecar("log");
    let arn = world.ecs.add_task_definition(&second);
    world.call("DeregisterTaskDefinition", &json!({ "taskDefinition": "api:2" }));
    let mut read = |name: &str| job_definition(&mut world.ecs, name).unwrap();
    let latest = read("api").unwrap();
    assert!(latest.arn.as_str().ends_with("api:1") && latest.is_active, "the latest ACTIVE: {latest:?}");
    assert_eq!((latest.cpu, latest.memory), (Some(512), Some(1_024)));
    let inactive = read("api:2").unwrap();
    assert_eq!((inactive.arn.as_str(), inactive.is_active), (arn.as_str(), false));
    let containers: Vec<_> =
        inactive.containers.iter().map(|one| (one.name.as_str(), one.is_essential, one.memory)).collect();
    assert_eq!(containers, [("api", true, None), ("log", false, None)]);
    assert_eq!(read(&arn), Some(inactive));
    assert_eq!(read("nothing"), None);
}
