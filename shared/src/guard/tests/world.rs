//! A world in which no guard refuses, and what a test may change about it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::*;
use crate::action::{ActionId, Because, Call, HostCondition, HostSign, Precondition, Remedy};
use crate::arn::{ClusterArn, ContainerInstanceArn, DeploymentId, ServiceName, TaskArn, TaskDefinitionArn};
use crate::config::{Entry, Glob, Policy, Rules, Selector};
use crate::diagnosis::{Advice, Cause, Diagnosis};
use crate::ecs::{
    ContainerInstance, Controller, DesiredCount, HostStatus, Needs, PendingCount, Rollout, RunningCount,
    Service, ServiceDeploymentSummary, Sizes, StatusCheck, TaskDefinition, Watch,
};
use crate::event::ContainerInstanceStatus;
use crate::incident::{Agent, Drained, Failure, Fingerprint, Observation, Outcome, Story, Target, Tried};
use crate::ledger::Openings;
use crate::observed::Observed;
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_763_672_400 + second).unwrap()
}

pub(super) fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

pub(super) fn target(name: &str) -> Target {
    Target::Service { cluster: cluster(), name: ServiceName::new(name) }
}

pub(super) fn revision(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/api:{number}"))
}

pub(super) fn defined(number: u32) -> TaskDefinition {
    let (sizes, needs) = (Sizes::default(), Needs::default());
    TaskDefinition { arn: revision(number), is_active: true, sizes, needs }
}

pub(super) fn host_arn(id: &str) -> ContainerInstanceArn {
    ContainerInstanceArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:container-instance/shop/{id}"))
}

/// A world in which no guard refuses: revision 42 fails since ten minutes, and 41 was good.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) policy: Policy,
    pub(super) facts: Facts,
    pub(super) record: TargetRecord,
    pub(super) incident: Incident,
    pub(super) home: Option<Home>,
    pub(super) is_approved: bool,
    pub(super) now: Timestamp,
}

pub(super) fn failure(second: i64) -> Failure {
    Failure {
        fingerprint: Fingerprint::of(&[&format!("task/{second}")]),
        version: 5,
        at: at(second),
        diagnosis: Diagnosis {
            cause: Cause::ImageNotFound,
            container: None,
            exit_code: None,
            evidence: Vec::new(),
            denied_action: None,
            advice: Advice::read_the_evidence(),
        },
        task: Some(TaskArn::new(format!("task/{second}"))),
        task_definition: Some(revision(42)),
        deployment: Some(DeploymentId::new("ecs-svc/2")),
        availability_zone: Some("eu-central-1a".to_owned()),
    }
}

pub(super) fn service() -> Service {
    Service {
        cluster: cluster(),
        name: ServiceName::new("api"),
        status: "ACTIVE".to_owned(),
        controller: Controller::Ecs,
        is_rolling: true,
        task_definition: Some(revision(42)),
        desired: DesiredCount(3),
        running: RunningCount(2),
        pending: PendingCount(1),
        breaker: Watch::default(),
        alarms: Watch::default(),
        deployments: vec![ServiceDeploymentSummary {
            id: DeploymentId::new("ecs-svc/2"),
            is_primary: true,
            task_definition: Some(revision(42)),
            rollout: Some(Rollout::InProgress),
            failed_tasks: Some(4),
            created_at: Some(at(-60)),
            updated_at: Some(at(-60)),
        }],
        current_service_deployment: None,
        tags: BTreeMap::from([("aws:cloudformation:stack-name".to_owned(), "shop-api".to_owned())]),
        capacity_providers: Vec::new(),
    }
}

impl World {
    pub(super) fn new() -> Self {
        let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
        let mut story = Story::new(target("api"));
        for second in [0, 60, 120, 500] {
            story.apply(Observation::Failed(Box::new(failure(second))), at(5));
        }
        let incident = story.incident.clone().unwrap();
        let plan = Plan {
            id: ActionId::of(&home, &target("api"), Remedy::RollBack, "ecs-svc/2"),
            remedy: Remedy::RollBack,
            target: target("api"),
            incident: incident.opened_at,
            revision: Some(revision(42)),
            call: Call::UpdateService {
                cluster: cluster(),
                service: ServiceName::new("api"),
                task_definition: Some(revision(41)),
                force_new_deployment: false,
                desired_count: None,
                capacity_providers: None,
            },
            precondition: Precondition {
                primary: Some(DeploymentId::new("ecs-svc/2")),
                task_definition: Some(revision(42)),
                ailing: true,
                active: Some(revision(41)),
                ..Precondition::default()
            },
            because: Because::RevisionFails {
                revision: revision(42),
                count: 4,
                cause: Cause::ImageNotFound,
                good: revision(41),
            },
        };
        let rules = Rules { mode: Mode::Act, ..Rules::default() };
        let selector = Selector { service: Some(Glob::new("api")), ..Selector::default() };
        let definition = defined(41);
        Self {
            policy: Policy { services: vec![Entry { selector, rules }], ..Policy::default() },
            facts: Facts {
                service: Some(Observed::Known(service())),
                task_definitions: BTreeMap::from([(revision(41), Observed::Known(definition))]),
                stacks: BTreeMap::from([(
                    "shop-api".to_owned(),
                    Observed::Known("UPDATE_COMPLETE".to_owned()),
                )]),
                switches: Some(Observed::Known(Vec::new())),
                budgets: Some(Observed::Known(BTreeMap::new())),
                openings: Some(Observed::Known(Openings::none(cluster()))),
                ..Facts::default()
            },
            record: story.record,
            plan,
            incident,
            home: Some(home),
            is_approved: false,
            now: at(600),
        }
    }

