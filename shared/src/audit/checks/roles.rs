//! What tasks and those who start them may do.

use jiff::Timestamp;

use super::{Check, Look, Seen, Severity, Source, in_definition};
use crate::audit::{Facts, Need, Ruling, needs};
use crate::observed::Observed;
use crate::redact::redact;

const EXECUTION_ROLE: Source = Source {
    name: "Amazon ECS Developer Guide, task execution IAM role",
    url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
};

pub(super) const SAME_ROLE: Check = Check {
    id: "same_role",
    severity: Severity::Warning,
    title: "the task role is the execution role as well",
    reason: "What only the agent needs, above all to read secrets and to pull images, the containers may then do too.",
    fix: "Give the task a role of its own that allows what its containers call, and nothing else.",
    source: Source {
        name: "Amazon ECS Developer Guide, IAM roles best practices",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html",
    },
    look: Look::Service(same_role),
};

pub(super) const EXECUTION_ROLE_DENIED: Check = Check {
    id: "execution_role_denied",
    severity: Severity::Error,
    title: "the execution role may not do what starting a task needs",
    reason: "The next task cannot pull its image, read its secrets or write its logs, and does not start.",
    fix: "Allow the actions that are named, on what they are named with, for the execution role.",
    source: EXECUTION_ROLE,
    look: Look::Service(execution_role_denied),
};

pub(super) const EXECUTION_ROLE_MAY_BE_DENIED: Check = Check {
    id: "execution_role_may_be_denied",
    severity: Severity::Warning,
    title: "no policy of the execution role allows what starting a task needs",
    reason: "Unless the repository's, secret's or bucket's own policy allows it, which was not read, the next task does not start.",
    fix: "Allow the actions that are named for the execution role, or see that the resource's own policy does.",
    source: EXECUTION_ROLE,
    look: Look::Service(execution_role_may_be_denied),
};

fn same_role(facts: &Facts, _now: Timestamp) -> Seen {
    in_definition(facts, |definition| match (&definition.task_role, &definition.execution_role) {
        (Some(task), Some(execution)) if task == execution => vec![redact(&format!("both are {task}"))],
        _ => Vec::new(),
    })
}

fn execution_role_denied(facts: &Facts, _now: Timestamp) -> Seen {
    refused(facts, |need, ruling| match ruling {
        Ruling::Denied => true,
        Ruling::NotAllowed => !need.by_resource_policy,
        Ruling::Allowed | Ruling::DependsOn(_) => false,
    })
}

fn execution_role_may_be_denied(facts: &Facts, _now: Timestamp) -> Seen {
    refused(facts, |need, ruling| *ruling == Ruling::NotAllowed && need.by_resource_policy)
}

/// The needs whose ruling is so. What nobody ruled on is not seen, unless something else is found.
fn refused(facts: &Facts, is_so: impl Fn(&Need, &Ruling) -> bool) -> Seen {
    let definition = match &facts.definition {
        Observed::Known(definition) => definition,
        Observed::Absent => return Seen::Nothing,
        Observed::Unknown(why) => return Seen::Unseen(why.clone()),
    };
    let permissions = match &facts.permissions {
        Observed::Known(permissions) => permissions,
        // Without an execution role the container instance's is asked, or ECS refuses the definition.
        Observed::Absent => return Seen::Nothing,
        Observed::Unknown(why) => return Seen::Unseen(why.clone()),
    };
    let (mut found, mut unseen) = (Vec::new(), None);
    for need in needs(definition, &facts.service.ecs.cluster, facts.service.launch) {
        match permissions.get(&(need.action.to_owned(), need.resource.clone())) {
            Some(Ruling::DependsOn(keys)) => {
                unseen.get_or_insert_with(|| {
                    format!(
                        "whether {} is allowed depends on {} of the request",
                        need.action,
                        keys.join(", ")
                    )
                });
            }
            Some(ruling) if is_so(&need, ruling) => {
                found.push(redact(&format!("{} on {}", need.action, need.resource)));
            }
            Some(_) => {}
            None => {
                unseen.get_or_insert_with(|| format!("IAM did not say whether {} is allowed", need.action));
            }
        }
    }
    match unseen {
        Some(why) if found.is_empty() => Seen::Unseen(why),
        _ => Seen::of(found),
    }
}
