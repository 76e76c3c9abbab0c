//! Jobs, runs and units to test with.

use jiff::Timestamp;
use steward::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use steward::batch::{
    Attempt, Ending, EndingKind, Frozen, Job, JobName, Jobs, Outcome, Place, PlaceState, Placed, Run, RunEnd,
    RunId, RunState, Slot, StartedOn, Tally, Unit,
};
use steward::diagnosis::{self, Cause};
use steward::ledger::{Key, MemoryLedger, Record, Transaction, Write};
use steward::ports::{Definition, Ledger};
use steward::redact::redact;

/// A schedule in a zone, one that follows, one on demand, one that is suspended.
const CONFIGURATION: &str = "
version: 1
jobs:
  - {name: nightly, cluster: shop, task_definition: report, schedule: cron(0 2 * * ? *), time_zone: Europe/Berlin, array: 4,
     parameters: {day: '', shop: all}}
  - {name: digest, cluster: shop, task_definition: digest, after: [nightly]}
  - {name: import, cluster: shop, task_definition: import, parallel: 1}
  - {name: a-job-with-a-name-that-nobody-ever-wants-to-type, cluster: shop, task_definition: x, schedule: rate(5 minutes),
     suspend: on, concurrency: allow}
";

/// A time on 27 November.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-11-27T{time}Z").parse().unwrap()
}

pub(crate) fn jobs() -> Jobs {
    crate::configuration::read(CONFIGURATION).ok().unwrap().configuration.jobs
}

pub(crate) fn job(name: &str) -> Job {
    jobs().get(&JobName::parse(name).unwrap()).unwrap().clone()
}

pub(crate) fn id(job: &str, slot: &str) -> RunId {
    RunId { job: JobName::parse(job).unwrap(), slot: Slot::parse(slot).unwrap() }
}

/// A run of the slot of 02:00 in Berlin that is due.
pub(crate) fn pending(job: &str) -> Run {
    let id = id(job, "20261127T010000Z");
    Run::pending(id, at("01:00:00"), StartedOn::Schedule, at("01:00:04"))
}

/// The same, claimed with so many tasks of an array.
pub(crate) fn claimed(name: &str, size: u32) -> Run {
    let job = job(name);
    let frozen = Frozen {
        at: at("01:00:05"),
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        task: job.task.clone(),
        size: steward::batch::Size::Array(size),
        rules: job.rules.clone(),
        parameters: job.parameters.clone(),
        definition: Definition {
            arn: TaskDefinitionArn::new("arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7"),
            is_active: true,
            cpu: None,
            memory: None,
            containers: Vec::new(),
        },
    };
    Run { frozen: Some(Box::new(frozen)), state: RunState::Running, begun: size, ..pending(name) }
}

fn task(number: u32) -> TaskArn {
    TaskArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{number:032x}"))
}

pub(crate) fn attempt(number: u32, times: [&str; 3], kind: Option<EndingKind>) -> Attempt {
    let [wanted_at, started_at, ended_at] = times.map(at);
    let exit_code = match kind {
        None => Some(0),
        Some(EndingKind::Cause(Cause::OutOfMemory)) => Some(137),
        Some(_) => None,
    };
    Attempt { task: Some(task(number)), wanted_at, started_at: Some(started_at), ended_at, kind, exit_code }
}

pub(crate) fn unit(run: &Run, index: u32, place: Place) -> Unit {
    Unit { places: vec![place], ..Unit::new(run.id.clone(), index, 1, at("01:00:10")) }
}

/// A place as it is first, with those attempts.
pub(crate) fn place(run: &Run, past: Vec<Attempt>, state: PlaceState) -> Place {
    let mut unit = Unit::new(run.id.clone(), 0, 1, at("01:00:10"));
    let first = unit.places.pop().unwrap();
    Place { attempts: u32::try_from(past.len()).unwrap(), past, state, ..first }
}

