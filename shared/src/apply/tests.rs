use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jiff::{SignedDuration, Timestamp};

use super::people::{self, Person, Taken, Untaken};
use super::record::{Items, Scene, Terms, write_action};
use crate::action::{
    Action, ActionId, Because, Call, Doubt, Epoch, How, Plan, Precondition, READS_LAG, Remedy, Settled,
    State, Withdrawal,
};
use crate::arn::{ClusterArn, ServiceName, TaskDefinitionArn};
use crate::config::{Allowance, Policy};
use crate::incident::{Incident, Outcome, Story, Target, TargetRecord};
use crate::ledger::{Due, Key, LedgerError, MemoryLedger, Owner, Record, Scope, Stored, Transaction, Write};
use crate::ports::Ledger;
use crate::redact::redact;
use crate::remediation::Home;

mod memory;
mod witness;

const GROUPING: SignedDuration = SignedDuration::from_secs(15);

pub(super) fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}Z").parse().unwrap()
}

/// Memory never makes anybody wait.
pub(super) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("memory waits for nothing"),
    }
}

fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

fn target() -> Target {
    Target::Service { cluster: cluster(), name: ServiceName::new("api") }
}

fn revision(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/api:{number}"))
}

fn plan() -> Plan {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    Plan {
        id: ActionId::of(&home, &target(), Remedy::RollBack, "ecs-svc/43"),
        remedy: Remedy::RollBack,
        target: target(),
        incident: at("21:00:00"),
        revision: Some(revision(43)),
        call: Call::UpdateService {
            cluster: cluster(),
            service: ServiceName::new("api"),
            task_definition: Some(revision(42)),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
        precondition: Precondition::default(),
        because: Because::DeploymentStuck {
            revision: revision(43),
            since: at("20:30:00"),
            good: revision(42),
        },
    }
}

fn incident() -> Incident {
    Incident {
        target: target(),
        opened_at: at("21:00:00"),
        status: crate::incident::Status::Open,
        after: None,
        failures: crate::incident::Failures::default(),
        deployments: [].into(),
        remedies: crate::incident::Remedies::default(),
        relapses: 0,
        hooks: Vec::new(),
        deeds: Vec::new(),
    }
}

/// A ledger that knows the target, its open incident, and an action.
fn ledger(action: Option<Action>) -> MemoryLedger {
    let ledger = MemoryLedger::new();
    let policy = Policy::default();
    let mut record = TargetRecord { incident: Some(at("21:00:00")), ..TargetRecord::new(target()) };
    let mut writes = Vec::new();
    if let Some(action) = action {
        record.care.note(&action);
        writes.push(Write::of_action(action, None, &policy, at("21:00:00")));
    }
    let due = Story { incident: Some(incident()), ..Story::loaded(record.clone()) }.next_look(&policy);
    writes.push(Write::of_target(record, None, due, &policy, at("21:00:00")));
    writes.push(Write::of_incident(incident(), None, &policy, at("21:00:00")));
    ready(ledger.commit(Transaction { writes })).unwrap();
    ledger
}

fn proposed() -> Action {
    Action::proposed(plan(), at("21:05:00"), at("22:00:00"))
}

fn planned() -> Action {
    Action::claimed(plan(), None, Epoch(1), at("21:05:00"), at("21:05:30")).unwrap()
}

fn unknown() -> Action {
    let why = Doubt::Unread(redact("UpdateService: no answer within 4 s"));
    Action { claimed_at: Some(at("21:05:00")), ..planned() }
        .into_state(State::Unknown { at: at("21:08:00"), why })
}

fn action(ledger: &MemoryLedger) -> Action {
    match ledger.records().unwrap().remove(&Key::action(&plan().id)) {
        Some(Record::Action(action)) => *action,
        other => panic!("{other:?}"),
    }
}

fn record(ledger: &MemoryLedger) -> TargetRecord {
    match ledger.records().unwrap().remove(&Key::target(&target())) {
        Some(Record::Target(record)) => record,
        other => panic!("{other:?}"),
    }
}

fn told(ledger: &MemoryLedger) -> Incident {
    match ledger.records().unwrap().remove(&Key::incident(&target(), at("21:00:00"))) {
        Some(Record::Incident(incident)) => incident,
        other => panic!("{other:?}"),
    }
}

fn has_news(ledger: &MemoryLedger) -> bool {
    ledger.records().unwrap().contains_key(&Key::news(&incident().subject()))
}

pub(super) fn person(time: &str) -> Person {
    Person { by: "ana@laptop".to_owned(), why: Some("looked at the console".to_owned()), now: at(time) }
}

/// Lets somebody else write just before a commit, once.
pub(super) struct Raced<'l, F> {
    pub(super) ledger: &'l MemoryLedger,
    pub(super) rival: RefCell<Option<F>>,
}

