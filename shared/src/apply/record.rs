//! One step of an action: read, decide, write, in one transaction.
//!
//! An action, the lock and the history in its target's record, what its incident says of it, the budgets and the news
//! change together or not at all. So whatever crashes in between, the lock is held exactly while an item says why, and
//! what people are told is what stands in the ledger.
//!
//! # Invariants
//!
//! * A step is pure and decides on what was just read. Where somebody else wrote one of the items meanwhile, all are read
//!   again and the step decides again: a lock or an epoch that was lost is seen, never overwritten.
//! * A step that changes nothing writes nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::action::{Action, ActionId, Plan};
use crate::arn::ClusterArn;
use crate::config::Policy;
use crate::incident::{Incident, Note, Story, Target, TargetRecord};
use crate::ledger::{
    Budget, DrainSlot, Key, LedgerError, Record, Scope, Stored, Transaction, Write, push_news,
};
use crate::notification::Subject;
use crate::ports::Ledger;

/// How often a step is decided again when others write what it reads.
const MAX_TRIES: usize = 3;

/// Which items a step is about.
#[derive(Debug, Clone, Copy)]
pub struct Items<'i> {
    /// The action; absent where none is concerned.
    pub id: Option<&'i ActionId>,
    /// Its target, whose lock it takes.
    pub target: &'i Target,
    /// Its incident, by the time that was opened.
    pub incident: Timestamp,
    /// The budgets that it enters: none but for a claim.
    pub budgets: &'i [Scope],
    /// The cluster whose container instances are drained one at a time: none but for the claim of a drain.
    pub drains_in: Option<&'i ClusterArn>,
}

impl<'i> Items<'i> {
    /// Those of an action's step that enters no budget.
    pub fn of(action: &'i Action) -> Self {
        Self::of_plan(&action.plan)
    }

    /// Those of a plan's step that enters no budget.
    pub fn of_plan(plan: &'i Plan) -> Self {
        Self {
            id: Some(&plan.id),
            target: &plan.target,
            incident: plan.incident,
            budgets: &[],
            drains_in: None,
        }
    }
}

/// What a step goes by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'t> {
    /// What people decided.
    pub policy: &'t Policy,
    /// How long news gather before the first message about them.
    pub grouping: SignedDuration,
    /// Now.
    pub now: Timestamp,
}

/// What a step sees, and leaves changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The action; absent: the ledger does not know it.
    pub action: Option<Action>,
    /// What is remembered of its target. That the step's action holds the lock, or no longer does, and that it was tried, is
    /// noted here after the step.
    pub record: TargetRecord,
    /// Its incident, unless it was forgotten. How the action stands is noted here after the step.
    pub incident: Option<Incident>,
    /// The budgets, those that nothing was spent of included.
    pub budgets: BTreeMap<Scope, Budget>,
    /// Which container instance of the cluster was drained last; absent: none.
    pub drain_slot: Option<DrainSlot>,
}

/// Lets `step` change an action and what hangs together with it, and writes all that changed. Answers what the step did,
/// and what there is to tell.
///
/// # Errors
///
/// What the step refuses with: then nothing is written. Where the ledger does not answer, or others write the same items
/// all the time ([`LedgerError::Conflict`]).
pub async fn write_action<L: Ledger, T, E: From<LedgerError>>(
    ledger: &L,
    items: Items<'_>,
    terms: &Terms<'_>,
    step: impl Fn(&mut Scene) -> Result<T, E>,
) -> Result<(T, Vec<Subject>), E> {
    let mut tries = 1;
    loop {
        let loaded = Loaded::load(ledger, items, terms.now).await?;
        let mut scene = loaded.scene.clone();
        let done = step(&mut scene)?;
        if let Some(action) =
            scene.action.as_ref().filter(|action| loaded.scene.action.as_ref() != Some(*action))
        {
            scene.record.note(action);
            if let Some(incident) = &mut scene.incident {
                incident.remedies.note(Note::of(action));
            }
        }
        match write(ledger, &loaded, &scene, terms).await {
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
            Err(error) => return Err(error.into()),
            Ok(news) => return Ok((done, news)),
        }
    }
}

/// A scene, with the versions that it was read in.
struct Loaded {
    scene: Scene,
    /// The incident that the target has now, where the action is of an earlier one.
    later: Option<Incident>,
    stored: BTreeMap<Key, Stored>,
}

