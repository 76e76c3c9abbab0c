//! The template's roles allow what the functions declare and Lambda needs, and nothing else, whatever the parameters are.

use std::collections::BTreeSet;

use steward::permissions::{Function, Grants};
use steward_sim::iam::{Policy, beyond};

use crate::stack::{SWITCHES, declared, everything, granted, switched};

/// What of the grants is a function's business: all of these are tried together.
fn business(function: Function) -> Vec<&'static str> {
    let own: &[&str] = match function {
        Function::Remediation => &[
            "changes",
            "task_roles",
            "raise_memory",
            "drain",
            "hook_answers",
            "capacity_fallback",
            "desired_count_limit",
        ],
        Function::Batch => &["jobs", "job_task_roles", "key"],
        Function::Scaling => &["scaling", "scaling_queues", "key"],
        Function::Notifications => {
            &["slack_webhook", "slack_secrets", "slack_key", "alert_topics", "task_logs"]
        }
    };
    [&["cluster"], own].concat()
}

/// All sets of grants that matter to a function: of its own business each set, of all others' each alone, all, and all but its own.
fn sets(function: Function) -> Vec<Grants> {
    let own = business(function);
    let of_bits = |bits: usize| {
        let chosen = own.iter().enumerate().filter(|(index, _)| bits & (1 << index) != 0);
        switched(chosen.map(|(_, name)| *name))
    };
    let mut sets: Vec<Grants> = (0..1 << own.len()).map(of_bits).collect();
    sets.extend(SWITCHES.iter().map(|(name, _)| switched([*name])));
    sets.push(switched(SWITCHES.iter().map(|(name, _)| *name)));
    sets.push(everything());
    sets.push(switched(SWITCHES.iter().map(|(name, _)| *name).filter(|name| !own.contains(name))));
    sets
}

/// What one allows and the other does not, in words.
pub(crate) fn more(one: &Policy, other: &Policy) -> BTreeSet<String> {
    beyond(one, other).into_iter().map(|request| format!("{request:?}")).collect()
}

#[test]
fn a_role_allows_what_is_declared_and_nothing_else() {
    for function in Function::ALL {
        let sets = sets(function);
        assert!(sets.len() > 16, "{function:?}");
        for grants in &sets {
            let (granted, declared) = (granted(function, grants), declared(function, grants));
            let none = BTreeSet::<String>::new();
            assert_eq!(
                more(&declared, &granted),
                none,
                "{function:?} lacks what it declares, with {grants:?}"
            );
            assert_eq!(
                more(&granted, &declared),
                none,
                "{function:?} may what it does not declare, with {grants:?}"
            );
        }
    }
}

#[test]
fn what_is_granted_to_one_function_is_granted_to_no_other() {
    let nothing = Grants::default();
    for (function, others) in [
        (Function::Batch, vec!["changes", "task_roles", "raise_memory", "drain", "hook_answers", "scaling"]),
        (
            Function::Scaling,
            vec!["changes", "jobs", "job_task_roles", "capacity_fallback", "desired_count_limit"],
        ),
        (Function::Remediation, vec!["jobs", "job_task_roles", "scaling", "scaling_queues", "task_logs"]),
        (Function::Notifications, vec!["changes", "task_roles", "jobs", "job_task_roles", "scaling"]),
    ] {
        let (with, without) = (granted(function, &switched(others)), granted(function, &nothing));
        assert_eq!(more(&with, &without), BTreeSet::new(), "{function:?}");
    }
}
