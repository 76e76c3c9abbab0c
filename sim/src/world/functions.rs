//! The production handlers, invoked as their processes invoke them.

use std::pin::Pin;
use std::rc::Rc;

use jiff::Timestamp;
use steward::batch::Jobs;
use steward::config::{Configuration, Loader, Policy};
use steward::deadline::Deadline;
use steward::ports::{Clock, Nowhere};
use steward::remediation::Home;
use steward::request::Request;
use steward::scaling::Scalers;

use super::actor::Actor;
use super::executor::Answer;
use super::ports::{EcsPort, Inbox, LedgerPort, ParametersPort, RunTasksPort, ScalePort, TellPort};
use super::site::Function;

/// The channels of a world.
pub(super) const CHANNELS: [&str; 2] = ["slack", "sns"];
/// The one whose messages can be edited, and looked for.
pub(super) const EDITS: &str = "slack";

/// What an execution environment keeps between invocations; a crash ends it.
#[derive(Clone)]
pub(super) struct Environment {
    pub(super) loader: Rc<Loader>,
    /// What people decided, in the place of what the parameters say of it.
    pub(super) policy: Rc<Policy>,
    /// The same of jobs.
    pub(super) jobs: Rc<Jobs>,
    /// The same of scaled services.
    pub(super) scalers: Rc<Scalers>,
    /// What Application Auto Scaling owns, as far as it was heard.
    pub(super) owned: Rc<scaling::Owned>,
    pub(super) home: Home,
}

/// Which functions look after a world, beside notifications.
#[derive(Debug, Clone)]
pub(super) enum Crew {
    /// remediation, by this policy.
    Remediation(Box<Policy>),
    /// batch, with these jobs.
    Batch(Jobs),
    /// scaling, with these services.
    Scaling(Box<Scalers>),
}

impl Crew {
    /// Who hears of ECS's events, if anybody does.
    pub(super) fn hears(&self) -> Option<Function> {
        match self {
            Self::Remediation(_) => Some(Function::RemediationBatch),
            Self::Batch(_) => Some(Function::BatchEvents),
            Self::Scaling(_) => None,
        }
    }
}

type Run = Pin<Box<dyn Future<Output = Answer>>>;

/// remediation, with a batch.
pub(super) fn remediation_batch(
    environment: Environment,
    payload: Vec<u8>,
) -> impl FnOnce(Rc<Actor>, Timestamp) -> Run {
    move |actor, ends| {
        Box::pin(async move {
            let settings = match remediation_settings(&environment, &actor, ends).await {
                Ok(settings) => settings,
                Err(problem) => return Answer::Failed(problem),
            };
            let (ledger, tell) = (LedgerPort(Rc::clone(&actor)), TellPort(Rc::clone(&actor)));
            let ecs = EcsPort(Rc::clone(&actor));
            let ports =
                remediation::Ports { ledger: &ledger, ecs: &ecs, owners: &ecs, tell: &tell, clock: &*actor };
            let handler = remediation::Handler::new(ports, settings);
            match Box::pin(handler.handle(&payload)).await {
                Ok(outcome) if outcome.must_fail() => {
                    Answer::Failed("a record without an id failed".to_owned())
                }
                Ok(outcome) => Answer::Done {
                    failed: outcome.batch_item_failures().into_iter().map(str::to_owned).collect(),
                },
                Err(error) => Answer::Failed(error.to_string()),
            }
        })
    }
}

/// remediation, by its tick.
pub(super) fn remediation_sweep(environment: Environment) -> impl FnOnce(Rc<Actor>, Timestamp) -> Run {
    move |actor, ends| {
        Box::pin(async move {
            let settings = match remediation_settings(&environment, &actor, ends).await {
                Ok(settings) => settings,
                Err(problem) => return Answer::Failed(problem),
            };
            let (ledger, tell) = (LedgerPort(Rc::clone(&actor)), TellPort(Rc::clone(&actor)));
            let ecs = EcsPort(Rc::clone(&actor));
            let ports =
                remediation::Ports { ledger: &ledger, ecs: &ecs, owners: &ecs, tell: &tell, clock: &*actor };
            match remediation::Handler::new(ports, settings).sweep().await {
                Ok(_) => Answer::Done { failed: Vec::new() },
                Err(error) => Answer::Failed(error.to_string()),
            }
        })
    }
}

async fn remediation_settings(
    environment: &Environment,
    actor: &Rc<Actor>,
    ends: Timestamp,
) -> Result<remediation::Settings, String> {
    let configuration = configuration(environment, actor).await?;
    Ok(remediation::Settings {
        policy: (*environment.policy).clone(),
        grouping: configuration.notifications.grouping,
        home: Some(environment.home.clone()),
        deadline: Deadline::new(actor.now(), ends),
    })
}

async fn configuration(environment: &Environment, actor: &Rc<Actor>) -> Result<Configuration, String> {
    let parameters = ParametersPort(Rc::clone(actor));
    let loaded = environment.loader.load(&parameters, actor.now()).await;
    loaded.map(|loaded| loaded.configuration).map_err(|error| error.to_string())
}

