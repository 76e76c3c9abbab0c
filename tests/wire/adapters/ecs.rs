//! ECS as its model answers over the wire, and CloudFormation as moto does: what is read is what is there, a change takes
//! effect once, and every method does what it declares.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::action::{ActionId, Call};
use steward::arn::{
    ClusterArn, ContainerInstanceArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use steward::aws::{Ecs, Stacks};
use steward::ecs::{
    Controller, DesiredCount, HookAnswer, HostStatus, Launch, Overrides, Rollout, RunningCount, Service,
    StatusCheck, StrategyItem, Watch,
};
use steward::event::TaskStatus;
use steward::permissions::Function;
use steward::ports::{Access, ChangeEcs, DescribeEcs, EcsError, Find, Hosts, Meaning, Owners};
use steward::remediation::memory::{Raise, Step};
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::{Behaviour, Effect, Host, Revision, fargate_service};
use steward_sim::lambda::cloudwatch::CloudWatch;
use steward_sim::lambda::gateway::{self, Fault, Gateway, Touch, When};
use steward_sim::moto::Moto;

use crate::access::{denied, is_of};
use crate::ecs::{CLUSTER, since};
use crate::stack;
use crate::support::{run, sdk_at};

/// ECS with a service of two tasks that run, behind a gateway, and the adapter.
struct Behind {
    endpoint: Endpoint,
    gateway: Gateway,
    ecs: Ecs,
    cloudwatch: CloudWatch,
}

impl Behind {
    async fn start(upstream: Option<&Moto>) -> Self {
        let mut model = since(SignedDuration::from_hours(1));
        model.add_cluster(CLUSTER);
        let first = model.add_task_definition(&Revision::new("web", Behaviour::serves()));
        model.add_task_definition(&Revision::new("web", Behaviour::serves()));
        model.add_task_definition(&Revision::new("job", Behaviour::serves()));
        model.add_service(&fargate_service(CLUSTER, "web", &first, 2).with_breaker(false)).unwrap();
        let endpoint = Endpoint::new(model);
        endpoint.advance(Duration::from_mins(10));
        let cloudwatch = CloudWatch::default();
        let behind = gateway::Settings {
            ecs: Some(endpoint.clone()),
            cloudwatch: Some(cloudwatch.clone()),
            upstream: upstream.map(Moto::url),
            ..gateway::Settings::default()
        };
        let gateway = Gateway::start(behind).await.unwrap();
        let ecs = Ecs::new(&sdk_at(&gateway.url()));
        Self { endpoint, gateway, ecs, cloudwatch }
    }

    /// Adds a container instance with two tasks of a service.
    async fn host(&self) -> ContainerInstanceArn {
        self.endpoint.model(|model| {
            model.add_managed_instances(CLUSTER, "managed");
            model.add_container_instance(&Host {
                cluster: CLUSTER.to_owned(),
                ec2_instance_id: EC2.to_owned(),
                zone: "us-east-1a".to_owned(),
                capacity_provider: Some("hosts".to_owned()),
                cpu: 4096,
                memory: 8192,
            });
            model.add_service(&fargate_service(CLUSTER, "hosted", "job", 2).on_ec2()).unwrap();
        });
        self.endpoint.advance(Duration::from_mins(10));
        self.ecs.find_host(&cluster(), EC2).await.unwrap().unwrap()
    }

    async fn web(&self) -> Service {
        self.ecs.service(&cluster(), &web()).await.unwrap().unwrap()
    }

    async fn change(&self, id: &str, call: &Call, overrides: &Overrides) -> Result<Option<String>, EcsError> {
        self.ecs.change(&action(id), call, overrides).await.map(|changed| changed.made)
    }

    /// A change without overrides that succeeds: what it made.
    async fn made(&self, id: &str, call: &Call) -> Option<String> {
        self.change(id, call, &Overrides::default()).await.unwrap()
    }

    /// Registers a container instance.
    fn with_an_instance(&self) {
        self.endpoint.model(|ecs| {
            ecs.add_container_instance(&Host {
                cluster: CLUSTER.to_owned(),
                ec2_instance_id: "i-0c41d7e92ab05f386".to_owned(),
                zone: "us-east-1a".to_owned(),
                capacity_provider: None,
                cpu: 2048,
                memory: 4096,
            });
        });
    }

    fn effects(&self) -> Vec<Effect> {
        self.endpoint.model(|ecs| ecs.effects().to_vec())
    }

    fn calls(&self, operation: &str) -> usize {
        self.gateway.calls_of(&When::any().operation(operation)).len()
    }
}

/// The EC2 instance of the one container instance.
const EC2: &str = "i-0a";

fn cluster() -> ClusterArn {
    ClusterArn::new(format!("arn:aws:ecs:us-east-1:123456789012:cluster/{CLUSTER}"))
}

fn web() -> ServiceName {
    ServiceName::new("web")
}

fn revision(name: &str) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{name}"))
}

