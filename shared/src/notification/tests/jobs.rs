//! Troubles of a job: one of everything that happens to one, and how its story goes on.

use std::collections::BTreeMap;

use super::samples::{Sample, Texts, diagnosis, stopped};
use super::*;
use crate::arn::TaskArn;
use crate::batch::{
    BadRun, Ending, EndingKind, Happened, LateFor, MAX_NOTES, Recovered, RunEnd, Skip, Slot, Tally, Trouble,
};
use crate::redact::redact;

fn name() -> JobName {
    JobName::parse("nightly-etl").unwrap()
}

fn trouble(texts: &Texts) -> Trouble {
    Trouble::new(name(), Some(texts.cluster()), at("02:41:00"))
}

fn slot(time: &str) -> Slot {
    Slot::at(at(time))
}

/// A run of 40 tasks, of which so many ended badly.
fn run(time: &str, end: RunEnd, tally: Tally) -> BadRun {
    let (causes, sample) = (BTreeMap::new(), None);
    BadRun { slot: slot(time), scheduled: at(time), end, tally, tasks: 40, causes, sample }
}

fn skipped(time: &str, skip: Skip) -> Happened {
    let run = run(time, RunEnd::Skipped(skip), Tally::default());
    Happened::Ended(Box::new(BadRun { tasks: 0, ..run }))
}

fn failed(texts: &Texts, time: &str) -> Happened {
    let tally = Tally { succeeded: 37, failed: 3, ..Tally::default() };
    let reason = "OutOfMemoryError: Container killed due to memory usage";
    let event = stopped(
        texts,
        &json!({
            "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
            "containers": [{"name": texts.container, "image": texts.image, "exitCode": 137, "reason": reason}],
        }),
    );
    let found = diagnosis(&event);
    let sample = Ending {
        kind: EndingKind::Cause(found.cause),
        at: at(time),
        task: Some(TaskArn::new(
            "arn:aws:ecs:eu-central-1:123456789012:task/shop/0123456789abcdef0123456789abcdef",
        )),
        exit_code: found.exit_code,
        diagnosis: Some(found),
        said: None,
    };
    let causes = [("app_error".to_owned(), 1), ("out_of_memory".to_owned(), 2)].into();
    let run = run(time, RunEnd::Failed, tally);
    Happened::Ended(Box::new(BadRun { causes, sample: Some(Box::new(sample)), ..run }))
}

fn not_placed(texts: &Texts, time: &str) -> Happened {
    let tally = Tally { failed: 1, ..Tally::default() };
    let sample = Ending {
        kind: EndingKind::ProvisionTimeout,
        at: at(time),
        task: None,
        exit_code: None,
        diagnosis: None,
        said: Some(redact(&texts.problem)),
    };
    let causes = [("provision_timeout".to_owned(), 1)].into();
    let run = run(time, RunEnd::Failed, tally);
    Happened::Ended(Box::new(BadRun { causes, sample: Some(Box::new(sample)), tasks: 1, ..run }))
}

fn timed_out(time: &str) -> Happened {
    let tally = Tally { succeeded: 39, timed_out: 1, ..Tally::default() };
    let causes = [("run_timeout".to_owned(), 1)].into();
    Happened::Ended(Box::new(BadRun { causes, ..run(time, RunEnd::TimedOut, tally) }))
}

fn unknown(time: &str) -> Happened {
    let tally = Tally { succeeded: 38, unknown: 2, ..Tally::default() };
    Happened::Ended(Box::new(run(time, RunEnd::Unknown, tally)))
}

fn of(texts: &Texts, happened: &[(&str, Happened)]) -> Trouble {
    let mut trouble = trouble(texts);
    for (time, what) in happened {
        trouble.note(what.clone(), at(time));
    }
    trouble
}

fn over(mut trouble: Trouble) -> Trouble {
    trouble.recovered = Some(Recovered { by: slot("10:00:00"), at: at("10:12:00") });
    trouble
}

