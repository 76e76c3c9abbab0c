//! What ECS allows: the quotas and limits that decisions keep to, each with the page that says so.

use std::fmt;

use jiff::SignedDuration;

/// The most tasks that one RunTask starts: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>.
pub const RUN_TASK_COUNT: u32 = 10;
/// The most tasks that one DescribeTasks describes:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>.
pub const DESCRIBE_TASKS: usize = 100;
/// The most characters of `startedBy`: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>.
pub const STARTED_BY: usize = 128;
/// The most characters of RunTask's overrides, as JSON, its braces and quotes included:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>.
pub const OVERRIDES: usize = 8_192;
/// The most services that one DescribeServices describes:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>.
pub const DESCRIBE_SERVICES: usize = 10;
/// The greatest task definition, in bytes: <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>.
pub const TASK_DEFINITION_SIZE: usize = 64 * 1_024;
/// The most containers of a task definition: <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>.
pub const CONTAINERS: usize = 10;
/// The most tasks of a service, unless the account's quota was raised:
/// <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>.
pub const TASKS_A_SERVICE: usize = 5_000;
/// The most tasks of a service that Cloud Map or Service Connect knows:
/// <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>.
pub const TASKS_A_DISCOVERED_SERVICE: usize = 1_000;
/// The most services of a cluster, unless the account's quota was raised:
/// <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>.
pub const SERVICES_A_CLUSTER: usize = 5_000;
/// The longest `stopTimeout` on Fargate, in seconds:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>.
pub const FARGATE_STOP_TIMEOUT: u32 = 120;
/// `stopTimeout` where none is set, in seconds:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>.
pub const STOP_TIMEOUT: u32 = 30;

/// How often ECS lets itself be asked: a bucket that starts full, and what comes back a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens of a full bucket.
    pub burst: u32,
    /// Tokens a second.
    pub refill: u32,
}

/// DescribeServices and ListServices together:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>.
pub const SERVICE_READS: Rate = Rate { burst: 100, refill: 20 };
/// DescribeTasks, ListTasks and DescribeContainerInstances together:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>.
pub const CLUSTER_RESOURCE_READS: Rate = Rate { burst: 100, refill: 20 };
/// DescribeTaskDefinition: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>.
pub const TASK_DEFINITION_READS: Rate = Rate { burst: 50, refill: 20 };

/// The most tags of a task: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html>.
pub const TAGS: usize = 50;
/// The most characters of a tag's key: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html>.
pub const TAG_KEY: usize = 128;
/// The most characters of a tag's value: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html>.
pub const TAG_VALUE: usize = 256;
/// The most providers of a capacity provider strategy:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>.
pub const STRATEGY: usize = 20;
/// The greatest `weight` of a capacity provider:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html>.
pub const WEIGHT: u32 = 1_000;
/// The greatest `base` of a capacity provider:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html>.
pub const BASE: u32 = 100_000;
/// Fargate starts so many tasks a second, once the burst is used up, on demand and on Spot each:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html>.
pub const FARGATE_LAUNCHES_A_SECOND: u32 = 20;
/// Fargate starts so many tasks at once:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html>.
pub const FARGATE_LAUNCH_BURST: u32 = 100;
/// DescribeTasks knows a task for at least so long after it stopped:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>.
pub const STOPPED_TASKS_VISIBLE: SignedDuration = SignedDuration::from_hours(1);
/// A client token of RunTask lives so long at the most:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>.
pub const CLIENT_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// A client token of RunTask ends so long after the last task that it started:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>.
pub const CLIENT_TOKEN_AFTER_TASK: SignedDuration = SignedDuration::from_hours(1);

/// A client token may be used again for so long: while it surely lives, whatever became of its tasks.
pub const CLIENT_TOKEN_IS_GOOD: SignedDuration = SignedDuration::from_mins(55);

/// The memory that Fargate has for a task of so many CPU units, in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FargateMemory {
    /// One of these, in order.
    Listed(&'static [u32]),
    /// From `least` to `most`, in steps.
    Steps {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
        /// From one to the next.
        step: u32,
    },
}

