//! The scenes played through the functions' processes.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;
use steward::config::file::File;
use steward::config::{MemoryParameters, store};
use steward_sim::house::{CONFIGURATION, EVENTS, House, HouseError, Mail, Plan, TELL};
use steward_sim::lambda::gateway::{Call, Injected, When};
use steward_sim::lambda::runtime::{EnvironmentRecord, Function, Invocation, LogLine};
use steward_sim::slack::{Delivery, Reply};

use super::story::{Scene, Sent, Trial, scenes};

/// Between two events.
const PACE: Duration = Duration::from_millis(40);
/// A scene takes seconds; on a machine that is busy, some more.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long an event stays away whose handler died. Three minutes in the template.
const VISIBILITY: Duration = Duration::from_secs(5);

/// All that happened.
pub(super) struct Played {
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) scenes: Vec<PlayedScene>,
    pub(super) functions: Vec<PlayedFunction>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) mails: Vec<Mail>,
    pub(super) calls: Vec<Call>,
    /// Messages that were given up.
    pub(super) given_up: usize,
}

pub(super) struct PlayedScene {
    pub(super) scene: &'static Scene,
    pub(super) began: Timestamp,
    /// Files, and when they were sent.
    pub(super) events: Vec<(Timestamp, &'static str)>,
    /// The call at which remediation was killed.
    pub(super) killed: Option<Call>,
    /// Whether everything was told in time.
    pub(super) settled: bool,
}

pub(super) struct PlayedFunction {
    pub(super) name: String,
    pub(super) invocations: Vec<Invocation>,
    pub(super) environments: Vec<EnvironmentRecord>,
    pub(super) logs: Vec<LogLine>,
}

impl PlayedFunction {
    fn of(function: &Function) -> Self {
        Self {
            name: function.name().to_owned(),
            invocations: function.invocations(),
            environments: function.environments(),
            logs: function.logs(),
        }
    }
}

/// As the template has it, but that news gather for one second, that no incident goes quiet (the samples span two hours), and
/// that nobody waits for minutes.
pub(super) fn plan(programs: BTreeMap<String, PathBuf>) -> io::Result<Plan> {
    let settings = json!({
        "version": 1, "notifications": {"grouping": "1s"}, "incidents": {"quiet": "1d"},
    });
    let file: File = serde_json::from_value(settings)?;
    let parameters = MemoryParameters::new();
    // Memory never waits.
    let applied = async {
        let change = store::prepare(&parameters, CONFIGURATION, file).await.map_err(io::Error::other)?;
        store::apply(&parameters, &change).await.map_err(io::Error::other)
    };
    applied.now_or_never().ok_or_else(|| io::Error::other("memory made us wait"))??;
    let timeout = Duration::from_secs(30);
    Ok(Plan { parameters: parameters.values(), timeout, visibility: VISIBILITY, ..Plan::new(programs) })
}

/// Plays all scenes in a house.
pub(super) async fn play(house: &House) -> io::Result<Played> {
    let started = Timestamp::now();
    let mut played = Vec::new();
    for (scene, sent) in scenes(started)? {
        let scene = play_scene(house, scene, &sent).await.map_err(io::Error::other)?;
        let settled = scene.settled;
        played.push(scene);
        if !settled {
            break;
        }
    }
    let ended = Timestamp::now();
    let given_up = |queue| house.counts(queue).map(|(_, dead)| dead.total()).map_err(io::Error::other);
    let given_up = given_up(EVENTS)? + given_up(TELL)?;
    // They say goodbye in their logs.
    house.shut_down().await;
    Ok(Played {
        started,
        ended,
        scenes: played,
        functions: [&house.remediation, &house.notifications].map(PlayedFunction::of).into(),
        deliveries: house.slack.deliveries(),
        mails: house.mails(),
        calls: house.gateway.calls(),
        given_up,
    })
}

async fn play_scene(house: &House, scene: &'static Scene, sent: &[Sent]) -> Result<PlayedScene, HouseError> {
    let began = Timestamp::now();
    let (killing, copies) = prepare(house, scene.trial);
    let mut events = Vec::new();
    for Sent { file, event } in sent {
        for _ in 0..copies {
            events.push((Timestamp::now(), *file));
            house.send(event)?;
            tokio::time::sleep(PACE).await;
        }
    }
    let settled = house.settles(PATIENCE).await?;
    let killed = killing.and_then(|killing| house.gateway.hits(killing).into_iter().next());
    Ok(PlayedScene { scene, began, events, killed, settled })
}

/// Lets happen what a trial wants. Answers the fault to look at later, and how often events are sent.
fn prepare(house: &House, trial: Trial) -> (Option<Injected>, usize) {
    match trial {
        Trial::None => (None, 1),
        Trial::Kill => {
            // The write is made, and notifications is woken: nobody waits for a sweep.
            let nudge = When::any().function("remediation").operation("SendMessage").nth(1);
            (Some(house.gateway.kill_after(nudge, &house.remediation)), 1)
        }
        Trial::RateLimit(seconds) => {
            house.slack.script([Reply::RateLimited(seconds)]);
            (None, 1)
        }
        Trial::Copies(copies) => (None, copies),
    }
}
