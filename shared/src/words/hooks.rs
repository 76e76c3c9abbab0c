//! What is said of deployments that wait for an answer.

use jiff::Timestamp;

use super::Language::{self, En, Ja};
use super::moment;
use crate::arn::TaskDefinitionArn;
use crate::ecs::HookAnswer;
use crate::incident::{Evidence, HookEnd};
use crate::redact::Redacted;

/// Since when a deployment waits, and where: a clause.
pub fn waits(stage: Option<&str>, since: Timestamp, language: Language) -> String {
    let since = moment(since, language);
    match (stage, language) {
        (Some(stage), En) => format!("it waits at {stage} since {since}"),
        (None, En) => format!("it waits since {since}"),
        (Some(stage), Ja) => format!("{since} から {stage} で待機しています"),
        (None, Ja) => format!("{since} から待機しています"),
    }
}

/// What becomes of a deployment that nobody answers: a clause.
pub fn without_an_answer(
    expires_at: Option<Timestamp>,
    action: Option<HookAnswer>,
    language: Language,
) -> String {
    let at = expires_at.map(|at| moment(at, language));
    match language {
        En => {
            let does = match action {
                Some(HookAnswer::Continue) => "lets it go on",
                Some(HookAnswer::Rollback) => "rolls it back",
                None => "goes on by itself",
            };
            let when = at.map_or_else(|| ", in the end".to_owned(), |at| format!(" {at}"));
            format!("without an answer ECS {does}{when}")
        }
        Ja => {
            let does = match action {
                Some(HookAnswer::Continue) => "ECS がデプロイを続行します",
                Some(HookAnswer::Rollback) => "ECS がロールバックします",
                None => "ECS が自動で処理します",
            };
            let when = at.map_or_else(|| "期限まで".to_owned(), |at| format!("{at} まで"));
            format!("{when}に応答がない場合は {does}")
        }
    }
}

/// How a new revision does, in one line.
pub fn evidence(seen: &Evidence, language: Language) -> String {
    let name = seen.revision.as_ref().map(TaskDefinitionArn::family_and_revision);
    let run = match (seen.running, name, language) {
        (Some((running, wanted)), Some(name), En) => format!("{running} of {wanted} tasks of {name} run"),
        (Some((running, wanted)), None, En) => format!("{running} of {wanted} new tasks run"),
        (None, Some(name), En) => format!("nobody knows how many tasks of {name} run"),
        (None, None, En) => "nobody knows how many new tasks run".to_owned(),
        (Some((running, wanted)), Some(name), Ja) => {
            format!("{name} のタスクは {wanted} 個中 {running} 個が実行中です")
        }
        (Some((running, wanted)), None, Ja) => {
            format!("新しいタスクは {wanted} 個中 {running} 個が実行中です")
        }
        (None, Some(name), Ja) => format!("{name} の実行中タスク数は不明です"),
        (None, None, Ja) => "新しいタスクの実行数は不明です".to_owned(),
    };
    let causes: Vec<String> = seen.causes.iter().map(|(cause, _)| cause.to_string()).collect();
    let causes = causes.join(", ");
    let failed = match (seen.failed, language) {
        (None, En) => "how many failed could not be read".to_owned(),
        (Some(0), En) => "none failed".to_owned(),
        (Some(1), En) => format!("1 failed: {causes}"),
        (Some(count), En) => format!("{count} failed: {causes}"),
        (None, Ja) => "失敗数は確認できませんでした".to_owned(),
        (Some(0), Ja) => "失敗はありません".to_owned(),
        (Some(count), Ja) => format!("失敗は {count} 件です ({causes})"),
    };
    match language {
        // What failed is what decides.
        En if seen.failed.unwrap_or_default() > 0 => format!("{failed}; {run}"),
        Ja if seen.failed.unwrap_or_default() > 0 => format!("{failed}。{run}"),
        En => format!("{run}; {failed}"),
        Ja => format!("{run}。{failed}"),
    }
}

/// How a hook ended: a clause.
pub fn end(how: HookEnd, by: Option<&Redacted>, language: Language) -> String {
    match (how, by, language) {
        (HookEnd::Continued, Some(by), En) => format!("{by} let the deployment go on"),
        (HookEnd::Continued, None, En) => "somebody let the deployment go on".to_owned(),
        (HookEnd::RolledBack, Some(by), En) => format!("{by} let the deployment go back"),
        (HookEnd::RolledBack, None, En) => "somebody let the deployment go back".to_owned(),
        (HookEnd::TimedOut, _, En) => "nobody answered in time, and ECS did what was set for that".to_owned(),
        (HookEnd::Ended, _, En) => "the deployment has ended".to_owned(),
        (HookEnd::Continued, Some(by), Ja) => format!("{by} がデプロイを続行しました"),
        (HookEnd::Continued, None, Ja) => "デプロイは続行されました".to_owned(),
        (HookEnd::RolledBack, Some(by), Ja) => format!("{by} がデプロイをロールバックしました"),
        (HookEnd::RolledBack, None, Ja) => "デプロイはロールバックされました".to_owned(),
        (HookEnd::TimedOut, _, Ja) => "期限までに応答がなく、ECS が設定どおりに処理しました".to_owned(),
        (HookEnd::Ended, _, Ja) => "デプロイは終了しました".to_owned(),
    }
}
