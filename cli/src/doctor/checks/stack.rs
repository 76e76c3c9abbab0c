//! The stack, its resources, its table, and its roles.

use steward::audit::Ruling;
use steward::observed::Observed;

use super::{Notes, count};
use crate::doctor::readings::{FUNCTIONS, QUEUES, Readings, TABLE, TOPIC};

/// By this attribute the table forgets (template.yaml).
const FORGETS_BY: &str = "expires_at";
/// The index of what is due.
const DUE: &str = "due";

pub(super) fn stack(readings: &Readings, notes: &mut Notes) {
    let name = &readings.name;
    let missing = format!("there is no stack {name} in this account and Region");
    let next = "deploy it (docs/deploying.md), or name another by --stack, --profile, --region";
    let Some(stack) = notes.known(name, &readings.stack, Some((&missing, next))) else { return };
    let because = stack.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    match stack.status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
            notes.well(format!("{name} is {}", stack.status));
        }
        "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => notes.problem(
            format!("{name} is {}, so the last update was taken back{because}", stack.status),
            format!("aws cloudformation describe-stack-events --stack-name {name} says why; then `sam deploy` again"),
        ),
        status if status.ends_with("_IN_PROGRESS") => {
            notes.problem(format!("{name} is {status}"), "wait until it has ended, and ask again");
        }
        status => notes.problem(
            format!("{name} is {status}{because}"),
            format!("aws cloudformation describe-stack-events --stack-name {name} says why"),
        ),
    }
}

pub(super) fn resources(readings: &Readings, notes: &mut Notes) {
    let Some(resources) = notes.known("what the stack has", &readings.resources, None) else { return };
    let upgrade = "deploy this version: git pull && sam build && sam deploy";
    for needed in needed() {
        if resources.get(needed).is_none_or(|found| found.physical.is_none()) {
            notes.problem(
                format!("{needed} is missing: the stack is older than this command, or was changed"),
                upgrade,
            );
        }
    }
    for (logical, found) in resources {
        let status = found.status.as_str();
        if status.ends_with("_IN_PROGRESS")
            || (status.ends_with("_COMPLETE") && !status.starts_with("DELETE"))
        {
            continue;
        }
        let because = found.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        notes.problem(format!("{logical} is {status}{because}"), "remove the cause, then `sam deploy` again");
    }
    notes.well(format!("{}, all there", count(resources.len(), "resource")));
}

/// What no stack is without.
pub(in crate::doctor) fn needed() -> impl Iterator<Item = &'static str> {
    let functions = FUNCTIONS.into_iter().map(|(_, logical)| logical);
    let queues = QUEUES.into_iter().flat_map(|(queue, dead)| [queue, dead]);
    functions.chain(queues).chain([TABLE, TOPIC])
}

pub(super) fn table(readings: &Readings, notes: &mut Notes) {
    let Some(name) = readings.physical(TABLE) else { return unread(readings, notes, "the table") };
    let missing =
        format!("the table {name} is gone, and with it the memory of incidents and of what was told");
    let next = "restore it to a point in time: aws dynamodb restore-table-to-point-in-time";
    let Some(table) = notes.known(name, &readings.table, Some((&missing, next))) else { return };
    if !["ACTIVE", "UPDATING"].contains(&table.status.as_str()) {
        notes.problem(
            format!("{name} is {}", table.status),
            "see the table in DynamoDB's console, and ask again",
        );
    }
    match table.indexes.get(DUE).map(String::as_str) {
        Some("ACTIVE" | "UPDATING") => {}
        Some(status) => notes.problem(
            format!("its index `{DUE}` is {status}: sweeps find nothing"),
            "wait until it is ACTIVE, and ask again",
        ),
        None => {
            notes.problem(format!("it has no index `{DUE}`: sweeps find nothing"), "deploy the stack again");
        }
    }
    match table.recovers {
        Some(true) => {}
        Some(false) => notes.problem(
            "it cannot be restored to a point in time",
            format!(
                "aws dynamodb update-continuous-backups --table-name {name} --point-in-time-recovery-specification \
                 PointInTimeRecoveryEnabled=true"
            ),
        ),
        None => notes.unseen(name, "DescribeContinuousBackups was not answered"),
    }
    match &table.forgets_by {
        Some(Some(attribute)) if attribute == FORGETS_BY => {}
        Some(_) => notes.problem(
            format!("it does not forget by `{FORGETS_BY}`, and grows for ever"),
            format!(
                "aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification \
                 Enabled=true,AttributeName={FORGETS_BY}"
            ),
        ),
        None => notes.unseen(name, "DescribeTimeToLive was not answered"),
    }
    if readings.parameter("TableDeletionProtection") == Some("true") && !table.is_protected {
        notes.problem(
            "it is not protected from deletion, though the stack says so",
            format!("aws dynamodb update-table --table-name {name} --deletion-protection-enabled"),
        );
    }
    notes.well(format!("{name} is {}, can be restored, and forgets", table.status));
}

/// Calls that a function cannot do without, where IAM refuses them: a boundary or an organisation's policy may, whatever the
/// role's own policy says.
pub(super) fn roles(readings: &Readings, notes: &mut Notes) {
    let mut asked = 0;
    for (logical, rulings) in &readings.rulings {
        let Some(rulings) = notes.known(logical, rulings, None) else { continue };
        asked += rulings.len();
        for ruled in rulings.iter().filter(|ruled| is_refused(&ruled.ruling)) {
            notes.problem(
                format!("the role of {logical} may not {} on {}", ruled.action, ruled.resource),
                "see whether a permissions boundary or a service control policy denies it; if not, deploy the stack again",
            );
        }
    }
    if readings.rulings.is_empty() {
        return unread(readings, notes, "roles");
    }
    notes.well(format!("{} of IAM's, none refused", count(asked, "ruling")));
}

/// What depends on a request's own conditions is no refusal.
pub(super) fn is_refused(ruling: &Ruling) -> bool {
    matches!(ruling, Ruling::Denied | Ruling::NotAllowed)
}

/// Notes that a check had nothing to go by. Where the stack is not there, or lacks it, that is said once.
pub(super) fn unread(readings: &Readings, notes: &mut Notes, about: &str) {
    if let Observed::Unknown(_) = readings.resources {
        notes.unseen(about, "The stack's resources are not known");
    }
}
