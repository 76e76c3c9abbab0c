//! Scaling in English.

use jiff::SignedDuration;

use super::{clock, count, order_state, rate, said, span, tasks};
use crate::redact::Redacted;
use crate::scaling::{Decision, Hold, Leave, Limit, Standing};
use crate::words::Language::En;
use crate::words::moment;

pub(super) fn limit(decision: &Decision, promise: SignedDuration) -> String {
    let estimate = &decision.estimate;
    let wanted = tasks(decision.wanted, En);
    let (each, promise) = (span(estimate.service_time, En), span(promise, En));
    let start = span(estimate.start_up, En);
    match decision.limit {
        Limit::Steady => {
            let burst = if estimate.is_burst { " in a burst" } else { "" };
            let keep = if decision.wanted == 1 { "keeps" } else { "keep" };
            format!("{} arrive{burst}; each takes {each}; {wanted} {keep} up with them", rate(decision, En))
        }
        Limit::Drain => {
            let take = if decision.wanted == 1 { "takes" } else { "take" };
            let within = format!("{promise} of their arrival (a start takes {start})");
            match estimate.visible {
                1 => format!("1 message waits, and takes {each}; {wanted} {take} such within {within}"),
                some => {
                    format!(
                        "{} messages wait; each takes {each}; {wanted} {take} them within {within}",
                        count(some)
                    )
                }
            }
        }
        Limit::InFlight => match estimate.in_flight {
            1 => "1 message is worked on".to_owned(),
            some => format!("{} messages are worked on; no task that works is taken away", count(some)),
        },
        Limit::Warm if estimate.delayed > 0 => {
            format!("{} messages are delayed, and will be there soon", count(estimate.delayed))
        }
        Limit::Warm => format!(
            "one task stays, for from zero a message might wait for more than {promise} (a start takes {start})"
        ),
        Limit::Recent => format!("so many were needed a short while ago; now {} would do", needed(decision)),
        Limit::Min => format!("that is the minimum; {} would do", needed(decision)),
        Limit::Max if decision.is_short => {
            format!("that is the maximum; {} would be needed for {promise}", needed(decision))
        }
        Limit::Max => "that is the maximum".to_owned(),
        Limit::Pool if decision.is_short => {
            format!("what is shared leaves no more; {} would be needed for {promise}", needed(decision))
        }
        Limit::Pool => "what is shared leaves no more".to_owned(),
        Limit::Groups => format!(
            "its FIFO queues have {} message groups, and of each one message is worked on at a time",
            decision.wanted
        ),
        Limit::Nothing => "nothing waits, and nothing is worked on".to_owned(),
    }
}

fn needed(decision: &Decision) -> String {
    count(u64::from(decision.need.most().0))
}

pub(super) fn short_limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Steady => "what arrives",
        Limit::Drain => "what waits",
        Limit::InFlight => "what is worked on",
        Limit::Warm => "one stays warm",
        Limit::Recent => "needed of late",
        Limit::Min => "minimum",
        Limit::Max => "maximum",
        Limit::Pool => "shared limit",
        Limit::Groups => "message groups",
        Limit::Nothing => "nothing to do",
    }
}

pub(super) fn hold(hold: &Hold) -> String {
    match hold {
        Hold::UnknownService { why } => format!("the service cannot be read: {}", said(why)),
        Hold::NoService => "ECS knows no active service of that name".to_owned(),
        Hold::UnknownQueue { queue, why } => {
            format!("queue {} cannot be read: {}", said(&queue.0), said(why))
        }
        Hold::UnknownProtection { why } => {
            format!("whether tasks protect themselves cannot be read: {}", said(why))
        }
        Hold::NoLeave(leave) => no_leave(leave),
        Hold::Suspended => "somebody has put its scaling aside, in the configuration".to_owned(),
        Hold::Deploying => "a deployment is under way".to_owned(),
        Hold::Incident => "an incident of it is open".to_owned(),
        Hold::Action => "an action of Steward is under way".to_owned(),
        Hold::StartsFail { failed: 1 } => "a new task failed to start".to_owned(),
        Hold::StartsFail { failed } => format!("{failed} new tasks failed to start"),
        Hold::Poison { since } => format!(
            "messages get older and none is completed since {}: more tasks would not help",
            clock(*since)
        ),
        Hold::Recent { until } => format!("tasks were added of late; they stay until {}", clock(*until)),
        Hold::NotEmptyYet { readings: 0 } => "its queues are not empty".to_owned(),
        Hold::NotEmptyYet { readings } => format!("its queues were empty only {readings} times in a row"),
        Hold::Unprotected => {
            "tasks are at work and do not protect themselves: ECS might stop one that works".to_owned()
        }
        Hold::Working { tasks: 1 } => "1 task is at work, or protected".to_owned(),
        Hold::Working { tasks } => format!("{} tasks are at work, or protected", count(u64::from(*tasks))),
        Hold::Pool(pool) => format!("{}, which it shares, leaves no more", said(&pool.0)),
    }
}

fn no_leave(leave: &Leave) -> String {
    match leave {
        Leave::Given => "nobody keeps it".to_owned(),
        Leave::Paused { by } => format!("{} has paused changes", said(by)),
        Leave::AutoScalingTarget => "a target of Application Auto Scaling sets its count".to_owned(),
        Leave::NotScalable { what } => format!("its count cannot be set: {}", said(what)),
        Leave::Unknown { why } => format!("whether it may be changed cannot be read: {}", said(why)),
    }
}

pub(super) fn short_hold(hold: &Hold) -> &'static str {
    match hold {
        Hold::UnknownService { .. } => "service unreadable",
        Hold::NoService => "no such service",
        Hold::UnknownQueue { .. } => "queue unreadable",
        Hold::UnknownProtection { .. } => "protection unreadable",
        Hold::NoLeave(Leave::Given) => "kept",
        Hold::NoLeave(Leave::Paused { .. }) => "paused",
        Hold::NoLeave(Leave::AutoScalingTarget) => "Auto Scaling target",
        Hold::NoLeave(Leave::NotScalable { .. }) => "not scalable",
        Hold::NoLeave(Leave::Unknown { .. }) => "leave unreadable",
        Hold::Suspended => "put aside",
        Hold::Deploying => "deploying",
        Hold::Incident => "incident open",
        Hold::Action => "action under way",
        Hold::StartsFail { .. } => "starts fail",
        Hold::Poison { .. } => "none is completed",
        Hold::Recent { .. } => "added of late",
        Hold::NotEmptyYet { .. } => "not empty yet",
        Hold::Unprotected => "unprotected",
        Hold::Working { .. } => "at work",
        Hold::Pool(_) => "shared limit",
    }
}

pub(super) fn order(order: &Standing, by: Option<&Redacted>) -> String {
    let by = by.map(|by| format!(", approved by {by}")).unwrap_or_default();
    format!(
        "{}, {}: {}{by}",
        super::change(order.from, order.to, En),
        moment(order.at, En),
        order_state(order.state, En)
    )
}
