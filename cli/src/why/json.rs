//! For programs: one object. docs/operating.md says what the fields mean.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use steward::incident::{Failure, Incident};
use steward::words::{Language, deeds};

use super::read::{Act, Trace};
use crate::open::{action_json, incident_id, incident_json, target_json};
use crate::status::Settings;

pub(super) fn of(trace: &Trace, settings: &Result<Settings, String>) -> serde_json::Result<Value> {
    let acts = trace.acts.iter().map(act).collect::<serde_json::Result<Vec<Value>>>()?;
    let failures = trace.incident.iter().flat_map(|incident| incident.failures.samples());
    let deeds = trace.incident.iter().flat_map(|incident: &Incident| &incident.deeds);
    let policy = settings.as_ref().ok().map(|settings| {
        let enrolled = settings.configuration.policy.for_target(&trace.target, &BTreeMap::new());
        json!({
            "version_now": settings.version,
            "entry": enrolled.entry,
            "mode": enrolled.mode.as_str(),
            "is_enrolled": enrolled.is_enrolled,
        })
    });
    let told: BTreeMap<&str, Value> = trace
        .told
        .iter()
        .flat_map(|thread| &thread.told)
        .filter_map(|(channel, told)| Some((channel.as_str(), json!(told.at?))))
        .collect();
    Ok(json!({
        "type": "trace",
        "id": incident_id(&trace.target, trace.opened_at),
        "target": target_json(&trace.target),
        "incident": trace.incident.as_ref().map(incident_json),
        "latest_failures": failures.map(failure).collect::<Vec<Value>>(),
        "deeds": deeds.map(|deed| deeds::deed(deed, Language::En)).collect::<Vec<String>>(),
        "policy": policy,
        "policy_problem": settings.as_ref().err(),
        "only": trace.only,
        "actions": acts,
        "told": told,
    }))
}

fn failure(failure: &Failure) -> Value {
    let diagnosis = &failure.diagnosis;
    let evidence = diagnosis.evidence.iter().map(|it| json!({"source": it.source, "text": it.text}));
    json!({
        "at": failure.at,
        "cause": diagnosis.cause.as_str(),
        "task": failure.task,
        "task_definition": failure.task_definition,
        "deployment": failure.deployment,
        "availability_zone": failure.availability_zone,
        "container": diagnosis.container,
        "exit_code": diagnosis.exit_code,
        "evidence": evidence.collect::<Vec<Value>>(),
        "advice": diagnosis.advice.to_string(),
    })
}

fn act(act: &Act) -> serde_json::Result<Value> {
    Ok(match act {
        Act::Kept(action) => {
            let mut value = action_json(action);
            let more = json!({
                "request": serde_json::to_value(&action.plan.call)?,
                "precondition": serde_json::to_value(&action.plan.precondition)?,
                "claims": action.claims,
                "is_kept": true,
            });
            if let (Some(all), Value::Object(more)) = (value.as_object_mut(), more) {
                all.extend(more);
            }
            value
        }
        Act::Noted(note) => json!({
            "type": "action",
            "id": note.id,
            "remedy": note.remedy.as_str(),
            "call": note.call,
            "because": note.because.to_string(),
            "state": note.state.as_str(),
            "is_kept": false,
        }),
    })
}
