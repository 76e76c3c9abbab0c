//! What one invocation wrote, counted by what passed through its ledger.

use super::*;
use crate::guard::Refusal;
use crate::incident::{Ending, Held, Status};
use crate::ledger::{Done, Witness};

fn confirmed() -> State {
    State::Confirmed { at: at("21:06:00"), how: How::Answered, made: None }
}

#[test]
fn each_state_into_which_an_action_comes_is_counted_once() {
    for (state, done) in [
        (proposed().state, Done { proposed: 1, ..Done::default() }),
        (confirmed(), Done { confirmed: 1, ..Done::default() }),
        (State::Failed { at: at("21:06:00"), problem: redact("no") }, Done { failed: 1, ..Done::default() }),
        (unknown().state, Done { unknown: 1, ..Done::default() }),
        (
            State::Withdrawn { at: at("21:06:00"), why: Withdrawal::NotWanted },
            Done { withdrawn: 1, ..Done::default() },
        ),
        (planned().state, Done::default()),
    ] {
        let ledger = ledger(Some(planned()));
        let witness = Witness::new(&ledger);
        step(&witness, &[], at("21:06:00"), to(state.clone())).unwrap();
        assert_eq!(witness.done(at("21:06:01")), done);
        // Something else is noted at the same action, in this invocation and in the next.
        let later = Witness::new(&ledger);
        for witness in [&witness, &later] {
            let noted = |scene: &mut Scene| {
                let action = scene.action.take().unwrap();
                scene.action = Some(Action { claims: action.claims + 1, ..action });
                Ok(())
            };
            step(witness, &[], at("21:07:00"), noted).unwrap();
        }
        assert_eq!((witness.done(at("21:07:00")), later.done(at("21:07:00"))), (done, Done::default()));
    }
}

#[test]
fn what_was_not_written_is_not_counted() {
    let ledger = ledger(Some(planned()));
    let witness = Witness::new(&ledger);
    let stale = ready(witness.read(&[Key::action(&plan().id)])).unwrap().remove(0);
    step(&ledger, &[], at("21:05:30"), to(unknown().state)).unwrap();
    let action = planned().into_state(confirmed());
    let writes = vec![Write::of_action(action, stale.as_ref(), &Policy::default(), at("21:06:00"))];
    let refused = ready(witness.commit(Transaction { writes }));
    assert!(matches!(refused, Err(LedgerError::Conflict { .. })), "{refused:?}");
    assert_eq!(witness.done(at("21:06:00")), Done::default());
}

#[test]
fn an_action_that_stays_issued_has_an_age_until_its_outcome_is_known() {
    let issued = planned().into_state(State::Issued { at: at("21:05:01") });
    let ledger = ledger(Some(issued));
    let witness = Witness::new(&ledger);
    assert_eq!(witness.done(at("21:25:01")).oldest_issued, None, "it was not looked at");
    ready(witness.read(&[Key::action(&plan().id)])).unwrap();
    let age = SignedDuration::from_mins(20);
    assert_eq!(witness.done(at("21:25:01")), Done { oldest_issued: Some(age), ..Done::default() });
    step(&witness, &[], at("21:26:00"), to(unknown().state)).unwrap();
    assert_eq!(witness.done(at("21:26:00")), Done { unknown: 1, ..Done::default() });
}

#[test]
fn an_incident_counts_when_it_opens_and_when_it_ends_and_while_a_budget_holds_it() {
    let ledger = MemoryLedger::new();
    let witness = Witness::new(&ledger);
    let write = |incident: Incident, stored: Option<&Stored>| {
        let writes = vec![Write::of_incident(incident, stored, &Policy::default(), at("21:00:00"))];
        ready(witness.commit(Transaction { writes })).unwrap();
    };
    let read = || ready(witness.read(&[Key::incident(&target(), at("21:00:00"))])).unwrap().remove(0);
    assert_eq!(read(), None);
    write(incident(), None);
    assert_eq!(witness.done(at("21:00:00")), Done { opened: 1, ..Done::default() });
    let mut held = incident();
    let until = at("22:00:00");
    held.remedies.held = Some(Held::refused(&plan(), Refusal::BudgetSpent { scope: Scope::Global, until }));
    write(held.clone(), read().as_ref());
    assert_eq!(witness.done(at("21:00:00")), Done { opened: 1, out_of_budget: 1, ..Done::default() });
    let other = Held::refused(&plan(), Refusal::ModeObserves);
    held.remedies.held = Some(other);
    let next = Witness::new(&ledger);
    let stored = ready(next.read(&[Key::incident(&target(), at("21:00:00"))])).unwrap().remove(0);
    held.status = Status::Resolved { at: at("21:30:00"), by: Ending::Quiet };
    for _ in 0..2 {
        // The second time it stands there already.
        let writes =
            vec![Write::of_incident(held.clone(), stored.as_ref(), &Policy::default(), at("21:30:00"))];
        ready(next.commit(Transaction { writes })).unwrap();
    }
    assert_eq!(next.done(at("21:30:00")), Done { ended: 1, ..Done::default() });
}
