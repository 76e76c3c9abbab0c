//! Where the patrol of a cluster is: it looks for what no event tells, and must find again what it found to see its end.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::arn::{ClusterArn, TaskArn};
use crate::incident::Target;

/// How much a round keeps in mind, targets and tasks together: an item has room for twice as much. Where more is abnormal, it
/// is no silent trouble any more.
pub const MAX_ABNORMAL: usize = 500;

/// The patrol of one cluster. Rounds follow one another; one that time cuts short goes on where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patrol {
    /// The cluster.
    pub cluster: ClusterArn,
    /// When its round began, or its last; the beginning of time for one that never did.
    pub began_at: Timestamp,
    /// What the round looks at.
    #[serde(default)]
    pub stage: Stage,
    /// Where that goes on; absent: from the beginning.
    pub next: Option<String>,
    /// Until when nobody else may go on.
    pub lease_until: Timestamp,
    /// What the round before found.
    #[serde(default)]
    pub known: Vec<Abnormal>,
    /// What this round has found so far.
    #[serde(default)]
    pub found: Vec<Abnormal>,
}

/// What a round looks at, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Services, for those that are short of tasks.
    #[default]
    Services,
    /// Running tasks, for those that hang.
    Tasks,
}

/// A target with something abnormal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abnormal {
    /// Which.
    pub target: Target,
    /// Whether fewer tasks run than are desired.
    pub is_short: bool,
    /// Its tasks that are not well.
    pub tasks: BTreeSet<TaskArn>,
}

impl Abnormal {
    /// How much of the room it takes.
    fn size(&self) -> usize {
        1 + self.tasks.len()
    }
}

