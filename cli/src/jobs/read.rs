//! What the configuration and the ledger know of the jobs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use steward::batch::{Job, JobName, JobRecord, Jobs, Recent, Slot, Trigger};
use steward::ledger::{Key, LedgerError, Record};
use steward::ports::Ledger;

/// Items that are read together.
const PAGE: usize = 100;

/// All jobs.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    pub(super) jobs: Vec<Shown>,
}

/// A job: as it is configured, and what is remembered of it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) job: JobName,
    pub(super) trigger: Starts,
    pub(super) suspended: bool,
    /// Its schedule's next slot, unless it is suspended.
    pub(super) next: Option<Timestamp>,
    /// The run that ended last.
    pub(super) last: Option<Recent>,
    pub(super) last_success: Option<Timestamp>,
    /// Failed runs in a row.
    pub(super) streak: u32,
    /// Until then slots are skipped, for it failed so often.
    pub(super) breaker_until: Option<Timestamp>,
    pub(super) going_on: Vec<Slot>,
    pub(super) waiting: Vec<Slot>,
}

/// What starts a job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Starts {
    Schedule { expression: String, time_zone: String },
    After(Vec<JobName>),
    Demand,
}

impl Shown {
    fn of(job: &Job, record: Option<JobRecord>, now: Timestamp) -> Self {
        let record = record.unwrap_or_else(|| JobRecord::new(job.name.clone(), now));
        let (trigger, next) = match &job.trigger {
            Trigger::Schedule(timetable) => {
                let expression = timetable.schedule.expression().to_owned();
                let time_zone = timetable.schedule.zone().to_owned();
                (Starts::Schedule { expression, time_zone }, timetable.next_after(now))
            }
            Trigger::After(jobs) => (Starts::After(jobs.iter().cloned().collect()), None),
            Trigger::Demand => (Starts::Demand, None),
        };
        Self {
            job: job.name.clone(),
            trigger,
            suspended: job.suspended,
            next: next.filter(|_| !job.suspended),
            breaker_until: record.breaker_until.filter(|_| record.is_broken(now)),
            last: record.recent.last().cloned(),
            last_success: record.last_success,
            streak: record.streak,
            going_on: record.active.into_iter().collect(),
            waiting: record.queue,
        }
    }
}

/// Reads what is remembered of all jobs.
pub(super) async fn read<L: Ledger>(
    ledger: &L,
    jobs: &Jobs,
    now: Timestamp,
) -> Result<Overview, LedgerError> {
    let keys: Vec<Key> = jobs.by_name.keys().map(Key::job).collect();
    let mut records = BTreeMap::new();
    for some in keys.chunks(PAGE) {
        for stored in ledger.read(some).await?.into_iter().flatten() {
            if let Record::Job(record) = stored.record {
                records.insert(record.job.clone(), *record);
            }
        }
    }
    let shown = jobs.by_name.values().map(|job| Shown::of(job, records.remove(&job.name), now));
    Ok(Overview { jobs: shown.collect() })
}
