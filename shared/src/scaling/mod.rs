//! Scaling: as many tasks as a promise needs, and no more.
//!
//! People state what they promise, such as that a message waits for at most a minute. Arrival rate, service time and start-up
//! latency are learned; from them follows how many tasks are needed, and why.
//!
//! # Invariants
//!
//! * [`decide()`] is pure and total. The same inputs give the same decision.
//! * What cannot be read never takes a task away.
//! * Whatever was asked for is within the bounds that hold at the time.

mod decide;
mod follow;
mod learn;
mod need;
pub mod people;
mod pool;
mod problem;
mod reading;
mod record;
#[cfg(test)]
pub(crate) mod sample;
mod scaler;
#[cfg(test)]
mod tests;
mod trouble;

pub use decide::{Answer, Decision, Hold, Order, Query, decide};
pub use follow::{CALM, Followed, Streak, Stretch, follow};
pub use learn::{Basis, Failed, Learned, Memory, Minute, Sample, Starting, Wanted};
pub use need::{Estimate, Limit, Need};
pub use pool::{Claim, share};
pub use problem::{Problem, ProblemKind, Sight};
pub use reading::{Care, Leave, QueueCounts, QueueMinute, QueueReading, Reading, ServiceReading};
pub use record::{Loop, OrderState, SHARDS, ScalerRecord, Standing};
pub use scaler::{Bounds, MAX_TASKS, PoolName, Pools, Queue, QueueName, Rate, Scaler, Scalers, When};
pub use trouble::{MAX_SCALER_NOTES, ScalerNote, ScalerTrouble};
