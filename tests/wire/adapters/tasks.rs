//! Standalone tasks as the model of ECS answers over the wire: run once by one token, found, stopped, and every method does
//! what it declares.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use steward::action::ActionId;
use steward::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use steward::aws::Ecs;
use steward::batch::{Capacity, JobNetwork};
use steward::event::TaskStatus;
use steward::permissions::Function;
use steward::ports::{Access, EcsError, Find, Meaning, RunTasks, TaskRequest};
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::{Behaviour, Happening, Revision};
use steward_sim::lambda::gateway::{self, Fault, Gateway, Touch, When};

use crate::access::{denied, is_of};
use crate::ecs::{CLUSTER, since};
use crate::stack;
use crate::support::{run, sdk_at};

/// ECS with a task definition, behind a gateway, and the adapter.
struct Behind {
    endpoint: Endpoint,
    gateway: Gateway,
    ecs: Ecs,
}

impl Behind {
    async fn start() -> Self {
        let mut model = since(SignedDuration::from_hours(1));
        model.add_cluster(CLUSTER);
        model.add_task_definition(&Revision::new("etl", Behaviour::serves()));
        let endpoint = Endpoint::new(model);
        let behind = gateway::Settings { ecs: Some(endpoint.clone()), ..gateway::Settings::default() };
        let gateway = Gateway::start(behind).await.unwrap();
        let ecs = Ecs::new(&sdk_at(&gateway.url()));
        Self { endpoint, gateway, ecs }
    }

    async fn run(&self, request: &TaskRequest) -> Result<Vec<TaskArn>, EcsError> {
        RunTasks::run(&self.ecs, request).await.map(|started| started.tasks)
    }

    /// How many tasks ECS ever started.
    fn started(&self) -> usize {
        let effects = self.endpoint.model(|ecs| ecs.effects().to_vec());
        effects.iter().filter(|effect| effect.operation == "RunTask").count()
    }
}

fn cluster() -> ClusterArn {
    ClusterArn::new(format!("arn:aws:ecs:us-east-1:123456789012:cluster/{CLUSTER}"))
}

/// With a token of 64 times one digit.
fn request(digit: &str) -> TaskRequest {
    TaskRequest {
        cluster: cluster(),
        task_definition: TaskDefinitionArn::new("arn:aws:ecs:us-east-1:123456789012:task-definition/etl:1"),
        token: ActionId::parse(&digit.repeat(64)).unwrap(),
        count: 2,
        started_by: format!("steward/job/nightly/a/0/{digit}"),
        capacity: Capacity::LaunchType("FARGATE".to_owned()),
        network: Some(JobNetwork {
            subnets: vec!["subnet-0a1b2c3d4e5f60718".to_owned()],
            security_groups: Vec::new(),
            public_ip: false,
        }),
        platform_version: None,
        container: None,
        cpu: None,
        memory: None,
        task_role: Some("arn:aws:iam::123456789012:role/job".to_owned()),
        execution_role: None,
        tags: BTreeMap::from([("team".to_owned(), "data".to_owned())]),
        execute_command: false,
    }
}

#[test]
fn tasks_are_run_once_by_one_token_and_found_until_they_stop_and_after() {
    run(async {
        let behind = Behind::start().await;
        let tasks = behind.run(&request("1")).await.unwrap();
        assert_eq!((tasks.len(), behind.started()), (2, 1));
        let sorted = |tasks: Vec<TaskArn>| tasks.into_iter().collect::<BTreeSet<_>>();
        let again = behind.run(&request("1")).await.unwrap();
        assert_eq!((sorted(again), behind.started()), (sorted(tasks.clone()), 1));
        let other = behind.run(&TaskRequest { count: 3, ..request("1") }).await.unwrap_err();
        let Meaning::Conflict { tasks: named } = other.meaning else { panic!("{other:?}") };
        assert_eq!(sorted(named), sorted(tasks.clone()));

        let found = async |find: &Find| {
            let page = RunTasks::find(&behind.ecs, &cluster(), find, None).await.unwrap();
            page.items.into_iter().filter_map(|task| task.task_arn).collect::<BTreeSet<_>>()
        };
        let by = request("1").started_by;
        assert_eq!(found(&Find::StartedBy(by.clone())).await, sorted(tasks.clone()));
        assert_eq!(found(&Find::StartedBy("steward/job/nightly/a/0/2".to_owned())).await, BTreeSet::new());
        behind.endpoint.advance(Duration::from_mins(5));
        behind.ecs.stop(&cluster(), &tasks[0], "ECS Steward: a test ends").await.unwrap();
        behind.endpoint.advance(Duration::from_mins(5));
        let stopped = Find::StoppedOfFamily { family: "etl".to_owned(), started_by: by };
        assert_eq!(found(&stopped).await, sorted(vec![tasks[0].clone()]));
        let read = RunTasks::tasks(&behind.ecs, &cluster(), &tasks[..1]).await.unwrap().remove(0);
        assert_eq!(read.last_status, TaskStatus::Stopped);
        assert_eq!(read.stopped_reason.as_deref(), Some("ECS Steward: a test ends"));
    });
}

