//! From what people write to the model: what stands, and what befalls it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::form::{self, Breaker, Capacity, Controller, File, Pull, Secret};
use super::{Names, Run};
use crate::ecs::api::{
    CapacityProviderStrategyItem, CreateServiceRequest, DeploymentAlarms, DeploymentConfiguration,
    DeploymentControllerType, DeploymentLifecycleHookAction, Tag,
};
use crate::ecs::{
    Behaviour, Ecs, Fate, Happening, Host, PullFailure, Revision, SecretFailure, Settings, fargate_service,
};

/// Worlds differ by their files alone.
const SEED: u64 = 7;
/// A target group for services behind a load balancer.
const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/front/3f0c9a7be2d15846";
/// RunTask starts so many at once.
const MAX_RUN: u32 = 10;

/// The names of all services, copies among them.
pub(super) fn service_names(file: &File) -> Names {
    file.services.iter().flat_map(|(name, service)| names_of(name, service)).collect()
}

/// Services that Application Auto Scaling scales.
pub(super) fn scalable(file: &File) -> BTreeSet<String> {
    let scaled = file.services.iter().filter(|(_, service)| service.auto_scaled);
    scaled.flat_map(|(name, service)| names_of(name, service)).collect()
}

fn names_of(name: &str, service: &form::Service) -> Vec<String> {
    match service.copies {
        None => vec![name.to_owned()],
        Some(copies) => (1..=copies).map(|number| format!("{name}-{number:03}")).collect(),
    }
}

/// The world as it stands when nothing has happened yet: `well_for` before the story begins.
pub(super) fn build(file: &File, run: Run) -> Result<Ecs, String> {
    let start = file.begins.checked_sub(file.well_for.get()).map_err(|error| error.to_string())?;
    let mut ecs = Ecs::new(Settings::new(start, SEED));
    ecs.add_cluster(&file.cluster);
    for (id, zone) in &file.hosts {
        ecs.add_container_instance(&Host {
            cluster: file.cluster.clone(),
            ec2_instance_id: id.clone(),
            zone: zone.clone(),
            capacity_provider: None,
            cpu: 4096,
            memory: 16_384,
        });
    }
    if file.trail {
        ecs.set_trail(SEED);
    }
    for (family, revisions) in &file.task_definitions {
        let is_checked = has_health_checks(file, family);
        for (index, does) in revisions.iter().enumerate() {
            let image = format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/{family}:v{}", index + 1);
            let revision = Revision::new(family, behaviour(does)).image(&image);
            ecs.add_task_definition(&if is_checked { revision.health_check() } else { revision });
        }
    }
    for (name, service) in &file.services {
        for name in names_of(name, service) {
            let request = request(file, &name, service, run);
            ecs.add_standing_service(&request).map_err(|error| format!("services.{name}: {error}"))?;
        }
    }
    for (family, tasks) in &file.tasks {
        run_tasks(&mut ecs, file, tasks).map_err(|error| format!("tasks.{family}: {error}"))?;
    }
    Ok(ecs)
}

/// A health check that can fail must be there; elsewhere it would only slow the story down.
fn has_health_checks(file: &File, family: &str) -> bool {
    let checks = |does: &form::Behaviour| {
        matches!(
            does,
            form::Behaviour::FailsContainerHealth(_)
                | form::Behaviour::Hangs(_)
                | form::Behaviour::StartsSlowly(_)
        )
    };
    let later = file.happenings.iter().filter_map(|happening| happening.behave.as_ref());
    let of_family = |behave: &&form::Behave| behave.revision.split(':').next() == Some(family);
    file.task_definitions.get(family).into_iter().flatten().any(checks)
        || later.filter(of_family).any(|behave| checks(&behave.behaviour))
}

