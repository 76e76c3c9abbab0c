//! AWS Health's announcements: what they say of which services.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{About, Reading, Reason, cluster_arn};
use crate::arn::{Arn, ServiceName};
use crate::diagnosis::Diagnosis;
use crate::event::{Event, HealthEvent};
use crate::incident::{Notice, Observation, Target};

/// The longest name of a cluster or a service (API reference of `CreateCluster` and `CreateService`).
const MAX_NAME: usize = 255;

/// Reads an announcement. A retirement is one of each service that it names; standalone tasks are named by their ARN, and
/// people are told of them alone: what they belong to, nothing says.
pub(super) fn read(
    event: &Event,
    health: &HealthEvent,
    diagnosis: Option<Diagnosis>,
    at: Timestamp,
) -> Reading {
    let told_only = Reading::nothing(diagnosis.clone(), None, Reason::Announcement);
    let Some((found, event_arn)) =
        diagnosis.clone().filter(|_| health.is_task_retirement()).zip(health.event_arn.as_deref())
    else {
        return told_only;
    };
    let is_closed = health.status_code.as_deref() == Some("closed");
    // What has no date cannot be remedied before its date.
    let Some(starts_at) = health.start_time.or(is_closed.then_some(at)) else { return told_only };
    let services: BTreeSet<Target> = health
        .affected_entities
        .iter()
        .filter_map(|entity| service(entity, event_arn, event, health))
        .collect();
    if services.is_empty() {
        return told_only;
    }
    let notice = Notice { event_arn: event_arn.to_owned(), starts_at, is_closed, at, diagnosis: found };
    let about = services
        .into_iter()
        .map(|target| About { target, observations: vec![Observation::Announced(Box::new(notice.clone()))] })
        .collect();
    Reading { diagnosis, about, because: None }
}

/// `cluster|service`, `cluster | service` or `cluster/service`: names, where ECS has ARNs. The account is the affected one,
/// and the region is that of the announcement: it may reach another account, or another region, as well.
fn service(entity: &str, event_arn: &str, event: &Event, health: &HealthEvent) -> Option<Target> {
    let (cluster, name) = entity.split_once('|').or_else(|| entity.split_once('/'))?;
    let (cluster, name) = (is_name(cluster)?, is_name(name)?);
    let arn = Arn::parse(event_arn)?;
    let account = health.affected_account.as_deref().or(event.envelope.account.as_deref())?;
    let of_envelope = event.envelope.region.as_deref();
    let region = Some(arn.region).filter(|region| !matches!(*region, "" | "global")).or(of_envelope)?;
    let cluster = cluster_arn(arn.partition, region, account, cluster);
    Some(Target::Service { cluster, name: ServiceName::new(name) })
}

fn is_name(text: &str) -> Option<&str> {
    let name = text.trim();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!name.is_empty() && name.len() <= MAX_NAME && name.chars().all(is_allowed)).then_some(name)
}
