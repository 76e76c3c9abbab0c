//! A world: ECS, the bus, queues, functions and people, one thing after the other.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::batch::Jobs;
use steward::config::{Loader, Policy};
use steward::remediation::Home;
use steward::scaling::Scalers;

use super::checks::{Invariant, Sabotage};
use super::executor::{Answer, Ended, Executor, How};
use super::faults::Kind;
use super::functions::{
    Crew, Environment, batch_events, batch_sweep, notifications_batch, notifications_sweep,
    remediation_batch, remediation_sweep, scaling_sweep,
};
use super::queues::{self, EVENTS, Mapping, SCALING_TIMEOUT, TIMEOUT};
use super::scaling::Work;
use super::script::Deed;
use super::site::Function;
use super::stage::{InvocationId, Stage};
use crate::lambda::queue::Message;
use crate::random::later;

/// Functions are swept each minute.
const TICK: Duration = Duration::from_mins(1);
/// More happens in no moment: the world does not get on.
const MOST_STEPS_AT_ONCE: u32 = 100_000;

/// Something on the world's agenda.
#[derive(Debug)]
enum Item {
    Tick,
    Deed(Box<Deed>),
    /// A tick that comes when it comes.
    Late(Function),
    /// An event reaches its queue.
    Arrives(String),
}

/// What runs in an execution environment.
struct Job {
    slot: (Function, usize),
    batch: Option<(&'static str, Vec<Message>)>,
}

/// A running world.
pub(super) struct World {
    pub(super) stage: Rc<Stage>,
    executor: Executor,
    agenda: BTreeMap<(Timestamp, u64), Item>,
    serial: u64,
    mappings: Vec<Mapping>,
    jobs: BTreeMap<InvocationId, Job>,
    environments: BTreeMap<(Function, usize), Environment>,
    crew: Crew,
    policy: Rc<Policy>,
    timetables: Rc<Jobs>,
    scalers: Rc<Scalers>,
    home: Home,
    /// Every event that was delivered, for those who want to hear them again.
    pub(super) sent: Vec<String>,
    steps_at_once: (Timestamp, u32),
}

impl World {
    /// `crew` is who looks after it, and what they go by.
    pub(super) fn new(stage: Rc<Stage>, crew: Crew, script: Vec<(Timestamp, Deed)>) -> Self {
        let now = stage.now();
        let (mut policy, mut jobs, mut scalers) = (Policy::default(), Jobs::default(), Scalers::default());
        match &crew {
            Crew::Remediation(known) => policy = Policy::clone(known),
            Crew::Batch(known) => jobs = known.clone(),
            Crew::Scaling(known) => scalers = Scalers::clone(known),
        }
        let mut world = Self {
            executor: Executor::new(Rc::clone(&stage)),
            stage,
            agenda: BTreeMap::new(),
            serial: 0,
            mappings: crew.hears().map(Mapping::of_events).into_iter().chain([Mapping::of_tell()]).collect(),
            jobs: BTreeMap::new(),
            environments: BTreeMap::new(),
            policy: Rc::new(policy),
            timetables: Rc::new(jobs),
            scalers: Rc::new(scalers),
            crew,
            home: Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() },
            sent: Vec::new(),
            steps_at_once: (now, 0),
        };
        world.put(later(now, TICK), Item::Tick);
        for (at, deed) in script {
            world.put(at, Item::Deed(Box::new(deed)));
        }
        world
    }

    fn put(&mut self, at: Timestamp, item: Item) {
        self.serial += 1;
        self.agenda.insert((at, self.serial), item);
    }

    /// Does something at a time.
    pub(super) fn schedule(&mut self, at: Timestamp, deed: Deed) {
        self.put(at, Item::Deed(Box::new(deed)));
    }

    /// Hands an event over again.
    pub(super) fn repeat(&mut self, at: Timestamp, event: &str) {
        let event = self.again(event);
        self.put(at, Item::Arrives(event));
    }

