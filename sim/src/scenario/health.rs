//! How the world really is, whatever Steward believes: looked at in the model itself, which nobody notices.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use steward::arn::ClusterArn;

use crate::ecs::api::{
    Connectivity, DescribeServicesRequest, DescribeTasksRequest, DesiredStatus, HealthStatus,
    ListTasksRequest, Service, Task,
};
use crate::ecs::error::ApiError;
use crate::ecs::operation::ControlPlane;
use crate::ecs::{Ecs, ports};

/// A world of more services than this is looked at less often, and not task by task.
const FEW: usize = 20;
/// So often a large world is looked at.
const SELDOM: SignedDuration = SignedDuration::from_secs(60);
/// So often a small one is, where ECS has sent something, and where not.
const SOON: SignedDuration = SignedDuration::from_secs(1);
const OFTEN: SignedDuration = SignedDuration::from_secs(10);
/// DescribeServices takes so many.
const MAX_SERVICES: usize = 10;
/// Whoever is well for so long at the end has recovered.
const STAYS_WELL: SignedDuration = SignedDuration::from_mins(10);

/// Who is looked at, and since when all of them are well.
pub(super) struct Health {
    cluster: String,
    services: Vec<String>,
    /// Families of standalone tasks, and how many of each are wanted.
    families: BTreeMap<String, u32>,
    looked_at: Option<Timestamp>,
    well_since: Option<Timestamp>,
    pub(super) first_failure: Option<Timestamp>,
}

impl Health {
    pub(super) fn of(cluster: &str, services: Vec<String>, families: BTreeMap<String, u32>) -> Self {
        Self {
            cluster: cluster.to_owned(),
            services,
            families,
            looked_at: None,
            well_since: None,
            first_failure: None,
        }
    }

    /// A failure that ECS tells.
    pub(super) fn failed(&mut self, at: Timestamp) {
        self.first_failure = Some(self.first_failure.map_or(at, |known| known.min(at)));
        self.well_since = None;
    }

    /// Looks at the model, unless it was looked at a moment ago.
    pub(super) fn look(&mut self, ecs: &mut Ecs, now: Timestamp, is_news: bool) -> Result<(), ApiError> {
        let is_large = self.services.len() > FEW;
        let pause = match (is_large, is_news) {
            (true, _) => SELDOM,
            (false, true) => SOON,
            (false, false) => OFTEN,
        };
        if self.looked_at.is_some_and(|at| now.duration_since(at) < pause) {
            return Ok(());
        }
        self.looked_at = Some(now);
        if self.is_well(ecs, now, !is_large)? {
            self.well_since = self.well_since.or(Some(now));
        } else {
            self.well_since = None;
        }
        Ok(())
    }

    /// Since when all are well, where they stay so.
    pub(super) fn recovered(&self, ends: Timestamp) -> Option<Timestamp> {
        self.first_failure?;
        self.well_since.filter(|since| ends.duration_since(*since) >= STAYS_WELL)
    }

    fn is_well(&mut self, ecs: &mut Ecs, now: Timestamp, each_task: bool) -> Result<bool, ApiError> {
        let cluster = ClusterArn::new(self.cluster.as_str());
        let mut is_well = true;
        for some in self.services.chunks(MAX_SERVICES) {
            let request = DescribeServicesRequest {
                cluster: Some(self.cluster.clone()),
                services: some.to_vec(),
                include: Vec::new(),
            };
            for service in ControlPlane::describe_services(ecs, request)?.services {
                is_well &= is_steady(service, &cluster);
            }
        }
        if each_task {
            for name in self.services.clone() {
                let request = ListTasksRequest { service_name: Some(name), ..self.running() };
                if self.tasks(ecs, request)?.iter().any(is_unwell) {
                    is_well = false;
                    self.failed(now);
                }
            }
        }
        for (family, wanted) in self.families.clone() {
            let request = ListTasksRequest { family: Some(family), ..self.running() };
            let tasks = self.tasks(ecs, request)?;
            let running = tasks.iter().filter(|task| task.last_status.as_deref() == Some("RUNNING")).count();
            is_well &= running >= usize::try_from(wanted).unwrap_or(usize::MAX);
        }
        Ok(is_well)
    }

    fn running(&self) -> ListTasksRequest {
        ListTasksRequest {
            cluster: Some(self.cluster.clone()),
            desired_status: Some(DesiredStatus::Running),
            ..ListTasksRequest::default()
        }
    }

    fn tasks(&self, ecs: &mut Ecs, request: ListTasksRequest) -> Result<Vec<Task>, ApiError> {
        let tasks = ControlPlane::list_tasks(ecs, request)?.task_arns;
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let request =
            DescribeTasksRequest { cluster: Some(self.cluster.clone()), tasks, include: Vec::new() };
        Ok(ControlPlane::describe_tasks(ecs, request)?.tasks)
    }
}

/// Whether all its tasks run, on one finished deployment.
fn is_steady(answered: Service, cluster: &ClusterArn) -> bool {
    let service = ports::of_service(answered, cluster);
    let is_over = service.primary().is_none_or(|primary| {
        primary.rollout.is_none_or(|rollout| rollout == steward::ecs::Rollout::Completed)
    });
    let is_full = service.running.0 >= service.desired.0 && service.pending.0 == 0;
    is_over && is_full && service.deployments.len() <= 1
}

fn is_unwell(task: &Task) -> bool {
    let is_running = task.last_status.as_deref() == Some("RUNNING");
    is_running
        && (task.health_status == Some(HealthStatus::Unhealthy)
            || task.connectivity == Some(Connectivity::Disconnected))
}
