//! The domain's ports to ECS, answered by the model in process: the same throttles, checks and refusals as over HTTP.
//!
//! Plain functions, each one call at one moment of the model's time. Whoever offers the ports wraps them: how long a call
//! takes, and what may go wrong on the way, is theirs.

mod change;
mod read;

use steward::ports::{EcsError, Meaning};

use super::error::ApiError;

pub use change::change;
pub(crate) use read::of_service;
pub use read::{
    clusters, find_tasks, service, service_deployment, service_revision, services, task_definition, tasks,
};

/// `failures[].reason` of what ECS knows nothing of.
const MISSING: &str = "MISSING";

/// What a refusal means for whoever called.
fn failed(operation: &'static str, target: &str, error: &ApiError) -> EcsError {
    let meaning = match error.code {
        "ThrottlingException" => Meaning::Throttled,
        "ConflictException" => Meaning::Overtaken,
        _ if error.status >= 500 => Meaning::Unknown,
        _ => Meaning::Refused,
    };
    EcsError { operation, target: target.to_owned(), problem: error.to_string(), meaning }
}
