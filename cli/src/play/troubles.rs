//! Troubles of jobs, as some nights have them: how each stood, one change after the other.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use steward::arn::ClusterArn;
use steward::batch::{
    BadRun, Ending, EndingKind, Happened, JobName, LateFor, Recovered, RunEnd, Skip, Slot, Tally, Trouble,
};
use steward::diagnosis::diagnose;
use steward::event::Event;
use steward::notification::Subject;
use steward::scaling::ScalerTrouble;

/// Two o'clock of a night.
const NIGHT: Timestamp = Timestamp::constant(1_795_831_200, 0);
const CLUSTER: &str = "arn:aws:ecs:eu-central-1:123456789012:cluster/batch";

/// How a trouble stands from then on.
pub(crate) type Stage = (Timestamp, Told);

/// What is wrong with a job, or with the scaling of a service.
pub(crate) enum Told {
    Job(Box<Trouble>),
    Scaler(Box<ScalerTrouble>),
}

impl Told {
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Job(trouble) => trouble.subject(),
            Self::Scaler(trouble) => trouble.subject(),
        }
    }
}

/// An array of which some tasks run out of memory, a job that is missed and then fails until its breaker opens, a run of
/// which nobody knows the end, and one that waits while Steward is paused.
pub(crate) fn samples() -> Vec<Stage> {
    let told = [out_of_memory(), broken(), unknown(), late()];
    let mut stages: Vec<Stage> = told.into_iter().flatten().flatten().collect();
    stages.sort_by_key(|(at, _)| *at);
    stages
}

fn after(minutes: i64) -> Timestamp {
    NIGHT + SignedDuration::from_mins(minutes)
}

/// The stages of one trouble, by minutes of the night.
fn stages(job: &str, happened: Vec<(i64, Happened)>, recovered: Option<(i64, Slot)>) -> Option<Vec<Stage>> {
    let begins = happened.first().map(|(minute, _)| after(*minute))?;
    let mut trouble = Trouble::new(JobName::parse(job)?, Some(ClusterArn::new(CLUSTER)), begins);
    let mut stages = Vec::new();
    for (minute, what) in happened {
        trouble.note(what, after(minute));
        stages.push((after(minute), Told::Job(Box::new(trouble.clone()))));
    }
    if let Some((minute, by)) = recovered {
        trouble.recovered = Some(Recovered { by, at: after(minute) });
        stages.push((after(minute), Told::Job(Box::new(trouble))));
    }
    Some(stages)
}

fn run(due: i64, end: RunEnd, tasks: u32, tally: Tally) -> BadRun {
    let scheduled = after(due);
    let (slot, causes) = (Slot::at(scheduled), std::collections::BTreeMap::new());
    BadRun { slot, scheduled, end, tally, tasks, causes, sample: None }
}

fn skipped(due: i64, skip: Skip) -> Happened {
    Happened::Ended(Box::new(run(due, RunEnd::Skipped(skip), 0, Tally::default())))
}

fn out_of_memory() -> Option<Vec<Stage>> {
    let failed = BadRun {
        causes: [("out_of_memory".to_owned(), 3)].into(),
        sample: ending(41).map(Box::new),
        ..run(0, RunEnd::Failed, 40, Tally { succeeded: 37, failed: 3, ..Tally::default() })
    };
    let again = failed.slot.again(1);
    stages("nightly-etl", vec![(41, Happened::Ended(Box::new(failed)))], Some((95, again)))
}

/// A task that was killed, as ECS tells it.
fn ending(minute: i64) -> Option<Ending> {
    let task = "arn:aws:ecs:eu-central-1:123456789012:task/batch/7c1f0f5be1c94f0aa4b27c0f5a3c9d11";
    let event = json!({
        "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "detail": {
            "clusterArn": CLUSTER, "taskArn": task, "group": "family:nightly-etl", "version": 5,
            "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/nightly-etl:7",
            "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited", "stoppedAt": after(minute).to_string(),
            "containers": [{
                "name": "etl", "image": "etl:7", "exitCode": 137,
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            }],
        },
    });
    let diagnosis = diagnose(&Event::from_object(event.as_object()?.clone()).ok()?)?;
    Some(Ending {
        kind: EndingKind::Cause(diagnosis.cause),
        at: after(minute),
        task: Some(steward::arn::TaskArn::new(task)),
        exit_code: diagnosis.exit_code,
        diagnosis: Some(diagnosis),
        said: None,
    })
}

fn broken() -> Option<Vec<Stage>> {
    let failed = |due| {
        let causes = [("app_error".to_owned(), 1)].into();
        let run = run(due, RunEnd::Failed, 1, Tally { failed: 1, ..Tally::default() });
        Happened::Ended(Box::new(BadRun { causes, ..run }))
    };
    let breaker = Happened::BreakerOpened { failures: 2, until: after(551) };
    let happened = vec![
        (31, skipped(0, Skip::Missed)),
        (91, skipped(60, Skip::Missed)),
        (132, failed(120)),
        (191, failed(180)),
        (191, breaker),
        (240, skipped(240, Skip::Breaker)),
    ];
    stages("hourly-sync", happened, None)
}

fn unknown() -> Option<Vec<Stage>> {
    let run = run(10, RunEnd::Unknown, 1, Tally { unknown: 1, ..Tally::default() });
    stages("payout", vec![(70, Happened::Ended(Box::new(run)))], None)
}

fn late() -> Option<Vec<Stage>> {
    let (slot, scheduled) = (Slot::at(after(15)), after(15));
    let late = Happened::Late { slot: slot.clone(), scheduled, why: LateFor::Paused };
    stages("backup", vec![(25, late)], Some((50, slot)))
}
