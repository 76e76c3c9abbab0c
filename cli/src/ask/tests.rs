use std::collections::BTreeMap;

use jiff::SignedDuration;
use steward::batch::{Concurrency, Job, JobRules, Run, RunEnd, Slot, StartedOn, Terms};
use steward::ledger::{Key, MemoryLedger, Record};

use super::begin::{Request, begin};
use super::parameters::{set, setting};
use super::slots::{Chosen, MOST, Wanted, slots};
use super::text;
use crate::jobs::sample::{at, block_on, ended, job, keep, pending, written};
use crate::jobs::zone_of;

fn chosen(name: &str, wanted: Wanted<'_>) -> Result<Chosen, String> {
    slots(&job(name), &wanted, "Ana-Luisa@laptop", at("09:30:00"))
}

fn names(name: &str, wanted: Wanted<'_>) -> Result<Vec<String>, String> {
    chosen(name, wanted).map(|chosen| chosen.slots.iter().map(|(slot, _)| slot.to_string()).collect())
}

#[test]
fn a_run_is_of_the_slot_that_a_person_means() {
    for (name, wanted, slot, time) in [
        ("nightly", Wanted::Now, "by-analuisa-20261127T093000Z", "09:30:00"),
        ("nightly", Wanted::At("2026-11-27T01:00Z"), "20261127T010000Z", "01:00:00"),
        ("nightly", Wanted::At("2026-11-27T02:00"), "20261127T010000Z", "01:00:00"),
        ("nightly", Wanted::Text("upload-17"), "upload-17", "09:30:00"),
        ("nightly", Wanted::Text("2026-11-27T04:00:00Z"), "20261127T040000Z", "04:00:00"),
        ("import", Wanted::At("2026-11-27T04:07:01Z"), "20261127T040701Z", "04:07:01"),
        ("digest", Wanted::At("2026-11-27 01:00"), "20261127T010000Z", "01:00:00"),
    ] {
        let found = chosen(name, wanted).unwrap();
        assert_eq!(found.slots, [(Slot::parse(slot).unwrap(), at(time))], "{name} {wanted:?}");
    }
}

#[test]
fn a_name_that_no_slot_can_hold_makes_one_all_the_same() {
    for (by, slot) in [
        ("川@host", "by-somebody-20261127T093000Z"),
        ("r2@host", "by-r2-20261127T093000Z"),
        ("", "by-somebody-20261127T093000Z"),
    ] {
        let found = slots(&job("import"), &Wanted::Now, by, at("09:30:00")).unwrap();
        assert_eq!(found.slots[0].0.as_str(), slot, "{by}");
    }
    let long = slots(&job("import"), &Wanted::Now, &"a".repeat(99), at("09:30:00")).unwrap();
    assert_eq!(long.slots[0].0.as_str(), "by-aaaaaaaaaaaaaaaa-20261127T093000Z");
}

#[test]
fn a_backfill_is_of_every_slot_in_the_window_up_to_now() {
    let window = |from, to| Wanted::Window { from, to };
    let found = names("nightly", window("2026-11-24T02:00", "2026-11-26T02:00")).unwrap();
    assert_eq!(found, ["20261124T010000Z", "20261125T010000Z", "20261126T010000Z"]);
    let beyond = chosen("nightly", window("2026-11-26T00:00", "2026-12-24")).unwrap();
    assert_eq!((beyond.slots.len(), beyond.goes_on), (2, true));
}

#[test]
fn what_is_no_slot_is_told_with_what_would_be_one() {
    let window = |from, to| Wanted::Window { from, to };
    for (name, wanted, says) in [
        (
            "nightly",
            Wanted::At("2026-11-27T03:00"),
            "27 Nov 03:00 CET is no slot of cron(0 2 * * ? *) Europe/Berlin; the nearest: 27 Nov 02:00 CET \
             (2026-11-27T01:00:00Z), 28 Nov 02:00 CET (2026-11-28T01:00:00Z). `--slot TEXT` takes anything",
        ),
        (
            "nightly",
            Wanted::At("2026-11-28T01:00Z"),
            "28 Nov 02:00 CET is still to come, and its schedule begins it then; `--slot 2026-11-28T01:00:00Z` begins it now, \
             and the schedule does not any more",
        ),
        ("nightly", Wanted::At("tomorrow"), "`tomorrow` is no time; write one such as 2026-11-27T02:00Z"),
        ("nightly", window("2026-11-27", "2026-11-26"), "`--to` is before `--from`"),
        (
            "nightly",
            window("2026-11-28", "2026-11-29"),
            "has no slot between these times that is not still to come",
        ),
        ("nightly", window("2020-01-01", "2026-11-27T09:00"), "runs, and at most 1000 are asked for at once"),
        (
            "digest",
            window("2026-11-26", "2026-11-27"),
            "digest has no schedule of its own: backfill `nightly`, and it follows",
        ),
        ("import", window("2026-11-26", "2026-11-27"), "import has no schedule, so no slots: `--slot TEXT`"),
    ] {
        let error = names(name, wanted).unwrap_err();
        assert!(error.contains(says), "{name} {wanted:?}: {error}");
    }
}

#[test]
fn a_thousand_runs_are_asked_for_at_once_and_no_more() {
    let every_five = "a-job-with-a-name-that-nobody-ever-wants-to-type";
    let window = |to| Wanted::Window { from: "2026-11-20T00:00Z", to };
    assert_eq!(names(every_five, window("2026-11-23T11:15Z")).unwrap().len(), MOST);
    let error = names(every_five, window("2026-11-23T11:20Z")).unwrap_err();
    assert!(error.starts_with("that is 1001 runs, "), "{error}");
}