impl<F: FnOnce(&MemoryLedger)> Ledger for Raced<'_, F> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.ledger.read(keys).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        if let Some(rival) = self.rival.take() {
            rival(self.ledger);
        }
        self.ledger.commit(transaction).await
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        self.ledger.due(owner, now, after, limit).await
    }
}

fn step<L: Ledger>(
    ledger: &L,
    budgets: &[Scope],
    now: Timestamp,
    step: impl Fn(&mut Scene) -> Result<(), LedgerError>,
) -> Result<usize, LedgerError> {
    let policy = Policy::default();
    let terms = Terms { policy: &policy, grouping: GROUPING, now };
    let plan = plan();
    let items =
        Items { id: Some(&plan.id), target: &plan.target, incident: plan.incident, budgets, drains_in: None };
    ready(write_action(ledger, items, &terms, step)).map(|((), news)| news.len())
}

fn to(state: State) -> impl Fn(&mut Scene) -> Result<(), LedgerError> {
    move |scene| {
        let action = scene.action.take().unwrap();
        scene.action = Some(action.into_state(state.clone()));
        Ok(())
    }
}

#[test]
fn a_claim_writes_action_lock_note_and_budgets_together_and_is_due_when_its_lease_ends() {
    let ledger = ledger(None);
    let scopes = [Scope::Global, Scope::Cluster(cluster()), Scope::Target(target())];
    let allowance = Allowance { count: 3, within: SignedDuration::from_hours(1) };
    let transactions = ledger.usage().transactions;
    let news = step(&ledger, &scopes, at("21:05:00"), |scene| {
        assert_eq!(scene.budgets.len(), 3);
        scene.action = Some(planned());
        for budget in scene.budgets.values_mut() {
            *budget = budget.spent(allowance, at("21:05:00"));
        }
        Ok(())
    });
    assert_eq!((news, ledger.usage().transactions), (Ok(0), transactions + 1));
    assert_eq!(action(&ledger), planned());
    assert_eq!(record(&ledger).care.open, Some(plan().id));
    assert_eq!(told(&ledger).remedies.notes.len(), 1);
    let records = ledger.records().unwrap();
    for scope in &scopes {
        let Some(Record::Budget(budget)) = records.get(&Key::budget(scope)) else { panic!("{scope}") };
        assert_eq!(budget.times, [at("21:05:00")]);
    }
    assert!(!has_news(&ledger), "that an action is planned is over in a moment");
    assert_eq!(ledger.next_due(Owner::Remediation), Some(planned().lease_until));
}

#[test]
fn an_outcome_frees_the_lock_and_is_news_in_the_same_transaction() {
    let ledger = ledger(Some(planned()));
    assert_eq!(record(&ledger).care.open, Some(plan().id));
    let transactions = ledger.usage().transactions;
    let failed = State::Failed { at: at("21:06:00"), problem: redact("AccessDeniedException") };
    assert_eq!(step(&ledger, &[], at("21:06:00"), to(failed)), Ok(1));
    assert_eq!(ledger.usage().transactions, transactions + 1);
    assert_eq!(record(&ledger).care.open, None);
    assert_eq!(record(&ledger).care.tried[0].outcome, Outcome::Refused);
    assert!(has_news(&ledger));
}

