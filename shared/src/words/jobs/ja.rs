//! Jobs in Japanese.

use super::{ToDo, leading_cause, share, time};
use crate::batch::{BadRun, Happened, LateFor, RunEnd, Skip};
use crate::words::Language::Ja;
use crate::words::moment;

pub(super) fn happened(place: &str, what: &Happened) -> String {
    match what {
        Happened::Ended(bad) => ended_so(place, bad),
        Happened::Late { scheduled, why: LateFor::Begun, .. } => {
            format!("{place} の {} の実行は遅れて開始しました", moment(*scheduled, Ja))
        }
        Happened::Late { scheduled, .. } => {
            format!("{place} が遅れています: {} の実行が開始されません", moment(*scheduled, Ja))
        }
        Happened::Stuck { index, .. } => format!("{place} が停滞しています: タスク {index} が起動しません"),
        Happened::BreakerOpened { failures, .. } => {
            format!("{place} が{failures}回連続で失敗したため、以降の実行をスキップします")
        }
        Happened::NoSuccess { since } => {
            format!("{place} は {} から一度も成功していません", moment(*since, Ja))
        }
        Happened::ManyMissed { count, .. } => format!("{place} の実行が{count}件以上行われませんでした"),
        Happened::Stray { index, .. } => {
            format!("{place}: どの実行にも属さないタスクを停止しました (タスク {index})")
        }
    }
}

fn ended_so(place: &str, bad: &BadRun) -> String {
    let parts: Vec<String> = share(bad, Ja).into_iter().chain(leading_cause(bad, Ja)).collect();
    let why = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("、")) };
    let due = moment(bad.scheduled, Ja);
    match &bad.end {
        RunEnd::Failed => format!("{place} が失敗しました{why}"),
        RunEnd::TimedOut => match share(bad, Ja) {
            Some(share) => format!("{place} がタイムアウトしました: {share}"),
            None => format!("{place} がタイムアウトしました"),
        },
        RunEnd::Refused(_) => format!("{place} を開始できませんでした (タスクは起動していません)"),
        RunEnd::Unknown => match share(bad, Ja) {
            Some(share) => format!("{place}: {due} の実行の結果が不明です ({share})"),
            None => format!("{place}: {due} の実行の結果が不明です"),
        },
        RunEnd::Cancelled => format!("{place}: {due} の実行はキャンセルされました"),
        RunEnd::Superseded { .. } => format!("{place}: {due} の実行は後の実行に置き換えられました"),
        RunEnd::Succeeded => format!("{place} が成功しました"),
        RunEnd::Skipped(Skip::Missed) => {
            format!("{place} の {due} の実行が行われませんでした (タスクは起動していません)")
        }
        RunEnd::Skipped(skip) => format!("{place}: {due} の実行をスキップしました ({})", skipped(skip)),
    }
}

fn skipped(skip: &Skip) -> String {
    match skip {
        Skip::Missed => "時間内に開始できませんでした".to_owned(),
        Skip::StillRunning { .. } => "前の実行が継続中です".to_owned(),
        Skip::Upstream { job } => format!("ジョブ {job} が成功しませんでした"),
        Skip::Breaker => "連続失敗の上限に達しています".to_owned(),
        Skip::Suspended => "ジョブは一時停止中です".to_owned(),
        Skip::Gone => "ジョブの設定が削除されています".to_owned(),
    }
}

/// How runs ended, before their number.
pub(super) fn ended(word: &str) -> &str {
    match word {
        "failed" => "失敗",
        "timed_out" => "タイムアウト",
        "refused" => "開始不可",
        "skipped" => "スキップ",
        "superseded" => "置き換え",
        "cancelled" => "キャンセル",
        "unknown" => "結果不明",
        other => other,
    }
}

pub(super) fn to_do(what: &ToDo<'_>) -> String {
    match what {
        ToDo::FindOut { run, tasks } => format!(
            "{run} の{tasks}タスクの結果が不明です。処理は完了している可能性があります。出力先と ECS のタスクを確認してください。\
             未完了の場合は `steward retry {run} --failed-only` で再実行できます。"
        ),
        ToDo::CloseBreaker { job, failures, until } => format!(
            "{failures}回連続で失敗したため、{} までスキップします。修正後に `steward run {job}` で実行し、成功すればスキップは終わります。",
            moment(*until, Ja)
        ),
        ToDo::LookForSuccess { job, since } => format!(
            "{} から成功した実行がありません。 `steward runs {job}` で結果を確認し、 `steward run {job}` で実行できます。",
            moment(*since, Ja)
        ),
        ToDo::Retry { run, in_part: true } => format!(
            "Steward はこの実行を再試行しません。原因の解消後、成功しなかったタスクは `steward retry {run} --failed-only` で、\
             すべてのタスクは `steward run {}` で実行できます。",
            run.job
        ),
        ToDo::Retry { run, in_part: false } => format!(
            "Steward はこの実行を再試行しません。原因の解消後、 `steward retry {run}` で再実行できます。"
        ),
        ToDo::Catch { run } => {
            format!(
                "Steward は後からこの実行を行いません。必要な場合は `steward retry {run}` を実行してください。"
            )
        }
        ToDo::CatchSome { job, after, before } => format!(
            "Steward は後から実行しません。必要な場合: `steward run {job} --from {} --to {}`。",
            time(*after),
            time(*before)
        ),
        ToDo::LetBegin { run, why } => let_begin(&run.to_string(), run.job.as_str(), why),
        ToDo::GiveUp { run } => format!(
            "ECS がタスクを配置できないか、起動できません。ジョブの設定に従って再試行します。中止するには `steward cancel {run}` を実行してください。"
        ),
        ToDo::EndEarlier { run } => format!(
            "{run} を終了させるには `steward cancel {run}` を実行してください。次の予定から実行されます。"
        ),
        ToDo::Look { job } => format!("実行の一覧は `steward runs {job}` で確認できます。"),
    }
}

fn let_begin(run: &str, job: &str, why: &LateFor) -> String {
    match why {
        LateFor::Paused => format!(
            "Steward が一時停止中か、一時停止中かどうかを確認できません。 `steward resume` で開始、 `steward cancel {run}` で中止できます。"
        ),
        LateFor::Turn => format!(
            "前の実行の終了を待っています。 `steward runs {job}` で確認し、 `steward cancel {job}/SLOT` で終了できます。"
        ),
        LateFor::Unread(_) => {
            "タスク定義を読み取れません。ジョブの `starting_deadline` まで再試行します。".to_owned()
        }
        LateFor::Begun => format!("現在実行中です。 `steward runs {job}` で進捗を確認できます。"),
    }
}
