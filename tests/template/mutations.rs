//! That a role which lacks one permission is noticed, and one that has one too many.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use steward::permissions::{Function, Grants};

use crate::roles::more;
use crate::stack::{SWITCHES, declared, documents, everything, policy, switched};

/// Actions that no function needs, of services that they call and of others.
const UNNEEDED: [&str; 12] = [
    "ecs:DeleteService",
    "ecs:Describe*",
    "dynamodb:DeleteItem",
    "dynamodb:Scan",
    "sqs:PurgeQueue",
    "sqs:*",
    "ssm:PutParameter",
    "iam:CreateRole",
    "kms:CreateGrant",
    "logs:DeleteLogGroup",
    "sts:AssumeRole",
    "*",
];

fn listed(value: &Value) -> Vec<Value> {
    value.as_array().map_or_else(|| vec![value.clone()], Clone::clone)
}

/// The statements of a policy, one of them changed, or left out.
fn changed(document: &Value, index: usize, change: impl FnOnce(&mut Value)) -> Value {
    let mut document = document.clone();
    let statements = document["Statement"].as_array_mut().unwrap();
    change(&mut statements[index]);
    statements.retain(|statement| {
        !listed(&statement["Action"]).is_empty() && !listed(&statement["Resource"]).is_empty()
    });
    document
}

/// Policies that allow less, each with what is missing.
fn less(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (index, statement) in document["Statement"].as_array().unwrap().iter().enumerate() {
        for field in ["Action", "Resource"] {
            let members = listed(&statement[field]);
            for member in &members {
                let rest: Vec<&Value> = members.iter().filter(|other| *other != member).collect();
                let without = changed(document, index, |statement| statement[field] = json!(rest));
                all.push((format!("{} without {field} {member}", statement["Sid"]), without));
            }
        }
        // One of several values of a condition.
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().unwrap() {
                let values = listed(values);
                for value in values.iter().filter(|_| values.len() > 1) {
                    let rest: Vec<&Value> = values.iter().filter(|other| *other != value).collect();
                    let without = changed(document, index, |it| it["Condition"][operator][key] = json!(rest));
                    all.push((format!("{} without {key} {value}", statement["Sid"]), without));
                }
            }
        }
    }
    all
}

/// Policies that allow more, each with what is too much.
fn too_much(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (index, statement) in document["Statement"].as_array().unwrap().iter().enumerate() {
        let sid = &statement["Sid"];
        for action in UNNEEDED {
            let with = [listed(&statement["Action"]), vec![json!(action)]].concat();
            let added = changed(document, index, |it| it["Action"] = json!(with));
            all.push((format!("{sid} with {action}"), added));
        }
        if listed(&statement["Resource"]) != [json!("*")] {
            all.push((format!("{sid} on *"), changed(document, index, |it| it["Resource"] = json!("*"))));
        }
        for resource in listed(&statement["Resource"]) {
            // One level up: `…:service/shop/*` to `…:service/*`.
            let wider = resource.as_str().unwrap().rsplit_once(['/', ':']).map(|(up, _)| format!("{up}*"));
            if let Some(wider) = wider {
                let with = [listed(&statement["Resource"]), vec![json!(wider)]].concat();
                let added = changed(document, index, |it| it["Resource"] = json!(with));
                all.push((format!("{sid} on {wider}"), added));
            }
        }
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().unwrap() {
                let without = changed(document, index, |it| {
                    let operators = it["Condition"].as_object_mut().unwrap();
                    operators.get_mut(operator).unwrap().as_object_mut().unwrap().remove(key);
                });
                all.push((format!("{sid} without {operator} of {key}"), without));
                let more = if operator == "Null" { json!("true") } else { json!("arn:aws:any:thing:at:all") };
                let with = [listed(values), vec![more]].concat();
                let added = changed(document, index, |it| it["Condition"][operator][key] = json!(with));
                all.push((format!("{sid} with another {operator} of {key}"), added));
            }
        }
    }
    all
}

/// What is not noticed.
fn unnoticed(function: Function, grants: &Grants) -> Vec<String> {
    let documents = documents(function, grants);
    let [document] = documents.as_slice() else { panic!("{function:?} has {} policies", documents.len()) };
    let declared = declared(function, grants);
    let lacking =
        less(document).into_iter().map(|(what, mutant)| (what, more(&declared, &policy(&[mutant]))));
    let exceeding =
        too_much(document).into_iter().map(|(what, mutant)| (what, more(&policy(&[mutant]), &declared)));
    let mut tried = 0;
    let kept: Vec<String> = lacking
        .chain(exceeding)
        .inspect(|_| tried += 1)
        .filter(|(_, noticed)| noticed.is_empty())
        .map(|(what, _)| what)
        .collect();
    assert!(tried > 100, "{function:?}: {tried}");
    kept
}

#[test]
fn each_permission_that_is_removed_and_each_that_is_added_is_noticed() {
    for function in Function::ALL {
        for grants in [everything(), switched(SWITCHES.iter().map(|(name, _)| *name))] {
            assert_eq!(unnoticed(function, &grants), Vec::<String>::new(), "{function:?} with {grants:?}");
        }
    }
}

#[test]
fn that_services_move_only_by_capacity_providers_is_noticed_where_it_is_dropped() {
    let only_strategies = switched(["capacity_fallback"]);
    let unnoticed: BTreeSet<String> =
        unnoticed(Function::Remediation, &only_strategies).into_iter().collect();
    assert_eq!(unnoticed, BTreeSet::new());
}
