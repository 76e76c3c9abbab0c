//! Remedies in Japanese, in the terms of the Japanese console. Reasons are sentences without the full stop.

use jiff::Timestamp;

use super::{Sentence, ja_capacity};
use crate::action::{Because, Doubt, HostSign, Remedy, Withdrawal};
use crate::guard::{Gone, Needed, Refusal};
use crate::incident::Target;
use crate::ledger::Scope;
use crate::redact::Redacted;
use crate::remediation::Escalation;
use crate::remediation::memory::NoRoom;
use crate::words::{Language, hooks, moment};

fn at(at: &Timestamp) -> String {
    moment(*at, Language::Ja)
}

fn hour(at: &Timestamp) -> String {
    at.strftime("%H:%M UTC").to_string()
}

fn behind(why: Option<&Redacted>) -> String {
    why.map_or_else(String::new, |why| format!(": {why}"))
}

pub(super) fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::RollBack => "ロールバック",
        Remedy::ForceNewDeployment => "新しいデプロイの強制",
        Remedy::StopTask => "タスクの停止",
        Remedy::RunTask => "タスクの再実行",
        Remedy::RaiseMemory => "メモリの引き上げ",
        Remedy::DrainInstance => "インスタンスのドレイン",
        Remedy::ActivateInstance => "インスタンスの再アクティブ化",
        Remedy::AnswerHook => "デプロイのフックへの応答",
        Remedy::FallBackToOnDemand => "オンデマンドへの切り替え",
        Remedy::ReturnToSpot => "Spot への復帰",
        Remedy::LimitDesiredCount => "必要数の制限",
    }
}

pub(super) fn refusal(refusal: &Refusal) -> String {
    let said = match refusal {
        Refusal::NotEnrolled => "対象として登録されていません(`services` のどの項目にも一致しません)",
        Refusal::FromElsewhere => "別のアカウントまたはリージョンのものです",
        Refusal::ModeObserves => "モードが observe です",
        Refusal::EcsRollsBack => "このデプロイは ECS のサーキットブレーカーまたはアラームが監視しています",
        Refusal::NotRolling => "ローリング更新以外のデプロイ戦略が使われています",
        Refusal::DeployedMeanwhile => "その間に別のデプロイが行われました",
        Refusal::DoneBefore => "すでに実行済みか、実行された可能性があります",
        Refusal::FailedBefore => "この対処は、このリビジョンには以前効果がありませんでした",
        Refusal::RemedyOff(remedy) => {
            return format!("ポリシーで {} が許可されていません", remedy.as_str());
        }
        Refusal::Paused { scope, by, why } => {
            return format!("{by} が{}を一時停止しています{}", paused(scope), behind(why.as_ref()));
        }
        Refusal::Unobserved { what, why: Some(why) } => {
            return format!("{}を確認できませんでした: {why}", needed(*what));
        }
        Refusal::Unobserved { what, why: None } => return format!("{}を確認していません", needed(*what)),
        Refusal::Frozen { until, why } => {
            return format!("{} まで変更が凍結されています{}", at(until), behind(why.as_ref()));
        }
        Refusal::ForeignController(who) => {
            return format!("デプロイを管理しているのは ECS ではなく {who} です");
        }
        Refusal::StackInProgress { stack, status } => {
            return format!("CloudFormation が処理中です ({stack}: {status})");
        }
        Refusal::NotStable { until } => {
            return format!("自然に回復する可能性があるため、{} までは何も行いません", at(until));
        }
        Refusal::CoolingDown { until } => {
            return format!("前回のアクションの効果を {} まで待っています", at(until));
        }
        Refusal::AttemptsUsedUp { attempts } => {
            return format!("すでに {attempts} 回試みており、上限に達しています");
        }
        Refusal::DoesNotLast { times } => {
            return format!(
                "このリビジョンに対して {times} 回続けて行いましたが、効果が 1 日も続きませんでした。別の対処が必要です"
            );
        }
        Refusal::Rejected { by, why } => return format!("{by} が却下しました{}", behind(why.as_ref())),
        Refusal::Locked { by } => return format!("アクション {by} がまだ終わっていません"),
        Refusal::BudgetSpent { scope, until } => {
            return format!("{}のアクション回数の上限に達しています{}", whose(scope), until_when(until));
        }
        Refusal::CorrelatedOutage { services } => {
            return format!(
                "クラスター内の {services} 個のサービスが同時期に失敗し始めました。リビジョンの問題ではなく障害です"
            );
        }
        Refusal::MemoryOutOfBounds { max } => {
            return format!("メモリは増やすだけで、上限は {max} MiB です (ポリシーの `memory.max`)");
        }
        Refusal::ScaledByOther { own: true } => "必要数は Steward 自身の `scaling` が設定しています",
        Refusal::ScaledByOther { own: false } => "必要数は Application Auto Scaling が設定しています",
        Refusal::PreconditionGone(what) => {
            return format!("判断した時点から状況が変わりました: {}", gone(*what));
        }
        Refusal::AnotherHostDrains { instance } => {
            return format!(
                "コンテナインスタンス {instance} がドレイン中です。クラスターごとに一度に 1 台だけ行います"
            );
        }
    };
    said.to_owned()
}

