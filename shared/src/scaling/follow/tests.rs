use super::super::sample::{at, decision, reading, scaler, short, target};
use super::super::{
    Basis, Decision, Estimate, Failed, Hold, Leave, Limit, Memory, OrderState, Reading, Standing,
};
use super::*;
use crate::ecs::{DesiredCount, RunningCount};
use crate::notification::{Story, Weight};
use crate::observed::Observed;

/// A service that is looked at every ten seconds.
struct Service {
    now: Timestamp,
    streak: Streak,
    trouble: Option<ScalerTrouble>,
    news: u32,
    memory: Memory,
    order: Option<Standing>,
}

impl Service {
    fn new() -> Self {
        Self {
            now: at("03:00:00"),
            streak: Streak::default(),
            trouble: None,
            news: 0,
            memory: Memory::default(),
            order: None,
        }
    }

    fn look(&mut self, change: impl Fn(&mut Decision, &mut Reading)) {
        let scaler = scaler("orders");
        let mut decided = decision(self.now);
        let mut seen = reading(self.now, "orders");
        change(&mut decided, &mut seen);
        let (target, order) = (target(), self.order.clone());
        let sight = Sight {
            target: &target,
            scaler: &scaler,
            reading: &seen,
            memory: &self.memory,
            decision: &decided,
            order: order.as_ref(),
        };
        let followed = follow(self.trouble.as_ref(), &self.streak, &sight, self.now);
        let again = follow(followed.trouble.as_ref(), &followed.streak, &sight, self.now);
        assert_eq!((again.is_news, &again.streak), (false, &followed.streak), "the same look twice");
        self.streak = followed.streak;
        self.news += u32::from(followed.is_news);
        self.trouble = followed.trouble;
        let opened = self.trouble.as_ref().filter(|trouble| trouble.is_open()).map(|it| it.opened_at);
        assert_eq!(self.streak.trouble, opened);
    }

    /// Looks every ten seconds for so long.
    fn pass(&mut self, span: SignedDuration, change: impl Fn(&mut Decision, &mut Reading)) {
        let end = self.now + span;
        while self.now < end {
            self.look(&change);
            self.now += SignedDuration::from_secs(10);
        }
    }

    fn standing(&self) -> &[ProblemKind] {
        self.trouble.as_ref().map_or(&[], |trouble| &trouble.standing)
    }

    fn is_open(&self) -> bool {
        self.trouble.as_ref().is_some_and(ScalerTrouble::is_open)
    }

    fn severity(&self) -> Option<Severity> {
        self.trouble.as_ref().map(|trouble| trouble.severity)
    }
}

fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn fine(_: &mut Decision, _: &mut Reading) {}

fn cannot_keep(decision: &mut Decision, _: &mut Reading) {
    *decision = short(decision.at);
}

fn unread_queue(_: &mut Decision, reading: &mut Reading) {
    reading.queues[0].counts = Observed::Unknown("AccessDenied".to_owned());
}

fn unread_service(decision: &mut Decision, reading: &mut Reading) {
    decision.desired = None;
    reading.service = Observed::Unknown("throttled".to_owned());
}

fn no_service(decision: &mut Decision, reading: &mut Reading) {
    decision.desired = None;
    reading.service = Observed::Absent;
}

fn no_queue(_: &mut Decision, reading: &mut Reading) {
    reading.queues[0].counts = Observed::Absent;
}

fn unread_leave(_: &mut Decision, reading: &mut Reading) {
    reading.care.leave = Leave::Unknown { why: "throttled".to_owned() };
}

fn owned(_: &mut Decision, reading: &mut Reading) {
    reading.care.leave = Leave::AutoScalingTarget;
}

fn daemon(_: &mut Decision, reading: &mut Reading) {
    reading.care.leave = Leave::NotScalable { what: "a DAEMON service".to_owned() };
}

fn unprotected(decision: &mut Decision, _: &mut Reading) {
    decision.holds = vec![Hold::Unprotected];
}

fn unread_protection(decision: &mut Decision, _: &mut Reading) {
    decision.holds = vec![Hold::UnknownProtection { why: "AccessDenied".to_owned() }];
}

fn poison(decision: &mut Decision, _: &mut Reading) {
    decision.holds = vec![Hold::Poison { since: at("02:50:00") }];
}

#[test]
fn people_are_told_of_what_has_stood_for_long_enough_and_of_nothing_before() {
    type Change = fn(&mut Decision, &mut Reading);
    let rules: [(Change, ProblemKind, i64, Severity); 11] = [
        (poison, ProblemKind::Poison, 0, Severity::Warning),
        (owned, ProblemKind::Owned, 1, Severity::Warning),
        (daemon, ProblemKind::NotScalable, 1, Severity::Warning),
        (unread_service, ProblemKind::UnknownService, 5, Severity::Warning),
        (unread_leave, ProblemKind::UnknownService, 5, Severity::Warning),
        (no_service, ProblemKind::NoService, 5, Severity::Warning),
        (unread_queue, ProblemKind::UnknownQueue, 5, Severity::Warning),
        (no_queue, ProblemKind::UnknownQueue, 5, Severity::Warning),
        (cannot_keep, ProblemKind::Short, 5, Severity::Warning),
        (unread_protection, ProblemKind::UnknownProtection, 15, Severity::Warning),
        (unprotected, ProblemKind::Unprotected, 60, Severity::Info),
    ];
    for (change, kind, minutes, severity) in rules {
        let mut service = Service::new();
        service.pass(mins(minutes), change);
        assert!(service.trouble.is_none(), "{kind:?} is told too early");
        service.look(change);
        assert_eq!((service.standing(), service.news), (&[kind][..], 1), "{kind:?}");
        assert_eq!(service.severity(), Some(severity), "{kind:?}");
    }
}

