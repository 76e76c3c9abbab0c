//! The memory of all functions: what an item is called, what it holds, and what a write expects.
//!
//! Keys begin with their owner's letter, so that roles can be held apart by their leading keys. Every item carries its
//! schema's version; a reader refuses a newer one by name and keeps working on the rest. Writes are conditional on the
//! version that was read: of two writers one is refused, reads again and merges.

mod key;
mod memory;
mod outbox;
mod patrol;
mod shared;
mod telling;
mod units;
mod witness;
mod writes;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use key::Key;
pub use memory::{MemoryLedger, Usage};
pub use outbox::{NUDGE_MARGIN, push_news};
pub use patrol::{Abnormal, MAX_ABNORMAL, Patrol, Stage};
pub use shared::{Budget, DrainSlot, MAX_OPENINGS, Opening, Openings, Scope, Switch};
pub use telling::{
    ChannelRecord, HeldBack, Kept, Lease, MAX_SILENCES, MAX_WAITING, Outage, Recent, Root, Silence,
    SilenceId, Silences, Thread, Told, Trouble, Why, Withheld,
};
pub use witness::{Done, Witness};

use crate::action::Action;
use crate::batch::{Clock, JobRecord, LaunchRate, Run, Trouble as JobTrouble, Unit};
use crate::incident::{Deployment, Incident, TargetRecord};
use crate::notification::Subject;
use crate::scaling::{Loop, ScalerRecord, ScalerTrouble};

/// The version of the items that this version writes. A higher one is refused.
pub const SCHEMA: u32 = 3;
/// When an item is due that no sweep is to look at, and that people must find all the same: what is open. The index of what is due is
/// the only way to an item of which nobody knows the key, but for reading the whole table. It is the last whole second that there is,
/// for the index knows milliseconds, and [`Timestamp::MAX`] has more.
pub const LISTED: Timestamp = Timestamp::constant(253_402_207_200, 0);
/// The most that one transaction may write: `TransactWriteItems` of DynamoDB.
pub const MAX_WRITES: usize = 100;

/// Whose items a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// `r#`: targets, incidents, deployments.
    Remediation,
    /// `b#`: jobs, their runs, and what is wrong with them.
    Batch,
    /// `s#`: services that are scaled.
    Scaling,
    /// `n#`: what was told.
    Notifications,
    /// `x#`: news, written by a subject's owner, its due time cleared by notifications.
    Shared,
}

impl Owner {
    const ALL: [Self; 5] = [Self::Remediation, Self::Batch, Self::Scaling, Self::Notifications, Self::Shared];

    /// What its keys begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Remediation => "r#",
            Self::Batch => "b#",
            Self::Scaling => "s#",
            Self::Notifications => "n#",
            Self::Shared => "x#",
        }
    }
}

/// That there is something to tell about a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// What about.
    pub subject: Subject,
    /// Grows with each change worth telling, also when the item was forgotten meanwhile: it is never below the time of
    /// the change, in milliseconds.
    pub seq: u64,
}

impl News {
    /// The news that follow on `known`.
    pub fn next(subject: Subject, known: Option<&Self>, now: Timestamp) -> Self {
        let by_time = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let seq = known.map_or(by_time, |known| by_time.max(known.seq + 1));
        Self { subject, seq }
    }
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "few are ever held at once")]
pub enum Record {
    /// See [`TargetRecord`].
    Target(TargetRecord),
    /// See [`Incident`].
    Incident(Incident),
    /// See [`Deployment`].
    Deployment(Deployment),
    /// See [`News`].
    News(News),
    /// See [`Thread`].
    Thread(Thread),
    /// See [`Action`].
    Action(Box<Action>),
    /// See [`Switch`].
    Switch(Switch),
    /// See [`Budget`].
    Budget(Budget),
    /// See [`Openings`].
    Openings(Openings),
    /// See [`Patrol`].
    Patrol(Patrol),
    /// See [`ChannelRecord`].
    Channel(Box<ChannelRecord>),
    /// See [`HeldBack`].
    HeldBack(Box<HeldBack>),
    /// See [`Outage`].
    Outage(Box<Outage>),
    /// See [`Recent`].
    Recent(Recent),
    /// See [`Silences`].
    Silences(Silences),
    /// See [`Run`].
    Run(Box<Run>),
    /// See [`Unit`].
    Unit(Box<Unit>),
    /// See [`JobRecord`].
    Job(Box<JobRecord>),
    /// See [`Trouble`](crate::batch::Trouble).
    Trouble(Box<JobTrouble>),
    /// See [`Clock`].
    Clock(Clock),
    /// See [`LaunchRate`].
    Launches(LaunchRate),
    /// See [`ScalerRecord`].
    Scaler(Box<ScalerRecord>),
    /// See [`Loop`].
    ScalingLoop(Loop),
    /// See [`ScalerTrouble`].
    ScalerTrouble(Box<ScalerTrouble>),
    /// See [`DrainSlot`].
    DrainSlot(DrainSlot),
}

/// An item as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Grows with each write.
    pub version: u64,
    /// What it holds.
    pub record: Record,
    /// When it may be forgotten. The table forgets some days late: from then on it counts as absent.
    pub expires: Option<Timestamp>,
}

