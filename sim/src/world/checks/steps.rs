//! Checks where something happens: a step of an action in the ledger, a call that takes effect.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::action::{Action, ActionId, Call, How, Remedy, State};
use steward::batch::StartedBy;
use steward::config::{Allowance, Mode};
use steward::ecs::StrategyItem;
use steward::guard;
use steward::incident::{Incident, Target, TargetRecord};
use steward::ledger::{Key, MemoryLedger, Record, Scope, Transaction};
use steward::ports::TaskRequest;

use super::{Checks, Invariant, action_of, read};
use crate::ecs::{Ecs, HostNow};
use crate::world::actor::Actor;
use crate::world::hosts::Wrong;

/// A call that takes effect, as it is seen at that moment.
pub(in crate::world) struct Change<'c> {
    pub(in crate::world) id: &'c ActionId,
    pub(in crate::world) call: &'c Call,
    /// MiB that tasks could use before, and can use of what it makes or deploys.
    pub(in crate::world) memory: Option<(u64, u64)>,
    /// The strategy that a service had before, where another is set.
    pub(in crate::world) stood: Option<Vec<StrategyItem>>,
}

impl Checks {
    /// An invocation, or a person, wrote a transaction.
    pub(in crate::world) fn committed(
        &mut self,
        actor: &Actor,
        before: &BTreeMap<ActionId, Action>,
        transaction: &Transaction,
        now: Timestamp,
    ) {
        let found = self.watch.as_mut().map(|watch| watch.committed(transaction, now)).unwrap_or_default();
        for (invariant, what) in found {
            self.fail(invariant, now, format!("{actor}: {what}"));
        }
        self.scaler_written(actor, transaction, now);
        for write in &transaction.writes {
            if let Record::Action(action) = &write.record {
                self.stepped(before.get(&action.plan.id), action, now, &actor.to_string());
            }
        }
    }

    fn stepped(&mut self, before: Option<&Action>, after: &Action, now: Timestamp, who: &str) {
        let id = &after.plan.id;
        self.legal(before, after, now, who);
        let is_claimed = !matches!(after.state, State::Proposed { .. } | State::Withdrawn { .. });
        if is_claimed && after.claimed_at.is_none() {
            let what =
                format!("{who}: action {} is {}, and was never claimed", id.short(), after.state.as_str());
            self.fail(Invariant::LegalSteps, now, what);
        }
        if let Some(claimed_at) = after.claimed_at
            && self.claims.insert((claimed_at, id.clone()))
        {
            self.actions.insert(id.clone(), after.clone());
            self.budgets(after, now);
        }
        self.actions.insert(id.clone(), after.clone());
    }

    fn legal(&mut self, before: Option<&Action>, after: &Action, now: Timestamp, who: &str) {
        let id = &after.plan.id;
        let call = &before.unwrap_or(after).plan.call;
        let happened = self.effects.get(&(id.clone(), call.operation())).map_or(0, Vec::len);
        // The first of two steps is done, and the second is planned.
        let goes_on = matches!(call, Call::RegisterTaskDefinition { .. })
            && to_planned(after)
            && (after.registered.is_some()
                || before.is_some_and(|before| before.state.as_str() == "unknown"));
        let (from, to) = (before.map_or("nothing", |before| before.state.as_str()), after.state.as_str());
        let is_legal = match (from, to) {
            ("nothing", to) => ["proposed", "planned"].contains(&to),
            ("proposed", to) => ["planned", "withdrawn", "proposed"].contains(&to),
            ("planned", to) => ["planned", "issued", "withdrawn", "proposed"].contains(&to),
            ("withdrawn", to) => ["planned", "proposed", "withdrawn"].contains(&to),
            // Certainly not executed, or proven so.
            ("issued" | "unknown", to) => {
                ["planned", "failed", "withdrawn", "confirmed", "unknown"].contains(&to) || from == to
            }
            // A lost answer of the ledger is written again.
            (from, to) => from == to,
        };
        if !is_legal {
            self.fail(
                Invariant::LegalSteps,
                now,
                format!("{who}: action {} goes from {from} to {to}", id.short()),
            );
        }
        let says_not =
            matches!(to, "planned" | "failed" | "withdrawn") && matches!(from, "issued" | "unknown");
        if says_not && happened > 0 && !goes_on {
            let what = format!("{who}: action {} took effect, and becomes {to}", id.short());
            self.fail(Invariant::LegalSteps, now, what);
        }
        let says_answered = matches!(after.state, State::Confirmed { how: How::Answered, .. });
        if says_answered && happened == 0 {
            let what = format!("{who}: action {} is confirmed, and never took effect", id.short());
            self.fail(Invariant::LegalSteps, now, what);
        }
        // What is only proposed has no epoch yet.
        if to != "proposed" && before.is_some_and(|before| before.epoch > after.epoch) {
            let what = format!("{who}: the epoch of action {} goes back", id.short());
            self.fail(Invariant::LegalSteps, now, what);
        }
    }

