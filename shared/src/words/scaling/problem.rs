//! What is wrong with a scaled service, and what a person can do about it.

use jiff::{SignedDuration, Timestamp};

use super::{change, clock, count, decision, duration, named, tasks};
use crate::incident::Target;
use crate::scaling::{Decision, Limit, Problem};
use crate::words::Language::{self, En, Ja};
use crate::words::{alerts, full_stop, in_turn, moment};

/// The service, and where it is: `service worker in shop`.
pub fn place(target: &Target, language: Language) -> String {
    alerts::place(target, language)
}

/// What is wrong, in one line.
pub fn happened(place: &str, what: &Problem, language: Language) -> String {
    match language {
        En => happened_en(place, what),
        Ja => happened_ja(place, what),
    }
}

fn happened_en(place: &str, what: &Problem) -> String {
    match what {
        Problem::Poison { since } => {
            format!("{place}: messages get older, and none was completed since {}", clock(*since))
        }
        Problem::UnknownService { .. } => format!("{place} cannot be read: its tasks stay as they are"),
        Problem::NoService => format!("{place} is to be scaled, but there is no such service"),
        Problem::Short { limit, allowed, needed, .. } => {
            let (needed, allowed) = (tasks(*needed, En), count(u64::from(*allowed)));
            match limit {
                Limit::Pool => {
                    format!("{place} breaks its promise: it needs {needed}, and its share is {allowed}")
                }
                Limit::Groups => {
                    format!("{place} breaks its promise: it needs {needed}, and has {allowed} message groups")
                }
                _ => format!("{place} breaks its promise: it needs {needed}, and may have {allowed}"),
            }
        }
        Problem::StartsFail { failed: 1 } => format!("{place}: a new task failed to start"),
        Problem::StartsFail { failed } => {
            format!("{place}: new tasks fail to start, {} so far", count(u64::from(*failed)))
        }
        Problem::Refused { from, to } => format!("{place}: ECS refused {}", change(*from, *to, En)),
        Problem::UnknownQueue { queue, .. } => {
            format!("{place}: queue {queue} cannot be read, so no task is taken away")
        }
        Problem::Owned => {
            format!("{place} is scaled by Application Auto Scaling, too: Steward leaves it alone")
        }
        Problem::NotScalable { what } => format!("{place} cannot be scaled: {what}"),
        Problem::UnknownProtection { .. } => {
            format!("{place}: whether its tasks protect themselves cannot be read, so none is taken away")
        }
        Problem::Proposed { from, to } => format!("{place}: Steward proposes {}", change(*from, *to, En)),
        Problem::Unprotected => {
            format!("{place}: its tasks do not protect themselves while they work, so none is taken away")
        }
    }
}

fn happened_ja(place: &str, what: &Problem) -> String {
    match what {
        Problem::Poison { since } => {
            format!("{place}: {} から1件も処理が完了せず、メッセージが古くなっています", clock(*since))
        }
        Problem::UnknownService { .. } => {
            format!("{place} を読み取れません。タスク数は変更しません")
        }
        Problem::NoService => format!("{place} はスケーリング対象ですが、存在しません"),
        Problem::Short { limit, allowed, needed, .. } => {
            let (needed, allowed) = (tasks(*needed, Ja), count(u64::from(*allowed)));
            match limit {
                Limit::Pool => {
                    format!("{place} が目標を守れません: {needed}必要ですが、割り当ては{allowed}です")
                }
                Limit::Groups => {
                    format!(
                        "{place} が目標を守れません: {needed}必要ですが、メッセージグループは{allowed}個です"
                    )
                }
                _ => format!("{place} が目標を守れません: {needed}必要ですが、上限は{allowed}です"),
            }
        }
        Problem::StartsFail { failed } => {
            format!("{place}: 新しいタスクが起動に失敗しています (これまでに{}個)", count(u64::from(*failed)))
        }
        Problem::Refused { from, to } => {
            format!("{place}: {}への変更が ECS に拒否されました", change(*from, *to, Ja))
        }
        Problem::UnknownQueue { queue, .. } => {
            format!("{place}: キュー {queue} を読み取れないため、タスクを減らしません")
        }
        Problem::Owned => {
            format!("{place} は Application Auto Scaling の対象でもあるため、Steward は変更しません")
        }
        Problem::NotScalable { what } => format!("{place} はスケーリングできません: {what}"),
        Problem::UnknownProtection { .. } => {
            format!("{place}: タスクの保護状態を読み取れないため、タスクを減らしません")
        }
        Problem::Proposed { from, to } => {
            format!("{place}: Steward が{}への変更を提案しています", change(*from, *to, Ja))
        }
        Problem::Unprotected => {
            format!("{place}: 処理中のタスクが保護されていないため、タスクを減らしません")
        }
    }
}