fn request(file: &File, name: &str, service: &form::Service, run: Run) -> CreateServiceRequest {
    let mut request = fargate_service(&file.cluster, name, &service.runs, service.desired);
    request = match service.controller {
        Controller::Ecs => request,
        Controller::CodeDeploy => request.with_controller(DeploymentControllerType::CodeDeploy),
        Controller::External => request.with_controller(DeploymentControllerType::External),
    };
    request = match (breaker(service, run), service.controller) {
        (Breaker::Off, _) | (_, Controller::CodeDeploy | Controller::External) => request,
        (Breaker::Fails, Controller::Ecs) => request.with_breaker(false),
        (Breaker::RollsBack, Controller::Ecs) => request.with_breaker(true),
    };
    if !service.alarms.is_empty() {
        let configuration =
            request.deployment_configuration.get_or_insert_with(DeploymentConfiguration::default);
        configuration.alarms =
            Some(DeploymentAlarms { alarm_names: service.alarms.clone(), rollback: true, enable: true });
    }
    if let Some((minimum, maximum)) = service.percents {
        request = request.with_percents(minimum, maximum);
    }
    if let Some(pause) = &service.pause {
        request = request.with_pause(pause.strategy, pause.stage, pause.minutes, pause.then);
    }
    if service.load_balanced || service.controller == Controller::CodeDeploy {
        request = request.with_target_group(TARGET_GROUP);
        let family = service.runs.split(':').next().unwrap_or_default();
        for balancer in &mut request.load_balancers {
            balancer.container_name = Some(family.to_owned());
        }
    }
    match service.capacity {
        Capacity::Fargate => {}
        Capacity::FargateSpot => {
            request.launch_type = None;
            request.capacity_provider_strategy = Some(vec![spot()]);
        }
        Capacity::Ec2 => request = request.on_ec2(),
    }
    let tag = |(key, value): (&String, &String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
    request.tags = service.tags.iter().map(tag).collect();
    request
}

fn breaker(service: &form::Service, run: Run) -> Breaker {
    match run {
        Run::Steward(_) => service.breaker,
        Run::EcsAlone { breaker: true } => Breaker::RollsBack,
        Run::EcsAlone { breaker: false } => Breaker::Off,
    }
}

fn spot() -> CapacityProviderStrategyItem {
    CapacityProviderStrategyItem { capacity_provider: "FARGATE_SPOT".to_owned(), weight: Some(1), base: None }
}

fn run_tasks(ecs: &mut Ecs, file: &File, tasks: &form::Tasks) -> Result<(), String> {
    let mut left = tasks.count;
    while left > 0 {
        let count = left.min(MAX_RUN);
        let mut input = json!({
            "cluster": file.cluster, "taskDefinition": tasks.runs, "count": count, "startedBy": "scheduler",
        });
        let how = match tasks.capacity {
            Capacity::Fargate => ("launchType", json!("FARGATE")),
            Capacity::FargateSpot => {
                ("capacityProviderStrategy", json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]))
            }
            Capacity::Ec2 => ("launchType", json!("EC2")),
        };
        if let Value::Object(members) = &mut input {
            members.insert(how.0.to_owned(), how.1);
        }
        ecs.call("scheduler", "RunTask", &input).map_err(|error| error.to_string())?;
        left -= count;
    }
    Ok(())
}

/// What tasks do, in the model's words.
pub(super) fn behaviour(does: &form::Behaviour) -> Behaviour {
    let span = |duration: &steward::config::Duration| duration.get().unsigned_abs();
    let fate = match does {
        form::Behaviour::Serves => Fate::Serves,
        form::Behaviour::StartsSlowly(by) => return Behaviour::starts_slowly(span(by)),
        form::Behaviour::CannotPull(why) => Fate::CannotPull(match why {
            Pull::NotFound => PullFailure::NotFound,
            Pull::Denied => PullFailure::Denied,
            Pull::RateLimited => PullFailure::RateLimited,
            Pull::TimedOut => PullFailure::TimedOut,
        }),
        form::Behaviour::CannotReadSecret(why) => Fate::CannotReadSecret(match why {
            Secret::NotFound => SecretFailure::NotFound,
            Secret::Denied => SecretFailure::Denied,
            Secret::Unreachable => SecretFailure::Unreachable,
        }),
        form::Behaviour::CannotStart(text) => Fate::CannotStart(text.clone()),
        form::Behaviour::CrashesAtBoot(exit_code) => Fate::CrashesAtBoot { exit_code: *exit_code },
        form::Behaviour::Exits(exit) => Fate::Exits { after: span(&exit.after), exit_code: exit.code },
        form::Behaviour::OutOfMemory(after) => Fate::OutOfMemory { after: span(after) },
        form::Behaviour::NeedMemory(needed) => {
            let otherwise = Box::new(Fate::Serves);
            Fate::NeedsMemory { mib: needed.mib, after: span(&needed.after), otherwise }
        }
        form::Behaviour::FailsContainerHealth(after) => Fate::FailsContainerHealth { after: span(after) },
        form::Behaviour::FailsElbHealth(after) => Fate::FailsElbHealth { after: span(after) },
        form::Behaviour::Hangs(after) => Fate::Hangs { after: span(after) },
    };
    Behaviour::new(fate)
}