impl Stored {
    /// An item as it is once `write` is carried out on what was read as `before`, or was not there.
    pub fn by(write: &Write, before: Option<&Self>) -> Self {
        let version = before.map_or(1, |before| before.version + 1);
        Self { version, record: write.record.clone(), expires: write.expires }
    }

    /// The record, unless its time is over.
    pub fn live(&self, now: Timestamp) -> Option<&Record> {
        self.expires.is_none_or(|expires| expires > now).then_some(&self.record)
    }
}

/// An item that a sweep must look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Since when.
    pub at: Timestamp,
    /// Which.
    pub key: Key,
}

/// What a write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Absent,
    /// The item as it was read.
    Version(u64),
}

impl Expect {
    /// What to expect of an item that was read, or was not there.
    pub fn unchanged(stored: Option<&Stored>) -> Self {
        stored.map_or(Self::Absent, |stored| Self::Version(stored.version))
    }
}

/// One conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub key: Key,
    /// On what condition.
    pub expect: Expect,
    /// What.
    pub record: Record,
    /// When a sweep must look at it; none: never.
    pub due: Option<Timestamp>,
    /// When it may be forgotten; open items never are.
    pub expires: Option<Timestamp>,
}

/// Writes that happen together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transaction {
    /// The writes.
    pub writes: Vec<Write>,
}

/// What went wrong with the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// An item is not as a write expected it.
    #[error("writing {key}: somebody else wrote it meanwhile")]
    Conflict {
        /// The item.
        key: Key,
    },
    /// The ledger does not answer, or refuses for now.
    #[error("{operation} of {target}: {problem}")]
    Unavailable {
        /// The operation of the API.
        operation: &'static str,
        /// The item.
        target: String,
        /// What it said.
        problem: String,
    },
    /// The ledger refuses for good: rights, names, sizes.
    #[error("{operation} of {target}: {problem}")]
    Refused {
        /// The operation of the API.
        operation: &'static str,
        /// The item.
        target: String,
        /// What it said.
        problem: String,
    },
    /// An item was written by a newer version.
    #[error(
        "{key} has schema {schema}, newer than {SCHEMA}: upgrade this function before it may touch the item"
    )]
    NewerSchema {
        /// The item.
        key: Key,
        /// Its schema.
        schema: u32,
    },
    /// An item cannot be read.
    #[error("{key} is not readable: {problem}")]
    Unreadable {
        /// The item.
        key: Key,
        /// What is wrong.
        problem: String,
    },
    /// A transaction has more writes than it may.
    #[error("a transaction of {count} writes is larger than {MAX_WRITES}")]
    TooLarge {
        /// How many.
        count: usize,
    },
}

impl LedgerError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Unavailable { .. })
    }
}

#[derive(Serialize)]
struct Written<'r> {
    schema: u32,
    record: &'r Record,
}

/// The record stays text until its schema is known to be readable.
#[derive(Deserialize)]
struct Read<'t> {
    schema: u32,
    #[serde(borrow)]
    record: Option<&'t RawValue>,
}

/// An item as text, with its schema's version.
///
/// # Errors
///
/// Where the record cannot be written, which no record of this version is.
pub fn encode(key: &Key, record: &Record) -> Result<String, LedgerError> {
    serde_json::to_string(&Written { schema: SCHEMA, record })
        .map_err(|error| LedgerError::Unreadable { key: key.clone(), problem: error.to_string() })
}

/// An item from its text.
///
/// # Errors
///
/// [`LedgerError::NewerSchema`] for an item of a newer version, [`LedgerError::Unreadable`] for a damaged one.
pub fn decode(key: &Key, text: &str) -> Result<Record, LedgerError> {
    let unreadable = |problem: String| LedgerError::Unreadable { key: key.clone(), problem };
    let Read { schema, record } =
        serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    if schema > SCHEMA {
        return Err(LedgerError::NewerSchema { key: key.clone(), schema });
    }
    let record = record.ok_or_else(|| unreadable("it holds no record".to_owned()))?;
    serde_json::from_str(record.get()).map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::{ClusterArn, ServiceName};
    use crate::incident::Target;

    fn target() -> Target {
        Target::Service {
            cluster: ClusterArn::new("arn:aws:ecs:r:1:cluster/shop"),
            name: ServiceName::new("api"),
        }
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let key = Key::target(&target());
        let record = Record::Target(TargetRecord::new(target()));
        assert_eq!(decode(&key, &encode(&key, &record).unwrap()).unwrap(), record);
    }

    #[test]
    fn a_newer_schema_is_refused_by_name() {
        let key = Key::target(&target());
        let error = decode(&key, r#"{"schema":4,"record":{"never_heard_of":1}}"#).unwrap_err();
        assert_eq!(error, LedgerError::NewerSchema { key, schema: 4 });
        assert!(error.to_string().contains("r#TARGET#arn:aws:ecs:r:1:cluster/shop/service/api has schema 4"));
    }

    #[test]
    fn keys_carry_their_owner() {
        let key = Key::target(&target());
        assert!(key.belongs_to(Owner::Remediation) && !key.belongs_to(Owner::Shared));
    }
}
