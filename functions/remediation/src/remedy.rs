//! Looks after targets and actions that are due: observe, decide, apply.
//!
//! Decisions are pure, and the protocol leaves none to be made: here they meet the ports.

use jiff::{SignedDuration, Timestamp};
use steward::action::{
    Action, ActionId, Because, Call, Doubt, How, Plan, Remedy, State, Verdict, Withdrawal,
};
use steward::apply::{self, Carried, Items, Probe, Protocol, Scene, Terms, write_action};
use steward::guard::{self, Refusal};
use steward::incident::{Held, Incident, Story, Target, TargetRecord};
use steward::ledger::{Key, LedgerError, Record};
use steward::notification::Subject;
use steward::ports::{ChangeEcs, Clock, DescribeEcs, Hosts, Ledger, Owners};
use steward::remediation::{
    Considered, Escalation, Facts, MAX_ROUNDS, Passed, Patient, Query, consider, enrolled, is_active_again,
};

use crate::hooks::Seen;
use crate::observe::Observer;
use crate::{Ports, Settings, openings, story};

/// So many lost tasks of one family are run again in one go; the next sweep goes on.
const MAX_IN_A_ROW: usize = 10;
/// What cannot be probed for so long never will be.
const PROBED_FOR: SignedDuration = SignedDuration::from_mins(15);
/// So long the same client token gives the same answer for certain.
const TOKEN_LIVES: SignedDuration = SignedDuration::from_mins(55);

/// What follows an incident and is held back by what does not end by itself is considered again after so long.
const FOLLOWED_UP: SignedDuration = SignedDuration::from_hours(1);

/// Looks after what is due, in one invocation.
pub(crate) struct Care<'c, 'p, L, E, O, T, C> {
    pub(crate) ports: &'c Ports<'p, L, E, O, T, C>,
    pub(crate) settings: &'c Settings,
}

/// A target as the ledger has it.
struct Chart {
    record: TargetRecord,
    incident: Option<Incident>,
    open: Option<Action>,
}

impl Chart {
    /// All of it but an action.
    fn items(&self) -> Items<'_> {
        Items {
            id: None,
            target: &self.record.target,
            incident: self.record.incident.unwrap_or(Timestamp::UNIX_EPOCH),
            budgets: &[],
            drains_in: None,
        }
    }
}

/// What a look at a target came to.
enum Looked {
    /// Nothing more to do at the moment.
    Done,
    /// There may be more of the same.
    More,
}

