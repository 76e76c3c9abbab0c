//! What befalls the world: faults, and people, put on the agenda by a script.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::agenda::Due;
use super::api::{ContainerInstanceStatus, TaskStopCode};
use super::behaviour::{Behaviour, Fate};
use super::capacity::{FARGATE, FARGATE_SPOT};
use super::events::http_time;
use super::fate::usable_memory;
use super::instance::{HostNow, Instance};
use super::refusal::{Refusal, Refusals};
use super::service::ServiceStatus;
use super::state::{ServiceId, TaskId};
use super::world::Ecs;
use crate::random::later;

/// The code of the notice that Fargate will replace tasks.
const RETIREMENT: &str = "AWS_ECS_TASK_PATCHING_RETIREMENT";
/// From the notice to the replacement (FACTS §4).
const NOTICE: Duration = Duration::from_hours(7 * 24);
/// From the warning to the end of a Spot instance (FACTS §1).
const SPOT_WARNING: Duration = Duration::from_mins(2);
/// The end of a task or host that its zone or platform takes away.
const MAINTENANCE: &str = "ECS is performing maintenance on the underlying infrastructure hosting the task.";
pub(super) const IMPAIRED: &str = "The task was stopped because its underlying infrastructure is unhealthy.";

/// Something that happens at its time.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// Somebody calls the API. What ECS refuses is refused silently: the script has no reader.
    Call {
        /// Who.
        caller: String,
        /// The operation's name.
        operation: String,
        /// Its input.
        input: Value,
    },
    /// Tasks of a revision that begin from now on do something else: a secret was deleted, an image pushed again.
    Behaviour {
        /// `family:revision`, or the family for all its revisions.
        revision: String,
        /// What they do.
        behaviour: Behaviour,
    },
    /// Running tasks of a revision end as their new behaviour says, and new ones begin with it: a database went away.
    BehaviourOfAll {
        /// `family:revision`, or the family for all its revisions.
        revision: String,
        /// What they do.
        behaviour: Behaviour,
    },
    /// Fargate has no room for a kind of task in a zone; or has again.
    Shortage {
        /// The zone.
        zone: String,
        /// `FARGATE_SPOT` rather than FARGATE.
        spot: bool,
        /// From now on, or no longer.
        is_short: bool,
    },
    /// A zone goes: Fargate tasks end, container instances with theirs.
    ZoneLost(String),
    /// It is back, empty.
    ZoneBack(String),
    /// `FARGATE_SPOT` takes back so many of a thousand tasks, drawn one by one.
    SpotInterruption {
        /// Of each thousand.
        per_thousand: u16,
    },
    /// `FARGATE_SPOT` takes back all tasks, and has no room for others until it is over.
    SpotWave {
        /// So long from now.
        lasts: Duration,
    },
    /// A wave is over. Where several overlap there is room after the last.
    SpotWaveOver,
    /// Fargate has room for at most so many tasks of a kind at a time, over all zones; `None`: for any number.
    Room {
        /// `FARGATE_SPOT` rather than FARGATE.
        spot: bool,
        /// So many.
        tasks: Option<usize>,
    },
    /// `RunTask` is turned away from now on, and starts nothing then.
    RunTaskRefused {
        /// How.
        how: Refusal,
        /// Of each thousand calls, drawn one by one; 0: no longer.
        per_thousand: u16,
    },
    /// EC2 warns of the end of a Spot instance, and ends it two minutes later.
    SpotInstanceInterruption {
        /// The EC2 instance.
        ec2_instance_id: String,
        /// Whether the agent drains the host on the warning (`ECS_ENABLE_SPOT_INSTANCE_DRAINING`).
        drains: bool,
    },
    /// The agent of a container instance is heard, or no longer.
    Agent {
        /// The EC2 instance.
        ec2_instance_id: String,
        /// Heard.
        connected: bool,
    },
    /// EC2's status checks of an instance fail, or pass again. CloudWatch tells of them; ECS knows nothing of it.
    StatusCheck {
        /// The EC2 instance.
        ec2_instance_id: String,
        /// Whether they fail.
        fails: bool,
    },
    /// A host loses its network: its agent is not heard any more, and the load balancer's checks of its tasks fail.
    CutOff {
        /// The EC2 instance.
        ec2_instance_id: String,
    },
    /// A container instance is drained, or takes tasks again.
    Drain {
        /// The EC2 instance.
        ec2_instance_id: String,
        /// DRAINING rather than ACTIVE.
        drains: bool,
    },
    /// A container instance ends with all its tasks.
    InstanceTerminated {
        /// The EC2 instance.
        ec2_instance_id: String,
    },
    /// A CloudWatch alarm goes into ALARM, or back.
    Alarm {
        /// Its name.
        name: String,
        /// Whether it is in ALARM.
        in_alarm: bool,
    },
    /// Somebody stops the tasks of a service, each by itself.
    StopTasks {
        /// Who.
        caller: String,
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
    },
    /// Somebody answers the hook at which a service's deployment waits, in the console.
    AnswerHook {
        /// Who.
        caller: String,
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
        /// Whether it goes on, rather than back.
        goes_on: bool,
    },
    /// AWS Health announces that Fargate will replace the tasks of services, seven days ahead; then ECS does.
    Retirement {
        /// The cluster.
        cluster: String,
        /// Its services.
        services: Vec<String>,
    },
    /// The announced date: ECS replaces the tasks that are older than the notice.
    RetirementDue {
        /// The cluster.
        cluster: String,
        /// Its services.
        services: Vec<String>,
        /// When it was announced.
        announced: Timestamp,
    },
}