#[test]
fn an_unknown_outcome_keeps_the_lock_and_is_never_forgotten() {
    let ledger = ledger(Some(planned()));
    step(&ledger, &[], at("21:08:00"), to(unknown().state)).unwrap();
    let key = Key::action(&plan().id);
    let stored = ready(ledger.read(&[key])).unwrap().remove(0).unwrap();
    assert_eq!((stored.expires, action(&ledger).due()), (None, None));
    assert_eq!(record(&ledger).care.open, Some(plan().id));
}

#[test]
fn a_step_that_changes_nothing_or_refuses_writes_nothing() {
    let ledger = ledger(Some(planned()));
    let before = ledger.records().unwrap();
    let transactions = ledger.usage().transactions;
    assert_eq!(step(&ledger, &[Scope::Global], at("21:06:00"), |_| Ok(())), Ok(0));
    let refusal = LedgerError::TooLarge { count: 1 };
    let refused = step(&ledger, &[], at("21:06:00"), |scene| {
        scene.action = None;
        scene.record.care.looked_at = Some(at("21:06:00"));
        Err(refusal.clone())
    });
    assert_eq!(refused, Err(refusal.clone()));
    assert_eq!((ledger.records().unwrap(), ledger.usage().transactions), (before, transactions));
}

#[test]
fn whoever_meets_another_writer_decides_again_on_what_that_one_wrote() {
    let memory = ledger(Some(planned()));
    let rival = |memory: &MemoryLedger| {
        step(memory, &[], at("21:06:00"), to(State::Issued { at: at("21:06:00") })).map(drop).unwrap();
    };
    let raced = Raced { ledger: &memory, rival: RefCell::new(Some(rival)) };
    let refusal = LedgerError::TooLarge { count: 1 };
    let issue = step(&raced, &[], at("21:06:01"), |scene| match scene.action.as_ref().unwrap().state {
        State::Planned => to(State::Issued { at: at("21:06:01") })(scene),
        _ => Err(refusal.clone()),
    });
    assert_eq!(issue, Err(refusal.clone()), "of two who issue one action, one does not call");
    assert_eq!(action(&memory).state, State::Issued { at: at("21:06:00") });
}

#[test]
fn what_others_write_of_the_target_meanwhile_is_kept() {
    let memory = ledger(Some(planned()));
    let rival = |memory: &MemoryLedger| {
        step(memory, &[], at("21:06:00"), |scene| {
            scene.record.care.short_since = Some(at("21:01:00"));
            Ok(())
        })
        .map(drop)
        .unwrap();
    };
    let raced = Raced { ledger: &memory, rival: RefCell::new(Some(rival)) };
    let failed = State::Failed { at: at("21:06:01"), problem: redact("no") };
    assert_eq!(step(&raced, &[], at("21:06:01"), to(failed)), Ok(1));
    let care = record(&memory).care;
    assert_eq!((care.short_since, care.open), (Some(at("21:01:00")), None));
}

#[test]
fn a_step_leaves_the_target_due_when_time_changes_its_story() {
    let ledger = ledger(Some(planned()));
    let quiet_at = at("21:00:00") + Policy::default().quiet;
    let due = |ledger: &MemoryLedger| {
        let due = ready(ledger.due(Owner::Remediation, Timestamp::MAX, None, 9)).unwrap();
        due.into_iter().find(|due| due.key == Key::target(&target())).map(|due| due.at)
    };
    assert_eq!(due(&ledger), Some(quiet_at));
    let failed = State::Failed { at: at("21:06:00"), problem: redact("no") };
    step(&ledger, &[], at("21:06:00"), to(failed)).unwrap();
    assert_eq!(due(&ledger), Some(quiet_at));
    step(&ledger, &[], at("21:06:00"), |scene| {
        scene.record.care.look_by(at("21:07:00"));
        Ok(())
    })
    .unwrap();
    assert_eq!(due(&ledger), Some(at("21:07:00")));
}

