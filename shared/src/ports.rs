//! What the handlers ask of the outside, one small trait a capability.
//!
//! Each trait is as wide as the IAM statement of the function that holds it, and declares beside its methods which
//! actions they need, and on what. A handler is generic over its ports, so the same code runs in Lambda, in the demo and in
//! a simulation that can stop it at every call.

mod audit;
mod browse;
mod channel;
mod dead_letters;
mod ecs;
mod evidence;
mod hosts;
mod installation;
mod nowhere;
mod scaling;
mod tasks;
mod throttling;

use jiff::{SignedDuration, Timestamp};

pub use audit::{AuditEcs, Ruled, SimulateRoles};
pub use browse::{Browse, Leaf};
pub use channel::{Channel, Form, How, Letter, SendError, Trouble};
pub use dead_letters::{DeadLetter, DeadLetters, Move, MoveStatus};
pub use ecs::{ChangeEcs, Changed, DescribeEcs, EcsError, Find, MAX_LATER_REVISIONS, Meaning, Owners, Page};
pub use evidence::{Evidence, EvidenceError, LogSource};
pub use hosts::Hosts;
pub use installation::{
    AlarmState, Figure, FunctionState, Installation, QueueState, StackResource, StackState, Subscription,
    TableState, Trigger,
};
pub use nowhere::Nowhere;
pub use scaling::{
    AutoScaling, MAX_OWNED, MAX_QUEUES, MAX_SERVICES, ReadQueues, ScaleServices, ScaledService, Wait,
};
pub use tasks::{
    ContainerDefinition, ContainerOverride, Definition, RunTasks, StartFailure, Started, TaskRequest,
};
pub use throttling::is_throttling_by_text;

use crate::ledger::{Due, Key, LedgerError, Owner, Stored, Transaction};
use crate::notification::Subject;

/// What a method of a port needs of IAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The method.
    pub method: &'static str,
    /// The IAM actions, as IAM spells them.
    pub actions: &'static [&'static str],
    /// On what.
    pub on: Resource,
}

/// What an action is allowed on; the template knows the ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// The ledger's table, by leading keys.
    Table,
    /// The ledger's index `due`, by leading keys.
    DueIndex,
    /// The `tell` queue.
    TellQueue,
    /// The topic.
    Topic,
    /// The parameters of the configuration: what lies on its path and below it.
    Configuration,
    /// The parameters that hold Slack's webhooks and tokens.
    SlackSecrets,
    /// The log groups that tasks write to.
    TaskLogs,
    /// Services of the clusters that are looked after.
    Services,
    /// Their service deployments, and the services themselves: IAM asks for both.
    ServiceDeployments,
    /// Their service revisions, and the services themselves: IAM asks for both.
    ServiceRevisions,
    /// What these clusters hold, where IAM knows no resource and scopes by the condition `ecs:cluster` alone.
    InClusters,
    /// Tasks of these clusters.
    Tasks,
    /// Task definitions of this account and region.
    TaskDefinitions,
    /// The roles that tasks which Steward starts may have.
    TaskRoles,
    /// CloudFormation stacks of this account and region.
    Stacks,
    /// The queues by which services are scaled.
    ScaledQueues,
    /// The stack's dead-letter queues, and those that their messages go back to.
    DeadLetterQueues,
    /// Container instances of the clusters that are looked after.
    ContainerInstances,
    /// These clusters themselves.
    Clusters,
    /// Capacity providers of this account and region.
    CapacityProviders,
    /// What IAM cannot scope.
    Everything,
}

/// What a function's role allows: what its ports need, on the items that are its business. The template says the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What its ports need.
    pub needs: Vec<Access>,
    /// Whose items it reads.
    pub reads: &'static [Owner],
    /// Whose items it writes.
    pub writes: &'static [Owner],
    /// Whose due items it asks for.
    pub due: Owner,
}