/// 64 times one digit.
fn action(digit: &str) -> ActionId {
    ActionId::parse(&digit.repeat(64)).unwrap()
}

fn deploy(name: &str) -> Call {
    Call::UpdateService {
        cluster: cluster(),
        service: web(),
        task_definition: Some(revision(name)),
        force_new_deployment: false,
        desired_count: None,
        capacity_providers: None,
    }
}

fn set(instance: &ContainerInstanceArn, status: HostStatus) -> Call {
    Call::UpdateContainerInstancesState { cluster: cluster(), instance: instance.clone(), status }
}

fn strategy() -> Vec<StrategyItem> {
    let item = |provider: &str, weight, base| StrategyItem { provider: provider.to_owned(), weight, base };
    vec![item("FARGATE", 1, 1), item("FARGATE_SPOT", 3, 0)]
}

fn update(
    desired_count: Option<u32>,
    strategy: Option<Vec<StrategyItem>>,
    force_new_deployment: bool,
) -> Call {
    Call::UpdateService {
        cluster: cluster(),
        service: web(),
        task_definition: None,
        force_new_deployment,
        desired_count: desired_count.map(DesiredCount),
        capacity_providers: strategy,
    }
}

fn on_spot(forced: bool) -> Call {
    update(None, Some(strategy()), forced)
}

fn count(desired: u32) -> Call {
    update(Some(desired), None, false)
}

fn stop(task: &TaskArn) -> Call {
    Call::StopTask { cluster: cluster(), task: task.clone() }
}

fn run_job(started_by: &str) -> Call {
    Call::RunTask {
        cluster: cluster(),
        like: TaskArn::new("the lost one"),
        task_definition: revision("job:1"),
        group: Some("nightly".to_owned()),
        launch: Launch { launch_type: Some("FARGATE".to_owned()), ..Launch::default() },
        network: None,
        started_by: started_by.to_owned(),
    }
}

fn given() -> Value {
    json!({"containerOverrides": [{"name": "job", "command": ["run"], "environment": [{"name": "K", "value": "v"}]}], "cpu": "512"})
}