pub(crate) fn over(outcome: Outcome, time: &str) -> PlaceState {
    PlaceState::Over { outcome, at: at(time) }
}

pub(crate) const OUT_OF_MEMORY: EndingKind = EndingKind::Cause(Cause::OutOfMemory);

/// How a task ended that said so.
pub(crate) fn ending(said: &str) -> Ending {
    Ending {
        kind: OUT_OF_MEMORY,
        at: at("01:09:00"),
        task: Some(task(3)),
        exit_code: Some(137),
        diagnosis: Some(diagnosis::of_said("stoppedReason", said)),
        said: None,
    }
}

/// A run of four: one succeeded, one failed twice, one did at the second attempt, one goes on.
pub(crate) fn of_four() -> (Run, Vec<Unit>) {
    let run = claimed("nightly", 4);
    let tally = Tally { succeeded: 2, failed: 1, units: 3, started: 6, ..Tally::default() };
    let run = Run { tally, causes: [("out_of_memory".to_owned(), 1)].into(), ..run };
    let good = place(
        &run,
        vec![attempt(1, ["01:00:10", "01:00:50", "01:06:00"], None)],
        over(Outcome::Succeeded, "01:06:02"),
    );
    let twice = vec![
        attempt(2, ["01:00:10", "01:00:55", "01:04:00"], Some(OUT_OF_MEMORY)),
        attempt(3, ["01:04:40", "01:05:30", "01:09:00"], Some(OUT_OF_MEMORY)),
    ];
    let last = Some(Box::new(ending("OutOfMemoryError: Container killed due to memory usage <b>of app</b>")));
    let bad = Place { last: last.clone(), ..place(&run, twice, over(Outcome::Failed, "01:09:02")) };
    let second = vec![
        attempt(4, ["01:00:10", "01:00:45", "01:02:00"], Some(OUT_OF_MEMORY)),
        attempt(5, ["01:02:30", "01:03:10", "01:08:00"], None),
    ];
    let again = Place { last, ..place(&run, second, over(Outcome::Succeeded, "01:08:01")) };
    let placed = Placed {
        task: task(6),
        since: at("01:00:10"),
        at: at("01:00:12"),
        started_at: Some(at("01:01:00")),
        heard_at: at("01:01:00"),
        look_at: at("01:20:00"),
        missing_since: None,
        stopping: None,
    };
    let going_on = place(&run, Vec::new(), PlaceState::Placed(Box::new(placed)));
    let units = [good, bad, again, going_on];
    let units = (0..).zip(units).map(|(index, place)| unit(&run, index, place)).collect();
    (run, units)
}

pub(crate) fn ended(run: Run, end: RunEnd, time: &str) -> Run {
    Run { state: RunState::Ended { end, at: at(time) }, look_at: None, ..run }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub(crate) fn keep(ledger: &MemoryLedger, records: Vec<(Key, Record)>) {
    for (key, record) in records {
        let writes = vec![Write::new(key, None, record)];
        block_on(ledger.commit(Transaction { writes })).unwrap();
    }
}

/// What was written, without colours, in 80 columns.
pub(crate) fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    let text = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= crate::terminal::WIDTH, "{line}");
        assert_eq!(line.trim_end(), line, "nothing is written behind the last text");
    }
    text
}

/// That of an evidence that hurts on a page.
pub(crate) fn hostile(run: &Run) -> Unit {
    let said = Some(redact("<script>alert('1')</script> & \"so on\""));
    let last = Ending { diagnosis: None, said, ..ending("") };
    let past = vec![Attempt {
        task: Some(TaskArn::new("<img src=x>")),
        ..attempt(9, ["01:00:10", "01:00:50", "01:02:00"], Some(OUT_OF_MEMORY))
    }];
    unit(run, 4, Place { last: Some(Box::new(last)), ..place(run, past, over(Outcome::Failed, "01:02:01")) })
}