#[test]
fn parameters_are_those_that_the_job_has() {
    let read = |name: &str, texts: &[&str]| {
        let settings: Result<Vec<_>, String> = texts.iter().map(|text| setting(text)).collect();
        set(&job(name), &settings?)
    };
    let two = [("day".to_owned(), "a=b".to_owned()), ("shop".to_owned(), String::new())].into();
    assert_eq!(read("nightly", &["day=a=b", "shop="]), Ok(two));
    for (name, texts, says) in [
        ("nightly", &["dai=1"][..], "`dai` cannot be set: the parameters of nightly are day, shop"),
        ("import", &["day=1"], "`day` cannot be set: import has no parameters"),
        ("nightly", &["day=1", "day=2"], "`day` is set twice"),
        ("nightly", &["day"], "write NAME=VALUE, such as day=2026-11-27"),
        ("nightly", &["=1"], "write NAME=VALUE, such as day=2026-11-27"),
    ] {
        assert_eq!(read(name, texts).unwrap_err(), says);
    }
}

fn asked(ledger: &MemoryLedger, job: &Job, wanted: Wanted<'_>) -> String {
    asked_by("ana@laptop", ledger, job, wanted)
}

fn asked_by(by: &str, ledger: &MemoryLedger, job: &Job, wanted: Wanted<'_>) -> String {
    let chosen = slots(job, &wanted, by, at("09:30:00")).unwrap();
    let set = BTreeMap::from([("day".to_owned(), "2026-11-26".to_owned())]);
    let request = Request { job, slots: &chosen.slots, set: &set, by };
    let grouping = SignedDuration::from_secs(15);
    let terms = Terms { grouping, keep: SignedDuration::from_hours(24 * 35), now: at("09:30:00") };
    let begun = block_on(begin(ledger, &request, &terms));
    assert_eq!(begun.failed, None);
    written(|out| text::write(out, job, &begun, &chosen, &zone_of(Some(job))))
}

#[test]
fn a_run_stands_in_the_ledger_as_it_was_asked_for_and_the_second_wish_finds_it() {
    let ledger = MemoryLedger::new();
    let wish = Wanted::At("2026-11-27T02:00");
    assert_eq!(
        asked(&ledger, &job("nightly"), wish),
        "asked for: nightly/20261127T010000Z\n\
         it begins within a minute, or after the runs of its job that go on\n\
         `steward runs nightly --slot 20261127T010000Z` shows it\n"
    );
    let Some(Record::Run(run)) = ledger.records().unwrap().remove(&Key::run(&pending("nightly").id)) else {
        panic!()
    };
    assert_eq!((run.scheduled, run.set["day"].as_str()), (at("01:00:00"), "2026-11-26"));
    assert_eq!(run.by, StartedOn::Person { by: "ana@laptop".to_owned() });
    assert_eq!(
        asked_by("ben", &ledger, &job("nightly"), wish),
        "there already, and left as it is:\n  nightly/20261127T010000Z  pending\n"
    );
}

#[test]
fn a_backfill_says_what_began_and_what_was_there_and_how_that_ended() {
    let ledger = MemoryLedger::new();
    let known = ended(Run { set: BTreeMap::new(), ..pending("nightly") }, RunEnd::Failed, "01:09:00");
    keep(&ledger, vec![(Key::run(&known.id), Record::Run(Box::new(known)))]);
    let wish = Wanted::Window { from: "2026-11-25", to: "2026-11-30" };
    assert_eq!(
        asked(&ledger, &job("nightly"), wish),
        "asked for: 2 runs of nightly, from 25 Nov 02:00 CET to 27 Nov 02:00 CET\n  \
         nightly/20261125T010000Z\n  nightly/20261126T010000Z\n\
         there already, and left as it is:\n  nightly/20261127T010000Z  failed, 27 Nov 01:09 UTC\n\
         `steward retry nightly/20261127T010000Z` does it again\n\
         slots that are still to come are left to the schedule\n\
         the first begins within a minute, each of the others after the one before\n\
         `steward runs nightly` shows them from then on\n"
    );
}

#[test]
fn how_many_runs_a_wish_is_for_is_said_before_it_is_one() {
    let nightly = job("nightly");
    let chosen = chosen("nightly", Wanted::Window { from: "2026-11-01", to: "2026-11-20" }).unwrap();
    let told = written(|out| text::write_many(out, &nightly, &chosen, &zone_of(Some(&nightly))));
    assert_eq!(told, "19 runs of nightly, from 1 Nov 02:00 CET to 19 Nov 02:00 CET\n");
}

#[test]
fn a_suspended_job_and_one_that_runs_beside_itself_say_so() {
    let ledger = MemoryLedger::new();
    let told = asked(&ledger, &Job { suspended: true, ..job("import") }, Wanted::Now);
    assert!(
        told.contains("import is suspended: its schedule begins nothing, what people ask for runs\n"),
        "{told}"
    );
    let rules = JobRules { concurrency: Concurrency::Allow, ..job("nightly").rules };
    let beside = Job { rules, ..job("nightly") };
    let told = asked(&ledger, &beside, Wanted::Window { from: "2026-11-20", to: "2026-11-21" });
    assert!(told.contains("it begins within a minute\n"), "{told}");
    let told = asked(&ledger, &beside, Wanted::Window { from: "2026-11-10", to: "2026-11-13" });
    assert!(told.contains("they begin within a minute, at most 100 at the same time\n"), "{told}");
}
