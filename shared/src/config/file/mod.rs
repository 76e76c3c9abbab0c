//! The file's form: what people may write, and within which bounds.
//!
//! Types that serde fills, one module a section; [`File::check`] says what is wrong with the values, all of it at once, and
//! makes the [`Configuration`]. Whatever is left out has its default. The command line reads the file as YAML; Parameter
//! Store holds each of its sections as JSON. The domain knows neither lines nor columns: a fault names its field by path.

mod fault;
mod form;
mod freeze;
mod guards;
mod incidents;
mod jobs;
mod notifications;
mod rules;
mod scaling;
mod services;
mod version;

use serde::{Deserialize, Serialize};

use super::Configuration;

pub use fault::Fault;
pub use form::OnOff;
pub use freeze::{Day, Freeze};
pub use guards::{Budget, Budgets, Guards, Outage};
pub use incidents::Incidents;
pub use jobs::{
    Backoff, Breaker, Ending, ExitCodes, Job, LaunchType, Next, OrOff, Percent, Provider, Retry, Success,
};
pub use notifications::{
    Channel, ChannelSlack, Flapping, Messages, Repeat, Route, RouteMatch, Slack, Told, Topic,
};
pub use rules::{Defaults, Memory, Remedies};
pub use scaling::{Hours, Queue, Scaled, Scaling};
pub use services::{Match, Rerun, Service, TaskNetwork};
pub use version::{VERSION, Version};

use fault::Check;
use form::{section, sections};

/// Configuration of ECS Steward (`steward.yaml`).
///
/// Every key but `version` may be left out, and then has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "steward.yaml"))]
pub struct File {
    /// The version of this file's form.
    pub version: Version,
    /// What holds for every target that is enrolled, unless an entry of `services` says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub defaults: Option<Defaults>,
    /// Who is enrolled: nothing of anybody else is ever changed. By default nobody.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    pub services: Option<Vec<Service>>,
    /// What no entry of `services` and no tag can widen.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub guards: Option<Guards>,
    /// When incidents open and end.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub incidents: Option<Incidents>,
    /// What runs by a timetable, after others, or when asked. By default nothing. At most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    #[cfg_attr(feature = "schema", schemars(length(max = 1_000)))]
    pub jobs: Option<Vec<Job>>,
    /// Services whose number of tasks follows their queues. By default none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub scaling: Option<Scaling>,
    /// How people are told.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub notifications: Option<Told>,
}

impl File {
    /// A file that leaves everything out.
    pub fn empty() -> Self {
        Self {
            version: Version,
            defaults: None,
            services: None,
            guards: None,
            incidents: None,
            jobs: None,
            scaling: None,
            notifications: None,
        }
    }

    /// Checks what the types leave open, and fills in the defaults.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of the file's form.
    pub fn check(&self) -> Result<Configuration, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut configuration = Configuration::default();
        let Configuration { policy, jobs: of_jobs, scaling: scalers, notifications } = &mut configuration;
        if let Some(defaults) = &self.defaults {
            defaults.check(&mut policy.defaults, &mut Check::of("defaults", &mut faults));
        }
        if let Some(services) = &self.services {
            policy.services = services::check(services, &policy.defaults, &mut faults);
        }
        if let Some(guards) = &self.guards {
            guards.check(&mut policy.guards, Check::of("guards", &mut faults));
        }
        if let Some(incidents) = &self.incidents {
            incidents.check(policy, Check::of("incidents", &mut faults));
        }
        if let Some(jobs) = &self.jobs {
            *of_jobs = jobs::check(jobs, &mut faults);
        }
        if let Some(scaling) = &self.scaling {
            scaling.check(scalers, Check::of("scaling", &mut faults));
        }
        if let Some(told) = &self.notifications {
            told.check(notifications, Check::of("notifications", &mut faults));
        }
        if faults.is_empty() { Ok(configuration) } else { Err(faults) }
    }

    /// The file that says everything, defaults included: what is in force, key by key.
    pub fn of(configuration: &Configuration) -> Self {
        let Configuration { policy, jobs, scaling, notifications } = configuration;
        Self {
            version: Version,
            defaults: Some(Defaults::of(&policy.defaults)),
            services: Some(policy.services.iter().map(Service::of).collect()),
            guards: Some(Guards::of(&policy.guards)),
            incidents: Some(Incidents::of(policy)),
            jobs: Some(jobs.by_name.values().map(Job::of).collect()),
            scaling: Some(Scaling::of(scaling)),
            notifications: Some(Told::of(notifications)),
        }
    }
}

/// The JSON Schema of the file, for editors.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(File)
}
