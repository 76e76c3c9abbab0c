//! The deployment circuit breaker: how many failures end a deployment.
//!
//! Half of the desired count, rounded up, not below 3 and not above 200, unless `thresholdConfiguration` says otherwise
//! (FACTS §8, §10). Failures are consecutive: a healthy task sets the count back, unless `resetOnHealthyTask` is false.

use super::api::configuration::DeploymentCircuitBreaker;
use super::api::values::ThresholdType;

const LEAST: u64 = 3;
const MOST: u64 = 200;
const DEFAULT_PERCENT: u32 = 50;

/// The count of failed tasks at which a deployment fails.
pub(super) fn threshold(breaker: &DeploymentCircuitBreaker, desired: u32) -> u32 {
    let (kind, value) = breaker
        .threshold_configuration
        .as_ref()
        .map_or((ThresholdType::BoundedPercent, DEFAULT_PERCENT), |given| (given.r#type, given.value));
    let share = (u64::from(desired) * u64::from(value)).div_ceil(100);
    let threshold = match kind {
        ThresholdType::BoundedPercent => share.clamp(LEAST, MOST),
        ThresholdType::UnboundedPercent => share.max(1),
        ThresholdType::Count => u64::from(value).max(1),
    };
    u32::try_from(threshold).unwrap_or(u32::MAX)
}

/// Whether a healthy task sets the count of failures back.
pub(super) fn resets(breaker: Option<&DeploymentCircuitBreaker>) -> bool {
    breaker.and_then(|breaker| breaker.reset_on_healthy_task).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::super::api::configuration::ThresholdConfiguration;
    use super::*;

    fn breaker(threshold: Option<(ThresholdType, u32)>) -> DeploymentCircuitBreaker {
        DeploymentCircuitBreaker {
            enable: true,
            threshold_configuration: threshold
                .map(|(kind, value)| ThresholdConfiguration { r#type: kind, value }),
            ..DeploymentCircuitBreaker::default()
        }
    }

    #[test]
    fn the_threshold_is_half_of_the_desired_count_clamped_to_3_and_200() {
        for (desired, expected) in [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (5_000, 200)] {
            assert_eq!(threshold(&breaker(None), desired), expected, "{desired}");
        }
    }

    #[test]
    fn the_newer_configuration_replaces_share_and_clamp() {
        assert_eq!(threshold(&breaker(Some((ThresholdType::Count, 7))), 2), 7);
        assert_eq!(threshold(&breaker(Some((ThresholdType::BoundedPercent, 10))), 100), 10);
        assert_eq!(threshold(&breaker(Some((ThresholdType::BoundedPercent, 10))), 10), 3);
        assert_eq!(threshold(&breaker(Some((ThresholdType::UnboundedPercent, 10))), 10), 1);
        assert_eq!(threshold(&breaker(Some((ThresholdType::UnboundedPercent, 50))), 1_000), 500);
    }

    #[test]
    fn a_healthy_task_resets_unless_it_is_told_not_to() {
        assert!(resets(None));
        assert!(resets(Some(&breaker(None))));
        let keeps = DeploymentCircuitBreaker { reset_on_healthy_task: Some(false), ..breaker(None) };
        assert!(!resets(Some(&keeps)));
    }
}
