//! The world of a scenario: one thread, one thing after the other, in virtual time.
//!
//! ECS's events reach remediation a second after they were sent, both functions sweep once a minute, and a nudge is told when
//! its delay is over. Within an invocation no time passes: what may happen in between is written in the scenario.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use steward::apply::people::{self, Person};
use steward::config::{Configuration, Mode, Notifications};
use steward::deadline::Deadline;
use steward::event::decode::{self, Record};
use steward::event::{DeploymentEventName, Detail, Event, ServiceActionName};
use steward::incident::{Incident, Observation};
use steward::ledger::{MemoryLedger, Scope};
use steward::ports::Nowhere;
use steward::remediation::{Home, read};

use super::build::{self, Decision, Deed};
use super::form::Moment;
use super::health::Health;
use super::measure::Measures;
use super::ports::{Stage, Wall};
use super::post::{Listener, Post};
use super::transcript::{Entry, Made, Transcript};
use super::{Run, Scenario};
use crate::ecs::Emitted;

/// EventBridge and the queue take so long.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(1);
/// What failed comes again after the queue's visibility time-out.
const COMES_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// So many events come in one batch.
const BATCH: usize = 100;
/// An invocation has so long.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(60);
/// Sweeps come so often.
const TICK: i64 = 60;
/// The model's account and region.
const HOME: (&str, &str) = ("123456789012", "eu-central-1");

/// What came of a run.
#[derive(Debug)]
pub struct Played {
    /// Who looked after the world.
    pub run: Run,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// The calls that Steward made.
    pub made: Vec<Made>,
    /// Why it made none, or no more: words of refusals and escalations, in order of first use.
    pub held: Vec<String>,
    /// How many alerts were sent.
    pub alerts: usize,
    /// The incidents that were opened.
    pub incidents: Vec<Incident>,
    /// What each service's deployment runs at the end, as `family:revision`.
    pub runs: BTreeMap<String, String>,
    /// How many tasks each service wants at the end.
    pub wants: BTreeMap<String, u32>,
    /// On which capacity each service runs at the end, as its strategy says.
    pub on: BTreeMap<String, String>,
    /// How long it took.
    pub measures: Measures,
    /// How many tasks failed.
    pub failed_tasks: usize,
}

/// Why a scenario could not be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{scenario} ({run}): {problem}")]
pub struct PlayError {
    /// Which.
    pub scenario: String,
    /// Who looked after the world.
    pub run: String,
    /// What went wrong.
    pub problem: String,
}

/// Plays a scenario to its end.
///
/// # Errors
///
/// Where the model refuses what the file says stands, or a handler fails, which it must not in a world without faults.
pub fn play(scenario: &Scenario, run: Run) -> Result<Played, PlayError> {
    play_to_end(scenario, run, Listener::default(), World::played)
}

/// Plays a scenario under Steward in a mode. Answers what a channel got.
///
/// # Errors
///
/// As [`play`].
pub fn hear(scenario: &Scenario, mode: Mode, listener: Listener) -> Result<Vec<Post>, PlayError> {
    play_to_end(scenario, Run::Steward(mode), listener, |world| Ok(world.stage.posts.into_inner()))
}

fn play_to_end<'s, T>(
    scenario: &'s Scenario,
    run: Run,
    listener: Listener,
    answer: impl FnOnce(World<'s>) -> Result<T, String>,
) -> Result<T, PlayError> {
    let failed =
        |problem: String| PlayError { scenario: scenario.name.clone(), run: run.to_string(), problem };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| failed(error.to_string()))?;
    let mut world = World::of(scenario, run, listener).map_err(failed)?;
    runtime.block_on(world.play()).map_err(failed)?;
    answer(world).map_err(failed)
}

