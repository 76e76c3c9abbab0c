//! The vocabulary: one stable word a cause.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::Language;
use crate::words::causes::headline;

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A retry can help.
    Transient,
    /// Only a change helps; never retried, unless a job's own `retry:` rule names the cause.
    Persistent,
    /// May pass by itself or not: at most one repeat.
    Mixed,
    /// Expected: opens no incident.
    Benign,
}

impl Kind {
    /// The kind in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Persistent => "persistent",
            Self::Mixed => "mixed",
            Self::Benign => "benign",
        }
    }
}

/// Defines the causes from one table. A word is never renamed and a code never given twice: both are stored.
macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $word:literal, $kind:ident;)+) => {
        /// Why a task stopped.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[repr(u8)]
        pub enum Cause {
            $($(#[$doc])* $variant = $code,)+
        }

        impl Cause {
            /// Every cause, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable word, as the ledger, alerts, metrics and the configuration write it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Whether trying again can help.
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// The cause's number in compact records.
            pub fn code(self) -> u8 {
                self as u8
            }
        }
    };
}

causes! {
    /// Repository, tag or digest does not exist.
    ImageNotFound = 1, "image_not_found", Persistent;
    /// The registry refused.
    ImageAccessDenied = 2, "image_access_denied", Persistent;
    /// The registry's pull limit.
    ImageRateLimited = 3, "image_rate_limited", Transient;
    /// No route to the registry, its auth endpoint, or its layers.
    ImageRegistryUnreachable = 4, "image_registry_unreachable", Mixed;
    /// Built for another CPU or operating system.
    ImagePlatformMismatch = 5, "image_platform_mismatch", Persistent;
    /// Pulled, but cannot be unpacked.
    ImageInvalid = 6, "image_invalid", Persistent;
    /// No room for layers or container storage.
    DiskFull = 7, "disk_full", Mixed;
    /// The execution role may not read a secret or parameter.
    SecretAccessDenied = 10, "secret_access_denied", Persistent;
    /// Secret, version, JSON key or parameter is missing or malformed.
    SecretNotFound = 11, "secret_not_found", Persistent;
    /// No route to Secrets Manager or SSM, or a retrieval that only says that it failed.
    SecretUnreachable = 12, "secret_unreachable", Mixed;
    /// The log driver, or its group, stream or permission.
    LogSetupFailed = 13, "log_setup_failed", Persistent;
    /// An environment file or FireLens configuration in S3.
    EnvFileUnavailable = 14, "env_file_unavailable", Persistent;
    /// EFS, FSx, EBS or a volume plugin.
    VolumeMountFailed = 15, "volume_mount_failed", Mixed;
    /// ECS cannot assume the task or execution role, or there is none where one is needed.
    RoleNotAssumable = 16, "role_not_assumable", Persistent;
    /// Entry point or command missing or not executable.
    CommandNotRunnable = 17, "command_not_runnable", Persistent;
    /// A `dependsOn` condition was not met.
    DependencyFailed = 18, "dependency_failed", Persistent;
    /// The task definition cannot run here.
    TaskConfigInvalid = 19, "task_config_invalid", Persistent;
    /// The network interface or CNI set-up.
    NetworkInterfaceFailed = 30, "network_interface_failed", Mixed;
    /// Fargate or a capacity provider has no room.
    CapacityUnavailable = 31, "capacity_unavailable", Transient;
    /// No container instance fits.
    PlacementFailed = 32, "placement_failed", Mixed;
    /// An account limit.
    QuotaExceeded = 33, "quota_exceeded", Persistent;
    /// Killed for memory.
    OutOfMemory = 40, "out_of_memory", Persistent;
    /// Exit 137 with no word of memory and no expected stop.
    Killed = 41, "killed", Mixed;
    /// Exit 139.
    Segfault = 42, "segfault", Persistent;
    /// Exit 134.
    Aborted = 43, "aborted", Persistent;
    /// Any other failing exit of an essential container.
    AppError = 44, "app_error", Persistent;
    /// An essential container of a service ended with 0.
    ExitedCleanly = 45, "exited_cleanly", Persistent;
    /// Docker, the agent or Fargate's runtime.
    ContainerRuntimeFailed = 46, "container_runtime_failed", Transient;
    /// The load balancer holds the target unhealthy.
    ElbHealthCheckFailed = 50, "elb_health_check_failed", Mixed;
    /// The container's own `healthCheck`.
    ContainerHealthCheckFailed = 51, "container_health_check_failed", Mixed;
    /// Spot capacity was taken back.
    SpotInterrupted = 60, "spot_interrupted", Transient;
    /// The container instance ended.
    HostTerminated = 61, "host_terminated", Transient;
    /// Fargate patches or retires what the task ran on.
    Maintenance = 62, "maintenance", Transient;
    /// AWS found the host impaired.
    InfrastructureImpaired = 63, "infrastructure_impaired", Transient;
    /// Scaled in, or replaced by a deployment.
    ScaledIn = 70, "scaled_in", Benign;
    /// A `StopTask` call.
    StoppedByUser = 71, "stopped_by_user", Benign;
    /// A run-to-completion task ended with 0.
    Completed = 72, "completed", Benign;
    /// A deployment waits at a pause hook: nothing failed.
    AwaitsAnswer = 80, "awaits_answer", Mixed;
    /// None of these.
    Unknown = 99, "unknown", Mixed;
}

impl Cause {
    /// The cause for its stable word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.as_str() == word)
    }

    /// The cause for its number in compact records.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.code() == code)
    }

    /// What happened, in English, for the first line of an alert.
    pub fn headline(self) -> &'static str {
        headline(self, Language::En)
    }

    /// Whether this is expected and opens no incident.
    pub fn is_benign(self) -> bool {
        self.kind() == Kind::Benign
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_and_codes_are_unique_and_lead_back() {
        let codes: BTreeSet<u8> = Cause::ALL.iter().map(|cause| cause.code()).collect();
        assert_eq!(codes.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(Cause::from_word(cause.as_str()), Some(*cause));
            assert_eq!(Cause::from_code(cause.code()), Some(*cause));
            assert_eq!(serde_json::to_string(cause).unwrap(), format!("{:?}", cause.as_str()));
        }
    }

    #[test]
    fn stored_codes_never_change() {
        let table: Vec<String> = Cause::ALL
            .iter()
            .map(|cause| format!("{:>2} {} {}", cause.code(), cause.as_str(), cause.kind().as_str()))
            .collect();
        insta::assert_snapshot!(table.join("\n"));
    }
}
