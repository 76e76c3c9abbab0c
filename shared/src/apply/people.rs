//! What people decide: to allow a change, to say what became of one, to pause them all, not to be told for a while.
//!
//! Each decision is a conditional write of the ledger alone. Whoever may write the table may decide, and needs no right on
//! ECS: what follows from a decision, the next sweep of the remediation function does, under every guard.

mod silence;

use jiff::Timestamp;

pub use silence::{LONGEST_SILENCE, NotSilenced, SHORTEST_SILENCE, silence, silences, unsilence};

use super::record::{Items, Scene, Terms, write_action};
use crate::action::{Action, ActionId, Call, How, Ruling, Settled, State, Withdrawal};
use crate::config::{Notifications, Policy};
use crate::ecs::HookAnswer;
use crate::ledger::{Key, LedgerError, Record, Scope, Stored, Switch, Transaction, Write};
use crate::notification::moment;
use crate::ports::Ledger;
use crate::redact::redact;

/// How often a switch is turned again when somebody else turns it.
const MAX_TRIES: usize = 3;

/// What a person decides, and who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub by: String,
    /// Why, where they say so.
    pub why: Option<String>,
    /// Now.
    pub now: Timestamp,
}

impl Person {
    /// What the ledger keeps of it: no secret that slipped into the reason.
    fn ruling(&self) -> Ruling {
        let shown = |text: &String| redact(text).to_string();
        Ruling { by: shown(&self.by), at: self.now, why: self.why.as_ref().map(shown) }
    }
}

/// Why a person's decision about an action was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untaken {
    /// There is no such action.
    #[error(
        "no action has the id {id}: alerts and `steward actions` print ids in full. Is it another stack's, or over for longer than the ledger remembers?"
    )]
    NoSuchAction {
        /// Its id.
        id: ActionId,
    },
    /// It was proposed, and time has passed.
    #[error("action {} could be approved until {}. If it is still needed, it is proposed again", id.short(), moment(*until))]
    Expired {
        /// Its id.
        id: ActionId,
        /// Until when it could be approved.
        until: Timestamp,
    },
    /// Somebody has said no.
    #[error("{by} has rejected action {} already: its deployment goes back", id.short())]
    Rejected {
        /// Its id.
        id: ActionId,
        /// Who.
        by: String,
    },
    /// Somebody has allowed it already.
    #[error("{by} has approved action {} already: `steward pause` holds it back, if it has not begun", id.short())]
    Decided {
        /// Its id.
        id: ActionId,
        /// Who.
        by: String,
    },
    /// Nobody is asked about it.
    #[error("action {} waits for no approval: {stands}", id.short())]
    NotProposed {
        /// Its id.
        id: ActionId,
        /// How it stands.
        stands: String,
    },
    /// Its outcome is known, or is being found out.
    #[error("the outcome of action {} is not unknown: {stands}", id.short())]
    NotUnknown {
        /// Its id.
        id: ActionId,
        /// How it stands.
        stands: String,
    },
    /// The ledger does not answer, or refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What came of asking for something that may have been so already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken<T> {
    /// It is so now.
    Now(T),
    /// It was so already, by somebody's decision.
    Already(T, Ruling),
}

/// Allows an action that a person is asked about. The next sweep carries it out, unless a guard refuses.
///
/// # Errors
///
/// [`Untaken`]: then nothing was written.
pub async fn approve<L: Ledger>(
    ledger: &L,
    id: &ActionId,
    person: &Person,
) -> Result<Taken<Action>, Untaken> {
    let found = find(ledger, id, person.now).await?;
    let step = |scene: &mut Scene| {
        let action = known(scene, id)?;
        let State::Proposed { until } = action.state else {
            return Err(Untaken::NotProposed { id: id.clone(), stands: stands(action) });
        };
        if let Some(ruling) = action.approved.clone() {
            return if goes_back(action) {
                Err(Untaken::Rejected { id: id.clone(), by: ruling.by })
            } else {
                Ok(Taken::Already(action.clone(), ruling))
            };
        }
        if until <= person.now {
            return Err(Untaken::Expired { id: id.clone(), until });
        }
        action.approved = Some(person.ruling());
        Ok(Taken::Now(action.clone()))
    };
    decide(ledger, &found, person.now, step).await
}