struct World<'s> {
    scenario: &'s Scenario,
    run: Run,
    stage: Stage,
    /// What is still to happen, the first first.
    deeds: VecDeque<(Timestamp, Deed, String, String)>,
    /// What happens so long after Steward has asked a person.
    when_proposed: Vec<(SignedDuration, Deed, String, String)>,
    /// Events on their way.
    inbox: VecDeque<(Timestamp, Emitted)>,
    health: Health,
    /// When ECS went back first.
    ecs_acted: Option<Timestamp>,
    failed_tasks: usize,
    next_tick: Timestamp,
}

impl<'s> World<'s> {
    fn of(scenario: &'s Scenario, run: Run, listener: Listener) -> Result<Self, String> {
        let file = &scenario.file;
        let ecs = build::build(file, run)?;
        let start = ecs.now();
        let services: Vec<String> = build::service_names(file).into_iter().collect();
        let mut deeds = Vec::new();
        let mut in_between = Vec::new();
        let mut when_proposed = Vec::new();
        for happening in &file.happenings {
            let (deed, told) = happening.deed(&file.cluster);
            let by = happening.person().to_owned();
            match (happening.time(file.begins), happening.when) {
                (Some(at), _) => deeds.push((at, deed, told, by)),
                (None, Some(Moment::BetweenDecisionAndGate)) => in_between.push((deed, told)),
                (None, _) => {
                    let after = happening.after.map_or(SignedDuration::ZERO, steward::config::Duration::get);
                    when_proposed.push((after, deed, told, by));
                }
            }
        }
        deeds.sort_by_key(|(at, ..)| *at);
        Ok(Self {
            scenario,
            run,
            health: Health::of(&file.cluster, services, build::standalone(file)),
            stage: Stage {
                now: Cell::new(start),
                ecs: RefCell::new(ecs),
                ledger: MemoryLedger::new(),
                transcript: RefCell::new(Transcript::default()),
                stacks: RefCell::default(),
                scalable: build::scalable(file),
                waiting: RefCell::default(),
                in_between: RefCell::new(in_between),
                has_proposed: Cell::new(false),
                listener,
                posts: RefCell::default(),
            },
            deeds: deeds.into(),
            when_proposed,
            inbox: VecDeque::new(),
            ecs_acted: None,
            failed_tasks: 0,
            next_tick: start,
        })
    }

    async fn play(&mut self) -> Result<(), String> {
        let ends = self.scenario.ends();
        while let Some(next) = self.next().filter(|next| *next <= ends) {
            let now = next.max(self.stage.now.get());
            self.stage.now.set(now);
            self.stage.ecs.borrow_mut().advance(now);
            self.do_deeds(now).await?;
            self.listen(now);
            if let Run::Steward(mode) = self.run {
                Box::pin(self.deliver(mode, now)).await?;
                self.tell(now).await?;
                if self.next_tick <= now {
                    self.sweep(mode, now).await?;
                }
                self.ask_people(now);
            }
            if self.next_tick <= now {
                self.next_tick = after_tick(now);
            }
        }
        Ok(())
    }

    fn next(&self) -> Option<Timestamp> {
        let ecs = self.stage.ecs.borrow().next_at();
        let deed = self.deeds.front().map(|(at, ..)| *at);
        let event = self.inbox.front().map(|(at, _)| *at);
        let waiting = self.stage.waiting.borrow().keys().next().map(|(at, _)| *at);
        [ecs, deed, event, waiting, Some(self.next_tick)].into_iter().flatten().min()
    }

