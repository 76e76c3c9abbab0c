use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;
use crate::action::Call;
use crate::arn::{
    ClusterArn, DeploymentId, Family, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use crate::config::{Entry, Glob, Mode, OnStuck, Rerun, Rules, Selector};
use crate::diagnosis::{Advice, Cause, Diagnosis};
use crate::ecs::{
    ContainerSize, Controller, DesiredCount, Launch, Needs, PendingCount, Rollout, RunningCount,
    ServiceDeployment, ServiceDeploymentSummary, ServiceRevision, Sizes, Task, TaskDefinition, Watch,
};
use crate::event::TaskStatus;
use crate::incident::{
    DeploymentStatus, Failure, Fingerprint, Lost, Observation, Retirement, Step, Story, Unwell,
};
use crate::ledger::Openings;

mod capacity;
mod hosts;
mod memory;

/// What is done to a world.
type Change = fn(&mut World);

const GOOD: u32 = 41;
const BAD: u32 = 42;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_763_672_400 + 60 * minute).unwrap()
}

fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

fn revision(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/api:{number}"))
}

fn deployment_id(number: u32) -> DeploymentId {
    DeploymentId::new(format!("ecs-svc/{number}"))
}

fn failure(minute: i64, number: u32, cause: Cause) -> Observation {
    let task = format!("task/{minute}-{number}");
    Observation::Failed(Box::new(Failure {
        fingerprint: Fingerprint::of(&[&task]),
        version: 5,
        at: at(minute),
        diagnosis: Diagnosis {
            cause,
            container: None,
            exit_code: None,
            evidence: Vec::new(),
            denied_action: None,
            advice: Advice::read_the_evidence(),
        },
        task: Some(TaskArn::new(task)),
        task_definition: Some(revision(number)),
        deployment: Some(deployment_id(number)),
        availability_zone: None,
    }))
}

/// 256 CPU units and 512 MiB of Fargate.
fn defined(number: u32) -> TaskDefinition {
    let app = ContainerSize { name: "app".to_owned(), limit: None, reservation: None };
    let sizes = Sizes {
        is_fargate: true,
        cpu: Some(256),
        memory: Some(512),
        containers: vec![app],
        ..Sizes::default()
    };
    TaskDefinition { arn: revision(number), is_active: true, sizes, needs: Needs::default() }
}

fn step(minute: i64, number: u32, status: DeploymentStatus) -> Observation {
    let step = Step { at: at(minute), status, reason: None };
    Observation::Deployment { id: deployment_id(number), step, is_rollback: false }
}

/// A service that ran well on revision 41, and on which 42 is deployed at minute 100.
struct World {
    story: Story,
    truth: Facts,
    policy: Policy,
    home: Home,
}

