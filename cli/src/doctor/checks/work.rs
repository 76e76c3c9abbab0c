//! Whether events come, functions run, and nothing is stuck.

use steward::observed::Observed;
use steward::ports::FunctionState;

use super::stack::unread;
use super::{Notes, count};
use crate::doctor::readings::{FUNCTIONS, Figures, QUEUES, Readings, TABLE, last};

/// An event that is older is recorded, and leads to nothing by itself.
const STALE: f64 = 900.0;
/// News wait for channels that refuse for a while; longer than an hour something is wrong.
const UNTOLD: f64 = 3_600.0;
/// One failed invocation is tried again; as many as this within the hour are no accident.
const FAILED: f64 = 3.0;
/// Rules whose events are not for remediation, and schedules: the resources that they send to. All others feed its queue.
const TARGETS: [(&str, &str); 5] = [
    ("JobTaskRule", "JobsQueue"),
    ("RemediationFunctionSweep", "RemediationFunction"),
    ("NotificationsFunctionSweep", "NotificationsFunction"),
    ("BatchFunctionSweep", "BatchFunction"),
    ("ScalingFunctionSweep", "ScalingFunction"),
];
/// Off unless the stack may drain hosts.
const SPOT_RULE: (&str, &str) = ("SpotRule", "AllowDrain");

pub(super) fn rules(readings: &Readings, notes: &mut Notes) {
    if readings.triggers.is_empty() {
        return unread(readings, notes, "rules");
    }
    for (logical, trigger) in &readings.triggers {
        let name = readings.physical(logical).unwrap_or(logical);
        let gone = format!("{logical} ({name}) is gone");
        let Some(trigger) = notes.known(logical, trigger, Some((&gone, "deploy the stack again"))) else {
            continue;
        };
        let is_meant_off = logical == SPOT_RULE.0 && readings.parameter(SPOT_RULE.1) != Some("true");
        if trigger.state == "DISABLED" && !is_meant_off {
            let is_schedule = is_schedule(readings, logical);
            let next = if is_schedule {
                format!("aws scheduler get-schedule --name {name}, and deploy the stack again")
            } else {
                format!("aws events enable-rule --name {name}")
            };
            notes.problem(format!("{logical} is DISABLED: what it lets through does not come"), next);
        }
        let to = TARGETS.iter().find(|(rule, _)| rule == logical).map_or("EventsQueue", |(_, to)| *to);
        let wanted = readings.physical(to).map(last);
        if let Some(wanted) = wanted
            && !trigger.targets.iter().any(|target| last(target) == wanted)
        {
            notes.problem(
                format!("{logical} does not send to {to}"),
                "somebody changed its targets: deploy the stack again",
            );
        }
        let undelivered = figure(readings, |figures| figures.undelivered.get(logical).copied().flatten());
        if let Some(undelivered) = undelivered.filter(|undelivered| *undelivered > 0.0) {
            notes.problem(
                format!("{undelivered} events of {logical} did not reach {to} within the hour"),
                format!("a message in EventsDeadLetterQueue says why (ERROR_MESSAGE); the policy of {to} must allow the rule"),
            );
        }
    }
    notes.well(format!("{}, all as the stack describes them", count(readings.triggers.len(), "rule")));
}

fn is_schedule(readings: &Readings, logical: &str) -> bool {
    let found = readings.resources.known().and_then(|resources| resources.get(logical));
    found.is_some_and(|found| found.kind == "AWS::Scheduler::Schedule")
}

