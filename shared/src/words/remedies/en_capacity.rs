//! What is said of room, of its price, and of failing starts, in English.

use jiff::Timestamp;

use super::{dollars, size};
use crate::action::{Because, Moved};
use crate::redact::Redacted;
use crate::remediation::{Lack, Nearest, Rest, Room};
use crate::words::Language;

fn at(at: &Timestamp) -> String {
    crate::words::moment(*at, Language::En)
}

/// `None` for what is not about room.
pub(super) fn because(because: &Because) -> Option<String> {
    Some(match because {
        Because::SpotUnavailable { count, running, desired, .. } => {
            format!("FARGATE_SPOT had no room {count} times, and {running} of {desired} tasks run")
        }
        Because::SpotAgain { since, failed: 0 } => {
            format!("it has run on demand since {}, and nothing fails", at(since))
        }
        Because::SpotAgain { since, failed } => format!(
            "it has run on demand since {}, and nothing fails; {failed} returns in a row did not last",
            at(since)
        ),
        Because::StartsFail { count, since, cause, running, desired } => format!(
            "{count} tasks have not started since {} (mostly {cause}), each paid for; {running} of {desired} run",
            at(since)
        ),
        _ => return None,
    })
}

pub(super) fn limited(to: u32, was: u32, since: &Timestamp, service: &str, cluster: &str) -> String {
    format!(
        "limited to {to} of {was} tasks since {}: not recovered. To raise it, once starts succeed: `aws ecs update-service \
         --cluster {cluster} --service {service} --desired-count {was}`",
        at(since)
    )
}

pub(super) fn costs(moved: &Moved) -> String {
    let tasks = if moved.tasks == 1 { "1 task moves" } else { "tasks move" };
    let how_many = if moved.tasks == 1 { String::new() } else { format!("Up to {} ", moved.tasks) };
    let what = match size(moved) {
        Some((cpu, memory)) if moved.tasks == 1 => {
            format!("{how_many}{tasks} to on-demand capacity: {cpu} vCPU, {memory} GB.")
        }
        Some((cpu, memory)) => {
            format!("{how_many}{tasks} to on-demand capacity, each {cpu} vCPU, {memory} GB.")
        }
        None => format!("{how_many}{tasks} to on-demand capacity; the size is not known, so no cost."),
    };
    let more = moved.at_most().map(|cents| {
        format!(
            " Estimate: at most {} more an hour (us-east-1, Linux/x86, March 2026; Spot is up to 70% cheaper).",
            dollars(cents)
        )
    });
    what + &more.unwrap_or_default()
}

pub(super) fn room(room: &Room) -> String {
    match room {
        Room::NoInstances => "no container instance is registered for it".to_owned(),
        Room::Free { instance } => {
            format!("{instance} has room by CPU, memory, ports and attributes: look at placement constraints")
        }
        Room::Nearest(nearest) => nearest_of(nearest),
    }
}

fn nearest_of(nearest: &Nearest) -> String {
    let lacks: Vec<String> = nearest.lacks.iter().map(lack).collect();
    let mut text = format!("{} is nearest: {}", nearest.instance, joined(&lacks));
    let rest: Vec<String> = nearest.rest().into_iter().map(|(how, count)| others(how, count)).collect();
    if !rest.is_empty() {
        text.push_str("; ");
        text.push_str(&rest.join(", "));
    }
    if nearest.more {
        text.push_str(" (of the first 300 instances)");
    }
    text
}

/// "it lacks 1 CPU unit and 2 MiB of memory": amounts share their verb.
fn joined(lacks: &[String]) -> String {
    let (amounts, others): (Vec<&String>, Vec<&String>) =
        lacks.iter().partition(|lack| lack.starts_with("it lacks "));
    let amounts: Vec<&str> = amounts.iter().filter_map(|lack| lack.strip_prefix("it lacks ")).collect();
    let amounts = (!amounts.is_empty()).then(|| format!("it lacks {}", amounts.join(" and ")));
    let all: Vec<String> = others.into_iter().cloned().chain(amounts).collect();
    all.join(", ")
}

fn lack(lack: &Lack) -> String {
    match lack {
        Lack::Active(status) => format!("it is {status}"),
        Lack::Agent => "its agent is not connected".to_owned(),
        Lack::Cpu(units) => format!("it lacks {units} CPU units"),
        Lack::Memory(mib) => format!("it lacks {mib} MiB of memory"),
        Lack::Ports(ports) => {
            let named: Vec<String> = ports.iter().map(u16::to_string).collect();
            let ports = if named.len() == 1 { "port" } else { "ports" };
            format!("it has {ports} {} taken", named.join(", "))
        }
        Lack::Attributes(names) => {
            let listed: Vec<&str> = names.iter().map(Redacted::as_str).collect();
            let attributes = if listed.len() == 1 { "attribute" } else { "attributes" };
            format!("it lacks the {attributes} {}", listed.join(", "))
        }
    }
}

fn others(how: Rest, count: usize) -> String {
    match (how, count) {
        (Rest::LackMore, 1) => "1 other lacks as much or more".to_owned(),
        (Rest::LackMore, count) => format!("{count} others lack as much or more"),
        (Rest::Away, 1) => "1 has no agent connected".to_owned(),
        (Rest::Away, count) => format!("{count} have no agent connected"),
        (Rest::Drain, 1) => "1 drains".to_owned(),
        (Rest::Drain, count) => format!("{count} drain"),
    }
}
