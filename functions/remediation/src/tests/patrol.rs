//! What the patrol sees, writes, and leaves.

use std::rc::Rc;

use steward::arn::ServiceName;
use steward::config::{Entry, Rules, Selector};
use steward::diagnosis::Cause;
use steward::ecs::{Rollout, Service, Task};
use steward::incident::{Care as Cared, Incident};
use steward::ledger::Patrol;
use steward::ports::Meaning;

use super::scripted_ecs::{ON_A_PAGE, ScriptedEcs, cluster, service, task};
use super::*;
use crate::patrol;

struct World {
    ledger: MemoryLedger,
    ecs: ScriptedEcs,
    clock: Rc<At>,
    settings: Settings,
}

impl World {
    fn of(services: impl IntoIterator<Item = Service>) -> Self {
        Self {
            ledger: MemoryLedger::new(),
            ecs: ScriptedEcs::new(services),
            clock: Rc::new(At::start()),
            settings: Settings::default(),
        }
    }

    fn patrol(&self) -> patrol::Patrolled {
        self.patrol_on(&self.ledger)
    }

    fn patrol_on(&self, ledger: &impl Ledger) -> patrol::Patrolled {
        let (ecs, clock) = (&self.ecs, self.clock.as_ref());
        let ports = Ports { ledger, ecs, owners: &Nowhere, tell: &Nudges::default(), clock };
        run(patrol::patrol(&ports, &self.settings)).unwrap()
    }

    /// A round every five minutes.
    fn rounds(&self, count: usize) {
        for _ in 0..count {
            let patrolled = self.patrol();
            assert_eq!(patrolled.failed, Vec::<String>::new());
            self.clock.pass(5);
        }
    }

    fn handle(&self, bodies: &[String]) {
        handle(&self.ledger, &Nudges::default(), &self.clock, &batch(bodies));
    }

    fn care(&self) -> Cared {
        let records = self.ledger.records().unwrap().into_values();
        let targets = records.filter_map(|record| match record {
            Record::Target(record) => Some(record.care),
            _ => None,
        });
        let [care] = <[Cared; 1]>::try_from(targets.collect::<Vec<_>>()).unwrap();
        care
    }

    fn item(&self) -> Patrol {
        let mut records = self.ledger.records().unwrap();
        match records.remove(&Key::patrol(&cluster())) {
            Some(Record::Patrol(patrol)) => patrol,
            other => panic!("{other:?}"),
        }
    }

    fn targets(&self) -> usize {
        let keys = self.ledger.records().unwrap().into_keys();
        keys.filter(|key| key.as_str().starts_with("r#TARGET#")).count()
    }

    fn open(&self) -> Vec<Incident> {
        incidents(&self.ledger).into_iter().filter(Incident::is_open).collect()
    }

    fn openings(&self) -> usize {
        match self.ledger.records().unwrap().remove(&Key::cluster(&cluster())) {
            Some(Record::Openings(openings)) => openings.openings.len(),
            _ => 0,
        }
    }
}

fn unwell(id: &str, group: &str, how: &str) -> Task {
    let health = if how == "UNHEALTHY" { how } else { "UNKNOWN" };
    let connectivity = if how == "DISCONNECTED" { how } else { "CONNECTED" };
    Task { health: Some(health.into()), connectivity: Some(connectivity.into()), ..task(id, group) }
}

fn deploying(service: &mut Service, since: &str) {
    service.deployments[0].rollout = Some(Rollout::InProgress);
    service.deployments[0].created_at = Some(since.parse().unwrap());
}

#[test]
fn what_is_well_costs_no_read_of_its_story_and_no_write() {
    let world = World::of((0..5).map(|n| service(&format!("api-{n}"), 3)));
    world.ecs.has(task("1", "service:api-0"));
    world.rounds(3);
    assert_eq!(world.targets(), 0);
    assert_eq!(world.ecs.asked("services"), 3 * 5usize.div_ceil(ON_A_PAGE));
    let usage = world.ledger.usage();
    // The list of clusters, each round's beginning and end; the first round creates the patrol as well.
    assert_eq!(usage.writes, 3 * 3 + 1);
}