#[test]
fn a_service_is_read_as_it_is_and_so_is_what_it_runs() {
    run(async {
        let behind = Behind::start(None).await;
        let found = behind.web().await;
        assert_eq!((found.cluster.clone(), found.controller.clone()), (cluster(), Controller::Ecs));
        assert_eq!((found.desired, found.running), (DesiredCount(2), RunningCount(2)));
        assert_eq!(found.breaker, Watch { is_enabled: true, rolls_back: false });
        assert!(found.is_steady() && found.is_active() && found.is_rolling, "{found:?}");
        let primary = found.primary().unwrap();
        assert_eq!(
            (primary.task_definition.clone(), primary.rollout),
            (Some(revision("web:1")), Some(Rollout::Completed))
        );
        assert_eq!(behind.ecs.service(&cluster(), &ServiceName::new("gone")).await, Ok(None));
        assert_eq!(behind.ecs.service(&ClusterArn::new("gone"), &web()).await, Ok(None));
        let page = behind.ecs.services(&cluster(), None).await.unwrap();
        assert_eq!((page.items, page.next), (vec![found], None));
        assert_eq!(behind.ecs.clusters().await.unwrap(), [cluster()]);

        let tasks = behind.ecs.find_tasks(&cluster(), &Find::Running, None).await.unwrap().items;
        assert_eq!(tasks.len(), 2);
        for task in &tasks {
            assert_eq!(
                (&task.last_status, task.group.as_deref()),
                (&TaskStatus::Running, Some("service:web"))
            );
            assert_eq!(
                task.launch.overrides.reveal(),
                None,
                "a container that is only named overrides nothing"
            );
        }
        let gone =
            TaskArn::new("arn:aws:ecs:us-east-1:123456789012:task/shop/00000000000000000000000000000000");
        let asked = [tasks[0].arn.clone(), gone];
        assert_eq!(behind.ecs.tasks(&cluster(), &asked).await.unwrap(), [tasks[0].clone()]);
        assert!(behind.ecs.task_definition(&revision("web:2")).await.unwrap().unwrap().is_active);
        assert_eq!(behind.ecs.task_definition(&revision("web:9")).await, Ok(None));
    });
}

#[test]
fn a_deployment_is_stopped_and_goes_back_to_where_it_came_from() {
    run(async {
        let behind = Behind::start(None).await;
        let before = behind.web().await.primary().unwrap().id.clone();
        let made = behind.made("a", &deploy("web:2")).await;
        let after = behind.web().await;
        assert_eq!(
            made.as_deref(),
            Some(after.primary().unwrap().id.as_str()),
            "the answer names the PRIMARY deployment"
        );
        assert_ne!(after.primary().unwrap().id, before);
        behind.endpoint.advance(Duration::from_secs(20));
        let arn = behind.web().await.current_service_deployment.unwrap();
        let under_way = behind.ecs.service_deployment(&arn).await.unwrap().unwrap();
        assert!(under_way.is_stoppable() && !under_way.goes_back(), "{under_way:?}");
        let source = behind.ecs.service_revision(&under_way.source_revisions[0]).await.unwrap().unwrap();
        assert_eq!(source.task_definition, Some(revision("web:1")));
        let stop =
            Call::StopServiceDeployment { service_deployment: arn.clone(), back_to: revision("web:1") };
        behind.made("b", &stop).await;
        behind.endpoint.advance(Duration::from_mins(15));
        let ended = behind.ecs.service_deployment(&arn).await.unwrap().unwrap();
        assert_eq!(ended.status, "ROLLBACK_SUCCESSFUL");
        assert_eq!(behind.web().await.task_definition, Some(revision("web:1")));
        let again = behind.change("c", &stop, &Overrides::default()).await.unwrap_err();
        assert_eq!(again.meaning, Meaning::Overtaken, "{again}");
        let unknown = ServiceDeploymentArn::new(arn.as_str().replace("/web/", "/gone/"));
        assert_eq!(behind.ecs.service_deployment(&unknown).await, Ok(None));
        let unknown = ServiceRevisionArn::new(source.arn.as_str().replace("/web/", "/gone/"));
        assert_eq!(behind.ecs.service_revision(&unknown).await, Ok(None));
    });
}