impl World {
    fn of(target: Target) -> Self {
        let rules = Rules { mode: Mode::Act, ..Rules::default() };
        let selector = Selector { cluster: Some(Glob::new("shop")), ..Selector::default() };
        Self {
            story: Story::new(target),
            truth: Facts {
                switches: Some(Observed::Known(Vec::new())),
                budgets: Some(Observed::Known(BTreeMap::new())),
                openings: Some(Observed::Known(Openings::none(cluster()))),
                ..Facts::default()
            },
            policy: Policy { services: vec![Entry { selector, rules }], ..Policy::default() },
            home: Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() },
        }
    }

    fn service() -> Self {
        let mut world = Self::of(Target::Service { cluster: cluster(), name: ServiceName::new("api") });
        let deploys = |id, number, minute| Observation::Deploys {
            id: deployment_id(id),
            task_definition: revision(number),
            images: Vec::new(),
            at: at(minute),
        };
        world.hear([
            step(0, GOOD, DeploymentStatus::InProgress),
            deploys(GOOD, GOOD, 1),
            step(5, GOOD, DeploymentStatus::Completed),
            step(100, BAD, DeploymentStatus::InProgress),
            deploys(BAD, BAD, 101),
        ]);
        let primary = ServiceDeploymentSummary {
            id: deployment_id(BAD),
            is_primary: true,
            task_definition: Some(revision(BAD)),
            rollout: Some(Rollout::InProgress),
            failed_tasks: Some(3),
            created_at: Some(at(100)),
            updated_at: Some(at(100)),
        };
        world.truth.service = Some(Observed::Known(Service {
            cluster: cluster(),
            name: ServiceName::new("api"),
            status: "ACTIVE".to_owned(),
            controller: Controller::Ecs,
            is_rolling: true,
            task_definition: Some(revision(BAD)),
            desired: DesiredCount(3),
            running: RunningCount(3),
            pending: PendingCount(0),
            breaker: Watch::default(),
            alarms: Watch::default(),
            deployments: vec![
                ServiceDeploymentSummary { id: deployment_id(GOOD), is_primary: false, ..primary.clone() },
                primary,
            ],
            current_service_deployment: None,
            tags: BTreeMap::new(),
            capacity_providers: Vec::new(),
        }));
        let definition = |number| (revision(number), Observed::Known(defined(number)));
        world.truth.task_definitions = BTreeMap::from([definition(GOOD), definition(BAD)]);
        world
    }

    fn failing(cause: Cause) -> Self {
        let mut world = Self::service();
        world.hear([102, 103, 104].map(|minute| failure(minute, BAD, cause)));
        world
    }

    fn hear(&mut self, observations: impl IntoIterator<Item = Observation>) {
        for observation in observations {
            let now = observation.at();
            self.story.apply(observation, now);
        }
    }

    fn seen(&mut self) -> &mut Service {
        match &mut self.truth.service {
            Some(Observed::Known(service)) => service,
            other => panic!("{other:?}"),
        }
    }

    fn rules(&mut self) -> &mut Rules {
        &mut self.policy.services[0].rules
    }

    fn tasks(&mut self, tasks: impl IntoIterator<Item = Task>) {
        self.truth.tasks.extend(tasks.into_iter().map(|task| (task.arn.clone(), Observed::Known(task))));
    }

    /// Answers what is asked from the truth, in as few rounds as are promised.
    fn considered(&self, minute: i64) -> Considered {
        self.considered_with(None, minute)
    }

    fn considered_with(&self, open: Option<&Action>, minute: i64) -> Considered {
        let incident = self.story.incident.as_ref().unwrap();
        let patient = Patient {
            record: &self.story.record,
            incident,
            open,
            home: Some(&self.home),
            policy: &self.policy,
        };
        let mut facts = Facts::default();
        for _ in 0..=MAX_ROUNDS {
            match consider(patient, &facts, at(minute)) {
                Considered::Need(queries) => self.answer(queries, &mut facts),
                considered => return considered,
            }
        }
        panic!("more than {MAX_ROUNDS} rounds of questions");
    }

    fn answer(&self, queries: Vec<Query>, facts: &mut Facts) {
        assert!(!queries.is_empty());
        for query in queries {
            assert!(!facts.answers(&query), "{query:?} was asked before");
            match query {
                Query::Service => facts.service = self.truth.service.clone(),
                Query::TaskDefinition(arn) => {
                    let found = self.truth.task_definitions.get(&arn).cloned().unwrap_or(Observed::Absent);
                    facts.task_definitions.insert(arn, found);
                }
                Query::ServiceDeployment(arn) => {
                    let found = self.truth.service_deployments.get(&arn).cloned().unwrap_or(Observed::Absent);
                    facts.service_deployments.insert(arn, found);
                }
                Query::ServiceRevision(arn) => {
                    let found = self.truth.service_revisions.get(&arn).cloned().unwrap_or(Observed::Absent);
                    facts.service_revisions.insert(arn, found);
                }
                Query::Task(arn) => {
                    let found = self.truth.tasks.get(&arn).cloned().unwrap_or(Observed::Absent);
                    facts.tasks.insert(arn, found);
                }
                Query::StandIns(by) => {
                    let found = self.truth.stand_ins.get(&by).cloned().unwrap_or(Observed::Known(Vec::new()));
                    facts.stand_ins.insert(by, found);
                }
                Query::Stack(stack) => drop(facts.stacks.insert(stack, Observed::Absent)),
                Query::Deployment(id) => {
                    let known = self.story.deployments.get(&id).cloned();
                    facts.deployments.insert(id, known.map_or(Observed::Absent, Observed::Known));
                }
                Query::Switches => facts.switches = self.truth.switches.clone(),
                Query::Budgets => facts.budgets = self.truth.budgets.clone(),
                Query::Openings => facts.openings = self.truth.openings.clone(),
                Query::Registered { action, .. } => {
                    let found = self.truth.registered.get(&action).cloned().unwrap_or(Observed::Absent);
                    if let Observed::Known(own) = &found {
                        facts.task_definitions.insert(own.arn.clone(), found.clone());
                    }
                    facts.registered.insert(action, found);
                }
                Query::Host => facts.host = self.truth.host.clone(),
                Query::HostTasks => facts.host_tasks = self.truth.host_tasks.clone(),
                Query::StatusCheck(instance) => {
                    let found = self.truth.status_checks.get(&instance).cloned().unwrap_or(Observed::Absent);
                    facts.status_checks.insert(instance, found);
                }
                Query::CapacityProvider(name) => {
                    let found = self.truth.capacity_providers.get(&name).cloned().unwrap_or(Observed::Absent);
                    facts.capacity_providers.insert(name, found);
                }
                Query::Draining => facts.draining = self.truth.draining.clone(),
                Query::DrainSlot => facts.drain_slot = self.truth.drain_slot.clone(),
                Query::Instances => facts.instances = self.truth.instances.clone().or(Some(Observed::Absent)),
                Query::Scalable => facts.scalable = self.truth.scalable.clone().or(Some(Observed::Absent)),
            }
        }
    }

    fn call(&self, minute: i64) -> Call {
        match self.considered(minute) {
            Considered::Act(plan) => plan.call,
            other => panic!("{other:?}"),
        }
    }

    fn word(&self, minute: i64) -> &'static str {
        match self.considered(minute) {
            Considered::Act(plan) => plan.remedy.as_str(),
            Considered::Refused { refusal, .. } => refusal.as_str(),
            Considered::Escalate { why, .. } => why.as_str(),
            Considered::Nothing { .. } => "nothing",
            Considered::Propose(_) => "propose",
            Considered::Need(_) => "need",
            Considered::Passed(Passed::Strategy) => "strategy_passed",
            Considered::Passed(Passed::DesiredCount) => "desired_count_passed",
        }
    }
}