#[test]
fn rounds_and_looks_for_clusters_are_five_minutes_apart() {
    let world = World::of([service("api", 1)]);
    for _ in 0..5 {
        world.patrol();
        world.clock.pass(1);
    }
    assert_eq!((world.ecs.asked("clusters"), world.ecs.asked("services")), (1, 1));
    world.patrol();
    assert_eq!((world.ecs.asked("clusters"), world.ecs.asked("services")), (2, 2));
}

#[test]
fn a_service_that_is_short_in_silence_is_an_incident_after_its_time() {
    let world = World::of([service("api", 3), service("web", 1)]);
    world.ecs.runs("api", 1);
    world.rounds(3);
    assert_eq!((world.care().short_since, world.open().len()), (Some(At::start().now()), 0));
    let opened_at = world.clock.now();
    let patrolled = world.patrol();
    let [incident] = <[Incident; 1]>::try_from(world.open()).unwrap();
    assert_eq!(patrolled.news, [incident.subject()]);
    let sample = &incident.failures.samples()[0];
    assert_eq!(sample.diagnosis.cause, Cause::Unknown);
    let said = sample.diagnosis.evidence[0].text.to_string();
    assert_eq!(said, "running 1 of 3 since 20 November 21:30 UTC, and no event says why");
    assert_eq!(world.care().look_at, Some(opened_at));
    assert_eq!(world.openings(), 1);
    let records = world.ledger.records().unwrap();
    world.clock.pass(5);
    assert_eq!(world.patrol().news, []);
    let story = |records: BTreeMap<Key, Record>| -> Vec<Record> {
        records.into_iter().filter(|(key, _)| !key.is_patrol()).map(|(_, record)| record).collect()
    };
    assert_eq!(story(world.ledger.records().unwrap()), story(records));
}

#[test]
fn a_service_that_is_whole_again_is_forgotten_by_the_patrol() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    world.rounds(2);
    assert_eq!(world.item().known.len(), 1);
    world.ecs.runs("api", 3);
    world.rounds(1);
    assert_eq!((world.care().short_since, world.item().known.len()), (None, 0));
    world.ecs.runs("api", 1);
    world.rounds(3);
    assert_eq!(world.open(), [], "its time begins anew");
}

#[test]
fn a_service_that_is_gone_is_short_no_more() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    world.rounds(1);
    world.ecs.services.borrow_mut().clear();
    world.rounds(1);
    assert_eq!(world.care().short_since, None);
}

#[test]
fn a_deployment_in_progress_excuses_missing_tasks_until_it_is_stuck() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    world.ecs.change("api", |service| deploying(service, "2026-11-20T21:00:00Z"));
    world.rounds(3);
    assert_eq!(world.targets(), 0);
    world.rounds(1);
    let [incident] = <[Incident; 1]>::try_from(world.open()).unwrap();
    let said = incident.failures.samples()[0].diagnosis.evidence[0].text.to_string();
    assert_eq!(said, "ecs-svc/1 has been in progress since 20 November 21:00 UTC");
}

#[test]
fn a_deployment_that_does_not_roll_may_wait_on_purpose() {
    let world = World::of([service("api", 3)]);
    world.ecs.change("api", |service| {
        deploying(service, "2026-11-20T01:00:00Z");
        service.is_rolling = false;
    });
    world.rounds(2);
    assert_eq!(world.targets(), 0);
}

#[test]
fn what_does_not_take_tasks_is_not_short_of_them() {
    let world = World::of([service("api", 3)]);
    world.ecs.change("api", |service| {
        service.running.0 = 0;
        service.status = "DRAINING".into();
    });
    world.rounds(5);
    assert_eq!(world.targets(), 0);
}

#[test]
fn an_incident_that_goes_on_says_why_tasks_are_missing() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    world.handle(&[stop("api", 1).to_string()]);
    world.rounds(5);
    assert_eq!(world.care().short_since, None);
    assert_eq!(world.open()[0].failures.count(), 1);
}

