//! Two steps under one id, and whether more memory was enough.

use super::*;
use crate::action::Verdict;
use crate::apply::{Probe, judged_by, next_look, probe, queries, verdict};
use crate::arn::DeploymentId;
use crate::config::Rules;
use crate::diagnosis::{Advice, Cause, Diagnosis};
use crate::ecs::{Needs, Sizes, TaskDefinition};
use crate::incident::{Deployment, DeploymentStatus, Failure, Fingerprint, Step as DeploymentStep};
use crate::observed::Observed;
use crate::remediation::memory::{Raise, Step};
use crate::remediation::{Facts, Query};

fn raise() -> Raise {
    Raise {
        container: "app".to_owned(),
        limit: None,
        task_memory: Some(Step { from: 512, to: 1_024 }),
        task_cpu: None,
    }
}

fn first() -> Action {
    let call = Call::RegisterTaskDefinition {
        cluster: cluster(),
        service: ServiceName::new("api"),
        like: revision(43),
        raise: raise(),
    };
    // Under the id that the ledger of these tests knows.
    let plan = Plan { remedy: Remedy::RaiseMemory, call, ..plan() };
    Action::claimed(plan, None, Epoch(1), at("21:05:00"), at("21:05:30")).unwrap()
}

fn second() -> Action {
    let mut second = first().stepped(registered(), at("21:05:10"));
    second.plan.call = Call::UpdateService {
        cluster: cluster(),
        service: ServiceName::new("api"),
        task_definition: Some(revision(44)),
        force_new_deployment: false,
        desired_count: None,
        capacity_providers: None,
    };
    second
}

fn registered() -> State {
    let made = Some(revision(44).to_string());
    State::Confirmed { at: at("21:05:10"), how: How::Answered, made }
}

fn issued(action: Action) -> Action {
    action.into_state(State::Issued { at: at("21:05:05") })
}

#[test]
fn the_first_step_that_took_effect_leaves_the_action_planned_with_its_lock_and_what_it_made() {
    let ledger = ledger(Some(issued(first())));
    let to = |scene: &mut Scene| -> Result<(), LedgerError> {
        let action = scene.action.take().unwrap();
        scene.action = Some(action.stepped(registered(), at("21:05:10")));
        Ok(())
    };
    step(&ledger, &[], at("21:05:10"), to).unwrap();
    let known = action(&ledger);
    assert_eq!((&known.state, &known.registered), (&State::Planned, &Some(revision(44))));
    assert_eq!(known.due(), Some(at("21:05:10")), "it goes on at once, whoever takes it up");
    let care = record(&ledger).care;
    assert_eq!(care.open, Some(plan().id), "the target is not free in between");
    assert_eq!(
        care.registered.get(&plan().id),
        Some(&revision(44)),
        "remembered though the action were withdrawn"
    );
    let stored = serde_json::to_string(&known).unwrap();
    assert_eq!(serde_json::from_str::<Action>(&stored).unwrap(), known);
}

#[test]
fn an_action_of_before_reads_as_one_that_registered_nothing() {
    let mut stored = serde_json::to_value(planned()).unwrap();
    stored.as_object_mut().unwrap().remove("registered");
    assert_eq!(serde_json::from_value::<Action>(stored).unwrap(), planned());
}

#[test]
fn the_second_step_that_took_effect_is_the_end_of_it() {
    let made = Some("ecs-svc/44".to_owned());
    let state = State::Confirmed { at: at("21:06:00"), how: How::Answered, made };
    let done = issued(second()).stepped(state.clone(), at("21:06:00"));
    assert_eq!((done.state, done.registered), (state, Some(revision(44))));
}

#[test]
fn only_what_the_first_step_made_follows_it() {
    let (first, second) = (first().plan.call, second().plan.call);
    assert!(second.follows(&first, Some(&revision(44))));
    assert!(!second.follows(&first, Some(&revision(45))), "another revision");
    assert!(!second.follows(&first, None), "nothing was made");
    assert!(!first.follows(&second, Some(&revision(44))));
    assert!(!second.follows(&second, Some(&revision(44))));
}

