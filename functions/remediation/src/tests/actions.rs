//! When actions that are on their way are looked at.

use steward::action::{Action, ActionId, Because, Call, Epoch, Plan, Precondition, READS_LAG, Remedy, State};

use super::scripted_ecs::{ScriptedEcs, cluster, service, task};
use super::*;

fn stopping(task: &steward::ecs::Task) -> Plan {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let service = service("api", 1);
    let target = Target::Service { cluster: cluster(), name: service.name };
    let opened_at = At::start().now();
    Plan {
        id: ActionId::of(&home, &target, Remedy::StopTask, task.arn.as_str()),
        remedy: Remedy::StopTask,
        target,
        incident: opened_at,
        revision: None,
        call: Call::StopTask { cluster: cluster(), task: task.arn.clone() },
        precondition: Precondition::default(),
        because: Because::SpotAgain { since: opened_at, failed: 0 },
    }
}

/// An item that a sweep found due may have gone on by the hand of another; a call that is under way leaves nothing behind yet.
#[test]
fn a_call_is_not_taken_for_lost_before_its_lease_and_the_lag_of_reads_are_over() {
    let hangs = task("1", "service:api");
    let plan = stopping(&hangs);
    let (ledger, ecs, clock) = (MemoryLedger::new(), ScriptedEcs::new([service("api", 1)]), At::start());
    ecs.has(hangs);
    let now = clock.now();
    let issued = Action::claimed(plan.clone(), None, Epoch(1), now, now)
        .unwrap()
        .into_state(State::Issued { at: now });
    let lost_at = issued.lease_until + READS_LAG;
    let writes = vec![steward::ledger::Write::of_action(issued, None, &Policy::default(), now)];
    run(ledger.commit(Transaction { writes })).unwrap();
    let state = || match ledger.records().unwrap().remove(&Key::action(&plan.id)) {
        Some(Record::Action(action)) => action.state.as_str(),
        other => panic!("{other:?}"),
    };
    let tell = Nudges::default();
    let handler = Handler::new(
        Ports { ledger: &ledger, ecs: &ecs, owners: &Nowhere, tell: &tell, clock: &clock },
        Settings::default(),
    );
    let look = || run(handler.look_after(&Key::action(&plan.id), &mut Vec::new())).unwrap();
    for moment in [now, lost_at - SignedDuration::from_secs(1)] {
        clock.0.set(moment);
        look();
        assert_eq!(state(), "issued", "{moment}");
    }
    clock.0.set(lost_at);
    look();
    assert_eq!(state(), "withdrawn", "the task still runs: nothing was called, and no incident wants it");
}