/// The service deploys as blue and green, and waits for an hour before it shifts traffic.
async fn pauses(behind: &Behind) -> (ServiceDeploymentArn, String) {
    let pause = json!({ "targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        "timeoutConfiguration": { "timeoutInMinutes": 60, "action": "ROLLBACK" } });
    let configuration = json!({ "strategy": "BLUE_GREEN", "lifecycleHooks": [pause] });
    let input = json!({ "cluster": CLUSTER, "service": "web", "deploymentConfiguration": configuration });
    behind.endpoint.model(|ecs| ecs.call("person", "UpdateService", &input)).unwrap();
    behind.made("a", &deploy("web:2")).await;
    behind.endpoint.advance(Duration::from_mins(10));
    let service = behind.web().await;
    assert!(!service.is_rolling);
    let arn = service.current_service_deployment.unwrap();
    let found = behind.ecs.service_deployment(&arn).await.unwrap().unwrap();
    assert_eq!(found.target_running, Some((RunningCount(2), DesiredCount(2))));
    assert_eq!(found.stage.as_deref(), Some("POST_TEST_TRAFFIC_SHIFT"));
    let hook = found.hooks.first().unwrap();
    assert!(hook.awaits() && hook.expires_at.is_some(), "{hook:?}");
    assert_eq!(hook.timeout_action, Some(HookAnswer::Rollback));
    (arn, hook.id.clone())
}

#[test]
fn a_hook_is_read_and_answered_once_either_way() {
    for (answer, status, runs) in [
        (HookAnswer::Continue, "SUCCESSFUL", "web:2"),
        (HookAnswer::Rollback, "ROLLBACK_SUCCESSFUL", "web:1"),
    ] {
        run(async {
            let behind = Behind::start(None).await;
            let (service_deployment, hook) = pauses(&behind).await;
            let call = Call::ContinueServiceDeployment {
                service_deployment: service_deployment.clone(),
                hook: hook.clone(),
                answer,
            };
            assert_eq!(behind.made("b", &call).await, None);
            let again = behind.change("b", &call, &Overrides::default()).await.unwrap_err();
            assert_eq!(again.meaning, Meaning::Refused, "{again}");
            behind.endpoint.advance(Duration::from_mins(15));
            let ended = behind.ecs.service_deployment(&service_deployment).await.unwrap().unwrap();
            assert_eq!(ended.status, status);
            assert!(!ended.hook(&hook).unwrap().awaits());
            assert_eq!(behind.web().await.task_definition, Some(revision(runs)));
        });
    }
}

#[test]
fn a_task_is_run_as_the_lost_one_was_and_once_by_one_id() {
    run(async {
        let behind = Behind::start(None).await;
        let first =
            behind.change("1", &run_job("cron"), &Overrides::new(Some(given()))).await.unwrap().unwrap();
        let first = TaskArn::new(first);
        behind.endpoint.advance(Duration::from_mins(5));
        behind.made("2", &stop(&first)).await;
        behind.endpoint.advance(Duration::from_mins(5));
        let of_family =
            |by: &str| Find::StoppedOfFamily { family: "job".to_owned(), started_by: by.to_owned() };
        let lost = behind.ecs.find_tasks(&cluster(), &of_family("cron"), None).await.unwrap().items.remove(0);
        assert_eq!((&lost.arn, lost.last_status.as_str()), (&first, "STOPPED"));
        assert!(lost.stopped_reason.as_ref().unwrap().starts_with(action("2").as_str()), "{lost:?}");
        assert_eq!(lost.launch.overrides.reveal(), Some(&given()));

        let again = run_job("steward/rerun/1");
        let second = behind.change("3", &again, &lost.launch.overrides).await.unwrap().unwrap();
        let found =
            behind.ecs.find_tasks(&cluster(), &Find::StartedBy("steward/rerun/1".to_owned()), None).await;
        let found = found.unwrap().items;
        assert_eq!((found.len(), found[0].arn.as_str()), (1, second.as_str()));
        assert_eq!(found[0].launch, lost.launch, "as the lost one ran");
        assert_eq!(found[0].group, lost.group);
        assert_eq!(behind.ecs.find_tasks(&cluster(), &of_family("somebody"), None).await.unwrap().items, []);

        assert_eq!(behind.change("3", &again, &lost.launch.overrides).await.unwrap().as_ref(), Some(&second));
        let other = behind.change("3", &again, &Overrides::default()).await.unwrap_err();
        assert_eq!(other.meaning, Meaning::Conflict { tasks: vec![TaskArn::new(second)] });
        let runs = behind.effects().iter().filter(|effect| effect.operation == "RunTask").count();
        assert_eq!(runs, 2, "one a token");
    });
}

#[test]
fn a_change_whose_answer_is_lost_is_not_known_and_not_repeated() {
    run(async {
        let behind = Behind::start(None).await;
        let task = behind.ecs.find_tasks(&cluster(), &Find::Running, None).await.unwrap().items.remove(0);
        for (id, call) in [("1", deploy("web:2")), ("2", stop(&task.arn)), ("3", run_job("cron"))] {
            let lost =
                behind.gateway.inject(When::any().operation(call.operation()).nth(1), Fault::LoseAnswer);
            let error = behind.change(id, &call, &Overrides::default()).await.unwrap_err();
            assert_eq!((error.meaning, behind.gateway.hits(lost).len()), (Meaning::Unknown, 1), "{call:?}");
            assert_eq!(behind.calls(call.operation()), 1);
            let effects = behind.effects();
            assert_eq!(effects.iter().filter(|effect| effect.operation == call.operation()).count(), 1);
        }
    });
}

#[test]
fn only_a_tokened_call_that_was_throttled_is_made_again_by_itself() {
    run(async {
        let behind = Behind::start(None).await;
        let task = behind.ecs.find_tasks(&cluster(), &Find::Running, None).await.unwrap().items.remove(0);
        for (id, call, calls) in
            [("1", deploy("web:2"), 1), ("2", stop(&task.arn), 1), ("3", run_job("cron"), 3)]
        {
            behind.gateway.inject(When::any().operation(call.operation()).first(3), Fault::Throttle);
            let error = behind.change(id, &call, &Overrides::default()).await.unwrap_err();
            assert_eq!(
                (error.meaning, behind.calls(call.operation())),
                (Meaning::Throttled, calls),
                "{call:?}"
            );
        }
        assert_eq!(behind.effects(), [], "a call that was throttled has done nothing");
    });
}

fn raise(like: &str) -> Call {
    Call::RegisterTaskDefinition {
        cluster: cluster(),
        service: web(),
        like: revision(like),
        raise: Raise {
            container: "web".to_owned(),
            limit: None,
            task_memory: Some(Step { from: 512, to: 1_024 }),
            task_cpu: None,
        },
    }
}

#[test]
fn a_revision_with_more_memory_is_registered_tagged_and_found_by_its_tag() {
    run(async {
        let behind = Behind::start(None).await;
        let before = behind.ecs.task_definition(&revision("web:1")).await.unwrap().unwrap();
        assert_eq!((before.sizes.is_fargate, before.sizes.memory), (true, Some(512)));
        assert_eq!(behind.ecs.registered(&revision("web:1"), &action("a")).await, Ok(None));
        let made = TaskDefinitionArn::new(behind.made("a", &raise("web:1")).await.unwrap());
        assert_eq!(made, revision("web:3"));
        let found = behind.ecs.registered(&revision("web:1"), &action("a")).await.unwrap().unwrap();
        assert_eq!((&found.arn, found.is_active, found.sizes.memory), (&made, true, Some(1_024)));
        assert_eq!(found.sizes.containers, before.sizes.containers);
        assert_eq!(behind.ecs.registered(&revision("web:1"), &action("b")).await, Ok(None), "another's");
        assert_eq!(behind.ecs.registered(&made, &action("a")).await, Ok(None), "a later one only");
        let (_, first) = behind.ecs.whole_definition("web:1").await.unwrap().unwrap();
        let (_, second) = behind.ecs.whole_definition("web:3").await.unwrap().unwrap();
        let mut expected = first.reveal().clone();
        for member in ["taskDefinitionArn", "revision", "registeredAt", "registeredBy", "memory"] {
            expected[member] = second.reveal()[member].clone();
        }
        assert_eq!(*second.reveal(), expected, "nothing else has changed");

        let lost =
            behind.gateway.inject(When::any().operation("RegisterTaskDefinition").nth(1), Fault::LoseAnswer);
        let error = behind.change("c", &raise("web:1"), &Overrides::default()).await.unwrap_err();
        assert_eq!((error.meaning, behind.gateway.hits(lost).len()), (Meaning::Unknown, 1));
        let own = behind.ecs.registered(&revision("web:1"), &action("c")).await.unwrap().unwrap();
        assert_eq!(own.arn, revision("web:4"), "what a lost answer made is found");
        let registered =
            behind.effects().iter().filter(|it| it.operation == "RegisterTaskDefinition").count();
        assert_eq!(registered, 2, "one request each");
    });
}

#[test]
fn a_container_instance_is_found_read_drained_and_let_take_tasks_again() {
    run(async {
        let behind = Behind::start(None).await;
        let ecs = &behind.ecs;
        let host = behind.host().await;
        assert_eq!(ecs.find_host(&cluster(), "i-0b").await, Ok(None));
        assert_eq!(ecs.find_host(&ClusterArn::new("gone"), EC2).await.unwrap_err().meaning, Meaning::Refused);
        let found = ecs.container_instance(&cluster(), &host).await.unwrap().unwrap();
        assert_eq!((found.ec2_instance_id.as_deref(), found.agent_connected), (Some(EC2), Some(true)));
        assert!(found.is_active() && found.capacity_provider.as_deref() == Some("hosts"), "{found:?}");
        let gone = ContainerInstanceArn::new(format!("{}0", host.as_str()));
        assert_eq!(ecs.container_instance(&cluster(), &gone).await, Ok(None));
        assert!(!ecs.capacity_provider(&cluster(), "hosts").await.unwrap().unwrap().is_managed);
        assert!(ecs.capacity_provider(&cluster(), "managed").await.unwrap().unwrap().is_managed);
        assert_eq!(ecs.capacity_provider(&cluster(), "gone").await, Ok(None));
        let tasks = ecs.tasks_on(&cluster(), &host).await.unwrap();
        assert!(
            tasks.len() == 2 && tasks.iter().all(|task| task.is_wanted && !task.is_unhealthy),
            "{tasks:?}"
        );
        assert_eq!(tasks[0].service, Some(ServiceName::new("hosted")));

        assert_eq!(ecs.draining(&cluster()).await.unwrap(), []);
        behind.made("1", &set(&host, HostStatus::Draining)).await;
        assert!(ecs.container_instance(&cluster(), &host).await.unwrap().unwrap().is_draining());
        assert_eq!(ecs.draining(&cluster()).await.unwrap(), std::slice::from_ref(&host));
        behind.made("2", &set(&host, HostStatus::Active)).await;
        assert!(ecs.container_instance(&cluster(), &host).await.unwrap().unwrap().is_active());
        let refused = behind.change("3", &set(&gone, HostStatus::Draining), &Overrides::default()).await;
        assert_eq!(refused.unwrap_err().meaning, Meaning::Overtaken, "it is not there: not executed");
    });
}

#[test]
fn what_cloudwatch_tells_of_an_instance_s_status_checks_is_its_latest_minute() {
    run(async {
        let behind = Behind::start(None).await;
        let now: Timestamp = "2026-11-27T10:00:30Z".parse().unwrap();
        let minute = |back: i64| Timestamp::from_second(now.as_second() - 30 - back * 60).unwrap();
        assert_eq!(behind.ecs.status_check(EC2, now).await, Ok(None), "no data says nothing");
        behind.cloudwatch.tell_status_check(EC2, minute(9), true);
        assert_eq!(behind.ecs.status_check(EC2, now).await, Ok(None), "what is old says nothing of now");
        for (back, has_failed) in [(4, true), (3, false), (2, true)] {
            behind.cloudwatch.tell_status_check(EC2, minute(back), has_failed);
            let told = behind.ecs.status_check(EC2, now).await.unwrap().unwrap();
            assert_eq!(told, StatusCheck { at: minute(back), has_failed });
        }
    });
}

#[test]
fn a_stack_that_is_there_has_a_status_and_no_other_has_one() {
    run(async {
        let moto = Moto::start().await.unwrap();
        let body = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}).to_string();
        let create = [("Action", "CreateStack"), ("StackName", "shop"), ("TemplateBody", body.as_str())];
        moto.query("cloudformation", &create).await.unwrap();
        let stacks = Stacks::new(&sdk_at(&moto.url()));
        assert_eq!(stacks.stack_status("shop").await, Ok(Some("CREATE_COMPLETE".to_owned())));
        assert_eq!(stacks.stack_status("gone").await, Ok(None));
        let nobody = Stacks::new(&sdk_at("http://127.0.0.1:1"));
        assert!(nobody.stack_status("shop").await.unwrap_err().is_retryable());
    });
}

