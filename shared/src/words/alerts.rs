//! What stands around the causes and the remedies of an alert.

use jiff::{SignedDuration, Timestamp};

use super::Language::{self, En, Ja};
use super::moment;
use crate::config::Allowance;
use crate::incident::{DeploymentStatus, Ending, Starter, Target};
use crate::ledger::Why;
use crate::notification::links::Place;

/// In the two largest units, without a second one that is zero.
pub fn duration(span: SignedDuration, language: Language) -> String {
    let seconds = span.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, language) {
        (0, 0, 0, En) => format!("{seconds} s"),
        (0, 0, minutes, En) => format!("{minutes} min"),
        (0, hours, 0, En) => format!("{hours} h"),
        (0, hours, minutes, En) => format!("{hours} h {minutes} min"),
        (days, 0, _, En) => format!("{days} d"),
        (days, hours, _, En) => format!("{days} d {hours} h"),
        (0, 0, 0, Ja) => format!("{seconds}秒"),
        (0, 0, minutes, Ja) => format!("{minutes}分"),
        (0, hours, 0, Ja) => format!("{hours}時間"),
        (0, hours, minutes, Ja) => format!("{hours}時間{minutes}分"),
        (days, 0, _, Ja) => format!("{days}日"),
        (days, hours, _, Ja) => format!("{days}日{hours}時間"),
    }
}

/// What fails, and where: `service api in shop`.
pub fn place(target: &Target, language: Language) -> String {
    let (name, cluster) = (target.name(), target.cluster().name());
    match (language, target) {
        (En, _) => target.to_string(),
        (Ja, Target::Service { .. }) => format!("サービス {name} ({cluster})"),
        (Ja, Target::Family { .. }) => format!("タスク {name} ({cluster})"),
        (Ja, Target::ContainerInstance { .. }) => format!("コンテナインスタンス {name} ({cluster})"),
    }
}

/// How many failures; with `more` it is the least there were.
pub fn failures(count: usize, more: bool, language: Language) -> String {
    match (language, count, more) {
        (En, 1, false) => "1 failure".to_owned(),
        (En, count, false) => format!("{count} failures"),
        (En, count, true) => format!("≥ {count} failures"),
        (Ja, count, false) => format!("失敗{count}件"),
        (Ja, count, true) => format!("失敗{count}件以上"),
    }
}

/// Since when an incident goes on, and when it failed last.
pub fn since(count: &str, first: Timestamp, last: Option<Timestamp>, language: Language) -> String {
    let first = moment(first, language);
    match (last.map(|last| moment(last, language)), language) {
        (Some(last), En) => format!("{count} since {first}, the last {last}"),
        (None, En) => format!("{count}, {first}"),
        (Some(last), Ja) => format!("{first} から{count}、最新は {last}"),
        (None, Ja) => format!("{count}、{first}"),
    }
}

/// How an incident ended.
pub fn ended(count: &str, took: SignedDuration, by: Ending, at: Timestamp, language: Language) -> String {
    let how = match (by, language) {
        (Ending::Steady, En) => "ECS reports a steady state",
        (Ending::Quiet, En) => "no failure for a while, though ECS has not reported a steady state",
        (Ending::Answered, En) => "the deployment waits no more",
        (Ending::Answered, Ja) => "デプロイは応答待ちではなくなりました",
        (Ending::Gone, En) => "the container instance has left the cluster",
        (Ending::Steady, Ja) => "ECS が定常状態を報告しました",
        (Ending::Quiet, Ja) => "しばらく失敗がありません (ECS は定常状態を報告していません)",
        (Ending::Gone, Ja) => "コンテナインスタンスがクラスターから外れました",
    };
    let (took, at) = (duration(took, language), moment(at, language));
    match language {
        En => format!("{count} in {took}; {how} ({at})"),
        Ja => format!("{took}間に{count}。{how} ({at})"),
    }
}

