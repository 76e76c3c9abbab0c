//! Jobs: what runs by a timetable or when asked, once a slot, and what became of it.

mod job;
mod schedule;
mod slot;
pub mod template;

pub use job::{
    Backoff, Breaker, Capacity, Concurrency, EndingKind, Job, JobName, JobNetwork, JobRules, Jobs, MAX_ARRAY,
    MAX_ATTEMPTS, MAX_COUNT, MAX_NAME, RetryRule, Size, StrategyItem, Success, TaskSpec, Then, Trigger,
};
pub use schedule::{Schedule, ScheduleError, Slots, Timetable};
pub use slot::{MAX_SLOT, RunId, Slot, StartedBy};