fn paused(scope: &Scope) -> String {
    match scope {
        Scope::Global => "すべての変更".to_owned(),
        Scope::Cluster(cluster) => format!("クラスター {} での変更", cluster.name()),
        Scope::Target(target) => format!("{} の変更", place(target)),
    }
}

fn place(target: &Target) -> String {
    let kind = match target {
        Target::Service { .. } => "サービス",
        Target::Family { .. } => "タスク定義ファミリー",
        Target::ContainerInstance { .. } => "コンテナインスタンス",
    };
    format!("クラスター {} の{kind} {}", target.cluster().name(), target.name())
}

fn whose(scope: &Scope) -> &'static str {
    match scope {
        Scope::Global => "アカウント全体",
        Scope::Cluster(_) => "クラスター",
        Scope::Target(_) => "この対象",
    }
}

/// A limit that never ends ends at no time that says anything.
fn until_when(until: &Timestamp) -> String {
    if *until < Timestamp::MAX { format!(" ({} まで)", at(until)) } else { String::new() }
}

fn needed(what: Needed) -> &'static str {
    match what {
        Needed::Switch => "一時停止の有無",
        Needed::Service => "サービス",
        Needed::Stack => "CloudFormation スタックのステータス",
        Needed::Budget => "アクション回数",
        Needed::Openings => "ほかに失敗し始めたサービス",
        Needed::GoodRevision => "戻し先のリビジョン",
        Needed::ServiceDeployment => "サービスデプロイ",
        Needed::Task => "タスク",
        Needed::LostTask => "失われたタスク",
        Needed::StandIns => "失われたタスクの代わりとなるタスク",
        Needed::Sizes => "リビジョンのメモリ量",
        Needed::Host => "コンテナインスタンス",
        Needed::OtherHosts => "ドレイン中のほかのインスタンス",
        Needed::Scalable => "Application Auto Scaling が必要数を設定しているかどうか",
    }
}

fn gone(what: Gone) -> &'static str {
    match what {
        Gone::Service => "サービスがありません",
        Gone::ActiveService => "サービスがアクティブではありません",
        Gone::Revision => "別のリビジョンがデプロイされています",
        Gone::Trouble => "必要なタスクはすべて実行中で、最近の失敗もありません",
        Gone::SteadyState => "必要なタスクの一部が実行されていません",
        Gone::GoodRevision => "戻し先のリビジョンはもうデプロイできません",
        Gone::Deployment => "デプロイは終了しています",
        Gone::UnwellTask => "タスクは正常か、すでに停止処理中です",
        Gone::LostTask => "失われたタスクの停止を ECS で確認できません",
        Gone::Gap => "代わりのタスクがすでにあります",
        Gone::Host => "コンテナインスタンスはクラスターから外れています",
        Gone::ActiveHost => "コンテナインスタンスはすでにドレイン中か、登録解除中です",
        Gone::AwayAgent => "エージェントが接続しているか、インスタンスがすでにドレイン中です",
        Gone::FailingHost => "EC2 のステータスチェックもタスクも異常を示していません",
        Gone::RecoveredHost => {
            "ドレイン中ではないか、エージェントが未接続か、EC2 のステータスが正常と確認できません"
        }
        Gone::Hook => "フックはもう応答を待っていません",
        Gone::Strategy => "サービスのキャパシティープロバイダー戦略が変わっています",
        Gone::DesiredCount => "必要数が変わっています",
        Gone::Shortage => "必要なタスクはすべて実行中です",
    }
}