/// The title of an incident that is over.
pub fn resolved(place: &str, cause: &str, language: Language) -> String {
    match language {
        En => format!("{place}: resolved, was {cause}"),
        Ja => format!("{place}: 解決しました (原因: {cause})"),
    }
}

/// The title of an incident of which a person must say what happened.
pub fn nobody_knows(place: &str, cause: &str, language: Language) -> String {
    match language {
        En => format!("{place}: nobody knows whether an action took effect ({cause})"),
        Ja => format!("{place}: アクションの結果が不明です ({cause})"),
    }
}

/// The title of an incident that goes on.
pub fn fails(place: &str, headline: &str, cause: &str, question: Option<&str>, language: Language) -> String {
    let question = question.map_or_else(String::new, |question| match language {
        En => format!("; {question}"),
        Ja => format!("。{question}"),
    });
    format!("{place}: {headline} ({cause}){question}")
}

/// The name of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// How many failures of which cause.
    Causes,
    /// The container that decided.
    Container,
    /// The task that failed last.
    LastTask,
    /// An action that was denied.
    Denied,
    /// A deployment, or several.
    Deployment,
    /// What is deployed.
    Revision,
    /// What was deployed before.
    Revisions,
    /// The deployment that ECS goes back to.
    BackTo,
    /// Who or what began it.
    StartedBy,
    /// How many tasks failed.
    FailedTasks,
    /// Account and region.
    Account,
    /// What still fails.
    Failing,
    /// What is well again.
    WellAgain,
    /// The availability zones.
    Zones,
    /// The run of a job.
    Run,
    /// What became of a run's tasks.
    Tasks,
    /// One of the tasks that failed.
    FailedTask,
    /// Messages that a service has yet to complete.
    Backlog,
    /// For how long a message waits.
    Wait,
    /// How long a task works on a message.
    ServiceTime,
    /// From an order until its tasks work.
    StartUp,
    /// How many tasks there may be.
    Bounds,
    /// What a service's tasks read.
    Queues,
    /// A deployment that waits for an answer, and how its revision does.
    Waits,
    /// Who did what, as a trail has it.
    Deeds,
}

impl Name {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::Causes,
        Self::Container,
        Self::LastTask,
        Self::Denied,
        Self::Deployment,
        Self::Revision,
        Self::Revisions,
        Self::BackTo,
        Self::StartedBy,
        Self::FailedTasks,
        Self::Account,
        Self::Failing,
        Self::WellAgain,
        Self::Zones,
        Self::Run,
        Self::Tasks,
        Self::FailedTask,
        Self::Backlog,
        Self::Wait,
        Self::ServiceTime,
        Self::StartUp,
        Self::Bounds,
        Self::Queues,
        Self::Waits,
        Self::Deeds,
    ];

    /// As people read it.
    pub fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Waits, En) => "Waits",
            (Self::Waits, Ja) => "応答待ち",
            (Self::Deeds, En) => "Who did what",
            (Self::Deeds, Ja) => "操作の記録",
            (Self::Causes, En) => "Causes",
            (Self::Container, En) => "Container",
            (Self::LastTask, En) => "Last task",
            (Self::Denied, En) => "Denied",
            (Self::Deployment, En) => "Deployment",
            (Self::Revision, En) => "Revision",
            (Self::Revisions, En) => "Revisions",
            (Self::BackTo, En) => "Back to",
            (Self::StartedBy, En) => "Started by",
            (Self::FailedTasks, En) => "Failed tasks",
            (Self::Account, En) => "Account",
            (Self::Failing, En) => "Failing",
            (Self::WellAgain, En) => "Well again",
            (Self::Zones, En) => "Zones",
            (Self::Run, En) => "Run",
            (Self::Tasks, En) => "Tasks",
            (Self::FailedTask, En) => "Failed task",
            (Self::Backlog, En) => "Messages",
            (Self::Wait, En) => "Wait",
            (Self::ServiceTime, En) => "A message takes",
            (Self::StartUp, En) => "A start takes",
            (Self::Bounds, En) => "Bounds",
            (Self::Queues, En) => "Queues",
            (Self::Causes, Ja) => "原因",
            (Self::Container, Ja) => "コンテナ",
            (Self::LastTask, Ja) => "直近のタスク",
            (Self::Denied, Ja) => "拒否された操作",
            (Self::Deployment, Ja) => "デプロイ",
            (Self::Revision | Self::Revisions, Ja) => "リビジョン",
            (Self::BackTo, Ja) => "戻り先",
            (Self::StartedBy, Ja) => "開始者",
            (Self::FailedTasks, Ja) => "失敗したタスク",
            (Self::Account, Ja) => "アカウント",
            (Self::Failing, Ja) => "失敗中",
            (Self::WellAgain, Ja) => "復旧済み",
            (Self::Zones, Ja) => "ゾーン",
            (Self::Run, Ja) => "実行",
            (Self::Tasks, Ja) => "タスク",
            (Self::FailedTask, Ja) => "失敗タスク",
            (Self::Backlog, Ja) => "メッセージ",
            (Self::Wait, Ja) => "待ち時間",
            (Self::ServiceTime, Ja) => "処理時間",
            (Self::StartUp, Ja) => "起動時間",
            (Self::Bounds, Ja) => "下限・上限",
            (Self::Queues, Ja) => "キュー",
        }
    }
}