#[test]
fn a_run_whose_answer_is_lost_is_not_known_and_the_same_token_tells_what_it_started() {
    run(async {
        let behind = Behind::start().await;
        for (digit, fault, started) in [("1", Fault::LoseAnswer, 1), ("2", Fault::Cut, 2)] {
            let lost = behind.gateway.inject(When::any().operation("RunTask").nth(1), fault);
            let first = behind.run(&request(digit)).await;
            // What the connection told nothing about is asked once more, at once or later, with the same token.
            if let Err(error) = &first {
                assert_eq!(error.meaning, Meaning::Unknown, "{error}");
            }
            assert_eq!(behind.gateway.hits(lost).len(), 1);
            assert_eq!(behind.run(&request(digit)).await.unwrap().len(), 2);
            assert_eq!(behind.started(), started);
        }
    });
}

#[test]
fn what_found_no_room_is_told_task_by_task() {
    run(async {
        let behind = Behind::start().await;
        behind.endpoint.model(|ecs| ecs.happen(Happening::Room { spot: false, tasks: Some(1) }));
        let started = RunTasks::run(&behind.ecs, &request("1")).await.unwrap();
        assert_eq!((started.tasks.len(), started.failures.len()), (1, 1));
        let reason = &started.failures[0].reason;
        assert!(reason.starts_with("Capacity is unavailable at this time"), "{reason}");
    });
}

#[test]
fn a_definition_is_read_by_its_family_or_its_revision() {
    run(async {
        let behind = Behind::start().await;
        for name in ["etl", "etl:1"] {
            let found = RunTasks::definition(&behind.ecs, name).await.unwrap().unwrap();
            assert_eq!((found.arn, found.is_active), (request("1").task_definition, true), "{name}");
            assert_eq!(found.containers.len(), 1);
        }
        assert_eq!(RunTasks::definition(&behind.ecs, "gone").await, Ok(None));
    });
}

#[test]
fn the_methods_that_run_tasks_do_what_they_declare_and_declare_nothing_that_they_never_do() {
    run(async {
        let behind = Behind::start().await;
        let tasks = behind.run(&request("1")).await.unwrap();
        RunTasks::find(&behind.ecs, &cluster(), &Find::StartedBy(request("1").started_by), None)
            .await
            .unwrap();
        RunTasks::tasks(&behind.ecs, &cluster(), &tasks).await.unwrap();
        behind.ecs.stop(&cluster(), &tasks[0], "ECS Steward: a test ends").await.unwrap();
        RunTasks::definition(&behind.ecs, "etl").await.unwrap();
        let touches: BTreeSet<Touch> =
            behind.gateway.calls().into_iter().flat_map(|call| call.touches).collect();
        let declared = <Ecs as RunTasks>::ACCESS;
        let granted = stack::granted(Function::Batch, &stack::everything());
        assert_eq!(denied(&granted, &touches), Vec::<&Touch>::new(), "the template's role denies them");
        let is_need = |need: &Access, touch: &Touch| {
            need.actions.contains(&touch.action.as_str()) && is_of(&touch.resource, need.on)
        };
        for touch in &touches {
            assert!(declared.iter().any(|need| is_need(need, touch)), "{touch:?} is not declared");
        }
        for need in declared {
            assert!(touches.iter().any(|touch| is_need(need, touch)), "{need:?} is never done");
        }
    });
}
