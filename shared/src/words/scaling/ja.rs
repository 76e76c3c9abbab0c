//! Scaling in Japanese.

use jiff::SignedDuration;

use super::{clock, count, order_state, rate, said, span, tasks};
use crate::redact::Redacted;
use crate::scaling::{Decision, Hold, Leave, Limit, Standing};
use crate::words::Language::Ja;
use crate::words::moment;

pub(super) fn limit(decision: &Decision, promise: SignedDuration) -> String {
    let estimate = &decision.estimate;
    let wanted = tasks(decision.wanted, Ja);
    let (each, promise) = (span(estimate.service_time, Ja), span(promise, Ja));
    let start = span(estimate.start_up, Ja);
    match decision.limit {
        Limit::Steady => {
            let burst = if estimate.is_burst { "バーストで" } else { "" };
            format!(
                "{burst}{}のメッセージが到着し、1件に{each}かかります。{wanted}で処理が追いつきます",
                rate(decision, Ja)
            )
        }
        Limit::Drain => format!(
            "{}件のメッセージが待機中で、1件に{each}かかります。{wanted}あれば到着から{promise}以内に処理できます (起動に{start})",
            count(estimate.visible)
        ),
        Limit::InFlight => {
            format!("{}件のメッセージを処理中です。処理中のタスクは停止しません", count(estimate.in_flight))
        }
        Limit::Warm if estimate.delayed > 0 => {
            format!("{}件の遅延メッセージがまもなく到着します", count(estimate.delayed))
        }
        Limit::Warm => format!(
            "0タスクからでは待ち時間が{promise}を超えるおそれがあるため、1タスクを維持します (起動に{start})"
        ),
        Limit::Recent => {
            format!("少し前まで必要だったタスク数です (現在の必要数は{})", needed(decision))
        }
        Limit::Min => format!("下限値です (必要数は{})", needed(decision)),
        Limit::Max if decision.is_short => {
            format!("上限値です。{promise}以内に処理するには{}が必要です", needed(decision))
        }
        Limit::Max => "上限値です".to_owned(),
        Limit::Pool if decision.is_short => {
            format!(
                "共有リソースに空きがありません。{promise}以内に処理するには{}が必要です",
                needed(decision)
            )
        }
        Limit::Pool => "共有リソースに空きがありません".to_owned(),
        Limit::Groups => format!(
            "FIFO キューのメッセージグループが{}個で、グループごとに1件ずつしか処理できません",
            decision.wanted
        ),
        Limit::Nothing => "待機中・処理中のメッセージはありません".to_owned(),
    }
}

fn needed(decision: &Decision) -> String {
    tasks(decision.need.most().0, Ja)
}

pub(super) fn short_limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Steady => "到着",
        Limit::Drain => "待機",
        Limit::InFlight => "処理中",
        Limit::Warm => "1タスク維持",
        Limit::Recent => "直近の必要数",
        Limit::Min => "下限",
        Limit::Max => "上限",
        Limit::Pool => "共有上限",
        Limit::Groups => "グループ数",
        Limit::Nothing => "なし",
    }
}

pub(super) fn hold(hold: &Hold) -> String {
    match hold {
        Hold::UnknownService { why } => format!("サービスを読み取れません: {}", said(why)),
        Hold::NoService => "その名前のアクティブなサービスがありません".to_owned(),
        Hold::UnknownQueue { queue, why } => {
            format!("キュー {} を読み取れません: {}", said(&queue.0), said(why))
        }
        Hold::UnknownProtection { why } => format!("タスクの保護状態を読み取れません: {}", said(why)),
        Hold::NoLeave(leave) => no_leave(leave),
        Hold::Suspended => "設定でスケーリングが停止されています".to_owned(),
        Hold::Deploying => "デプロイ中です".to_owned(),
        Hold::Incident => "インシデントが継続中です".to_owned(),
        Hold::Action => "Steward のアクションを実行中です".to_owned(),
        Hold::StartsFail { failed } => format!("新しいタスク{failed}個が起動に失敗しました"),
        Hold::Poison { since } => format!(
            "{} から1件も処理が完了せず、メッセージが古くなっています。タスクを増やしても解決しません",
            clock(*since)
        ),
        Hold::Recent { until } => format!("タスクを追加したばかりのため、{} まで維持します", clock(*until)),
        Hold::NotEmptyYet { readings: 0 } => "キューが空ではありません".to_owned(),
        Hold::NotEmptyYet { readings } => format!("キューが空だったのは連続{readings}回だけです"),
        Hold::Unprotected => {
            "処理中のタスクが保護されていないため、ECS が処理中のタスクを停止するおそれがあります".to_owned()
        }
        Hold::Working { tasks } => format!("{}タスクが処理中または保護中です", count(u64::from(*tasks))),
        Hold::Pool(pool) => format!("共有リソース {} に空きがありません", said(&pool.0)),
    }
}

fn no_leave(leave: &Leave) -> String {
    match leave {
        Leave::Given => "変更を妨げるものはありません".to_owned(),
        Leave::Paused { by } => format!("{} が変更を一時停止しています", said(by)),
        Leave::AutoScalingTarget => {
            "Application Auto Scaling のターゲットがタスク数を設定しています".to_owned()
        }
        Leave::NotScalable { what } => format!("タスク数を変更できません: {}", said(what)),
        Leave::Unknown { why } => format!("変更してよいかどうかを読み取れません: {}", said(why)),
    }
}

pub(super) fn short_hold(hold: &Hold) -> &'static str {
    match hold {
        Hold::UnknownService { .. } => "サービス読取不可",
        Hold::NoService => "サービスなし",
        Hold::UnknownQueue { .. } => "キュー読取不可",
        Hold::UnknownProtection { .. } => "保護状態読取不可",
        Hold::NoLeave(Leave::Given) => "維持",
        Hold::NoLeave(Leave::Paused { .. }) => "一時停止中",
        Hold::NoLeave(Leave::AutoScalingTarget) => "Auto Scaling",
        Hold::NoLeave(Leave::NotScalable { .. }) => "変更不可",
        Hold::NoLeave(Leave::Unknown { .. }) => "変更可否不明",
        Hold::Suspended => "停止中",
        Hold::Deploying => "デプロイ中",
        Hold::Incident => "インシデント",
        Hold::Action => "アクション中",
        Hold::StartsFail { .. } => "起動失敗",
        Hold::Poison { .. } => "処理完了なし",
        Hold::Recent { .. } => "追加直後",
        Hold::NotEmptyYet { .. } => "未処理あり",
        Hold::Unprotected => "保護なし",
        Hold::Working { .. } => "処理中",
        Hold::Pool(_) => "共有上限",
    }
}

pub(super) fn order(order: &Standing, by: Option<&Redacted>) -> String {
    let by = by.map(|by| format!("、承認者 {by}")).unwrap_or_default();
    format!(
        "{}、{}: {}{by}",
        super::change(order.from, order.to, Ja),
        moment(order.at, Ja),
        order_state(order.state, Ja)
    )
}