#[test]
fn what_a_service_copes_with_is_no_trouble() {
    let is_kept = |decision: &mut Decision, _: &mut Reading| {
        *decision = short(decision.at);
        decision.estimate.wait = SignedDuration::from_secs(60);
    };
    let is_not_capped = |decision: &mut Decision, _: &mut Reading| decision.estimate.wait = mins(9);
    let is_paused = |_: &mut Decision, reading: &mut Reading| {
        reading.care.leave = Leave::Paused { by: "ana".to_owned() };
    };
    let mut service = Service::new();
    for change in [fine, is_kept, is_not_capped, is_paused] {
        service.pass(mins(90), change);
    }
    assert_eq!((service.trouble, service.news), (None, 0));
}

#[test]
fn a_moment_in_between_begins_nothing_anew_and_many_in_a_row_do() {
    let mut service = Service::new();
    service.pass(mins(3), cannot_keep);
    service.pass(SignedDuration::from_secs(110), fine);
    service.pass(mins(1), cannot_keep);
    assert_eq!(service.standing(), [ProblemKind::Short], "five minutes with a gap");
    let mut service = Service::new();
    for _ in 0..20 {
        service.pass(mins(4), cannot_keep);
        service.pass(mins(4), fine);
    }
    assert!(service.trouble.is_none(), "each was over in time");
}

#[test]
fn a_trouble_is_over_when_nothing_stood_for_ten_minutes_and_what_comes_and_goes_is_one() {
    let mut service = Service::new();
    service.pass(mins(6), cannot_keep);
    let opened_at = service.trouble.as_ref().unwrap().opened_at;
    for _ in 0..5 {
        service.pass(mins(9), fine);
        assert!(service.is_open() && service.standing().is_empty());
        service.pass(mins(6), cannot_keep);
        assert_eq!(service.standing(), [ProblemKind::Short]);
    }
    assert_eq!(service.trouble.as_ref().unwrap().opened_at, opened_at);
    let steps = Story::of_scaler(service.trouble.as_ref().unwrap()).steps;
    let told: Vec<Weight> =
        steps.iter().filter(|step| step.key.starts_with("short:")).map(|it| it.weight).collect();
    assert_eq!((told[0], told.len()), (Weight::Matters, 6));
    assert!(told[1..].iter().all(|weight| *weight == Weight::Counted), "{told:?}");
    service.pass(mins(11), fine);
    assert!(service.is_open(), "a gap is no calm");
    service.pass(mins(1), fine);
    assert_eq!((service.is_open(), service.streak.trouble), (false, None));
    let story = Story::of_scaler(&service.trouble.clone().unwrap());
    assert!(story.is_over() && story.severity == Severity::Info);
    service.pass(mins(30), fine);
    assert!(service.trouble.is_none(), "what is over is not written again");
    service.pass(mins(6), cannot_keep);
    assert_ne!(service.trouble.as_ref().unwrap().opened_at, opened_at, "a trouble of its own");
}

#[test]
fn what_lasts_becomes_critical_and_what_is_worst_leads() {
    let mut service = Service::new();
    service.pass(mins(15), poison);
    assert_eq!(service.severity(), Some(Severity::Warning));
    service.look(poison);
    assert_eq!(service.severity(), Some(Severity::Critical));
    let story = Story::of_scaler(service.trouble.as_ref().unwrap());
    let last = story.steps.last().unwrap();
    assert_eq!((last.key.as_str(), last.is_aloud()), ("critical", true));
    let both = |decision: &mut Decision, reading: &mut Reading| {
        cannot_keep(decision, reading);
        owned(decision, reading);
    };
    let mut service = Service::new();
    service.pass(mins(6), both);
    assert_eq!(service.standing(), [ProblemKind::Short, ProblemKind::Owned]);
    service.pass(mins(31), cannot_keep);
    assert_eq!(service.severity(), Some(Severity::Critical), "half an hour of a broken promise");
}

#[test]
fn no_completed_message_is_a_trouble_also_where_no_task_would_be_added() {
    let at_max = |service_time, service_time_is| {
        move |decision: &mut Decision, _: &mut Reading| {
            *decision = short(decision.at);
            decision.estimate = Estimate { service_time, service_time_is, ..decision.estimate };
        }
    };
    let (quick, slow) = (SignedDuration::from_secs(2), mins(10));
    let rules = [(quick, Basis::Learned, 15), (slow, Basis::Configured, 40), (slow, Basis::Supposed, 15)];
    for (service_time, basis, minutes) in rules {
        for (stalled, is_told) in [(minutes - 1, false), (minutes, true)] {
            let mut service = Service::new();
            service.memory.stalled_since = Some(service.now - mins(stalled));
            service.look(at_max(service_time, basis));
            let told = service.standing().contains(&ProblemKind::Poison);
            assert_eq!(told, is_told, "{service_time} {basis:?} {stalled}");
        }
    }
}

