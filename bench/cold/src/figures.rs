//! What was measured, as numbers.

use std::time::Duration;

/// Times of one kind, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// In any order.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort();
        Self(times)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest time that so many percent do not exceed; `None` where there is no time.
    pub fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.0.len() * percent.min(100)).div_ceil(100).max(1);
        self.0.get(rank - 1).copied()
    }

    /// Half of them took no longer.
    pub fn p50(&self) -> Option<Duration> {
        self.percentile(50)
    }

    /// One in a hundred took longer.
    pub fn p99(&self) -> Option<Duration> {
        self.percentile(99)
    }

    /// Their mean; `None` where there is no time.
    pub fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.0.len()).ok().filter(|count| *count > 0)?;
        Some(self.0.iter().sum::<Duration>() / count)
    }
}

/// Processor time of one process, user and system together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// Until it asked for its first invocation.
    pub init: Duration,
    /// For its first invocation.
    pub first: Duration,
    /// For all that followed, together.
    pub warm: Duration,
}

/// One environment, from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// From the start of its process until that asked for its first invocation.
    pub init: Duration,
    /// From handing over the first invocation to its result.
    pub first: Duration,
    /// The same of all others.
    pub warm: Vec<Duration>,
    /// `None`: the machine does not tell.
    pub cpu: Option<Cpu>,
    /// The most memory that its process ever held, in bytes. `None`: the machine does not tell.
    pub peak_memory: Option<u64>,
}

/// What one program took under one share of the processor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// From the start of the process to the first `next`.
    pub init: Times,
    /// The first invocation.
    pub first: Times,
    /// Every other.
    pub warm: Times,
    /// Processor time until the first `next`, of each process.
    pub cpu_init: Times,
    /// Processor time of the first invocation, of each process.
    pub cpu_first: Times,
    /// Processor time of a warm invocation: the mean of each process.
    pub cpu_warm: Times,
    /// Half of the processes held no more, in bytes.
    pub peak_memory: Option<u64>,
}

impl Figures {
    /// Of all its lives.
    pub fn of(lives: &[Life]) -> Self {
        let each_warm = |life: &Life| {
            let count = u32::try_from(life.warm.len()).ok().filter(|count| *count > 0)?;
            Some(life.cpu?.warm / count)
        };
        let mut peaks: Vec<u64> = lives.iter().filter_map(|life| life.peak_memory).collect();
        peaks.sort_unstable();
        Self {
            init: Times::of(lives.iter().map(|life| life.init)),
            first: Times::of(lives.iter().map(|life| life.first)),
            warm: Times::of(lives.iter().flat_map(|life| life.warm.iter().copied())),
            cpu_init: Times::of(lives.iter().filter_map(|life| Some(life.cpu?.init))),
            cpu_first: Times::of(lives.iter().filter_map(|life| Some(life.cpu?.first))),
            cpu_warm: Times::of(lives.iter().filter_map(each_warm)),
            peak_memory: peaks.get(peaks.len().saturating_sub(1) / 2).copied(),
        }
    }
}

/// Milliseconds, for people and for arithmetic.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times = Times::of((1..=200).rev().map(ms));
        assert_eq!(
            (times.p50(), times.p99(), times.percentile(100)),
            (Some(ms(100)), Some(ms(198)), Some(ms(200)))
        );
        assert_eq!(Times::of([ms(7)]).p99(), Some(ms(7)));
        assert_eq!((Times::default().p50(), Times::default().mean()), (None, None));
        assert_eq!(Times::of([ms(1), ms(2), ms(6)]).mean(), Some(ms(3)));
    }

    #[test]
    fn lives_become_figures_of_all_their_invocations() {
        let life = |init: u64, peak| Life {
            init: ms(init),
            first: ms(10 * init),
            warm: vec![ms(1), ms(3)],
            cpu: Some(Cpu { init: ms(init), first: ms(5), warm: ms(8) }),
            peak_memory: peak,
        };
        let figures = Figures::of(&[life(3, Some(30)), life(1, Some(10)), life(2, Some(20))]);
        assert_eq!((figures.init.p50(), figures.first.p50()), (Some(ms(2)), Some(ms(20))));
        assert_eq!((figures.warm.count(), figures.cpu_warm.p50()), (6, Some(ms(4))));
        assert_eq!(figures.peak_memory, Some(20));
    }

    #[test]
    fn what_the_machine_does_not_tell_is_not_zero() {
        let life = Life { init: ms(1), first: ms(1), warm: Vec::new(), cpu: None, peak_memory: None };
        let figures = Figures::of(&[life]);
        assert_eq!((figures.cpu_init.p50(), figures.warm.p50(), figures.peak_memory), (None, None, None));
    }
}