impl<L: Ledger, E: DescribeEcs + ChangeEcs + Hosts, O: Owners, T, C: Clock> Care<'_, '_, L, E, O, T, C> {
    /// Considers a target's remedies, and carries out what may be.
    pub(crate) async fn of_target(
        &self,
        target: &Target,
        news: &mut Vec<Subject>,
    ) -> Result<(), LedgerError> {
        for _ in 0..MAX_IN_A_ROW {
            if self.settings.deadline.is_near(self.now()) {
                return Ok(());
            }
            if let Looked::Done = self.look(target, news).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn look(&self, target: &Target, news: &mut Vec<Subject>) -> Result<Looked, LedgerError> {
        let chart = self.chart(target).await?;
        let now = self.now();
        if chart.open.as_ref().is_some_and(|open| is_held(open, now)) {
            // Its own time will come, and then the target is looked at.
            return self.note(&chart, None, None, news).await.map(|()| Looked::Done);
        }
        // Some things follow an incident, once it is over.
        let follows = chart.record.care.fallback.is_some();
        let is_patient = |incident: &&Incident| incident.is_open() || follows;
        let Some(incident) = chart.incident.as_ref().filter(is_patient) else {
            self.withdraw(chart.open.as_ref(), Withdrawal::IncidentOver, news).await?;
            return self.note(&chart, None, None, news).await.map(|()| Looked::Done);
        };
        let is_of_before = |open: &&Action| !incident.is_open() && !open.plan.remedy.follows_incident();
        if let Some(open) = chart.open.as_ref().filter(is_of_before) {
            self.withdraw(Some(open), Withdrawal::IncidentOver, news).await?;
            return Ok(Looked::More);
        }
        self.remember(&chart, incident).await?;
        let mut facts = Facts::default();
        let patient = self.patient(&chart, incident, chart.open.as_ref());
        let considered = self.consider(patient, &mut facts).await;
        let seen = Seen::of(&chart.record, &facts, now);
        if !seen.over.is_empty() {
            self.end_hooks(patient, &seen.over, news).await?;
            return Ok(Looked::More);
        }
        if is_active_again(&chart.record, &facts, now) {
            let step = |story: &mut Story| story.takes_tasks_again(now);
            let seen = story::see(self.ports.ledger, target, None, self.settings, now, step).await?;
            news.extend(seen.news);
            return Ok(Looked::More);
        }
        let may_wait = chart.open.as_ref().is_some_and(|open| {
            let guards = &self.settings.policy.guards;
            guard::place(&chart.record, &open.plan.id, guards, now).is_some()
        });
        if let Some(open) = chart.open.as_ref().filter(|open| is_moot(&considered, &open.plan.id, may_wait)) {
            // Decided anew, it is not what is to be done any more.
            let why = match &considered {
                Considered::Escalate { why, .. } => Withdrawal::Escalated(why.clone()),
                _ => Withdrawal::NotWanted,
            };
            self.withdraw(Some(open), why, news).await?;
            return Ok(Looked::More);
        }
        match considered {
            Considered::Need(_) => Ok(Looked::Done),
            Considered::Passed(what) => self.forget(&chart, what, news).await.map(|()| Looked::More),
            Considered::Nothing { look_at } => {
                self.note_seen(&chart, None, look_at, &seen, news).await.map(|()| Looked::Done)
            }
            Considered::Escalate { why, look_at } => {
                let held = Some(Held::escalated(why));
                self.note_seen(&chart, held, look_at, &seen, news).await.map(|()| Looked::Done)
            }
            Considered::Refused { plan, refusal, look_at } => {
                let waits = may_wait && matches!(refusal, Refusal::Unobserved { .. });
                if let Some(open) = chart.open.as_ref().filter(|_| !waits) {
                    self.withdraw(Some(open), Withdrawal::Refused(refusal.clone()), news).await?;
                }
                let held = Held::refused(&plan, refusal);
                let look_at = look_at.or_else(|| follow_up(&plan, now));
                let seen = seen.shown_by(&plan);
                self.note_seen(&chart, Some(held), look_at, &seen, news).await.map(|()| Looked::Done)
            }
            Considered::Propose(plan) => self.propose(&chart, incident, *plan, &facts, &seen, news).await,
            Considered::Act(plan) => self.act(&chart, patient, *plan, &facts, news).await,
        }
    }

    /// Of hosts that fall silent together each is known to its cluster before one is drained. No event opens their incidents,
    /// and where what did was interrupted, nothing else makes up for it.
    async fn remember(&self, chart: &Chart, incident: &Incident) -> Result<(), LedgerError> {
        let Target::ContainerInstance { cluster, .. } = &chart.record.target else { return Ok(()) };
        let story = Story { incident: Some(incident.clone()), ..Story::loaded(chart.record.clone()) };
        let Some(began) = story.began() else { return Ok(()) };
        let policy = &self.settings.policy;
        openings::remember(self.ports.ledger, cluster, &[began], policy, self.now()).await
    }

    async fn consider(&self, patient: Patient<'_>, facts: &mut Facts) -> Considered {
        let observer = self.observer(&patient.record.target);
        for _ in 0..=MAX_ROUNDS {
            match consider(patient, facts, self.now()) {
                Considered::Need(queries) => observer.answer(queries, facts).await,
                considered => return considered,
            }
        }
        consider(patient, facts, self.now())
    }

    async fn act(
        &self,
        chart: &Chart,
        patient: Patient<'_>,
        plan: Plan,
        facts: &Facts,
        news: &mut Vec<Subject>,
    ) -> Result<Looked, LedgerError> {
        let protocol = Protocol {
            ledger: self.ports.ledger,
            ecs: self.ports.ecs,
            clock: self.ports.clock,
            deadline: self.settings.deadline,
            grouping: self.settings.grouping,
        };
        let observer = self.observer(&plan.target);
        let observe = async |queries: Vec<Query>| {
            let mut facts = Facts::default();
            observer.answer(queries, &mut facts).await;
            facts
        };
        match protocol.carry_out(patient, &plan, facts, &observe, news).await? {
            Carried::Refused(refusal) => {
                let look_at = refusal.ask_again(self.now()).or_else(|| follow_up(&plan, self.now()));
                let held = Held::refused(&plan, refusal);
                self.note(chart, Some(held), look_at, news).await.map(|()| Looked::Done)
            }
            Carried::Stands(action) => {
                self.note(chart, None, follow_up(&plan, self.now()), news).await?;
                let is_over = !action.state.holds_lock();
                // The second of two steps is decided on what is read after the first.
                let goes_on = action.state == State::Planned && action.registered.is_some();
                let is_one_of_many = is_over && action.plan.remedy == Remedy::RunTask;
                Ok(if goes_on || is_one_of_many { Looked::More } else { Looked::Done })
            }
            Carried::Left => {
                self.note(chart, None, follow_up(&plan, self.now()), news).await.map(|()| Looked::Done)
            }
        }
    }

    /// Asks a person; or acts, where one has approved.
    async fn propose(
        &self,
        chart: &Chart,
        incident: &Incident,
        plan: Plan,
        facts: &Facts,
        seen: &Seen,
        news: &mut Vec<Subject>,
    ) -> Result<Looked, LedgerError> {
        let now = self.now();
        let known = self.action(&plan.id).await?;
        let is_approved = |action: &Action| {
            action.approved.is_some() && matches!(action.state, State::Proposed { until } if now < until)
        };
        // Approved is what the person saw: another call is another question.
        if let Some(approved) =
            known.as_ref().filter(|action| is_approved(action) && action.plan.call == plan.call)
        {
            let patient = self.patient(chart, incident, Some(approved));
            if let Considered::Act(plan) = consider(patient, facts, now) {
                return self.act(chart, patient, *plan, facts, news).await;
            }
            return Ok(Looked::Done);
        }
        let rules = enrolled(&self.settings.policy, &plan.target, facts).rules;
        // ECS says until when it waits for an answer.
        let ends = match &plan.because {
            Because::HookWaits { expires_at, .. } => expires_at.filter(|ends| *ends > now),
            _ => None,
        };
        let until = ends.unwrap_or(now.saturating_add(rules.proposal).unwrap_or(Timestamp::MAX));
        let step = |scene: &mut Scene| -> Result<(), LedgerError> {
            let may = scene.action.as_ref().is_none_or(|action| match action.state {
                _ if action.is_past(&plan) => false,
                State::Withdrawn { .. } => true,
                State::Proposed { .. } => action.plan.call != plan.call,
                _ => false,
            });
            if may {
                scene.action = Some(Action::proposed(plan.clone(), now, until));
            }
            // Where no incident goes on, nothing else asks for the next look.
            settle(scene, None, follow_up(&plan, until), now);
            seen.note(scene, now);
            Ok(())
        };
        let ((), told) =
            write_action(self.ports.ledger, Items::of_plan(&plan), &self.terms(now), step).await?;
        news.extend(told);
        Ok(Looked::Done)
    }

    /// Looks after an action that is due.
    pub(crate) async fn of_action(&self, id: &ActionId, news: &mut Vec<Subject>) -> Result<(), LedgerError> {
        let Some(action) = self.action(id).await? else { return Ok(()) };
        let now = self.now();
        match &action.state {
            State::Proposed { until } if now >= *until => {
                self.withdraw(Some(&action), Withdrawal::NotApproved, news).await
            }
            State::Proposed { .. } | State::Planned => self.of_target(&action.plan.target, news).await,
            State::Issued { at } if action.due().is_some_and(|due| due <= now) => {
                self.probe(&action, *at, news).await
            }
            State::Confirmed { .. } => self.judge(&action, news).await,
            // Issued: somebody called since it was found due, and what that leaves behind is not looked for before its time.
            State::Issued { .. } | State::Failed { .. } | State::Unknown { .. } | State::Withdrawn { .. } => {
                Ok(())
            }
        }
    }

    async fn probe(
        &self,
        action: &Action,
        issued_at: Timestamp,
        news: &mut Vec<Subject>,
    ) -> Result<(), LedgerError> {
        let mut facts = Facts::default();
        self.observer(&action.plan.target).answer(apply::queries(&action.plan), &mut facts).await;
        let now = self.now();
        let waited = now.duration_since(issued_at);
        let unknown = |why: Doubt| State::Unknown { at: now, why };
        let state = match apply::probe(&action.plan, issued_at, &facts) {
            Probe::Done { made } => State::Confirmed { at: now, how: How::Probed, made },
            Probe::NotDone if waited > TOKEN_LIVES && matches!(action.plan.call, Call::RunTask { .. }) => {
                unknown(Doubt::NoTaskFound)
            }
            Probe::NotDone => State::Planned,
            Probe::Unclear(why) => unknown(why),
            Probe::Unread(why) if waited > PROBED_FOR => unknown(why),
            Probe::Unread(_) => return Ok(()),
        };
        let goes_on = action.clone().stepped(state.clone(), now).state == State::Planned;
        let step = |known: Action| Action { lease_until: now, ..known.stepped(state.clone(), now) };
        self.step(action, step, news).await?;
        if goes_on { self.of_target(&action.plan.target, news).await } else { Ok(()) }
    }

    async fn judge(&self, action: &Action, news: &mut Vec<Subject>) -> Result<(), LedgerError> {
        let mut facts = Facts::default();
        self.observer(&action.plan.target).answer(apply::judged_by(action), &mut facts).await;
        let chart = self.chart(&action.plan.target).await?;
        let rules = enrolled(&self.settings.policy, &action.plan.target, &facts).rules;
        let incident = chart.incident.as_ref().filter(|incident| incident.opened_at == action.plan.incident);
        let now = self.now();
        let Some(verdict) = apply::verdict(action, &facts, incident, rules, now) else {
            return match apply::next_look(action, rules, now) {
                Some(at) => self.step(action, |known| Action { lease_until: at, ..known }, news).await,
                None => Ok(()),
            };
        };
        self.step(action, |known| Action { verdict: Some(verdict), ..known }, news).await?;
        match verdict {
            Verdict::DidNotHelp { .. } => self.of_target(&action.plan.target, news).await,
            Verdict::Helped { .. } => Ok(()),
        }
    }

    /// Gives up what was certainly not called.
    pub(crate) async fn withdraw(
        &self,
        action: Option<&Action>,
        why: Withdrawal,
        news: &mut Vec<Subject>,
    ) -> Result<(), LedgerError> {
        let Some(action) = action else { return Ok(()) };
        if !matches!(action.state, State::Planned | State::Proposed { .. }) {
            return Ok(());
        }
        let now = self.now();
        let state = State::Withdrawn { at: now, why };
        self.step(action, |known| Action { state: state.clone(), approved: None, ..known }, news).await
    }

    /// Writes an action's next state, on condition that it is still as it was read.
    async fn step(
        &self,
        action: &Action,
        next: impl Fn(Action) -> Action,
        news: &mut Vec<Subject>,
    ) -> Result<(), LedgerError> {
        let step = |scene: &mut Scene| -> Result<(), LedgerError> {
            if let Some(known) = scene.action.take_if(|known| known == action) {
                scene.action = Some(next(known));
            }
            Ok(())
        };
        let ((), told) =
            write_action(self.ports.ledger, Items::of(action), &self.terms(self.now()), step).await?;
        news.extend(told);
        Ok(())
    }

    /// Notes that a target was looked at, and why nothing is done.
    async fn note(
        &self,
        chart: &Chart,
        held: Option<Held>,
        look_at: Option<Timestamp>,
        news: &mut Vec<Subject>,
    ) -> Result<(), LedgerError> {
        self.note_seen(chart, held, look_at, &Seen::default(), news).await
    }

    /// The same, and how the hooks that wait were seen.
    async fn note_seen(
        &self,
        chart: &Chart,
        held: Option<Held>,
        look_at: Option<Timestamp>,
        hooks: &Seen,
        news: &mut Vec<Subject>,
    ) -> Result<(), LedgerError> {
        let now = self.now();
        let seen = chart.record.care.look_at;
        let step = |scene: &mut Scene| -> Result<(), LedgerError> {
            // What was heard meanwhile asks for another look.
            let asked = scene.record.care.look_at.filter(|asked| Some(*asked) != seen);
            settle(scene, held.clone(), look_at, now);
            hooks.note(scene, now);
            if let Some(asked) = asked {
                scene.record.care.look_by(asked);
            }
            Ok(())
        };
        let ((), told) = write_action(self.ports.ledger, chart.items(), &self.terms(now), step).await?;
        news.extend(told);
        Ok(())
    }

    /// Forgets what Steward had set, where a person has set it anew.
    async fn forget(&self, chart: &Chart, what: Passed, news: &mut Vec<Subject>) -> Result<(), LedgerError> {
        let seen = &chart.record.care;
        let step = |scene: &mut Scene| -> Result<(), LedgerError> {
            let care = &mut scene.record.care;
            match what {
                Passed::Strategy => {
                    drop(care.fallback.take_if(|known| Some(&*known) == seen.fallback.as_ref()));
                }
                Passed::DesiredCount => drop(care.limited.take_if(|known| Some(*known) == seen.limited)),
            }
            Ok(())
        };
        let ((), told) =
            write_action(self.ports.ledger, chart.items(), &self.terms(self.now()), step).await?;
        news.extend(told);
        Ok(())
    }

    async fn chart(&self, target: &Target) -> Result<Chart, LedgerError> {
        let record = match self.read(Key::target(target)).await? {
            Some(Record::Target(record)) => record,
            _ => TargetRecord::new(target.clone()),
        };
        let incident = match record.incident {
            Some(opened_at) => match self.read(Key::incident(target, opened_at)).await? {
                Some(Record::Incident(incident)) => Some(incident),
                _ => None,
            },
            None => None,
        };
        let open = match &record.care.open {
            Some(id) => self.action(id).await?,
            None => None,
        };
        Ok(Chart { record, incident, open })
    }

    pub(crate) async fn action(&self, id: &ActionId) -> Result<Option<Action>, LedgerError> {
        Ok(match self.read(Key::action(id)).await? {
            Some(Record::Action(action)) => Some(*action),
            _ => None,
        })
    }

    async fn read(&self, key: Key) -> Result<Option<Record>, LedgerError> {
        let now = self.now();
        let stored = self.ports.ledger.read(&[key]).await?.pop().flatten();
        Ok(stored.and_then(|stored| stored.live(now).cloned()))
    }

    fn patient<'x>(
        &'x self,
        chart: &'x Chart,
        incident: &'x Incident,
        open: Option<&'x Action>,
    ) -> Patient<'x> {
        let Settings { policy, home, .. } = self.settings;
        Patient { record: &chart.record, incident, open, home: home.as_ref(), policy }
    }

