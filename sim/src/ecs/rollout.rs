//! Deployments of a service: how they begin, succeed, fail and go back.
//!
//! * A deployment is `IN_PROGRESS` until the desired count runs, healthy, and nothing older does; with alarms it bakes on.
//! * FAILED is said only by the circuit breaker or an alarm (FACTS §4). With rollback the last deployment that completed
//!   becomes PRIMARY again under its own id, with its whole service revision; no new revision is made (FACTS §10).
//! * One service deployment spans a change and its way back; a newer change stops it.

use std::sync::Arc;

use super::api::{DeploymentRolloutState, ServiceDeploymentStatus};
use super::breaker;
use super::service::{
    Deployment, Message, RevisionCount, Rollback, Service, ServiceDeployment, ServiceRevision, Shape,
    is_final,
};
use super::state::{ServiceId, State};
use super::task::Status;
use super::world::Ecs;
use crate::random::later;

/// What ends a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Breaker,
    Alarm(Vec<String>),
}

impl Ecs {
    /// A new service revision is to be deployed.
    pub(super) fn begin_deployment(&mut self, id: ServiceId, shape: Shape) {
        let now = self.now;
        let (number, revision_number) = (self.digits(), self.digits());
        let history_id = self.random.hex(20);
        let Some(service) = self.state.service(id) else { return };
        let revision = self.names.service_revision(&service.cluster, &service.name, revision_number);
        let arn = self.names.service_deployment(&service.cluster, &service.name, &history_id);
        let sources = sources(&self.state, service);
        let shape = Arc::new(shape);
        self.demote_primary(id);
        self.supersede(id);
        let Some(service) = self.state.service_mut(id) else { return };
        service.shape = Arc::clone(&shape);
        service.revisions.push(Arc::new(ServiceRevision {
            arn: revision.clone(),
            shape: Arc::clone(&shape),
            created: now,
        }));
        service.history.push(Arc::new(ServiceDeployment {
            arn: arn.clone(),
            sources,
            target: revision.clone(),
            progress: ServiceDeploymentStatus::Pending,
            reason: None,
            created: now,
            started: None,
            stopped: None,
            finished: None,
            updated: now,
            rollback: None,
            failures: 0,
            triggered_alarms: Vec::new(),
            configuration: service.configuration.clone(),
            hooks: Vec::new(),
        }));
        service.forget_history(now);
        let deployment_id = format!("ecs-svc/{number}");
        let deployment = Deployment {
            reason: format!("ECS deployment {deployment_id} in progress."),
            id: deployment_id,
            is_primary: true,
            shape,
            revision,
            brought_by: arn,
            desired: service.desired,
            rollout: DeploymentRolloutState::InProgress,
            created: now,
            updated: now,
            failed_tasks: 0,
            start_failures: 0,
            holds_until: None,
            is_announced: false,
            is_rollback: false,
            bakes_since: None,
        };
        service.deployments.insert(0, deployment);
        service.is_steady = false;
        service.holds_until = None;
        service.placement_failures = 0;
        service.impaired_told = None;
        self.poke(id);
    }

    /// The primary gives way; what of it serves is kept up until it is replaced.
    fn demote_primary(&mut self, id: ServiceId) {
        let Some(primary) = self.state.service(id).and_then(Service::primary) else { return };
        let by = primary.id.as_str();
        let healthy = self
            .state
            .tasks_of(id)
            .filter(|task| task.started_by.as_deref() == Some(by) && task.is_healthy())
            .count();
        if let Some(primary) = self.state.service_mut(id).and_then(Service::primary_mut) {
            primary.is_primary = false;
            primary.desired = u32::try_from(healthy).unwrap_or(u32::MAX);
            primary.bakes_since = None;
        }
    }

    /// A newer change ends the service deployment that is under way.
    fn supersede(&mut self, id: ServiceId) {
        let now = self.now;
        let Some(service) = self.state.service_mut(id) else { return };
        let Some(current) = service.current().map(|current| current.arn.clone()) else { return };
        if let Some(current) = service.service_deployment_mut(&current) {
            super::hooks::leave(current);
            current.progress = ServiceDeploymentStatus::Stopped;
            current.reason = Some("A newer deployment of the service was started.".into());
            current.stopped = Some(now);
            current.finished = Some(now);
            current.updated = now;
        }
    }

