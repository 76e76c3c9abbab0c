//! The model itself: its time, its agenda, and what it has sent and done.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::agenda::{Agenda, Due};
use super::happening::Happening;
use super::names::Names;
use super::refusal::Refusals;
use super::run_task::Tokens;
use super::settings::{Latency, Settings};
use super::state::State;
use super::throttle::Throttle;
use super::trail::Trail;
use super::view::View;
use crate::random::{Random, later};

/// Random numbers of reads are apart, so that looking changes nothing.
const READS: u64 = 0x7265_6164;

/// The model. No threads, no clock, no randomness but its seed.
#[derive(Debug)]
pub struct Ecs {
    pub(super) settings: Settings,
    pub(super) names: Names,
    pub(super) now: Timestamp,
    pub(super) state: State,
    pub(super) agenda: Agenda,
    pub(super) random: Random,
    pub(super) tokens: Tokens,
    pub(super) serial: u64,
    events: Vec<Emitted>,
    pub(super) effects: Vec<Effect>,
    pub(super) throttle: Throttle,
    pub(super) refusals: Option<Refusals>,
    pub(super) trail: Option<Trail>,
    /// Who is calling.
    pub(super) caller: String,
    past: VecDeque<(Timestamp, State)>,
    reads: Random,
}

/// An event as EventBridge delivers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// When ECS sent it.
    pub at: Timestamp,
    /// The whole envelope.
    pub event: Value,
}

/// A mutation that was carried out through the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// When.
    pub at: Timestamp,
    /// Who called.
    pub caller: String,
    /// The operation's name.
    pub operation: String,
    /// ARN of what was changed: the service, task, cluster or instance; for `RunTask` the task definition's.
    pub target: String,
    /// `clientToken` of `RunTask`, `reason` of `StopTask`, or `startedBy`: what a caller marks its calls with.
    pub mark: Option<String>,
    /// `startedBy` of `RunTask`.
    pub started_by: Option<String>,
    /// The request.
    pub detail: Value,
}

impl Ecs {
    /// An empty account.
    pub fn new(settings: Settings) -> Self {
        let names = Names::new(&settings);
        Self {
            names,
            now: settings.start,
            state: State::default(),
            agenda: Agenda::default(),
            random: Random::new(settings.seed),
            reads: Random::new(settings.seed ^ READS),
            tokens: Tokens::default(),
            serial: 0,
            events: Vec::new(),
            effects: Vec::new(),
            throttle: Throttle::new(),
            refusals: None,
            trail: None,
            caller: String::new(),
            past: VecDeque::new(),
            settings,
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When the agenda has something next.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// Carries out everything on the agenda up to `to`, in order. Time never goes back.
    pub fn advance(&mut self, to: Timestamp) {
        while let Some((at, due)) = self.agenda.take(to) {
            self.set_now(at);
            self.carry_out(due);
        }
        self.set_now(to);
    }

    /// Events sent since the last call, the oldest first, each once.
    pub fn take_events(&mut self) -> Vec<Emitted> {
        std::mem::take(&mut self.events)
    }

    /// Every mutation carried out through the API, the oldest first.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// MiB that the essential container of a revision can use; `None` where there is no such revision.
    pub fn usable_memory(&self, revision: &str) -> Option<u64> {
        let definition = self.state.definition(revision)?;
        Some(super::fate::usable_memory(definition, &super::api::TaskOverride::default()))
    }

    /// The same of what a service's PRIMARY deployment runs.
    pub fn memory_of_service(&mut self, cluster: &str, service: &str) -> Option<u64> {
        let request = super::api::DescribeServicesRequest {
            cluster: Some(cluster.to_owned()),
            services: vec![service.to_owned()],
            include: Vec::new(),
        };
        let answer = super::operation::ControlPlane::describe_services(self, request).ok()?;
        let deployed = answer.services.into_iter().next()?.task_definition?;
        self.usable_memory(&deployed)
    }

    /// Puts a happening on the agenda.
    pub fn schedule(&mut self, at: Timestamp, happening: Happening) {
        self.agenda.put(at.max(self.now), Due::Happening(Box::new(happening)));
    }

    /// Lets Describe and List lag by up to so much from now on.
    pub fn set_read_lag(&mut self, lag: Duration) {
        self.settings.read_lag = lag;
        self.past.clear();
    }

    fn carry_out(&mut self, due: Due) {
        match due {
            Due::Step { task, epoch, step } => self.step(task, epoch, step),
            Due::Turn(service) => self.turn(service),
            Due::Forget(task) => self.state.forget(task),
            Due::Trail(event) => self.emit(*event),
            Due::Happening(happening) => self.happen(*happening),
        }
    }

    fn set_now(&mut self, to: Timestamp) {
        if to <= self.now {
            return;
        }
        self.remember(to);
        self.now = to;
    }

    /// Keeps the state, which stood until `to`, for reads that lag: at most eight times within the lag.
    fn remember(&mut self, to: Timestamp) {
        let lag = self.settings.read_lag;
        if lag.is_zero() {
            return;
        }
        if self.past.back().is_none_or(|(at, _)| later(*at, lag / 8) <= to) {
            self.past.push_back((self.now, self.state.clone()));
        }
        while self.past.get(1).is_some_and(|(at, _)| later(*at, lag) <= self.now) {
            self.past.pop_front();
        }
    }

    /// What a read answers from.
    pub(super) fn view(&mut self) -> View<'_> {
        let lag = self.settings.read_lag;
        let mut state = &self.state;
        if !lag.is_zero() {
            let by = self.reads.between(Duration::ZERO, lag);
            let seen = |at: Timestamp| later(at, by) <= self.now;
            // What was kept an eighth of the lag ago or less is as good as what stands.
            if by >= lag / 8 {
                let kept = self.past.iter().rev().find(|(at, _)| seen(*at)).or(self.past.front());
                state = kept.map_or(state, |(_, kept)| kept);
            }
        }
        View { state, names: &self.names, now: self.now }
    }

    /// What stands, for the answers of mutations.
    pub(super) fn view_now(&self) -> View<'_> {
        View { state: &self.state, names: &self.names, now: self.now }
    }

    pub(super) fn emit(&mut self, event: Value) {
        self.events.push(Emitted { at: self.now, event });
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The end of a step that begins now.
    pub(super) fn after(&mut self, latency: Latency) -> Timestamp {
        later(self.now, self.random.between(latency.least, latency.most))
    }

    /// Nineteen digits, as ECS numbers deployments and service revisions.
    pub(super) fn digits(&mut self) -> u64 {
        1_000_000_000_000_000_000 + self.random.below(8_000_000_000_000_000_000)
    }
}