#[test]
fn a_strategy_is_set_whole_and_forced_and_read_back_as_it_was_set() {
    run(async {
        let behind = Behind::start(None).await;
        let before = behind.web().await.primary().unwrap().id.clone();
        let error = behind.change("a", &on_spot(false), &Overrides::default()).await.unwrap_err();
        assert_eq!(error.meaning, Meaning::Refused);
        assert!(error.to_string().contains("you must force a new deployment"), "{error}");
        assert_eq!(behind.effects(), []);

        let made = behind.made("b", &on_spot(true)).await;
        let after = behind.web().await;
        assert_eq!(made.as_deref(), Some(after.primary().unwrap().id.as_str()));
        assert_ne!(after.primary().unwrap().id, before);
        assert_eq!(after.capacity_providers, strategy());
        assert_eq!((after.desired, after.task_definition), (DesiredCount(2), Some(revision("web:1"))));
        let sent = behind.effects().remove(0).detail;
        assert_eq!(sent["forceNewDeployment"], json!(true));
        assert_eq!((sent.get("taskDefinition"), sent.get("desiredCount")), (None, None));
    });
}

#[test]
fn a_desired_count_is_set_alone_and_starts_no_deployment() {
    run(async {
        let behind = Behind::start(None).await;
        let before = behind.web().await;
        behind.made("a", &count(1)).await;
        let after = behind.web().await;
        assert_eq!(after.desired, DesiredCount(1));
        assert_eq!(after.primary().unwrap().id, before.primary().unwrap().id);
        assert_eq!(after.capacity_providers, before.capacity_providers);
    });
}

