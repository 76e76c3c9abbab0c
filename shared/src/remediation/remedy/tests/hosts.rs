//! When a container instance is drained, and when it takes tasks again.

use super::*;
use crate::action::{Because, HostSign};
use crate::arn::ContainerInstanceArn;
use crate::ecs::{CapacityProvider, ContainerInstance, HostStatus, HostTask, StatusCheck, Stopping};
use crate::event::ContainerInstanceStatus;
use crate::incident::Drained;

fn arn() -> ContainerInstanceArn {
    ContainerInstanceArn::new("arn:aws:ecs:eu-central-1:123456789012:container-instance/shop/8f0c2a")
}

fn task(id: &str, is_unhealthy: bool) -> HostTask {
    HostTask {
        arn: TaskArn::new(id),
        service: Some(ServiceName::new("api")),
        is_wanted: true,
        is_unhealthy,
        stopping: None,
    }
}

fn stopped(id: &str, minute: i64, cause: Cause) -> HostTask {
    let stopping = Some(Stopping { at: Some(at(minute)), cause });
    HostTask { is_wanted: false, stopping, ..task(id, false) }
}

/// A host that was active, and whose agent left at minute 0.
fn host() -> World {
    let mut world = World::of(Target::ContainerInstance { cluster: cluster(), arn: arn() });
    world.rules().remedies.extend([Remedy::DrainInstance, Remedy::ActivateInstance]);
    world.hear([Observation::Agent { version: 4, connected: false, at: at(0) }]);
    world.story.tick(&world.policy, at(10));
    world.truth.host = Some(Observed::Known(ContainerInstance {
        arn: arn(),
        cluster: cluster(),
        status: ContainerInstanceStatus::Active,
        agent_connected: Some(false),
        ec2_instance_id: Some("i-a".to_owned()),
        capacity_provider: None,
    }));
    world.truth.host_tasks =
        Some(Observed::Known(vec![task("1", false), task("2", false), task("3", false), task("4", false)]));
    world.truth.draining = Some(Observed::Known(Vec::new()));
    world.truth.drain_slot = Some(Observed::Absent);
    world.ec2_says(false);
    world
}

impl World {
    fn host(&mut self) -> &mut ContainerInstance {
        match &mut self.truth.host {
            Some(Observed::Known(host)) => host,
            other => panic!("{other:?}"),
        }
    }

    fn ec2_says(&mut self, has_failed: bool) {
        let check = StatusCheck { at: at(9), has_failed };
        self.truth.status_checks.insert("i-a".to_owned(), Observed::Known(check));
    }

    fn runs(&mut self, tasks: impl IntoIterator<Item = HostTask>) {
        self.truth.host_tasks = Some(Observed::Known(tasks.into_iter().collect()));
    }

    fn of_provider(&mut self, is_managed: bool) {
        self.host().capacity_provider = Some("hosts".to_owned());
        let provider = CapacityProvider { name: "hosts".to_owned(), is_managed };
        self.truth.capacity_providers.insert("hosts".to_owned(), Observed::Known(provider));
    }

    fn planned(&self, minute: i64) -> Plan {
        match self.considered(minute) {
            Considered::Act(plan) => *plan,
            other => panic!("{other:?}"),
        }
    }
}

fn with(change: impl FnOnce(&mut World)) -> World {
    let mut world = host();
    change(&mut world);
    world
}

#[test]
fn an_agent_that_is_away_is_no_reason_by_itself() {
    assert_eq!(host().word(12), "host_may_serve");
    let blind = with(|world| drop(world.truth.status_checks.remove("i-a")));
    assert_eq!(blind.word(12), "host_may_serve", "no data is neither good nor bad");
    let Considered::Escalate { why, look_at } = blind.considered(12) else { panic!() };
    assert_eq!((why, look_at), (Escalation::HostMayServe { is_well: false }, Some(at(14))));
}

#[test]
fn a_host_is_drained_where_ec2_or_most_of_its_tasks_say_that_it_fails() {
    let half = || {
        [task("1", true), stopped("2", 5, Cause::ElbHealthCheckFailed), task("3", false), task("4", false)]
    };
    let cases: [(&str, Change, &str); 11] = [
        ("EC2", |world| world.ec2_says(true), "drain_instance"),
        (
            "EC2, and tasks that cannot be read",
            |world| {
                world.ec2_says(true);
                world.truth.host_tasks = Some(Observed::Unknown("throttled".to_owned()));
            },
            "drain_instance",
        ),
        (
            "tasks that cannot be read",
            |world| {
                world.truth.host_tasks = Some(Observed::Unknown("throttled".to_owned()));
            },
            "unobserved",
        ),
        (
            "one of four tasks",
            |world| {
                world.runs([task("1", true), task("2", false), task("3", false), task("4", false)]);
            },
            "host_may_serve",
        ),
        (
            "what was stopped before",
            |world| {
                world.runs([stopped("1", -1, Cause::ElbHealthCheckFailed), task("2", false)]);
            },
            "host_may_serve",
        ),
        (
            "what somebody meant",
            |world| {
                world.runs([stopped("1", 5, Cause::ScaledIn), task("2", false)]);
            },
            "host_may_serve",
        ),
        ("no task at all", |world| world.runs([]), "host_may_serve"),
        (
            "an External instance, by its tasks",
            |world| {
                world.host().ec2_instance_id = None;
                world.runs([task("1", true)]);
            },
            "drain_instance",
        ),
        (
            "its agent is back",
            |world| {
                world.ec2_says(true);
                world.host().agent_connected = Some(true);
            },
            "nothing",
        ),
        (
            "it drains already",
            |world| {
                world.ec2_says(true);
                world.host().status = ContainerInstanceStatus::Draining;
            },
            "nothing",
        ),
        ("it is gone", |world| world.truth.host = Some(Observed::Absent), "nothing"),
    ];
    for (name, change, word) in cases {
        assert_eq!(with(change).word(12), word, "{name}");
    }
    let plan = with(|world| world.runs(half())).planned(12);
    let Because::HostFails { sign, moves, .. } = plan.because else { panic!("{:?}", plan.because) };
    assert_eq!((sign, moves), (HostSign::Tasks { unhealthy: 1, stopped: 1, of: 4 }, Some(3)));
    let Call::UpdateContainerInstancesState { instance, status, .. } = plan.call else { panic!() };
    assert_eq!((instance, status), (arn(), HostStatus::Draining));
}

