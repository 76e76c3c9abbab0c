//! Scenarios: stories of one evening, written so that a person can read them, played by the production handlers.
//!
//! A file (`sim/scenarios/*.yaml`) says what stands, what happens, and what must come of it in each mode. The same world is
//! played without Steward, too, with ECS's circuit breaker and without: what ECS does alone is what Steward must be better
//! than, or at least not worse.
//!
//! # Invariants
//!
//! * A key that is not known, and a name that leads nowhere, is an error that names file and field.
//! * One file, one world: the same transcript each time.

mod build;
mod expect;
mod form;
mod health;
mod measure;
mod ports;
mod post;
mod table;
#[cfg(test)]
mod tests;
mod transcript;
mod world;

use std::collections::BTreeSet;
use std::fmt;

use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use steward::config::{Configuration, Mode};

pub use expect::Unmet;
pub use form::Expected;
pub use measure::Measures;
pub use post::{Listener, Placed, Post};
pub use table::{Row, document, runs, section};

pub use transcript::{Entry, Made, Tone, What, short_ids};
pub use world::{PlayError, Played, hear, play};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Who looks after the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Run {
    /// Steward, in a mode.
    Steward(Mode),
    /// Nobody but ECS.
    EcsAlone {
        /// With its circuit breaker, and going back, wherever ECS deploys; or without.
        breaker: bool,
    },
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steward(mode) => f.write_str(mode.as_str()),
            Self::EcsAlone { breaker: false } => f.write_str("ECS alone"),
            Self::EcsAlone { breaker: true } => f.write_str("ECS with its breaker"),
        }
    }
}

/// A scenario whose names fit together.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    file: form::File,
    /// What people decided, by mode: observe, propose, act.
    configurations: [Configuration; 3],
}

/// Why a file is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {field}{}{problem}", if .field.is_empty() { "" } else { ": " })]
pub struct ScenarioError {
    /// Which file.
    pub file: String,
    /// Which field, such as `happenings[2].deploy.revision`; empty for the file as a whole.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

const MODES: [Mode; 3] = [Mode::Observe, Mode::Propose, Mode::Act];

impl Scenario {
    /// Those that come with Steward, by name.
    ///
    /// # Errors
    ///
    /// The first that is no scenario.
    pub fn all() -> Result<Vec<Self>, ScenarioError> {
        let mut all = Vec::new();
        for file in FILES.files() {
            let name = file.path().display().to_string();
            let text = file.contents_utf8().unwrap_or_default();
            all.push(Self::read(&name, text)?);
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let wrong = |field: &str, problem: String| ScenarioError {
            file: file.to_owned(),
            field: field.trim_matches('.').to_owned(),
            problem,
        };
        // `off` is a word, as in YAML 1.2.
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let value: serde_json::Value = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| wrong("", error.to_string()))?;
        let read: form::File = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            wrong(&path, error.into_inner().to_string())
        })?;
        let configurations = configurations(&read).map_err(|(field, problem)| wrong(&field, problem))?;
        check(&read).map_err(|(field, problem)| wrong(&field, problem))?;
        let stem = std::path::Path::new(file).file_stem().map(|stem| stem.display().to_string());
        Ok(Self { name: stem.unwrap_or_default(), file: read, configurations })
    }

    /// What happens, in one line.
    pub fn title(&self) -> &str {
        self.file.title.trim()
    }

    /// What it shows.
    pub fn why(&self) -> &str {
        self.file.why.trim()
    }

    /// Whether the demo shows it in its overview.
    pub fn is_in_demo(&self) -> bool {
        self.file.in_demo
    }

    /// When the story begins.
    pub fn begins(&self) -> Timestamp {
        self.file.begins
    }

    /// When it ends.
    pub fn ends(&self) -> Timestamp {
        self.file.begins.saturating_add(self.file.watch.get()).unwrap_or(Timestamp::MAX)
    }

    /// The modes that it expects something of.
    pub fn modes(&self) -> impl Iterator<Item = (Mode, &Expected)> {
        self.file.expect.iter().map(|(mode, expected)| (*mode, expected))
    }

    fn configuration(&self, mode: Mode) -> &Configuration {
        let [observe, propose, act] = &self.configurations;
        match mode {
            Mode::Observe => observe,
            Mode::Propose => propose,
            Mode::Act => act,
        }
    }
}

type Wrong = (String, String);

