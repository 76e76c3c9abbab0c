//! What needs a person: each with the command that deals with it.

use jiff::{SignedDuration, Timestamp};
use steward::action::{Action, State};
use steward::notification::moment;
use steward::scaling::OrderState;

use super::read::Status;
use crate::jobs::rough;

/// News is told within seconds; what is due for so long is held up.
const LATE: SignedDuration = SignedDuration::from_mins(5);
/// A round of the patrol begins every five minutes; after so long without one the remediation function stands still.
const SILENT: SignedDuration = SignedDuration::from_mins(15);

/// What needs a person, the most urgent first.
pub(super) fn of(status: &Status, now: Timestamp) -> Vec<String> {
    let mut needs = Vec::new();
    let count = |is_meant: &dyn Fn(&Action) -> bool| {
        status.open.actions.iter().filter(|action| is_meant(action)).count()
    };
    let unknown = count(&|action| matches!(action.state, State::Unknown { .. }));
    let asked = count(&|action| matches!(action.state, State::Proposed { .. }) && action.approved.is_none());
    let orders = status.scalers.iter().filter_map(|scaler| scaler.order.as_ref());
    let orders =
        orders.filter(|order| order.state == OrderState::Proposed && order.approved_by.is_none()).count();
    if unknown > 0 {
        let what = plural(unknown, "action", "actions");
        needs.push(format!(
            "{what} of which nobody knows whether it took effect: `steward actions --unknown`"
        ));
    }
    if asked > 0 {
        let what = plural(asked, "action waits", "actions wait");
        needs.push(format!("{what} for your approval: `steward actions --proposed`"));
    }
    if orders > 0 {
        let what = plural(orders, "scaled service waits", "scaled services wait");
        needs.push(format!("{what} for your approval: `steward scaling`"));
    }
    if !status.open.incidents.is_empty() {
        let what = plural(status.open.incidents.len(), "incident goes on", "incidents go on");
        needs.push(format!("{what}: `steward incidents`"));
    }
    let jobs = status.jobs.iter().filter(|job| job.trouble.is_some()).count();
    if jobs > 0 {
        needs.push(format!("{} in trouble: `steward jobs`", plural(jobs, "job is", "jobs are")));
    }
    let scalers = status.scalers.iter().filter(|scaler| scaler.streak.trouble.is_some()).count();
    if scalers > 0 {
        let what = plural(scalers, "scaled service is", "scaled services are");
        needs.push(format!("{what} in trouble: `steward scaling`"));
    }
    for channel in &status.refusing {
        needs.push(format!("channel {} refuses messages: `steward suppressed`", channel.channel));
    }
    if let Some(oldest) = status.late.first().filter(|due| now.duration_since(due.at) >= LATE) {
        let late = rough(now.duration_since(oldest.at));
        needs.push(format!("news has been due for {late}: see the log of the notifications function"));
    }
    if let Some(at) = status.patrolled_at().filter(|at| now.duration_since(*at) >= SILENT) {
        needs.push(format!("the remediation function has begun no round since {}: see its log", moment(at)));
    }
    needs
}

/// A number with its noun.
pub(super) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
