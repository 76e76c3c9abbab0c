//! How much processor time a process has taken.

use std::fs;
use std::time::Duration;

/// User and system time of all threads that a process has now, in the kernel's nanoseconds. `None` where it does not tell.
///
/// A thread that has ended is forgotten with its time. The programs here keep theirs while they are measured: one each, and those
/// in which the runtime looks names up, which live for ten seconds after their last use.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let times = threads.filter_map(|thread| {
        let statistics = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        on_processor(&statistics)
    });
    // A process without a thread has ended.
    times.reduce(|all, one| all + one)
}

/// The first of three numbers: time on a processor, time waiting for one, turns.
fn on_processor(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_on_the_processor_is_the_first_number() {
        assert_eq!(on_processor("1500000 36695 1\n"), Some(Duration::from_micros(1_500)));
        assert_eq!(on_processor(""), None);
    }

    #[test]
    fn a_process_that_is_not_there_has_no_time() {
        assert_eq!(cpu_time(u32::MAX), None);
    }
}
