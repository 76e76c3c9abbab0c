//! How often ECS lets itself be asked: token buckets in virtual time, for one account and region.
//!
//! # Behaviour
//!
//! | what | source |
//! |---|---|
//! | a bucket starts full, is refilled evenly, and never holds more than its burst | API reference, "Request throttling" |
//! | a call takes one token; without one it is refused as `ThrottlingException`, and takes none | the same |
//! | which calls share a bucket, and its numbers | FACTS §10 |
//! | Fargate launches take a token a task, on-demand and Spot from buckets of their own, beside the call's own token | FACTS §10; developer guide, "AWS Fargate throttling quotas" |
//! | a launch beyond them is refused as `ThrottlingException` too, not as an entry of `failures` | reports of `RunTask`: issues `AllenInstitute/neuron_morphology#151`, `cisagov/crossfeed#247` |
//!
//! FACTS names no bucket for cluster creation, capacity providers and reading tags: these are not throttled here. Lists share
//! the bucket of what they list. The guide's further limit of 20 `RunTask` calls a second on Fargate is not applied: the newer
//! numbers of FACTS leave room for 40.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::error::ApiError;

/// Tokens are counted in thousandths, so that a millisecond adds whole numbers.
const TOKEN: u64 = 1000;

/// What shares one allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// `RunTask`, `StopTask`, `UpdateContainerInstancesState`, and what else changes tasks and hosts.
    ClusterResourceChanges,
    /// On-demand tasks on Fargate, in tasks.
    FargateLaunches,
    /// Spot tasks on Fargate, in tasks.
    FargateSpotLaunches,
    /// `CreateService`, `UpdateService`, `DeleteService`.
    ServiceChanges,
    /// `DescribeServices`, `ListServices`.
    ServiceReads,
    /// `DescribeTasks`, `ListTasks`, `DescribeContainerInstances`.
    ClusterResourceReads,
    /// `DescribeTaskDefinition`.
    TaskDefinitionReads,
    /// `DescribeClusters`.
    ClusterReads,
    /// Service deployments, read or stopped.
    ServiceDeployments,
    /// `DescribeServiceRevisions`.
    ServiceRevisions,
    /// `RegisterTaskDefinition`.
    TaskDefinitionChanges,
    /// `TagResource`, `UntagResource`.
    TagChanges,
    /// `UpdateTaskProtection`, `GetTaskProtection`.
    TaskProtection,
}

impl Bucket {
    /// How many tokens it holds, and how many come back a second.
    pub const fn rate(self) -> Rate {
        let (burst, refill) = match self {
            Self::ClusterResourceChanges => (100, 40),
            Self::FargateLaunches
            | Self::FargateSpotLaunches
            | Self::ServiceReads
            | Self::ClusterResourceReads => (100, 20),
            Self::ServiceChanges => (50, 5),
            Self::TaskDefinitionReads
            | Self::ClusterReads
            | Self::ServiceDeployments
            | Self::ServiceRevisions => (50, 20),
            Self::TaskDefinitionChanges => (20, 1),
            Self::TagChanges => (20, 10),
            Self::TaskProtection => (200, 80),
        };
        Rate { burst, refill }
    }
}

/// The size of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens of a full bucket.
    pub burst: u32,
    /// Tokens a second.
    pub refill: u32,
}

/// All buckets of an account and region.
#[derive(Clone, Debug, Default)]
pub struct Throttle {
    /// Buckets that were ever taken from; all others are full.
    levels: BTreeMap<Bucket, Level>,
    /// Rates that a test set.
    rates: BTreeMap<Bucket, Rate>,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    /// Thousandths of tokens.
    left: u64,
    /// Milliseconds since 1970.
    at: i64,
}

impl Throttle {
    /// Buckets as ECS has them, all full.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a bucket's size: accounts differ, and a test may want it small.
    pub fn set(&mut self, bucket: Bucket, rate: Rate) {
        self.levels.remove(&bucket);
        self.rates.insert(bucket, rate);
    }

    /// Takes tokens, all or none.
    ///
    /// # Errors
    ///
    /// `ThrottlingException` where there are not enough.
    pub fn take(&mut self, bucket: Bucket, tokens: u32, now: Timestamp) -> Result<(), ApiError> {
        let rate = self.rates.get(&bucket).copied().unwrap_or(bucket.rate());
        let full = u64::from(rate.burst) * TOKEN;
        let now = now.as_millisecond();
        let level = self.levels.entry(bucket).or_insert(Level { left: full, at: now });
        // A clock that went back adds nothing, and takes nothing away.
        let passed = u64::try_from(now - level.at).unwrap_or(0);
        level.left = level.left.saturating_add(passed.saturating_mul(u64::from(rate.refill))).min(full);
        level.at = level.at.max(now);
        level.left = level.left.checked_sub(u64::from(tokens) * TOKEN).ok_or_else(ApiError::throttled)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    /// How many of many calls at one moment pass.
    fn passes(throttle: &mut Throttle, bucket: Bucket, now: Timestamp) -> usize {
        (0..1000).filter(|_| throttle.take(bucket, 1, now).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_what_is_refilled() {
        let mut throttle = Throttle::new();
        assert_eq!(passes(&mut throttle, Bucket::ServiceChanges, at(0)), 50);
        assert_eq!(passes(&mut throttle, Bucket::ServiceChanges, at(199)), 0, "a fifth of a second a token");
        assert_eq!(passes(&mut throttle, Bucket::ServiceChanges, at(200)), 1);
        assert_eq!(passes(&mut throttle, Bucket::ServiceChanges, at(1200)), 5);
        assert_eq!(
            passes(&mut throttle, Bucket::ServiceChanges, at(3_600_000)),
            50,
            "never more than the burst"
        );
    }

    #[test]
    fn buckets_do_not_know_of_each_other() {
        let mut throttle = Throttle::new();
        assert_eq!(passes(&mut throttle, Bucket::FargateLaunches, at(0)), 100);
        assert_eq!(passes(&mut throttle, Bucket::FargateSpotLaunches, at(0)), 100);
    }

    #[test]
    fn a_launch_of_several_tasks_passes_as_a_whole_or_not_at_all() {
        let mut throttle = Throttle::new();
        throttle.take(Bucket::FargateLaunches, 95, at(0)).unwrap();
        let error = throttle.take(Bucket::FargateLaunches, 10, at(0)).unwrap_err();
        assert_eq!((error.code, error.status), ("ThrottlingException", 400));
        assert!(throttle.take(Bucket::FargateLaunches, 5, at(0)).is_ok(), "the refused launch took no token");
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_tokens() {
        let mut throttle = Throttle::new();
        assert_eq!(passes(&mut throttle, Bucket::TaskDefinitionChanges, at(10_000)), 20);
        assert_eq!(passes(&mut throttle, Bucket::TaskDefinitionChanges, at(0)), 0);
        assert_eq!(passes(&mut throttle, Bucket::TaskDefinitionChanges, at(10_000)), 0);
    }

    #[test]
    fn a_test_may_make_a_bucket_small() {
        let mut throttle = Throttle::new();
        throttle.set(Bucket::ServiceReads, Rate { burst: 2, refill: 1 });
        assert_eq!(passes(&mut throttle, Bucket::ServiceReads, at(0)), 2);
    }
}