/// What a person does to Steward, rather than to ECS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    Pause { why: String },
    Resume { why: String },
    Approve { why: String },
    Reject { why: String },
}

/// Something that happens.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// To the model.
    World(Box<Happening>),
    /// To Steward's own switches.
    Decision(Decision),
    /// To a stack.
    Stack { name: String, status: String },
}

impl form::Happening {
    /// How many things it says happen.
    pub(super) fn count(&self) -> usize {
        [
            self.deploy.is_some(),
            self.scale.is_some(),
            self.behave.is_some(),
            self.delete_secret.is_some(),
            self.deregister.is_some(),
            self.lose_zone.is_some(),
            self.zone_back.is_some(),
            self.spot_wave.is_some(),
            self.spot_gone.is_some(),
            self.strategy.is_some(),
            self.retirement_notice.is_some(),
            self.agent_lost.is_some(),
            self.agent_back.is_some(),
            self.status_check_fails.is_some(),
            self.status_check_passes.is_some(),
            self.host_cut_off.is_some(),
            self.spot_warning.is_some(),
            self.host_lost.is_some(),
            self.alarm.is_some(),
            self.stack.is_some(),
            self.pause.is_some(),
            self.resume.is_some(),
            self.approve.is_some(),
            self.reject.is_some(),
            self.answer_hook.is_some(),
            self.stop_tasks.is_some(),
        ]
        .into_iter()
        .filter(|is_said| *is_said)
        .count()
    }

    /// Who does it.
    pub(super) fn person(&self) -> &str {
        self.by.as_deref().unwrap_or("pipeline")
    }

    /// When, by the clock; `None` for one that waits for Steward.
    pub(super) fn time(&self, begins: Timestamp) -> Option<Timestamp> {
        begins
            .saturating_add(self.at.map_or(SignedDuration::ZERO, steward::config::Duration::get))
            .ok()
            .filter(|_| self.at.is_some())
    }

