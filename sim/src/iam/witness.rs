//! Requests that show what a policy allows: whatever else a policy allows as well, it allows more than another where one of them is refused by
//! that.
//!
//! Each action of each statement is asked for on each of its resources, under each context that its conditions tell apart: with one of the
//! values that they name, with all, with none, and with one that they do not name. A wildcard is filled with what no
//! policy names.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Condition, Set, Wanted};
use super::glob::Glob;
use super::{Patterns, Policy, Request, Statement};

/// What stands for a star: no policy names it, so whoever allows it allows anything there.
const ANYTHING: [&str; 2] = ["☃", "☃/☃:☃"];

type Context = BTreeMap<String, Vec<String>>;

/// Requests that a policy allows: some for each of its statements.
pub fn witnesses(policy: &Policy) -> BTreeSet<Request> {
    let all = policy.statements.iter().filter(|statement| statement.allows).flat_map(Statement::witnesses);
    all.filter(|request| policy.allows(request)).collect()
}

/// What `granted` allows and `declared` does not.
pub fn beyond(granted: &Policy, declared: &Policy) -> Vec<Request> {
    witnesses(granted).into_iter().filter(|request| !declared.allows(request)).collect()
}

impl Statement {
    fn witnesses(&self) -> Vec<Request> {
        let contexts = self.contexts();
        let mut all = Vec::new();
        for action in self.actions.examples() {
            for resource in self.resources.examples() {
                for context in &contexts {
                    let (action, resource) = (action.clone(), resource.clone());
                    all.push(Request { action, resource, context: context.clone() });
                }
            }
        }
        all
    }

    /// Contexts under which its conditions hold.
    fn contexts(&self) -> Vec<Context> {
        let keys: BTreeSet<String> =
            self.conditions.iter().map(|condition| condition.key.to_lowercase()).collect();
        let mut contexts = vec![Context::new()];
        for key in &keys {
            let of_key: Vec<&Condition> =
                self.conditions.iter().filter(|condition| condition.key.eq_ignore_ascii_case(key)).collect();
            let mut next = Vec::new();
            for context in &contexts {
                next.extend(candidates(&of_key).into_iter().map(|values| {
                    let mut with = context.clone();
                    if let Some(values) = values {
                        with.insert(key.clone(), values);
                    }
                    with
                }));
            }
            contexts = next;
        }
        contexts.retain(|context| {
            let request = Request { context: context.clone(), ..Request::new("", "") };
            self.conditions.iter().all(|condition| condition.holds(&request))
        });
        contexts
    }
}

/// Values of a key that its conditions may tell apart; nothing: the key is absent.
fn candidates(conditions: &[&Condition]) -> Vec<Option<Vec<String>>> {
    let named: BTreeSet<String> =
        conditions.iter().flat_map(|condition| condition.values.iter().flat_map(examples_of)).collect();
    let mut all = vec![None, Some(vec![ANYTHING.concat()])];
    all.extend(named.iter().map(|value| Some(vec![value.clone()])));
    if conditions.iter().any(|condition| condition.set.is_some()) {
        all.push(Some(named.iter().cloned().collect()));
    }
    if conditions.iter().any(|condition| condition.set == Some(Set::Any)) {
        let with_another = |value: &String| Some(vec![value.clone(), ANYTHING.concat()]);
        all.extend(named.iter().map(with_another));
    }
    all
}

fn examples_of(wanted: &Wanted) -> Vec<String> {
    match wanted {
        Wanted::Text(glob) => ANYTHING.iter().map(|any| glob.example(any)).collect(),
        Wanted::Arn(components) => {
            let components: Vec<String> = components.iter().map(|glob| glob.example("☃")).collect();
            vec![components.join(":")]
        }
        Wanted::Absent(_) => Vec::new(),
    }
}

impl Patterns {
    fn examples(&self) -> BTreeSet<String> {
        if self.is_not {
            return ANYTHING.iter().map(|any| (*any).to_owned()).collect();
        }
        let nothing = Request::new("", "");
        let of = |glob: &Glob| {
            let all = ANYTHING.iter().map(|any| glob.example(any));
            all.filter(|example| glob.matches(example, &nothing)).collect::<Vec<_>>()
        };
        self.these.iter().flat_map(of).collect()
    }
}
