//! Finds the container instances whose hosts Spot takes back: EC2 names its own instance, and nothing of ECS.
//!
//! The warning comes two minutes ahead, for every Spot instance of the account. So only clusters are asked in which a host may
//! be drained, and nobody is asked for what is too late.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::action::Remedy;
use steward::arn::{ClusterArn, ContainerInstanceArn};
use steward::config::Policy;
use steward::event::decode::Record;
use steward::event::{Detail, Event};
use steward::incident::Target;
use steward::ports::{DescribeEcs, EcsError, Hosts};
use steward::remediation::{About, SPOT_NOTICE, read_warning, warned_at};

/// So many clusters are asked for one host at the most: each is a call, and there are two minutes.
const MAX_CLUSTERS: usize = 20;

/// What warnings say, by the place of their record.
pub(crate) type Found = BTreeMap<usize, Result<Option<About>, EcsError>>;

/// Finds out what the warnings among some records are about.
pub(crate) async fn find<E: DescribeEcs + Hosts>(
    ecs: &E,
    records: &[Record],
    policy: &Policy,
    now: Timestamp,
) -> Found {
    let mut found = Found::new();
    let mut clusters: Option<Vec<ClusterArn>> = None;
    for (index, event) in warnings(records, now).filter(|_| may_drain_anywhere(policy)) {
        if clusters.is_none() {
            match ecs.clusters().await {
                Ok(all) => clusters = Some(all.into_iter().filter(|c| may_drain_in(policy, c)).collect()),
                Err(error) => {
                    found.insert(index, Err(error));
                    continue;
                }
            }
        }
        found.insert(index, look_for(ecs, event, clusters.as_deref().unwrap_or_default(), now).await);
    }
    found
}

fn warnings(records: &[Record], now: Timestamp) -> impl Iterator<Item = (usize, &Event)> {
    records.iter().enumerate().filter_map(move |(index, record)| {
        let event = record.event.as_ref().ok()?;
        let is_warning = matches!(event.detail, Detail::SpotInterruptionWarning(_));
        let ends = warned_at(event, now).saturating_add(SPOT_NOTICE).unwrap_or(Timestamp::MAX);
        (is_warning && now < ends).then_some((index, event))
    })
}

async fn look_for<E: Hosts>(
    ecs: &E,
    event: &Event,
    clusters: &[ClusterArn],
    now: Timestamp,
) -> Result<Option<About>, EcsError> {
    let Detail::SpotInterruptionWarning(warning) = &event.detail else { return Ok(None) };
    for cluster in clusters.iter().take(MAX_CLUSTERS) {
        if let Some(instance) = ecs.find_host(cluster, &warning.instance_id).await? {
            return Ok(read_warning(event, cluster, &instance, now));
        }
    }
    Ok(None)
}

fn may_drain_anywhere(policy: &Policy) -> bool {
    policy.services.iter().any(|entry| entry.rules.remedies.contains(&Remedy::DrainInstance))
}

fn may_drain_in(policy: &Policy, cluster: &ClusterArn) -> bool {
    // Hosts are selected by their cluster alone.
    let any = Target::ContainerInstance { cluster: cluster.clone(), arn: ContainerInstanceArn::new("") };
    let enrolled = policy.for_target(&any, &BTreeMap::new());
    enrolled.is_enrolled && enrolled.rules.remedies.contains(&Remedy::DrainInstance)
}
