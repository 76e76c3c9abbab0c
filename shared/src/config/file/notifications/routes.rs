//! `notifications.routes`: who is told what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::MAX_ROUTES;
use super::channels::Names;
use crate::config::file::fault::Check;
use crate::config::file::form::{section, word, words};
use crate::config::file::services::{check_tags, glob};
use crate::config::{self, Glob};
use crate::diagnosis::Cause;
use crate::incident::Severity;
use crate::words::Language;

/// Who is told of some subjects: of several routes that match the first holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Route {
    /// Which subjects. By default all.
    #[serde(
        rename = "match",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "section"
    )]
    pub matches: Option<RouteMatch>,
    /// The names of channels. None: nobody is told, which is counted and listed.
    #[cfg_attr(feature = "schema", schemars(extend("uniqueItems" = true)))]
    pub to: Vec<String>,
    /// In which language. Default that of each channel.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub language: Option<Language>,
}

/// Which subjects: all that is said must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RouteMatch {
    /// The cluster's name; `*` stands for any characters, `?` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_*?-]{1,255}$")))]
    pub cluster: Option<String>,
    /// The service's name, or the family of standalone tasks; `*` stands for any characters, `?` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_*?-]{1,255}$")))]
    pub service: Option<String>,
    /// Tags of the service, and their values; `*` stands for any characters, `?` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// One of these causes is among the subject's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "words")]
    pub causes: Option<Vec<Cause>>,
    /// It is at least so severe.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub severity: Option<Severity>,
}

/// Checks all routes.
pub(super) fn check(routes: &[Route], names: &Names<'_>, check: &mut Check<'_>) -> Vec<config::Route> {
    if routes.len() > MAX_ROUTES {
        check
            .whole(format!("{} routes; at most {MAX_ROUTES}: a glob can stand for many names", routes.len()));
    }
    let mut checked: Vec<config::Route> = Vec::with_capacity(routes.len());
    for (index, route) in routes.iter().enumerate() {
        let mut check = check.entry(index);
        let route = route.check(names, &mut check);
        let holds_before =
            |before: &config::Route| before.matches.is_about_all() || before.matches == route.matches;
        if let Some((place, before)) = checked.iter().enumerate().find(|(_, before)| holds_before(before)) {
            // Without its place: some of the list may have been taken out before it was checked.
            let problem = if before.matches.is_about_all() {
                "is never reached: a route before it has no `match`, and so holds for everything"
            } else {
                "is never reached: a route before it has the same `match`"
            };
            check.fault_by("match", format!("notifications.routes[{place}].match"), problem);
        }
        checked.push(route);
    }
    checked
}

impl Route {
    pub(super) fn of(route: &config::Route) -> Self {
        let matches = Some(&route.matches).filter(|matches| !matches.is_about_all());
        Self { matches: matches.map(RouteMatch::of), to: route.to.clone(), language: route.language }
    }

    fn check(&self, names: &Names<'_>, check: &mut Check<'_>) -> config::Route {
        let matches = self.matches.as_ref().map(|matches| matches.check(&mut check.below("match")));
        let mut seen = BTreeSet::new();
        for (index, name) in self.to.iter().enumerate() {
            let key = format!("to[{index}]");
            if seen.insert(name) {
                names.check(name, &key, check);
            } else {
                check.fault(&key, format!("the channel `{name}` stands there twice"));
            }
        }
        config::Route { matches: matches.unwrap_or_default(), to: self.to.clone(), language: self.language }
    }
}

impl RouteMatch {
    fn of(matches: &config::Match) -> Self {
        let text = |glob: &Glob| glob.as_str().to_owned();
        let tags: BTreeMap<String, String> =
            matches.tags.iter().map(|(key, glob)| (key.clone(), text(glob))).collect();
        let causes: Vec<Cause> = matches.causes.iter().copied().collect();
        Self {
            cluster: matches.cluster.as_ref().map(text),
            service: matches.service.as_ref().map(text),
            tags: Some(tags).filter(|tags| !tags.is_empty()),
            causes: Some(causes).filter(|causes| !causes.is_empty()),
            severity: matches.severity,
        }
    }

    fn check(&self, check: &mut Check<'_>) -> config::Match {
        let tags = self.tags.iter().flatten();
        check_tags(tags.clone(), check);
        config::Match {
            cluster: glob("cluster", self.cluster.as_deref(), check),
            service: glob("service", self.service.as_deref(), check),
            tags: tags.map(|(key, value)| (key.clone(), Glob::new(value))).collect(),
            causes: self.causes.iter().flatten().copied().collect(),
            severity: self.severity,
        }
    }
}