/// A container, and the code with which it ended.
pub fn exit_code(container: &str, code: i64, language: Language) -> String {
    match language {
        En => format!("{container}, exit code {code}"),
        Ja => format!("{container}、終了コード {code}"),
    }
}

/// An action that was denied on a resource.
pub fn denied(action: &str, resource: &str, language: Language) -> String {
    match language {
        En => format!("{action} on {resource}"),
        Ja => format!("{resource} に対する {action}"),
    }
}

/// The account and the region.
pub fn account(account: &str, region: &str, language: Language) -> String {
    match language {
        En => format!("{account} in {region}"),
        Ja => format!("{account} ({region})"),
    }
}

/// That there are more than are named.
pub fn and_more(count: usize, language: Language) -> String {
    match language {
        En => format!("{count} more"),
        Ja => format!("他{count}件"),
    }
}

/// How a deployment stands, behind the service's name.
pub fn deployment(
    status: Option<DeploymentStatus>,
    is_rollback: bool,
    goes_back: bool,
    language: Language,
) -> &'static str {
    use DeploymentStatus::{Completed, Failed, InProgress};
    match (status, is_rollback, language) {
        (None | Some(InProgress), false, En) if goes_back => "deployment stopped, the service goes back",
        (None | Some(InProgress), false, En) => "deployment started",
        (None | Some(InProgress), true, En) => "rolling back",
        (Some(Completed), false, En) => "deployment completed",
        (Some(Completed), true, En) => "rolled back, the earlier revision runs again",
        (Some(Failed), _, En) if goes_back => "deployment failed, ECS rolls back",
        (Some(Failed), _, En) => "deployment failed",
        (None | Some(InProgress), false, Ja) if goes_back => {
            "デプロイを中止しました。サービスは以前のリビジョンに戻ります"
        }
        (None | Some(InProgress), false, Ja) => "デプロイを開始しました",
        (None | Some(InProgress), true, Ja) => "ロールバック中です",
        (Some(Completed), false, Ja) => "デプロイが完了しました",
        (Some(Completed), true, Ja) => "ロールバックしました。以前のリビジョンで稼働しています",
        (Some(Failed), _, Ja) if goes_back => "デプロイに失敗しました。ECS がロールバックします",
        (Some(Failed), _, Ja) => "デプロイに失敗しました",
    }
}

/// When a deployment got where it is, after how long, and what ECS says of it.
pub fn deployed(
    at: Timestamp,
    took: Option<SignedDuration>,
    reason: Option<&str>,
    language: Language,
) -> String {
    let at = moment(at, language);
    let took = took.map(|took| match language {
        En => format!(" after {}", duration(took, language)),
        Ja => format!(" (所要 {})", duration(took, language)),
    });
    let reason = reason.map(|reason| format!(": {reason}"));
    format!("{at}{}{}", took.unwrap_or_default(), reason.unwrap_or_default())
}

