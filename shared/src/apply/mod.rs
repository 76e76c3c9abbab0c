//! How an action is carried out: each id takes effect once at the most, or is `unknown` and a person sees it.
//!
//! claim → gate → issued → one call → record. Each step is one conditional transaction; a crash between two leaves an item
//! that says how far it came, and a sweep goes on from there: what is planned is decided again, what is issued is probed, and
//! never repeated blindly.
//!
//! # Guarantees
//!
//! * Nothing is called before `issued` stands in the ledger, in the epoch of whoever calls.
//! * What guards must know is read anew between the claim and the call; what cannot be read closes the gate.
//! * What may have happened keeps its lock until a probe or a person says what became of it.
//!
//! # Caveat
//!
//! ECS has no fencing: between the last read and the call, somebody else may act. The window is as long as two calls.

pub mod people;
mod probe;
mod record;

use jiff::{SignedDuration, Timestamp};

pub use probe::{Probe, judged_by, next_look, probe, queries, verdict};
pub use record::{Items, Scene, Terms, write_action};

use crate::action::{Action, Call, Epoch, How, Plan, READS_LAG, Remedy, State, Withdrawal};
use crate::deadline::Deadline;
use crate::ecs::Overrides;
use crate::guard::{self, GUARDS, Permission, Refusal, Stage};
use crate::incident::{Incident, TargetRecord};
use crate::ledger::{DrainSlot, LedgerError, Scope};
use crate::notification::Subject;
use crate::observed::Observed;
use crate::ports::{ChangeEcs, Clock, EcsError, Ledger, Meaning};
use crate::redact::redact;
use crate::remediation::{Facts, Patient, Query, case};

/// Carries actions out.
pub struct Protocol<'p, L, E, C> {
    /// The memory.
    pub ledger: &'p L,
    /// What changes ECS.
    pub ecs: &'p E,
    /// The time.
    pub clock: &'p C,
    /// When the invocation ends.
    pub deadline: Deadline,
    /// How long news gather before the first message about them.
    pub grouping: SignedDuration,
}

/// What became of a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Carried {
    /// A guard refused it, at the claim or at the gate.
    Refused(Refusal),
    /// It stands in the ledger in this state.
    Stands(Box<Action>),
    /// Somebody else carries it out, or time ended: a sweep goes on.
    Left,
}

/// Why a step was not taken.
enum Stop {
    Refused(Refusal),
    /// It is not ours any more.
    Lost,
    Ledger(LedgerError),
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl<L: Ledger, E: ChangeEcs, C: Clock> Protocol<'_, L, E, C> {
    /// Carries a plan out that every guard has passed. `observe` answers questions from what is read now.
    ///
    /// # Errors
    ///
    /// Where the ledger does not answer; what was begun is taken up by a sweep.
    pub async fn carry_out(
        &self,
        patient: Patient<'_>,
        plan: &Plan,
        facts: &Facts,
        observe: &impl AsyncFn(Vec<Query>) -> Facts,
        news: &mut Vec<Subject>,
    ) -> Result<Carried, LedgerError> {
        let done = match self.claim(patient, plan, facts, news).await {
            Ok((epoch, record, incident)) => {
                let patient = Patient { record: &record, incident: &incident, ..patient };
                self.carry_on(patient, plan, epoch, observe, news).await
            }
            Err(stop) => Err(stop),
        };
        match done {
            Ok(action) => Ok(Carried::Stands(Box::new(action))),
            Err(Stop::Refused(refusal)) => Ok(Carried::Refused(refusal)),
            Err(Stop::Lost) => Ok(Carried::Left),
            Err(Stop::Ledger(error)) => Err(error),
        }
    }