    fn budgets(&mut self, claimed: &Action, now: Timestamp) {
        let guards = self.policy.guards.clone();
        for (scope, allowance) in guard::scopes(&claimed.plan.target, &guards) {
            let times = self.claim_times(&scope);
            if let Some(from) = overrun(&times, allowance) {
                let Allowance { count, within } = allowance;
                let what = format!("more than {count} claims of {scope} within {within} from {from}");
                self.fail(Invariant::BudgetsHold, now, what);
            }
        }
    }

    fn claim_times(&self, scope: &Scope) -> Vec<Timestamp> {
        let concerns = |target: &Target| match scope {
            Scope::Global => true,
            Scope::Cluster(cluster) => target.cluster() == cluster,
            Scope::Target(one) => target == one,
        };
        let of_scope = self
            .claims
            .iter()
            .filter(|(_, id)| self.actions.get(id).is_some_and(|action| concerns(&action.plan.target)));
        of_scope.map(|(at, _)| *at).collect()
    }

    /// A call is about to take effect.
    pub(in crate::world) fn calling(
        &mut self,
        actor: &Actor,
        ledger: &MemoryLedger,
        change: &Change<'_>,
        now: Timestamp,
    ) {
        let Some(action) = action_of(ledger, change.id) else {
            let what = format!("{actor}: {} of an action that the ledger does not know", change.call);
            return self.fail(Invariant::IssuedBeforeCall, now, what);
        };
        let target = action.plan.target.clone();
        let record = match read(ledger, &Key::target(&target)).map(|stored| stored.record) {
            Some(Record::Target(record)) => Some(record),
            _ => None,
        };
        self.issued(actor, &action, change, record.as_ref(), now);
        self.answering(actor, change, now);
        self.switches(actor, &target, now);
        self.leave(actor, &action, now);
        self.outage(actor, ledger, &action, now);
    }

    fn issued(
        &mut self,
        actor: &Actor,
        action: &Action,
        change: &Change<'_>,
        record: Option<&TargetRecord>,
        now: Timestamp,
    ) {
        let short = change.id.short();
        let mut fail = |what: String| self.fail(Invariant::IssuedBeforeCall, now, format!("{actor}: {what}"));
        if !matches!(action.state, State::Issued { .. }) {
            fail(format!("action {short} is called while it is {}", action.state.as_str()));
        }
        if action.plan.call != *change.call {
            fail(format!("action {short} calls {}, and the ledger says {}", change.call, action.plan.call));
        }
        if record.and_then(|record| record.care.open.as_ref()) != Some(change.id) {
            fail(format!("action {short} is called without its target's lock"));
        }
        let knows = |record: &TargetRecord| record.effects().any(|tried| tried.id == *change.id);
        if !record.is_some_and(knows) {
            fail(format!("action {short} is called, and its target does not remember that it is tried"));
        }
    }

    /// Every switch that concerns the target was read by this invocation after the claim, and none paused then.
    fn switches(&mut self, actor: &Actor, target: &Target, now: Timestamp) {
        self.open(actor, [Scope::Global, Scope::Cluster(target.cluster().clone())], now);
    }