    /// An event that comes again is the same, but where the bus is broken.
    fn again(&self, event: &str) -> String {
        if self.is_broken_by(Sabotage::ConfusesTasks) {
            event.replace(":task/shop/", ":task/shop/0")
        } else {
            event.to_owned()
        }
    }

    fn is_broken_by(&self, sabotage: Sabotage) -> bool {
        self.stage.checks.borrow().sabotage() == Some(sabotage)
    }

    /// Lets everything happen up to `end`, unless a check fails before.
    pub(super) fn run_until(&mut self, end: Timestamp) {
        while self.stage.checks.borrow().violations().is_empty() {
            let Some(at) = self.next_at().filter(|at| *at <= end) else { break };
            self.stage.set_now(at);
            self.step(at);
            if self.is_stuck() {
                let what = format!("{MOST_STEPS_AT_ONCE} steps and no time passes");
                return self.stage.checks.borrow_mut().fail(Invariant::Progress, at, what);
            }
        }
        self.stage.set_now(end);
    }

    fn is_stuck(&mut self) -> bool {
        let now = self.stage.now();
        let (at, steps) = self.steps_at_once;
        self.steps_at_once = if at == now { (at, steps + 1) } else { (now, 0) };
        self.steps_at_once.1 > MOST_STEPS_AT_ONCE
    }

    fn next_at(&self) -> Option<Timestamp> {
        let agenda = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let ecs = self.stage.ecs.borrow().next_at();
        let mappings = self.mappings.iter().filter_map(|mapping| mapping.looks_at).min();
        let work = self.stage.work.borrow().as_ref().map(Work::next_at);
        let next = [agenda, ecs, mappings, work, self.executor.next_at()].into_iter().flatten().min();
        next.map(|at| at.max(self.stage.now()))
    }

