use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;
use steward::batch::{JobRecord, Recent, RunEnd, Skip, Slot, Tally};
use steward::ledger::{Key, MemoryLedger, Record};

use super::sample::{at, block_on, job, jobs, keep, written};
use super::{ago, known, read, rough, text};

fn recent(end: RunEnd) -> Recent {
    Recent {
        slot: Slot::at(at("01:00:00")),
        scheduled: at("01:00:00"),
        claimed_at: Some(at("01:00:05")),
        ended_at: at("01:09:00"),
        end,
        tally: Tally::default(),
    }
}

fn remembered(name: &str, end: RunEnd) -> JobRecord {
    let name = job(name).name;
    JobRecord { recent: vec![recent(end)], ..JobRecord::new(name, at("00:00:00")) }
}

fn overview(records: Vec<JobRecord>) -> read::Overview {
    let ledger = MemoryLedger::new();
    let records =
        records.into_iter().map(|record| (Key::job(&record.job), Record::Job(Box::new(record)))).collect();
    keep(&ledger, records);
    block_on(read::read(&ledger, &jobs(), at("09:30:00"))).unwrap()
}

#[test]
fn the_jobs_stand_with_what_starts_them_when_they_run_next_and_how_they_ended_in_eighty_columns() {
    let nightly = JobRecord {
        streak: 3,
        active: BTreeSet::from([Slot::at(at("09:00:00"))]),
        queue: vec![Slot::parse("by-ana").unwrap(), Slot::parse("by-ben").unwrap()],
        breaker_until: Some(at("10:00:00")),
        ..remembered("nightly", RunEnd::Failed)
    };
    let upstream = RunEnd::Skipped(Skip::Upstream { job: job("nightly").name });
    let found =
        overview(vec![nightly, remembered("digest", upstream), remembered("import", RunEnd::Succeeded)]);
    insta::assert_snapshot!(written(|out| text::write(out, &found, at("09:30:00"))));
}

#[test]
fn as_json_a_job_has_its_times_in_utc_and_its_slots_by_name() {
    let found = overview(vec![JobRecord { streak: 3, ..remembered("nightly", RunEnd::Failed) }]);
    let value = serde_json::to_value(&found).unwrap();
    let nightly = value["jobs"].as_array().unwrap().iter().find(|job| job["job"] == "nightly").unwrap();
    let schedule = json!({"schedule": {"expression": "cron(0 2 * * ? *)", "time_zone": "Europe/Berlin"}});
    assert_eq!((&nightly["trigger"], &nightly["next"]), (&schedule, &json!("2026-11-28T01:00:00Z")));
    assert_eq!((&nightly["streak"], &nightly["last"]["end"]), (&json!(3), &json!("failed")));
}

#[test]
fn a_job_that_is_suspended_has_no_next_run() {
    let found = overview(Vec::new());
    let suspended = found.jobs.iter().find(|job| job.suspended).unwrap();
    assert_eq!((suspended.next, suspended.streak), (None, 0));
}

#[test]
fn without_jobs_that_is_said() {
    let ledger = MemoryLedger::new();
    let none = block_on(read::read(&ledger, &steward::batch::Jobs::default(), at("09:30:00"))).unwrap();
    assert_eq!(written(|out| text::write(out, &none, at("09:30:00"))), "the configuration has no jobs\n");
}

#[test]
fn an_unknown_job_is_told_with_those_that_look_like_it() {
    for (name, says) in [
        ("nightli", "there is no job `nightli`; did you mean `nightly`?"),
        ("Import", "there is no job `Import`; did you mean `import`?"),
        ("zzz", "there is no job `zzz`; `steward jobs` lists those that there are"),
        ("no such/name", "there is no job `no such/name`; `steward jobs` lists those that there are"),
    ] {
        assert_eq!(known(&jobs(), name).unwrap_err(), says);
    }
    assert_eq!(known(&jobs(), "import").unwrap().name.as_str(), "import");
    let none = known(&steward::batch::Jobs::default(), "import").unwrap_err();
    assert_eq!(none, "there is no job `import`: the configuration has none at all");
}

#[test]
fn how_far_away_a_time_is_has_two_units_at_most() {
    for (seconds, text) in [
        (-5, "0s"),
        (59, "59s"),
        (60, "1m"),
        (65, "1m5s"),
        (605, "10m"),
        (3_600, "1h"),
        (51_900, "14h25m"),
        (86_400 * 3 + 3_600 * 4 + 59, "3d4h"),
    ] {
        assert_eq!(rough(SignedDuration::from_secs(seconds)), text, "{seconds}");
    }
    assert_eq!(ago(at("01:00:00"), at("09:30:00")), "8h30m ago");
}