/// Tells the time.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The one memory.
pub trait Ledger {
    /// What the methods need. A transaction is authorised write by write.
    const ACCESS: &'static [Access] = &[
        Access {
            method: "read",
            actions: &["dynamodb:GetItem", "dynamodb:BatchGetItem"],
            on: Resource::Table,
        },
        Access { method: "commit", actions: &["dynamodb:PutItem"], on: Resource::Table },
        Access { method: "due", actions: &["dynamodb:Query"], on: Resource::DueIndex },
    ];

    /// Reads items, each as it is now (strongly consistent); what is not there is `None`. The answers are in the order
    /// of the keys.
    ///
    /// # Errors
    ///
    /// Where the ledger does not answer, or an item is newer than this version.
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError>;

    /// Carries out all writes or none. Writes that stand there already, exactly so and in the version that they would
    /// make, count as carried out: an earlier try whose answer was lost has written them.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Conflict`] where an item is not as a write expects it: read again, and decide again.
    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError>;

    /// An owner's items that are due at `now`, the longest due first, from behind `after` on. The index behind it lags:
    /// what it names is read again before anything is done.
    ///
    /// # Errors
    ///
    /// Where the ledger does not answer.
    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError>;
}

/// Wakes the notifications function.
pub trait Tell {
    /// What the methods need.
    const ACCESS: &'static [Access] =
        &[Access { method: "nudge", actions: &["sqs:SendMessage"], on: Resource::TellQueue }];

    /// Asks that `subject` be told after a while, in which more news may gather. At most 15 minutes.
    ///
    /// # Errors
    ///
    /// Where the queue does not take it. Nothing is lost: the news is due in the ledger, and a sweep finds it.
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError>;
}

/// Keeps a message of the `tell` queue back for a while.
pub trait Postpone {
    /// What the methods need.
    const ACCESS: &'static [Access] =
        &[Access { method: "postpone", actions: &["sqs:ChangeMessageVisibility"], on: Resource::TellQueue }];

    /// Lets the message come again after `pause` instead of after the queue's visibility timeout. At most 12 hours.
    ///
    /// # Errors
    ///
    /// Where the queue does not take it: the message then comes again after its visibility timeout.
    async fn postpone(&self, receipt: &str, pause: SignedDuration) -> Result<(), NudgeError>;
}

/// What the `tell` queue did not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} on the tell queue for {subject}: {problem}")]
pub struct NudgeError {
    /// The operation of the API.
    pub operation: &'static str,
    /// What was to be told.
    pub subject: String,
    /// What the queue said.
    pub problem: String,
}

/// Reads parameters.
pub trait Parameters {
    /// What the methods need, of a function that reads its configuration. A channel that keeps a secret in a parameter
    /// declares that parameter itself.
    const ACCESS: &'static [Access] =
        &[Access { method: "get", actions: &["ssm:GetParameters"], on: Resource::Configuration }];

    /// The values of parameters as they are now, in the order of the names; what does not exist is `None`.
    ///
    /// # Errors
    ///
    /// Where Parameter Store does not answer, or refuses.
    async fn get(&self, names: &[String]) -> Result<Vec<Option<String>>, ParameterError>;
}

/// Writes parameters, too: only the command line does. IAM: `ssm:PutParameter`, `DeleteParameters`,
/// `GetParametersByPath`.
pub trait ParameterStore: Parameters {
    /// Writes one parameter of type `String`.
    ///
    /// # Errors
    ///
    /// [`ParameterError::Exists`] where there is one already that must not be overwritten; where Parameter Store does
    /// not answer, or refuses.
    async fn put(&self, name: &str, value: &str, overwrite: Overwrite) -> Result<(), ParameterError>;

    /// Deletes parameters; what does not exist is no error.
    ///
    /// # Errors
    ///
    /// Where Parameter Store does not answer, or refuses: some may be deleted, and some not.
    async fn delete(&self, names: &[String]) -> Result<(), ParameterError>;

    /// The names of all parameters below a path, at any depth, sorted.
    ///
    /// # Errors
    ///
    /// Where Parameter Store does not answer, or refuses.
    async fn list(&self, path: &str) -> Result<Vec<String>, ParameterError>;
}

/// Whether a parameter that exists may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// Only one of two who write at once succeeds.
    No,
    /// The last one wins.
    Yes,
}

/// A parameter that could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// There is one already, and it must not be overwritten.
    #[error("PutParameter {name}: it exists already")]
    Exists {
        /// Its name.
        name: String,
    },
    /// Parameter Store did not answer, or refused.
    #[error("{operation} {name}: {problem}")]
    Failed {
        /// Such as `GetParameters`.
        operation: &'static str,
        /// The parameter, the first of several, or the path.
        name: String,
        /// What Parameter Store, or the way to it, said.
        problem: String,
        /// Whether trying again can help.
        retryable: bool,
    },
}

impl ParameterError {
    /// Whether trying again can help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Exists { .. } => false,
            Self::Failed { retryable, .. } => *retryable,
        }
    }
}
