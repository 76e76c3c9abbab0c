use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use steward::action::Ruling;
use steward::batch::{
    EndBefore, JobRecord, Run, RunEnd, RunState, Skip, Slot, StartedOn, Tally, Terms, Unit, people,
};
use steward::ledger::{Key, MemoryLedger, Record};
use steward::redact::redact;

use super::{detail, ended, json, read, text};
use crate::jobs::sample::{at, block_on, claimed, ended as over, id, job, keep, of_four, pending, written};

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn shown(run: Run, units: Vec<Unit>, job: Option<JobRecord>) -> String {
    let found = read::Found { run, units, job };
    written(|out| detail::write(out, &found, &berlin(), at("01:10:05")))
}

#[test]
fn the_runs_of_a_job_stand_the_newest_first_in_eighty_columns() {
    let good = Tally { succeeded: 4, started: 4, units: 4, ..Tally::default() };
    let bad = Tally { succeeded: 2, failed: 1, timed_out: 1, started: 7, units: 4, ..Tally::default() };
    let first = over(Run { tally: good, ..claimed("nightly", 4) }, RunEnd::Succeeded, "01:09:00");
    let again = StartedOn::Again { by: "ana@laptop".to_owned(), of: first.id.slot.clone() };
    let second = over(Run { tally: bad, by: again, ..claimed("nightly", 4) }, RunEnd::Failed, "01:30:00");
    let second = Run { id: id("nightly", "20261127T010000Z-r1"), created_at: at("01:20:00"), ..second };
    let skip = RunEnd::Skipped(Skip::StillRunning { run: second.id.slot.clone() });
    let skipped = over(Run { id: id("nightly", "20261127T013000Z"), ..pending("nightly") }, skip, "01:31:00");
    let refused = RunEnd::Refused(redact("there is no task definition report"));
    let refused = over(Run { id: id("nightly", "upload-17"), ..pending("nightly") }, refused, "01:32:00");
    let waiting = Run { id: id("nightly", "upload-18"), ..pending("nightly") };
    let job = job("nightly").name;
    let all = [waiting, refused, skipped, second, first];
    insta::assert_snapshot!(written(|out| text::write(out, &job, &all, &berlin(), at("09:30:00"))));
    let none = written(|out| text::write(out, &job, &[], &berlin(), at("09:30:00")));
    assert_eq!(none, "nightly has not run yet; `steward run nightly` asks for a run\n");
}

#[test]
fn a_run_in_detail_has_each_attempt_with_its_times_and_why_it_failed() {
    let (run, units) = of_four();
    let set = [("day".to_owned(), "2026-11-26".to_owned())].into();
    insta::assert_snapshot!(shown(Run { set, ..run }, units, None));
}

#[test]
fn a_run_that_has_not_begun_says_what_it_waits_for() {
    let waits = |run: Run, job: Option<JobRecord>| {
        let text = shown(run, Vec::new(), job);
        text.lines().find_map(|line| line.trim().strip_prefix("waits")).map(|line| line.trim().to_owned())
    };
    let run = pending("nightly");
    let record = JobRecord::new(run.id.job.clone(), at("00:00:00"));
    let queue = vec![Slot::parse("by-ana").unwrap(), run.id.slot.clone()];
    let active = BTreeSet::from([Slot::parse("by-ben").unwrap()]);
    let queued = JobRecord { queue, active, ..record.clone() };
    let turn = "for its turn: by-ben going on, 1 more before it";
    assert_eq!(waits(run.clone(), Some(queued)).as_deref(), Some(turn));
    let tick = "for the next tick, within a minute";
    assert_eq!(waits(run, Some(record)).as_deref(), Some(tick));
    let many = Run { state: RunState::Starting, begun: 1, ..claimed("import", 4) };
    let others = "for tasks that are over: 1 run at the same time";
    assert_eq!(waits(many, None).as_deref(), Some(others));
    assert_eq!(waits(claimed("nightly", 4), None), None);
}

