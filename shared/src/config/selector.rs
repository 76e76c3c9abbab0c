//! Which targets an entry of the policy is about.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::incident::Target;

/// Which targets an entry is about: all that it says must hold. One that says nothing selects nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// A glob of the cluster's name.
    pub cluster: Option<Glob>,
    /// A glob of the service's name, or of the family's for standalone tasks; with one no container instance is selected.
    pub service: Option<Glob>,
    /// Tags of the service, by key.
    pub tags: BTreeMap<String, String>,
}

/// A text in which `*` stands for any characters and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Selector {
    /// Whether a target with these tags is selected.
    pub fn selects(&self, target: &Target, tags: &BTreeMap<String, String>) -> bool {
        let fits = |glob: &Option<Glob>, name: &str| glob.as_ref().is_none_or(|glob| glob.matches(name));
        // Globs are of services' names, which ids of container instances may look like.
        if matches!(target, Target::ContainerInstance { .. }) && self.service.is_some() {
            return false;
        }
        self.specificity() > Specificity::default()
            && fits(&self.cluster, target.cluster().name())
            && fits(&self.service, target.name())
            && self.tags.iter().all(|(key, value)| tags.get(key) == Some(value))
    }

    /// How narrow it is: a service's name without wildcards before one with, then the same of the cluster, then tags.
    pub fn specificity(&self) -> Specificity {
        let of = |glob: &Option<Glob>| glob.as_ref().map_or((0, 0), Glob::specificity);
        Specificity { service: of(&self.service), cluster: of(&self.cluster), tags: self.tags.len() }
    }
}

impl fmt::Display for Selector {
    /// `cluster shop, service api-*, tag team=web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let globs = [("cluster", &self.cluster), ("service", &self.service)];
        let globs =
            globs.into_iter().filter_map(|(key, glob)| Some(format!("{key} {}", glob.as_ref()?.as_str())));
        let tags = self.tags.iter().map(|(key, value)| format!("tag {key}={value}"));
        f.write_str(&globs.chain(tags).collect::<Vec<_>>().join(", "))
    }
}

/// How narrow a selector is; the greater is the narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Specificity {
    service: (u8, usize),
    cluster: (u8, usize),
    tags: usize,
}

impl Glob {
    /// Takes the text as it is: every text is a glob.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The glob's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 2 without wildcards, 1 with, and how many characters are given.
    fn specificity(&self) -> (u8, usize) {
        let given = self.0.chars().filter(|c| !matches!(c, '*' | '?')).count();
        (if given == self.0.chars().count() { 2 } else { 1 }, given)
    }

    /// Whether it stands for `text`. Linear in practice: at most one point to come back to.
    pub fn matches(&self, text: &str) -> bool {
        let (glob, text): (Vec<char>, Vec<char>) = (self.0.chars().collect(), text.chars().collect());
        let (mut g, mut t, mut back) = (0, 0, None);
        while let Some(character) = text.get(t) {
            match glob.get(g) {
                Some('*') => {
                    back = Some((g, t));
                    g += 1;
                }
                Some(wanted) if *wanted == '?' || wanted == character => (g, t) = (g + 1, t + 1),
                _ => {
                    let Some((star, from)) = back else { return false };
                    back = Some((star, from + 1));
                    (g, t) = (star + 1, from + 1);
                }
            }
        }
        glob.iter().skip(g).all(|c| *c == '*')
    }
}
