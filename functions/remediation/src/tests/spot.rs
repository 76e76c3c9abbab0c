//! Warnings of Spot: whom they are looked for among, and when.

use steward::action::Remedy;
use steward::config::{Entry, Glob, Mode, Rules, Selector};
use steward::ports::Meaning;

use super::scripted_ecs::ScriptedEcs;
use super::*;

fn policy(cluster: &str, remedies: &[Remedy]) -> Policy {
    let selector = Selector { cluster: Some(Glob::new(cluster)), ..Selector::default() };
    let mut rules = Rules { mode: Mode::Act, ..Rules::default() };
    rules.remedies.extend(remedies);
    Policy { services: vec![Entry { selector, rules }], ..Policy::default() }
}

/// A warning of 21:29:30, `minutes` after half past nine.
fn heard(ecs: &ScriptedEcs, policy: Policy, minutes: i64) -> Outcome {
    let event = json!({
        "version": "0", "id": "1", "detail-type": "EC2 Spot Instance Interruption Warning",
        "source": "aws.ec2", "account": "123456789012", "time": "2026-11-20T21:29:30Z", "region": "eu-central-1",
        "detail": {"instance-id": "i-0a", "instance-action": "terminate"},
    });
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    clock.pass(minutes);
    let ports = Ports { ledger: &ledger, ecs, owners: &Nowhere, tell: &tell, clock: &clock };
    let handler = Handler::new(ports, Settings { policy, ..Settings::default() });
    run(handler.handle(&batch(&[event.to_string()]))).unwrap()
}

#[test]
fn a_warning_is_looked_for_only_where_a_host_may_be_drained_and_only_while_there_is_time() {
    let asked = |policy: Policy, minutes: i64| {
        let ecs = ScriptedEcs::new([]);
        let outcome = heard(&ecs, policy, minutes);
        assert!(outcome.batch_item_failures().is_empty());
        (ecs.asked("clusters"), ecs.asked("find_host"))
    };
    let drain = [Remedy::DrainInstance];
    assert_eq!(asked(policy("shop", &drain), 0), (1, 1));
    assert_eq!(asked(policy("batch", &drain), 0), (1, 0), "hosts of that cluster are nobody's");
    assert_eq!(asked(policy("shop", &[]), 0), (0, 0), "the remedy is off");
    assert_eq!(asked(Policy::default(), 0), (0, 0), "nobody is enrolled");
    assert_eq!(asked(policy("shop", &drain), 2), (0, 0), "it is gone by then");
}

#[test]
fn a_warning_that_could_not_be_looked_for_comes_again() {
    for method in ["clusters", "find_host"] {
        let ecs = ScriptedEcs::new([]);
        ecs.trouble.borrow_mut().insert(method, Meaning::Throttled);
        let outcome = heard(&ecs, policy("shop", &[Remedy::DrainInstance]), 0);
        assert_eq!(outcome.batch_item_failures(), ["m-0"], "{method}");
    }
}
