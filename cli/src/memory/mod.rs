//! `steward memory`: the smallest change of a task definition that gives a container more memory, in the form that whoever owns
//! the definition writes.

#[cfg(feature = "aws")]
mod command;
#[cfg(test)]
mod tests;
mod text;

use clap::ValueEnum;
use steward::arn::TaskDefinitionArn;
use steward::ecs::Sizes;
use steward::remediation::memory::Raise;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};

/// In which form the change is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// RFC 6902, for the task definition as it is described and registered.
    JsonPatch,
    /// A fragment of `AWS::ECS::TaskDefinition`.
    Cloudformation,
    /// A fragment of `aws_ecs_task_definition`.
    Terraform,
}

/// A change that can be made.
pub(crate) struct Change {
    pub(crate) service: String,
    pub(crate) cluster: String,
    /// What the service runs.
    pub(crate) revision: TaskDefinitionArn,
    pub(crate) sizes: Sizes,
    pub(crate) raise: Raise,
    /// How many tasks ran out of memory, as far as the ledger knows.
    pub(crate) count: Option<usize>,
}