/// The title of a trouble in which nothing stands, but for how long is not known yet.
pub fn problem_over(place: &str, language: Language) -> String {
    match language {
        En => format!("{place}: nothing is wrong at the moment, and it is watched whether that lasts"),
        Ja => format!("{place}: 現在問題はありません。経過を確認しています"),
    }
}

/// The title of a trouble that is over.
pub fn recovered(place: &str, language: Language) -> String {
    match language {
        En => format!("{place} is scaled as promised again"),
        Ja => format!("{place} のスケーリングは正常に戻りました"),
    }
}

/// How a trouble stands: since when, or for how long it did, and what was decided last.
pub fn status(
    since: Timestamp,
    over: Option<Timestamp>,
    last: &Decision,
    promise: SignedDuration,
    language: Language,
) -> String {
    let from = moment(since, language);
    let over = over.map(|at| (moment(at, language), duration(at.duration_since(since), language)));
    let head = match (over, language) {
        (None, En) => format!("since {from}"),
        (None, Ja) => format!("{from} から"),
        (Some((at, took)), En) => format!("over {at}, after {took}"),
        (Some((at, took)), Ja) => format!("{at} に解決 ({took}間)"),
    };
    in_turn(&full_stop(head, language), &decision(last, promise, language), language)
}

/// What a person has to decide, with the command for it.
pub fn ask(target: &Target, what: &Problem, language: Language) -> Option<String> {
    let Problem::Proposed { from, to } = what else { return None };
    // With the number nobody allows another one that is proposed by then.
    let (named, change) = (named(target), change(*from, *to, language));
    Some(match language {
        En => format!(
            "Steward proposes {change}. `steward scaling {named} --approve {to}` allows it; `steward scaling {named}` says why so many."
        ),
        Ja => format!(
            "Steward が{change}への変更を提案しています。許可するには `steward scaling {named} --approve {to}` を実行してください。\
             理由は `steward scaling {named}` で確認できます。"
        ),
    })
}

/// What helps.
pub fn to_do(target: &Target, what: &Problem, language: Language) -> String {
    let look = look(target, language);
    let first = match language {
        En => en_to_do(what),
        Ja => ja_to_do(what),
    };
    in_turn(first, &look, language)
}

fn look(target: &Target, language: Language) -> String {
    let named = named(target);
    match language {
        En => format!("`steward scaling {named}` shows all that is known."),
        Ja => format!("詳細は `steward scaling {named}` で確認できます。"),
    }
}

