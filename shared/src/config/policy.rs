//! What decisions follow: for whom, how far, how patiently, and within which bounds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Mode, Selector, Window};
use crate::action::{Network, Remedy};
use crate::incident::Target;
use crate::remediation::memory::Ladder;

/// The settings of incidents and decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// An incident without a new failure for so long is over, where ECS does not say so itself: it holds steady-state
    /// events back for up to six hours. Longer than the longest pause between two launches of a failing task (27 min).
    pub quiet: SignedDuration,
    /// The same for a container instance, of which ECS tells when it is well, unless the event is lost.
    pub host_quiet: SignedDuration,
    /// A container instance whose agent is away for less than this has not failed: agents reconnect several times an
    /// hour.
    pub agent_away: SignedDuration,
    /// A story that has not changed for so long is closed and may expire.
    pub keep_closed: SignedDuration,
    /// What holds for every target that is enrolled, unless an entry of `services` says otherwise.
    pub defaults: Rules,
    /// Who is enrolled, and what holds for them.
    pub services: Vec<Entry>,
    /// What no entry and no tag can widen.
    pub guards: Guards,
}

/// How a target is looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How far Steward may go.
    pub mode: Mode,
    /// Which remedies may be used at all.
    pub remedies: BTreeSet<Remedy>,
    /// A revision on which the service was steady for so long may be gone back to.
    pub bake: SignedDuration,
    /// So many failures of one revision, at the least, are no accident.
    pub failures: u32,
    /// Nothing is changed before an incident is so old: a flap is over by then, and an outage shows.
    pub stability: SignedDuration,
    /// After an action the target is left alone for so long.
    pub cooldown: SignedDuration,
    /// So many actions of one kind in one incident, at the most.
    pub attempts: u32,
    /// An action has so long to help before it has not.
    pub verify: SignedDuration,
    /// A deployment that is in progress for so long is stuck.
    pub stuck: SignedDuration,
    /// What is done about one that is stuck.
    pub on_stuck: OnStuck,
    /// Fewer tasks than desired for so long, and no word of why, is an incident.
    pub silent: SignedDuration,
    /// A task that is unhealthy or disconnected for so long hangs.
    pub hung: SignedDuration,
    /// So long a proposal may be approved.
    pub proposal: SignedDuration,
    /// Standalone tasks that may be run again, as whoever knows them declares.
    pub rerun: Option<Rerun>,
    /// How memory is raised.
    pub memory: Memory,
}

/// How memory is raised, and how long until it is known whether that helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// By how much, and how far.
    pub ladder: Ladder,
    /// More memory has helped where no task has run out of it for so long.
    pub verify: SignedDuration,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            ladder: Ladder { percent: 150, max: 8_192, raise_cpu: false },
            verify: SignedDuration::from_hours(3 * 24),
        }
    }
}

/// What is done about a deployment that is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnStuck {
    /// Tell people.
    #[default]
    Escalate,
    /// Go back.
    RollBack,
}

/// That running a task of this kind twice does no harm, and where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rerun {
    /// For tasks with a network interface of their own: ECS tells no security groups of a task.
    pub network: Option<Network>,
}

/// Some targets, and what is different for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub selector: Selector,
    /// What holds for them: the defaults, with what the entry says in their place.
    pub rules: Rules,
}

/// What no entry and no tag can widen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guards {
    /// When nothing is changed.
    pub freeze: Vec<Window>,
    /// How many actions one service, or family, may see.
    pub per_service: Allowance,
    /// How many actions one cluster may see.
    pub per_cluster: Allowance,
    /// How many actions the account may see, in this region.
    pub per_account: Allowance,
    /// So many services of a cluster that begin to fail together are an outage.
    pub outage_services: u32,
    /// Together: within so long.
    pub outage_within: SignedDuration,
    /// How far a service's own tag `steward:mode` may go.
    pub tags_most: Mode,
}

/// So many in any window of so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many.
    pub count: u32,
    /// In any window of this length.
    pub within: SignedDuration,
}

impl Allowance {
    /// When one more may be, after those at `times`, in order: `None` where that is now. A window is as long as the allowance
    /// says, its end not included.
    pub fn free_at(self, times: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
        let cap = usize::try_from(self.count).unwrap_or(usize::MAX);
        if cap == 0 {
            return Some(Timestamp::MAX);
        }
        // Clocks differ by seconds: a time ahead of ours counts like one of now.
        let free_at = |time: &Timestamp| time.saturating_add(self.within).unwrap_or(Timestamp::MAX);
        let first = times.iter().rev().nth(cap - 1)?;
        Some(free_at(first)).filter(|free_at| *free_at > now)
    }

