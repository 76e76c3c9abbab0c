//! What is said of room, of its price, and of failing starts, in Japanese.

use jiff::Timestamp;

use super::{dollars, size};
use crate::action::{Because, Moved};
use crate::redact::Redacted;
use crate::remediation::{Lack, Nearest, Rest, Room};
use crate::words::Language;

fn at(at: &Timestamp) -> String {
    crate::words::moment(*at, Language::Ja)
}

/// `None` for what is not about room.
pub(super) fn because(because: &Because) -> Option<String> {
    Some(match because {
        Because::SpotUnavailable { count, running, desired, .. } => {
            format!(
                "FARGATE_SPOT の空きが {count} 回不足し、タスクは {desired} 個中 {running} 個しか実行されていません"
            )
        }
        Because::SpotAgain { since, failed: 0 } => {
            format!("{} からオンデマンドで実行されており、失敗はありません", at(since))
        }
        Because::SpotAgain { since, failed } => format!(
            "{} からオンデマンドで実行されており、失敗はありません (これまでの復帰は {failed} 回続けて長続きしませんでした)",
            at(since)
        ),
        Because::StartsFail { count, since, cause, running, desired } => format!(
            "{} から {count} 個のタスクが起動できず (主に {cause})、そのたびに料金がかかっています。実行中は {desired} 個中 {running} 個です",
            at(since)
        ),
        _ => return None,
    })
}

pub(super) fn limited(to: u32, was: u32, since: &Timestamp, service: &str, cluster: &str) -> String {
    format!(
        "{} から必要数を {was} 個中 {to} 個に制限しています。回復したわけではありません。起動できるようになったら、\
         `aws ecs update-service --cluster {cluster} --service {service} --desired-count {was}` で戻してください",
        at(since)
    )
}

pub(super) fn costs(moved: &Moved) -> String {
    let tasks = moved.tasks;
    let what = match size(moved) {
        Some((cpu, memory)) => {
            format!("最大 {tasks} 個のタスク (各 {cpu} vCPU、{memory} GB) がオンデマンドに移ります。")
        }
        None => format!(
            "最大 {tasks} 個のタスクがオンデマンドに移ります。サイズが不明なため、費用は見積もれません。"
        ),
    };
    let more = moved.at_most().map(|cents| {
        format!(
            "見積もり: 1 時間あたり最大 {} の増加 (us-east-1、Linux/x86、2026 年 3 月の料金。Spot は最大 70% 割引)。",
            dollars(cents)
        )
    });
    what + &more.unwrap_or_default()
}

pub(super) fn room(room: &Room) -> String {
    match room {
        Room::NoInstances => "使用できるコンテナインスタンスが登録されていません".to_owned(),
        Room::Free { instance } => format!(
            "{instance} には CPU、メモリ、ポート、属性の面で空きがあります。配置の制約を確認してください"
        ),
        Room::Nearest(nearest) => nearest_of(nearest),
    }
}

fn nearest_of(nearest: &Nearest) -> String {
    let lacks: Vec<String> = nearest.lacks.iter().map(lack).collect();
    let mut text = format!("最も近いのは {} です: {}", nearest.instance, lacks.join("、"));
    let rest: Vec<String> = nearest.rest().into_iter().map(|(how, count)| others(how, count)).collect();
    if !rest.is_empty() {
        text.push_str("。ほかに");
        text.push_str(&rest.join("、"));
    }
    if nearest.more {
        text.push_str(" (最初の 300 インスタンスのうち)");
    }
    text
}

fn lack(lack: &Lack) -> String {
    match lack {
        Lack::Active(status) => format!("ステータスは {status}"),
        Lack::Agent => "エージェントが未接続".to_owned(),
        Lack::Cpu(units) => format!("CPU が {units} ユニット不足"),
        Lack::Memory(mib) => format!("メモリが {mib} MiB 不足"),
        Lack::Ports(ports) => {
            let named: Vec<String> = ports.iter().map(u16::to_string).collect();
            format!("ポート {} が使用中", named.join(", "))
        }
        Lack::Attributes(names) => {
            let listed: Vec<&str> = names.iter().map(Redacted::as_str).collect();
            format!("属性 {} がない", listed.join(", "))
        }
    }
}

fn others(how: Rest, count: usize) -> String {
    match how {
        Rest::LackMore => format!("同等以上に不足しているものが {count} 個"),
        Rest::Away => format!("エージェント未接続が {count} 個"),
        Rest::Drain => format!("ドレイン中が {count} 個"),
    }
}