/// A deployment of which only tasks were seen.
pub fn first_seen(at: Timestamp, language: Language) -> String {
    let at = moment(at, language);
    match language {
        En => format!("first seen {at}"),
        Ja => format!("{at} に検知"),
    }
}

/// Who or what began a deployment.
pub fn started_by(starter: &Starter, language: Language) -> String {
    match starter {
        Starter::Steward { action, remedy } => {
            let remedy = super::remedies::remedy(*remedy, language);
            format!("Steward: {remedy} ({action})")
        }
        Starter::Ecs => match language {
            En => "ECS: circuit breaker or alarm".to_owned(),
            Ja => "ECS (サーキットブレーカーまたはアラーム)".to_owned(),
        },
        Starter::Person { who } => who.to_string(),
    }
}

/// The title of an outage.
pub fn outage(cluster: &str, count: usize, what: &str, is_open: bool, language: Language) -> String {
    match (language, is_open) {
        (En, true) => format!("{count} services of {cluster} fail together: {what}"),
        (En, false) => format!("{cluster}: outage resolved, {count} services had failed: {what}"),
        (Ja, true) => format!("{cluster} で{count}サービスが同時に失敗: {what}"),
        (Ja, false) => format!("{cluster}: 障害は解決しました ({count}サービス、{what})"),
    }
}

/// How an outage stands.
pub fn outage_status(
    failing: usize,
    over: usize,
    since: Timestamp,
    ended: Option<Timestamp>,
    language: Language,
) -> String {
    let from = moment(since, language);
    match (language, ended) {
        (En, None) => format!("since {from}; {failing} fail, {over} well again"),
        (En, Some(at)) => {
            let (took, at) = (duration(at.duration_since(since), language), moment(at, language));
            format!("all {over} are well again after {took} ({at})")
        }
        (Ja, None) => format!("{from} から。失敗中 {failing}、復旧済み {over}"),
        (Ja, Some(at)) => {
            let (took, at) = (duration(at.duration_since(since), language), moment(at, language));
            format!("{took}で{over}件すべて復旧しました ({at})")
        }
    }
}

/// What is done about an outage, and what to do.
pub fn outage_advice(cluster: &str, language: Language) -> (String, String) {
    match language {
        En => (
            "This is one outage, not many bad revisions: Steward changes nothing in it.".to_owned(),
            format!(
                "Look at what these services share: the registry, a zone, a role, a dependency, the network of {cluster}. \
                 One message tells of all of them; `steward suppressed` lists what was not told one by one."
            ),
        ),
        Ja => (
            "個別のリビジョンの不良ではなく共通の障害と判断したため、Steward は何も変更しません。".to_owned(),
            format!(
                "これらのサービスに共通するもの (レジストリ、ゾーン、ロール、依存先、{cluster} のネットワーク) を確認してください。\
                 個別の通知はこのメッセージにまとめています。一覧を表示するには `steward suppressed` を実行してください。"
            ),
        ),
    }
}

/// The title of a digest.
pub fn digest(count: u64, language: Language) -> String {
    match language {
        En if count == 1 => "1 alert was held back here".to_owned(),
        En => format!("{count} alerts were held back here"),
        Ja => format!("{count}件のアラートを保留しました"),
    }
}

/// What a digest is.
pub fn digest_status(budget: Allowance, language: Language) -> String {
    let within = duration(budget.within, language);
    match language {
        En => format!(
            "Over the limit of {} messages in {within}, or the same targets again and again: these were not sent one by one.",
            budget.count
        ),
        Ja => format!(
            "{within}に{}件の上限を超えたか、同じ対象で繰り返し発生したため、個別には通知していません。",
            budget.count
        ),
    }
}

/// Where to see all that a digest does not name.
pub fn digest_advice(language: Language) -> &'static str {
    match language {
        En => "`steward suppressed` lists all of them.",
        Ja => "一覧を表示するには `steward suppressed` を実行してください。",
    }
}

