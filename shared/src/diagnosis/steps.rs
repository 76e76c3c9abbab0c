//! What can be advised: the step to take, and the names that its sentence needs.
//!
//! Which step it is, [`advice`](super::advice) decides; what it says in a language stands in [`words`](crate::words).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::redact::Redacted;

/// What a person should do next. [`text`](Advice::text) says it in one sentence, or two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Advice(pub(crate) Step);

impl Advice {
    /// What helps where no cause is known: to read what is quoted.
    pub fn read_the_evidence() -> Self {
        Self(Step::ReadEvidence)
    }
}

/// How something is called, where that is known.
pub(crate) type Name = Option<Redacted>;

/// The step, by what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// A text names the action that was denied.
    Permit(Permission),
    Image(ImageStep),
    Secret(SecretStep),
    Setting(SettingStep),
    Container(ContainerStep),
    Place(PlaceStep),
    Service {
        step: ServiceStep,
        service: Name,
    },
    Look(Look),
    /// Nothing was started, and nothing starts it again.
    Start(StartStep),
    ReadEvidence,
    Nothing,
}

/// A permission that somebody lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub(crate) grant: Grant,
    pub(crate) action: Redacted,
    pub(crate) resource: Name,
    /// The task definition whose role lacks it.
    pub(crate) definition: Name,
}

/// Where a permission has to be given. All but the task role is about the execution role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grant {
    /// Nowhere, before what denies it is gone.
    LiftDeny,
    ResourcePolicy,
    KeyPolicy,
    /// The action knows no resources.
    AnyResource,
    TaskRole,
    ExecutionRole,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImageStep {
    Push { image: Name },
    PermitPull { image: Name, definition: Name },
    CheckCredentials { image: Name, definition: Name },
    AvoidLimit { image: Name },
    CheckWay,
    BuildForPlatform { image: Name, definition: Name },
    BuildAgain { image: Name },
    FreeDisk { definition: Name },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretStep {
    PermitParameters { definition: Name },
    PermitSecrets { definition: Name },
    CheckNames { definition: Name },
    CheckWay,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SettingStep {
    PermitLogGroup { definition: Name },
    PermitLogStream { definition: Name },
    CheckLogs { definition: Name },
    CheckEnvFile { definition: Name },
    CheckVolumes { definition: Name },
    TrustTasks { definition: Name },
    CheckCommand { container: Name, definition: Name },
    CheckDependency { container: Name, definition: Name },
    Correct { definition: Name },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContainerStep {
    /// `memory` is the task's, in MiB.
    RaiseMemory {
        container: Name,
        definition: Name,
        memory: Name,
    },
    FindKiller {
        container: Name,
    },
    CompareLibraries {
        container: Name,
    },
    ReadLogs {
        container: Name,
    },
    KeepInForeground {
        container: Name,
    },
    CheckTarget {
        container: Name,
    },
    TryHealthCheck {
        container: Name,
        definition: Name,
    },
    /// It was stopped on purpose, and did not heed SIGTERM.
    HeedSigterm {
        container: Name,
    },
}

/// What is about the place where a task runs, or should.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlaceStep {
    /// The container runtime failed once.
    SuspectHost,
    CheckSubnets,
    SpreadOut,
    CompareDemand {
        definition: Name,
    },
    RaiseQuota,
    /// The task's service replaces it.
    LetReplace,
    /// Nothing replaces it.
    StartAgain,
    /// Fargate retires tasks.
    PlanRetirement {
        from: Option<Timestamp>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServiceStep {
    LookAtTasks,
    TrustTasks,
    CompareDemand,
    SpreadOut,
    RaiseQuota,
    Correct,
    CheckTarget,
    ReadReason,
}

/// What says that something is wrong, and not why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Look {
    FailedDeployment { deployment: Redacted },
    StuckDeployment { deployment: Redacted },
    Hook { hook: Redacted },
    Agent { host: Redacted },
    Host { host: Redacted },
    Shortfall { service: Redacted },
    AgentOfTask { task: Redacted },
    HungTask { task: Redacted },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StartStep {
    PermitCaller {
        action: Redacted,
    },
    ElsewhereOrLater,
    /// What no container instance has left, in small letters: `cpu`, `memory`, `ports`.
    WhenThereIs {
        resource: Redacted,
    },
    WhenOneFits,
    RaiseQuota,
    Correct,
}