pub(super) fn escalation(escalation: &Escalation) -> String {
    match escalation {
        Escalation::Unobserved { why } => format!("判断に必要な情報を確認できませんでした: {why}"),
        Escalation::NotTheRevision(cause) => {
            format!("{cause} はリビジョンが原因ではないため、別のリビジョンでも失敗します")
        }
        Escalation::RanWellBefore(cause) => {
            format!("このリビジョンは以前は正常に動作していました。{cause} の原因は、変化したほかの何かにあります")
        }
        Escalation::NoGoodRevision => {
            "正常に動作していたと確認できる以前のリビジョンがありません".to_owned()
        }
        Escalation::GoodRevisionGone { revision } => {
            format!("{} は正常に動作していましたが、もうデプロイできません", revision.family_and_revision())
        }
        Escalation::GoodRevisionFails => "以前のリビジョンも失敗しています".to_owned(),
        Escalation::ForeignController(who) => {
            format!("デプロイを行うのは ECS ではなく {who} です。ロールバックはそちらで行ってください")
        }
        Escalation::Stuck { since } => format!("デプロイが {} から完了していません", at(since)),
        Escalation::MostTasksUnwell { unwell, running } => {
            format!("{running} 個中 {unwell} 個のタスクが異常です。停止すると何も残りません")
        }
        Escalation::NotDeclared => {
            "このタスクを再実行してよいと宣言されていません (ポリシーの `rerun`)".to_owned()
        }
        Escalation::NoNetwork => {
            "タスクにはネットワークインターフェイスが必要ですが、ポリシーの `rerun` にサブネットの指定がありません"
                .to_owned()
        }
        Escalation::NoMoreMemory { container, why, raised: 0 } => {
            format!("{container} のメモリが不足していますが、これ以上は増やせません: {}", no_room(*why))
        }
        Escalation::NoMoreMemory { container, why, raised } => format!(
            "メモリを {raised} 回増やしましたが、{container} のメモリがまた不足しました。メモリリークの可能性があります。これ以上は増やせません: {}",
            no_room(*why)
        ),
        Escalation::TooLate => {
            "タスクが失われてから 1 時間以上経過しており、ECS に情報が残っていない可能性があります".to_owned()
        }
        Escalation::HostManaged { provider } => {
            format!("キャパシティプロバイダー {provider} のホストは ECS 自身が置き換えます (マネージドインスタンス)")
        }
        Escalation::HostMayServe { is_well: true } => {
            "エージェントが未接続なだけで、EC2 のステータスは正常であり、タスクの多くは動作しています".to_owned()
        }
        Escalation::HostMayServe { is_well: false } => {
            "エージェントが未接続なだけで、タスクの多くは動作しています。EC2 のステータスは確認できません"
                .to_owned()
        }
        Escalation::NoRoom(room) => {
            format!("タスクを配置できるコンテナインスタンスがありません。{}", ja_capacity::room(room))
        }
        Escalation::Limited { to, was, since, service, cluster } => {
            ja_capacity::limited(*to, *was, since, service.as_str(), cluster.as_str())
        }
    }
}

fn no_room(why: NoRoom) -> String {
    match why {
        NoRoom::AtMax { max } => format!("ポリシーの上限は {max} MiB です (`memory.max`)"),
        NoRoom::NeedsCpu { cpu } => {
            format!(
                "Fargate では CPU {cpu} ユニットにこれ以上のメモリを設定できません (`memory.raise_cpu` で CPU も増やせます)"
            )
        }
        NoRoom::NoLimit => "コンテナにもタスクにも制限がなく、ホストのメモリが不足しています".to_owned(),
        NoRoom::NotUnderstood => "サイズを確認できません".to_owned(),
    }
}

pub(super) fn because(because: &Because) -> String {
    match because {
        Because::RevisionFails { revision, count, cause, good } => format!(
            "{} のタスクが {count} 個失敗しました ({cause})。{} は以前正常に動作していました",
            revision.family_and_revision(),
            good.family_and_revision()
        ),
        Because::DeploymentStuck { revision, since, good } => format!(
            "{} のデプロイが {} から完了していません。{} は以前正常に動作していました",
            revision.family_and_revision(),
            hour(since),
            good.family_and_revision()
        ),
        Because::TaskHangs { how, since } => {
            format!("タスクが {} から {how} のままで、ECS は対処していません", hour(since))
        }
        Because::TasksRetire { from } => {
            format!("AWS が {} 以降にタスクを置き換えるため、ほかに問題のない今のうちに行います", at(from))
        }
        Because::TaskLost { task, cause } => {
            format!("タスク {} が失われ ({cause})、代わりのタスクは起動されません", task.id())
        }
        Because::RunsOutOfMemory { revision, container, count } => format!(
            "{} のタスク {count} 個で {container} のメモリが不足しました。ほかのコンテナでは不足していません",
            revision.family_and_revision()
        ),
        Because::SpotUnavailable { .. } | Because::SpotAgain { .. } | Because::StartsFail { .. } => {
            ja_capacity::because(because).unwrap_or_default()
        }
        Because::HostFails { since, sign, moves } => {
            format!("エージェントが {} から未接続で、{}。{}", hour(since), host_sign(*sign), moving(*moves))
        }
        Because::SpotInterruption { at: when, moves } => format!(
            "EC2 が {} に、2 分後のスポットインスタンスの中断を通知しました。{}",
            hour(when),
            moving(*moves)
        ),
        Because::HostRecovered { since } => {
            format!("エージェントが {} から再び接続し、EC2 のステータスチェックも正常です", hour(since))
        }
        Because::HookWaits { stage, since, expires_at, timeout_action, evidence: seen } => {
            let waits = hooks::waits(stage.as_deref(), *since, Language::Ja);
            let ends = hooks::without_an_answer(*expires_at, *timeout_action, Language::Ja);
            format!("{}。{waits}。{ends}", hooks::evidence(seen, Language::Ja))
        }
    }
}

