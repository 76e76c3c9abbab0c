//! A deployment's story.

use super::{Step, Story, Weight, What};
use crate::incident::{Deployment, DeploymentStatus, Severity};

pub(super) fn story(deployment: &Deployment) -> Story {
    use DeploymentStatus::Failed;
    let status = deployment.status();
    let back = deployment.rollback_since;
    let mut steps = vec![Step::new("started", Some(deployment.first_seen_at), Weight::Detail, What::Started)];
    // Only its end is for sure to be known: what came before it may have been missed.
    if let Some(at) = deployment.failed_at {
        steps.push(Step::new("failed", Some(at), Weight::Matters, What::Failed));
    }
    if let Some(at) = deployment.completed_at.filter(|at| back.is_none_or(|back| *at < back)) {
        steps.push(Step::new("completed", Some(at), Weight::Matters, What::Completed));
    }
    // The one that the service goes back to tells it to everybody.
    if deployment.failed_at.is_none() && back.is_none() && deployment.rolled_back_to.is_some() {
        steps.push(Step::new("left", None, Weight::Detail, What::Left));
    }
    if let Some(back) = back {
        let key = format!("back:{}", back.as_second());
        steps.push(Step::new(key, Some(back), Weight::Matters, What::RollingBack));
        if let Some(at) = deployment.completed_at.filter(|at| *at >= back) {
            let key = format!("rolled_back:{}", back.as_second());
            steps.push(Step::new(key, Some(at), Weight::Matters, What::RolledBack));
        }
    }
    steps.sort_by_key(|step| (step.what != What::Started, step.at.is_none(), step.at));
    let severity = match (status, deployment.is_rollback()) {
        (Some(Failed), _) if deployment.rolled_back_to.is_some() => Severity::Warning,
        (Some(Failed), _) => Severity::Critical,
        (_, true) => Severity::Warning,
        _ if deployment.rolled_back_to.is_some() => Severity::Warning,
        (None | Some(_), false) => Severity::Info,
    };
    Story {
        steps,
        severity,
        // What is stuck is an incident of the service, and that is told again.
        is_open: false,
        causes: deployment.failures.causes().into_iter().map(|(cause, _)| cause).collect(),
        target: Some(deployment.service.clone()),
        cluster: Some(deployment.service.cluster().clone()),
    }
}
