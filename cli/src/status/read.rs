//! What the ledger and the configuration know of how it stands.

use std::collections::BTreeSet;

use jiff::Timestamp;
use steward::arn::ClusterArn;
use steward::batch::{self, Clock, JobRecord, Run, RunId};
use steward::config::{Configuration, DEPLOYED_SLACK, DEPLOYED_TOPIC};
use steward::incident::Target;
use steward::ledger::{ChannelRecord, Due, Key, LedgerError, Owner, Record, Scope, Silence, Switch};
use steward::ports::Ledger;
use steward::scaling::{self, Loop, ScalerRecord};

use crate::open::{self, Open, listed, read_each};

/// So much untold news is counted.
const MAX_NEWS: usize = 1_000;

/// A configuration, and where it comes from.
pub(crate) struct Settings {
    pub(crate) configuration: Configuration,
    /// Absent: nothing was ever applied, or it comes from a file.
    pub(crate) version: Option<u64>,
}

/// How it stands.
pub(crate) struct Status {
    /// The configuration in force, or why that is not known.
    pub(crate) settings: Result<Settings, String>,
    /// The switches by which changes are paused.
    pub(crate) paused: Vec<Switch>,
    pub(crate) open: Open,
    /// Runs that go on.
    pub(crate) runs: Vec<Run>,
    /// What is remembered of the configured jobs.
    pub(crate) jobs: Vec<JobRecord>,
    /// What is remembered of the configured scalers.
    pub(crate) scalers: Vec<ScalerRecord>,
    /// The silences that hold.
    pub(crate) silences: Vec<Silence>,
    /// Channels that refuse everything.
    pub(crate) refusing: Vec<ChannelRecord>,
    /// Subjects with news that should have been told, the longest due first, at most [`MAX_NEWS`].
    pub(crate) late: Vec<Due>,
    /// Up to when batch has looked at its timetables; absent: not known.
    pub(crate) batch_at: Option<Timestamp>,
    /// Until when scaling looked last; absent: not known.
    pub(crate) scaling_at: Option<Timestamp>,
}

impl Status {
    /// When a round of the patrol began last: the remediation function was alive then.
    pub(crate) fn patrolled_at(&self) -> Option<Timestamp> {
        let began = self.open.patrols.iter().map(|patrol| patrol.began_at);
        began.filter(|at| *at > Timestamp::UNIX_EPOCH).max()
    }
}

/// Reads all of it. `arn` says the ARN of a cluster's name.
pub(crate) async fn read<L: Ledger>(
    ledger: &L,
    settings: Result<Settings, String>,
    arn: impl Fn(&str) -> Result<ClusterArn, String>,
    now: Timestamp,
) -> Result<Status, LedgerError> {
    let mut status = Status {
        settings,
        open: open::open(ledger, now).await?,
        paused: Vec::new(),
        runs: Vec::new(),
        jobs: Vec::new(),
        scalers: Vec::new(),
        silences: Vec::new(),
        refusing: Vec::new(),
        late: ledger.due(Owner::Shared, now, None, MAX_NEWS).await?,
        batch_at: None,
        scaling_at: None,
    };
    let mut keys = shared(&status);
    keys.extend(configured(&status, &arn));
    let mut runs: BTreeSet<RunId> = BTreeSet::new();
    for due in listed(ledger, Owner::Batch).await? {
        runs.extend(due.key.as_run().map(|(run, _)| run));
    }
    let keys: Vec<Key> = keys.into_iter().collect();
    let mut unreadable = Vec::new();
    for record in read_each(ledger, &keys, now, &mut unreadable).await? {
        take(&mut status, record, now);
    }
    let active = |job: &JobRecord| -> Vec<RunId> {
        let slots = job.active.iter().chain(&job.queue).cloned();
        slots.map(|slot| RunId { job: job.job.clone(), slot }).collect()
    };
    runs.extend(status.jobs.iter().flat_map(active));
    let keys: Vec<Key> = runs.iter().map(Key::run).collect();
    for record in read_each(ledger, &keys, now, &mut unreadable).await? {
        take(&mut status, record, now);
    }
    status.open.unreadable.extend(unreadable);
    Ok(status)
}

/// What is read whatever the configuration says.
fn shared(status: &Status) -> BTreeSet<Key> {
    let clusters = status.open.patrols.iter().map(|patrol| &patrol.cluster);
    let clusters = clusters.chain(status.open.targets.iter().map(|record| record.target.cluster()));
    let switches = clusters.cloned().map(Scope::Cluster).chain([Scope::Global]);
    let mut keys: BTreeSet<Key> = switches.map(|scope| Key::switch(&scope)).collect();
    keys.insert(Key::silences());
    keys.extend([DEPLOYED_SLACK, DEPLOYED_TOPIC].map(Key::channel));
    keys.extend((0..batch::SHARDS).map(Key::clock));
    keys.extend((0..scaling::SHARDS).map(Key::scaling_loop));
    keys
}

/// What is read of the jobs, services, clusters and channels that the configuration names.
fn configured(status: &Status, arn: &impl Fn(&str) -> Result<ClusterArn, String>) -> BTreeSet<Key> {
    let Ok(Settings { configuration, .. }) = &status.settings else { return BTreeSet::new() };
    let mut keys: BTreeSet<Key> = configuration.jobs.by_name.keys().map(Key::job).collect();
    keys.extend(configuration.notifications.channels.keys().map(|name| Key::channel(name)));
    for scaler in configuration.scaling.by_service.values() {
        let Ok(cluster) = arn(&scaler.cluster) else { continue };
        keys.insert(Key::switch(&Scope::Cluster(cluster.clone())));
        keys.insert(Key::scaler(&Target::Service { cluster, name: scaler.service.clone() }));
    }
    keys
}

fn take(status: &mut Status, record: Record, now: Timestamp) {
    match record {
        Record::Switch(switch) if switch.paused.is_some() => status.paused.push(switch),
        Record::Silences(known) => {
            status.silences = known.silences.into_iter().filter(|silence| silence.holds(now)).collect();
        }
        Record::Channel(channel) if channel.trouble.is_some() => status.refusing.push(*channel),
        Record::Job(job) => status.jobs.push(*job),
        Record::Run(run) if !run.is_over() => status.runs.push(*run),
        Record::Scaler(scaler) => status.scalers.push(*scaler),
        Record::Clock(Clock { until, .. }) => status.batch_at = status.batch_at.max(Some(until)),
        // A lease that is not over is of somebody who looks now.
        Record::ScalingLoop(Loop { until, .. }) => {
            status.scaling_at = status.scaling_at.max(Some(until.min(now)));
        }
        _ => {}
    }
}