    /// `times` with one more. What no window reaches any more is forgotten.
    #[must_use]
    pub fn spent(self, times: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
        let cap = usize::try_from(self.count).unwrap_or(usize::MAX);
        let mut times = times.to_vec();
        times.push(times.last().map_or(now, |last| now.max(*last)));
        let surplus = times.len().saturating_sub(cap);
        times.drain(..surplus);
        times
    }
}

/// The tag by which a service enrols itself, and says how far Steward may go.
pub const MODE_TAG: &str = "steward:mode";

impl Default for Policy {
    fn default() -> Self {
        Self {
            quiet: SignedDuration::from_mins(30),
            host_quiet: SignedDuration::from_hours(7 * 24),
            agent_away: SignedDuration::from_mins(10),
            keep_closed: SignedDuration::from_hours(35 * 24),
            defaults: Rules::default(),
            services: Vec::new(),
            guards: Guards::default(),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            remedies: Remedy::ALL.into_iter().filter(|remedy| remedy.is_on_by_default()).collect(),
            bake: SignedDuration::from_mins(10),
            failures: 3,
            stability: SignedDuration::from_mins(2),
            cooldown: SignedDuration::from_mins(30),
            attempts: 2,
            verify: SignedDuration::from_mins(30),
            stuck: SignedDuration::from_mins(45),
            on_stuck: OnStuck::Escalate,
            silent: SignedDuration::from_mins(15),
            hung: SignedDuration::from_mins(10),
            proposal: SignedDuration::from_hours(4),
            rerun: None,
            memory: Memory::default(),
        }
    }
}

impl Default for Guards {
    fn default() -> Self {
        let allow = |count, hours| Allowance { count, within: SignedDuration::from_hours(hours) };
        Self {
            freeze: Vec::new(),
            per_service: allow(3, 6),
            per_cluster: allow(10, 1),
            per_account: allow(20, 1),
            outage_services: 5,
            outage_within: SignedDuration::from_mins(5),
            tags_most: Mode::Propose,
        }
    }
}

impl Policy {
    /// What holds for a target with these tags, and whether it is enrolled: by an entry, or by a tag of its own.
    ///
    /// Of several entries that select it the most specific holds (see [`Selector::specificity`]), of equals the first. A tag
    /// goes as far as the guards let tags go, or as far as the entry goes by itself. A tag whose value is no mode enrols
    /// nothing, and holds back what an entry enrols: whoever wrote it wanted something else than what the entry says.
    pub fn for_target(&self, target: &Target, tags: &BTreeMap<String, String>) -> Enrolled<'_> {
        let mut found: Option<(usize, &Entry)> = None;
        for (place, entry) in self.services.iter().enumerate() {
            let is_narrower =
                |(_, found): (usize, &Entry)| found.selector.specificity() < entry.selector.specificity();
            if entry.selector.selects(target, tags) && found.is_none_or(is_narrower) {
                found = Some((place, entry));
            }
        }
        let rules = found.map_or(&self.defaults, |(_, entry)| &entry.rules);
        let most =
            found.map_or(self.guards.tags_most, |(_, entry)| self.guards.tags_most.max(entry.rules.mode));
        let tag = tags.get(MODE_TAG).map(|word| Mode::from_word(word));
        Enrolled {
            is_enrolled: found.is_some() || tag.flatten().is_some(),
            entry: found.map(|(place, _)| place),
            mode: tag.map_or(rules.mode, |tagged| tagged.unwrap_or_default().min(most)),
            rules,
        }
    }
}

/// What holds for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled<'p> {
    /// Whether anything of it may ever be changed.
    pub is_enrolled: bool,
    /// The entry that holds for it, by its place in `services`. `None`: none selects it.
    pub entry: Option<usize>,
    /// How far Steward may go, its tag included.
    pub mode: Mode,
    /// The rules, but for the mode.
    pub rules: &'p Rules,
}

impl Guards {
    /// The freeze window that `now` is in, if it is in one.
    pub fn frozen(&self, now: Timestamp) -> Option<&Window> {
        self.freeze.iter().find(|window| window.contains(now))
    }
}
