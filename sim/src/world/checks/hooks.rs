//! Deployments that wait: nobody answers them without a person's word, and each is told.

use jiff::Timestamp;
use steward::action::Call;
use steward::ledger::{MemoryLedger, Record};

use super::{Change, Checks, Invariant};
use crate::world::actor::Actor;

impl Checks {
    /// An answer is about to be given: it is what a person said, word for word.
    pub(super) fn answering(&mut self, actor: &Actor, change: &Change<'_>, now: Timestamp) {
        let Call::ContinueServiceDeployment { answer, .. } = change.call else { return };
        let said = self.said.get(change.id);
        if said != Some(answer) {
            let said = said.map_or("nothing", |said| said.as_str());
            let what =
                format!("{actor}: a hook is answered by {}, and a person said {said}", answer.as_str());
            self.fail(Invariant::NoAnswerUnasked, now, what);
        }
    }

    /// Hooks that waited to their end stand in an incident, and incidents are told.
    pub(in crate::world) fn hooks_told(
        &mut self,
        ledger: &MemoryLedger,
        timed_out: &[String],
        now: Timestamp,
    ) {
        let records = ledger.records().unwrap_or_default();
        let told = |id: &String| {
            records.values().any(|record| match record {
                Record::Incident(incident) => incident.hooks.iter().any(|hook| hook.id == *id),
                _ => false,
            })
        };
        let untold: Vec<&String> = timed_out.iter().filter(|id| !told(id)).collect();
        for id in untold {
            self.fail(Invariant::EveryHookIsTold, now, format!("the hook {id} waited, and nobody was told"));
        }
    }
}