#[test]
fn a_new_revision_that_fails_is_rolled_back_to_the_one_that_ran_well() {
    let Call::UpdateService { task_definition, force_new_deployment, .. } =
        World::failing(Cause::AppError).call(106)
    else {
        panic!("no UpdateService");
    };
    assert_eq!((task_definition, force_new_deployment), (Some(revision(GOOD)), false));
}

#[test]
fn only_causes_that_a_revision_can_have_are_held_against_it() {
    let expected = [
        (Cause::ImageNotFound, "roll_back"),
        (Cause::SecretNotFound, "roll_back"),
        (Cause::ElbHealthCheckFailed, "roll_back"),
        (Cause::SpotInterrupted, "not_the_revision"),
        (Cause::CapacityUnavailable, "not_the_revision"),
        (Cause::ImageRateLimited, "not_the_revision"),
        (Cause::QuotaExceeded, "not_the_revision"),
        (Cause::Unknown, "nothing"),
    ];
    for (cause, word) in expected {
        let mut world = World::failing(cause);
        world.seen().deployments[1].rollout = Some(Rollout::Completed);
        assert_eq!(world.word(106), word, "{cause}");
    }
}

#[test]
fn two_failures_are_an_accident() {
    let mut world = World::service();
    world.hear([102, 103].map(|minute| failure(minute, BAD, Cause::AppError)));
    assert_eq!(world.word(106), "nothing");
}

#[test]
fn failures_of_the_old_revision_are_not_held_against_the_new_one() {
    let mut world = World::service();
    world.hear([102, 103, 104].map(|minute| failure(minute, GOOD, Cause::AppError)));
    assert_eq!(world.word(106), "nothing");
}

#[test]
fn a_revision_that_ran_well_is_not_to_blame_for_what_changed_later() {
    let mut world = World::service();
    world.hear([step(105, BAD, DeploymentStatus::Completed)]);
    world.hear([200, 201, 202].map(|minute| failure(minute, BAD, Cause::SecretNotFound)));
    world.seen().deployments[1].rollout = Some(Rollout::Completed);
    assert_eq!(world.word(210), "ran_well_before");
}

#[test]
fn a_deployment_that_was_completed_and_began_to_fail_at_once_is_rolled_back() {
    let mut world = World::service();
    world.hear([step(105, BAD, DeploymentStatus::Completed)]);
    world.hear([107, 108, 109].map(|minute| failure(minute, BAD, Cause::AppError)));
    let seen = world.seen();
    seen.deployments.remove(0);
    seen.deployments[0].rollout = Some(Rollout::Completed);
    seen.running = RunningCount(1);
    assert_eq!(world.word(112), "roll_back");
}

#[test]
fn without_a_revision_that_ran_well_people_are_asked() {
    let mut world = World::failing(Cause::AppError);
    world.rules().bake = SignedDuration::from_hours(3);
    assert_eq!(world.word(106), "no_good_revision");
}

