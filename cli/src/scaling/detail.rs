//! One scaled service whole: what went in, what came out, and what was learned.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use steward::notification::moment;
use steward::redact::redact;
use steward::scaling::{Decision, Limit, Need, OrderState, Standing};
use steward::words::Language::En;
use steward::words::scaling::{self, count, span};

use super::read::Shown;
use crate::jobs::ago;
use crate::terminal::{BOLD, DIM, RED, YELLOW, wrapped};

/// Names stand in so many columns.
const NAME: usize = 16;
/// Beyond it an estimate says nothing more.
const FOR_EVER: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn write(out: &mut impl Write, service: &Shown, now: Timestamp) -> io::Result<()> {
    let named = redact(&format!("{} in {}", service.service, service.cluster));
    writeln!(out, "{BOLD}{named}{BOLD:#}, {}", service.mode.as_str())?;
    if service.suspended {
        writeln!(out, "{YELLOW}Somebody has put its scaling aside, in the configuration.{YELLOW:#}")?;
    }
    if let Some(since) = service.trouble {
        writeln!(out, "{RED}Something is wrong since {}: see its alert.{RED:#}", moment(since))?;
    }
    let Some(decision) = &service.decision else {
        let unseen = "It was not looked at yet. The scaling function does, each minute, once the stack has this configuration.";
        return wrapped(out, "", unseen);
    };
    wrapped(out, "", &scaling::decision(decision, service.promise.get(), En))?;
    writeln!(out)?;
    facts(out, service, decision, now)?;
    match &service.order {
        Some(order) if order.state == OrderState::Proposed => asks(out, service, order),
        _ => Ok(()),
    }
}

fn facts(out: &mut impl Write, service: &Shown, decision: &Decision, now: Timestamp) -> io::Result<()> {
    let estimate = &decision.estimate;
    fact(out, "Decided", &format!("{}, {}", moment(decision.at), ago(decision.at, now)))?;
    let queues: Vec<String> = service.queues.iter().map(|queue| redact(&queue.0).to_string()).collect();
    fact(out, "Queues", &queues.join(", "))?;
    fact(out, "Messages", &scaling::backlog(decision, En))?;
    let burst = if estimate.is_burst { ", in a burst" } else { "" };
    fact(out, "Arriving", &format!("{:.1} a second{burst}", estimate.rate.as_f64()))?;
    fact(out, "Wait", &scaling::wait(estimate.wait, service.promise.get(), En))?;
    fact(out, "A message takes", &takes(service, decision))?;
    fact(out, "A start takes", &scaling::takes(estimate.start_up, estimate.start_up_is, En))?;
    writeln!(out)?;
    fact(out, "Tasks", &scaling::desired(decision, En))?;
    needed(out, &decision.need)?;
    fact(out, "Binding", &binding(decision))?;
    let windows = if service.bounds == decision.bounds { "" } else { " (others when it was decided)" };
    fact(out, "Bounds now", &format!("{}{windows}", scaling::bounds(service.bounds, En)))?;
    if let Some(pool) = &service.pool {
        fact(out, "Shares", redact(&pool.0).as_str())?;
    }
    for hold in &decision.holds {
        fact(out, "Held", &scaling::hold(hold, En))?;
    }
    match &service.order {
        Some(order) => fact(out, "Last order", &scaling::order(order, En)),
        None => fact(out, "Last order", "none yet"),
    }
}

fn takes(service: &Shown, decision: &Decision) -> String {
    let estimate = &decision.estimate;
    let takes = scaling::takes(estimate.service_time, estimate.service_time_is, En);
    match service.learned.completed {
        0 => takes,
        some => format!("{takes}; {} completed messages are remembered", count(some)),
    }
}

/// The terms, each with what it asks for: the most of them is needed.
fn needed(out: &mut impl Write, need: &Need) -> io::Result<()> {
    let terms = [
        ("for what arrives", need.steady),
        ("for what waits", need.drain),
        ("for what is worked on", need.in_flight),
        ("to stay warm", need.warm),
    ];
    let terms: Vec<String> =
        terms.into_iter().map(|(what, tasks)| format!("{} {what}", count(u64::from(tasks)))).collect();
    fact(out, "Needed", &format!("{}: the most of {}", count(u64::from(need.most().0)), terms.join(", ")))
}

fn binding(decision: &Decision) -> String {
    let binding = scaling::short_limit(decision.limit, En);
    match decision.limit {
        Limit::Max | Limit::Pool | Limit::Groups if decision.is_short => {
            format!("{binding}: {} would be needed", scaling::tasks(decision.need.most().0, En))
        }
        _ => binding.to_owned(),
    }
}

fn asks(out: &mut impl Write, service: &Shown, order: &Standing) -> io::Result<()> {
    let change = scaling::change(order.from, order.to, En);
    writeln!(out)?;
    if let Some(by) = &order.approved_by {
        return writeln!(out, "{change}: allowed by {}, and done soon.", redact(by));
    }
    let named = redact(&format!("{}/{}", service.cluster, service.service));
    writeln!(out, "{YELLOW}Steward proposes {change}. To allow it:{YELLOW:#}")?;
    writeln!(out, "  steward scaling {named} --approve {}", order.to)
}

fn fact(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    let lines = crate::terminal::lines(value, &format!("{name:<NAME$}"), &" ".repeat(NAME));
    for (place, line) in lines.iter().enumerate() {
        match line.split_at_checked(NAME).filter(|_| place == 0) {
            Some((name, value)) => writeln!(out, "{DIM}{name}{DIM:#}{value}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// An estimate of a wait, in few letters.
pub(super) fn rough(wait: SignedDuration) -> String {
    if wait >= FOR_EVER { "> 1 d".to_owned() } else { span(wait, En) }
}