#[test]
fn the_action_of_an_earlier_incident_leaves_the_later_one_due() {
    let ledger = ledger(Some(planned()));
    let policy = Policy::default();
    let later = Incident { opened_at: at("21:20:00"), ..incident() };
    let mut record = record(&ledger);
    record.incident = Some(at("21:20:00"));
    let stored = ready(ledger.read(&[Key::target(&target())])).unwrap().remove(0);
    let writes = vec![
        Write::of_target(record, stored.as_ref(), None, &policy, at("21:20:00")),
        Write::of_incident(later, None, &policy, at("21:20:00")),
    ];
    ready(ledger.commit(Transaction { writes })).unwrap();
    let failed = State::Failed { at: at("21:21:00"), problem: redact("no") };
    step(&ledger, &[], at("21:21:00"), to(failed)).unwrap();
    assert_eq!(ledger.next_due(Owner::Remediation), Some(at("21:20:00") + policy.quiet));
}

#[test]
fn an_action_is_due_when_a_sweep_can_find_something_out() {
    let lease = planned().lease_until;
    let issued = planned().into_state(State::Issued { at: at("21:05:01") });
    let done = State::Confirmed { at: at("21:05:02"), how: How::Answered, made: None };
    assert_eq!(planned().due(), Some(lease));
    assert_eq!(issued.due(), Some(lease + READS_LAG));
    assert_eq!(planned().into_state(done).due(), Some(at("21:07:02")));
    assert_eq!(proposed().due(), Some(at("22:00:00")));
    assert_eq!(unknown().due(), None);
}

#[test]
fn an_approved_proposal_is_due_at_once_and_says_who_approved_it() {
    let ledger = ledger(Some(proposed()));
    let approve = |time| ready(people::approve(&ledger, &plan().id, &person(time)));
    let Ok(Taken::Now(approved)) = approve("21:10:00") else { panic!() };
    assert_eq!(ledger.next_due(Owner::Remediation), Some(at("21:10:00")));
    let ruling = action(&ledger).approved.unwrap();
    assert_eq!((ruling.by.as_str(), ruling.at), ("ana@laptop", at("21:10:00")));
    assert_eq!(told(&ledger).remedies.notes[0].approved, Some(ruling.clone()));
    assert_eq!(record(&ledger).care.open, None, "a proposal takes no lock");
    assert_eq!(approve("21:11:00"), Ok(Taken::Already(approved, ruling)));
    assert_eq!(ledger.next_due(Owner::Remediation), Some(at("21:10:00")));
}

#[test]
fn only_a_proposal_that_stands_can_be_approved() {
    let refused = |known: Option<Action>| {
        let ledger = ledger(known);
        let before = ledger.records().unwrap();
        let error = ready(people::approve(&ledger, &plan().id, &person("22:00:00"))).unwrap_err();
        assert_eq!(ledger.records().unwrap(), before);
        error.to_string()
    };
    let id = plan().id;
    assert!(refused(None).starts_with(&format!("no action has the id {id}: ")));
    let told = refused(Some(proposed()));
    assert!(told.contains("could be approved until 20 Nov 22:00 UTC. If it is still needed"), "{told}");
    let told = refused(Some(planned()));
    assert!(told.ends_with("waits for no approval: it is about to be carried out"), "{told}");
    let told = refused(Some(unknown()));
    assert!(told.contains("since 20 Nov 21:08 UTC nobody knows whether it took effect"), "{told}");
    let told = refused(Some(
        planned().into_state(State::Withdrawn { at: at("21:06:00"), why: Withdrawal::NotWanted }),
    ));
    assert!(
        told.ends_with(
            "it was given up 20 Nov 21:06 UTC, before any call: it is not what is to be done any more"
        ),
        "{told}"
    );
}

