//! The handler with a ledger in memory, and an ECS that does what it is told.

mod crashes;
mod runs;
mod stand_in;
mod ticks;

use std::collections::BTreeMap;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use steward::batch::{
    Capacity, Concurrency, FARGATE, Job, JobName, JobRules, Jobs, Run, RunId, Schedule, Size, Slot, TaskSpec,
    Timetable, Trigger,
};
use steward::config::{Notifications, Policy};
use steward::deadline::Deadline;
use steward::ledger::{Key, MemoryLedger, Record};
use steward::ports::Ledger;
use steward::remediation::Home;

use crate::{Done, Handler, Ports, Settings};
use stand_in::{Life, Mortal, StandIn};

/// A Monday, 00:00 UTC.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_794_182_400 + second).unwrap()
}

fn name(text: &str) -> JobName {
    JobName::parse(text).unwrap()
}

fn job(text: &str, schedule: &str, size: Size) -> Job {
    let schedule = Schedule::parse(schedule, "UTC").unwrap();
    Job {
        name: name(text),
        trigger: Trigger::Schedule(Timetable { schedule, start: None, end: None }),
        suspended: false,
        task: TaskSpec {
            cluster: "batch".to_owned(),
            task_definition: text.to_owned(),
            container: None,
            command: None,
            environment: BTreeMap::new(),
            cpu: None,
            memory: None,
            task_role: None,
            execution_role: None,
            capacity: Capacity::LaunchType(FARGATE.to_owned()),
            network: None,
            platform_version: None,
            tags: BTreeMap::new(),
            execute_command: false,
        },
        size,
        parameters: BTreeMap::new(),
        rules: JobRules::default(),
    }
}

fn jobs(all: impl IntoIterator<Item = Job>) -> Jobs {
    Jobs { by_name: all.into_iter().map(|job| (job.name.clone(), job)).collect() }
}

/// Everything that outlives an invocation.
struct World {
    ledger: MemoryLedger,
    ecs: StandIn,
    jobs: Jobs,
}

impl World {
    fn new(jobs: Jobs) -> Self {
        Self { ledger: MemoryLedger::new(), ecs: StandIn::default(), jobs }
    }

    fn settings(&self) -> Settings {
        let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
        let deadline = Deadline::never();
        Settings::new(self.jobs.clone(), &Policy::default(), &Notifications::default(), home, deadline)
    }

    /// An invocation by a tick at a time. `None`: it died.
    fn tick(&self, now: Timestamp, life: &Life) -> Option<Done> {
        let mortal = Mortal { world: self, life, now };
        let ports = Ports { ledger: &mortal, tasks: &mortal, tell: &mortal, clock: &mortal };
        let swept = Handler::new(ports, self.settings()).sweep().now_or_never();
        swept.map(|swept| swept.unwrap())
    }

    /// Ticks each minute from a time on.
    fn ticks(&self, from: i64, minutes: i64) {
        for minute in 0..minutes {
            self.tick(at(from + 60 * minute), &Life::immortal()).unwrap();
        }
    }

    /// An invocation with task events.
    fn hear(&self, now: Timestamp, events: &[serde_json::Value], life: &Life) -> Option<crate::Outcome> {
        let records: Vec<_> = events
            .iter()
            .enumerate()
            .map(|(index, event)| serde_json::json!({"messageId": index.to_string(), "body": event.to_string(), "eventSource": "aws:sqs"}))
            .collect();
        let payload = serde_json::json!({ "Records": records }).to_string();
        let mortal = Mortal { world: self, life, now };
        let ports = Ports { ledger: &mortal, tasks: &mortal, tell: &mortal, clock: &mortal };
        let handler = Handler::new(ports, self.settings());
        handler.handle(payload.as_bytes()).now_or_never().map(|outcome| outcome.unwrap())
    }

    fn run(&self, job: &str, slot: &Slot) -> Option<Run> {
        let id = RunId { job: name(job), slot: slot.clone() };
        let stored = self.ledger.read(&[Key::run(&id)]).now_or_never().unwrap().unwrap().pop().flatten();
        stored.map(|stored| match stored.record {
            Record::Run(run) => *run,
            other => panic!("{other:?}"),
        })
    }

    /// Every run, by `job/slot`, and where it stands.
    fn states(&self) -> BTreeMap<String, &'static str> {
        let records = self.ledger.records().unwrap().into_values();
        let runs = records.filter_map(|record| match record {
            Record::Run(run) => Some((run.id.to_string(), run.state.as_str())),
            _ => None,
        });
        runs.collect()
    }

    fn troubles(&self) -> Vec<steward::batch::Trouble> {
        let records = self.ledger.records().unwrap().into_values();
        records
            .filter_map(|record| if let Record::Trouble(trouble) = record { Some(*trouble) } else { None })
            .collect()
    }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn forbidding(mut job: Job, concurrency: Concurrency) -> Job {
    job.rules.concurrency = concurrency;
    job
}