impl Ecs {
    /// Carries out a happening now.
    pub fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Call { caller, operation, input } => {
                // A script's own caller; whoever is calling otherwise stays who it is.
                let calling = std::mem::take(&mut self.caller);
                let _refused = self.call(&caller, &operation, &input);
                self.caller = calling;
            }
            Happening::Behaviour { revision, behaviour } => {
                self.set_behaviour(&revision, behaviour);
            }
            Happening::BehaviourOfAll { revision, behaviour } => {
                self.set_behaviour_of_all(&revision, behaviour);
            }
            Happening::Shortage { zone, spot, is_short } => self.set_shortage(zone, spot, is_short),
            Happening::ZoneLost(zone) => self.lose_zone(&zone),
            Happening::ZoneBack(zone) => {
                self.state.capacity.lost.remove(&zone);
                self.poke_all();
            }
            Happening::SpotInterruption { per_thousand } => self.interrupt_spot(per_thousand),
            Happening::SpotWave { lasts } => {
                self.state.capacity.waves += 1;
                self.agenda.put(later(self.now, lasts), Due::Happening(Box::new(Happening::SpotWaveOver)));
                self.interrupt_spot(1_000);
            }
            Happening::SpotWaveOver => {
                self.state.capacity.waves = self.state.capacity.waves.saturating_sub(1);
            }
            Happening::Room { spot, tasks } => {
                self.state.capacity.rooms.insert(kind(spot), tasks.unwrap_or(usize::MAX));
            }
            Happening::RunTaskRefused { how, per_thousand } => {
                self.refusals = (per_thousand > 0).then_some(Refusals { how, per_thousand });
            }
            Happening::SpotInstanceInterruption { ec2_instance_id, drains } => {
                self.warn_of_interruption(&ec2_instance_id, drains);
            }
            Happening::Agent { ec2_instance_id, connected } => self.set_agent(&ec2_instance_id, connected),
            Happening::StatusCheck { ec2_instance_id, fails } => {
                self.set_status_check(&ec2_instance_id, fails);
            }
            Happening::CutOff { ec2_instance_id } => self.cut_off(&ec2_instance_id),
            Happening::Drain { ec2_instance_id, drains } => self.set_draining(&ec2_instance_id, drains),
            Happening::InstanceTerminated { ec2_instance_id } => self.terminate_instance(&ec2_instance_id),
            Happening::Alarm { name, in_alarm } => {
                if in_alarm {
                    self.state.alarms.insert(name);
                } else {
                    self.state.alarms.remove(&name);
                }
                self.poke_all();
            }
            Happening::StopTasks { caller, cluster, service } => {
                self.stop_by_hand(&caller, &cluster, &service);
            }
            Happening::AnswerHook { caller, cluster, service, goes_on } => {
                self.answer_in_the_console(&caller, &cluster, &service, goes_on);
            }
            Happening::Retirement { cluster, services } => self.announce_retirement(&cluster, services),
            Happening::RetirementDue { cluster, services, announced } => {
                self.retire(&cluster, &services, announced);
            }
        }
    }

    fn stop_by_hand(&mut self, caller: &str, cluster: &str, service: &str) {
        let Some(id) = self.state.service_by_name(cluster, service).map(|service| service.id) else { return };
        let running = self.state.tasks_of(id).filter(|task| !task.desired_stopped);
        let tasks: Vec<String> = running.map(|task| task.arn.clone()).collect();
        let calling = std::mem::take(&mut self.caller);
        for task in tasks {
            let input = json!({ "cluster": cluster, "task": task, "reason": "stopped by hand" });
            let _refused = self.call(caller, "StopTask", &input);
        }
        self.caller = calling;
    }

    /// The revisions whose behaviour changed.
    fn set_behaviour(&mut self, revision: &str, behaviour: Behaviour) -> Vec<String> {
        let behaviour = Arc::new(behaviour);
        let (family, number) = match revision.split_once(':') {
            Some((family, number)) => (family, number.parse::<u32>().ok()),
            None => (revision, None),
        };
        let mut changed = Vec::new();
        for (of, definition) in self.state.definitions.get_mut(family).into_iter().flatten() {
            if number.is_none_or(|number| number == *of) {
                let definition = Arc::make_mut(definition);
                definition.behaviour = Arc::clone(&behaviour);
                changed.push(definition.arn.clone());
            }
        }
        changed
    }

    fn set_behaviour_of_all(&mut self, revision: &str, behaviour: Behaviour) {
        let changed = self.set_behaviour(revision, behaviour.clone());
        let behaviour = Arc::new(behaviour);
        let running: Vec<TaskId> = self
            .state
            .tasks
            .values()
            .filter(|task| !task.desired_stopped && changed.contains(&task.definition.arn))
            .map(|task| task.id)
            .collect();
        for id in running {
            let Some(task) = self.state.task(id) else { continue };
            let memory = usable_memory(&task.definition, &task.overrides);
            let behaviour = self.settle(&behaviour, memory);
            if let Some(task) = self.state.task_mut(id) {
                task.behaviour = behaviour;
            }
            self.meet_fate(id);
        }
    }

    fn set_shortage(&mut self, zone: String, spot: bool, is_short: bool) {
        if is_short {
            self.state.capacity.short.insert((zone, kind(spot)));
        } else {
            self.state.capacity.short.remove(&(zone, kind(spot)));
        }
    }

    fn lose_zone(&mut self, zone: &str) {
        self.state.capacity.lost.insert(zone.to_owned());
        let hosts: Vec<String> = self
            .state
            .instances
            .values()
            .filter(|host| host.zone == zone)
            .map(|host| host.ec2.clone())
            .collect();
        for host in hosts {
            self.terminate_instance(&host);
        }
        let tasks: Vec<TaskId> = self
            .state
            .tasks
            .values()
            .filter(|task| task.zone == zone && task.is_fargate() && !task.is_stopped())
            .map(|task| task.id)
            .collect();
        for task in tasks {
            self.vanish(task, TaskStopCode::InfrastructureHealth, IMPAIRED.into());
        }
    }

    fn interrupt_spot(&mut self, per_thousand: u16) {
        let tasks: Vec<TaskId> = self
            .state
            .tasks
            .values()
            .filter(|task| task.provider.as_deref() == Some(FARGATE_SPOT) && !task.desired_stopped)
            .map(|task| task.id)
            .collect();
        for task in tasks {
            if self.random.below(1_000) < u64::from(per_thousand) {
                self.stop(task, TaskStopCode::SpotInterruption, "Your Spot Task was interrupted.".into());
            }
        }
    }

    fn warn_of_interruption(&mut self, ec2: &str, drains: bool) {
        let Some(instance) = self.instance_of(ec2) else { return };
        let arn = self.names.ec2_instance(&instance.zone, ec2);
        let detail = json!({ "instance-id": ec2, "instance-action": "terminate" });
        self.send("aws.ec2", "EC2 Spot Instance Interruption Warning", &[arn], &detail);
        if drains {
            self.set_draining(ec2, true);
        }
        let end = Happening::InstanceTerminated { ec2_instance_id: ec2.to_owned() };
        self.agenda.put(later(self.now, SPOT_WARNING), Due::Happening(Box::new(end)));
    }

    fn instance_of(&self, ec2: &str) -> Option<Instance> {
        self.state
            .instances
            .values()
            .find(|instance| instance.ec2 == ec2)
            .map(|instance| instance.as_ref().clone())
    }

    fn set_draining(&mut self, ec2: &str, drains: bool) {
        let Some(instance) = self.instance_of(ec2) else { return };
        let status = if drains { ContainerInstanceStatus::Draining } else { ContainerInstanceStatus::Active };
        self.set_instance_status(&instance.id, status);
    }

    /// While an agent is not heard, nothing that happens to its tasks is known; afterwards all of it is.
    fn set_agent(&mut self, ec2: &str, connected: bool) {
        let Some(instance) = self.instance_of(ec2).filter(|instance| instance.connected != connected) else {
            return;
        };
        let now = self.now;
        let tasks: Vec<TaskId> = self.state.tasks_on(&instance.id).map(|task| task.id).collect();
        for task in &tasks {
            if let Some(task) = self.state.task_mut(*task) {
                task.connected = connected;
                task.times.connectivity = Some(now);
            }
        }
        self.change_instance(&instance.id, |instance| {
            instance.connected = connected;
            instance.connected_since = now;
        });
        if !connected {
            return;
        }
        let unheard = self
            .state
            .instance_mut(&instance.id)
            .map(|instance| std::mem::take(&mut instance.unheard))
            .unwrap_or_default();
        for (task, epoch, step) in unheard {
            self.agenda.put(now, Due::Step { task, epoch, step });
        }
    }

    fn set_status_check(&mut self, ec2: &str, fails: bool) {
        let now = self.now;
        let Some(instance) = self.instance_of(ec2) else { return };
        if let Some(instance) = self.state.instance_mut(&instance.id) {
            instance.impaired_since = fails.then(|| instance.impaired_since.unwrap_or(now));
        }
    }

    /// What EC2's status checks said of an instance in a minute that has ended, as CloudWatch tells it; `None` of an instance
    /// that is not there. The checks are made, and told, each minute (Amazon EC2 User Guide, instance metrics).
    pub fn status_check(&self, ec2: &str, minute: Timestamp) -> Option<bool> {
        let instance = self.state.instances.values().find(|instance| instance.ec2 == ec2)?;
        let ended = later(minute, Duration::from_mins(1));
        (ended <= self.now).then(|| instance.impaired_since.is_some_and(|since| since < ended))
    }

    /// How a container instance really is; `None` for one that is not there.
    pub fn host_now(&self, arn: &str) -> Option<HostNow> {
        let instance = self.state.instances.values().find(|instance| instance.arn == arn)?;
        Some(HostNow {
            drains: instance.status == ContainerInstanceStatus::Draining,
            connected_since: instance.connected.then_some(instance.connected_since),
        })
    }

    fn cut_off(&mut self, ec2: &str) {
        self.set_agent(ec2, false);
        let Some(instance) = self.instance_of(ec2) else { return };
        let balanced: Vec<TaskId> = self
            .state
            .tasks_on(&instance.id)
            .filter(|task| task.elb.is_some() && !task.desired_stopped)
            .map(|task| task.id)
            .collect();
        for id in balanced {
            if let Some(task) = self.state.task_mut(id) {
                task.behaviour = Arc::new(Behaviour::new(Fate::FailsElbHealth { after: Duration::ZERO }));
            }
            self.meet_fate(id);
        }
    }

    fn terminate_instance(&mut self, ec2: &str) {
        let Some(instance) = self.instance_of(ec2) else { return };
        let tasks: Vec<TaskId> = self.state.tasks_on(&instance.id).map(|task| task.id).collect();
        self.change_instance(&instance.id, |instance| instance.connected = false);
        let gone = self.state.instances.remove(&instance.id);
        for task in tasks {
            let reason = format!("Host EC2 (instance {ec2}) terminated.");
            self.vanish(task, TaskStopCode::TerminationNotice, reason);
        }
        if let Some(gone) = gone {
            let mut gone = gone.as_ref().clone();
            gone.version += 1;
            gone.updated = self.now;
            self.emit_instance(&gone, "INACTIVE");
        }
    }

    /// A change of a container instance that ECS sends an event for.
    pub(super) fn change_instance(&mut self, id: &str, change: impl FnOnce(&mut Instance)) {
        let now = self.now;
        let Some(instance) = self.state.instance_mut(id) else { return };
        change(instance);
        instance.version += 1;
        instance.updated = now;
        let shown = instance.clone();
        self.emit_instance(&shown, shown.status.as_str());
    }

    /// Tasks of services leave a host that drains, and stay on one that no longer does.
    pub(super) fn mark_leaving(&mut self, instance: &str, leaves: bool) {
        let tasks: Vec<TaskId> =
            self.state.tasks_on(instance).filter(|task| task.service.is_some()).map(|task| task.id).collect();
        for id in tasks {
            let Some(task) = self.state.task_mut(id) else { continue };
            task.leaving = leaves.then_some(super::task::Leaving::HostDrains);
            self.task_told_to_stop(id);
        }
    }

    pub(super) fn poke_all(&mut self) {
        let active: Vec<ServiceId> = self
            .state
            .services
            .values()
            .filter(|service| service.status == ServiceStatus::Active)
            .map(|service| service.id)
            .collect();
        for service in active {
            self.poke(service);
        }
    }

    fn announce_retirement(&mut self, cluster: &str, services: Vec<String>) {
        let due = later(self.now, NOTICE);
        let entities: Vec<String> = services.iter().map(|service| format!("{cluster}|{service}")).collect();
        let id = format!("{RETIREMENT}-{}", self.random.uuid());
        let updated = http_time(self.now);
        let affected: Value = entities
            .iter()
            .map(|entity| json!({ "entityValue": entity, "status": "PENDING", "lastUpdatedTime": updated }))
            .collect();
        let communication = format!("{}-1", self.random.hex(40));
        let detail = json!({
            "eventArn": self.names.health_event(RETIREMENT, &id),
            "service": "ECS",
            "eventTypeCode": RETIREMENT,
            "eventTypeCategory": "scheduledChange",
            "eventScopeCode": "ACCOUNT_SPECIFIC",
            "communicationId": communication,
            "startTime": http_time(due),
            "endTime": http_time(later(due, NOTICE)),
            "lastUpdatedTime": updated,
            "statusCode": "upcoming",
            "eventRegion": self.names.region(),
            "eventDescription": [{
                "language": "en_US",
                "latestDescription": format!("Fargate will replace tasks that run on an older platform revision, from {} on.", http_time(due)),
            }],
            "affectedEntities": affected,
            "affectedAccount": self.names.account(),
            "page": "1",
            "totalPages": "1",
        });
        self.send("aws.health", "AWS Health Event", &entities, &detail);
        let retire = Happening::RetirementDue { cluster: cluster.to_owned(), services, announced: self.now };
        self.agenda.put(due, Due::Happening(Box::new(retire)));
    }

    /// Newer tasks run on the newer platform revision and stay.
    fn retire(&mut self, cluster: &str, services: &[String], announced: Timestamp) {
        for name in services {
            let Some(service) = self.state.service_by_name(cluster, name) else { continue };
            let id = service.id;
            let old: Vec<TaskId> = self
                .state
                .tasks_of(id)
                .filter(|task| !task.desired_stopped && task.created <= announced)
                .map(|task| task.id)
                .collect();
            for task in old {
                if let Some(task) = self.state.task_mut(task) {
                    task.leaving = Some(super::task::Leaving::PlatformRetires);
                }
            }
            self.poke(id);
        }
    }
}

/// The provider of a kind of capacity.
fn kind(spot: bool) -> String {
    if spot { FARGATE_SPOT } else { FARGATE }.to_owned()
}

impl super::task::Leaving {
    /// What ECS writes into the tasks that it stops for it; `None` where that is its usual text.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::HostDrains => None,
            Self::PlatformRetires => Some(MAINTENANCE),
        }
    }
}