    async fn do_deeds(&mut self, now: Timestamp) -> Result<(), String> {
        while self.deeds.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, deed, told, by)) = self.deeds.pop_front() else { break };
            let is_for_steward = matches!(deed, Deed::Decision(_));
            if is_for_steward && !matches!(self.run, Run::Steward(_)) {
                continue;
            }
            let decision = match &deed {
                Deed::Decision(decision) => Some(decision.clone()),
                _ => None,
            };
            self.stage.befall(deed, told);
            if let Some(decision) = decision {
                self.decide(&decision, by, now).await?;
            }
        }
        Ok(())
    }

    /// What a person tells Steward, by the same functions as the command line.
    async fn decide(&self, decision: &Decision, by: String, now: Timestamp) -> Result<(), String> {
        let person = |why: &String| Person { by, why: Some(why.clone()), now };
        match decision {
            Decision::Pause { why } => {
                let paused = people::pause(&self.stage, &Scope::Global, &person(why)).await;
                paused.map(|_| ()).map_err(|error| error.to_string())
            }
            Decision::Resume { why } => {
                let resumed = people::resume(&self.stage, &Scope::Global, &person(why)).await;
                resumed.map(|_| ()).map_err(|error| error.to_string())
            }
            Decision::Approve { why } => {
                let proposed = self.stage.transcript.borrow().proposed();
                let person = person(why);
                for id in proposed {
                    let approved = people::approve(&self.stage, &id, &person).await;
                    approved.map_err(|error| error.to_string())?;
                }
                Ok(())
            }
            Decision::Reject { why } => {
                let proposed = self.stage.transcript.borrow().proposed();
                let person = person(why);
                for id in proposed {
                    let rejected = people::reject(&self.stage, &id, &person).await;
                    rejected.map_err(|error| error.to_string())?;
                }
                Ok(())
            }
        }
    }

    /// What ECS has sent: on its way to Steward, and into the transcript.
    fn listen(&mut self, now: Timestamp) {
        let events = self.stage.ecs.borrow_mut().take_events();
        let has_begun = now >= self.scenario.begins();
        let is_news = !events.is_empty();
        for emitted in events {
            if has_begun {
                for record in records(&emitted) {
                    if let Ok(event) = record.event {
                        self.hear(&event, emitted.at);
                    }
                }
            }
            if matches!(self.run, Run::Steward(_)) {
                let arrives = emitted.at.saturating_add(ON_ITS_WAY).unwrap_or(emitted.at);
                self.inbox.push_back((arrives.max(now), emitted));
            }
        }
        if has_begun {
            // The model's own operations cannot be refused for what stands in it.
            let _looked = self.health.look(&mut self.stage.ecs.borrow_mut(), now, is_news);
        }
    }

    fn hear(&mut self, event: &Event, at: Timestamp) {
        let reading = read(event, at);
        let target = reading.whom().unwrap_or_default();
        for observation in reading.observations() {
            if let (Observation::Failed(failure), Detail::TaskStateChange(_)) = (observation, &event.detail) {
                self.failed_tasks += 1;
                self.health.failed(at);
                let what = failure.task_definition.as_ref().map_or_else(
                    || target.clone(),
                    |definition| format!("a task of {} ({target})", definition.family_and_revision()),
                );
                let cause = failure.diagnosis.cause.to_string();
                self.stage.transcript.borrow_mut().failed(at, &target, &what, &cause);
            }
        }
        let mut transcript = self.stage.transcript.borrow_mut();
        match &event.detail {
            Detail::DeploymentStateChange(change) => {
                if change.is_rollback() {
                    self.ecs_acted = self.ecs_acted.or(Some(at));
                }
                let service =
                    change.service.as_ref().map(|service| service.name.to_string()).unwrap_or_default();
                let how = match &change.event_name {
                    DeploymentEventName::InProgress => "in progress",
                    DeploymentEventName::Completed => "completed",
                    DeploymentEventName::Failed => "failed",
                    DeploymentEventName::Other(other) => other,
                };
                let reason = change.reason.as_deref().unwrap_or_default();
                let text = if change.is_rollback() {
                    let why = reason.split(": rolling back").next().unwrap_or(reason);
                    format!("{service}: goes back to its earlier deployment ({why})")
                } else if change.event_name == DeploymentEventName::Failed {
                    format!("{service}: deployment failed: {reason}")
                } else {
                    format!("{service}: deployment {how}")
                };
                transcript.ecs(at, text, &format!("deployment {how}"));
            }
            Detail::ServiceAction(action) => {
                let service =
                    action.service.as_ref().map(|service| service.name.to_string()).unwrap_or_default();
                if action.event_name == ServiceActionName::SteadyState {
                    transcript.ecs(at, format!("{service}: has reached a steady state"), "steady");
                } else {
                    let name = action.event_name.as_str();
                    transcript.ecs(at, format!("{service}: {name}"), name);
                }
            }
            _ => {}
        }
    }

    async fn deliver(&mut self, mode: Mode, now: Timestamp) -> Result<(), String> {
        while self.inbox.front().is_some_and(|(at, _)| *at <= now) {
            let mut batch = Vec::new();
            let mut records: Vec<Record> = Vec::new();
            while batch.len() < BATCH
                && let Some((_, emitted)) = self.inbox.pop_front_if(|(at, _)| *at <= now)
            {
                for mut record in self::records(&emitted) {
                    record.message_id = Some(batch.len().to_string());
                    records.push(record);
                }
                batch.push(emitted);
            }
            let outcome = Box::pin(self.remediation(mode, now).handle_records(records)).await;
            let again: Vec<usize> =
                outcome.batch_item_failures().into_iter().filter_map(|id| id.parse().ok()).collect();
            let at = now.saturating_add(COMES_AGAIN).unwrap_or(now);
            for index in again {
                if let Some(emitted) = batch.get(index) {
                    self.inbox.push_back((at, emitted.clone()));
                }
            }
            self.inbox.make_contiguous().sort_by_key(|(at, _)| *at);
        }
        Ok(())
    }

    async fn tell(&self, now: Timestamp) -> Result<(), String> {
        loop {
            let subject = {
                let mut waiting = self.stage.waiting.borrow_mut();
                let Some(first) = waiting.first_entry().filter(|entry| entry.key().0 <= now) else { break };
                first.remove()
            };
            let walls = [Wall(&self.stage)];
            let told = Box::pin(self.notifications(&walls, now).tell(&subject)).await;
            told.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    async fn sweep(&self, mode: Mode, now: Timestamp) -> Result<(), String> {
        let swept = self.remediation(mode, now).sweep().await.map_err(|error| error.to_string())?;
        if let Some(problem) = swept.failed.first() {
            return Err(problem.clone());
        }
        let walls = [Wall(&self.stage)];
        let swept = self.notifications(&walls, now).sweep().await.map_err(|error| error.to_string())?;
        swept.failed.first().map_or(Ok(()), |problem| Err(problem.clone()))
    }

    /// Somebody who was asked answers after a while.
    fn ask_people(&mut self, now: Timestamp) {
        if !self.stage.has_proposed.replace(false) {
            return;
        }
        for (after, deed, told, by) in std::mem::take(&mut self.when_proposed) {
            self.deeds.push_back((now.saturating_add(after).unwrap_or(now), deed, told, by));
        }
        self.deeds.make_contiguous().sort_by_key(|(at, ..)| *at);
    }

    fn remediation(
        &self,
        mode: Mode,
        now: Timestamp,
    ) -> remediation::Handler<'_, Stage, Stage, Stage, Stage, Stage> {
        let stage = &self.stage;
        let configuration = self.scenario.configuration(mode);
        let ports =
            remediation::Ports { ledger: stage, ecs: stage, owners: stage, tell: stage, clock: stage };
        let (account, region) = HOME;
        let settings = remediation::Settings {
            policy: configuration.policy.clone(),
            grouping: configuration.notifications.grouping,
            home: Some(Home { account: account.to_owned(), region: region.to_owned() }),
            deadline: deadline(now),
        };
        remediation::Handler::new(ports, settings)
    }

    fn notifications<'w>(
        &'w self,
        walls: &'w [Wall<'w>],
        now: Timestamp,
    ) -> notifications::Handler<'w, Stage, Wall<'w>, Stage, Stage, Nowhere> {
        let stage = &self.stage;
        let ports = notifications::Ports {
            ledger: stage,
            channels: walls,
            queue: stage,
            clock: stage,
            evidence: &Nowhere,
        };
        let invocation = notifications::Invocation { holder: "scenario".to_owned(), deadline: deadline(now) };
        let told = Notifications { language: stage.listener.language, ..Notifications::default() };
        let configuration = Configuration { notifications: told, ..Configuration::default() };
        notifications::Handler::new(ports, invocation).configured(configuration)
    }

    fn played(self) -> Result<Played, String> {
        let ends = self.scenario.ends();
        let begins = self.scenario.begins();
        let Standing { runs, wants, on } = self.standing()?;
        let transcript = self.stage.transcript.into_inner();
        let happened = transcript.entries.iter().filter(|entry| matches!(entry.what, super::What::World(_)));
        let first_deed = happened.map(|entry| entry.at).min().unwrap_or(begins);
        let first_failure = self.health.first_failure;
        let first_call = transcript.made.first().map(|made| made.at);
        let measures = Measures {
            first_failure,
            began: first_failure.unwrap_or(first_deed),
            remedy: match self.run {
                Run::EcsAlone { .. } => self.ecs_acted,
                Run::Steward(_) => first_call.into_iter().chain(self.ecs_acted).min(),
            },
            recovered: self.health.recovered(ends),
        };
        let incidents = transcript.incidents().cloned().collect();
        let mut entries: Vec<Entry> =
            transcript.entries.into_iter().filter(|entry| entry.at >= begins).collect();
        entries.sort_by_key(|entry| entry.at);
        Ok(Played {
            run: self.run,
            entries,
            made: transcript.made,
            held: transcript.held,
            alerts: transcript.alerts,
            incidents,
            runs,
            wants,
            on,
            measures,
            failed_tasks: self.failed_tasks,
        })
    }

    /// What each service runs, how often, and on what.
    fn standing(&self) -> Result<Standing, String> {
        let file = &self.scenario.file;
        let mut standing = Standing::default();
        let mut ecs = self.stage.ecs.borrow_mut();
        for name in build::service_names(file) {
            let request = crate::ecs::api::DescribeServicesRequest {
                cluster: Some(file.cluster.clone()),
                services: vec![name.clone()],
                include: Vec::new(),
            };
            let answer = crate::ecs::operation::ControlPlane::describe_services(&mut *ecs, request);
            let answer = answer.map_err(|error| error.to_string())?;
            let Some(service) = answer.services.into_iter().next() else { continue };
            let definition = service.task_definition.map(steward::arn::TaskDefinitionArn::new);
            standing.runs.insert(
                name.clone(),
                definition.map_or_else(String::new, |arn| arn.family_and_revision().to_owned()),
            );
            standing.wants.insert(name.clone(), service.desired_count.unwrap_or_default());
            let items = service.capacity_provider_strategy.iter();
            let items = items.map(|item| format!("{} {}", item.capacity_provider, item.weight.unwrap_or(0)));
            standing.on.insert(name, items.collect::<Vec<_>>().join(", "));
        }
        Ok(standing)
    }
}

/// How services stand at the end, by name.
#[derive(Default)]
struct Standing {
    runs: BTreeMap<String, String>,
    wants: BTreeMap<String, u32>,
    on: BTreeMap<String, String>,
}

fn records(emitted: &Emitted) -> Vec<Record> {
    decode::records(emitted.event.clone()).unwrap_or_default()
}

fn deadline(now: Timestamp) -> Deadline {
    Deadline::new(now, now.saturating_add(TIMEOUT).unwrap_or(now))
}

/// The next full minute.
fn after_tick(now: Timestamp) -> Timestamp {
    let minutes = now.as_second().div_euclid(TICK) + 1;
    Timestamp::from_second(minutes * TICK).unwrap_or(Timestamp::MAX)
}