fn en_to_do(what: &Problem) -> &'static str {
    match what {
        Problem::Poison { .. } => {
            "Tasks run and complete nothing: look at what they log, and at the oldest message. A dead-letter queue takes such \
             messages aside. No task is added until one is completed."
        }
        Problem::UnknownService { .. } => {
            "Nothing is changed until it can be read. Look at what ECS says, and at the rights of the scaling function."
        }
        Problem::NoService => {
            "Was it deleted or renamed? Then change it in `steward.yaml`, too, and `steward apply`."
        }
        Problem::Short { limit: Limit::Pool, .. } => {
            "Raise the shared limit in `steward.yaml` if what lies behind bears it, or let a message take less time."
        }
        Problem::Short { limit: Limit::Groups, .. } => {
            "Of a message group one message is worked on at a time: more groups let more tasks work, more tasks alone do not."
        }
        Problem::Short { .. } => {
            "Raise `max` in `steward.yaml` if what lies behind bears it, or let a message take less time."
        }
        Problem::StartsFail { .. } => {
            "The service's events and its stopped tasks say why. No task is added until none has failed for 10 minutes."
        }
        Problem::Refused { .. } => "The log of the scaling function has what ECS said.",
        Problem::UnknownQueue { .. } => {
            "Tasks are still added for the other queues. Look at the queue's name in `steward.yaml`, and at its policy and key."
        }
        Problem::Owned => {
            "Of two who set one count neither holds: deregister the scalable target, or take the service out of `steward.yaml`."
        }
        Problem::NotScalable { .. } => {
            "Take it out of `steward.yaml`, or let it be a REPLICA service of the ECS controller."
        }
        Problem::UnknownProtection { .. } => {
            "Look at the rights of the scaling function: `ecs:GetTaskProtection`."
        }
        Problem::Proposed { .. } => {
            "Nothing is changed until somebody allows it, or it is not needed any more."
        }
        Problem::Unprotected => {
            "ECS might stop one that works. Let a task protect itself while it works (`docs/worker.md`)."
        }
    }
}

fn ja_to_do(what: &Problem) -> &'static str {
    match what {
        Problem::Poison { .. } => {
            "タスクは稼働していますが、処理が完了していません。タスクのログと最も古いメッセージを確認してください。デッドレターキューを\
             設定すると、こうしたメッセージを隔離できます。1件完了するまでタスクは追加しません。"
        }
        Problem::UnknownService { .. } => {
            "読み取れるまで何も変更しません。ECS の応答と、スケーリング関数の権限を確認してください。"
        }
        Problem::NoService => {
            "削除または名前変更した場合は、 `steward.yaml` も修正し、 `steward apply` を実行してください。"
        }
        Problem::Short { limit: Limit::Pool, .. } => {
            "依存先に余裕があれば `steward.yaml` の共有上限を上げるか、1件の処理時間を短くしてください。"
        }
        Problem::Short { limit: Limit::Groups, .. } => {
            "メッセージグループごとに1件ずつしか処理できません。タスクではなくグループを増やす必要があります。"
        }
        Problem::Short { .. } => {
            "依存先に余裕があれば `steward.yaml` の `max` を上げるか、1件の処理時間を短くしてください。"
        }
        Problem::StartsFail { .. } => {
            "原因はサービスのイベントと停止したタスクで確認できます。10分間失敗がなくなるまでタスクは追加しません。"
        }
        Problem::Refused { .. } => "ECS の応答はスケーリング関数のログで確認できます。",
        Problem::UnknownQueue { .. } => {
            "他のキューのためのタスク追加は続けます。 `steward.yaml` のキュー名と、キューのポリシーと暗号化キーを確認してください。"
        }
        Problem::Owned => {
            "二者が同じタスク数を設定すると安定しません。スケーラブルターゲットを登録解除するか、 `steward.yaml` から外してください。"
        }
        Problem::NotScalable { .. } => {
            "`steward.yaml` から外すか、ECS コントローラーの REPLICA サービスにしてください。"
        }
        Problem::UnknownProtection { .. } => {
            "スケーリング関数の権限 `ecs:GetTaskProtection` を確認してください。"
        }
        Problem::Proposed { .. } => "許可されるか不要になるまで、何も変更しません。",
        Problem::Unprotected => {
            "ECS が処理中のタスクを停止するおそれがあります。処理中はタスク自身で保護してください ( `docs/worker.md` )。"
        }
    }
}