#[test]
fn a_task_that_hangs_is_seen_is_an_incident_and_is_forgotten_when_it_is_gone() {
    for (how, cause) in
        [("UNHEALTHY", Cause::ContainerHealthCheckFailed), ("DISCONNECTED", Cause::ContainerRuntimeFailed)]
    {
        let world = World::of([service("api", 3)]);
        let hangs = unwell("7f", "service:api", how);
        world.ecs.has(hangs.clone());
        world.rounds(2);
        let seen = world.care().unwell[&hangs.arn].clone();
        assert_eq!((seen.since, seen.how.as_str(), world.open().len()), (At::start().now(), how, 0));
        let opened_at = world.clock.now();
        world.rounds(1);
        let [incident] = <[Incident; 1]>::try_from(world.open()).unwrap();
        assert_eq!(incident.failures.causes(), [(cause, 1)]);
        assert_eq!(world.care().look_at, Some(opened_at));
        world.ecs.has(task("7f", "service:api"));
        world.rounds(1);
        assert_eq!((world.care().unwell.len(), world.item().known.len()), (0, 0));
    }
}

#[test]
fn tasks_of_jobs_and_tasks_that_stop_are_left_alone() {
    let world = World::of([service("api", 3)]);
    world.ecs.has(Task {
        started_by: Some("steward/job/nightly".into()),
        ..unwell("1", "family:report", "UNHEALTHY")
    });
    world.ecs.has(Task {
        desired_status: Some(steward::event::TaskStatus::Stopped),
        ..unwell("2", "service:api", "UNHEALTHY")
    });
    world.ecs.has(Task {
        last_status: steward::event::TaskStatus::Pending,
        ..unwell("3", "service:api", "DISCONNECTED")
    });
    world.rounds(4);
    assert_eq!(world.targets(), 0);
}

#[test]
fn a_standalone_task_that_hangs_is_its_familys() {
    let world = World::of([]);
    world.ecs.has(unwell("1", "family:report", "UNHEALTHY"));
    world.rounds(3);
    assert_eq!(world.open()[0].target.to_string(), "task report in shop");
}

#[test]
fn a_services_own_tags_say_how_long_a_task_may_hang() {
    let mut world = World::of([service("api", 3)]);
    let hung = SignedDuration::from_mins(60);
    world.settings.policy.services.push(Entry {
        selector: Selector { tags: [("slow".into(), "yes".into())].into(), ..Selector::default() },
        rules: Rules { hung, ..Rules::default() },
    });
    world.ecs.change("api", |service| drop(service.tags.insert("slow".into(), "yes".into())));
    world.ecs.has(unwell("7f", "service:api", "UNHEALTHY"));
    world.rounds(6);
    assert_eq!(world.open(), []);
    world.rounds(7);
    assert_eq!(world.open().len(), 1);
}

#[test]
fn a_round_that_time_cuts_short_goes_on_at_its_cursor() {
    let mut world = World::of((0..7).map(|n| service(&format!("api-{n}"), 3)));
    for n in 0..7 {
        world.ecs.runs(&format!("api-{n}"), 1);
    }
    let clock = Rc::clone(&world.clock);
    let pass = move || clock.0.set(clock.0.get() + SignedDuration::from_secs(9));
    *world.ecs.on_page.borrow_mut() = Some(Box::new(pass));
    let mut cuts = 0;
    for _ in 0..10 {
        let now = world.clock.now();
        world.settings.deadline = Deadline::new(now, now + SignedDuration::from_secs(30));
        let patrolled = world.patrol();
        assert_eq!(patrolled.failed, Vec::<String>::new());
        if !patrolled.is_cut {
            break;
        }
        cuts += 1;
        let item = world.item();
        assert!(item.is_under_way() && item.lease_until <= world.clock.now());
    }
    assert!(cuts >= 1, "the time of an invocation is for two pages");
    assert_eq!((world.targets(), world.item().known.len()), (7, 7));
    assert_eq!(
        world.ecs.pages.get(),
        7usize.div_ceil(ON_A_PAGE) + cuts + 1,
        "a page that was cut is read again"
    );
}

#[test]
fn what_could_not_be_read_heals_nothing() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    world.ecs.has(unwell("7f", "service:api", "UNHEALTHY"));
    world.rounds(1);
    let before = world.care();
    for method in ["services", "find_tasks"] {
        world.ecs.trouble.borrow_mut().insert(method, Meaning::Throttled);
        let patrolled = world.patrol();
        assert_eq!(patrolled.failed.len(), 1, "{method}");
        assert_eq!(world.care(), before);
        world.ecs.trouble.borrow_mut().clear();
        world.clock.pass(5);
    }
    world.rounds(1);
    assert_eq!(world.care(), Cared { look_at: world.care().look_at, ..before });
}