    pub(super) fn open(&mut self, actor: &Actor, scopes: [Scope; 2], now: Timestamp) {
        for scope in scopes {
            let problem = match self.gates.reading(actor.id, &Key::switch(&scope)) {
                None => Some(format!("the switch of {scope} was not read")),
                Some(reading) => reading
                    .switch()
                    .filter(|switch| switch.paused.is_some())
                    .map(|_| format!("{scope} was paused when its switch was read at {}", reading.at)),
            };
            if let Some(problem) = problem {
                self.fail(Invariant::NoCallWhilePaused, now, format!("{actor}: {problem}"));
            }
        }
    }

    /// RunTask started tasks: the ledger said so before, and no switch that was read was off.
    pub(in crate::world) fn ran(
        &mut self,
        actor: &Actor,
        ledger: &MemoryLedger,
        request: &TaskRequest,
        now: Timestamp,
    ) {
        let Some(by) = StartedBy::parse(&request.started_by) else { return };
        let unit = match read(ledger, &Key::unit(&by.run, by.index)).map(|stored| stored.record) {
            Some(Record::Unit(unit)) => Some(unit),
            _ => None,
        };
        let call = unit.as_ref().and_then(|unit| unit.call.as_ref());
        if call.is_none_or(|call| call.number != by.call) {
            let what = format!("{actor}: {by} is called, and the ledger says nothing of it");
            self.fail(Invariant::IssuedBeforeCall, now, what);
        }
        let scopes = [Scope::Global, Scope::Cluster(request.cluster.clone())];
        self.open(actor, scopes, now);
    }

    /// No service of these worlds enrols itself by a tag.
    fn leave(&mut self, actor: &Actor, action: &Action, now: Timestamp) {
        let policy = self.policy.clone();
        let enrolled = policy.for_target(&action.plan.target, &BTreeMap::new());
        let target = &action.plan.target;
        let remedy = action.plan.remedy;
        if !enrolled.is_enrolled
            || enrolled.mode == Mode::Observe
            || !enrolled.rules.remedies.contains(&remedy)
        {
            let what =
                format!("{actor}: {} of {target}, in mode {}", remedy.as_str(), enrolled.mode.as_str());
            self.fail(Invariant::NoCallWithoutLeave, now, what);
        }
        if enrolled.mode == Mode::Propose && action.approved.is_none() {
            let what = format!("{actor}: {} of {target}, which nobody approved", remedy.as_str());
            self.fail(Invariant::NoCallWithoutLeave, now, what);
        }
        // The gate goes by the invocation's own clock, and may have been read at any time since the action was issued.
        let decided_at = match &action.state {
            State::Issued { at } => *at,
            _ => now.saturating_add(actor.skew).unwrap_or(now),
        };
        // What Spot takes back goes in a freeze, too.
        if let Some(window) = policy.guards.frozen(decided_at).filter(|_| !action.plan.is_of_spot()) {
            let why = window.why.clone().unwrap_or_default();
            self.fail(
                Invariant::NoCallWhileFrozen,
                now,
                format!("{actor}: {} of {target}: {why}", remedy.as_str()),
            );
        }
    }

    /// Counts by cause alone, which is the narrower: services that began to fail with a cause of this incident's.
    fn outage(&mut self, actor: &Actor, ledger: &MemoryLedger, action: &Action, now: Timestamp) {
        // Whoever answers a hook knows what else fails, and the hook waits for no end of it.
        if action.plan.remedy == Remedy::AnswerHook {
            return;
        }
        let target = &action.plan.target;
        let key = Key::cluster(target.cluster());
        let Some(reading) = self.gates.reading(actor.id, &key) else {
            return self.fail(
                Invariant::NoCallInAnOutage,
                now,
                format!("{actor}: outages were not looked for"),
            );
        };
        if action.plan.is_of_spot() {
            return;
        }
        let Some(incident) = incident_of(ledger, action) else { return };
        let Some(openings) = reading.openings() else { return };
        let began = incident.failures.first_at().unwrap_or(incident.opened_at);
        // What follows an incident meets the outage of its own time, by the invocation's clock.
        let follows = action.plan.remedy.follows_incident();
        let began = match &action.state {
            State::Issued { at } if follows => *at,
            _ => began,
        };
        let within: SignedDuration = self.policy.guards.outage_within;
        let mut most = 0;
        for (cause, _) in incident.failures.causes() {
            let targets: BTreeSet<&Target> = openings
                .openings
                .iter()
                .filter(|opening| opening.cause == cause && opening.at.duration_since(began).abs() <= within)
                .map(|opening| &opening.target)
                .collect();
            most = most.max(targets.len());
        }
        if u32::try_from(most).unwrap_or(u32::MAX) >= self.policy.guards.outage_services {
            let what = format!(
                "{actor}: {} of {target}, while {most} services fail together",
                action.plan.remedy.as_str()
            );
            self.fail(Invariant::NoCallInAnOutage, now, what);
        }
    }