    /// At the scheduler's turn: what was asked for is begun, and what has failed is ended.
    pub(super) fn judge_deployment(&mut self, id: ServiceId) {
        self.announce(id);
        self.meet_hooks(id);
        let requested = self
            .state
            .service(id)
            .and_then(Service::current)
            .is_some_and(|current| current.progress == ServiceDeploymentStatus::RollbackRequested);
        if requested {
            let at_hook =
                self.state.service(id).and_then(Service::current).is_some_and(|one| !one.hooks.is_empty());
            let why = if at_hook {
                "Service deployment rolled back at a lifecycle hook."
            } else {
                "Service deployment rolled back because of a StopServiceDeployment call."
            };
            self.roll_back(id, why, None);
            return;
        }
        let verdict = self.state.service(id).and_then(|service| verdict(&self.state, service));
        if let Some(verdict) = verdict {
            self.fail_deployment(id, &verdict);
        }
    }

    fn announce(&mut self, id: ServiceId) {
        let now = self.now;
        let Some(service) = self.state.service_mut(id) else { return };
        let Some(primary) = service.primary_mut().filter(|primary| !primary.is_announced) else { return };
        primary.is_announced = true;
        let (arn, deployment, reason) =
            (primary.brought_by.clone(), primary.id.clone(), primary.reason.clone());
        if let Some(current) = service.service_deployment_mut(&arn) {
            current.started.get_or_insert(now);
            current.updated = now;
            if current.progress == ServiceDeploymentStatus::Pending {
                current.progress = ServiceDeploymentStatus::InProgress;
            }
        }
        self.emit_deployment(id, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", &deployment, &reason);
    }

    fn fail_deployment(&mut self, id: ServiceId, verdict: &Verdict) {
        let now = self.now;
        let Some(service) = self.state.service_mut(id) else { return };
        let breaker_rolls =
            service.configuration.deployment_circuit_breaker.as_ref().is_some_and(|one| one.rollback);
        let alarms_roll = service.configuration.alarms.as_ref().is_some_and(|alarms| alarms.rollback);
        let Some(primary) = service.primary_mut() else { return };
        let (event_reason, message, rolls) = match verdict {
            Verdict::Breaker => (
                "ECS deployment circuit breaker: tasks failed to start.",
                format!("(deployment {}) deployment failed: tasks failed to start.", primary.id),
                breaker_rolls,
            ),
            Verdict::Alarm(_) => (
                "ECS deployment failed: alarm detected.",
                format!("(deployment {}) deployment failed: alarm detected.", primary.id),
                alarms_roll,
            ),
        };
        primary.rollout = DeploymentRolloutState::Failed;
        primary.reason = event_reason.into();
        primary.updated = now;
        let (deployment, arn, failures, was_rollback) =
            (primary.id.clone(), primary.brought_by.clone(), primary.failed_tasks, primary.is_rollback);
        if let Some(current) = service.service_deployment_mut(&arn) {
            current.failures = failures;
            if let Verdict::Alarm(names) = verdict {
                current.triggered_alarms.clone_from(names);
            }
        }
        self.emit_deployment(id, "ERROR", "SERVICE_DEPLOYMENT_FAILED", &deployment, event_reason);
        self.say(id, &message);
        if was_rollback {
            self.finish(id, &arn, ServiceDeploymentStatus::RollbackFailed, event_reason);
        } else if rolls {
            self.roll_back(id, event_reason, Some(verdict));
        } else {
            self.finish(id, &arn, ServiceDeploymentStatus::Stopped, event_reason);
        }
    }

    /// Back to the last deployment that completed. Without one the failed deployment stays where it is.
    fn roll_back(&mut self, id: ServiceId, why: &str, verdict: Option<&Verdict>) {
        let now = self.now;
        let Some(service) = self.state.service(id) else { return };
        let Some(failing) = service.primary() else { return };
        let (arn, failing_id) = (failing.brought_by.clone(), failing.id.clone());
        let Some(good) = service.last_good.clone().filter(|good| good.id != failing_id) else {
            let status = if verdict.is_some() {
                ServiceDeploymentStatus::Stopped
            } else {
                ServiceDeploymentStatus::RollbackFailed
            };
            self.finish(id, &arn, status, "No rollback candidate was found to run the rollback.");
            return;
        };
        self.demote_primary(id);
        let Some(service) = self.state.service_mut(id) else { return };
        if let Some(failing) = service.deployment_mut(&failing_id) {
            failing.desired = 0;
            failing.rollout = DeploymentRolloutState::Failed;
        }
        service.deployments.retain(|deployment| deployment.id != good.id);
        let cause = match verdict {
            Some(Verdict::Breaker) => "ECS deployment circuit breaker",
            Some(Verdict::Alarm(_)) => "ECS deployment alarm detected",
            None => "ECS service deployment stopped",
        };
        let revision = good.revision.clone();
        service.shape = Arc::clone(&good.shape);
        service.deployments.insert(
            0,
            Deployment {
                reason: format!("{cause}: rolling back to deploymentId {}.", good.id),
                is_primary: true,
                desired: service.desired,
                rollout: DeploymentRolloutState::InProgress,
                updated: now,
                failed_tasks: 0,
                start_failures: 0,
                holds_until: None,
                is_announced: false,
                is_rollback: true,
                bakes_since: None,
                brought_by: arn.clone(),
                ..good
            },
        );
        service.is_steady = false;
        service.holds_until = None;
        if let Some(current) = service.service_deployment_mut(&arn) {
            super::hooks::leave(current);
            current.progress = ServiceDeploymentStatus::RollbackInProgress;
            current.reason = Some(why.to_owned());
            current.updated = now;
            current.rollback = Some(Rollback { reason: why.to_owned(), started: now, revision });
        }
        self.announce(id);
        self.poke(id);
    }

    fn finish(&mut self, id: ServiceId, arn: &str, progress: ServiceDeploymentStatus, reason: &str) {
        let now = self.now;
        let Some(service) = self.state.service_mut(id) else { return };
        let Some(current) = service.service_deployment_mut(arn).filter(|one| !is_final(one.progress)) else {
            return;
        };
        current.progress = progress;
        current.reason = Some(reason.to_owned());
        current.updated = now;
        current.finished = Some(now);
        if progress == ServiceDeploymentStatus::Stopped {
            current.stopped = Some(now);
        }
    }

    /// The service is steady on its primary deployment: that is done, once its alarms have been watched long enough.
    pub(super) fn complete_deployment(&mut self, id: ServiceId) {
        let now = self.now;
        let bake = self.settings.latencies.bake;
        let Some(service) = self.state.service_mut(id) else { return };
        let watches = service.configuration.alarms.as_ref().is_some_and(|alarms| alarms.enable);
        let Some(primary) = service.primary_mut() else { return };
        if primary.rollout != DeploymentRolloutState::InProgress {
            return;
        }
        if watches && later(*primary.bakes_since.get_or_insert(now), bake) > now {
            return;
        }
        primary.rollout = DeploymentRolloutState::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated = now;
        primary.bakes_since = None;
        let (deployment, arn, reason) =
            (primary.id.clone(), primary.brought_by.clone(), primary.reason.clone());
        let progress = if primary.is_rollback {
            ServiceDeploymentStatus::RollbackSuccessful
        } else {
            ServiceDeploymentStatus::Successful
        };
        let good = primary.clone();
        service.last_good = Some(good);
        self.finish(id, &arn, progress, &reason);
        self.say(id, &format!("(deployment {deployment}) deployment completed."));
        self.emit_deployment(id, "INFO", "SERVICE_DEPLOYMENT_COMPLETED", &deployment, &reason);
    }

    /// A message of the service; false where it would only repeat the last one.
    pub(super) fn say(&mut self, id: ServiceId, text: &str) -> bool {
        let message_id = self.random.uuid();
        let at = self.now;
        let Some(service) = self.state.service_mut(id) else { return false };
        let text = format!("(service {}) {text}", service.name);
        service.say(Message { id: message_id, at, text })
    }
}

/// Service revisions with tasks.
fn sources(state: &State, service: &Service) -> Vec<RevisionCount> {
    service
        .deployments
        .iter()
        .map(|deployment| {
            let (running, pending) = counts(state, service.id, Some(&deployment.id));
            RevisionCount {
                arn: deployment.revision.clone(),
                requested: deployment.desired,
                running,
                pending,
            }
        })
        .collect()
}

/// Running and pending tasks of a service, of one deployment or of all.
pub(super) fn counts(state: &State, service: ServiceId, deployment: Option<&str>) -> (u32, u32) {
    let mut counts = (0, 0);
    for task in state.tasks_of(service) {
        if deployment.is_some() && task.started_by.as_deref() != deployment {
            continue;
        }
        if task.last == Status::Running {
            counts.0 += 1;
        } else if task.last.is_pending() && !task.desired_stopped {
            counts.1 += 1;
        }
    }
    counts
}

fn verdict(state: &State, service: &Service) -> Option<Verdict> {
    let primary = service.primary()?;
    if primary.rollout != DeploymentRolloutState::InProgress {
        return None;
    }
    if let Some(breaker) = service.configuration.deployment_circuit_breaker.as_ref().filter(|one| one.enable)
        && primary.failed_tasks >= breaker::threshold(breaker, service.desired)
    {
        return Some(Verdict::Breaker);
    }
    let alarms =
        service.configuration.alarms.as_ref().filter(|alarms| alarms.enable && !primary.is_rollback)?;
    let triggered: Vec<String> =
        alarms.alarm_names.iter().filter(|name| state.alarms.contains(*name)).cloned().collect();
    (!triggered.is_empty()).then_some(Verdict::Alarm(triggered))
}