#[test]
fn failed_starts_are_a_trouble_while_tasks_are_missing_also_after_they_were_ordered() {
    let missing = |_: &mut Decision, reading: &mut Reading| {
        if let Observed::Known(service) = &mut reading.service {
            (service.desired, service.running) = (DesiredCount(12), RunningCount(3));
        }
    };
    let failing = |service: &Service, ago| Memory {
        failed: Some(Failed { count: 7, grew_at: Some(service.now - mins(ago)) }),
        ..Memory::default()
    };
    let mut service = Service::new();
    service.memory = failing(&service, 0);
    service.pass(mins(3), missing);
    assert_eq!(service.standing(), [ProblemKind::StartsFail]);
    let mut service = Service::new();
    service.memory = failing(&service, 0);
    service.pass(mins(3), fine);
    assert!(service.trouble.is_none(), "all run");
    service.memory = failing(&service, 10);
    service.pass(mins(3), missing);
    assert!(service.trouble.is_none(), "that was long ago");
}

#[test]
fn a_proposal_asks_at_once_shows_its_latest_count_and_ends_when_it_is_answered() {
    let standing = |to, state| {
        let at = at("03:00:00");
        Some(Standing { epoch: 1, from: 3, to, at, state, approved_by: None })
    };
    let mut service = Service::new();
    service.order = standing(12, OrderState::Proposed);
    service.look(fine);
    let asks = |service: &Service| {
        let story = Story::of_scaler(service.trouble.as_ref().unwrap());
        story.steps.iter().filter(|step| step.weight == Weight::Asks).count()
    };
    assert_eq!((service.standing(), asks(&service)), (&[ProblemKind::Proposed][..], 1));
    service.pass(mins(1), fine);
    assert_eq!(service.news, 1);
    service.order = standing(14, OrderState::Proposed);
    service.pass(mins(5), fine);
    let shown = &service.trouble.as_ref().unwrap().leading().unwrap().what;
    assert_eq!((shown, asks(&service)), (&Problem::Proposed { from: 3, to: 14 }, 1));
    service.pass(mins(10), fine);
    service.order = standing(18, OrderState::Proposed);
    service.look(fine);
    assert_eq!(asks(&service), 2, "another count, a quarter of an hour later");
    service.order = standing(18, OrderState::Confirmed);
    service.look(fine);
    assert!(service.standing().is_empty() && service.is_open());
    service.pass(mins(11), fine);
    assert!(!service.is_open());
    service.order = standing(18, OrderState::Refused);
    service.look(|decision, _| decision.order = None);
    assert!(service.trouble.is_none(), "it is not wanted any more");
    service.look(fine);
    assert_eq!(service.standing(), [ProblemKind::Refused]);
    service.order = standing(18, OrderState::Proposed);
    if let Some(order) = &mut service.order {
        order.approved_by = Some("ana".to_owned());
    }
    service.look(fine);
    assert!(service.standing().is_empty(), "somebody has allowed it");
}

#[test]
fn numbers_are_renewed_every_ten_minutes_and_make_no_news_in_between() {
    let mut service = Service::new();
    service.pass(mins(15), |decision, reading| {
        cannot_keep(decision, reading);
        decision.estimate.visible = decision.at.as_second().unsigned_abs();
    });
    assert_eq!(service.news, 1);
    service.pass(mins(10), cannot_keep);
    assert_eq!(service.news, 2);
}

#[test]
fn of_any_number_of_notes_the_latest_of_each_problem_is_kept() {
    let mut service = Service::new();
    service.look(poison);
    let mut trouble = service.trouble.unwrap();
    for failed in 0..100 {
        trouble.note(Problem::StartsFail { failed }, service.now);
    }
    assert_eq!(trouble.notes.len(), super::super::MAX_SCALER_NOTES);
    assert!(trouble.latest(ProblemKind::Poison).is_some());
    assert_eq!(trouble.notes.last().unwrap().what, Problem::StartsFail { failed: 99 });
}

#[test]
fn a_record_of_an_earlier_version_has_no_streak() {
    let record = super::super::ScalerRecord::new(target());
    let mut value = serde_json::to_value(&record).unwrap();
    value.as_object_mut().unwrap().remove("streak");
    assert_eq!(serde_json::from_value::<super::super::ScalerRecord>(value).unwrap(), record);
    let mut service = Service::new();
    service.pass(mins(6), |decision, reading| {
        cannot_keep(decision, reading);
        decision.limit = Limit::Pool;
    });
    let written = serde_json::to_string(&(&service.streak, &service.trouble)).unwrap();
    let read: (Streak, Option<ScalerTrouble>) = serde_json::from_str(&written).unwrap();
    assert_eq!(read, (service.streak, service.trouble));
}
