//! Where a task can go: Fargate's zones, or a container instance with room.
//!
//! Fargate takes a task in the zone that has the fewest of the same group, as long as that zone is there and has
//! capacity of the wanted kind; container instances take it by CPU and memory, spread over zones, while they are ACTIVE
//! and their agent is heard (FACTS §5.2, §5.4).

use std::collections::{BTreeMap, BTreeSet};

use super::api::{CapacityProviderStrategyItem, ContainerInstanceStatus};
use super::definition::Definition;
use super::instance::Instance;
use super::state::{ServiceId, State};
use super::task::{Host, Task};

/// `FARGATE`.
pub(super) const FARGATE: &str = "FARGATE";
/// `FARGATE_SPOT`.
pub(super) const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// What of Fargate is not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Capacity {
    /// Zones without room, each for `FARGATE` or `FARGATE_SPOT`.
    pub(super) short: BTreeSet<(String, String)>,
    /// Zones that are gone.
    pub(super) lost: BTreeSet<String>,
    /// Waves in which `FARGATE_SPOT` has no room anywhere.
    pub(super) waves: u32,
    /// How many tasks there is room for at a time, by `FARGATE` and `FARGATE_SPOT`; absent: for any number.
    pub(super) rooms: BTreeMap<String, usize>,
    /// Capacity providers of Managed Instances.
    pub(super) managed: BTreeSet<String>,
}

/// Where a task goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: Host,
    pub(super) provider: Option<String>,
    pub(super) zone: String,
}

/// Why there is none: as the service's event, the service's message and `RunTask`'s `failures` say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoPlace {
    /// `RESOURCE:FARGATE`, `RESOURCE:CPU`, `AGENT`, or a sentence.
    pub(super) code: String,
    /// In the words of a service message.
    pub(super) sentence: String,
    pub(super) provider: Option<String>,
    /// The configuration is at fault, not the room.
    pub(super) is_configuration: bool,
    /// ARNs of the closest container instances.
    pub(super) instances: Vec<String>,
}

/// What is to be placed.
pub(super) struct Want<'a> {
    pub(super) cluster: &'a str,
    pub(super) group: &'a str,
    /// The service that wants it, if one does.
    pub(super) service: Option<ServiceId>,
    pub(super) definition: &'a Definition,
    pub(super) is_fargate: bool,
    pub(super) strategy: &'a [CapacityProviderStrategyItem],
    pub(super) zones: &'a [String],
    pub(super) fargate_tasks: Option<usize>,
    /// How many tasks of the same call each provider had no place for: they were its share all the same.
    pub(super) turned_away: Option<&'a BTreeMap<String, u64>>,
}

impl Want<'_> {
    /// Tasks of the same group that are meant to run.
    fn peers<'s>(&'s self, state: &'s State) -> Box<dyn Iterator<Item = &'s Task> + 's> {
        match self.service {
            Some(service) => Box::new(state.tasks_of(service).filter(|task| !task.desired_stopped)),
            None => Box::new(
                state.tasks_in(self.cluster).filter(|task| task.group == self.group && !task.desired_stopped),
            ),
        }
    }
}

/// Finds a place for one task.
pub(super) fn place(state: &State, want: &Want<'_>) -> Result<Place, NoPlace> {
    if let Some(why) = want.definition.behaviour.launch_failure() {
        return Err(NoPlace {
            code: why.into(),
            sentence: format!("failed to launch a task with (error {why})."),
            provider: None,
            is_configuration: true,
            instances: Vec::new(),
        });
    }
    let provider = next_provider(state, want);
    let on_fargate = match provider.as_deref() {
        Some(FARGATE | FARGATE_SPOT) => true,
        Some(_) => false,
        None => want.is_fargate,
    };
    if on_fargate { on_fargate_zone(state, want, provider) } else { on_instance(state, want, provider) }
}

/// The provider that lags behind its share most: bases first, then weights.
fn next_provider(state: &State, want: &Want<'_>) -> Option<String> {
    if want.strategy.is_empty() {
        return None;
    }
    let turned_away = want.turned_away.into_iter().flatten();
    let mut running: BTreeMap<&str, u64> =
        turned_away.map(|(provider, count)| (provider.as_str(), *count)).collect();
    for task in want.peers(state) {
        if let Some(provider) = task.provider.as_deref() {
            *running.entry(provider).or_default() += 1;
        }
    }
    let count = |item: &CapacityProviderStrategyItem| {
        running.get(item.capacity_provider.as_str()).copied().unwrap_or_default()
    };
    let below_base = want.strategy.iter().find(|item| count(item) < u64::from(item.base.unwrap_or(0)));
    let by_weight = || {
        want.strategy.iter().filter(|item| item.weight.unwrap_or(1) > 0).min_by_key(|item| {
            let above_base = count(item).saturating_sub(u64::from(item.base.unwrap_or(0)));
            above_base.saturating_mul(1_000_000) / u64::from(item.weight.unwrap_or(1))
        })
    };
    below_base.or_else(by_weight).or(want.strategy.first()).map(|item| item.capacity_provider.clone())
}