impl Loaded {
    async fn load<L: Ledger>(ledger: &L, items: Items<'_>, now: Timestamp) -> Result<Self, LedgerError> {
        let mut keys = vec![Key::target(items.target), Key::incident(items.target, items.incident)];
        keys.extend(items.id.map(Key::action));
        keys.extend(items.budgets.iter().map(Key::budget));
        keys.extend(items.drains_in.map(Key::drain_slot));
        let mut scene = Scene {
            action: None,
            record: TargetRecord::new(items.target.clone()),
            incident: None,
            budgets: items
                .budgets
                .iter()
                .map(|scope| (scope.clone(), Budget::unspent(scope.clone())))
                .collect(),
            drain_slot: None,
        };
        let mut read = BTreeMap::new();
        for (key, stored) in keys.iter().zip(ledger.read(&keys).await?) {
            let Some(stored) = stored else { continue };
            match stored.live(now).cloned() {
                Some(Record::Action(action)) => scene.action = Some(*action),
                Some(Record::Target(record)) => scene.record = record,
                Some(Record::Incident(incident)) => scene.incident = Some(incident),
                Some(Record::Budget(budget)) => {
                    scene.budgets.insert(budget.scope.clone(), budget);
                }
                Some(Record::DrainSlot(slot)) => scene.drain_slot = Some(slot),
                _ => {}
            }
            read.insert(key.clone(), stored);
        }
        let later = match scene.record.incident.filter(|opened_at| *opened_at != items.incident) {
            Some(opened_at) => ledger.read(&[Key::incident(items.target, opened_at)]).await?.pop().flatten(),
            None => None,
        };
        let later = match later.map(|stored| stored.record) {
            Some(Record::Incident(incident)) => Some(incident),
            _ => None,
        };
        Ok(Self { scene, later, stored: read })
    }

    /// When time may change something of the target's story next. Whoever writes the target's record writes this, too.
    fn next_look(&self, scene: &Scene, policy: &Policy) -> Option<Timestamp> {
        let incident = self.later.as_ref().or(scene.incident.as_ref()).cloned();
        Story { incident, ..Story::loaded(scene.record.clone()) }.next_look(policy)
    }

    fn stored(&self, key: &Key) -> Option<&Stored> {
        self.stored.get(key)
    }
}

async fn write<L: Ledger>(
    ledger: &L,
    loaded: &Loaded,
    scene: &Scene,
    terms: &Terms<'_>,
) -> Result<Vec<Subject>, LedgerError> {
    let Terms { policy, grouping, now } = *terms;
    let before = &loaded.scene;
    let mut writes = Vec::new();
    let mut news = Vec::new();
    if let Some(action) = scene.action.as_ref().filter(|action| before.action.as_ref() != Some(*action)) {
        let stored = loaded.stored(&Key::action(&action.plan.id));
        writes.push(Write::of_action(action.clone(), stored, policy, now));
    }
    if before.record != scene.record || loaded.next_look(before, policy) != loaded.next_look(scene, policy) {
        let stored = loaded.stored(&Key::target(&scene.record.target));
        let due = loaded.next_look(scene, policy);
        writes.push(Write::of_target(scene.record.clone(), stored, due, policy, now));
    }
    if let Some(incident) =
        scene.incident.as_ref().filter(|incident| before.incident.as_ref() != Some(*incident))
    {
        let stored = loaded.stored(&Key::incident(&incident.target, incident.opened_at));
        writes.push(Write::of_incident(incident.clone(), stored, policy, now));
        if incident.is_news_since(before.incident.as_ref()) {
            news.push(incident.subject());
        }
    }
    for (scope, budget) in &scene.budgets {
        if before.budgets.get(scope) != Some(budget) {
            let key = Key::budget(scope);
            let stored = loaded.stored(&key);
            writes.push(Write::of_budget(budget.clone(), stored, policy, now));
        }
    }
    if let Some(slot) = scene.drain_slot.as_ref().filter(|slot| before.drain_slot.as_ref() != Some(*slot)) {
        let stored = loaded.stored(&Key::drain_slot(&slot.cluster));
        writes.push(Write::of_drain_slot(slot.clone(), stored, policy, now));
    }
    if writes.is_empty() {
        return Ok(news);
    }
    push_news(ledger, &mut writes, &news, grouping, now).await?;
    ledger.commit(Transaction { writes }).await?;
    Ok(news)
}
