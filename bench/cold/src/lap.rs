//! Measures all programs under one share of the processor.
//!
//! The environments of all programs live at the same time, and everything is done in turn: cold starts round by round, then
//! warm invocations. What a busy machine does to one it does to all.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use steward_sim::lambda::runtime::{Function, InvokeError};
use tokio::time::{Instant, sleep_until};

use crate::figures::{Cpu, Figures, Life};
use crate::programs::Prepared;
use crate::share::{Held, Means, Share, ShareError};
use crate::usage::cpu_time;

/// An environment rests so long between its invocations: Steward posts a message a second to a Slack channel, and would wait for its
/// turn. Whoever does not wait is not hurt by it.
const REST: Duration = Duration::from_millis(1_050);

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum LapError {
    /// The program failed.
    #[error("{program}: {source}")]
    Invoke {
        /// Which.
        program: String,
        /// Why.
        source: InvokeError,
    },
    /// It says that it did not do its job.
    #[error("{program} answered {answer}; its last lines: {log}")]
    Undone {
        /// Which.
        program: String,
        /// What it said.
        answer: String,
        /// What it logged.
        log: String,
    },
    /// It began to work before it was asked to.
    #[error("{program} calls {operation} before it asks for its first invocation")]
    CallsBeforeNext {
        /// Which.
        program: String,
        /// What.
        operation: String,
    },
    /// The stand-ins have no answer, so what was measured is a failure.
    #[error("{program} calls {operation}, which bench/cold/src/services.rs has no answer to")]
    UnknownCall {
        /// Which.
        program: String,
        /// What.
        operation: String,
    },
    /// It started, and nobody knows when.
    #[error("{program} has no time from its start to its first `next`")]
    NoInit {
        /// Which.
        program: String,
    },
    /// It cannot be held to its share.
    #[error(transparent)]
    Share(#[from] ShareError),
}

/// One environment of a program.
#[derive(Debug)]
pub struct Environment<'p> {
    program: &'p Prepared,
    function: Function,
    held: Held,
    /// From the start until the first `next`.
    init: Duration,
    times: Vec<Duration>,
    rested: Instant,
    /// Processor time until the first `next`, and with the first invocation.
    cpu: [Option<Duration>; 2],
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default, rename = "batchItemFailures")]
    failures: Vec<serde_json::Value>,
}

impl<'p> Environment<'p> {
    /// Starts a process and waits until it asks for its first invocation.
    ///
    /// # Errors
    ///
    /// Where it does not.
    pub async fn start(program: &'p Prepared) -> Result<Self, LapError> {
        let function = Function::new(program.settings.clone());
        function.warm().await.map_err(|source| program.failed(source))?;
        let record = function.environments();
        let init = record.first().and_then(|record| record.init);
        let init = init.ok_or_else(|| LapError::NoInit { program: program.name().to_owned() })?;
        let rested = Instant::now();
        let mut started =
            Self { program, function, held: Held::Free, init, times: Vec::new(), rested, cpu: [None; 2] };
        started.cpu[0] = started.cpu_time();
        Ok(started)
    }

    /// Holds its process to a share from now on.
    fn hold(&mut self, means: &Means, share: Share) -> Result<(), LapError> {
        if let Some(pid) = self.pid() {
            self.held = means.hold(pid, share)?;
        }
        Ok(())
    }

    /// One invocation, once it has rested.
    ///
    /// # Errors
    ///
    /// Where it fails, or says that it did not do its job.
    pub async fn invoke(&mut self) -> Result<(), LapError> {
        sleep_until(self.rested).await;
        let invoked = self.function.invoke(self.program.payload.clone());
        let answer = self.held.during(invoked).await.map_err(|source| self.program.failed(source))?;
        self.judge(&answer)?;
        // What it does after its answer is part of the invocation's cost: it is over when the next is asked for.
        self.held.during(self.function.warm()).await.map_err(|source| self.program.failed(source))?;
        let is_first = self.times.is_empty();
        self.times.extend(self.function.invocations().last().map(|invocation| invocation.duration));
        if is_first {
            self.cpu[1] = self.cpu_time();
        }
        self.rested = Instant::now() + REST;
        Ok(())
    }

