//! The share of a processor that an environment has after its init, as Lambda gives it by memory.
//!
//! Lambda does not throttle the init of an on-demand function, so the limit begins with the first `next`. It is a quota in each period of
//! [`PERIOD`]: by a control group of the process's own where this machine lets us make one (what Lambda's own hosts use), else by
//! stopping the process and letting it go on. The second is the harsher: time in which the process waits for an answer counts
//! against it as well.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::usage::cpu_time;

mod groups;

use groups::{Group, Groups};

/// Memory with which a function has one processor, in MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const ONE_PROCESSOR: u32 = 1_769;
/// How long a quota lasts. AWS does not tell its own; with this one it is near a millisecond and a half at 128 MB, and control groups take
/// none below a millisecond.
pub const PERIOD: Duration = Duration::from_millis(20);
/// How long a program spins to show what it gets.
const TRIAL: Duration = Duration::from_secs(1);

/// How much of a processor an environment has after its init.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// As much as it takes.
    Whole,
    /// What Lambda gives to a function of so many MB.
    OfMemory(u32),
}

impl Share {
    /// The part of one processor.
    pub fn part(self) -> f64 {
        match self {
            Self::Whole => 1.0,
            Self::OfMemory(megabytes) => f64::from(megabytes) / f64::from(ONE_PROCESSOR),
        }
    }

    /// Time on the processor in each period; `None` without a limit.
    fn quota(self) -> Option<Duration> {
        (self != Self::Whole).then(|| PERIOD.mul_f64(self.part()))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("Without a limit"),
            Self::OfMemory(megabytes) => {
                write!(f, "At the processor share of {megabytes} MB ({:.2} %)", self.part() * 100.0)
            }
        }
    }
}

/// Why a process is not held to a share.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// A file of the control group.
    #[error("the control group refuses {path}: {source}", path = path.display())]
    Group {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The process cannot be stopped.
    #[error("process {pid} cannot be stopped: {source}")]
    Signal {
        /// Its id.
        pid: u32,
        /// Why.
        source: rustix::io::Errno,
    },
    /// The program that spins.
    #[error("no program to try the share with: {0}")]
    Trial(std::io::Error),
    /// Nothing that would cut is wanted, or there.
    #[error("{0}")]
    None(String),
}

/// What cuts.
#[derive(Debug)]
pub enum Means {
    /// Control groups.
    Groups(Groups),
    /// SIGSTOP and SIGCONT.
    Signals,
    /// Nothing, and why.
    Nothing(String),
}

impl Means {
    /// The best that this machine has.
    pub fn find() -> Self {
        Groups::find().map_or(Self::Signals, Self::Groups)
    }

    /// Holds a process to a share from now on, until what is returned goes. End the process before.
    ///
    /// # Errors
    ///
    /// Where this machine does not let us.
    pub fn hold(&self, pid: u32, share: Share) -> Result<Held, ShareError> {
        let Some(quota) = share.quota() else { return Ok(Held::Free) };
        match self {
            Self::Groups(groups) => groups.hold(pid, quota, PERIOD).map(Held::InGroup),
            Self::Signals => stoppable(pid).map(|process| Held::Stopping { process, quota }),
            Self::Nothing(why) => Err(ShareError::None(why.clone())),
        }
    }

    /// The part of a processor that a program gets under a share that would take all of it; `None` without a limit, or where the
    /// machine tells no times.
    ///
    /// # Errors
    ///
    /// Where a process cannot be held.
    pub async fn try_out(&self, share: Share) -> Result<Option<f64>, ShareError> {
        if share == Share::Whole {
            return Ok(None);
        }
        let spinning = Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn();
        let mut spinning = spinning.map_err(ShareError::Trial)?;
        let pid = spinning.id();
        let held = self.hold(pid, share);
        let part = match &held {
            Ok(held) => held.during(spun(pid)).await,
            Err(_) => None,
        };
        // Both fail only where it has ended already.
        let _ = spinning.kill();
        let _ = spinning.wait();
        held.map(|_| part)
    }
}

impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Groups(groups) => write!(f, "{groups}, a quota every {} ms", PERIOD.as_millis()),
            Self::Signals => write!(f, "SIGSTOP and SIGCONT, a turn every {} ms", PERIOD.as_millis()),
            Self::Nothing(why) => f.write_str(why),
        }
    }
}

/// The part of a processor that a process takes meanwhile.
async fn spun(pid: u32) -> Option<f64> {
    let (before, since) = (cpu_time(pid)?, Instant::now());
    tokio::time::sleep(TRIAL).await;
    let took = cpu_time(pid)?.saturating_sub(before);
    Some(took.as_secs_f64() / since.elapsed().as_secs_f64())
}

fn stoppable(pid: u32) -> Result<Pid, ShareError> {
    let refused = |source| ShareError::Signal { pid, source };
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(refused(rustix::io::Errno::SRCH))?;
    kill_process(process, Signal::CONT).map_err(refused)?;
    Ok(process)
}

/// A process that is held to a share.
#[derive(Debug)]
pub enum Held {
    /// It is not.
    Free,
    /// By a control group of its own.
    InGroup(Group),
    /// By being stopped, while it works.
    Stopping {
        /// Which.
        process: Pid,
        /// Its time in each period.
        quota: Duration,
    },
}

impl Held {
    /// Waits for work that the process does.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let _turns = match self {
            Self::Free | Self::InGroup(_) => None,
            Self::Stopping { process, quota } => Some(Turns::start(*process, *quota)),
        };
        work.await
    }
}

/// Stops a process and lets it go on, in turn, until this goes; then it goes on.
struct Turns {
    over: Arc<AtomicBool>,
    turning: Option<JoinHandle<()>>,
}

impl Turns {
    fn start(process: Pid, quota: Duration) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        // A thread of its own: the runtime's clock has whole milliseconds, and a quota is hardly more than one.
        let turning = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                std::thread::sleep(quota);
                // Both fail only for a process that has ended, and then whoever waits for it hears so.
                let _ = kill_process(process, Signal::STOP);
                std::thread::sleep(PERIOD.saturating_sub(quota));
                let _ = kill_process(process, Signal::CONT);
            }
        });
        Self { over, turning: Some(turning) }
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(turning) = self.turning.take() {
            // It does not panic; and the process goes on after its last turn.
            let _ = turning.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_the_part_that_memory_has_of_one_processors() {
        assert_eq!((Share::Whole.part(), Share::OfMemory(1_769).part()), (1.0, 1.0));
        assert_eq!(Share::Whole.quota(), None);
        assert_eq!(Share::OfMemory(128).quota().map(|quota| quota.as_micros()), Some(1_447));
        assert_eq!(Share::OfMemory(256).to_string(), "At the processor share of 256 MB (14.47 %)");
    }

    #[test]
    fn without_means_a_process_is_not_held_and_it_is_said_why() {
        let nothing = Means::Nothing("--cut nothing".to_owned());
        let refused = nothing.hold(std::process::id(), Share::OfMemory(128)).unwrap_err();
        assert_eq!(refused.to_string(), "--cut nothing");
        assert!(matches!(nothing.hold(std::process::id(), Share::Whole), Ok(Held::Free)));
    }

    #[test]
    fn a_process_that_was_stopped_in_turn_goes_on_afterwards() {
        let mut sleeping = Command::new("sleep").arg("60").spawn().unwrap();
        let process = stoppable(sleeping.id()).unwrap();
        drop(Turns::start(process, Duration::from_millis(1)));
        let status = std::fs::read_to_string(format!("/proc/{}/stat", sleeping.id())).unwrap();
        sleeping.kill().unwrap();
        sleeping.wait().unwrap();
        assert!(!status.contains(") T "), "{status}");
    }
}