impl Patrol {
    /// Of a cluster that no round was made of yet.
    pub fn new(cluster: ClusterArn) -> Self {
        Self {
            cluster,
            began_at: Timestamp::UNIX_EPOCH,
            stage: Stage::default(),
            next: None,
            lease_until: Timestamp::UNIX_EPOCH,
            known: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Whether a round was cut short and is to go on.
    pub fn is_under_way(&self) -> bool {
        self.stage != Stage::default() || self.next.is_some()
    }

    /// When it is to go on, with rounds so far apart.
    pub fn due_at(&self, every: SignedDuration, now: Timestamp) -> Timestamp {
        let next = self.began_at.saturating_add(every).unwrap_or(Timestamp::MAX);
        if self.is_under_way() { now } else { next.max(now) }
    }

    /// Notes that a target is short of tasks. False where there is no room for it.
    pub fn finds_short(&mut self, target: &Target) -> bool {
        self.note(target, 0, |abnormal| abnormal.is_short = true)
    }

    /// Notes that a task of a target is not well. False where there is no room for it.
    pub fn finds_unwell(&mut self, target: &Target, task: &TaskArn) -> bool {
        let is_noted = |abnormal: &Abnormal| abnormal.target == *target && abnormal.tasks.contains(task);
        self.found.iter().any(is_noted)
            || self.note(target, 1, |abnormal| abnormal.tasks.extend([task.clone()]))
    }

    fn note(&mut self, target: &Target, more: usize, change: impl FnOnce(&mut Abnormal)) -> bool {
        let taken: usize = self.found.iter().map(Abnormal::size).sum();
        if let Some(known) = self.found.iter_mut().find(|known| known.target == *target) {
            let has_room = taken + more <= MAX_ABNORMAL;
            if has_room {
                change(known);
            }
            return has_room;
        }
        let mut new = Abnormal { target: target.clone(), is_short: false, tasks: BTreeSet::new() };
        change(&mut new);
        let has_room = taken + new.size() <= MAX_ABNORMAL;
        if has_room {
            self.found.push(new);
        }
        has_room
    }

    /// What the round before found and this one, at its end, did not.
    pub fn healed(&self) -> Vec<Abnormal> {
        let healed = self.known.iter().map(|known| {
            let found = self.found.iter().find(|found| found.target == known.target);
            let is_still = |task: &&TaskArn| found.is_some_and(|found| found.tasks.contains(*task));
            Abnormal {
                target: known.target.clone(),
                is_short: known.is_short && found.is_none_or(|found| !found.is_short),
                tasks: known.tasks.iter().filter(|task| !is_still(task)).cloned().collect(),
            }
        });
        healed.filter(|healed| healed.is_short || !healed.tasks.is_empty()).collect()
    }

    /// Keeps in mind what was healed and could not be written.
    pub fn keeps(&mut self, healed: &Abnormal) {
        if healed.is_short {
            self.finds_short(&healed.target);
        }
        for task in &healed.tasks {
            self.finds_unwell(&healed.target, task);
        }
    }

    /// Begins a round.
    pub fn begins(&mut self, now: Timestamp) {
        self.began_at = now;
        self.found.clear();
        self.starts_over();
    }

    /// Goes back to the beginning of the round: of what ECS does not take any more, as a cursor that is too old.
    pub fn starts_over(&mut self) {
        (self.stage, self.next) = (Stage::default(), None);
    }

    /// Ends a round: what it found is what is known.
    pub fn ends(&mut self) {
        self.known = std::mem::take(&mut self.found);
        self.starts_over();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::ServiceName;

    fn patrol() -> Patrol {
        Patrol::new(ClusterArn::new("arn:aws:ecs:r:1:cluster/shop"))
    }

    fn service(name: &str) -> Target {
        Target::Service { cluster: patrol().cluster, name: ServiceName::new(name) }
    }

    fn task(n: usize) -> TaskArn {
        TaskArn::new(format!("arn:aws:ecs:r:1:task/shop/{n}"))
    }

    #[test]
    fn what_is_found_no_more_is_healed_each_by_itself() {
        let mut patrol = patrol();
        patrol.finds_short(&service("api"));
        patrol.finds_unwell(&service("api"), &task(1));
        patrol.finds_unwell(&service("api"), &task(2));
        patrol.finds_short(&service("web"));
        patrol.ends();
        patrol.finds_short(&service("web"));
        patrol.finds_unwell(&service("api"), &task(2));
        let healed = patrol.healed();
        assert_eq!(healed, [Abnormal { target: service("api"), is_short: true, tasks: [task(1)].into() }]);
        patrol.keeps(&healed[0]);
        assert_eq!(patrol.healed(), []);
    }

    #[test]
    fn a_round_keeps_no_more_in_mind_than_there_is_room_for() {
        let mut patrol = patrol();
        let kept = (0..MAX_ABNORMAL + 50).filter(|n| patrol.finds_unwell(&service("api"), &task(*n))).count();
        assert_eq!(kept, MAX_ABNORMAL - 1, "the target itself takes room");
        assert!(!patrol.finds_short(&service("web")));
        assert!(patrol.finds_short(&service("api")) && patrol.finds_unwell(&service("api"), &task(0)));
        patrol.ends();
        let full = Patrol { found: patrol.known.clone(), ..patrol };
        assert!(serde_json::to_string(&full).unwrap().len() < 350_000, "an item of DynamoDB holds 400 KB");
    }

    #[test]
    fn a_round_that_was_cut_short_is_due_at_once() {
        let (mut patrol, every) = (patrol(), SignedDuration::from_mins(5));
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(patrol.due_at(every, at(1_000)), at(1_000));
        patrol.begins(at(1_000));
        patrol.next = Some("page 2".into());
        assert_eq!(patrol.due_at(every, at(1_010)), at(1_010));
        patrol.ends();
        assert_eq!(patrol.due_at(every, at(1_010)), at(1_300));
    }

    #[test]
    fn a_patrol_of_an_earlier_version_is_read() {
        let text = r#"{"cluster":"c","began_at":"2026-11-20T21:00:00Z","next":null,"lease_until":"2026-11-20T21:00:00Z"}"#;
        let patrol: Patrol = serde_json::from_str(text).unwrap();
        assert_eq!((patrol.stage, patrol.known.len()), (Stage::Services, 0));
    }
}