#[test]
fn a_revision_that_cannot_be_deployed_any_more_is_not_gone_back_to() {
    let gone = |observed| {
        let mut world = World::failing(Cause::AppError);
        world.truth.task_definitions.insert(revision(GOOD), observed);
        world.word(106)
    };
    assert_eq!(
        gone(Observed::Known(TaskDefinition { is_active: false, ..defined(GOOD) })),
        "good_revision_gone"
    );
    assert_eq!(gone(Observed::Absent), "good_revision_gone");
    assert_eq!(gone(Observed::Unknown("throttled".to_owned())), "unobserved");
}

#[test]
fn where_the_earlier_revision_fails_as_well_nothing_is_rolled_back() {
    let mut world = World::failing(Cause::AppError);
    world.hear([failure(105, GOOD, Cause::AppError)]);
    assert_eq!(world.word(107), "good_revision_fails");
}

#[test]
fn an_earlier_revision_that_fails_more_seldom_than_the_new_one_fails_as_well() {
    let mut world = World::failing(Cause::AppError);
    world.hear([failure(105, GOOD, Cause::AppError)]);
    world.hear((106..120).map(|minute| failure(minute, BAD, Cause::AppError)));
    assert_eq!(world.word(121), "good_revision_fails");
}

#[test]
fn a_service_with_task_sets_is_left_to_whoever_deploys_it() {
    let mut world = World::failing(Cause::AppError);
    world.seen().controller = Controller::CodeDeploy;
    world.seen().deployments.clear();
    assert_eq!(world.word(107), "foreign_controller");
}

#[test]
fn ecs_is_told_to_go_back_where_it_would_go_to_the_right_revision_and_only_there() {
    let arn =
        ServiceDeploymentArn::new("arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/api/x");
    let source = ServiceRevisionArn::new("arn:aws:ecs:eu-central-1:123456789012:service-revision/shop/api/7");
    let under_way = |status: &str, back_to| {
        let mut world = World::failing(Cause::AppError);
        world.seen().current_service_deployment = Some(arn.clone());
        let deployment = ServiceDeployment {
            arn: arn.clone(),
            status: status.to_owned(),
            source_revisions: vec![source.clone()],
            target_revision: None,
            created_at: None,
            target_running: None,
            stage: None,
            hooks: Vec::new(),
        };
        world.truth.service_deployments.insert(arn.clone(), Observed::Known(deployment));
        let revision = ServiceRevision { arn: source.clone(), task_definition: Some(revision(back_to)) };
        world.truth.service_revisions.insert(source.clone(), Observed::Known(revision));
        world.call(106).operation()
    };
    assert_eq!(under_way("IN_PROGRESS", GOOD), "StopServiceDeployment");
    assert_eq!(under_way("IN_PROGRESS", 17), "UpdateService");
    assert_eq!(under_way("SUCCESSFUL", GOOD), "UpdateService");
}

#[test]
fn a_deployment_that_is_stuck_is_what_the_policy_makes_of_it() {
    let mut world = World::service();
    world.hear([failure(102, BAD, Cause::AppError)]);
    let escalated = world.considered(106);
    assert_eq!(escalated, Considered::Nothing { look_at: Some(at(145)) });
    assert_eq!(world.word(145), "stuck");
    world.rules().on_stuck = OnStuck::RollBack;
    assert_eq!(world.word(145), "roll_back");
}

#[test]
fn a_service_that_cannot_be_read_is_not_one_that_is_gone() {
    let mut world = World::failing(Cause::AppError);
    world.truth.service = Some(Observed::Unknown("no answer in time".to_owned()));
    assert_eq!(world.word(106), "unobserved");
    world.truth.service = Some(Observed::Absent);
    assert_eq!(world.word(106), "nothing");
}

fn task(name: &str) -> Task {
    Task {
        arn: TaskArn::new(name),
        cluster: cluster(),
        task_definition: Some(revision(GOOD)),
        group: Some("service:api".to_owned()),
        started_by: None,
        last_status: TaskStatus::Running,
        desired_status: Some(TaskStatus::Running),
        health: Some("UNHEALTHY".to_owned()),
        connectivity: Some("CONNECTED".to_owned()),
        created_at: None,
        started_at: None,
        stopped_at: None,
        stopped_reason: None,
        launch: Launch::default(),
    }
}

fn hanging(names: &[&str]) -> World {
    let mut world = World::service();
    world.hear([failure(102, BAD, Cause::ContainerHealthCheckFailed)]);
    let unwell = |name: &&str| (TaskArn::new(*name), Unwell { since: at(103), how: "UNHEALTHY".to_owned() });
    world.story.record.care.unwell = names.iter().map(unwell).collect();
    world.tasks(names.iter().map(|name| task(name)));
    let seen = world.seen();
    seen.deployments.remove(0);
    seen.deployments[0].rollout = Some(Rollout::Completed);
    world
}