fn host_sign(sign: HostSign) -> String {
    match sign {
        HostSign::StatusCheck => "EC2 のステータスチェックが失敗しています".to_owned(),
        HostSign::Tasks { unhealthy, stopped, of } => {
            format!("{of} 個のタスクのうち {unhealthy} 個が異常、{stopped} 個が停止しています")
        }
    }
}

fn moving(moves: Option<usize>) -> String {
    match moves {
        None => "移動するタスクの数は確認できませんでした".to_owned(),
        Some(0) => "移動するサービスのタスクはありません".to_owned(),
        Some(moves) => format!("サービスのタスク {moves} 個が移動します"),
    }
}

pub(super) fn withdrawal(withdrawal: &Withdrawal) -> String {
    match withdrawal {
        Withdrawal::Refused(why) => refusal(why),
        Withdrawal::Escalated(why) => escalation(why),
        Withdrawal::NotWanted => "この対処はもう必要ありません".to_owned(),
        Withdrawal::IncidentOver => "インシデントは終了しています".to_owned(),
        Withdrawal::NotApproved => "期限までに承認されませんでした".to_owned(),
        Withdrawal::Rejected { by, why } => format!("{by} が却下しました{}", behind(why.as_ref())),
        Withdrawal::HookOver { how, by } => hooks::end(*how, by.as_ref(), Language::Ja),
    }
}

pub(super) fn doubt(doubt: &Doubt) -> String {
    let said = match doubt {
        Doubt::DeploymentStopped => {
            "デプロイは停止されましたが、ロールバックされるかどうかを ECS で確認できません"
        }
        Doubt::DeploymentForgotten => "サービスデプロイの情報が ECS に残っていません",
        Doubt::ServiceGone => "サービスがありません",
        Doubt::TaskForgotten => "タスクの情報が ECS に残っていません",
        Doubt::DeployedMeanwhile => "その間に別のリビジョンがデプロイされました",
        Doubt::NoTaskFound => {
            "該当するタスクが見つからず、クライアントトークンの期限も切れた可能性があります"
        }
        Doubt::NoPrimary => "ECS の応答に PRIMARY デプロイがありません",
        Doubt::HostGone => "コンテナインスタンスはクラスターから外れています",
        Doubt::NotAsked => "確認していません",
        Doubt::StrategyChanged => "その間に別のキャパシティープロバイダー戦略が設定されました",
        Doubt::CountChanged => "その間に別の必要数が設定されました",
        Doubt::Unread(why) => return format!("確認中にエラーが発生しました ({why})"),
    };
    said.to_owned()
}

