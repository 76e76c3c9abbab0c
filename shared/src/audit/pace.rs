//! How fast ECS may be asked, so that everybody else who asks has room.
//!
//! Arithmetic only: whoever asks waits until the time that it is told. At most half of a burst is taken, and three quarters of
//! what comes back; a bucket that turns out to be empty, because others take from it, is left alone for a while.

use jiff::{SignedDuration, Timestamp};

use crate::quota::{self, Rate};

/// The first pause after a call was throttled.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_millis(500);
/// The longest.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(16);

/// What shares one allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// DescribeServices, ListServices.
    Services,
    /// DescribeTaskDefinition.
    Definitions,
    /// DescribeTasks, ListTasks.
    Tasks,
    /// SimulatePrincipalPolicy. IAM publishes no rate; this one is modest.
    Iam,
}

impl Bucket {
    fn rate(self) -> Rate {
        match self {
            Self::Services => quota::SERVICE_READS,
            Self::Definitions => quota::TASK_DEFINITION_READS,
            Self::Tasks => quota::CLUSTER_RESOURCE_READS,
            Self::Iam => Rate { burst: 40, refill: 20 },
        }
    }
}

/// When the next call of each bucket may go out.
#[derive(Debug, Clone)]
pub struct Pace {
    levels: [Level; 4],
    /// State of the jitter.
    jitter: u64,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    /// When the bucket would be full: each call moves it on, and time catches up.
    full_at: Timestamp,
    /// Nothing goes out before.
    not_before: Timestamp,
}

impl Pace {
    /// Nothing was asked yet. Pauses are spread by `seed`, so that two who start together do not ask together.
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self { levels: [Level { full_at: now, not_before: now }; 4], jitter: seed }
    }

    /// Takes a place in the line, and says when the call may go out.
    pub fn reserve(&mut self, bucket: Bucket, now: Timestamp) -> Timestamp {
        let rate = bucket.rate();
        let each = SignedDuration::from_micros(4_000_000 / 3 / i64::from(rate.refill.max(1)));
        let burst = i32::try_from(rate.burst / 2).unwrap_or(i32::MAX);
        let level = self.level(bucket);
        let full_at = later(level.full_at.max(now), each);
        level.full_at = full_at;
        let room = each.checked_mul(burst).unwrap_or(SignedDuration::MAX);
        full_at.checked_sub(room).unwrap_or(Timestamp::MIN).max(level.not_before).max(now)
    }

    /// A call was turned away for the `tries`th time, from 1: nothing of its bucket goes out for a while.
    pub fn throttled(&mut self, bucket: Bucket, tries: u32, now: Timestamp) {
        let longest =
            FIRST_PAUSE.checked_mul(1_i32 << tries.saturating_sub(1).min(10)).unwrap_or(LONGEST_PAUSE);
        let longest = longest.min(LONGEST_PAUSE);
        // Between half of it and all.
        let share = i32::try_from(self.next() % 1_000).unwrap_or_default();
        let pause = longest / 2 + longest / 2 / 1_000 * share;
        let level = self.level(bucket);
        level.not_before = level.not_before.max(later(now, pause));
    }

    fn level(&mut self, bucket: Bucket) -> &mut Level {
        let [services, definitions, tasks, iam] = &mut self.levels;
        match bucket {
            Bucket::Services => services,
            Bucket::Definitions => definitions,
            Bucket::Tasks => tasks,
            Bucket::Iam => iam,
        }
    }

    /// `SplitMix64`: spreads well from any seed.
    fn next(&mut self) -> u64 {
        self.jitter = self.jitter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.jitter;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap()
    }

    fn millis(from: Timestamp, to: Timestamp) -> i64 {
        to.as_millisecond() - from.as_millisecond()
    }

    #[test]
    fn half_a_burst_goes_out_at_once_and_then_three_quarters_of_what_comes_back() {
        let mut pace = Pace::new(at(0), 1);
        let times: Vec<i64> =
            (0..55).map(|_| millis(at(0), pace.reserve(Bucket::Definitions, at(0)))).collect();
        assert_eq!(times.iter().filter(|time| **time == 0).count(), 25, "{times:?}");
        assert_eq!(times[54] - times[24], 1_999, "30 calls in two seconds: {times:?}");
    }

    #[test]
    fn a_bucket_that_rested_is_full_again_and_others_do_not_know_of_it() {
        let mut pace = Pace::new(at(0), 1);
        for _ in 0..200 {
            pace.reserve(Bucket::Definitions, at(0));
        }
        assert_eq!(pace.reserve(Bucket::Services, at(0)), at(0));
        assert_eq!(pace.reserve(Bucket::Definitions, at(3_600_000)), at(3_600_000));
    }

    #[test]
    fn a_throttled_bucket_rests_longer_each_time_up_to_a_bound_and_never_at_the_same_moment() {
        let pause = |tries: u32, seed: u64| {
            let mut pace = Pace::new(at(0), seed);
            pace.throttled(Bucket::Tasks, tries, at(0));
            millis(at(0), pace.reserve(Bucket::Tasks, at(0)))
        };
        for (tries, least, most) in [(1, 250, 500), (2, 500, 1_000), (4, 2_000, 4_000), (30, 8_000, 16_000)] {
            let all: Vec<i64> = (0..50).map(|seed| pause(tries, seed)).collect();
            assert!(all.iter().all(|pause| (least..=most).contains(pause)), "{tries}: {all:?}");
            assert!(all.iter().any(|pause| *pause != all[0]), "{tries}: {all:?}");
        }
    }
}