#[test]
fn settling_frees_the_target_asks_for_a_look_and_is_told() {
    for (settled, outcome) in [(Settled::Done, Outcome::Pending), (Settled::NotDone, Outcome::Refused)] {
        let ledger = ledger(Some(unknown()));
        assert_eq!(record(&ledger).care.open, Some(plan().id));
        let settle = |time| ready(people::settle(&ledger, &plan().id, settled, &person(time)));
        assert!(matches!(settle("21:30:00"), Ok(Taken::Now(_))));
        let care = record(&ledger).care;
        assert_eq!((care.open, care.look_at), (None, Some(at("21:30:00"))));
        assert_eq!(care.tried[0].outcome, outcome);
        let note = told(&ledger).remedies.notes.remove(0);
        assert_eq!(note.state.as_str(), if settled == Settled::Done { "confirmed" } else { "failed" });
        assert_eq!(note.settled.unwrap().why.as_deref(), Some("looked at the console"));
        assert!(has_news(&ledger));
        assert!(matches!(settle("21:31:00"), Ok(Taken::Already(_, ruling)) if ruling.at == at("21:30:00")));
    }
}

#[test]
fn what_is_known_or_still_being_found_out_is_not_settled_by_hand() {
    let issued = planned().into_state(State::Issued { at: at("21:05:01") });
    for known in [proposed(), planned(), issued] {
        let ledger = ledger(Some(known));
        let before = ledger.records().unwrap();
        let settled = ready(people::settle(&ledger, &plan().id, Settled::Done, &person("21:30:00")));
        assert!(matches!(settled, Err(Untaken::NotUnknown { .. })), "{settled:?}");
        assert_eq!(ledger.records().unwrap(), before);
    }
}

#[test]
fn a_reason_is_kept_without_the_secret_that_slipped_into_it() {
    let ledger = ledger(Some(unknown()));
    let why = Some("the key AKIAIOSFODNN7EXAMPLE was denied".to_owned());
    let person = Person { why, ..person("21:30:00") };
    ready(people::settle(&ledger, &plan().id, Settled::NotDone, &person)).unwrap();
    let kept = action(&ledger).settled.unwrap().why.unwrap();
    assert!(kept.contains("[redacted]") && !kept.contains("AKIA"), "{kept}");
}

#[test]
fn pausing_twice_keeps_the_first_reason_and_resuming_names_it() {
    let ledger = MemoryLedger::new();
    for scope in [Scope::Global, Scope::Cluster(cluster())] {
        assert_eq!(ready(people::resume(&ledger, &scope, &person("21:00:00"))), Ok(None));
        assert_eq!(ledger.records().unwrap().get(&Key::switch(&scope)), None);
        assert_eq!(ready(people::pause(&ledger, &scope, &person("21:00:00"))), Ok(Taken::Now(())));
        let other = Person { by: "ben@desk".to_owned(), ..person("21:05:00") };
        let Ok(Taken::Already((), ruling)) = ready(people::pause(&ledger, &scope, &other)) else { panic!() };
        assert_eq!((ruling.by.as_str(), ruling.at), ("ana@laptop", at("21:00:00")));
        assert_eq!(ready(people::resume(&ledger, &scope, &other)), Ok(Some(ruling)));
        let Some(Record::Switch(switch)) = ledger.records().unwrap().remove(&Key::switch(&scope)) else {
            panic!()
        };
        assert_eq!((switch.paused, switch.resumed.unwrap().by.as_str()), (None, "ben@desk"));
    }
}

#[test]
fn two_who_pause_at_once_both_find_it_paused() {
    let memory = MemoryLedger::new();
    let rival = |memory: &MemoryLedger| {
        ready(people::pause(memory, &Scope::Global, &person("21:00:00"))).map(drop).unwrap();
    };
    let raced = Raced { ledger: &memory, rival: RefCell::new(Some(rival)) };
    let taken = ready(people::pause(&raced, &Scope::Global, &person("21:00:01")));
    assert!(matches!(taken, Ok(Taken::Already((), ruling)) if ruling.at == at("21:00:00")));
}
