//! The domain's ports to ECS, answered by the model in process: the same throttles, checks and refusals as over HTTP.
//!
//! Plain functions, each one call at one moment of the model's time. Whoever offers the ports wraps them: how long a call
//! takes, and what may go wrong on the way, is theirs.

mod change;
mod hosts;
mod read;
mod scale;
mod tasks;

use steward::arn::TaskArn;
use steward::ports::{EcsError, Meaning, is_throttling_by_text};

use super::error::ApiError;

pub use change::change;
pub use hosts::{capacity_provider, container_instance, draining, find_host, status_check, tasks_on};
pub(crate) use read::of_service;
pub use read::{
    clusters, find_tasks, registered, service, service_deployment, service_revision, services,
    task_definition, tasks,
};
pub use scale::{protected, scale, scaled_services};
pub use tasks::{find_job_tasks, job_definition, job_tasks, run_tasks, stop_task};

/// `failures[].reason` of what ECS knows nothing of.
const MISSING: &str = "MISSING";

/// What a refusal means for whoever called.
fn failed(operation: &'static str, target: &str, error: &ApiError) -> EcsError {
    let meaning = match error.code {
        "ThrottlingException" => Meaning::Throttled,
        "ConflictException" => Meaning::Overtaken,
        _ if error.status >= 500 => Meaning::Unknown,
        code if is_throttling_by_text(code, error.status, &error.message) => Meaning::Throttled,
        _ => Meaning::Refused,
    };
    EcsError { operation, target: target.to_owned(), problem: error.to_string(), meaning }
}

/// What a refusal of RunTask means: a token that was used names the tasks that it made. Where it names none, nobody can say
/// what was made.
fn not_run(target: &str, error: &ApiError) -> EcsError {
    const OPERATION: &str = "RunTask";
    if error.code != "ConflictException" {
        return failed(OPERATION, target, error);
    }
    let tasks: Vec<TaskArn> = error.resource_ids.iter().map(TaskArn::new).collect();
    let meaning = if tasks.is_empty() { Meaning::Unknown } else { Meaning::Conflict { tasks } };
    EcsError { operation: OPERATION, target: target.to_owned(), problem: error.to_string(), meaning }
}