#[test]
fn a_cursor_that_ecs_refuses_begins_the_round_anew() {
    let world = World::of((0..3).map(|n| service(&format!("api-{n}"), 3)));
    world.rounds(1);
    world.ecs.trouble.borrow_mut().insert("find_tasks", Meaning::Refused);
    assert_eq!(world.patrol().failed.len(), 1);
    assert!(!world.item().is_under_way());
    world.ecs.trouble.borrow_mut().clear();
    world.clock.pass(5);
    world.rounds(1);
    assert_eq!(world.ecs.asked("services"), 3 * 2);
}

#[test]
fn a_cluster_that_refuses_to_be_read_is_left_for_an_hour_and_nothing_of_it_is_forgotten() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    world.rounds(1);
    let before = world.care();
    world.ecs.trouble.borrow_mut().insert("services", Meaning::Refused);
    for _ in 0..11 {
        world.patrol();
        world.clock.pass(5);
    }
    assert_eq!((world.ecs.asked("services"), world.care()), (2, before));
    world.ecs.trouble.borrow_mut().clear();
    world.ecs.runs("api", 3);
    world.clock.pass(10);
    world.rounds(1);
    assert_eq!((world.ecs.asked("services"), world.care().short_since), (3, None));
}

#[test]
fn a_deleted_cluster_ends_what_was_abnormal_in_it() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    world.rounds(1);
    world.ecs.clusters.borrow_mut().clear();
    world.ecs.trouble.borrow_mut().insert("services", Meaning::Refused);
    assert_eq!(world.patrol().failed.len(), 1);
    assert_eq!(world.care().short_since, None);
}

#[test]
fn a_round_is_made_by_one_invocation_at_a_time() {
    let world = World::of([service("api", 3)]);
    world.patrol();
    world.clock.pass(5);
    let mut leased = world.item();
    leased.lease_until = world.clock.now() + SignedDuration::from_secs(30);
    let stored = run(world.ledger.read(&[Key::patrol(&cluster())])).unwrap().pop().unwrap();
    let due = Some(world.clock.now());
    let write = steward::ledger::Write {
        due,
        ..steward::ledger::Write::new(Key::patrol(&cluster()), stored.as_ref(), Record::Patrol(leased))
    };
    run(world.ledger.commit(Transaction { writes: vec![write] })).unwrap();
    world.patrol();
    assert_eq!(world.ecs.asked("services"), 1);
    world.clock.pass(1);
    world.patrol();
    assert_eq!(world.ecs.asked("services"), 2, "the lease has ended");
}

#[test]
fn a_story_that_cannot_be_read_holds_up_no_other() {
    let world = World::of([service("api", 3), service("web", 3)]);
    world.ecs.runs("api", 1);
    world.ecs.runs("web", 1);
    let target = Target::Service { cluster: cluster(), name: ServiceName::new("api") };
    world.ledger.put_raw(Key::target(&target), r#"{"schema":99}"#);
    let patrolled = world.patrol();
    assert_eq!(patrolled.failed.len(), 1);
    let web = Target::Service { cluster: cluster(), name: ServiceName::new("web") };
    assert!(run(world.ledger.read(&[Key::target(&web)])).unwrap()[0].is_some());
}

#[test]
fn somebody_who_writes_the_patrol_first_makes_the_round() {
    let world = World::of([service("api", 3)]);
    world.patrol();
    world.clock.pass(5);
    let ledger = Contended { inner: world.ledger, ..Contended::default() };
    ledger.conflicts.set(2);
    let world = World { ledger: MemoryLedger::new(), ..world };
    assert_eq!(world.patrol_on(&ledger).failed, Vec::<String>::new());
    assert_eq!(world.ecs.asked("services"), 1);
}

#[test]
fn the_sweep_makes_the_rounds() {
    let world = World::of([service("api", 3)]);
    world.ecs.runs("api", 1);
    let tell = Nudges::default();
    for _ in 0..4 {
        let ports = Ports {
            ledger: &world.ledger,
            ecs: &world.ecs,
            owners: &Nowhere,
            tell: &tell,
            clock: world.clock.as_ref(),
        };
        run(Handler::new(ports, Settings::default()).sweep()).unwrap();
        world.clock.pass(5);
    }
    assert_eq!((world.open().len(), tell.taken.borrow().len()), (1, 1));
}