pub(super) fn sentence(sentence: &Sentence<'_>) -> String {
    match sentence {
        Sentence::Settle { call, id, at: when, why } => format!(
            "{call} が実行されたかどうか不明です。状況を確認し、結果を登録してください: \
             `steward settle {id} --as done --why \"…\"` (実行されていなければ `--as not-done`)。\
             それまで Steward はこの対象に何も行いません。判明していること ({}): {why}",
            at(when)
        ),
        Sentence::Approve { remedy: Remedy::AnswerHook, id, until, why, .. } => format!(
            "デプロイが応答を待っています (期限: {})。続行する場合は `steward approve {id}`、ロールバックする場合は \
             `steward reject {id} --why \"…\"` を実行してください。{why}",
            at(until)
        ),
        Sentence::Approve { remedy: what, call, id, until, why } => format!(
            "Steward は{}を提案しています: {call}。承認する場合は {} までに `steward approve {id}` を実行してください。理由: {why}",
            remedy(*what),
            at(until)
        ),
        Sentence::NothingChanged => "何も変更していません。".to_owned(),
        Sentence::Approved { by, remedy: Remedy::AnswerHook, call } => {
            format!(
                "{by} が応答しました: {call}。ガードが拒否しないかぎり、Steward が 1 分以内に ECS へ伝えます。"
            )
        }
        Sentence::Approved { by, remedy: what, call } => format!(
            "{by} が{}を承認しました: {call}。ガードが拒否しないかぎり、1 分以内に開始します。",
            remedy(*what)
        ),
        Sentence::Planned { remedy: what, call } => {
            format!("Steward はまもなく{}を行います: {call}。", remedy(*what))
        }
        Sentence::Issued { call, at: when } => {
            format!("Steward は {call} を呼び出しました ({})。結果を確認しています。", at(when))
        }
        Sentence::Confirmed { remedy: what, call, at: when, why } => {
            format!("Steward は{}を行いました: {call} ({})。理由: {why}", remedy(*what), at(when))
        }
        Sentence::Settled { call, took_effect, by, at: when, why } => {
            let effect =
                if *took_effect { "実行されました" } else { "実行されませんでした" };
            let why = why.map_or_else(|| "。".to_owned(), |why| format!(": {why}"));
            format!("{by} によると、{call} は{effect} ({}){why}", at(when))
        }
        Sentence::Helped { remedy: Remedy::RunTask, at: when } => {
            format!("効果がありました: タスクは {} から実行中です。", at(when))
        }
        Sentence::Helped { remedy: Remedy::RaiseMemory, at: when } => {
            format!("効果がありました: {} までメモリ不足は起きていません。", at(when))
        }
        Sentence::Helped { remedy: Remedy::DrainInstance, at: when } => {
            format!("効果がありました: {} から、サービスのタスクは残っていません。", at(when))
        }
        Sentence::Helped { remedy: Remedy::ActivateInstance, at: when } => {
            format!("効果がありました: {} から、再びタスクを受け入れています。", at(when))
        }
        Sentence::Helped { remedy: Remedy::AnswerHook, at: when } => {
            format!("ECS が応答を受け取りました ({} に確認)。", at(when))
        }
        Sentence::Helped { remedy: Remedy::LimitDesiredCount, at: when } => {
            format!("{} から制限が有効です。回復したわけではありません。", at(when))
        }
        Sentence::Helped { at: when, .. } => format!("効果がありました: {} から定常状態です。", at(when)),
        Sentence::DidNotHelp { at: when } => {
            format!("{} の時点で効果がありません。手動での対応が必要です。", at(when))
        }
        Sentence::Watched => "効果があるかどうかを監視しています。".to_owned(),
        Sentence::Failed { remedy: what, call, at: when, problem } => {
            let what = remedy(*what);
            format!(
                "Steward は{what}を行えませんでした。ECS が {call} を拒否しました ({}): {problem}",
                at(when)
            )
        }
        Sentence::Withdrawn { remedy: what, at: when, why } => {
            let what = remedy(*what);
            format!("Steward は{what}を予定していましたが、呼び出す前に取りやめました ({}): {why}", at(when))
        }
        Sentence::StillNamed { is_certain, was } => {
            let condition = if *is_certain { "" } else { "変更が反映されていた場合、" };
            let was = was.map_or_else(|| "変更前の内容が".to_owned(), |was| format!(" {was} が"));
            format!(
                "{condition}Infrastructure as Code (IaC) には{was}まだ記載されています。IaC 側も変更してください。変更しないと、次に IaC からデプロイしたときに元に戻ります。"
            )
        }
        Sentence::Held { remedy: what, call, why } => {
            let call = call.map_or_else(String::new, |call| format!(" ({call})"));
            format!("Steward は{}{call}を見合わせています。理由: {why}", remedy(*what))
        }
        Sentence::Fragments { service, cluster } => {
            format!("コードに反映する変更の確認: `steward memory {service} --cluster {cluster}`")
        }
        Sentence::NoRemedy { why } => format!("Steward が行える対処はありません: {why}"),
        Sentence::Costs { moved } => ja_capacity::costs(moved),
        Sentence::ReturnFailed { at: when } => {
            format!("{} の時点で復帰が完了していません。オンデマンドのタスクはそのまま残ります。", at(when))
        }
        Sentence::StaysLimited { why } => why.to_string(),
    }
}