#[test]
fn container_instances_are_read_with_what_is_free_and_a_task_with_what_it_needs() {
    run(async {
        let behind = Behind::start(None).await;
        behind.with_an_instance();
        let found = behind.ecs.instances(&cluster()).await.unwrap();
        let instance = found.known.iter().find(|known| known.name() == "i-0c41d7e92ab05f386").unwrap();
        assert_eq!(instance.status, "ACTIVE");
        assert_eq!((instance.free_cpu, instance.free_memory), (Some(2048), Some(4096)));
        assert_eq!((instance.is_connected, found.more), (true, false));
        let needs = behind.ecs.task_definition(&revision("web:1")).await.unwrap().unwrap().needs;
        assert_eq!((needs.cpu, needs.memory), (Some(256), Some(512)));
    });
}

/// What the ports declare, but for what no request shows: that a role is handed over.
fn declared() -> Vec<Access> {
    let of_ecs = [<Ecs as DescribeEcs>::ACCESS, <Ecs as ChangeEcs>::ACCESS, <Ecs as Hosts>::ACCESS].concat();
    let all = [of_ecs.as_slice(), Stacks::ACCESS].concat();
    all.into_iter().filter(|need| !need.actions.contains(&"iam:PassRole")).collect()
}

#[test]
fn the_methods_do_what_they_declare_and_declare_nothing_that_they_never_do() {
    run(async {
        let moto = Moto::start().await.unwrap();
        // moto loads a service with its first call, which may take longer than an adapter waits.
        moto.query("cloudformation", &[("Action", "ListStacks")]).await.unwrap();
        let warm = Stacks::new(&sdk_at(&moto.url()));
        let _slow = warm.is_scalable(&cluster(), &web()).await;
        let behind = Behind::start(Some(&moto)).await;
        let ecs = &behind.ecs;
        ecs.clusters().await.unwrap();
        let service = ecs.services(&cluster(), None).await.unwrap().items.remove(0);
        behind.made("1", &deploy("web:2")).await;
        behind.endpoint.advance(Duration::from_secs(20));
        let deployment = behind.web().await.current_service_deployment.unwrap();
        let found = ecs.service_deployment(&deployment).await.unwrap().unwrap();
        ecs.service_revision(&found.source_revisions[0]).await.unwrap().unwrap();
        ecs.task_definition(&service.task_definition.unwrap()).await.unwrap().unwrap();
        let task = ecs.find_tasks(&cluster(), &Find::Running, None).await.unwrap().items.remove(0);
        ecs.tasks(&cluster(), std::slice::from_ref(&task.arn)).await.unwrap();
        behind.made("2", &stop(&task.arn)).await;
        behind.made("3", &run_job("cron")).await;
        behind.made("5", &raise("web:1")).await;
        ecs.registered(&revision("web:1"), &action("5")).await.unwrap().unwrap();
        behind
            .made(
                "4",
                &Call::StopServiceDeployment { service_deployment: deployment, back_to: revision("web:1") },
            )
            .await;
        let waiting = Behind::start(None).await;
        let (service_deployment, hook) = pauses(&waiting).await;
        let answer = HookAnswer::Continue;
        waiting.made("5", &Call::ContinueServiceDeployment { service_deployment, hook, answer }).await;
        behind.with_an_instance();
        ecs.instances(&cluster()).await.unwrap();
        let owners = Stacks::new(&sdk_at(&behind.gateway.url()));
        owners.stack_status("gone").await.unwrap();
        assert_eq!(owners.is_scalable(&cluster(), &web()).await, Ok(false));
        let (host, now) = (behind.host().await, Timestamp::now());
        ecs.container_instance(&cluster(), &host).await.unwrap().unwrap();
        ecs.tasks_on(&cluster(), &host).await.unwrap();
        ecs.draining(&cluster()).await.unwrap();
        ecs.capacity_provider(&cluster(), "hosts").await.unwrap().unwrap();
        ecs.status_check(EC2, now).await.unwrap();
        behind.made("5", &set(&host, HostStatus::Draining)).await;

        let calls = behind.gateway.calls().into_iter().chain(waiting.gateway.calls());
        let touches: BTreeSet<Touch> = calls.flat_map(|call| call.touches).collect();
        let granted = stack::granted(Function::Remediation, &stack::everything());
        assert_eq!(denied(&granted, &touches), Vec::<&Touch>::new(), "the template's role denies them");
        let is_need = |need: &Access, touch: &Touch| {
            need.actions.contains(&touch.action.as_str()) && is_of(&touch.resource, need.on)
        };
        for touch in &touches {
            assert!(declared().iter().any(|need| is_need(need, touch)), "{touch:?} is not declared");
        }
        for need in declared() {
            for action in need.actions {
                let one = Access { actions: std::slice::from_ref(action), ..need };
                assert!(touches.iter().any(|touch| is_need(&one, touch)), "{one:?} is never done");
            }
        }
    });
}
