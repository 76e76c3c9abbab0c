//! The raised task definition, as RegisterTaskDefinition takes it.
//!
//! Everything that ECS answered goes along, known to this version or not: a revision that lost a member would be another
//! program.

use serde_json::{Value, json};

use super::{Raise, Step};
use crate::action::ActionId;
use crate::ecs::Definition;

/// The tag by which an action finds the revision that it registered. Its value is the action's id.
pub const ACTION_TAG: &str = "steward:action";

/// What DescribeTaskDefinition answers of a revision and RegisterTaskDefinition does not take
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html>).
const READ_ONLY: [&str; 8] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
];

/// Tags that AWS itself sets: nobody else may (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html>).
const RESERVED: &str = "aws:";

/// Why a task definition cannot be raised so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no object, or has no container of that name.
    #[error("the task definition has no such container")]
    NoContainer,
    /// It is not what it was when this was decided.
    #[error("the task definition has other sizes than were read before")]
    OtherSizes,
}

/// The whole input of RegisterTaskDefinition: the definition with more memory, its own tags, and the action's.
///
/// # Errors
///
/// Where the definition is not the one that the raise was made for.
pub fn registration(definition: &Definition, raise: &Raise, id: &ActionId) -> Result<Value, Unfit> {
    let mut input = definition.reveal().clone();
    apply(&mut input, raise)?;
    let members = input.as_object_mut().ok_or(Unfit::NoContainer)?;
    members.retain(|name, value| !READ_ONLY.contains(&name.as_str()) && !value.is_null());
    let own = definition.tags().as_array().map(Vec::as_slice).unwrap_or_default();
    let is_kept = |tag: &&Value| {
        let key = tag.get("key").and_then(Value::as_str).unwrap_or_default();
        key != ACTION_TAG && !key.starts_with(RESERVED)
    };
    let mut tags: Vec<Value> = own.iter().filter(is_kept).cloned().collect();
    tags.push(json!({ "key": ACTION_TAG, "value": id.as_str() }));
    members.insert("tags".to_owned(), Value::Array(tags));
    Ok(input)
}

/// Puts a raise into a task definition.
pub(super) fn apply(definition: &mut Value, raise: &Raise) -> Result<(), Unfit> {
    let containers = definition.get_mut("containerDefinitions").and_then(Value::as_array_mut);
    let containers = containers.ok_or(Unfit::NoContainer)?;
    let is_it = |container: &&mut Value| {
        container.get("name").and_then(Value::as_str) == Some(raise.container.as_str())
    };
    let container = containers.iter_mut().find(is_it).ok_or(Unfit::NoContainer)?;
    if let Some(Step { from, to }) = raise.limit {
        let limit = container.get_mut("memory").filter(|limit| limit.as_u64() == Some(from.into()));
        *limit.ok_or(Unfit::OtherSizes)? = to.into();
    }
    for (member, step) in [("memory", raise.task_memory), ("cpu", raise.task_cpu)] {
        let Some(Step { from, to }) = step else { continue };
        let is_from = |size: &&mut Value| size.as_str().and_then(|text| text.parse().ok()) == Some(from);
        let size = definition.get_mut(member).filter(is_from);
        *size.ok_or(Unfit::OtherSizes)? = to.to_string().into();
    }
    Ok(())
}
