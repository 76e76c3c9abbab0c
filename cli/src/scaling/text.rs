//! For people: a table of all scaled services in 80 columns.

use std::io::{self, Write};

use anstyle::Style;
use steward::config::Mode;
use steward::redact::redact;
use steward::scaling::{Decision, OrderState};
use steward::words::Language::En;
use steward::words::scaling::{count, short_hold, short_limit, span};

use super::read::{Overview, Shown};
use crate::jobs::{Cell, write_table};
use crate::terminal::{BOLD, DIM, RED, YELLOW};

const PLAIN: Style = Style::new();

pub(super) fn write(out: &mut impl Write, overview: &Overview) -> io::Result<()> {
    if overview.services.is_empty() {
        return writeln!(out, "the configuration scales no service");
    }
    let rows: Vec<_> = overview.services.iter().map(row).collect();
    write_table(out, [("SERVICE", 20), ("TASKS", 13), ("MESSAGES", 13), ("WAIT", 11), ("WHY", 15)], &rows)?;
    writeln!(out, "{DIM}One in detail: steward scaling CLUSTER/SERVICE{DIM:#}")
}

fn row(service: &Shown) -> [Cell; 5] {
    let name = redact(service.service.as_str());
    let cluster = redact(&service.cluster);
    let mut named = Cell::default().line(BOLD, name.as_str()).line(DIM, cluster.as_str());
    if service.suspended {
        named = named.line(YELLOW, "put aside");
    } else if service.mode != Mode::Act {
        named = named.line(DIM, service.mode.as_str());
    }
    let Some(decision) = &service.decision else {
        let unseen = Cell::default().line(DIM, "not looked at");
        return [named, unseen, Cell::default(), Cell::default(), Cell::default()];
    };
    [named, tasks(service, decision), messages(decision), wait(service, decision), why(service, decision)]
}

fn tasks(service: &Shown, decision: &Decision) -> Cell {
    let wanted = count(u64::from(decision.wanted));
    let tasks = match decision.desired {
        Some(desired) if desired == decision.wanted => wanted,
        Some(desired) => format!("{} → {wanted}", count(u64::from(desired))),
        None => format!("? → {wanted}"),
    };
    let bounds = service.bounds;
    let bounds = format!("{}–{}", count(u64::from(bounds.min)), count(u64::from(bounds.max)));
    Cell::default().line(PLAIN, tasks).line(DIM, bounds)
}

fn messages(decision: &Decision) -> Cell {
    let estimate = &decision.estimate;
    let cell = Cell::default().line(PLAIN, format!("{} wait", count(estimate.visible)));
    match estimate.in_flight {
        0 => cell,
        some => cell.line(DIM, format!("{} at work", count(some))),
    }
}

fn wait(service: &Shown, decision: &Decision) -> Cell {
    let (wait, promise) = (decision.estimate.wait, service.promise.get());
    let style = if wait > promise { RED } else { PLAIN };
    Cell::default().line(style, super::detail::rough(wait)).line(DIM, format!("of {}", span(promise, En)))
}

fn why(service: &Shown, decision: &Decision) -> Cell {
    let mut cell = Cell::default().line(PLAIN, short_limit(decision.limit, En));
    if decision.is_short {
        cell = cell.line(RED, format!("{} needed", count(u64::from(decision.need.most().0))));
    }
    for hold in &decision.holds {
        cell = cell.line(YELLOW, short_hold(hold, En));
    }
    match &service.order {
        Some(order) if order.state == OrderState::Proposed => cell.line(YELLOW, "asks you"),
        Some(order) if order.state == OrderState::Refused => cell.line(RED, "refused by ECS"),
        _ => cell,
    }
}
