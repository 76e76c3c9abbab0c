//! What the containers of a revision do, and the texts that ECS, its agent and registries write about it (FACTS §5).

use std::time::Duration;

/// What ECS says of a role that it cannot assume.
const ROLE: &str = "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/execution' that was provided for \
     this task. Please verify that the role being passed has the proper trust relationship and permissions and that your \
     IAM user has permissions to pass this role.";

/// What the tasks of a revision do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Beyond the usual time until health checks pass.
    pub slow_by: Duration,
    /// How it goes on and ends.
    pub fate: Fate,
    /// Containers ignore SIGTERM and are killed after `stopTimeout`: exit code 137.
    pub ignores_sigterm: bool,
}

/// How a task goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Serves for ever, healthy.
    Serves,
    /// The image cannot be pulled.
    CannotPull(PullFailure),
    /// A secret cannot be read.
    CannotReadSecret(SecretFailure),
    /// ECS cannot assume the task's role: no task is made at all.
    CannotAssumeRole,
    /// Cannot start for another reason: the text, in the words of ECS or of its agent.
    CannotStart(String),
    /// The essential container exits before the task is RUNNING.
    CrashesAtBoot {
        /// Its exit code.
        exit_code: i64,
    },
    /// Reaches RUNNING, and the essential container exits later. With 0 it runs to completion.
    Exits {
        /// After RUNNING.
        after: Duration,
        /// Its exit code.
        exit_code: i64,
    },
    /// Killed for memory: exit code 137, and the reason says so.
    OutOfMemory {
        /// After RUNNING.
        after: Duration,
    },
    /// The container's own health check fails.
    FailsContainerHealth {
        /// After RUNNING; zero for a check that never passes.
        after: Duration,
    },
    /// The load balancer's health check fails.
    FailsElbHealth {
        /// After RUNNING; zero for a check that never passes.
        after: Duration,
    },
    /// The container's health check fails, and ECS leaves the task alone.
    Hangs {
        /// After RUNNING.
        after: Duration,
    },
    /// Never gets further than PROVISIONING; on a container instance, PENDING.
    StaysProvisioning,
    /// Never gets further than PENDING.
    StaysPending,
    /// What it runs on is lost: it ends at once, and nobody knows how its containers ended.
    HostLost {
        /// After RUNNING.
        after: Duration,
        /// Its containers are still shown, without exit codes; otherwise it is shown without containers.
        keeps_containers: bool,
    },
    /// Reaches RUNNING, and the essential container exits later: each task has a time of its own.
    ExitsBetween {
        /// After RUNNING, at least.
        least: Duration,
        /// At most.
        most: Duration,
        /// Its exit code.
        exit_code: i64,
    },
    /// Killed for memory unless it has enough.
    NeedsMemory {
        /// So many MiB are enough, of the smaller of the task's memory and the container's hard limit.
        mib: u32,
        /// Killed so long after RUNNING.
        after: Duration,
        /// How it goes with enough.
        otherwise: Box<Fate>,
    },
    /// Each task has one of these, drawn by their weights. `CannotAssumeRole` is no fate of a single task: here it serves.
    Mixed(Vec<(u32, Fate)>),
}

/// Why an image cannot be pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullFailure {
    /// 404: no such tag.
    NotFound,
    /// 403: the execution role may not.
    Denied,
    /// 429: the registry's pull limit.
    RateLimited,
    /// No route to the registry.
    TimedOut,
}

/// Why a secret cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretFailure {
    /// It was deleted.
    NotFound,
    /// The execution role may not.
    Denied,
    /// No route to Secrets Manager.
    Unreachable,
}

impl Behaviour {
    /// Starts as usual, heeds SIGTERM, and goes as `fate` says.
    pub fn new(fate: Fate) -> Self {
        Self { slow_by: Duration::ZERO, fate, ignores_sigterm: false }
    }

    /// Serves for ever.
    pub fn serves() -> Self {
        Self::new(Fate::Serves)
    }

    /// Serves, once health checks pass so much later than usual.
    pub fn starts_slowly(by: Duration) -> Self {
        Self { slow_by: by, ..Self::serves() }
    }

    /// Why ECS makes no task at all.
    pub(super) fn launch_failure(&self) -> Option<&'static str> {
        matches!(self.fate, Fate::CannotAssumeRole).then_some(ROLE)
    }

    /// Why a task that goes so cannot start, in the words of Fargate; `None` where it can.
    pub(super) fn start_failure(&self, image: &str) -> Option<String> {
        match &self.fate {
            Fate::CannotPull(failure) => Some(failure.text(image)),
            Fate::CannotReadSecret(failure) => Some(failure.text()),
            Fate::CannotStart(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether health checks pass at first.
    pub(super) fn passes_first_check(&self) -> bool {
        match self.fate {
            Fate::FailsContainerHealth { after } | Fate::FailsElbHealth { after } => !after.is_zero(),
            _ => true,
        }
    }

    /// Whether a failure to start shows before images are pulled.
    pub(super) fn fails_before_pull(&self) -> bool {
        matches!(self.fate, Fate::CannotReadSecret(_) | Fate::CannotStart(_))
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::serves()
    }
}

impl PullFailure {
    fn text(self, image: &str) -> String {
        let host = image.split('/').next().unwrap_or(image);
        let what = match self {
            Self::NotFound => format!("failed to resolve ref {image}: {image}: not found"),
            Self::Denied => format!(
                "failed to resolve ref {image}: pulling from host {host} failed with status code [manifests]: 403 Forbidden"
            ),
            Self::RateLimited => format!(
                "failed to copy: httpReadSeeker: failed open: unexpected status code {image}: 429 Too Many Requests - \
                 Server message: toomanyrequests: You have reached your pull rate limit."
            ),
            Self::TimedOut => format!(
                "failed to resolve ref {image}: failed to do request: Head \"https://{host}/v2/\": dial tcp 10.40.7.9:443: i/o timeout"
            ),
        };
        format!("CannotPullContainerError: pull image manifest has been retried 5 time(s): {what}")
    }
}

impl SecretFailure {
    fn text(self) -> String {
        let what = match self {
            Self::NotFound => {
                "ResourceNotFoundException: Secrets Manager can't find the specified secret.".to_owned()
            }
            Self::Denied => "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/execution/0 is not \
                 authorized to perform: secretsmanager:GetSecretValue on resource: \
                 arn:aws:secretsmanager:eu-central-1:123456789012:secret:app because no identity-based policy allows \
                 the secretsmanager:GetSecretValue action"
                .to_owned(),
            Self::Unreachable => "RequestCanceled: request context canceled caused by: context deadline exceeded. \
                 Please check your task network configuration."
                .to_owned(),
        };
        format!(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret app \
             from secrets manager: {what}"
        )
    }
}
