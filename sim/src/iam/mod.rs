//! What IAM decides by the policies of a role: action, resource, condition.
//!
//! Policies of an identity only: no boundaries, no policies of organizations or resources. What a policy says that is not known here (an
//! element, an operator, a policy variable that the request has no value for) is an error when it is read, or matches
//! nothing; it never allows.
//!
//! | what | source |
//! |---|---|
//! | a denial outweighs what is allowed; what nobody speaks of is denied | IAM User Guide, policy evaluation logic |
//! | actions are compared without case; `*` and `?` are wildcards | the same, IAM JSON policy elements: Action |
//! | of a resource, a `*` at a segment's end reaches beyond its colon, any other does not | the same, Resource |
//! | all operators and all keys of a condition must hold, one of a key's values is enough; of a negated operator, none may match | the same, conditions with multiple keys or values |
//! | a key that the request lacks: no match, but for negated operators, `IfExists`, `Null` and `ForAllValues` | the same, condition operators |
//! | names of keys have no case; values of `StringEquals` have | the same |
//! | `ForAllValues` holds for a request without values | the same, set operators |
//! | each of an ARN's six components is compared by itself; `ArnEquals` takes wildcards as `ArnLike` does | the same, ARN condition operators |
//! | `${key}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`, from version 2012-10-17 on | the same, policy variables |

mod condition;
mod glob;
mod witness;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use condition::Condition;
use glob::{Glob, Reach};
pub use witness::{beyond, witnesses};

/// Why something is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what} is not known here")]
pub struct PolicyError {
    /// The statement's `Sid` or number, or `the policy`.
    pub at: String,
    /// What stands there.
    pub what: String,
}

/// A policy of an identity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
struct Statement {
    allows: bool,
    actions: Patterns,
    resources: Patterns,
    conditions: Vec<Condition>,
}

/// `Action` or `Resource`, or all but what `NotAction` or `NotResource` names.
#[derive(Debug, Clone, PartialEq)]
struct Patterns {
    these: Vec<Glob>,
    is_not: bool,
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// `ecs:StopTask`.
    pub action: String,
    /// An ARN, or `*` where the call names nothing.
    pub resource: String,
    /// Values of condition keys; names of keys in lower case. See [`Request::with`].
    context: BTreeMap<String, Vec<String>>,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Somebody allows it, and nobody denies it.
    Allowed,
    /// Nobody speaks of it.
    ImplicitDeny,
    /// Somebody denies it.
    ExplicitDeny,
}

impl Request {
    /// Without any condition key.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: BTreeMap::new() }
    }

    /// With values of a condition key.
    #[must_use]
    pub fn with<T: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.context.insert(key.to_lowercase(), values.into_iter().map(Into::into).collect());
        self
    }

    /// Nothing where it has no such key.
    fn values(&self, key: &str) -> Option<&[String]> {
        self.context.get(&key.to_lowercase()).map(Vec::as_slice)
    }
}

impl Policy {
    /// Reads a policy document.
    pub fn read(document: &Value) -> Result<Self, PolicyError> {
        let refuse = |what: &str| PolicyError { at: "the policy".to_owned(), what: what.to_owned() };
        let members = document.as_object().ok_or_else(|| refuse("what is no object"))?;
        if let Some(name) =
            members.keys().find(|name| !["Version", "Id", "Statement"].contains(&name.as_str()))
        {
            return Err(refuse(name));
        }
        if members.get("Version").and_then(Value::as_str) != Some("2012-10-17") {
            return Err(refuse("a version that is not 2012-10-17"));
        }
        let statements = members.get("Statement").ok_or_else(|| refuse("a policy without statements"))?;
        let statements = statements.as_array().map_or(std::slice::from_ref(statements), Vec::as_slice);
        let statements = statements.iter().enumerate().map(|(index, one)| Statement::read(index, one));
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }

    /// This policy and another: a role has several.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.statements.extend(other.statements);
        self
    }

    /// What is decided about a request.
    pub fn decide(&self, request: &Request) -> Decision {
        let mut speaking = self.statements.iter().filter(|statement| statement.speaks_of(request)).peekable();
        if speaking.peek().is_none() {
            Decision::ImplicitDeny
        } else if speaking.all(|statement| statement.allows) {
            Decision::Allowed
        } else {
            Decision::ExplicitDeny
        }
    }

    /// Whether a request is allowed.
    pub fn allows(&self, request: &Request) -> bool {
        self.decide(request) == Decision::Allowed
    }
}

impl Statement {
    fn read(index: usize, statement: &Value) -> Result<Self, PolicyError> {
        let at = statement.get("Sid").and_then(Value::as_str);
        let at = at.map_or_else(|| format!("statement {index}"), |sid| format!("statement {sid}"));
        let refuse = |what: String| PolicyError { at: at.clone(), what };
        let members = statement.as_object().ok_or_else(|| refuse(statement.to_string()))?;
        let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(refuse(name.clone()));
        }
        let allows = match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(refuse("an effect that is neither Allow nor Deny".to_owned())),
        };
        let patterns = |name: &str, reach| {
            Patterns::read(members, name, reach).ok_or_else(|| refuse(format!("{name} in this form")))
        };
        let conditions = match members.get("Condition") {
            None => Vec::new(),
            Some(conditions) => condition::read(conditions).map_err(refuse)?,
        };
        Ok(Self {
            allows,
            actions: patterns("Action", Reach::Everything)?,
            resources: patterns("Resource", Reach::Segments)?,
            conditions,
        })
    }

    fn speaks_of(&self, request: &Request) -> bool {
        self.actions.matches(&request.action.to_lowercase(), request)
            && self.resources.matches(&request.resource, request)
            && self.conditions.iter().all(|condition| condition.holds(request))
    }
}

/// A text or a list of texts, of which there is at least one.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    (!values.is_empty()).then(|| values.iter().map(Value::as_str).collect())?
}

impl Patterns {
    fn read(members: &Map<String, Value>, name: &str, reach: Reach) -> Option<Self> {
        let (these, is_not) = match (members.get(name), members.get(&format!("Not{name}"))) {
            (Some(these), None) => (these, false),
            (None, Some(those)) => (those, true),
            _ => return None,
        };
        let of_action = |text: &str| if name == "Action" { text.to_lowercase() } else { text.to_owned() };
        let these = texts(these)?.into_iter().map(|text| Glob::read(&of_action(text), reach));
        Some(Self { these: these.collect::<Option<_>>()?, is_not })
    }

    fn matches(&self, text: &str, request: &Request) -> bool {
        self.these.iter().any(|glob| glob.matches(text, request)) != self.is_not
    }
}

#[cfg(test)]
mod tests;
