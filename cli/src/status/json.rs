//! For programs: one object. docs/operating.md says what the fields mean.

use serde_json::{Value, json};
use steward::batch::RunState;
use steward::ledger::Scope;
use steward::scaling::OrderState;

use super::read::Status;
use crate::open::{action_json, incident_json, target_json};

pub(super) fn of(stack: Option<&str>, status: &Status, needs: &[String]) -> Value {
    let settings = status.settings.as_ref();
    let paused = status.paused.iter().filter_map(|switch| {
        let ruling = switch.paused.as_ref()?;
        let scope = match &switch.scope {
            Scope::Global => json!("global"),
            Scope::Cluster(cluster) => json!({"cluster": cluster}),
            Scope::Target(target) => target_json(target),
        };
        Some(json!({"scope": scope, "by": ruling.by, "at": ruling.at, "why": ruling.why}))
    });
    let orders = || status.scalers.iter().filter_map(|scaler| scaler.order.as_ref());
    let is_waiting = |state: &RunState| matches!(state, RunState::Pending);
    json!({
        "type": "status",
        "stack": stack,
        "needs": needs,
        "configuration": {
            "version": settings.ok().and_then(|settings| settings.version),
            "mode": settings.ok().map(|settings| settings.configuration.policy.defaults.mode.as_str()),
            "problem": settings.err(),
        },
        "paused": paused.collect::<Vec<Value>>(),
        "incidents": status.open.incidents.iter().map(incident_json).collect::<Vec<Value>>(),
        "actions": status.open.actions.iter().map(action_json).collect::<Vec<Value>>(),
        "runs": {
            "going_on": status.runs.iter().filter(|run| !is_waiting(&run.state)).count(),
            "waiting": status.runs.iter().filter(|run| is_waiting(&run.state)).count(),
        },
        "jobs_in_trouble": status.jobs.iter().filter(|job| job.trouble.is_some()).map(|job| job.job.as_str()).collect::<Vec<_>>(),
        "scaling": {
            "services": settings.ok().map(|settings| settings.configuration.scaling.by_service.len()),
            "proposed": orders().filter(|order| order.state == OrderState::Proposed).count(),
            "in_trouble": status.scalers.iter().filter(|scaler| scaler.streak.trouble.is_some()).map(|scaler| target_json(&scaler.target)).collect::<Vec<Value>>(),
        },
        "silences": status.silences.len(),
        "channels_refusing": status.refusing.iter().map(|channel| channel.channel.as_str()).collect::<Vec<_>>(),
        "untold": status.late.len(),
        "untold_since": status.late.first().map(|due| due.at),
        "swept": {
            "remediation": status.patrolled_at(),
            "batch": status.batch_at,
            "scaling": status.scaling_at,
        },
    })
}