/// Why a channel was not told something.
pub fn withheld(why: &Why, language: Language) -> String {
    match (language, why) {
        (En, Why::NoRoute) => "no route leads to a channel".to_owned(),
        (En, Why::Silenced { by }) => format!("silenced ({by})"),
        (En, Why::Outage) => "told as a part of an outage".to_owned(),
        (En, Why::Flapping) => "it comes and goes".to_owned(),
        (En, Why::Budget) => "the channel's budget is spent".to_owned(),
        (En, Why::Refused) => "the channel refuses messages; another was told".to_owned(),
        (En, Why::Over) => "it was over before it could be told".to_owned(),
        (Ja, Why::NoRoute) => "通知先のルートがありません".to_owned(),
        (Ja, Why::Silenced { by }) => format!("サイレンス中 ({by})"),
        (Ja, Why::Outage) => "障害としてまとめて通知".to_owned(),
        (Ja, Why::Flapping) => "発生と復旧を繰り返しています".to_owned(),
        (Ja, Why::Budget) => "チャンネルの通知上限に達しました".to_owned(),
        (Ja, Why::Refused) => "チャンネルが受け付けないため別のチャンネルに通知".to_owned(),
        (Ja, Why::Over) => "通知できる前に解決しました".to_owned(),
    }
}

/// The title of a channel that refuses messages, or did.
pub fn channel(name: &str, refuses: bool, language: Language) -> String {
    match (language, refuses) {
        (En, true) => format!("alerts do not reach channel {name}"),
        (En, false) => format!("alerts reach channel {name} again"),
        (Ja, true) => format!("チャンネル {name} にアラートが届きません"),
        (Ja, false) => format!("チャンネル {name} にアラートが届くようになりました"),
    }
}

/// Since when it refuses them, or how long it did.
pub fn channel_status(since: Timestamp, ended: Option<Timestamp>, language: Language) -> String {
    let from = moment(since, language);
    let ended = ended.map(|at| (moment(at, language), duration(at.duration_since(since), language)));
    match (language, ended) {
        (En, None) => format!("since {from}"),
        (En, Some((at, took))) => format!("{at}, after {took}"),
        (Ja, None) => format!("{from} から"),
        (Ja, Some((at, took))) => format!("{at} に復旧 ({took}間)"),
    }
}

/// What to do about such a channel.
pub fn channel_advice(name: &str, language: Language) -> String {
    match language {
        En => format!(
            "Repair channel `{name}` in `steward.yaml` or its SSM parameter; within half an hour of that it is sent the \
             alerts that it missed and that still go on."
        ),
        Ja => format!(
            "`steward.yaml` またはその SSM パラメータでチャンネル `{name}` の設定を修正してください。修正後30分以内に、未通知で継続中のアラートが送信されます。"
        ),
    }
}

/// What a link leads to.
pub fn link(place: Place, language: Language) -> &'static str {
    match (language, place) {
        (En, Place::Target | Place::Tasks) => "Console",
        (En, Place::Task) => "Task",
        (En, Place::Logs) => "Logs",
        (En, Place::Deployments) => "Deployments",
        (En, Place::Queue) => "Queue",
        (Ja, Place::Target | Place::Tasks) => "コンソール",
        (Ja, Place::Task) => "タスク",
        (Ja, Place::Logs) => "ログ",
        (Ja, Place::Deployments) => "デプロイ",
        (Ja, Place::Queue) => "キュー",
    }
}

/// What stands before the advice.
pub fn next(language: Language) -> &'static str {
    match language {
        En => "Next",
        Ja => "対処",
    }
}

/// What stands before quoted texts.
pub fn evidence(language: Language) -> &'static str {
    match language {
        En => "Evidence",
        Ja => "根拠",
    }
}

/// What stands before the last log lines.
pub fn logs(language: Language) -> &'static str {
    match language {
        En => "Last log lines",
        Ja => "最後のログ",
    }
}
