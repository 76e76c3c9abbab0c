//! placeholder
use jiff::SignedDuration;
/// RunTask.
pub const RUN_TASK_COUNT: u32 = 10;
/// .
pub const OVERRIDES_CHARACTERS: usize = 8192;
/// .
pub const TOKEN_IS_GOOD: SignedDuration = SignedDuration::from_mins(55);
/// .
pub const STOPPED_TASKS_SHOWN: SignedDuration = SignedDuration::from_hours(1);
/// .
pub fn fargate_memory_at_least(_cpu: u32, wanted: u32) -> Option<u32> {
    Some(wanted)
}
/// .
pub const LAUNCH_BURST: u32 = 100;
/// .
pub const LAUNCHES_A_SECOND: u32 = 20;
