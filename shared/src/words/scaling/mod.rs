//! What is said of scaling: what a decision comes to and why, what keeps it from being carried out, and what a person can do.
//!
//! What others wrote, such as why something cannot be read, is hidden and cut here. A command has a space on either side in
//! Japanese, for Slack takes a backtick beside a letter for text.

mod en;
mod ja;
mod problem;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use super::Language::{self, En, Ja};
use super::alerts::duration;
use super::{full_stop, in_turn};
use crate::incident::Target;
use crate::redact::{Redacted, quoted, redact};
use crate::scaling::{Basis, Bounds, Decision, Hold, Limit, OrderState, Standing};

pub use problem::{ask, happened, place, problem_over, recovered, status, to_do};

/// A decision in a sentence or two: from how many tasks to how many, why so many, and why it is not done.
pub fn decision(decision: &Decision, promise: SignedDuration, language: Language) -> String {
    let begins = head(decision, language);
    let why = full_stop(limit(decision, promise, language), language);
    if decision.holds.is_empty() {
        return format!("{begins}: {why}");
    }
    let held = full_stop(holds(&decision.holds, language), language);
    // What stays is explained by what keeps it, and only then by what was wanted.
    match decision.order {
        Some(_) => in_turn(&format!("{begins}: {why}"), &held, language),
        None => in_turn(&format!("{begins}: {held}"), &wanted(decision, &why, language), language),
    }
}

/// `3 → 12 tasks`, `Kept at 12`, or `Held` of a service that cannot be read.
fn head(decision: &Decision, language: Language) -> String {
    match (decision.order, decision.desired, language) {
        (Some(order), ..) => change(order.from, order.to, language),
        (None, None, En) => "Held".to_owned(),
        (None, None, Ja) => "保留中".to_owned(),
        (None, Some(desired), _) if desired == decision.wanted => tasks(desired, language),
        (None, Some(desired), En) => format!("Kept at {}", count(u64::from(desired))),
        (None, Some(desired), Ja) => format!("{}のまま維持", tasks(desired, Ja)),
    }
}

fn wanted(decision: &Decision, why: &str, language: Language) -> String {
    let wanted = tasks(decision.wanted, language);
    match language {
        En if decision.wanted == 1 => format!("{wanted} is wanted: {why}"),
        En => format!("{wanted} are wanted: {why}"),
        Ja => format!("必要なのは{wanted}: {why}"),
    }
}

/// From how many tasks to how many: `3 → 12 tasks`.
pub fn change(from: u32, to: u32, language: Language) -> String {
    format!("{} → {}", count(u64::from(from)), tasks(to, language))
}

/// Why so many tasks are wanted, in one sentence.
pub fn limit(decision: &Decision, promise: SignedDuration, language: Language) -> String {
    match language {
        En => en::limit(decision, promise),
        Ja => ja::limit(decision, promise),
    }
}

/// The same in few words, for a table.
pub fn short_limit(limit: Limit, language: Language) -> &'static str {
    match language {
        En => en::short_limit(limit),
        Ja => ja::short_limit(limit),
    }
}

/// What keeps a decision from being carried out, in one sentence.
pub fn hold(hold: &Hold, language: Language) -> String {
    match language {
        En => en::hold(hold),
        Ja => ja::hold(hold),
    }
}

/// The same in few words, for a table.
pub fn short_hold(hold: &Hold, language: Language) -> &'static str {
    match language {
        En => en::short_hold(hold),
        Ja => ja::short_hold(hold),
    }
}

fn holds(holds: &[Hold], language: Language) -> String {
    let between = match language {
        En => "; ",
        Ja => "。",
    };
    let held = holds.iter().map(|held| hold(held, language));
    held.collect::<Vec<_>>().join(between)
}

/// How far an order came, behind its numbers.
pub fn order(order: &Standing, language: Language) -> String {
    let by = order.approved_by.as_ref().map(|by| quoted(by));
    match language {
        En => en::order(order, by.as_ref()),
        Ja => ja::order(order, by.as_ref()),
    }
}

/// Where a value comes from.
pub fn basis(basis: Basis, language: Language) -> &'static str {
    match (basis, language) {
        (Basis::Configured, En) => "configured",
        (Basis::Learned, En) => "learned",
        (Basis::Supposed, En) => "supposed, for nothing was observed yet",
        (Basis::Configured, Ja) => "設定値",
        (Basis::Learned, Ja) => "実測値",
        (Basis::Supposed, Ja) => "仮定値 (実測なし)",
    }
}

/// How a message's wait stands to what was promised: `~4 min of 60 s`.
pub fn wait(wait: SignedDuration, promise: SignedDuration, language: Language) -> String {
    let (wait, promise) = (about(wait, language), span(promise, language));
    match language {
        En => format!("{wait}, promised {promise}"),
        Ja => format!("{wait} (目標 {promise})"),
    }
}

/// Messages that wait, are worked on, and may not be seen yet.
pub fn backlog(decision: &Decision, language: Language) -> String {
    let estimate = &decision.estimate;
    let [waiting, worked_on, delayed] = [estimate.visible, estimate.in_flight, estimate.delayed].map(count);
    match (language, estimate.delayed) {
        (En, 0) => format!("{waiting} wait, {worked_on} are worked on"),
        (En, _) => format!("{waiting} wait, {worked_on} are worked on, {delayed} are delayed"),
        (Ja, 0) => format!("待機 {waiting}、処理中 {worked_on}"),
        (Ja, _) => format!("待機 {waiting}、処理中 {worked_on}、遅延 {delayed}"),
    }
}