/// CPU units, and the memory that goes with them:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>.
pub const FARGATE: [(u32, FargateMemory); 8] = [
    (256, FargateMemory::Listed(&[512, 1_024, 2_048])),
    (512, FargateMemory::Steps { least: 1_024, most: 4_096, step: 1_024 }),
    (1_024, FargateMemory::Steps { least: 2_048, most: 8_192, step: 1_024 }),
    (2_048, FargateMemory::Steps { least: 4_096, most: 16_384, step: 1_024 }),
    (4_096, FargateMemory::Steps { least: 8_192, most: 30_720, step: 1_024 }),
    (8_192, FargateMemory::Steps { least: 16_384, most: 61_440, step: 4_096 }),
    (16_384, FargateMemory::Steps { least: 32_768, most: 122_880, step: 8_192 }),
    (32_768, FargateMemory::Listed(&[61_440, 122_880, 249_856])),
];

/// The memory that Fargate has for a task of so many CPU units; `None` where it has no such task.
pub fn fargate_memory(cpu: u32) -> Option<FargateMemory> {
    FARGATE.iter().find(|(known, _)| *known == cpu).map(|(_, memory)| *memory)
}

/// Whether Fargate has tasks of so many CPU units and so many MiB of memory.
pub fn fits(cpu: u32, memory: u32) -> bool {
    next_memory_at_least(cpu, memory) == Some(memory)
}

/// The least memory, in MiB, that Fargate has for a task of so many CPU units and that is not less than `wanted`. `None`:
/// it has no such task, or none with so much memory.
pub fn next_memory_at_least(cpu: u32, wanted: u32) -> Option<u32> {
    fargate_memory(cpu)?.next_at_least(wanted)
}

impl FargateMemory {
    /// The least that is not less than `wanted`.
    pub fn next_at_least(self, wanted: u32) -> Option<u32> {
        match self {
            Self::Listed(all) => all.iter().copied().find(|memory| *memory >= wanted),
            Self::Steps { least, most, step } => {
                let steps = wanted.saturating_sub(least).div_ceil(step);
                steps.checked_mul(step)?.checked_add(least).filter(|memory| *memory <= most)
            }
        }
    }
}

impl fmt::Display for FargateMemory {
    /// `512, 1024, 2048`, or `1024 to 4096 in steps of 1024`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(all) => {
                f.write_str(&all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
            Self::Steps { least, most, step } => write!(f, "{least} to {most} in steps of {step}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fargate_has_what_its_table_says() {
        for (cpu, memory) in
            [(256, 512), (256, 2_048), (1_024, 5_120), (8_192, 20_480), (16_384, 122_880), (32_768, 249_856)]
        {
            assert!(fits(cpu, memory), "{cpu}, {memory}");
        }
        for (cpu, memory) in [
            (256, 0),
            (256, 1_536),
            (256, 4_096),
            (1_024, 2_047),
            (8_192, 17_408),
            (32_768, 65_536),
            (300, 512),
        ] {
            assert!(!fits(cpu, memory), "{cpu}, {memory}");
        }
    }

    #[test]
    fn more_memory_is_the_next_that_there_is() {
        for (cpu, wanted, found) in [
            (256, 1_025, Some(2_048)),
            (256, 2_049, None),
            (1_024, 1, Some(2_048)),
            (1_024, 3_000, Some(3_072)),
            (8_192, 16_385, Some(20_480)),
            (16_384, u32::MAX, None),
            (32_768, 61_441, Some(122_880)),
            (1, 1, None),
        ] {
            assert_eq!(next_memory_at_least(cpu, wanted), found, "{cpu}, {wanted}");
        }
    }

    #[test]
    fn the_table_reads_as_words() {
        let all: Vec<String> = FARGATE.iter().map(|(cpu, memory)| format!("{cpu}: {memory}")).collect();
        assert_eq!(all[0], "256: 512, 1024, 2048");
        assert_eq!(all[5], "8192: 16384 to 61440 in steps of 4096");
    }

    proptest! {
        #[test]
        fn what_is_found_fits_and_is_enough(place in 0_usize..8, wanted in 0_u32..300_000) {
            let (cpu, _) = FARGATE[place];
            if let Some(found) = next_memory_at_least(cpu, wanted) {
                prop_assert!(found >= wanted && fits(cpu, found));
                prop_assert!(found == wanted || !fits(cpu, wanted));
            }
        }
    }
}