    /// A call took effect on a container instance, which was so before.
    pub(in crate::world) fn host_called(
        &mut self,
        actor: &Actor,
        ledger: &MemoryLedger,
        change: &Change<'_>,
        (before, ecs): (Option<&HostNow>, &Ecs),
        now: Timestamp,
    ) {
        let is_of_spot = action_of(ledger, change.id).is_some_and(|action| action.plan.is_of_spot());
        for wrong in self.hosts.called(change.call, is_of_spot, before, ecs, now) {
            match wrong {
                Wrong::Another(other) => {
                    let what = format!("{actor}: {} while {} drains", change.call, other.id());
                    self.fail(Invariant::OneHostDrains, now, what);
                }
                Wrong::Connected(since) => {
                    let what = format!("{actor}: {}, whose agent is connected since {since}", change.call);
                    self.fail(Invariant::NoConnectedHostDrained, now, what);
                }
            }
        }
    }

    /// A call took effect.
    pub(in crate::world) fn called(&mut self, actor: &Actor, change: &Change<'_>, now: Timestamp) {
        let times = self.effects.entry((change.id.clone(), change.call.operation())).or_default();
        times.push(now);
        let count = times.len();
        if count > 1 {
            let what = format!("{actor}: action {} takes effect for the {count}. time", change.id.short());
            let registers = matches!(change.call, Call::RegisterTaskDefinition { .. });
            let invariant = if registers { Invariant::OneRevision } else { Invariant::AtMostOnce };
            self.fail(invariant, now, what);
        }
        self.raised(actor, change, now);
    }

    /// Memory only grows, and what is deployed of it is what the action itself registered.
    fn raised(&mut self, actor: &Actor, change: &Change<'_>, now: Timestamp) {
        let Some(action) = self.actions.get(change.id).filter(|it| it.plan.remedy == Remedy::RaiseMemory)
        else {
            return;
        };
        let short = change.id.short();
        if let Call::UpdateService { task_definition, .. } = change.call
            && *task_definition != action.registered
        {
            let what = format!("{actor}: action {short} deploys another revision than it registered");
            return self.fail(Invariant::OneRevision, now, what);
        }
        if change.memory.is_none_or(|(before, after)| after <= before) {
            let what = format!("{actor}: {} leaves MiB as {:?}", change.call, change.memory);
            self.fail(Invariant::MemoryOnlyGrows, now, what);
        }
    }
}

fn to_planned(action: &Action) -> bool {
    matches!(action.state, State::Planned)
}

/// From when on a window holds more than it may. Times are sorted.
fn overrun(times: &[Timestamp], allowance: Allowance) -> Option<Timestamp> {
    let count = usize::try_from(allowance.count).unwrap_or(usize::MAX);
    let pairs = times.iter().zip(times.iter().skip(count));
    pairs
        .into_iter()
        .find(|(first, last)| last.duration_since(**first) < allowance.within)
        .map(|(first, _)| *first)
}

fn incident_of(ledger: &MemoryLedger, action: &Action) -> Option<Incident> {
    match read(ledger, &Key::incident(&action.plan.target, action.plan.incident))?.record {
        Record::Incident(incident) => Some(incident),
        _ => None,
    }
}