#[test]
fn a_task_that_hangs_is_stopped_once_it_has_hung_for_long_enough() {
    let world = hanging(&["task/a"]);
    assert_eq!(world.considered(112), Considered::Nothing { look_at: Some(at(113)) });
    assert_eq!(world.word(113), "stop_task");
}

#[test]
fn a_task_that_has_recovered_is_left_alone() {
    let mut world = hanging(&["task/a"]);
    world.tasks([Task { health: Some("HEALTHY".to_owned()), ..task("task/a") }]);
    assert_eq!(world.word(113), "nothing");
}

#[test]
fn where_most_tasks_hang_it_is_not_a_task_that_hangs() {
    assert_eq!(hanging(&["task/a", "task/b"]).word(113), "most_tasks_unwell");
}

#[test]
fn an_announced_retirement_is_brought_forward_unless_something_was_deployed_since() {
    let retiring = |created_at| {
        let mut world = World::service();
        world.hear([failure(102, BAD, Cause::Maintenance)]);
        world.story.record.care.retirement = Some(Retirement {
            event_arn: "arn:aws:health::event/1".to_owned(),
            starts_at: at(10_000),
            heard_at: at(102),
        });
        let seen = world.seen();
        seen.deployments.remove(0);
        seen.deployments[0].rollout = Some(Rollout::Completed);
        seen.deployments[0].created_at = Some(created_at);
        world
    };
    assert_eq!(retiring(at(100)).word(106), "force_new_deployment");
    assert_eq!(retiring(at(103)).word(106), "nothing");
    assert_eq!(retiring(at(100)).word(10_000), "nothing", "AWS is at it by then");
    let mut unwell = retiring(at(100));
    unwell.seen().running = RunningCount(2);
    assert_eq!(unwell.word(106), "precondition_gone");
}

fn lost(fargate: bool) -> World {
    let mut world = World::of(Target::Family { cluster: cluster(), family: Family::new("etl") });
    world.rules().rerun = Some(Rerun::default());
    world.hear([failure(102, 7, Cause::SpotInterrupted)]);
    let lost = Lost { task: TaskArn::new("task/lost"), at: at(102), cause: Cause::SpotInterrupted };
    world.story.record.care.lost = vec![lost];
    let launch =
        Launch { capacity_provider: fargate.then(|| "FARGATE_SPOT".to_owned()), ..Launch::default() };
    world.tasks([Task { last_status: TaskStatus::Stopped, launch, ..task("task/lost") }]);
    world
}

#[test]
fn a_lost_task_is_run_again_where_that_is_declared() {
    assert_eq!(lost(false).word(106), "run_task");
    let mut undeclared = lost(false);
    undeclared.rules().rerun = None;
    assert_eq!(undeclared.word(106), "not_declared");
}

#[test]
fn a_task_on_fargate_is_not_run_again_without_a_network() {
    assert_eq!(lost(true).word(106), "no_network");
}

#[test]
fn a_lost_task_that_has_a_stand_in_or_that_ecs_forgets_is_not_run_again() {
    let mut world = lost(false);
    let Call::RunTask { started_by, .. } = world.call(106) else { panic!("no RunTask") };
    assert!(started_by.len() <= 128 && started_by.starts_with("steward/rerun/"), "{started_by}");
    assert_eq!(lost(false).word(102 + 56), "too_late");
    world.truth.stand_ins.insert(started_by, Observed::Known(vec![task("task/new")]));
    assert_eq!(world.word(106), "nothing");
}

#[test]
fn an_approval_is_for_the_call_that_was_approved_and_for_as_long_as_the_proposal_lasts() {
    let mut world = World::failing(Cause::AppError);
    world.rules().mode = Mode::Propose;
    let Considered::Propose(plan) = world.considered(106) else { panic!("no proposal") };
    let mut action = Action::proposed(*plan.clone(), at(106), at(200));
    action.approved = Some(crate::action::Ruling { by: "ana".to_owned(), at: at(107), why: None });
    let incident = world.story.incident.as_ref().unwrap();
    let judged = |action: &Action, minute| {
        let record = &world.story.record;
        let patient =
            Patient { record, incident, open: Some(action), home: Some(&world.home), policy: &world.policy };
        case(patient, &world.truth, &plan, at(minute)).is_approved
    };
    assert!(judged(&action, 108) && !judged(&action, 200));
    action.plan.call = Call::StopTask { cluster: cluster(), task: TaskArn::new("task/a") };
    assert!(!judged(&action, 108));
}