#[test]
fn as_json_a_run_has_its_units_and_not_what_its_tasks_are_told() {
    let (mut run, units) = of_four();
    let task = &mut run.frozen.as_mut().unwrap().task;
    task.environment.insert("TOKEN".to_owned(), "s3cr3t".to_owned());
    task.command = Some(vec!["--password=s3cr3t".to_owned()]);
    let one = json::run(&read::Found { run: run.clone(), units, job: None }).unwrap();
    assert_eq!(one["run"]["frozen"]["task"]["task_definition"], "report");
    assert_eq!(one["units"][1]["places"][0]["past"][1]["exit_code"], 137);
    let all = json::runs(&run.id.job, std::slice::from_ref(&run)).unwrap();
    assert_eq!((&all["job"], &all["runs"][0]["id"]["slot"]), (&"nightly".into(), &"20261127T010000Z".into()));
    assert!(!format!("{one}{all}").contains("s3cr3t"));
}

#[test]
fn a_run_is_read_with_its_units_and_its_job() {
    let ledger = MemoryLedger::new();
    let (run, units) = of_four();
    let record = JobRecord {
        active: BTreeSet::from([run.id.slot.clone()]),
        ..JobRecord::new(run.id.job.clone(), at("00:00:00"))
    };
    let mut records = vec![
        (Key::run(&run.id), Record::Run(Box::new(run.clone()))),
        (Key::job(&run.id.job), Record::Job(Box::new(record))),
    ];
    let of_unit = |unit: &Unit| (Key::unit(&run.id, unit.index), Record::Unit(Box::new(unit.clone())));
    records.extend(units.iter().map(of_unit));
    keep(&ledger, records);
    let found = block_on(read::run(&ledger, &run.id)).unwrap().unwrap();
    assert_eq!((found.run, found.units, found.job.is_some()), (run.clone(), units, true));
    assert_eq!(block_on(read::runs(&ledger, &run.id.job)).unwrap(), [run]);
    assert!(block_on(read::run(&ledger, &id("nightly", "other"))).unwrap().is_none());
}

fn terms() -> Terms {
    let grouping = SignedDuration::from_secs(15);
    Terms { grouping, keep: SignedDuration::from_hours(24 * 35), now: at("01:10:05") }
}

#[test]
fn who_cancels_a_run_is_told_what_becomes_of_it_or_who_was_first() {
    let ledger = MemoryLedger::new();
    let run = of_four().0;
    let waiting = Run { id: id("nightly", "upload-18"), ..pending("nightly") };
    for run in [&run, &waiting] {
        keep(&ledger, vec![(Key::run(&run.id), Record::Run(Box::new(run.clone())))]);
    }
    let ruling = |by: &str| Ruling { by: by.to_owned(), at: at("01:10:05"), why: None };
    let cancel = |run: &Run, by: &str| {
        let ruling = ruling(by);
        let run = block_on(people::cancel(&ledger, &run.id, ruling.clone(), &terms()))?;
        Ok(written(|out| ended::write_cancelled(out, &run, &ruling)))
    };
    let told = |run: &Run, by: &str| -> String {
        cancel(run, by).unwrap_or_else(|error: people::Unasked| error.to_string())
    };
    assert_eq!(
        told(&run, "ana"),
        "cancelled: nightly/20261127T010000Z\n\
         its task that goes on is asked to stop within a minute\n\
         `steward runs nightly --slot 20261127T010000Z` shows what became of them\n"
    );
    assert_eq!(told(&run, "ben"), "ana has cancelled it already, 27 Nov 01:10 UTC\n");
    assert_eq!(told(&waiting, "ana"), "cancelled: nightly/upload-18, of which nothing had begun\n");
    assert_eq!(told(&waiting, "ben"), "the run nightly/upload-18 is over: cancelled");
    let superseded = Run { ending: Some(EndBefore::Superseded(Slot::parse("next").unwrap())), ..run };
    let told = written(|out| ended::write_cancelled(out, &superseded, &ruling("ana")));
    assert_eq!(told, "nightly/20261127T010000Z ends already: next takes its place\n");
}

#[test]
fn who_has_a_run_done_again_is_told_its_name_and_how_much_of_it() {
    let (of, new) = (id("nightly", "20261127T010000Z"), id("nightly", "20261127T010000Z-r1"));
    assert_eq!(
        written(|out| ended::write_again(out, &of, &new, Some(3))),
        "asked for: nightly/20261127T010000Z-r1\n\
         it does 3 tasks of nightly/20261127T010000Z again, and begins within a minute,\n\
         or when it is its turn\n\
         `steward runs nightly --slot 20261127T010000Z-r1` shows it\n"
    );
    let all = written(|out| ended::write_again(out, &of, &new, None));
    assert!(all.contains("it does nightly/20261127T010000Z again, and begins"), "{all}");
}