#[test]
fn a_lost_answer_to_the_first_step_is_looked_for_by_the_tag() {
    let plan = first().plan;
    let asked = Query::Registered { after: revision(43), action: plan.id.clone() };
    assert!(queries(&plan).contains(&asked));
    let own = TaskDefinition {
        arn: revision(44),
        is_active: true,
        sizes: Sizes::default(),
        needs: Needs::default(),
    };
    for (observed, expected) in [
        (Some(Observed::Known(own)), Probe::Done { made: Some(revision(44).to_string()) }),
        (Some(Observed::Absent), Probe::NotDone),
        (
            Some(Observed::Unknown("throttled".to_owned())),
            Probe::Unread(Doubt::Unread(crate::redact::quoted("throttled"))),
        ),
        (None, Probe::Unread(Doubt::NotAsked)),
    ] {
        let mut facts = Facts::default();
        facts.registered.extend(observed.map(|observed| (plan.id.clone(), observed)));
        assert_eq!(probe(&plan, at("21:05:05"), &facts), expected);
    }
}

#[test]
fn a_person_who_says_that_it_was_registered_lets_it_go_on_and_who_says_not_ends_it() {
    let why = Doubt::Unread(redact("no answer"));
    let unknown = || first().into_state(State::Unknown { at: at("21:08:00"), why: why.clone() });
    let ledger_of = || ledger(Some(unknown()));
    let going_on = ledger_of();
    ready(people::settle(&going_on, &plan().id, Settled::Done, &person("21:30:00"))).unwrap();
    let known = action(&going_on);
    assert_eq!((&known.state, known.due()), (&State::Planned, Some(at("21:30:00"))));
    assert_eq!(known.settled, None, "the second step may need a person of its own");
    let over = ledger_of();
    ready(people::settle(&over, &plan().id, Settled::NotDone, &person("21:30:00"))).unwrap();
    assert!(matches!(action(&over).state, State::Failed { .. }));
}

fn raised(completed: bool, out_of_memory: bool) -> Deployment {
    let mut raised = Deployment::new(target(), DeploymentId::new("ecs-svc/44"), at("21:06:00"));
    if completed {
        let step = DeploymentStep { at: at("21:10:00"), status: DeploymentStatus::Completed, reason: None };
        raised.advance(step, false);
    }
    if out_of_memory {
        raised.failures.add(Failure {
            fingerprint: Fingerprint::of(&["task/1"]),
            version: 5,
            at: at("22:00:00"),
            diagnosis: Diagnosis {
                cause: Cause::OutOfMemory,
                container: None,
                exit_code: Some(137),
                evidence: Vec::new(),
                denied_action: None,
                advice: Advice::read_the_evidence(),
            },
            task: None,
            task_definition: Some(revision(44)),
            deployment: Some(raised.id.clone()),
            availability_zone: None,
        });
    }
    raised
}

#[test]
fn more_memory_has_helped_after_days_and_has_not_with_the_first_task_that_runs_out_of_it() {
    let made = Some("ecs-svc/44".to_owned());
    let done = second().into_state(State::Confirmed { at: at("21:06:00"), how: How::Answered, made });
    let asked = Query::Deployment(DeploymentId::new("ecs-svc/44"));
    assert!(judged_by(&done).contains(&asked) && judged_by(&done).contains(&Query::Service));
    let rules = Rules::default();
    let judge = |deployment: Observed<Deployment>, runs: Option<u32>, hours: i64| {
        let mut facts = Facts::default();
        facts.deployments.insert(DeploymentId::new("ecs-svc/44"), deployment);
        facts.service = runs.map(|running| Observed::Known(service(running)));
        let now = at("21:06:00") + SignedDuration::from_hours(hours);
        verdict(&done, &facts, None, &rules, now).map(|verdict| matches!(verdict, Verdict::Helped { .. }))
    };
    let known = |completed, short| Observed::Known(raised(completed, short));
    assert_eq!(judge(known(true, false), Some(2), 71), None, "not yet");
    assert_eq!(judge(known(true, false), Some(2), 72), Some(true));
    assert_eq!(judge(known(true, true), Some(2), 1), Some(false), "at once, though the service is steady");
    assert_eq!(judge(known(false, false), Some(1), 0), None, "it has its time to settle");
    assert_eq!(judge(known(false, false), Some(1), 1), Some(false), "no task of it ever settled");
    assert_eq!(
        judge(Observed::Unknown("away".to_owned()), Some(2), 100),
        None,
        "what is not known is not judged"
    );
    assert_eq!(judge(known(true, false), None, 72), Some(true), "the service may be gone by then");
}

