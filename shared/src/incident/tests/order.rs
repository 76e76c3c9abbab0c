//! Order and repetition of events do not show: neither in the open incident nor in what is asked for.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::arn::TaskDefinitionArn;
use crate::redact::redact;

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

pub(super) fn shuffled(mut events: Vec<Observation>, seed: u64) -> Vec<Observation> {
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

/// How often each cause was counted, in whatever incident, and whether one is open.
fn counted(events: Vec<Observation>) -> (BTreeMap<Cause, usize>, bool) {
    let mut story = Story::new(service());
    for event in events {
        story.apply(event, at(1_000));
    }
    let mut counts = BTreeMap::new();
    for (cause, count) in story.incidents().flat_map(|incident| incident.failures.causes()) {
        *counts.entry(cause).or_default() += count;
    }
    (counts, story.incident.is_some_and(|incident| incident.is_open()))
}

proptest! {
    #[test]
    fn good_news_that_comes_late_parts_what_it_ended_and_loses_nothing(
        tasks in prop::collection::btree_map(0u32..40, (0i64..200, 0usize..2, prop::option::of(0u32..2)), 0..30),
        is_of_one_deployment in any::<bool>(),
        steady in prop::collection::btree_set(0i64..200, 0..4),
        seed in any::<u64>(),
    ) {
        let causes = [Cause::AppError, Cause::OutOfMemory];
        let failures: Vec<Observation> = tasks
            .iter()
            .map(|(task, (second, cause, deployment))| {
                let mut failure = failure(*task, 4, *second, causes[*cause]);
                failure.deployment = match (deployment, is_of_one_deployment) {
                    (_, true) => Some(DeploymentId::new("ecs-svc/1")),
                    (id, false) => id.map(|id| DeploymentId::new(format!("ecs-svc/{id}"))),
                };
                Observation::Failed(Box::new(failure))
            })
            .collect();
        let news: Vec<Observation> = steady.iter().map(|second| Observation::Steady { at: at(*second) }).collect();
        let second = |event: &Observation| match event {
            Observation::Failed(failure) => failure.at,
            Observation::Steady { at } => *at,
            _ => at(0),
        };
        let mut in_order = [failures.clone(), news.clone()].concat();
        in_order.sort_by_key(second);
        let late = [shuffled([failures.clone(), failures].concat(), seed), news].concat();
        let (late, in_order) = (counted(late), counted(in_order));
        prop_assert_eq!(&late.0, &in_order.0);
        // Of several deployments, that which fails first after a steady state says whether it was one.
        prop_assert!(late.1 == in_order.1 || !is_of_one_deployment);
    }
}

/// What one deployment of a world tells of itself.
fn of_deployment(number: u32) -> Observation {
    let (deployment, second) = (number % 7, i64::from(number * 13 % 900));
    let id = DeploymentId::new(format!("ecs-svc/{deployment}"));
    let step = |status| Step { at: at(second), status, reason: None };
    let (status, is_rollback) = match number % 5 {
        0 => (DeploymentStatus::InProgress, false),
        1 => (DeploymentStatus::InProgress, true),
        2 => (DeploymentStatus::Completed, false),
        3 => (DeploymentStatus::Failed, false),
        _ => {
            let who = redact(&format!("person {}", number % 4));
            return Observation::Started { id, by: Starter::Person { who }, at: at(second) };
        }
    };
    Observation::Deployment { id, step: step(status), is_rollback }
}

/// What its tasks tell, who are heard only where the deployment is known.
fn deploys(number: u32) -> Observation {
    Observation::Deploys {
        id: DeploymentId::new(format!("ecs-svc/{number}")),
        task_definition: TaskDefinitionArn::new(format!("arn:aws:ecs:r:1:task-definition/api:{number}")),
        images: Vec::new(),
        at: at(950),
    }
}

/// All that deployments know of each other and of themselves, but for their failures.
fn deployments(events: impl IntoIterator<Item = Observation>) -> (History, Vec<Deployment>) {
    let mut story = Story::new(service());
    for event in events {
        story.apply(event, at(1_000));
    }
    let told = |deployment: Deployment| Deployment { rolled_back_to: None, ..deployment };
    (story.record.history, story.deployments.into_values().map(told).collect())
}

proptest! {
    #[test]
    fn what_deployments_know_of_each_other_does_not_depend_on_order_or_repetition(
        numbers in prop::collection::vec(0u32..10_000, 0..40),
        seed in any::<u64>(),
    ) {
        let events: Vec<Observation> = numbers.iter().map(|number| of_deployment(*number)).collect();
        let again = shuffled([events.clone(), events.clone()].concat(), seed);
        let tasks: Vec<Observation> = (0..5).map(deploys).collect();
        let tasks_again = shuffled([tasks.clone(), tasks.clone()].concat(), seed);
        let one = deployments(events.into_iter().chain(tasks));
        prop_assert_eq!(one, deployments(again.into_iter().chain(tasks_again)));
    }
}
