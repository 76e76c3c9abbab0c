use super::*;
use crate::arn::{ClusterArn, ServiceName};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap()
}

fn deployment(id: &str, start: i64) -> Deployment {
    let service = Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:r:1:cluster/shop"),
        name: ServiceName::new("api"),
    };
    let mut new = Deployment::new(service, DeploymentId::new(id), at(start));
    new.task_definition =
        Some(TaskDefinitionArn::new(format!("arn:aws:ecs:r:1:task-definition/api:{start}")));
    new
}

fn step(minute: i64, status: DeploymentStatus) -> Step {
    Step { at: at(minute), status, reason: None }
}

#[test]
fn the_last_good_revision_was_steady_for_the_bake_time() {
    let mut history = History::default();
    for (id, start, steady) in [("ecs-svc/1", 0, 5), ("ecs-svc/2", 60, 65), ("ecs-svc/3", 70, 74)] {
        let mut done = deployment(id, start);
        done.advance(step(steady, DeploymentStatus::Completed), false);
        history.note(&done);
    }
    let current = deployment("ecs-svc/4", 80);
    history.note(&current);
    let good = |bake| {
        let bake = SignedDuration::from_mins(bake);
        history.last_good(&current.id, bake, at(90)).map(|past| past.id.as_str().to_owned())
    };
    assert_eq!(good(6).as_deref(), Some("ecs-svc/3"));
    assert_eq!(good(10).as_deref(), Some("ecs-svc/1"), "2 was steady for five minutes, 3 for six");
    assert_eq!(good(600), None);
}

#[test]
fn a_rollback_leaves_the_deployment_that_failed_at_that_moment() {
    let mut history = History::default();
    for (id, start, failed) in [("ecs-svc/1", 0, 5), ("ecs-svc/2", 10, 15)] {
        let mut bad = deployment(id, start);
        bad.advance(step(failed, DeploymentStatus::Failed), false);
        history.note(&bad);
    }
    assert_eq!(history.rolled_back(), []);
    let mut good = deployment("ecs-svc/0", 0);
    good.advance(step(15, DeploymentStatus::InProgress), true);
    history.note(&good);
    assert_eq!(history.rolled_back(), [(DeploymentId::new("ecs-svc/2"), good.id.clone())]);
}

/// As large as anything can be that is kept of images.
fn largest(number: usize) -> Vec<Image> {
    let container = |n: usize| crate::event::Container {
        name: Some(format!("{n}{}", "\"".repeat(254))),
        image: Some(format!("{n}{number:03}{}", "\\".repeat(452))),
        ..crate::event::Container::default()
    };
    Image::of_containers(&[container(1), container(2), container(3), container(4)])
}

#[test]
fn a_full_history_and_its_largest_deployment_fit_into_items() {
    use crate::incident::TargetRecord;
    use crate::ledger::{Key, Record, encode};
    let service = deployment("ecs-svc/0", 0).service;
    let mut history = History::default();
    let who = |n| Starter::Person { who: crate::redact::redact(&format!("{n}{}", "\u{1F600}".repeat(127))) };
    for n in 0..40_i64 {
        let id = DeploymentId::new(format!("ecs-svc/{}{n:03}", "7".repeat(60)));
        let mut done = deployment(id.as_str(), n * 10);
        done.images = largest(usize::try_from(n).unwrap());
        done.advance(step(n * 10 + 5, DeploymentStatus::Completed), false);
        history.note(&done);
        history.started(&id, who(n), at(n * 10), Some(id.clone()));
        history.stopped(&id, who(n), at(n * 10));
    }
    assert_eq!(history.deployments().len(), MAX_HISTORY);
    let [latest, before, ..] = history.deployments() else { panic!() };
    let told = history.recall(&service, &latest.id).unwrap();
    assert_eq!(told.from, before.revision());
    assert_eq!(told.images.len(), 3);
    let key = Key::target(&service);
    let size = encode(&key, &Record::Deployment(told)).unwrap().len();
    assert!(size < 20_000, "a deployment's failures need room beside its revisions: {size}");
    let record = TargetRecord { history, ..TargetRecord::new(service) };
    let size = encode(&key, &Record::Target(record)).unwrap().len();
    assert!(size < 200_000, "DynamoDB takes 400 kB, and the history is not all: {size}");
}

#[test]
fn what_came_before_is_not_unlearned_when_it_is_forgotten() {
    let mut history = History::default();
    let mut first = deployment("ecs-svc/000", 0);
    first.advance(step(5, DeploymentStatus::Completed), false);
    history.note(&first);
    let mut second = deployment("ecs-svc/001", 10);
    history.note(&second);
    history.complete(&mut second);
    assert_eq!(second.from, first.revision());
    for n in 2..=20 {
        history.note(&deployment(&format!("ecs-svc/{n:03}"), n * 10));
    }
    assert_eq!((history.find(&first.id), history.deployments().len()), (None, MAX_HISTORY));
    history.complete(&mut second);
    assert_eq!(second.from, first.revision());
}

#[test]
fn what_is_recalled_of_a_deployment_is_what_was_known_of_it() {
    let mut history = History::default();
    let mut good = deployment("ecs-svc/1", 0);
    good.advance(step(5, DeploymentStatus::Completed), false);
    history.note(&good);
    let mut bad = deployment("ecs-svc/2", 10);
    bad.advance(step(15, DeploymentStatus::Failed), false);
    history.note(&bad);
    good.advance(step(15, DeploymentStatus::InProgress), true);
    history.note(&good);
    for known in [&mut good, &mut bad] {
        history.complete(known);
        let recalled = history.recall(&known.service, &known.id).unwrap();
        assert_eq!(&recalled, known, "but for its failures and ECS's words, of which there are none here");
    }
    assert_eq!(bad.rolled_back_to, Some(good.id));
}