/// batch, with a batch of task events.
pub(super) fn batch_events(
    environment: Environment,
    payload: Vec<u8>,
) -> impl FnOnce(Rc<Actor>, Timestamp) -> Run {
    move |actor, ends| {
        Box::pin(async move {
            let settings = match batch_settings(&environment, &actor, ends).await {
                Ok(settings) => settings,
                Err(problem) => return Answer::Failed(problem),
            };
            let (ledger, tell) = (LedgerPort(Rc::clone(&actor)), TellPort(Rc::clone(&actor)));
            let tasks = RunTasksPort(Rc::clone(&actor));
            let ports = batch::Ports { ledger: &ledger, tasks: &tasks, tell: &tell, clock: &*actor };
            match batch::Handler::new(ports, settings).handle(&payload).await {
                Ok(outcome) if outcome.must_fail() => {
                    Answer::Failed("a record without an id failed".to_owned())
                }
                Ok(outcome) => Answer::Done {
                    failed: outcome.batch_item_failures().into_iter().map(str::to_owned).collect(),
                },
                Err(error) => Answer::Failed(error.to_string()),
            }
        })
    }
}

/// batch, by its tick.
pub(super) fn batch_sweep(environment: Environment) -> impl FnOnce(Rc<Actor>, Timestamp) -> Run {
    move |actor, ends| {
        Box::pin(async move {
            let settings = match batch_settings(&environment, &actor, ends).await {
                Ok(settings) => settings,
                Err(problem) => return Answer::Failed(problem),
            };
            let (ledger, tell) = (LedgerPort(Rc::clone(&actor)), TellPort(Rc::clone(&actor)));
            let tasks = RunTasksPort(Rc::clone(&actor));
            let ports = batch::Ports { ledger: &ledger, tasks: &tasks, tell: &tell, clock: &*actor };
            match batch::Handler::new(ports, settings).sweep().await {
                Ok(_) => Answer::Done { failed: Vec::new() },
                Err(error) => Answer::Failed(error.to_string()),
            }
        })
    }
}

async fn batch_settings(
    environment: &Environment,
    actor: &Rc<Actor>,
    ends: Timestamp,
) -> Result<batch::Settings, String> {
    let configuration = configuration(environment, actor).await?;
    Ok(batch::Settings::new(
        (*environment.jobs).clone(),
        &configuration.policy,
        &configuration.notifications,
        environment.home.clone(),
        Deadline::new(actor.now(), ends),
    ))
}

/// scaling, by its tick.
pub(super) fn scaling_sweep(environment: Environment) -> impl FnOnce(Rc<Actor>, Timestamp) -> Run {
    move |actor, ends| {
        Box::pin(async move {
            let configuration = match configuration(&environment, &actor).await {
                Ok(configuration) => configuration,
                Err(problem) => return Answer::Failed(problem),
            };
            let settings = scaling::Settings::new(
                (*environment.scalers).clone(),
                &configuration.policy,
                &configuration.notifications,
                environment.home.clone(),
                actor.to_string(),
                Deadline::new(actor.now(), ends),
            );
            let (ledger, tell) = (LedgerPort(Rc::clone(&actor)), TellPort(Rc::clone(&actor)));
            let scale = ScalePort(Rc::clone(&actor));
            let ports = scaling::Ports {
                ledger: &ledger,
                queues: &scale,
                services: &scale,
                auto_scaling: &scale,
                tell: &tell,
                clock: &*actor,
            };
            match scaling::Handler::new(ports, settings, &environment.owned).sweep().await {
                Ok(_) => Answer::Done { failed: Vec::new() },
                Err(error) => Answer::Failed(error.to_string()),
            }
        })
    }
}

/// notifications, with a batch.
pub(super) fn notifications_batch(
    environment: Environment,
    payload: Vec<u8>,
) -> impl FnOnce(Rc<Actor>, Timestamp) -> Run {
    move |actor, ends| Box::pin(notify(environment, actor, ends, payload))
}

/// notifications, by its tick.
pub(super) fn notifications_sweep(environment: Environment) -> impl FnOnce(Rc<Actor>, Timestamp) -> Run {
    notifications_batch(environment, Request::Sweep.to_text().into_bytes())
}

async fn notify(environment: Environment, actor: Rc<Actor>, ends: Timestamp, payload: Vec<u8>) -> Answer {
    let configuration = match configuration(&environment, &actor).await {
        Ok(configuration) => configuration,
        Err(problem) => return Answer::Failed(problem),
    };
    let (ledger, queue) = (LedgerPort(Rc::clone(&actor)), TellPort(Rc::clone(&actor)));
    let channels = CHANNELS.map(|name| Inbox { actor: Rc::clone(&actor), name, edits: name == EDITS });
    let ports = notifications::Ports {
        ledger: &ledger,
        channels: &channels,
        queue: &queue,
        clock: &*actor,
        evidence: &Nowhere,
    };
    let deadline = Deadline::new(actor.now(), ends);
    let invocation = notifications::Invocation { holder: actor.to_string(), deadline };
    let configuration = Configuration { policy: (*environment.policy).clone(), ..configuration };
    let handler = notifications::Handler::new(ports, invocation).configured(configuration);
    match handler.handle(&payload).await {
        Ok(notifications::Outcome::Told(messages)) => Answer::Done {
            failed: messages
                .into_iter()
                .filter(notifications::Message::must_return)
                .filter_map(|message| message.id)
                .collect(),
        },
        Ok(notifications::Outcome::Swept(_)) => Answer::Done { failed: Vec::new() },
        Err(error) => Answer::Failed(error.to_string()),
    }
}