    /// Takes the lock and enters the budgets, on what the ledger says now.
    async fn claim(
        &self,
        patient: Patient<'_>,
        plan: &Plan,
        facts: &Facts,
        news: &mut Vec<Subject>,
    ) -> Result<(Epoch, TargetRecord, Incident), Stop> {
        let now = self.clock.now();
        let allowances = guard::scopes(&plan.target, &patient.policy.guards);
        let scopes: Vec<Scope> = allowances.iter().map(|(scope, _)| scope.clone()).collect();
        let drains_in = plan.drains_alone().map(|_| plan.target.cluster());
        let items = Items { budgets: &scopes, drains_in, ..Items::of_plan(plan) };
        let step = |scene: &mut Scene| -> Result<(Epoch, TargetRecord, Incident), Stop> {
            // What follows an incident follows the last one, and only once that is over.
            let follows = plan.remedy.follows_incident();
            let is_last = scene.record.incident == Some(plan.incident);
            let may = |incident: &Incident| {
                if follows { is_last && !incident.is_open() } else { incident.is_open() }
            };
            let Some(incident) = scene.incident.clone().filter(may) else {
                return Err(Stop::Lost);
            };
            let record = scene.record.clone();
            let place = guard::place(&record, &plan.id, &patient.policy.guards, now);
            let drain_slot = match &scene.drain_slot {
                Some(slot) => Observed::Known(slot.clone()),
                None => Observed::Absent,
            };
            let facts = Facts {
                budgets: Some(Observed::Known(scene.budgets.clone())),
                drain_slot: Some(drain_slot),
                ..facts.clone()
            };
            let now_patient =
                Patient { record: &record, incident: &incident, open: scene.action.as_ref(), ..patient };
            match guard::check(&case(now_patient, &facts, plan, now), Stage::Claim, GUARDS) {
                Ok(Permission::Act) => {}
                Ok(Permission::Propose) => return Err(Stop::Lost),
                Err(refusal) => return Err(Stop::Refused(refusal)),
            }
            let epoch = record.care.epoch.next();
            let claimed =
                Action::claimed(plan.clone(), scene.action.as_ref(), epoch, now, self.deadline.ends());
            let mut claimed = claimed.ok_or(Stop::Lost)?;
            if place.is_some() {
                claimed.claimed_at = place;
            } else {
                for (scope, allowance) in &allowances {
                    if let Some(budget) = scene.budgets.get_mut(scope) {
                        *budget = budget.spent(*allowance, now);
                    }
                }
            }
            if let Some(instance) = plan.drains_alone() {
                scene.drain_slot = Some(DrainSlot {
                    cluster: plan.target.cluster().clone(),
                    instance: instance.clone(),
                    by: plan.id.clone(),
                    until: claimed.lease_until.saturating_add(READS_LAG).unwrap_or(Timestamp::MAX),
                });
            }
            scene.action = Some(claimed);
            scene.record.care.epoch = epoch;
            let mut record = scene.record.clone();
            if let Some(action) = &scene.action {
                record.care.note(action);
            }
            Ok((epoch, record, incident))
        };
        let (claimed, told) = write_action(self.ledger, items, &self.terms(patient, now), step).await?;
        news.extend(told);
        Ok(claimed)
    }

    /// From the claim to the record.
    async fn carry_on(
        &self,
        patient: Patient<'_>,
        plan: &Plan,
        epoch: Epoch,
        observe: &impl AsyncFn(Vec<Query>) -> Facts,
        news: &mut Vec<Subject>,
    ) -> Result<Action, Stop> {
        let facts = read_anew(plan, observe).await;
        let now = self.clock.now();
        if self.deadline.is_near(now) {
            return Err(Stop::Lost);
        }
        match guard::check(&case(patient, &facts, plan, now), Stage::Gate, GUARDS) {
            // Whoever is to be asked each time was not, or not about this.
            Ok(Permission::Propose) if plan.remedy.always_asks() => return Err(Stop::Lost),
            Ok(_) => {}
            Err(refusal) => {
                let why = Withdrawal::Refused(refusal.clone());
                self.step(patient, plan, epoch, State::Withdrawn { at: now, why }, news).await?;
                return Err(Stop::Refused(refusal));
            }
        }
        let overrides = overrides(plan, &facts).ok_or(Stop::Lost)?;
        self.step(patient, plan, epoch, State::Issued { at: now }, news).await?;
        let answer = self.ecs.change(&plan.id, &plan.call, &overrides).await;
        let now = self.clock.now();
        let state = match answer {
            Ok(changed) => State::Confirmed { at: now, how: How::Answered, made: changed.made },
            // Where nobody knows, a sweep probes it.
            Err(error) => failed(&error, now).ok_or(Stop::Lost)?,
        };
        self.step(patient, plan, epoch, state, news).await
    }