/// The policy in each mode: where the file says none, it is the run's.
fn configurations(file: &form::File) -> Result<[Configuration; 3], Wrong> {
    let mut read = Vec::new();
    for mode in MODES {
        let mut policy = file.policy.clone();
        policy.entry("version").or_insert_with(|| 1.into());
        let defaults = policy.entry("defaults").or_insert_with(|| serde_json::Map::new().into());
        if let Some(defaults) = defaults.as_object_mut() {
            defaults.entry("mode").or_insert_with(|| mode.as_str().into());
        }
        let parsed: steward::config::file::File =
            serde_path_to_error::deserialize(serde_json::Value::Object(policy))
                .map_err(|error| (format!("policy.{}", error.path()), error.inner().to_string()))?;
        let checked = parsed.check().map_err(|faults| {
            faults.first().map_or_else(Default::default, |fault| {
                (format!("policy.{}", fault.path), fault.problem.clone())
            })
        })?;
        read.push(checked);
    }
    <[Configuration; 3]>::try_from(read).map_err(|_| ("policy".to_owned(), "cannot be read".to_owned()))
}

/// Whether every name leads somewhere.
fn check(file: &form::File) -> Result<(), Wrong> {
    let revision = |field: String, text: &str, or_family: bool| -> Result<(), Wrong> {
        let (family, number) = match text.split_once(':') {
            Some((family, number)) => (family, number.parse::<usize>().ok()),
            None if or_family => (text, Some(1)),
            None => (text, None),
        };
        let known = file.task_definitions.get(family).map_or(0, Vec::len);
        if number.is_some_and(|number| (1..=known).contains(&number)) {
            return Ok(());
        }
        Err((field, format!("`{text}` is no revision of `task_definitions`: write such as `api:1`")))
    };
    let names = build::service_names(file);
    let service = |field: String, name: &str| -> Result<(), Wrong> {
        if names.contains(name) { Ok(()) } else { Err((field, format!("`{name}` is none of `services`"))) }
    };
    for (name, service) in &file.services {
        revision(format!("services.{name}.runs"), &service.runs, false)?;
    }
    for (name, tasks) in &file.tasks {
        revision(format!("tasks.{name}.runs"), &tasks.runs, false)?;
        if tasks.runs.split(':').next() != Some(name.as_str()) {
            return Err((format!("tasks.{name}.runs"), "standalone tasks go by their family".to_owned()));
        }
    }
    for (index, happening) in file.happenings.iter().enumerate() {
        let field = |key: &str| format!("happenings[{index}].{key}");
        if happening.at.is_some() == happening.when.is_some() {
            return Err((field("at"), "either `at` or `when` says when it happens".to_owned()));
        }
        if happening.after.is_some() && happening.when != Some(form::Moment::Proposed) {
            return Err((field("after"), "only what happens when something is proposed may wait".to_owned()));
        }
        if happening.count() != 1 {
            return Err((field(""), format!("{} things happen; write one each", happening.count())));
        }
        if let Some(deploy) = &happening.deploy {
            service(field("deploy.service"), &deploy.service)?;
            revision(field("deploy.revision"), &deploy.revision, false)?;
        }
        if let Some(scale) = &happening.scale {
            service(field("scale.service"), &scale.service)?;
        }
        if let Some(answer) = &happening.answer_hook {
            service(field("answer_hook.service"), &answer.service)?;
        }
        if let Some(of) = &happening.stop_tasks {
            service(field("stop_tasks"), of)?;
        }
        if let Some(behave) = &happening.behave {
            revision(field("behave.revision"), &behave.revision, true)?;
        }
        if let Some(of) = &happening.delete_secret {
            revision(field("delete_secret"), of, true)?;
        }
        if let Some(of) = &happening.deregister {
            revision(field("deregister"), of, false)?;
        }
        for name in happening.retirement_notice.iter().flatten() {
            service(field("retirement_notice"), name)?;
        }
        for host in [&happening.agent_lost, &happening.agent_back, &happening.host_lost].into_iter().flatten()
        {
            if !file.hosts.contains_key(host) {
                return Err((field(""), format!("`{host}` is none of `hosts`")));
            }
        }
    }
    for (mode, expected) in &file.expect {
        for (name, runs) in &expected.runs {
            service(format!("expect.{}.runs.{name}", mode.as_str()), name)?;
            // Steward may register later ones.
            let registers = expected.remedies.iter().flatten().any(form::ExpectedRemedy::registers);
            let known = if registers { runs.split(':').next().unwrap_or_default() } else { runs };
            revision(format!("expect.{}.runs.{name}", mode.as_str()), known, registers)?;
        }
    }
    Ok(())
}

/// The services, copies among them.
type Names = BTreeSet<String>;
