//! Jobs: what runs by a timetable or when asked, once a slot, and what became of it.

mod admit;
mod job;
mod judge;
pub mod people;
mod place;
mod record;
mod run;
mod scene;
mod schedule;
mod slot;
mod start;
mod step;
pub mod template;
#[cfg(test)]
mod tests;
mod trouble;
mod unit;
mod write;

pub use admit::{Admission, admit};
pub use job::{
    Backoff, Breaker, Capacity, Concurrency, EndingKind, Job, JobName, JobNetwork, JobRules, Jobs, MAX_ARRAY,
    MAX_ATTEMPTS, MAX_COUNT, MAX_NAME, RetryRule, Size, StrategyItem, Success, TaskSpec, Then, Trigger,
};
pub use judge::{Judged, Next, judge, next};
pub use record::{Clock, JobRecord, LaunchRate, MAX_ACTIVE, MAX_RECENT, Recent, SHARDS, parameters};
pub use run::{EndBefore, Frozen, Run, RunEnd, RunState, Skip, StartedOn, Tally};
pub use scene::Scene;
pub use schedule::{CronField, LeftOut, Schedule, ScheduleError, Slots, Timetable};
pub use slot::{MAX_SLOT, RunId, Slot, StartedBy};
pub use start::{FARGATE, FARGATE_SPOT, Unfit};
pub use trouble::{BadRun, Happened, LateFor, MAX_NOTES, Note, Recovered, Trouble};
pub use unit::{Attempt, Call, Ending, Outcome, Place, PlaceState, Placed, StopFor, Stopping, Unit};
pub use write::{Terms, Written, write_job, write_run};