pub(super) fn functions(readings: &Readings, notes: &mut Notes) {
    if readings.functions.is_empty() {
        return unread(readings, notes, "functions");
    }
    for (logical, function) in &readings.functions {
        let name = readings.physical(logical).unwrap_or(logical);
        let gone = format!("{logical} ({name}) is gone");
        if let Some(found) = notes.known(logical, function, Some((&gone, "deploy the stack again"))) {
            let because = found.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            // Inactive: not called for weeks, and woken by the next call.
            if !["Active", "Inactive"].contains(&found.state.as_str()) {
                notes.problem(format!("{logical} is {}{because}", found.state), "deploy the stack again");
            }
            if found.last_update == "Failed" {
                notes.problem(
                    format!("the last update of {logical} failed{because}"),
                    "deploy the stack again",
                );
            }
            configured(readings, notes, logical, found);
        }
        failures(readings, notes, logical);
    }
    for (logical, feed) in &readings.feeds {
        let gone = format!("{logical} is gone: its queue is not read");
        let Some(state) = notes.known(logical, feed, Some((&gone, "deploy the stack again"))) else {
            continue;
        };
        if !["Enabled", "Enabling", "Updating", "Creating"].contains(&state.as_str()) {
            let id = readings.physical(logical).unwrap_or("ID");
            notes.problem(
                format!("{logical} is {state}: its queue is not read"),
                format!("aws lambda update-event-source-mapping --uuid {id} --enabled"),
            );
        }
    }
    if let Observed::Unknown(why) = &readings.figures {
        notes.unseen("how often they fail", why);
    }
    notes.well(format!("{}, none fails", count(readings.functions.len(), "function")));
}

/// What a function was told of its place, and for which machine it was built.
fn configured(readings: &Readings, notes: &mut Notes, logical: &str, found: &FunctionState) {
    if let (Some(wanted), Some(built)) = (readings.parameter("Architecture"), &found.architecture)
        && wanted != built
    {
        notes.problem(
            format!("{logical} runs on {built}, the stack says {wanted}"),
            format!("sam build --parameter-overrides Architecture={wanted} && sam deploy"),
        );
    }
    let path = format!("/steward/{}/configuration", readings.name);
    for (variable, wanted) in [
        ("STEWARD_TABLE", readings.physical(TABLE)),
        ("STEWARD_TELL_QUEUE_URL", readings.physical("TellQueue")),
        ("STEWARD_CONFIGURATION", Some(path.as_str())),
    ] {
        let is = found.variables.get(variable).map(String::as_str);
        if wanted.is_some() && is != wanted {
            notes.problem(
                format!(
                    "{logical} has {variable}={}, the stack {}",
                    is.unwrap_or("nothing"),
                    wanted.unwrap_or_default()
                ),
                "somebody changed its environment: deploy the stack again",
            );
        }
    }
}

fn failures(readings: &Readings, notes: &mut Notes, logical: &str) {
    let failed =
        figure(readings, |figures| figures.failed.get(logical).copied().flatten()).unwrap_or_default();
    let of = figure(readings, |figures| figures.invocations.get(logical).copied().flatten());
    if failed < FAILED {
        return;
    }
    let of = of.map_or_else(String::new, |of| format!(" of {of}"));
    let error = readings.errors.get(logical);
    let says = format!("{failed}{of} invocations of {logical} failed within the hour");
    let says = match error.and_then(|error| error.known()) {
        Some(error) => format!("{says}; the latest error: {error}"),
        None => says,
    };
    let group = logical.replace("Function", "LogGroup");
    let group = readings.physical(&group).unwrap_or(&group);
    let next = format!("aws logs tail {group} --since 3h --filter-pattern '{{ $.level = \"ERROR\" }}'");
    notes.problem(says, next);
}

/// A function that ends a sweep runs, reads its configuration and reaches its table: no sign of life says more.
pub(super) fn sweeps(readings: &Readings, notes: &mut Notes) {
    let Some(figures) = notes.known("sweeps", &readings.figures, None) else { return };
    for (name, logical) in FUNCTIONS {
        let ended = figures.sweeps.get(name).copied().flatten().unwrap_or_default();
        if ended < 1.0 {
            let group = logical.replace("Function", "LogGroup");
            let group = readings.physical(&group).unwrap_or(&group);
            notes.problem(
                format!("{name} has ended no sweep for a quarter of an hour: it stands still, or fails each time"),
                format!("aws logs tail {group} --since 15m; where there is nothing, see the rules above. Right after the first \
                         deployment it takes minutes until sweeps are counted"),
            );
        }
    }
    notes.well("all functions ended some within a quarter of an hour");
}