    fn observer<'x>(&'x self, target: &'x Target) -> Observer<'x, L, E, O> {
        let Ports { ledger, ecs, owners, .. } = *self.ports;
        Observer { ledger, ecs, owners, target, policy: &self.settings.policy, now: self.now() }
    }

    fn terms(&self, now: Timestamp) -> Terms<'_> {
        Terms { policy: &self.settings.policy, grouping: self.settings.grouping, now }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }
}

/// When to look again at what follows an incident: nothing else will ask for it.
fn follow_up(plan: &Plan, now: Timestamp) -> Option<Timestamp> {
    let follows = plan.remedy.follows_incident();
    follows.then(|| now.saturating_add(FOLLOWED_UP).unwrap_or(Timestamp::MAX))
}

/// Whether somebody carries it out now, or nobody knows what became of it.
fn is_held(open: &Action, now: Timestamp) -> bool {
    match open.state {
        State::Planned => now < open.lease_until,
        State::Issued { .. } | State::Unknown { .. } => true,
        _ => false,
    }
}

/// Whether a decision says that this action is not to be carried out any more. What could not be read says nothing as long as
/// the action may wait: it stays planned, and is decided again. A person who is to be asked is asked.
fn is_moot(considered: &Considered, id: &ActionId, may_wait: bool) -> bool {
    match considered {
        Considered::Act(plan) | Considered::Refused { plan, .. } => plan.id != *id,
        Considered::Need(_) => false,
        Considered::Escalate { why: Escalation::Unobserved { .. }, .. } => !may_wait,
        Considered::Propose(_)
        | Considered::Nothing { .. }
        | Considered::Escalate { .. }
        | Considered::Passed(_) => true,
    }
}

/// Notes in a scene that its target was looked at.
fn settle(scene: &mut Scene, held: Option<Held>, look_at: Option<Timestamp>, now: Timestamp) {
    scene.record.care.looked_at = Some(now);
    scene.record.care.look_at = look_at;
    if let Some(incident) = scene.incident.as_mut().filter(|incident| incident.is_open()) {
        incident.remedies.hold(held);
    }
}
