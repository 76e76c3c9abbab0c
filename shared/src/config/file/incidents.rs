//! `incidents`: when incidents open and end.

use serde::{Deserialize, Serialize};

use super::fault::{Check, DAY, HOUR, MINUTE};
use crate::config::{Duration, Policy};

/// When incidents open and end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Incidents {
    /// An incident of a service or of standalone tasks without a new failure for so long is over, where ECS does not say
    /// so itself. Default `30m`, from `28m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Duration>,
    /// The same for a container instance. Default `7d`, from `1h` to `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_quiet: Option<Duration>,
    /// A container instance whose agent is away for so long has failed. Default `10m`, from `1m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_away: Option<Duration>,
    /// What is over is remembered for so long. Default `35d`, from `35d` to `400d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_closed: Option<Duration>,
}

impl Incidents {
    pub(super) fn of(policy: &Policy) -> Self {
        let duration = |duration| Some(Duration::new(duration));
        Self {
            quiet: duration(policy.quiet),
            host_quiet: duration(policy.host_quiet),
            agent_away: duration(policy.agent_away),
            keep_closed: duration(policy.keep_closed),
        }
    }

    pub(super) fn check(&self, policy: &mut Policy, mut check: Check<'_>) {
        check.duration(
            "quiet",
            self.quiet,
            28 * MINUTE..=DAY,
            "ECS waits up to 27 minutes between two launches of a failing task, and says within 6 hours when a service is \
             steady",
            &mut policy.quiet,
        );
        check.duration(
            "host_quiet",
            self.host_quiet,
            HOUR..=30 * DAY,
            "ECS says itself when a container instance is well; this is for an event that was lost",
            &mut policy.host_quiet,
        );
        check.duration(
            "agent_away",
            self.agent_away,
            MINUTE..=DAY,
            "Steward looks once a minute, and agents reconnect several times an hour",
            &mut policy.agent_away,
        );
        check.duration(
            "keep_closed",
            self.keep_closed,
            35 * DAY..=400 * DAY,
            "events may come late or be replayed, and a month must be there to be looked back on",
            &mut policy.keep_closed,
        );
    }
}