fn troubles(texts: &Texts) -> Vec<(&'static str, Trouble, &'static str)> {
    let at_two = || slot("02:00:00");
    let late = |why| Happened::Late { slot: at_two(), scheduled: at("02:00:00"), why };
    let end = |end| Happened::Ended(Box::new(run("02:00:00", end, Tally::default())));
    let of_one = |what: Happened| of(texts, &[("02:41:00", what)]);
    let night = of(
        texts,
        &[
            ("02:41:00", skipped("02:00:00", Skip::Missed)),
            ("03:41:00", skipped("03:00:00", Skip::Missed)),
            ("04:20:00", failed(texts, "04:00:00")),
            ("05:20:00", failed(texts, "05:00:00")),
            ("05:20:00", Happened::BreakerOpened { failures: 2, until: at("11:20:00") }),
            ("06:00:00", skipped("06:00:00", Skip::Breaker)),
        ],
    );
    let many = Happened::ManyMissed { count: 1_240, after: at("00:00:00"), before: at("20:41:00") };
    let said = Some(redact(&texts.problem));
    vec![
        ("job failed", of_one(failed(texts, "02:00:00")), "run:"),
        ("job missed at night, and its breaker open", night.clone(), "breaker:"),
        ("job ended nobody knows how", of_one(unknown("02:00:00")), "run:"),
        ("job recovered", over(night), "recovered:"),
        ("job recovered, but for an unknown run", over(of_one(unknown("02:00:00"))), "recovered:"),
        ("job not placed in time", of_one(not_placed(texts, "02:00:00")), "run:"),
        ("job timed out", of_one(timed_out("02:00:00")), "run:"),
        ("job refused", of_one(end(RunEnd::Refused(redact(&texts.problem)))), "run:"),
        ("job missed", of_one(skipped("02:00:00", Skip::Missed)), "run:"),
        ("job missed often", of_one(many), "missed:"),
        (
            "job skipped for an earlier run",
            of_one(skipped("02:00:00", Skip::StillRunning { run: slot("01:00:00") })),
            "run:",
        ),
        ("job skipped for another job", of_one(skipped("02:00:00", Skip::Upstream { job: name() })), "run:"),
        ("job suspended", of_one(skipped("02:00:00", Skip::Suspended)), "run:"),
        ("job gone", of_one(skipped("02:00:00", Skip::Gone)), "run:"),
        ("job superseded", of_one(end(RunEnd::Superseded { by: slot("03:00:00") })), "run:"),
        ("job cancelled", of_one(end(RunEnd::Cancelled)), "run:"),
        ("job late for a pause", of_one(late(LateFor::Paused)), "late:"),
        ("job late for its turn", of_one(late(LateFor::Turn)), "late:"),
        ("job late for its definition", of_one(late(LateFor::Unread(redact(&texts.problem)))), "late:"),
        ("job late and begun", of_one(late(LateFor::Begun)), "late:"),
        ("job stuck", of_one(Happened::Stuck { slot: at_two(), index: 17, said }), "stuck:"),
        ("job without success", of_one(Happened::NoSuccess { since: at("00:12:00") }), "no_success:"),
        ("job with a stray", of_one(Happened::Stray { slot: at_two(), index: 17 }), "stray:"),
        ("job still in trouble", of_one(failed(texts, "02:00:00")), "still"),
    ]
}

pub(super) fn of_job(texts: &Texts, language: Language) -> Vec<Sample> {
    let style = Style::of(language);
    let sample = |(name, trouble, key): (&str, Trouble, &str)| {
        let step = match key {
            "still" => Step::still(1, at("06:41:00")),
            key => {
                let steps = Story::of_job(&trouble).steps;
                steps.into_iter().find(|step| step.key.starts_with(key)).unwrap_or_else(|| panic!("no {key}"))
            }
        };
        Sample {
            name: name.to_owned(),
            subject: trouble.subject(),
            root: style.job(&trouble),
            reply: Some(style.job_step(&trouble, &step)),
        }
    };
    troubles(texts).into_iter().map(sample).collect()
}

fn steps(trouble: &Trouble) -> Vec<(String, Weight)> {
    Story::of_job(trouble).steps.into_iter().map(|step| (step.key, step.weight)).collect()
}

/// From two o'clock on so many runs end so, one a minute.
fn each_minute(mut trouble: Trouble, minutes: i64, end: impl Fn() -> RunEnd) -> Trouble {
    for minute in 0..minutes {
        let time = at("02:00:00") + SignedDuration::from_mins(minute);
        let run =
            BadRun { slot: Slot::at(time), scheduled: time, ..run("02:00:00", end(), Tally::default()) };
        trouble.note(Happened::Ended(Box::new(run)), time);
    }
    trouble
}