    /// What is done, and how a person tells it.
    pub(super) fn deed(&self, cluster: &str) -> (Deed, String) {
        let by = self.person();
        let world = |happening| Deed::World(Box::new(happening));
        let call = |operation: &str, input: Value| {
            let (caller, operation) = (by.to_owned(), operation.to_owned());
            world(Happening::Call { caller, operation, input })
        };
        if let Some(deploy) = &self.deploy {
            let input =
                json!({ "cluster": cluster, "service": deploy.service, "taskDefinition": deploy.revision });
            return (
                call("UpdateService", input),
                format!("{by} deploys {} to {}", deploy.revision, deploy.service),
            );
        }
        if let Some(scale) = &self.scale {
            let input =
                json!({ "cluster": cluster, "service": scale.service, "desiredCount": scale.desired });
            return (
                call("UpdateService", input),
                format!("{by} scales {} to {} tasks", scale.service, scale.desired),
            );
        }
        if let Some(strategy) = &self.strategy {
            return (call("UpdateService", strategy.input(cluster)), format!("{by} {}", strategy.in_words()));
        }
        if let Some(of) = &self.deregister {
            let told = format!("{by} deregisters {of}");
            return (call("DeregisterTaskDefinition", json!({ "taskDefinition": of })), told);
        }
        if let Some(answer) = &self.answer_hook {
            let told = format!("{by} answers the hook of {} in the console: {}", answer.service, answer.with);
            let happening = Happening::AnswerHook {
                caller: by.to_owned(),
                cluster: cluster.to_owned(),
                service: answer.service.clone(),
                goes_on: answer.with == DeploymentLifecycleHookAction::Continue,
            };
            return (world(happening), told);
        }
        if let Some(service) = &self.stop_tasks {
            let told = format!("{by} stops the tasks of {service}");
            let happening = Happening::StopTasks {
                caller: by.to_owned(),
                cluster: cluster.to_owned(),
                service: service.clone(),
            };
            return (world(happening), told);
        }
        if let Some(behave) = &self.behave {
            return changed(behave);
        }
        if let Some(of) = &self.delete_secret {
            let does = Behaviour::new(Fate::CannotReadSecret(SecretFailure::NotFound));
            let told = format!("{by} deletes a secret that {of} needs");
            return (world(Happening::Behaviour { revision: of.clone(), behaviour: does }), told);
        }
        if let Some((deed, told)) = self.decision() {
            return (deed, told);
        }
        self.fault(cluster)
    }

    fn decision(&self) -> Option<(Deed, String)> {
        let by = self.person();
        if let Some(why) = &self.pause {
            let told = format!("{by} pauses all changes: {why}");
            return Some((Deed::Decision(Decision::Pause { why: why.clone() }), told));
        }
        if let Some(why) = &self.resume {
            let told = format!("{by} lets changes go on: {why}");
            return Some((Deed::Decision(Decision::Resume { why: why.clone() }), told));
        }
        if let Some(why) = &self.approve {
            let told = format!("{by} approves what Steward proposes: {why}");
            return Some((Deed::Decision(Decision::Approve { why: why.clone() }), told));
        }
        if let Some(why) = &self.reject {
            let told = format!("{by} rejects what Steward proposes: {why}");
            return Some((Deed::Decision(Decision::Reject { why: why.clone() }), told));
        }
        let stack = self.stack.as_ref()?;
        let told = format!("the stack {} is {}", stack.name, stack.status);
        Some((Deed::Stack { name: stack.name.clone(), status: stack.status.clone() }, told))
    }

    /// What befalls a host, but for its agent.
    fn of_host(&self) -> Option<(Happening, String)> {
        let check = |host: &String, fails| {
            let told = format!("the status checks of {host} {}", if fails { "fail" } else { "pass again" });
            (Happening::StatusCheck { ec2_instance_id: host.clone(), fails }, told)
        };
        if let Some(host) = &self.status_check_fails {
            return Some(check(host, true));
        }
        if let Some(host) = &self.status_check_passes {
            return Some(check(host, false));
        }
        if let Some(host) = &self.host_cut_off {
            let told = format!("the host {host} loses its network");
            return Some((Happening::CutOff { ec2_instance_id: host.clone() }, told));
        }
        if let Some(host) = &self.spot_warning {
            let told = format!("EC2 warns that it takes the Spot instance {host} back in two minutes");
            let ec2_instance_id = host.clone();
            return Some((Happening::SpotInstanceInterruption { ec2_instance_id, drains: false }, told));
        }
        let host = self.host_lost.as_ref()?;
        let ec2_instance_id = host.clone();
        Some((Happening::InstanceTerminated { ec2_instance_id }, format!("the host {host} ends")))
    }