/// Turns a proposal down. What a deployment's hook asks is answered by it: the deployment goes back. Any other is given up, and not
/// proposed again for its incident.
///
/// # Errors
///
/// [`Untaken`]: then nothing was written.
pub async fn reject<L: Ledger>(ledger: &L, id: &ActionId, person: &Person) -> Result<Taken<Action>, Untaken> {
    let found = find(ledger, id, person.now).await?;
    let step = |scene: &mut Scene| {
        let ruling = person.ruling();
        let rejected =
            scene.incident.as_ref().and_then(|incident| incident.remedies.rejected.get(id)).cloned();
        let action = known(scene, id)?;
        let State::Proposed { until } = action.state else {
            return match rejected {
                Some(ruling) => Ok(Taken::Already(action.clone(), ruling)),
                None => Err(Untaken::NotProposed { id: id.clone(), stands: stands(action) }),
            };
        };
        if let Some(ruling) = action.approved.clone() {
            return if goes_back(action) {
                Ok(Taken::Already(action.clone(), ruling))
            } else {
                Err(Untaken::Decided { id: id.clone(), by: ruling.by })
            };
        }
        if until <= person.now {
            return Err(Untaken::Expired { id: id.clone(), until });
        }
        if let Call::ContinueServiceDeployment { answer, .. } = &mut action.plan.call {
            *answer = HookAnswer::Rollback;
            action.approved = Some(ruling);
            return Ok(Taken::Now(action.clone()));
        }
        let why = Withdrawal::Rejected { by: redact(&ruling.by), why: ruling.why.as_deref().map(redact) };
        action.state = State::Withdrawn { at: person.now, why };
        let action = action.clone();
        if let Some(incident) = &mut scene.incident {
            incident.remedies.rejected.insert(id.clone(), ruling);
        }
        Ok(Taken::Now(action))
    };
    decide(ledger, &found, person.now, step).await
}

/// Whether a person has answered a hook by no.
fn goes_back(action: &Action) -> bool {
    matches!(action.plan.call, Call::ContinueServiceDeployment { answer: HookAnswer::Rollback, .. })
}

/// Says of an action whose outcome nobody knows whether it took effect. That frees its target, and remedies for it are
/// considered again.
///
/// # Errors
///
/// [`Untaken`]: then nothing was written.
pub async fn settle<L: Ledger>(
    ledger: &L,
    id: &ActionId,
    settled: Settled,
    person: &Person,
) -> Result<Taken<Action>, Untaken> {
    let found = find(ledger, id, person.now).await?;
    let step = |scene: &mut Scene| {
        let action = known(scene, id)?;
        if let Some(ruling) = action.settled.clone() {
            return Ok(Taken::Already(action.clone(), ruling));
        }
        let State::Unknown { why, .. } = &action.state else {
            return Err(Untaken::NotUnknown { id: id.clone(), stands: stands(action) });
        };
        let at = person.now;
        if settled == Settled::Done && matches!(action.plan.call, Call::RegisterTaskDefinition { .. }) {
            // The first of two steps: it is decided again, finds the revision by its tag, and goes on.
            *action = action.clone().stepped(State::Planned, at);
            let action = action.clone();
            scene.record.care.look_by(at);
            return Ok(Taken::Now(action));
        }
        action.state = match settled {
            Settled::Done => State::Confirmed { at, how: How::Settled, made: None },
            Settled::NotDone => State::Failed { at, problem: redact(&why.to_string()) },
        };
        action.settled = Some(person.ruling());
        let action = action.clone();
        scene.record.care.look_by(at);
        Ok(Taken::Now(action))
    };
    decide(ledger, &found, person.now, step).await
}

/// Pauses all changes of a scope, before the next call. Pausing again leaves the first reason.
///
/// # Errors
///
/// Where the ledger does not answer, or refuses: then it is not known to be paused.
pub async fn pause<L: Ledger>(ledger: &L, scope: &Scope, person: &Person) -> Result<Taken<()>, LedgerError> {
    turn(ledger, scope, |switch| {
        if let Some(ruling) = &switch.paused {
            return Taken::Already((), ruling.clone());
        }
        switch.paused = Some(person.ruling());
        Taken::Now(())
    })
    .await
}