    /// One thing that is due: ECS first, then what is on its way, then who waits.
    fn step(&mut self, at: Timestamp) {
        let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= at);
        if is_due(self.stage.ecs.borrow().next_at()) {
            self.stage.ecs.borrow_mut().advance(at);
        } else if is_due(self.stage.work.borrow().as_ref().map(Work::next_at)) {
            self.stage.work();
        } else if is_due(self.agenda.first_key_value().map(|((at, _), _)| *at)) {
            if let Some((_, item)) = self.agenda.pop_first() {
                self.carry_out(item, at);
            }
        } else if let Some(index) = self.mappings.iter().position(|mapping| is_due(mapping.looks_at)) {
            self.poll(index, at);
        } else if let Some(ended) = self.executor.step() {
            self.ended(&ended);
        }
        self.send_events();
        self.look();
    }

    fn carry_out(&mut self, item: Item, at: Timestamp) {
        match item {
            Item::Tick => {
                self.put(later(at, TICK), Item::Tick);
                self.tick(at);
                self.sweep(Function::NotificationsSweep);
            }
            Item::Late(function) => self.sweep(function),
            Item::Deed(deed) => self.stage.perform(*deed),
            Item::Arrives(event) => {
                let sent = self.stage.queues.borrow_mut().send(at, EVENTS, &event, None);
                if let Err(error) = sent {
                    self.fail(error.to_string());
                }
            }
        }
    }

    fn late_tick(&mut self, function: Function, at: Timestamp) {
        let comes = self.stage.weather.borrow_mut().on_tick(at);
        for after in comes {
            self.put(later(at, after), Item::Late(function));
        }
    }

    /// The tick of whoever looks after the world; those of batch and scaling may come late, twice or not at all.
    fn tick(&mut self, at: Timestamp) {
        match self.crew {
            Crew::Remediation(_) => self.sweep(Function::RemediationSweep),
            Crew::Batch(_) => self.late_tick(Function::BatchSweep, at),
            Crew::Scaling(_) => self.late_tick(Function::ScalingSweep, at),
        }
    }

    fn fail(&self, what: String) {
        self.stage.checks.borrow_mut().fail(Invariant::Progress, self.stage.now(), what);
    }

    /// What ECS sent goes through the bus.
    fn send_events(&mut self) {
        let emitted = self.stage.ecs.borrow_mut().take_events();
        if self.crew.hears().is_none() {
            return;
        }
        for one in emitted {
            let now = self.stage.now();
            if self.is_broken_by(Sabotage::HidesAgents) && is_agent_back(&one.event) {
                continue;
            }
            self.stage.checks.borrow_mut().emitted(&one.event, now);
            let passage = self.stage.weather.borrow_mut().on_event(is_good_news(&one.event), now);
            if is_breaker(&one.event) {
                self.stage.weather.borrow_mut().count(Kind::Breaker);
            }
            let text = one.event.to_string();
            let arrivals = passage.arrives_after.len();
            self.stage.note("ECS", || format!("{} [{arrivals}]", summary(&one.event)));
            for (index, after) in passage.arrives_after.into_iter().enumerate() {
                let event = if index > 0 { self.again(&text) } else { text.clone() };
                self.put(later(now, after), Item::Arrives(event));
            }
            if arrivals > 0 {
                self.sent.push(text);
            }
        }
    }

    /// Each mapping looks as soon as it may: a message is visible, its window is over, and there is room.
    fn look(&mut self) {
        let now = self.stage.now();
        let queues = self.stage.queues.borrow();
        for mapping in &mut self.mappings {
            let running = self.jobs.values().filter(|job| job.slot.0 == mapping.function).count();
            let visible = queues.next_visible(mapping.queue).ok().flatten();
            let Some(visible) = visible.filter(|_| running < mapping.most) else {
                mapping.looks_at = None;
                continue;
            };
            let at = later(visible.max(now), if visible > now { mapping.window } else { Duration::ZERO });
            let at = match mapping.looks_at {
                Some(known) if visible <= now => known.min(later(now, mapping.window)),
                Some(known) => known.min(at),
                None if visible <= now => later(now, mapping.window),
                None => at,
            };
            mapping.looks_at = Some(at);
        }
    }

    fn poll(&mut self, index: usize, now: Timestamp) {
        let Some(mapping) = self.mappings.get_mut(index) else { return };
        mapping.looks_at = None;
        let (function, queue) = (mapping.function, mapping.queue);
        let received = mapping.receive(&mut self.stage.queues.borrow_mut(), now);
        match received {
            Ok(batch) if batch.is_empty() => {}
            Ok(batch) => {
                let payload = queues::payload(&batch);
                self.start(function, Some((queue, batch)), payload);
            }
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn sweep(&mut self, function: Function) {
        self.start(function, None, Vec::new());
    }

    fn start(&mut self, function: Function, batch: Option<(&'static str, Vec<Message>)>, payload: Vec<u8>) {
        let taken: Vec<usize> =
            self.jobs.values().filter(|job| job.slot.0 == function).map(|job| job.slot.1).collect();
        let index = (0..=taken.len()).find(|index| !taken.contains(index)).unwrap_or(0);
        let slot = (function, index);
        let environment = self.environment(slot);
        let (id, ended) = match function {
            Function::RemediationBatch => {
                self.executor.start(function, TIMEOUT, remediation_batch(environment, payload))
            }
            Function::RemediationSweep => {
                self.executor.start(function, TIMEOUT, remediation_sweep(environment))
            }
            Function::BatchEvents => {
                self.executor.start(function, TIMEOUT, batch_events(environment, payload))
            }
            Function::BatchSweep => self.executor.start(function, TIMEOUT, batch_sweep(environment)),
            Function::ScalingSweep => {
                self.executor.start(function, SCALING_TIMEOUT, scaling_sweep(environment))
            }
            Function::NotificationsBatch => {
                self.executor.start(function, TIMEOUT, notifications_batch(environment, payload))
            }
            Function::NotificationsSweep => {
                self.executor.start(function, TIMEOUT, notifications_sweep(environment))
            }
        };
        self.jobs.insert(id, Job { slot, batch });
        if let Some(ended) = ended {
            self.ended(&ended);
        }
    }

    fn environment(&mut self, slot: (Function, usize)) -> Environment {
        let fresh = || Environment {
            loader: Rc::new(Loader::new("/steward/world/configuration")),
            policy: Rc::clone(&self.policy),
            jobs: Rc::clone(&self.timetables),
            scalers: Rc::clone(&self.scalers),
            owned: Rc::default(),
            home: self.home.clone(),
        };
        self.environments.entry(slot).or_insert_with(fresh).clone()
    }

    fn ended(&mut self, ended: &Ended) {
        let now = self.stage.now();
        let Some(Job { slot, batch }) = self.jobs.remove(&ended.id) else { return };
        let is_well = matches!(ended.how, How::Answered(Answer::Done { .. }));
        self.stage.checks.borrow_mut().ended(ended.id, slot.0 == Function::ScalingSweep && is_well, now);
        match &ended.how {
            How::Crashed | How::TimedOut => {
                self.environments.remove(&slot);
            }
            How::Answered(Answer::Failed(problem)) => {
                self.stage.note(format!("{} {}", slot.0, ended.id.0), || format!("fails: {problem}"));
            }
            How::Answered(Answer::Done { failed }) => {
                let Some((queue, batch)) = batch else { return };
                if self.is_broken_by(Sabotage::ForgetsAnswers) {
                    return;
                }
                let mut queues = self.stage.queues.borrow_mut();
                for message in batch.iter().filter(|message| !failed.contains(&message.message_id)) {
                    // A receipt that is stale deletes nothing: the message is with somebody else.
                    let _deleted = queues.delete(now, queue, &message.receipt_handle);
                }
            }
        }
    }

    /// Whether nobody is at work and nothing waits. Scaling is always at work.
    pub(super) fn is_idle(&self) -> bool {
        let now = self.stage.now();
        let left = queues::left(&mut self.stage.queues.borrow_mut(), now);
        self.jobs.values().all(|job| job.slot.0 == Function::ScalingSweep)
            && left.is_ok_and(|(left, _)| left == 0)
    }

    /// Lets time pass by steps of `step` until `is_over`, at most until `end`. Says whether it was.
    pub(super) fn run_until_over(
        &mut self,
        step: SignedDuration,
        end: Timestamp,
        is_over: impl Fn(&Self) -> bool,
    ) -> bool {
        loop {
            if is_over(self) {
                return true;
            }
            let now = self.stage.now();
            if now >= end || !self.stage.checks.borrow().violations().is_empty() {
                return false;
            }
            self.run_until(now.saturating_add(step).unwrap_or(end).min(end));
        }
    }
}

fn is_good_news(event: &serde_json::Value) -> bool {
    let name = event.pointer("/detail/eventName").and_then(serde_json::Value::as_str);
    matches!(name, Some("SERVICE_STEADY_STATE" | "SERVICE_DEPLOYMENT_COMPLETED"))
}

fn is_agent_back(event: &serde_json::Value) -> bool {
    event.pointer("/detail/agentConnected") == Some(&serde_json::Value::Bool(true))
}

fn is_breaker(event: &serde_json::Value) -> bool {
    let reason = event.pointer("/detail/reason").and_then(|reason| reason.as_str()).unwrap_or_default();
    event.pointer("/detail/eventName").is_some_and(|name| name == "SERVICE_DEPLOYMENT_FAILED")
        && reason.contains("circuit breaker")
}

/// An event in a line.
fn summary(event: &serde_json::Value) -> String {
    let text = |path: &str| event.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default();
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).chars().take(12).collect::<String>();
    let kind = text("/detail-type");
    match kind {
        "ECS Task State Change" => format!(
            "task {} of {} ({}): {} {}",
            name(text("/detail/taskArn")),
            text("/detail/group"),
            name(text("/detail/taskDefinitionArn")),
            text("/detail/lastStatus"),
            text("/detail/stoppedReason").chars().take(60).collect::<String>(),
        ),
        _ => format!(
            "{kind} {} {} {}",
            name(text("/resources/0")),
            text("/detail/eventName"),
            text("/detail/deploymentId"),
        ),
    }
}
