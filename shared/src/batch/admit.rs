//! Whether a run that is due begins.

use jiff::Timestamp;

use super::{Concurrency, Job, JobRecord, LateFor, MAX_ACTIVE, Run, Skip, Slot, StartedOn};
use crate::observed::Observed;
use crate::ports::Definition;
use crate::redact::{Redacted, quoted, redact};

/// What is decided about a run that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It cannot be said without its task definition.
    NeedDefinition,
    /// It has its job's turn, with this task definition.
    Claim(Box<Definition>),
    /// Not now.
    Wait(LateFor),
    /// Not now: these runs of its job are to end first.
    Replace(Vec<Slot>),
    /// It is left out.
    Skip(Skip),
    /// It cannot run at all.
    Refuse(Redacted),
}

/// Decides about a run that is due. `job` is as it is configured now.
pub fn admit(
    run: &Run,
    record: &JobRecord,
    job: Option<&Job>,
    definition: Option<&Observed<Definition>>,
    now: Timestamp,
) -> Admission {
    let Some(job) = job else { return Admission::Skip(Skip::Gone) };
    if job.suspended && !run.by.is_person() {
        return Admission::Skip(Skip::Suspended);
    }
    let waits_for_its_turn = record.queue.contains(&run.id.slot);
    if !waits_for_its_turn && now.duration_since(run.wanted_at()) > job.rules.starting_deadline {
        return Admission::Skip(Skip::Missed);
    }
    if record.is_broken(now) && matches!(run.by, StartedOn::Schedule | StartedOn::After) {
        return Admission::Skip(Skip::Breaker);
    }
    if let Some(held) = turn(run, record, job) {
        return held;
    }
    let known = |name: &&String| job.parameters.contains_key(*name);
    if let Some(name) = run.set.keys().find(|name| !known(name)) {
        let names: Vec<&str> = job.parameters.keys().map(String::as_str).collect();
        let problem = match names.as_slice() {
            [] => format!("`{name}` was set, and the job has no parameters"),
            names => format!("`{name}` was set, and the job has only the parameters {}", names.join(", ")),
        };
        return Admission::Refuse(redact(&problem));
    }
    let name = &job.task.task_definition;
    match definition {
        None => Admission::NeedDefinition,
        Some(Observed::Unknown(why)) => Admission::Wait(LateFor::Unread(quoted(why))),
        Some(Observed::Absent) => Admission::Refuse(redact(&format!("there is no task definition {name}"))),
        Some(Observed::Known(found)) if !found.is_active => {
            Admission::Refuse(redact(&format!("the task definition {name} is not ACTIVE")))
        }
        Some(Observed::Known(found)) => Admission::Claim(Box::new(found.clone())),
    }
}

/// What other runs of the job have to do with it; `None`: nothing is in its way.
fn turn(run: &Run, record: &JobRecord, job: &Job) -> Option<Admission> {
    let own = &run.id.slot;
    let mut before: Vec<Slot> = record.active.iter().filter(|slot| *slot != own).cloned().collect();
    before.extend(record.queue.iter().take_while(|slot| *slot != own).cloned());
    let first = before.first().cloned()?;
    // What a person asks for by name is not left out: it waits.
    let concurrency = match job.rules.concurrency {
        Concurrency::Forbid | Concurrency::Replace if run.by.is_person() => Concurrency::Queue,
        other => other,
    };
    match concurrency {
        Concurrency::Allow if record.active.len() < MAX_ACTIVE => None,
        Concurrency::Allow | Concurrency::Queue => Some(Admission::Wait(LateFor::Turn)),
        Concurrency::Forbid => Some(Admission::Skip(Skip::StillRunning { run: first })),
        Concurrency::Replace => Some(Admission::Replace(before)),
    }
}
