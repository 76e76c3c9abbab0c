//! Who gets its job's turn.

use super::*;
use crate::observed::Observed;

fn record() -> JobRecord {
    JobRecord::new(name("nightly-etl"), at(0))
}

fn decide(job: &Job, run: &Run, record: &JobRecord, now: Timestamp) -> Admission {
    admit(run, record, Some(job), Some(&Observed::Known(definition())), now)
}

fn due() -> Run {
    Run::pending(run_id(), at(0), StartedOn::Schedule, at(5))
}

fn earlier() -> Slot {
    Slot::at(at(-3_600))
}

#[test]
fn a_run_that_nothing_is_in_the_way_of_is_claimed_with_the_revision_that_is_latest() {
    assert_eq!(
        decide(&job(Size::Count(1)), &due(), &record(), at(5)),
        Admission::Claim(Box::new(definition()))
    );
    assert_eq!(admit(&due(), &record(), Some(&job(Size::Count(1))), None, at(5)), Admission::NeedDefinition);
}

#[test]
fn while_an_earlier_run_goes_on_the_policy_decides() {
    let mut record = record();
    record.active.insert(earlier());
    let with = |concurrency, run: &Run| {
        let mut job = job(Size::Count(1));
        job.rules.concurrency = concurrency;
        decide(&job, run, &record, at(5))
    };
    let scheduled = due();
    assert!(matches!(with(Concurrency::Allow, &scheduled), Admission::Claim(_)));
    let skip = Admission::Skip(Skip::StillRunning { run: earlier() });
    assert_eq!(with(Concurrency::Forbid, &scheduled), skip);
    assert_eq!(with(Concurrency::Queue, &scheduled), Admission::Wait(LateFor::Turn));
    assert_eq!(with(Concurrency::Replace, &scheduled), Admission::Replace(vec![earlier()]));
    let asked = Run { by: StartedOn::Person { by: "ana".to_owned() }, ..due() };
    assert_eq!(
        with(Concurrency::Forbid, &asked),
        Admission::Wait(LateFor::Turn),
        "what a person asks for waits"
    );
}

#[test]
fn runs_that_wait_have_their_turn_in_order() {
    let mut job = job(Size::Count(1));
    job.rules.concurrency = Concurrency::Queue;
    let mut record = record();
    record.queue = vec![earlier(), run_id().slot];
    assert_eq!(decide(&job, &due(), &record, at(5)), Admission::Wait(LateFor::Turn));
    record.queue.remove(0);
    let long_after = at(7 * 3_600);
    assert!(matches!(decide(&job, &due(), &record, long_after), Admission::Claim(_)), "its deadline was met");
}

#[test]
fn what_cannot_begin_in_time_is_missed() {
    let job = job(Size::Count(1));
    let (in_time, too_late) = (at(30 * 60), at(30 * 60 + 1));
    assert!(matches!(decide(&job, &due(), &record(), in_time), Admission::Claim(_)));
    assert_eq!(decide(&job, &due(), &record(), too_late), Admission::Skip(Skip::Missed));
    let asked = Run { created_at: too_late, by: StartedOn::Person { by: "ana".to_owned() }, ..due() };
    assert!(
        matches!(decide(&job, &asked, &record(), too_late), Admission::Claim(_)),
        "a backfill is on time"
    );
}

#[test]
fn what_is_suspended_broken_or_gone_is_left_out_and_said_so() {
    let mut suspended = job(Size::Count(1));
    suspended.suspended = true;
    assert_eq!(decide(&suspended, &due(), &record(), at(5)), Admission::Skip(Skip::Suspended));
    let asked = Run { by: StartedOn::Person { by: "ana".to_owned() }, ..due() };
    assert!(matches!(decide(&suspended, &asked, &record(), at(5)), Admission::Claim(_)));
    let mut broken = record();
    broken.breaker_until = Some(at(600));
    let job = job(Size::Count(1));
    assert_eq!(decide(&job, &due(), &broken, at(599)), Admission::Skip(Skip::Breaker));
    assert!(matches!(decide(&job, &due(), &broken, at(600)), Admission::Claim(_)), "one more is tried");
    assert_eq!(admit(&due(), &record(), None, None, at(5)), Admission::Skip(Skip::Gone));
}

#[test]
fn what_cannot_run_is_refused_and_what_cannot_be_read_waits() {
    let job = job(Size::Count(1));
    let with = |definition| admit(&due(), &record(), Some(&job), Some(&definition), at(5));
    assert!(
        matches!(with(Observed::Absent), Admission::Refuse(why) if why.as_str() == "there is no task definition etl")
    );
    let inactive = Definition { is_active: false, ..definition() };
    assert!(matches!(with(Observed::Known(inactive)), Admission::Refuse(_)));
    assert!(matches!(with(Observed::Unknown("throttled".to_owned())), Admission::Wait(LateFor::Unread(_))));
    let set = BTreeMap::from([("tabel".to_owned(), "x".to_owned())]);
    let misspelt = Run { set, ..due() };
    let mut with_parameters = job.clone();
    with_parameters.parameters.insert("table".to_owned(), "orders".to_owned());
    let refused = decide(&with_parameters, &misspelt, &record(), at(5));
    assert!(matches!(refused, Admission::Refuse(why) if why.as_str().contains("only the parameters table")));
}

#[test]
fn the_breaker_opens_after_failures_in_a_row_and_a_success_closes_it() {
    let rules =
        JobRules { breaker: Some(Breaker { failures: 2, pause: minutes(60) }), ..JobRules::default() };
    let mut record = record();
    let run = due();
    assert!(!record.ended(&run, &RunEnd::Failed, Some(&rules), at(10)));
    assert!(
        !record.ended(&run, &RunEnd::Skipped(Skip::Missed), Some(&rules), at(20)),
        "what was left out did not fail"
    );
    assert!(record.ended(&run, &RunEnd::TimedOut, Some(&rules), at(30)));
    assert_eq!(record.breaker_until, Some(at(30 + 3_600)));
    assert!(!record.ended(&run, &RunEnd::Failed, Some(&rules), at(40)), "it is open already");
    record.ended(&run, &RunEnd::Succeeded, Some(&rules), at(50));
    assert_eq!((record.streak, record.breaker_until, record.last_success), (0, None, Some(at(50))));
}

#[test]
fn silence_is_told_once_until_there_is_a_success() {
    let mut record = record();
    record.no_success = Some(minutes(60));
    assert_eq!(record.silent_at(), Some(at(3_600)));
    record.told_no_success = Some(record.quiet_since());
    assert_eq!(record.silent_at(), None);
    record.ended(&due(), &RunEnd::Succeeded, None, at(4_000));
    assert_eq!(record.silent_at(), Some(at(7_600)));
}