fn on_fargate_zone(state: &State, want: &Want<'_>, provider: Option<String>) -> Result<Place, NoPlace> {
    if let Some(limit) = want.fargate_tasks {
        let running = state.tasks.values().filter(|task| task.is_fargate() && !task.is_stopped()).count();
        if running >= limit {
            let sentence = "You've reached the limit on the number of tasks you can run concurrently";
            return Err(NoPlace {
                code: sentence.into(),
                sentence: sentence.into(),
                provider,
                is_configuration: false,
                instances: Vec::new(),
            });
        }
    }
    let kind = provider.as_deref().unwrap_or(FARGATE);
    if !has_room(state, kind) {
        return Err(unavailable(provider));
    }
    let mut load: BTreeMap<&str, usize> = want
        .zones
        .iter()
        .filter(|zone| {
            let short = state.capacity.short.contains(&((*zone).clone(), kind.to_owned()));
            !short && !state.capacity.lost.contains(*zone)
        })
        .map(|zone| (zone.as_str(), 0))
        .collect();
    for task in want.peers(state) {
        if let Some(count) = load.get_mut(task.zone.as_str()) {
            *count += 1;
        }
    }
    match load.into_iter().min_by_key(|(_, count)| *count) {
        Some((zone, _)) => Ok(Place { host: Host::Fargate, provider, zone: zone.to_owned() }),
        None => Err(unavailable(provider)),
    }
}

/// Whether Fargate has room for one more task of a kind in any zone.
fn has_room(state: &State, kind: &str) -> bool {
    let capacity = &state.capacity;
    let is_of_kind = |task: &Task| task.provider.as_deref().unwrap_or(FARGATE) == kind;
    let running = || {
        let live = state.tasks.values().filter(|task| task.is_fargate() && !task.is_stopped());
        live.filter(|task| is_of_kind(task)).count()
    };
    let is_in_a_wave = kind == FARGATE_SPOT && capacity.waves > 0;
    !is_in_a_wave && capacity.rooms.get(kind).is_none_or(|room| running() < *room)
}

fn unavailable(provider: Option<String>) -> NoPlace {
    NoPlace {
        code: "RESOURCE:FARGATE".into(),
        sentence:
            "Capacity is unavailable at this time. Please try again later or in a different availability zone"
                .into(),
        provider,
        is_configuration: false,
        instances: Vec::new(),
    }
}

fn on_instance(state: &State, want: &Want<'_>, provider: Option<String>) -> Result<Place, NoPlace> {
    let known: Vec<&Instance> = state
        .instances
        .values()
        .map(AsRef::as_ref)
        .filter(|instance| instance.cluster == want.cluster)
        .filter(|instance| provider.is_none() || instance.provider == provider)
        .collect();
    let active: Vec<&Instance> =
        known.iter().copied().filter(|instance| instance.status == ContainerInstanceStatus::Active).collect();
    let heard: Vec<&Instance> = active.iter().copied().filter(|instance| instance.connected).collect();
    let (cpu, memory) = (want.definition.cpu(), want.definition.memory());
    let fits = |instance: &&&Instance| {
        let (free_cpu, free_memory) = free(state, instance);
        free_cpu >= cpu && free_memory >= memory
    };
    let best = heard.iter().filter(fits).min_by_key(|instance| spread(state, want, instance));
    if let Some(instance) = best {
        let provider = provider.or_else(|| instance.provider.clone());
        return Ok(Place {
            host: Host::Instance(instance.id.clone()),
            provider,
            zone: instance.zone.clone(),
        });
    }
    Err(no_instance(state, want, &active, &heard, provider))
}

/// CPU units and MiB that no task of an instance has taken.
pub(super) fn free(state: &State, instance: &Instance) -> (u64, u64) {
    let taken = state
        .tasks_on(&instance.id)
        .fold((0, 0), |(cpu, memory), task| (cpu + task.definition.cpu(), memory + task.definition.memory()));
    (instance.cpu.saturating_sub(taken.0), instance.memory.saturating_sub(taken.1))
}

/// Tasks of the group in the instance's zone, then on the instance.
fn spread(state: &State, want: &Want<'_>, instance: &Instance) -> (usize, usize) {
    let in_zone = want.peers(state).filter(|task| task.zone == instance.zone).count();
    (in_zone, want.peers(state).filter(|task| task.instance() == Some(&instance.id)).count())
}

fn no_instance(
    state: &State,
    want: &Want<'_>,
    active: &[&Instance],
    heard: &[&Instance],
    provider: Option<String>,
) -> NoPlace {
    let met = "no container instance met all of its requirements";
    let arns = |instances: &[&Instance]| instances.iter().map(|instance| instance.arn.clone()).collect();
    let (code, reason, instances) = match (active.first(), heard.first()) {
        (None, _) => {
            let whose = if provider.is_some() { "capacity provider" } else { "cluster" };
            let text = format!("No Container Instances were found in your {whose}.");
            (text.clone(), format!("Reason: {text}"), Vec::new())
        }
        (Some(closest), None) => (
            "AGENT".into(),
            format!(
                "The closest matching (container-instance {}) doesn't have the agent connected.",
                closest.id
            ),
            arns(active),
        ),
        (Some(_), Some(closest)) => {
            let lacks_cpu = heard.iter().all(|instance| free(state, instance).0 < want.definition.cpu());
            let (code, what) =
                if lacks_cpu { ("RESOURCE:CPU", "CPU units") } else { ("RESOURCE:MEMORY", "memory") };
            let text = format!(
                "The closest matching (container-instance {}) has insufficient {what} available.",
                closest.id
            );
            (code.into(), text, arns(heard))
        }
    };
    NoPlace { code, sentence: format!("{met}. {reason}"), provider, is_configuration: false, instances }
}