    fn fault(&self, cluster: &str) -> (Deed, String) {
        if let Some((happening, told)) = self.of_host() {
            return (Deed::World(Box::new(happening)), told);
        }
        let (happening, told) = if let Some(zone) = &self.lose_zone {
            (Happening::ZoneLost(zone.clone()), format!("the availability zone {zone} goes"))
        } else if let Some(zone) = &self.zone_back {
            (Happening::ZoneBack(zone.clone()), format!("the availability zone {zone} is back"))
        } else if let Some(per_thousand) = self.spot_wave {
            let told = match per_thousand {
                1000 => "FARGATE_SPOT takes all its tasks back".to_owned(),
                some => format!("FARGATE_SPOT takes {some} of 1000 tasks back"),
            };
            (Happening::SpotInterruption { per_thousand }, told)
        } else if let Some(lasts) = self.spot_gone {
            let told = format!("FARGATE_SPOT takes all its tasks back, and has no room for {lasts}");
            (Happening::SpotWave { lasts: lasts.get().unsigned_abs() }, told)
        } else if let Some(services) = &self.retirement_notice {
            let told = format!("AWS Health: Fargate replaces the tasks of {} in 7 days", services.join(", "));
            (Happening::Retirement { cluster: cluster.to_owned(), services: services.clone() }, told)
        } else if let Some(name) = &self.alarm {
            (Happening::Alarm { name: name.clone(), in_alarm: true }, format!("the alarm {name} rings"))
        } else {
            let (host, connected) = match &self.agent_lost {
                Some(host) => (host.clone(), false),
                None => (self.agent_back.clone().unwrap_or_default(), true),
            };
            let how = if connected { "is heard again" } else { "is not heard any more" };
            let told = format!("the agent of {host} {how}");
            (Happening::Agent { ec2_instance_id: host, connected }, told)
        };
        (Deed::World(Box::new(happening)), told)
    }
}

impl form::Strategy {
    fn input(&self, cluster: &str) -> Value {
        let items: Vec<Value> = self
            .providers
            .iter()
            .map(|(provider, weight)| json!({ "capacityProvider": provider, "weight": weight }))
            .collect();
        json!({
            "cluster": cluster, "service": self.service, "capacityProviderStrategy": items,
            "forceNewDeployment": true,
        })
    }

    fn in_words(&self) -> String {
        let providers: Vec<String> =
            self.providers.iter().map(|(provider, weight)| format!("{provider} {weight}")).collect();
        format!("sets {} to {}", self.service, providers.join(", "))
    }
}

fn changed(behave: &form::Behave) -> (Deed, String) {
    let (revision, does) = (behave.revision.clone(), behaviour(&behave.behaviour));
    let who = if behave.running_ones { "all tasks of" } else { "new tasks of" };
    let told = format!("{who} {revision} {}", in_words(&behave.behaviour));
    let happening = if behave.running_ones {
        Happening::BehaviourOfAll { revision, behaviour: does }
    } else {
        Happening::Behaviour { revision, behaviour: does }
    };
    (Deed::World(Box::new(happening)), told)
}

/// What tasks do, completing "all tasks of api:1 …".
fn in_words(does: &form::Behaviour) -> String {
    match does {
        form::Behaviour::Serves => "serve again".to_owned(),
        form::Behaviour::StartsSlowly(by) => format!("take {by} longer to start"),
        form::Behaviour::CannotPull(_) => "cannot pull their image".to_owned(),
        form::Behaviour::CannotReadSecret(_) => "cannot read a secret".to_owned(),
        form::Behaviour::CannotStart(_) => "cannot start".to_owned(),
        form::Behaviour::CrashesAtBoot(code) => format!("exit with {code} before they run"),
        form::Behaviour::Exits(exit) => format!("exit with {} after {}", exit.code, exit.after),
        form::Behaviour::OutOfMemory(after) => format!("run out of memory after {after}"),
        form::Behaviour::NeedMemory(needed) => {
            format!("run out of memory after {}, unless they have {} MiB", needed.after, needed.mib)
        }
        form::Behaviour::FailsContainerHealth(_) => "fail their health check".to_owned(),
        form::Behaviour::FailsElbHealth(_) => "fail the load balancer's health check".to_owned(),
        form::Behaviour::Hangs(after) => format!("hang after {after}"),
    }
}

/// How many tasks of each family stand alone.
pub(super) fn standalone(file: &File) -> BTreeMap<String, u32> {
    file.tasks.iter().map(|(family, tasks)| (family.clone(), tasks.count)).collect()
}
