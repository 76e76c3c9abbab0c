//! Reads a cluster as far as a first configuration goes by it. What cannot be read is noted, with the reason, and the rest is
//! read all the same. Environments of tasks are not looked at: audit's reader keeps none.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::future::join;
use futures_util::stream;
use steward::arn::ClusterArn;
use steward::audit::{self, Launch};
use steward::ecs::Controller;
use steward::event::TaskStateChange;
use steward::observed::Observed;
use steward::ports::{AuditEcs, AutoScaling, Clock, MAX_OWNED, Wait};
use steward::quota;

use super::found::{Cluster, DeployedBy, Family, Kind, Service};
use crate::audit::read::{AT_ONCE, Definitions, Failed, Reading, known};

/// `startedBy` of Steward's own tasks begins so.
const OF_STEWARD: &str = "steward/";

/// Reads a cluster, by name or ARN. `None`: there is none.
pub(super) async fn cluster<E: AuditEcs, A: AutoScaling, T: Clock + Wait>(
    reading: &Reading<'_, E, (), T>,
    scaling: &A,
    name: &str,
) -> Option<Cluster> {
    let mut cluster = Cluster { name: ClusterArn::new(name).name().to_owned(), ..Cluster::default() };
    let services = match reading.service_arns(name).await {
        Ok(arns) => services(reading, name, &arns, &mut cluster.unread).await,
        Err(Failed::NoSuchCluster) => return None,
        Err(Failed::Unreadable(error)) => {
            cluster.unread.push(format!("the services of {}: {error}", cluster.name));
            Vec::new()
        }
    };
    let (definitions, scaled) =
        join(reading.definitions(&services), scaled(scaling, &services, &mut cluster.unread)).await;
    // One reason stands for all definitions that it kept from being read.
    let unread: BTreeSet<&str> = definitions
        .values()
        .filter_map(|definition| match definition {
            Observed::Unknown(why) => Some(why.as_str()),
            _ => None,
        })
        .collect();
    let unread = unread.into_iter().map(|why| format!("where containers of {} log: {why}", cluster.name));
    cluster.unread.extend(unread);
    cluster.services = services.iter().map(|one| service(one, &definitions, scaled.as_ref())).collect();
    cluster.services.sort_by(|one, other| one.name.cmp(&other.name));
    let (running, stopped) = join(reading.tasks(name, None, false), reading.tasks(name, None, true)).await;
    match (running, stopped) {
        (Ok(running), Ok(stopped)) => cluster.families = families(running.iter().chain(&stopped)),
        (Err(error), _) | (_, Err(error)) => {
            cluster.unread.push(format!("the standalone tasks of {}: {error}", cluster.name));
        }
    }
    Some(cluster)
}

async fn services<E: AuditEcs, T: Clock + Wait>(
    reading: &Reading<'_, E, (), T>,
    cluster: &str,
    arns: &[String],
    unread: &mut Vec<String>,
) -> Vec<audit::Service> {
    let batches = arns.chunks(quota::DESCRIBE_SERVICES).map(|some| reading.describe(cluster, some));
    let answers: Vec<_> = stream::iter(batches).buffered(AT_ONCE).collect().await;
    let mut services = Vec::new();
    for (arns, answer) in answers.into_iter().flatten() {
        match answer {
            Ok(described) => services.extend(described),
            Err(error) => unread.push(format!("{}: {error}", of(&arns))),
        }
    }
    services.retain(|service: &audit::Service| service.ecs.is_active());
    services
}

fn of(arns: &[String]) -> String {
    let name = |arn: &String| crate::audit::read::name_of(arn).to_owned();
    let names: Vec<String> = arns.iter().map(name).collect();
    let noun = if names.len() == 1 { "service" } else { "services" };
    format!("{noun} {}", names.join(", "))
}

/// `ARN`s of services that Application Auto Scaling owns; `None` where that could not be read.
async fn scaled<A: AutoScaling>(
    scaling: &A,
    services: &[audit::Service],
    unread: &mut Vec<String>,
) -> Option<BTreeSet<String>> {
    let mut owned = BTreeSet::new();
    for some in services.chunks(MAX_OWNED) {
        let Some(first) = some.first() else { continue };
        let names: Vec<_> = some.iter().map(|service| service.ecs.name.clone()).collect();
        match scaling.owned(&first.ecs.cluster, &names).await {
            Ok(found) => owned.extend(found.iter().map(ToString::to_string)),
            Err(error) => {
                unread.push(format!(
                    "what Application Auto Scaling owns in {}: {error}",
                    first.ecs.cluster.name()
                ));
                return None;
            }
        }
    }
    Some(owned)
}

fn service(read: &audit::Service, definitions: &Definitions, scaled: Option<&BTreeSet<String>>) -> Service {
    let ecs = &read.ecs;
    let drivers = |definition: &audit::Definition| {
        let driver = |container: &audit::Container| {
            container.logs.as_ref().map_or_else(|| "none".to_owned(), |logs| logs.driver.clone())
        };
        definition.containers.iter().map(driver).collect()
    };
    let drivers = match known(read, definitions) {
        Some(definition) => Observed::Known(drivers(definition)),
        None => Observed::Unknown("its task definition was not read".to_owned()),
    };
    let kind = Kind {
        deployed_by: match &ecs.controller {
            Controller::Ecs => DeployedBy::Ecs,
            Controller::CodeDeploy => DeployedBy::CodeDeploy,
            other => DeployedBy::Other(other.as_str().to_owned()),
        },
        goes_back: ecs.breaker.is_enabled && ecs.breaker.rolls_back,
        is_on_spot: read.is_on_spot,
        is_on_hosts: read.launch != Launch::Fargate,
        is_daemon: read.is_daemon,
        is_scaled: scaled.map(|scaled| scaled.contains(ecs.name.as_str())),
    };
    Service { name: ecs.name.to_string(), kind, drivers }
}

/// Standalone tasks by family, those of Steward's own jobs left out.
fn families<'t>(tasks: impl Iterator<Item = &'t TaskStateChange>) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for task in tasks {
        let is_of_service = task.belongs_to_service();
        let is_own = task.started_by.as_ref().is_some_and(|by| by.starts_with(OF_STEWARD));
        let Some(definition) = task.task_definition_arn.as_ref().filter(|_| !is_of_service && !is_own) else {
            continue;
        };
        let family = families.entry(definition.family().to_string()).or_default();
        family.tasks += 1;
        family.started_by = family.started_by.take().or_else(|| task.started_by.clone());
    }
    families
}