#[test]
fn a_night_is_told_run_by_run_and_asks_once_the_breaker_is_open() {
    let night = troubles(&Texts::usual()).remove(1).1;
    let breaker = format!("breaker:{}", at("05:20:00").as_second());
    let run = |time: &str| format!("run:{}", slot(time));
    assert_eq!(
        steps(&night),
        [
            ("opened".to_owned(), Weight::Matters),
            (run("02:00:00"), Weight::Matters),
            (run("03:00:00"), Weight::Matters),
            (run("04:00:00"), Weight::Matters),
            (run("05:00:00"), Weight::Matters),
            (breaker, Weight::Asks),
            (run("06:00:00"), Weight::Detail),
        ]
    );
    let told = Story::of_job(&over(night));
    assert!(told.is_over() && !told.is_open && told.severity == Severity::Info);
    assert!(
        told.steps.iter().all(|step| step.weight < Weight::Asks),
        "nobody has to close a breaker any more"
    );
    assert_eq!(told.steps.last().unwrap().key, "recovered:20261120T100000Z");
    assert_eq!(told.causes, [Cause::AppError, Cause::OutOfMemory].into());
    assert_eq!(told.cluster.unwrap().name(), "shop");
}

#[test]
fn of_what_comes_each_minute_the_first_is_told_and_the_rest_is_counted() {
    for (end, first) in [
        (RunEnd::Skipped(Skip::StillRunning { run: slot("01:00:00") }), Weight::Detail),
        (RunEnd::Skipped(Skip::Missed), Weight::Matters),
        (RunEnd::Failed, Weight::Matters),
    ] {
        let trouble = each_minute(trouble(&Texts::usual()), 30, || end.clone());
        let steps = steps(&trouble);
        let of_weight =
            |weight| steps.iter().filter(|(key, is)| key.starts_with("run:") && *is == weight).count();
        assert_eq!((of_weight(first), of_weight(Weight::Counted)), (1, 29), "{end:?}");
        assert!(steps.contains(&("count:10".to_owned(), Weight::Detail)), "{steps:?}");
        assert!(plain(&Style::default().job(&trouble)).contains("runs that did not succeed: 30 "), "{end:?}");
    }
    let unknown = each_minute(trouble(&Texts::usual()), 3, || RunEnd::Unknown);
    assert_eq!(steps(&unknown).iter().filter(|(_, weight)| *weight == Weight::Asks).count(), 3);
}

#[test]
fn a_failure_stays_in_sight_below_any_number_of_skipped_runs() {
    let texts = Texts::usual();
    let trouble = of(&texts, &[("01:30:00", failed(&texts, "01:00:00"))]);
    let trouble = each_minute(trouble, 500, || RunEnd::Skipped(Skip::Breaker));
    assert_eq!((trouble.notes.len(), trouble.count()), (MAX_NOTES, 501));
    assert_eq!(trouble.notes.last().map(|note| note.at), Some(at("10:19:00")), "the latest is there as well");
    let message = Style::default().job(&trouble);
    assert!(message.title.as_str().contains("out_of_memory") && !message.evidence.is_empty());
}

#[test]
fn keys_of_earlier_steps_never_change_while_a_trouble_goes_on() {
    let texts = Texts::usual();
    let mut known = std::collections::BTreeSet::new();
    let mut trouble = trouble(&texts);
    let happened: Vec<Happened> = troubles(&texts)
        .into_iter()
        .flat_map(|(_, trouble, _)| trouble.notes)
        .map(|note| note.what)
        .collect();
    for (second, what) in happened.into_iter().enumerate() {
        trouble.note(what, at("20:00:00") + SignedDuration::from_secs(i64::try_from(second).unwrap()));
        let now = Story::of_job(&trouble).keys();
        assert!(now.is_superset(&known), "{known:?} became {now:?}");
        known = now;
    }
    assert!(Story::of_job(&over(trouble)).keys().is_superset(&known));
}

#[test]
fn what_nobody_minds_is_a_detail_from_its_opening_to_its_end() {
    let cancelled = of(
        &Texts::usual(),
        &[("02:41:00", Happened::Ended(Box::new(run("02:00:00", RunEnd::Cancelled, Tally::default()))))],
    );
    let told = Story::of_job(&over(cancelled));
    assert!(told.steps.iter().all(|step| step.weight == Weight::Detail), "{told:?}");
}

#[test]
fn an_unknown_end_is_asked_about_also_after_the_next_success() {
    let trouble = over(of(&Texts::usual(), &[("02:41:00", unknown("02:00:00"))]));
    let told = Story::of_job(&trouble);
    assert_eq!((told.severity, told.is_open), (Severity::Critical, false));
    assert!(told.steps.iter().any(|step| step.weight == Weight::Asks && step.is_aloud()));
    let message = Style::default().job(&trouble);
    assert_eq!(message.tone, Tone::Alert(Severity::Warning));
    assert!(message.asks[0].as_str().contains("`steward retry nightly-etl/20261120T020000Z --failed-only`"));
}