    /// Writes an action's next state, on condition that it is still ours.
    async fn step(
        &self,
        patient: Patient<'_>,
        plan: &Plan,
        epoch: Epoch,
        state: State,
        news: &mut Vec<Subject>,
    ) -> Result<Action, Stop> {
        let now = self.clock.now();
        let step = |scene: &mut Scene| -> Result<Action, Stop> {
            let action = scene.action.take().filter(|action| action.epoch == epoch).ok_or(Stop::Lost)?;
            // What was called is not withdrawn any more.
            let is_answer = !matches!(state, State::Issued { .. } | State::Withdrawn { .. });
            let may = match action.state {
                State::Planned => true,
                // What was called has an answer, even where somebody has given up waiting for it.
                State::Issued { .. } | State::Unknown { .. } => is_answer,
                _ => false,
            };
            if !may {
                return Err(Stop::Lost);
            }
            let action = action.stepped(state.clone(), now);
            scene.action = Some(action.clone());
            Ok(action)
        };
        let (action, told) =
            write_action(self.ledger, Items::of_plan(plan), &self.terms(patient, now), step).await?;
        news.extend(told);
        Ok(action)
    }

    fn terms<'t>(&self, patient: Patient<'t>, now: Timestamp) -> Terms<'t> {
        Terms { policy: patient.policy, grouping: self.grouping, now }
    }
}

/// What the guards of the gate must know, read now.
async fn read_anew(plan: &Plan, observe: &impl AsyncFn(Vec<Query>) -> Facts) -> Facts {
    let wanted = &plan.precondition;
    let mut needs = queries(plan);
    needs.push(Query::Openings);
    needs.extend(wanted.active.clone().map(Query::TaskDefinition));
    // Its sizes are what the new one's are checked against.
    needs.extend(
        plan.revision.clone().filter(|_| plan.remedy == Remedy::RaiseMemory).map(Query::TaskDefinition),
    );
    needs.extend(wanted.stoppable.clone().map(Query::ServiceDeployment));
    needs.extend(guard::host_queries(plan));
    let sets_count = matches!(plan.call, Call::UpdateService { desired_count: Some(_), .. });
    needs.extend(sets_count.then_some(Query::Scalable));
    needs.extend(wanted.unwell.clone().or_else(|| wanted.lost.clone()).map(Query::Task));
    needs.sort();
    needs.dedup();
    let mut facts = observe(needs).await;
    let check = facts.host.as_ref().and_then(Observed::known).and_then(guard::status_check);
    if let Some(check) = check.filter(|_| wanted.host.is_some()) {
        facts.status_checks = observe(vec![check]).await.status_checks;
    }
    let stack = facts.service.as_ref().and_then(Observed::known).and_then(|service| service.stack());
    let last = stack.map(|stack| Query::Stack(stack.to_owned())).into_iter().chain([Query::Switches]);
    // The switch last: whoever pauses is heard up to the last moment.
    let more = observe(last.collect()).await;
    facts.stacks.extend(more.stacks);
    facts.switches = more.switches;
    facts
}

/// A lost task's own overrides, for RunTask: without them it would be another task. `None`: they are not known.
fn overrides(plan: &Plan, facts: &Facts) -> Option<Overrides> {
    let Some(lost) = &plan.precondition.lost else { return Some(Overrides::default()) };
    facts.tasks.get(lost).and_then(Observed::known).map(|task| task.launch.overrides.clone())
}

/// What a failed call means for the action. `None`: nobody knows.
fn failed(error: &EcsError, now: Timestamp) -> Option<State> {
    match &error.meaning {
        Meaning::Throttled => Some(State::Planned),
        Meaning::Refused => Some(State::Failed { at: now, problem: redact(&error.to_string()) }),
        Meaning::Conflict { tasks } => {
            Some(State::Confirmed { at: now, how: How::Probed, made: tasks.first().map(ToString::to_string) })
        }
        // Overtaken by somebody else, or by an earlier call of its own: what ECS shows will tell.
        Meaning::Unknown | Meaning::Overtaken => None,
    }
}

#[cfg(test)]
mod tests;
