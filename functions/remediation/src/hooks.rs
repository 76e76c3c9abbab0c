//! Hooks at which deployments wait, at a look: how they were seen, and the end of those that wait no more.

use jiff::Timestamp;
use steward::action::{Call, Plan, Remedy, Withdrawal};
use steward::apply::Scene;
use steward::incident::{Evidence, HookEnd, HookOver, Story, TargetRecord};
use steward::ledger::LedgerError;
use steward::notification::Subject;
use steward::ports::{ChangeEcs, Clock, DescribeEcs, Hosts, Ledger, Owners};
use steward::remediation::{Facts, HookSeen, Patient, hooks_seen, id_of};

use crate::remedy::Care;
use crate::story;

/// How hooks that wait were seen at a look.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Those that wait, each with how its revision does.
    waiting: Vec<(String, Evidence)>,
    /// Those that wait no more.
    pub(crate) over: Vec<(String, HookEnd)>,
    /// Of which people are told why they are not asked.
    shown: Option<String>,
}

impl Seen {
    pub(crate) fn of(record: &TargetRecord, facts: &Facts, now: Timestamp) -> Self {
        let mut seen = Self::default();
        for (hook, how) in hooks_seen(record, facts, now) {
            match how {
                HookSeen::Waits(evidence) => seen.waiting.push((hook, evidence)),
                HookSeen::Over(how) => seen.over.push((hook, how)),
            }
        }
        seen
    }

    pub(crate) fn shown_by(self, plan: &Plan) -> Self {
        let shown = match &plan.call {
            Call::ContinueServiceDeployment { hook, .. } => Some(hook.clone()),
            _ => None,
        };
        Self { shown, ..self }
    }

    /// Only ECS itself says that a hook waits no more: as long as one does, it is looked at.
    pub(crate) fn note(&self, scene: &mut Scene, now: Timestamp) {
        for (hook, evidence) in &self.waiting {
            let is_shown = self.shown.as_ref() == Some(hook);
            scene.record.see_hook(scene.incident.as_mut(), hook, evidence.clone(), is_shown);
        }
        if let Some(at) = scene.record.care.hook_looked_at(now) {
            scene.record.care.look_by(at);
        }
    }
}

impl<L: Ledger, E: DescribeEcs + ChangeEcs + Hosts, O: Owners, T, C: Clock> Care<'_, '_, L, E, O, T, C> {
    /// Ends what hooks asked that wait no more: somebody answered elsewhere, or their time ran out.
    pub(crate) async fn end_hooks(
        &self,
        patient: Patient<'_>,
        over: &[(String, HookEnd)],
        news: &mut Vec<Subject>,
    ) -> Result<(), LedgerError> {
        let (target, now) = (&patient.record.target, self.now());
        for (hook, how) in over {
            let id = id_of(patient, Remedy::AnswerHook, hook);
            let by = patient.record.care.hooks.get(hook).and_then(|hook| hook.over.as_ref()?.by.clone());
            let why = Withdrawal::HookOver { how: *how, by };
            self.withdraw(self.action(&id).await?.as_ref(), why, news).await?;
        }
        let step = |story: &mut Story| {
            for (hook, how) in over {
                story.hook_over(hook, HookOver { at: now, how: *how, by: None });
            }
        };
        let advanced = story::see(self.ports.ledger, target, None, self.settings, now, step).await?;
        news.extend(advanced.news);
        Ok(())
    }
}
