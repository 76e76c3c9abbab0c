//! The cause table for texts: which words of ECS, its agent, Docker and containerd mean which cause.
//!
//! The error's name fixes the family ([`NAMES`]); among the rows of that family the first that holds decides, so the
//! specific stand before the generic ([`ROWS`]). A new text is one row here and one line in `reasons.tsv`; the tests
//! fail on a row that decides no line. Fragments are lower case, have words around them that no image, service or secret
//! is called by, and leave out what varies: counters, hosts, ids.

mod names;
mod rows;
mod words;

pub(super) use names::NAMES;
pub(super) use rows::ROWS;

use super::cause::Cause;

/// A set of error families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::diagnosis) struct Families(u16);

impl Families {
    pub(in crate::diagnosis) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(in crate::diagnosis) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Pulling an image.
const PULL: Families = Families(1);
/// Setting up a task before its containers: secrets, logs, volumes, registry logins.
const INIT: Families = Families(1 << 1);
/// Creating a container.
const CREATE: Families = Families(1 << 2);
/// Starting a container.
const START: Families = Families(1 << 3);
/// Docker, containerd, the agent, Fargate's runtime.
const RUNTIME: Families = Families(1 << 4);
/// Volumes.
const VOLUME: Families = Families(1 << 5);
/// Network interfaces.
const NETWORK: Families = Families(1 << 6);
/// The host configuration of a container.
const HOST: Families = Families(1 << 7);
/// Container dependencies.
const DEPENDENCY: Families = Families(1 << 8);
/// Memory.
const MEMORY: Families = Families(1 << 9);
/// A consequence of a stop, never its cause.
const CONSEQUENCE: Families = Families(1 << 10);
/// No name: what the service scheduler, Fargate and AWS Health write.
const BARE: Families = Families(1 << 11);

/// The family of a text without a name.
pub(in crate::diagnosis) const ANY_TEXT: Families = BARE;

/// Where a container is made or run.
const CONTAINER: Families = CREATE.or(START).or(RUNTIME);
/// Everything but what is never evidence.
const ALL: Families = PULL.or(INIT).or(CONTAINER).or(VOLUME).or(NETWORK).or(HOST).or(DEPENDENCY).or(BARE);

/// One line of the table: it holds where one of `any`, and one of `and_any` if there are some, is in the text.
pub(in crate::diagnosis) struct Row {
    pub(in crate::diagnosis) families: Families,
    pub(in crate::diagnosis) any: &'static [&'static str],
    pub(in crate::diagnosis) and_any: &'static [&'static str],
    /// `None`: the text says that nothing failed.
    pub(in crate::diagnosis) cause: Option<Cause>,
}

const fn row(families: Families, any: &'static [&'static str], cause: Cause) -> Row {
    Row { families, any, and_any: &[], cause: Some(cause) }
}

const fn both(
    families: Families,
    any: &'static [&'static str],
    and_any: &'static [&'static str],
    cause: Cause,
) -> Row {
    Row { families, any, and_any, cause: Some(cause) }
}
