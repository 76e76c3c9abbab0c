//! Who did what, as a trail of CloudTrail has it.

use super::Language::{self, En, Ja};
use super::moment;
use crate::arn::TaskDefinitionArn;
use crate::incident::{Act, Deed};

/// So much of what ECS said to a call, in characters.
const MAX_PROBLEM: usize = 80;

/// Who did what, and when: "deployed api:42 by role ci/deploy (run-812), 20 Nov 14:02 UTC".
pub fn deed(deed: &Deed, language: Language) -> String {
    let (by, at) = (&deed.by, moment(deed.at, language));
    let what = act(&deed.what, language);
    match language {
        En => format!("{what} by {by}, {at}"),
        Ja => format!("{at} {by}: {what}"),
    }
}

/// What somebody did: in English a participle, in Japanese a noun.
fn act(what: &Act, language: Language) -> String {
    match (what, language) {
        (Act::Deployed { revision, .. }, language) => {
            let revision = revision.as_ref().map(TaskDefinitionArn::family_and_revision);
            let revision = revision.map_or_else(String::new, |revision| format!(" {revision}"));
            match language {
                En => format!("deployed{revision}"),
                Ja => format!("デプロイ{revision}"),
            }
        }
        (Act::Scaled { desired }, En) => format!("scaled to {}", desired.0),
        (Act::Scaled { desired }, Ja) => format!("タスク数を {} に変更", desired.0),
        (Act::UpdateRefused { problem }, En) => {
            format!("UpdateService called in vain ({})", problem.shortened(MAX_PROBLEM))
        }
        (Act::UpdateRefused { problem }, Ja) => {
            format!("UpdateService の失敗 ({})", problem.shortened(MAX_PROBLEM))
        }
        (Act::NotStarted, En) => "not started: called".to_owned(),
        (Act::NotStarted, Ja) => "タスク起動の失敗".to_owned(),
        (Act::StoppedTask { task }, En) => format!("task {} stopped", task.id()),
        (Act::StoppedTask { task }, Ja) => format!("タスク {} の停止", task.id()),
        (Act::StoppedDeployment, En) => "deployment stopped".to_owned(),
        (Act::StoppedDeployment, Ja) => "デプロイの停止".to_owned(),
        (Act::AnsweredHook { answer }, En) => format!("hook answered ({})", answer.as_str()),
        (Act::AnsweredHook { answer }, Ja) => format!("フックへの応答 ({})", answer.as_str()),
    }
}