#[test]
fn what_ecs_manages_itself_is_left_to_it() {
    let managed = with(|world| {
        world.ec2_says(true);
        world.of_provider(true);
    });
    assert_eq!(managed.word(12), "host_managed");
    let own = with(|world| {
        world.ec2_says(true);
        world.of_provider(false);
    });
    assert_eq!(own.word(12), "drain_instance");
    let unknown = with(|world| {
        world.ec2_says(true);
        world.of_provider(false);
        let why = Observed::Unknown("AccessDeniedException".to_owned());
        world.truth.capacity_providers.insert("hosts".to_owned(), why);
    });
    assert_eq!(unknown.word(12), "unobserved");
}

#[test]
fn where_the_remedy_is_off_nothing_of_hosts_is_read() {
    let off = with(|world| {
        world.ec2_says(true);
        world.rules().remedies.remove(&Remedy::DrainInstance);
        world.truth.host = None;
    });
    assert_eq!(off.word(12), "nothing");
    assert!(!Rules::default().remedies.contains(&Remedy::DrainInstance));
}

#[test]
fn one_disconnection_is_drained_once_and_the_next_is_another_need() {
    let first = with(|world| world.ec2_says(true)).planned(12);
    assert_eq!(with(|world| world.ec2_says(true)).planned(30).id, first.id);
    let next = with(|world| {
        world.ec2_says(true);
        let agent = |version, connected, minute| Observation::Agent { version, connected, at: at(minute) };
        world.hear([agent(5, true, 40), agent(6, false, 50)]);
        world.story.tick(&world.policy, at(60));
    });
    assert_ne!(next.planned(62).id, first.id);
}

fn warned(world: &mut World, minute: i64) {
    world.story = Story::new(world.story.record.target.clone());
    world.host().agent_connected = Some(true);
    let diagnosis = Box::new(Diagnosis {
        cause: Cause::SpotInterrupted,
        container: None,
        exit_code: None,
        evidence: Vec::new(),
        denied_action: None,
        advice: Advice::read_the_evidence(),
    });
    world.hear([Observation::Warned { at: at(minute), diagnosis }]);
}

#[test]
fn what_spot_takes_back_is_drained_at_once_and_not_when_it_is_too_late() {
    let world = with(|world| warned(world, 100));
    let plan = world.planned(100);
    assert!(plan.is_of_spot() && plan.drains_alone().is_none());
    assert_eq!(world.word(102), "nothing", "it is gone by then");
    let itself = with(|world| {
        warned(world, 100);
        world.host().status = ContainerInstanceStatus::Draining;
    });
    assert_eq!(itself.word(100), "nothing", "its agent drains it on the warning");
}

/// The host as it is after it was drained at minute 11, and its agent came back at minute 20.
fn drained() -> World {
    with(|world| {
        world.ec2_says(true);
        let by = world.planned(12).id;
        world.story.record.care.drained = Some(Drained { by, at: at(11), is_of_spot: false });
        world.hear([Observation::Agent { version: 7, connected: true, at: at(20) }]);
        world.host().status = ContainerInstanceStatus::Draining;
        world.host().agent_connected = Some(true);
        world.ec2_says(false);
    })
}

#[test]
fn only_what_steward_drained_takes_tasks_again_once_it_is_well() {
    assert_eq!(drained().word(22), "activate_instance");
    let Considered::Nothing { look_at } = drained().considered(21) else { panic!() };
    assert_eq!(look_at, Some(at(22)), "an agent that is back may flap");
    let cases: [(&str, Change, &str); 7] = [
        ("a person drained it", |world| world.story.record.care.drained = None, "nothing"),
        ("somebody let it already", |world| world.host().status = ContainerInstanceStatus::Active, "nothing"),
        ("EC2 calls it impaired", |world| world.ec2_says(true), "nothing"),
        ("EC2 says nothing", |world| drop(world.truth.status_checks.remove("i-a")), "unobserved"),
        ("its agent is away, as ECS says", |world| world.host().agent_connected = Some(false), "nothing"),
        (
            "its agent went again",
            |world| {
                world.hear([Observation::AwayWhileDraining { version: 8, at: at(21) }]);
            },
            "nothing",
        ),
        (
            "Spot takes it back",
            |world| {
                let drained = world.story.record.care.drained.as_mut().unwrap();
                drained.is_of_spot = true;
            },
            "nothing",
        ),
    ];
    for (name, change, word) in cases {
        let mut world = drained();
        change(&mut world);
        assert_eq!(world.word(30), word, "{name}");
    }
}

#[test]
fn that_somebody_let_it_take_tasks_counts_once_reads_do_not_lag_any_more() {
    let mut world = drained();
    world.host().status = ContainerInstanceStatus::Active;
    let record = &world.story.record;
    assert!(!is_active_again(record, &world.truth, at(12)));
    assert!(is_active_again(record, &world.truth, at(13)));
    assert!(!is_active_again(&host().story.record, &world.truth, at(13)), "nobody drained it");
}