pub(super) fn queues(readings: &Readings, notes: &mut Notes) {
    if readings.queues.is_empty() {
        return unread(readings, notes, "queues");
    }
    let mut waiting = 0;
    for (logical, _) in QUEUES {
        let Some(queue) = readings.queues.get(logical) else { continue };
        let gone = format!("{logical} is gone");
        waiting += notes
            .known(logical, queue, Some((&gone, "deploy the stack again")))
            .map_or(0, |queue| queue.messages);
        let bound = if logical == "TellQueue" { UNTOLD } else { STALE };
        let age = figure(readings, |figures| figures.ages.get(logical).copied().flatten());
        if let Some(age) = age.filter(|age| *age > bound) {
            let minutes = (age / 60.0).floor();
            notes.problem(
                format!("a message has waited in {logical} for {minutes} minutes"),
                if logical == "TellQueue" {
                    "a channel refuses: `steward suppressed` says which"
                } else {
                    "see whether its function fails, above, and is not throttled: aws lambda get-account-settings"
                },
            );
        }
    }
    if let Observed::Unknown(why) = &readings.figures {
        notes.unseen("how long messages wait", why);
    }
    notes.well(match waiting {
        0 => "reachable and empty".to_owned(),
        1 => "reachable; 1 message is on its way".to_owned(),
        some => format!("reachable; {some} messages are on their way"),
    });
}

pub(super) fn dead_letters(readings: &Readings, notes: &mut Notes) {
    if readings.queues.is_empty() {
        return unread(readings, notes, "dead letters");
    }
    for (queue, dead) in QUEUES {
        let Some(found) = readings.queues.get(dead) else { continue };
        let gone = format!("{dead} is gone");
        let Some(found) = notes.known(dead, found, Some((&gone, "deploy the stack again"))) else { continue };
        if found.messages == 0 {
            continue;
        }
        let url = readings.physical(dead).unwrap_or(dead);
        notes.problem(
            format!("{dead} has {}: {}", count(usize::try_from(found.messages).unwrap_or(usize::MAX), "message"), meaning(dead)),
            if queue == "TellQueue" {
                format!("remove the cause that the function's log names, then aws sqs purge-queue --queue-url {url}")
            } else {
                format!("remove the cause that the function's log names, then aws sqs start-message-move-task with the ARNs of {dead} and {queue} (docs/deploying.md)")
            },
        );
    }
    notes.well("none");
}

fn meaning(dead: &str) -> &'static str {
    match dead {
        "TellDeadLetterQueue" => "news that no channel took for half a day; they stay due in the table",
        "JobsDeadLetterQueue" => "events and requests of jobs that could not be handled",
        _ => "events that could not be delivered or handled",
    }
}

pub(super) fn alarms(readings: &Readings, notes: &mut Notes) {
    let Some(alarms) = notes.known("alarms", &readings.alarms, None) else { return };
    for alarm in alarms {
        if alarm.state == "ALARM" {
            let next = "its description says what to do: aws cloudwatch describe-alarms --alarm-names";
            notes.problem(format!("`{}` is in ALARM", alarm.name), format!("{next} \"{}\"", alarm.name));
        }
        if !alarm.acts {
            notes.problem(
                format!("`{}` tells nobody", alarm.name),
                format!("aws cloudwatch enable-alarm-actions --alarm-names \"{}\"", alarm.name),
            );
        }
    }
    if alarms.is_empty() && readings.resources.known().is_some() {
        notes.problem("the stack has no alarm", "deploy the stack again");
    }
    notes.well(format!("{}, none in ALARM", count(alarms.len(), "alarm")));
}

fn figure(readings: &Readings, of: impl Fn(&Figures) -> Option<f64>) -> Option<f64> {
    readings.figures.known().and_then(of)
}
