//! Runs that say more beside another one: disorder beside order, and a month in which no remedy works.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use steward::config::Mode;
use steward::diagnosis::Cause;
use steward::incident::Incident;

use super::checks::{Invariant, Violation};
use super::faults::Rates;
use super::plan::{self, CLUSTER, Plan};
use super::run::{Options, Report, Trouble, run, run_plan};
use super::script::Deed;
use crate::ecs::{Behaviour, Fate, Happening, Revision, fargate_service};
use crate::random::later;

/// A month.
const LOOP_DAYS: u32 = 30;
/// Whoever has tried so often in a month has tried enough.
const MOST_TRIES: usize = 12;

/// What the incidents of a target say that does not depend on when their events were handled. How many incidents there are
/// does: good news that comes late parts what is one in order, or the other way round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Content {
    /// How often each cause was counted.
    causes: BTreeMap<Cause, usize>,
    is_open: bool,
}

impl Content {
    fn add(&mut self, incident: &Incident) {
        for (cause, count) in incident.failures.causes() {
            *self.causes.entry(cause).or_default() += count;
        }
        self.is_open |= incident.is_open();
    }
}

/// Runs a seed's world twice, where Steward only watches: in order, and with duplicates and disorder. The report is the
/// second run's, and says where the incidents differ.
pub(super) fn disorder(options: Options) -> Report {
    let undisturbed = run(Options { trouble: Trouble::Nothing, ..options });
    let mut report = run(Options { trouble: Trouble::Disorder, ..options });
    report.violations.splice(0..0, undisturbed.violations.iter().cloned());
    if !report.violations.is_empty() {
        return report;
    }
    let (before, after) = (by_target(&undisturbed), by_target(&report));
    let mut targets: Vec<&String> = before.keys().chain(after.keys()).collect();
    targets.sort();
    targets.dedup();
    for target in targets {
        let (before, after) = (before.get(target), after.get(target));
        if before != after {
            let what = format!("the incidents of {target} are {after:?}, and in order they are {before:?}");
            let invariant = Invariant::DisorderChangesNothing;
            report.violations.push(Violation { invariant, at: report.ended_at, what });
        }
    }
    report
}

/// What the incidents of each target say together.
fn by_target(report: &Report) -> BTreeMap<String, Content> {
    let mut targets: BTreeMap<String, Content> = BTreeMap::new();
    for incident in &report.incidents {
        targets.entry(incident.target.key()).or_default().add(incident);
    }
    targets
}

/// What never works in a month of [`super::Course::Futile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Futile {
    /// Every revision fails, also the one that served before.
    RollingBack,
    /// Every new task hangs like the one before.
    StoppingTasks,
    /// No task ever has enough memory.
    RaisingMemory,
}

/// A month of one service that nothing helps, in which Steward hears of all that its own remedies do.
pub(super) fn futile(options: Options, what: Futile) -> Report {
    let mut report = run_plan(Options { days: LOOP_DAYS, ..options }, plan_of(options.seed, what));
    if report.mutations > MOST_TRIES {
        let said = format!("{} changes in {LOOP_DAYS} days, and none helped ({what:?})", report.mutations);
        report.violations.push(Violation { invariant: Invariant::NoLoop, at: report.ended_at, what: said });
    }
    if report.mutations == 0 {
        let said = format!("nothing was tried ({what:?})");
        report.violations.push(Violation { invariant: Invariant::Progress, at: report.ended_at, what: said });
    }
    report
}

fn plan_of(seed: u64, what: Futile) -> Plan {
    let mut plan = plan::draw(seed, LOOP_DAYS);
    plan.services.truncate(1);
    plan.hosts.clear();
    plan.rates = Rates::none();
    plan.policy.guards.freeze.clear();
    for entry in &mut plan.policy.services {
        entry.rules.mode = Mode::Act;
        // As patient as anybody would set it.
        entry.rules.cooldown = SignedDuration::from_mins(10);
    }
    plan.script.clear();
    let at = later(plan.start, plan::WARM_UP + Duration::from_mins(30));
    if let Some(service) = plan.services.first_mut() {
        let name = service.name.clone();
        // Of several tasks that all hang none would be stopped.
        service.request = fargate_service(CLUSTER, &name, &name, 1);
        let behaviour = Behaviour::new(match what {
            Futile::RollingBack => Fate::CrashesAtBoot { exit_code: 1 },
            Futile::StoppingTasks => Fate::Hangs { after: Duration::from_secs(40) },
            // Seldom enough for a month to be played in a minute, and often enough for one incident.
            Futile::RaisingMemory => Fate::OutOfMemory { after: Duration::from_mins(12) },
        });
        let all = Happening::BehaviourOfAll { revision: name.clone(), behaviour: behaviour.clone() };
        let bad = Revision::new(&name, behaviour).health_check();
        if what == Futile::RollingBack {
            let deploy = Deed::Deploy {
                disturbs: false,
                cluster: CLUSTER.to_owned(),
                service: name,
                revision: Box::new(bad),
            };
            plan.script.push((at, deploy));
        }
        plan.script.push((later(at, Duration::from_mins(1)), Deed::Ecs(Box::new(all))));
    }
    plan
}
