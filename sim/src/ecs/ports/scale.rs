//! Services as far as their number of tasks goes.

use std::collections::BTreeMap;

use steward::arn::{ClusterArn, ServiceName};
use steward::config::MODE_TAG;
use steward::ecs::{Controller, Rollout, Service};
use steward::ports::{EcsError, ScaledService};
use steward::scaling::ServiceReading;

use super::super::api::{GetTaskProtectionRequest, ListTasksRequest, UpdateServiceRequest};
use super::super::operation;
use super::super::world::Ecs;
use super::failed;
use super::read::{describe_services, only_missing};

const ACTIVE: &str = "ACTIVE";
/// The most that ListTasks answers, and that GetTaskProtection takes.
const PAGE: u32 = 100;

/// Services of a cluster that are ACTIVE, by name.
pub fn scaled_services(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    names: &[ServiceName],
) -> Result<BTreeMap<ServiceName, ScaledService>, EcsError> {
    let asked: Vec<String> = names.iter().map(ToString::to_string).collect();
    let found = describe_services(ecs, cluster, &asked)?;
    let active = found.into_iter().filter(|service| service.status == ACTIVE);
    Ok(active.map(|service| (service.name.clone(), of_scaled(&service))).collect())
}

fn of_scaled(service: &Service) -> ScaledService {
    let primary = service.deployments.iter().find(|deployment| deployment.is_primary);
    let is_rolling_out = primary.is_some_and(|primary| primary.rollout == Some(Rollout::InProgress));
    ScaledService {
        reading: ServiceReading {
            desired: service.desired,
            running: service.running,
            pending: service.pending,
            is_deploying: service.deployments.len() > 1 || is_rolling_out,
            failed_tasks: primary.and_then(|primary| primary.failed_tasks).unwrap_or_default(),
        },
        not_scalable: (service.controller != Controller::Ecs)
            .then(|| format!("a service whose deployments {:?} controls", service.controller)),
        mode_tag: service.tags.get(MODE_TAG).cloned(),
    }
}

/// How many of a service's tasks protect themselves: two reads, as they are made over HTTP.
pub fn protected(ecs: &mut Ecs, cluster: &ClusterArn, service: &ServiceName) -> Result<u32, EcsError> {
    const PROTECTION: &str = "GetTaskProtection";
    let mut count = 0_usize;
    let mut next = None;
    loop {
        let request = ListTasksRequest {
            cluster: Some(cluster.to_string()),
            service_name: Some(service.to_string()),
            max_results: Some(PAGE),
            next_token: next,
            ..ListTasksRequest::default()
        };
        let page =
            operation::call(ecs, request).map_err(|error| failed("ListTasks", service.as_str(), &error))?;
        if !page.task_arns.is_empty() {
            let request = GetTaskProtectionRequest { cluster: cluster.to_string(), tasks: page.task_arns };
            let answer = operation::call(ecs, request)
                .map_err(|error| failed(PROTECTION, service.as_str(), &error))?;
            only_missing(PROTECTION, service.as_str(), &answer.failures)?;
            let protects = |task: &&super::super::api::ProtectedTask| task.protection_enabled == Some(true);
            count += answer.protected_tasks.iter().filter(protects).count();
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
}

/// Sets `desiredCount`, and nothing else.
pub fn scale(ecs: &mut Ecs, cluster: &ClusterArn, service: &ServiceName, to: u32) -> Result<(), EcsError> {
    let request = UpdateServiceRequest {
        cluster: Some(cluster.to_string()),
        service: service.to_string(),
        desired_count: Some(to),
        ..UpdateServiceRequest::default()
    };
    let answer = operation::call(ecs, request);
    answer.map(|_| ()).map_err(|error| failed("UpdateService", service.as_str(), &error))
}