    fn judge(&self, answer: &[u8]) -> Result<(), LapError> {
        let judged: Result<Answer, _> = serde_json::from_slice(answer);
        if judged.is_ok_and(|answer| answer.failures.is_empty()) {
            return Ok(());
        }
        let log: Vec<String> =
            self.function.logs().iter().rev().take(5).map(|line| line.text.clone()).collect();
        Err(LapError::Undone {
            program: self.program.name().to_owned(),
            answer: String::from_utf8_lossy(answer).into_owned(),
            log: log.join("\n"),
        })
    }

    /// Ends it, and answers what it was.
    pub async fn end(self) -> Life {
        let whole = self.cpu_time();
        self.function.shutdown().await;
        let peak_memory = self.function.environments().first().and_then(|record| record.peak_memory_bytes);
        let mut times = self.times.into_iter();
        let cpu = |init: Duration, with_first: Duration, whole: Duration| Cpu {
            init,
            first: with_first.saturating_sub(init),
            warm: whole.saturating_sub(with_first),
        };
        let [init, with_first] = self.cpu;
        Life {
            init: self.init,
            first: times.next().unwrap_or_default(),
            warm: times.collect(),
            cpu: init.zip(with_first).zip(whole).map(|((init, first), whole)| cpu(init, first, whole)),
            peak_memory,
        }
    }

    fn pid(&self) -> Option<u32> {
        self.function.environments().first().map(|record| record.pid)
    }

    fn cpu_time(&self) -> Option<Duration> {
        self.pid().and_then(cpu_time)
    }
}

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Environments of each program.
    pub cold: usize,
    /// Warm invocations of each program, over all of its environments.
    pub warm: usize,
}

/// Measures all programs under a share, and tells how far it is.
///
/// # Errors
///
/// Where a program fails, or cannot be held to the share.
pub async fn lap(
    programs: &[Prepared],
    terms: Terms,
    means: &Means,
    share: Share,
    mut tell: impl FnMut(&str),
) -> Result<BTreeMap<String, Figures>, LapError> {
    let mut environments: Vec<Vec<Environment<'_>>> = Vec::new();
    for round in 0..terms.cold {
        tell(&format!("cold start {} of {}", round + 1, terms.cold));
        let mut started = Vec::new();
        for program in in_turn(programs, round) {
            let mut environment = Environment::start(program).await?;
            environment.hold(means, share)?;
            environment.invoke().await?;
            started.push(environment);
        }
        environments.push(started);
    }
    let each = terms.warm.div_ceil(terms.cold.max(1));
    for turn in 0..each {
        tell(&format!("warm invocation {} of {}", (turn + 1) * terms.cold, each * terms.cold));
        for round in &mut environments {
            for environment in round {
                environment.invoke().await?;
            }
        }
    }
    let mut lives: BTreeMap<String, Vec<Life>> = BTreeMap::new();
    for environment in environments.into_iter().flatten() {
        let name = environment.program.name().to_owned();
        lives.entry(name).or_default().push(environment.end().await);
    }
    Ok(lives.into_iter().map(|(name, lives)| (name, Figures::of(&lives))).collect())
}

/// Each program once, another first each time: none always follows the same.
fn in_turn<T>(programs: &[T], round: usize) -> impl Iterator<Item = &T> {
    let from = round.checked_rem(programs.len()).unwrap_or_default();
    programs.iter().cycle().skip(from).take(programs.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_begins_with_another_program() {
        let order = |round| in_turn(&["a", "b", "c"], round).copied().collect::<String>();
        assert_eq!([order(0), order(1), order(2), order(3)], ["abc", "bca", "cab", "abc"]);
        assert_eq!(in_turn::<u8>(&[], 7).count(), 0);
    }

    #[test]
    fn an_answer_that_names_failures_is_no_answer() {
        let failures =
            |text: &str| serde_json::from_str::<Answer>(text).map(|answer| answer.failures.len()).ok();
        assert_eq!(failures(r#"{"batchItemFailures":[{"itemIdentifier":"m"}]}"#), Some(1));
        assert_eq!((failures("{}"), failures(r#"{"batchItemFailures":[]}"#)), (Some(0), Some(0)));
    }
}
