//! Order and repetition of events do not show: neither in the open incident nor in what is asked for.

use proptest::prelude::*;

use super::*;

/// The events of one world: what each says depends on its number alone.
fn event(number: u32) -> Observation {
    let second = i64::from(number * 7 % 200);
    let causes = [Cause::AppError, Cause::SpotInterrupted, Cause::HostTerminated];
    let deployment = DeploymentId::new(format!("ecs-svc/{}", number % 3));
    let step = |status| Step { at: at(second), status, reason: None };
    match number % 10 {
        3 => super::retirement::notice(&format!("arn-{}", number % 2), second),
        4 if number.is_multiple_of(3) => super::retirement::closed(&format!("arn-{}", number % 2), second),
        0 => Observation::Steady { at: at(second) },
        1 => Observation::Deployment {
            id: deployment,
            step: step(DeploymentStatus::InProgress),
            is_rollback: false,
        },
        2 => Observation::Deployment {
            id: deployment,
            step: step(DeploymentStatus::Failed),
            is_rollback: false,
        },
        _ => {
            let (task, version) = (number % 13, u64::from(number % 4));
            let mix = usize::try_from(task * 5).unwrap() + usize::try_from(version).unwrap();
            let cause = causes[mix % causes.len()];
            // A later version of one task's end is not older.
            let second = i64::from(task * 11) + i64::try_from(version).unwrap();
            Observation::Failed(Box::new(failure(task, version, second, cause)))
        }
    }
}

fn shuffled(mut events: Vec<Observation>, seed: u64) -> Vec<Observation> {
    let mut state = seed | 1;
    for i in (1..events.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        events.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
    }
    events
}

/// What is left to tell and to do: an incident that is over is not compared, for whether it was ever open depends on when
/// the good news came.
fn end_of(target: Target, events: Vec<Observation>) -> (Vec<(Cause, usize)>, Care, Option<Timestamp>) {
    let mut story = Story::new(target);
    for event in events {
        let before = story.clone();
        story.apply(event, at(1_000));
        story.ask_for_remedies(&before, &Policy::default(), at(1_000));
    }
    let open = story.incident.filter(Incident::is_open);
    let causes = open.map(|incident| incident.failures.causes()).unwrap_or_default();
    (causes, story.record.care, story.record.well_at)
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_show(
        numbers in prop::collection::vec(0u32..10_000, 0..40),
        seed in any::<u64>(),
    ) {
        for target in [service(), family()] {
            let is_for = |event: &Observation| matches!(
                (&target, event),
                (Target::Service { .. }, _) | (_, Observation::Failed(_))
            );
            let events: Vec<Observation> = numbers.iter().map(|number| event(*number)).filter(is_for).collect();
            let again = shuffled([events.clone(), events.clone()].concat(), seed);
            prop_assert_eq!(end_of(target.clone(), events), end_of(target, again));
        }
    }
}