/// How many tasks there are to be, and how many would be needed.
pub fn desired(decision: &Decision, language: Language) -> String {
    let wanted = count(u64::from(decision.wanted));
    let needed = count(u64::from(decision.need.most().0));
    let desired = decision.desired.map(|desired| count(u64::from(desired)));
    match (language, desired) {
        (En, Some(desired)) => format!("{desired} desired, {wanted} wanted, {needed} needed"),
        (En, None) => format!("unknown, {wanted} wanted, {needed} needed"),
        (Ja, Some(desired)) => format!("現在 {desired}、目標 {wanted}、必要 {needed}"),
        (Ja, None) => format!("現在 不明、目標 {wanted}、必要 {needed}"),
    }
}

/// How long a message takes, and where that comes from.
pub fn takes(time: SignedDuration, from: Basis, language: Language) -> String {
    format!("{} ({})", span(time, language), basis(from, language))
}

/// The least and the most tasks that there may be.
pub fn bounds(bounds: Bounds, language: Language) -> String {
    let [min, max] = [bounds.min, bounds.max].map(|bound| count(u64::from(bound)));
    match language {
        En => format!("from {min} to {max}"),
        Ja => format!("{min} ～ {max}"),
    }
}

/// How a command names a service: `shop/worker`. What is no name of ECS stands for itself.
pub fn named(target: &Target) -> String {
    let is_name = |text: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=255).contains(&text.len()) && text.chars().all(is_plain) && redact(text).as_str() == text
    };
    let (cluster, name) = (target.cluster().name(), target.name());
    if is_name(cluster) && is_name(name) { format!("{cluster}/{name}") } else { "CLUSTER/SERVICE".to_owned() }
}

/// `1 task`, `12 tasks`, `12タスク`.
pub fn tasks(tasks: u32, language: Language) -> String {
    match (language, tasks) {
        (En, 1) => "1 task".to_owned(),
        (En, tasks) => format!("{} tasks", count(u64::from(tasks))),
        (Ja, tasks) => format!("{}タスク", count(u64::from(tasks))),
    }
}

/// A number with a comma before each three digits: `4,200`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let is_group = |place: usize| place > 0 && place % 3 == first;
    let grouped = digits.chars().enumerate().flat_map(|(place, digit)| {
        let comma = is_group(place).then_some(',');
        comma.into_iter().chain([digit])
    });
    grouped.collect()
}

/// As exact as a span of some seconds has to be: `350 ms`, `1.8 s`, `60 s`, `4 min`.
pub fn span(span: SignedDuration, language: Language) -> String {
    let ms = span.as_millis().max(0);
    let tenth = |ms: i128| (ms / 1_000, ms % 1_000 / 100);
    match (ms, language) {
        (0, En) => "0 s".to_owned(),
        (0, Ja) => "0秒".to_owned(),
        (ms @ 1..1_000, En) => format!("{ms} ms"),
        (ms @ 1..1_000, Ja) => format!("{ms}ミリ秒"),
        (ms @ 1_000..10_000, _) if tenth(ms).1 > 0 => match (tenth(ms), language) {
            ((whole, part), En) => format!("{whole}.{part} s"),
            ((whole, part), Ja) => format!("{whole}.{part}秒"),
        },
        (ms @ ..120_000, En) => format!("{} s", ms / 1_000),
        (ms @ ..120_000, Ja) => format!("{}秒", ms / 1_000),
        _ => duration(span, language),
    }
}

/// An estimate: no more exact than it can be.
fn about(wait: SignedDuration, language: Language) -> String {
    match language {
        En if wait >= FOR_EVER => "more than a day".to_owned(),
        Ja if wait >= FOR_EVER => "1日以上".to_owned(),
        En => format!("about {}", span(wait, En)),
        Ja => format!("約{}", span(wait, Ja)),
    }
}

/// Beyond it an estimate says nothing more.
const FOR_EVER: SignedDuration = SignedDuration::from_hours(24);

/// Messages a second: `3.5`; of fewer than one, a minute.
fn rate(decision: &Decision, language: Language) -> String {
    let thousandths = decision.estimate.rate.0;
    match (thousandths, language) {
        (0..1_000, En) => format!("{} messages a minute", count((thousandths * 60).div_ceil(1_000))),
        (0..1_000, Ja) => format!("毎分{}件", count((thousandths * 60).div_ceil(1_000))),
        (_, En) => format!("{} messages a second", count(thousandths.div_ceil(1_000))),
        (_, Ja) => format!("毎秒{}件", count(thousandths.div_ceil(1_000))),
    }
}

/// A time of today, to the minute: `03:12 UTC`.
fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M UTC").to_string()
}

/// What others say why something cannot be read, at most 500 characters of it.
fn said(why: &str) -> Redacted {
    quoted(why)
}

/// The word of a state, for a table.
pub fn order_state(state: OrderState, language: Language) -> &'static str {
    match (state, language) {
        (OrderState::Proposed, En) => "proposed",
        (OrderState::Issued, En) => "called, not read back yet",
        (OrderState::Confirmed, En) => "done",
        (OrderState::Refused, En) => "refused by ECS",
        (OrderState::Overtaken, En) => "overtaken: the count is another, or it was not needed any more",
        (OrderState::Withdrawn, En) => "given up before it took effect",
        (OrderState::Proposed, Ja) => "承認待ち",
        (OrderState::Issued, Ja) => "実行済み (未確認)",
        (OrderState::Confirmed, Ja) => "完了",
        (OrderState::Refused, Ja) => "ECS により拒否",
        (OrderState::Overtaken, Ja) => "タスク数が変わったか不要になったため無効",
        (OrderState::Withdrawn, Ja) => "実行前に取り消し",
    }
}
