//! What an invocation answers, logs and counts.

use jiff::Timestamp;
use scaling::{Done, Measured};
use serde_json::{Value, json};
use steward::aws::lambda::{Failure, Metrics};
use steward::ledger::LedgerError;
use steward::scaling::OrderState;

/// The answer to a tick.
pub(crate) fn swept(done: &Done, now: Timestamp) -> Value {
    log(done);
    for measured in &done.measured {
        measure(measured, now);
    }
    let carried_out = done.orders.iter().filter(|order| order.state == OrderState::Confirmed).count();
    Metrics::new()
        .count("Sweeps", 1)
        .count("StepsFailed", done.failed.len())
        .count("Orders", carried_out)
        .count("News", done.news.len())
        .count("NudgesLost", done.not_nudged.len())
        .write(now);
    json!({
        "services": done.services, "rounds": done.rounds, "orders": carried_out, "failed": done.failed.len(),
    })
}

fn log(done: &Done) {
    for held in &done.held {
        let until = held.until.map(|until| until.to_string());
        let until = until.as_deref().unwrap_or("unknown");
        tracing::info!(
            owner = held.owner,
            until,
            "part {} is looked after by another invocation: nothing is done about it",
            held.shard
        );
    }
    for order in &done.orders {
        let (cluster, service) = (order.cluster.as_str(), order.service.as_str());
        let state = format!("{:?}", order.state).to_lowercase();
        tracing::info!(cluster, service, state, "an order: {} → {} tasks", order.from, order.to);
    }
    for problem in &done.failed {
        tracing::error!(error_type = "Steward.Step", "tried again with the next round or tick: {problem}");
    }
    for error in &done.not_nudged {
        tracing::warn!(error_type = "Steward.Nudge", "told with the next sweep instead of at once: {error}");
    }
    for subject in &done.news {
        tracing::info!(subject = %subject, "there is news");
    }
    if done.deferred > 0 {
        tracing::info!(
            "{} orders waited for a later round, for ECS takes so many calls a second",
            done.deferred
        );
    }
    if done.overtaken > 0 {
        tracing::info!("{} items were written by somebody else meanwhile, and read anew", done.overtaken);
    }
    if done.is_cut {
        tracing::warn!("time ended before the minute did: the next tick goes on");
    }
}

/// Once a minute for each service: three metrics of its own.
fn measure(measured: &Measured, now: Timestamp) {
    let metrics = Metrics::of_service(&measured.cluster, measured.service.as_str())
        .number("BacklogPerTask", measured.backlog_per_task)
        .seconds("EstimatedWait", Some(measured.wait.as_secs()));
    match measured.desired {
        Some(desired) => metrics.count("DesiredTasks", usize::try_from(desired).unwrap_or(usize::MAX)),
        None => metrics,
    }
    .write(now);
}

/// The ledger does not answer.
pub(crate) fn blind(error: &LedgerError) -> Failure {
    Failure { error_type: "Steward.Ledger", message: error.to_string() }
}

/// Lambda says nothing that this Steward's account and region could be read from.
pub(crate) fn homeless(arn: &str) -> Failure {
    let message = format!("`{arn}` is no ARN of a function: without account and region no service is found");
    Failure { error_type: "Steward.Home", message }
}

/// A request for another function, or for none.
pub(crate) fn misdirected(problem: &str) -> Failure {
    Failure { error_type: "Steward.Payload", message: problem.to_owned() }
}