#[test]
fn what_takes_days_is_looked_at_once_an_hour_and_at_its_end() {
    let made = Some("ecs-svc/44".to_owned());
    let done = second().into_state(State::Confirmed { at: at("21:06:00"), how: How::Answered, made });
    let rules = Rules::default();
    assert_eq!(next_look(&done, &rules, at("21:10:00")), None, "as often as there is time, at first");
    let first = next_look(&done, &rules, at("22:00:00")).unwrap();
    assert_eq!(first, at("23:00:00"));
    assert_eq!(Action { lease_until: first, ..done.clone() }.due(), Some(first));
    let late = at("21:06:00") + SignedDuration::from_mins(72 * 60 - 5);
    assert_eq!(next_look(&done, &rules, late), Some(at("21:06:00") + SignedDuration::from_hours(72)));
}

fn service(running: u32) -> crate::ecs::Service {
    use crate::ecs::{
        Controller, DesiredCount, PendingCount, Rollout, RunningCount, Service, ServiceDeploymentSummary,
        Watch,
    };
    Service {
        cluster: cluster(),
        name: ServiceName::new("api"),
        status: "ACTIVE".to_owned(),
        controller: Controller::Ecs,
        is_rolling: true,
        task_definition: Some(revision(44)),
        desired: DesiredCount(2),
        running: RunningCount(running),
        pending: PendingCount(0),
        breaker: Watch::default(),
        alarms: Watch::default(),
        deployments: vec![ServiceDeploymentSummary {
            id: DeploymentId::new("ecs-svc/44"),
            is_primary: true,
            task_definition: Some(revision(44)),
            rollout: Some(if running < 2 { Rollout::InProgress } else { Rollout::Completed }),
            failed_tasks: None,
            created_at: Some(at("21:06:00")),
            updated_at: None,
        }],
        current_service_deployment: None,
        tags: std::collections::BTreeMap::new(),
        capacity_providers: Vec::new(),
    }
}

#[test]
fn an_action_that_begins_with_its_second_step_knows_what_its_first_made() {
    let plan = second().plan;
    let withdrawn = first().into_state(State::Withdrawn { at: at("21:05:10"), why: Withdrawal::NotApproved });
    let proposed = Action::proposed(plan.clone(), at("21:06:00"), at("22:00:00"));
    let claimed = Action::claimed(plan, Some(&withdrawn), Epoch(2), at("21:06:00"), at("21:06:30")).unwrap();
    assert_eq!([proposed.registered, claimed.registered], [Some(revision(44)), Some(revision(44))]);
    assert_eq!(first().registered, None);
}

#[test]
fn what_was_decided_before_the_first_step_does_not_take_it_again() {
    let (stale, known) = (first().plan, first().stepped(registered(), at("21:05:10")));
    let claim = |plan: Plan| Action::claimed(plan, Some(&known), Epoch(2), at("21:06:00"), at("21:06:30"));
    assert_eq!(known.state, State::Planned, "its lease is over: whoever comes may go on");
    assert_eq!(claim(stale), None);
    assert!(claim(second().plan).is_some());
}