/// Lets changes of a scope go on. `None` where they were not paused.
///
/// # Errors
///
/// Where the ledger does not answer, or refuses: then they may still be paused.
pub async fn resume<L: Ledger>(
    ledger: &L,
    scope: &Scope,
    person: &Person,
) -> Result<Option<Ruling>, LedgerError> {
    let resumed = turn(ledger, scope, |switch| match switch.paused.take() {
        Some(ruling) => {
            switch.resumed = Some(person.ruling());
            Taken::Now(Some(ruling))
        }
        None => Taken::Already(None, person.ruling()),
    });
    match resumed.await? {
        Taken::Now(ruling) | Taken::Already(ruling, _) => Ok(ruling),
    }
}

/// Turns a switch; where it is as it should be already, nothing is written.
async fn turn<L: Ledger, T>(
    ledger: &L,
    scope: &Scope,
    change: impl Fn(&mut Switch) -> Taken<T>,
) -> Result<Taken<T>, LedgerError> {
    let key = Key::switch(scope);
    let mut tries = 1;
    loop {
        let stored = ledger.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let mut switch = match stored.as_ref().map(|stored| &stored.record) {
            Some(Record::Switch(switch)) => switch.clone(),
            _ => Switch { scope: scope.clone(), paused: None, resumed: None },
        };
        let taken = change(&mut switch);
        if matches!(taken, Taken::Already(..)) {
            return Ok(taken);
        }
        let write = Write::new(key.clone(), stored.as_ref(), Record::Switch(switch));
        match ledger.commit(Transaction { writes: vec![write] }).await {
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(()) => return Ok(taken),
        }
    }
}

async fn find<L: Ledger>(ledger: &L, id: &ActionId, now: Timestamp) -> Result<Action, Untaken> {
    let stored = ledger.read(&[Key::action(id)]).await?.pop().flatten();
    match stored.as_ref().and_then(|stored: &Stored| stored.live(now)) {
        Some(Record::Action(action)) => Ok(action.as_ref().clone()),
        _ => Err(Untaken::NoSuchAction { id: id.clone() }),
    }
}

fn known<'s>(scene: &'s mut Scene, id: &ActionId) -> Result<&'s mut Action, Untaken> {
    scene.action.as_mut().ok_or_else(|| Untaken::NoSuchAction { id: id.clone() })
}

/// The configuration is not read here. What follows from it, such as how long an action has to help, is due at once or as by
/// default; the sweep that looks then writes it anew.
async fn decide<L: Ledger>(
    ledger: &L,
    found: &Action,
    now: Timestamp,
    step: impl Fn(&mut Scene) -> Result<Taken<Action>, Untaken>,
) -> Result<Taken<Action>, Untaken> {
    let policy = Policy::default();
    let grouping = Notifications::default().grouping;
    let terms = Terms { policy: &policy, grouping, now };
    let (taken, _) = write_action(ledger, Items::of(found), &terms, step).await?;
    Ok(taken)
}

/// How an action stands, for the person who asked for something else.
fn stands(action: &Action) -> String {
    let by =
        |ruling: &Option<Ruling>| ruling.as_ref().map_or_else(String::new, |by| format!(" by {}", by.by));
    match &action.state {
        State::Proposed { until } => format!("it is proposed, and may be approved until {}", moment(*until)),
        State::Planned => match &action.approved {
            Some(ruling) => format!("{} approved it, and it is about to be carried out", ruling.by),
            None => "it is about to be carried out".to_owned(),
        },
        State::Issued { at } => {
            format!("its call was made {}, and what came of it is being found out", moment(*at))
        }
        State::Confirmed { at, how: How::Settled, .. } => {
            format!("it took effect, as was settled{} {}", by(&action.settled), moment(*at))
        }
        State::Confirmed { at, .. } => format!("it took effect, as is known since {}", moment(*at)),
        State::Failed { at, .. } if action.settled.is_some() => {
            format!("it took no effect, as was settled{} {}", by(&action.settled), moment(*at))
        }
        State::Failed { at, problem } => format!("ECS refused it {}: {problem}", moment(*at)),
        State::Unknown { at, .. } => {
            format!("since {} nobody knows whether it took effect. Look, then settle it", moment(*at))
        }
        State::Withdrawn { at, why } => format!("it was given up {}, before any call: {why}", moment(*at)),
    }
}
