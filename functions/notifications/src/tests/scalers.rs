//! The trouble of a scaled service, from the ledger to the channels.

use jiff::SignedDuration;
use steward::incident::Severity;
use steward::scaling::{
    Basis, Bounds, Decision, Estimate, Limit, Need, Problem, QueueName, Rate, ScalerNote, ScalerTrouble,
};

use super::*;

fn decision() -> Decision {
    let estimate = Estimate {
        visible: 1_130,
        in_flight: 20,
        delayed: 0,
        rate: Rate(9_000),
        is_burst: false,
        service_time: SignedDuration::from_millis(1_800),
        service_time_is: Basis::Learned,
        start_up: SignedDuration::from_secs(35),
        start_up_is: Basis::Learned,
        wait: SignedDuration::from_secs(102),
    };
    Decision {
        at: start(),
        desired: Some(20),
        wanted: 20,
        limit: Limit::Max,
        is_short: true,
        need: Need { steady: 20, drain: 34, in_flight: 20, warm: 1 },
        estimate,
        bounds: Bounds { min: 0, max: 20 },
        order: None,
        holds: Vec::new(),
    }
}

fn trouble() -> ScalerTrouble {
    let (Subject::Incident { target, .. }, _) = subject() else { panic!("an incident") };
    let wait = SignedDuration::from_secs(102);
    let what = Problem::Short { limit: Limit::Max, allowed: 20, needed: 34, wait };
    ScalerTrouble {
        target,
        opened_at: start(),
        queues: vec![QueueName("orders".to_owned())],
        promise: SignedDuration::from_secs(60),
        standing: vec![what.kind()],
        notes: vec![ScalerNote { at: start(), what }],
        severity: Severity::Warning,
        critical_at: None,
        decision: Box::new(decision()),
        recovered: None,
    }
}

fn write(world: &World, trouble: &ScalerTrouble, seq: u64) {
    let subject = trouble.subject();
    put(&world.ledger, Key::subject(&subject), Record::ScalerTrouble(Box::new(trouble.clone())), None);
    let news = Record::News(News { subject: subject.clone(), seq });
    put(&world.ledger, Key::news(&subject), news, Some(world.clock.now()));
}

#[test]
fn the_trouble_of_a_scaled_service_is_told_once_and_again_when_it_is_over() {
    let world = World::new();
    let mut trouble = trouble();
    write(&world, &trouble, 1);
    world.tell(&trouble.subject(), "a").unwrap();
    assert_eq!(world.seen(), [1, 1]);
    let first = world.channels[0].seen.borrow()[0].clone();
    assert_eq!(first, "service api in shop breaks its promise: it needs 34 tasks, and may have 20");
    world.pass(SignedDuration::from_mins(10));
    trouble.decision.estimate.visible = 900;
    write(&world, &trouble, 2);
    world.tell(&trouble.subject(), "a").unwrap();
    assert_eq!(world.seen(), [1, 1], "other numbers are no message of their own");
    world.pass(SignedDuration::from_mins(10));
    trouble.standing.clear();
    trouble.recovered = Some(world.clock.now());
    write(&world, &trouble, 3);
    world.tell(&trouble.subject(), "a").unwrap();
    assert_eq!(world.seen(), [2, 2]);
    let last = world.channels[1].seen.borrow()[1].clone();
    assert_eq!(last, "service api in shop is scaled as promised again");
    assert_eq!(world.due(), 0);
}