    pub(super) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut world = Self::new();
        change(&mut world);
        world
    }

    /// The same for container instance `a`, whose agent is away as long as the service fails, and whose status checks fail.
    pub(super) fn drain(&mut self) {
        let target = Target::ContainerInstance { cluster: cluster(), arn: host_arn("a") };
        let home = self.home.clone().unwrap();
        self.plan = Plan {
            id: ActionId::of(&home, &target, Remedy::DrainInstance, "0"),
            remedy: Remedy::DrainInstance,
            target: target.clone(),
            revision: None,
            call: Call::UpdateContainerInstancesState {
                cluster: cluster(),
                instance: host_arn("a"),
                status: HostStatus::Draining,
            },
            precondition: Precondition {
                host: Some(HostCondition::Failing { since: at(0) }),
                ..Precondition::default()
            },
            because: Because::HostFails { since: at(0), sign: HostSign::StatusCheck, moves: Some(2) },
            ..self.plan.clone()
        };
        self.record = TargetRecord::new(target.clone());
        self.record.agent = Some(Agent { version: 3, away_since: Some(at(0)), gone: false });
        self.incident.target = target;
        let rules = self.rules();
        rules.remedies.extend([Remedy::DrainInstance, Remedy::ActivateInstance]);
        self.policy.services[0].selector =
            Selector { cluster: Some(Glob::new("shop")), ..Selector::default() };
        let instance = ContainerInstance {
            arn: host_arn("a"),
            cluster: cluster(),
            status: ContainerInstanceStatus::Active,
            agent_connected: Some(false),
            ec2_instance_id: Some("i-a".to_owned()),
            capacity_provider: None,
        };
        self.facts.service = Some(Observed::Absent);
        self.facts.host = Some(Observed::Known(instance));
        self.facts.host_tasks = Some(Observed::Known(Vec::new()));
        let check = StatusCheck { at: at(540), has_failed: true };
        self.facts.status_checks.insert("i-a".to_owned(), Observed::Known(check));
        self.facts.draining = Some(Observed::Known(Vec::new()));
        self.facts.drain_slot = Some(Observed::Absent);
    }

    pub(super) fn host(&mut self) -> &mut ContainerInstance {
        match &mut self.facts.host {
            Some(Observed::Known(host)) => host,
            other => panic!("{other:?}"),
        }
    }

    /// The drain of a host that Spot takes back.
    pub(super) fn spot(&mut self) {
        self.drain();
        self.plan.because = Because::SpotInterruption { at: at(590), moves: Some(2) };
        self.plan.precondition.host = Some(HostCondition::Active);
        self.record.agent = None;
        self.host().agent_connected = Some(true);
    }

    /// Letting it take tasks again.
    pub(super) fn activate(&mut self) {
        self.drain();
        let (by, status) = (self.plan.id.clone(), HostStatus::Active);
        self.record.care.drained = Some(Drained { by, at: at(100), is_of_spot: false });
        self.record.care.back_since = Some(at(200));
        self.plan.remedy = Remedy::ActivateInstance;
        self.plan.call =
            Call::UpdateContainerInstancesState { cluster: cluster(), instance: host_arn("a"), status };
        self.plan.precondition.host = Some(HostCondition::Recovered);
        self.plan.because = Because::HostRecovered { since: at(200) };
        self.host().status = ContainerInstanceStatus::Draining;
        self.host().agent_connected = Some(true);
        self.ec2_says(false);
    }

    pub(super) fn ec2_says(&mut self, has_failed: bool) {
        let check = StatusCheck { at: at(540), has_failed };
        self.facts.status_checks.insert("i-a".to_owned(), Observed::Known(check));
    }

    pub(super) fn service(&mut self) -> &mut Service {
        match &mut self.facts.service {
            Some(Observed::Known(service)) => service,
            other => panic!("{other:?}"),
        }
    }

    /// Lets the plan set a desired count.
    pub(super) fn sets_count(&mut self) {
        if let Call::UpdateService { desired_count, .. } = &mut self.plan.call {
            *desired_count = Some(DesiredCount(1));
        }
    }

    pub(super) fn rules(&mut self) -> &mut Rules {
        &mut self.policy.services[0].rules
    }

    pub(super) fn check(&self, stage: Stage, guards: &[Guard]) -> Result<Permission, Refusal> {
        let none = BTreeMap::new();
        let tags =
            self.facts.service.as_ref().and_then(Observed::known).map_or(&none, |service| &service.tags);
        let case = Case {
            plan: &self.plan,
            enrolled: self.policy.for_target(&self.plan.target, tags),
            guards: &self.policy.guards,
            is_scaled: self.policy.is_scaled(&self.plan.target),
            facts: &self.facts,
            record: &self.record,
            incident: &self.incident,
            home: self.home.as_ref(),
            is_approved: self.is_approved,
            now: self.now,
        };
        check(&case, stage, guards)
    }

    pub(super) fn refusal(&self, stage: Stage) -> &'static str {
        self.check(stage, GUARDS).err().map_or("none", |refusal| refusal.as_str())
    }

    pub(super) fn tried(&mut self, second: i64, remedy: Remedy, outcome: Outcome) {
        let id = ActionId::of(self.home.as_ref().unwrap(), &target("api"), remedy, &second.to_string());
        let (incident, revision) = (self.incident.opened_at, Some(revision(42)));
        self.record.care.tried.push(Tried { id, remedy, at: at(second), incident, revision, outcome });
    }
}

pub(super) fn without(name: &str) -> Vec<Guard> {
    let rest: Vec<Guard> = GUARDS.iter().filter(|guard| guard.name != name).copied().collect();
    assert_eq!(rest.len() + 1, GUARDS.len(), "there is no guard {name}");
    rest
}
