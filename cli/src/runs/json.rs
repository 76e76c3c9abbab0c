//! For programs: runs as the ledger has them, without what their tasks are told.

use serde_json::{Map, Value, json};
use steward::batch::{JobName, Run};

use super::read::Found;

/// Of a task, these may hold what is nobody's business.
const HIDDEN: [&str; 2] = ["command", "environment"];

/// The latest runs of a job.
pub(super) fn runs(job: &JobName, runs: &[Run]) -> serde_json::Result<Value> {
    let runs = runs.iter().map(shown).collect::<serde_json::Result<Vec<Value>>>()?;
    Ok(json!({"job": job, "runs": runs}))
}

/// A run with its units.
pub(super) fn run(found: &Found) -> serde_json::Result<Value> {
    Ok(json!({"run": shown(&found.run)?, "units": serde_json::to_value(&found.units)?}))
}

fn shown(run: &Run) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(run)?;
    if let Some(task) = value.pointer_mut("/frozen/task").and_then(Value::as_object_mut) {
        hide(task);
    }
    Ok(value)
}

fn hide(task: &mut Map<String, Value>) {
    for key in HIDDEN {
        task.remove(key);
    }
}
