//! What people do in a world of jobs, and what befalls their tasks.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use steward::action::Ruling;
use steward::batch::{JobName, RunId, Slot, Terms, people};
use steward::ledger::Record;

use super::plan::CLUSTER;
use crate::ecs::{Behaviour, Happening, Revision};
use crate::world::faults::Kind;
use crate::world::stage::Stage;

/// Something that is done at its time.
#[derive(Clone, Debug)]
pub(in crate::world) enum JobDeed {
    /// Fargate Spot takes back so many of a thousand tasks, and has no room until that is over.
    SpotWave { per_thousand: u16 },
    /// That is over.
    SpotBack,
    /// Fargate has no room in these zones; or has again.
    Shortage { zones: Vec<&'static str>, is_short: bool },
    /// Tasks of a family that begin from now on go another way.
    Tasks { family: String, behaviour: Behaviour, fail: bool },
    /// A new revision of a family is registered, and the old ones are deregistered.
    Replace(Box<Revision>),
    /// A person stops a task of some job.
    StopATask,
    /// A person asks for a run.
    Run(JobName),
    /// A person ends a run that goes on, if there is one.
    Cancel,
    /// A person has a run done again that did not succeed, if there is one.
    Again { only_failed: bool },
}

/// The zones of the model.
pub(super) const ZONES: [&str; 3] = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];

impl Stage {
    /// Does it now.
    pub(in crate::world) fn perform_for_jobs(&self, deed: JobDeed) {
        let count = |kind| self.weather.borrow_mut().count(kind);
        let terms = self.terms();
        self.note("world", || format!("{deed:?}").chars().take(160).collect());
        match deed {
            JobDeed::SpotWave { per_thousand } => {
                count(Kind::SpotWave);
                self.shortage(&ZONES, true, true);
                self.ecs.borrow_mut().happen(Happening::SpotInterruption { per_thousand });
            }
            JobDeed::SpotBack => self.shortage(&ZONES, true, false),
            JobDeed::Shortage { zones, is_short } => {
                if is_short {
                    count(Kind::Shortage);
                }
                self.shortage(&zones, false, is_short);
            }
            JobDeed::Tasks { family, behaviour, fail } => {
                if fail {
                    count(Kind::TasksFail);
                }
                self.ecs.borrow_mut().happen(Happening::Behaviour { revision: family, behaviour });
            }
            JobDeed::Replace(revision) => {
                count(Kind::DefinitionReplaced);
                self.replace(&revision);
            }
            JobDeed::StopATask => self.stop_a_job_task(),
            JobDeed::Run(job) => {
                count(Kind::PersonRuns);
                let slot = Slot::of_text(&format!("person-{}", self.now().as_second()));
                let asked = people::ask(
                    &self.ledger,
                    RunId { job, slot },
                    self.now(),
                    BTreeMap::new(),
                    "person",
                    &terms,
                );
                self.said(asked.now_or_never());
            }
            JobDeed::Cancel => {
                let Some(run) = self.a_run(|run| !run.is_over()) else { return };
                count(Kind::PersonCancels);
                let ruling = Ruling { by: "person".to_owned(), at: self.now(), why: None };
                self.note("person", || format!("CANCELS {run}"));
                let cancelled = people::cancel(&self.ledger, &run, ruling, &terms);
                self.said(cancelled.now_or_never());
            }
            JobDeed::Again { only_failed } => {
                let run = self.a_run(|run| run.end().is_some_and(|(end, _)| end.is_failure()));
                let Some(run) = run else { return };
                count(Kind::PersonRuns);
                self.note("person", || format!("HAS {run} DONE AGAIN"));
                let again = people::again(&self.ledger, &run, only_failed, "person", &terms);
                self.said(again.now_or_never());
            }
        }
    }

    fn terms(&self) -> Terms {
        Terms {
            grouping: SignedDuration::from_secs(15),
            keep: SignedDuration::from_hours(24 * 35),
            now: self.now(),
        }
    }

    fn said<T, E: std::fmt::Display>(&self, done: Option<Result<T, E>>) {
        if let Some(Err(error)) = done {
            self.note("person", || error.to_string());
        }
    }

    fn a_run(&self, fits: impl Fn(&steward::batch::Run) -> bool) -> Option<RunId> {
        let records = self.ledger.records().ok()?;
        let mut runs: Vec<_> = records
            .into_values()
            .filter_map(|record| match record {
                Record::Run(run) if fits(&run) => Some((run.scheduled, run.id)),
                _ => None,
            })
            .collect();
        runs.sort();
        runs.pop().map(|(_, id)| id)
    }

    fn shortage(&self, zones: &[&str], spot: bool, is_short: bool) {
        for zone in zones {
            let zone = (*zone).to_owned();
            self.ecs.borrow_mut().happen(Happening::Shortage { zone, spot, is_short });
        }
    }

    fn replace(&self, revision: &Revision) {
        let arn = self.ecs.borrow_mut().add_task_definition(revision);
        let Some((family, number)) = arn.rsplit('/').next().and_then(|name| name.split_once(':')) else {
            return;
        };
        let number: u32 = number.parse().unwrap_or(1);
        for old in 1..number {
            let input = json!({ "taskDefinition": format!("{family}:{old}") });
            let _refused_if_done_before =
                self.ecs.borrow_mut().call("person", "DeregisterTaskDefinition", &input);
        }
    }

    fn stop_a_job_task(&self) {
        let listed = self.ecs.borrow_mut().call("person", "ListTasks", &json!({ "cluster": CLUSTER }));
        let listed = listed.unwrap_or_default();
        let Some(task) = listed.pointer("/taskArns/0").and_then(Value::as_str) else { return };
        self.weather.borrow_mut().count(Kind::PersonStopsTask);
        let input = json!({ "cluster": CLUSTER, "task": task, "reason": "just looking" });
        let _refused = self.ecs.borrow_mut().call("person", "StopTask", &input);
    }
}
