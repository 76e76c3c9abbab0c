//! Alerts that people thank us for: one thread a subject, in order, told once, and no more of them than anybody can read.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]

mod slack;
mod timed;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use slack::CHANNEL;
use steward::config::{Allowance, Configuration};
use steward::incident::Target;
use steward::ledger::{Key, Record, Why};
use steward::notification::{Story, Subject};
use steward_sim::slack::workspace::Fault;
use timed::Timed;

const START: &str = "2026-11-20T21:00:00Z";

/// Services fail for these: all of them are causes of their own.
const REASONS: [(&str, i64); 7] = [
    ("Essential container in task exited", 1),
    ("Essential container in task exited", 139),
    ("Essential container in task exited", 134),
    ("OutOfMemoryError: Container killed due to memory usage", 137),
    (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref r/x:1: not found",
        0,
    ),
    ("ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException", 0),
    ("Task failed container health checks", 0),
];

fn stop(cluster: &str, service: &str, task: u64, at: Timestamp, (reason, exit_code): (&str, i64)) -> Value {
    let arn = format!("arn:aws:ecs:eu-central-1:123456789012:task/{cluster}/{service}{task:024x}");
    json!({
        "version": "0", "id": format!("{service}-{task}"), "detail-type": "ECS Task State Change",
        "source": "aws.ecs", "account": "123456789012", "region": "eu-central-1", "time": at.to_string(),
        "resources": [arn],
        "detail": {
            "clusterArn": format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{cluster}"), "taskArn": arn,
            "taskDefinitionArn": format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/{service}:7"),
            "group": format!("service:{service}"), "startedBy": format!("ecs-svc/{}", 1_000),
            "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "version": 6, "stoppedReason": reason,
            "stopCode": if exit_code > 0 { "EssentialContainerExited" } else { "TaskFailedToStart" },
            "stoppedAt": at.to_string(), "containers": [{"name": "app", "exitCode": exit_code}], "overrides": {},
        },
    })
}

fn steady(cluster: &str, service: &str, at: Timestamp) -> Value {
    json!({
        "version": "0", "id": format!("steady-{service}-{at}"), "detail-type": "ECS Service Action",
        "source": "aws.ecs", "account": "123456789012", "region": "eu-central-1", "time": at.to_string(),
        "resources": [format!("arn:aws:ecs:eu-central-1:123456789012:service/{cluster}/{service}")],
        "detail": {
            "eventType": "INFO", "eventName": "SERVICE_STEADY_STATE", "createdAt": at.to_string(),
            "clusterArn": format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{cluster}"),
        },
    })
}

fn deployment(service: &str, name: &str, id: u64, at: Timestamp) -> Value {
    json!({
        "version": "0", "id": format!("d-{id}-{name}"), "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs", "account": "123456789012", "region": "eu-central-1", "time": at.to_string(),
        "resources": [format!("arn:aws:ecs:eu-central-1:123456789012:service/shop/{service}")],
        "detail": {"eventType": "INFO", "eventName": name, "deploymentId": format!("ecs-svc/{id}"),
                   "updatedAt": at.to_string(), "reason": format!("ECS deployment ecs-svc/{id} {name}.")},
    })
}

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap())
}

/// How many messages stand in the channel itself: threads, and replies that everybody sees.
fn threads(world: &Timed) -> usize {
    world.slack.borrow().threads(CHANNEL).len()
}

/// Nothing vanished: each channel knows the latest of each subject, or has on record why not; and each root is there to be seen.
fn check_all_is_told(world: &Timed) {
    let records = world.records();
    for record in records.values() {
        let Record::News(news) = record else { continue };
        if let Subject::Digest { channel } = &news.subject {
            let Some(Record::HeldBack(channel)) = records.get(&Key::held_back(channel)) else { panic!() };
            assert_eq!(channel.waiting, [], "a digest of {}", channel.channel);
            continue;
        }
        let Some(Record::Thread(thread)) = records.get(&Key::thread(&news.subject)) else {
            panic!("{} was never looked at", news.subject)
        };
        for name in ["slack", "mail"] {
            let told = &thread.told[name];
            assert_eq!(told.settled_seq(), news.seq, "{name} about {}: {told:?}", news.subject);
            if let (Some(root), "slack") = (&told.root, name) {
                let slack = world.slack.borrow();
                assert!(slack.message(CHANNEL, &root.id).is_some(), "{} is not to be seen", news.subject);
            }
        }
    }
}

/// Each post is there once, and the replies of a thread are in the order of its story.
fn check_order_and_repeats(world: &Timed) {
    let slack = world.slack.borrow();
    let mut seen = BTreeSet::new();
    let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in slack.messages(CHANNEL) {
        let key = message.metadata.as_ref().unwrap()["event_payload"]["key"].as_str().unwrap().to_owned();
        assert!(seen.insert(key.clone()), "{key} came twice");
        let (subject, step) = key.rsplit_once('#').unwrap();
        order.entry(subject.to_owned()).or_default().push(step.to_owned());
    }
    for incident in world.incidents() {
        let steps = order.remove(&incident.subject().key()).unwrap_or_default();
        let story = Story::of_incident(&incident);
        let places: Vec<usize> =
            steps.iter().filter_map(|step| story.steps.iter().position(|known| known.key == *step)).collect();
        assert!(places.is_sorted(), "{}: {steps:?}", incident.target);
    }
}

#[test]
fn ten_thousand_failures_of_twenty_services_for_different_causes_are_twenty_threads_at_the_most() {
    let world = Timed::at(START, Configuration::default());
    for round in 0..100_u64 {
        let at = world.now.get();
        let events: Vec<Value> = (0..100_u64)
            .map(|n| {
                let service = n % 20;
                let reason = REASONS[usize::try_from(service).unwrap() % REASONS.len()];
                stop("shop", &format!("s{service:02}"), round * 100 + n, at, reason)
            })
            .collect();
        world.hear(&events);
        world.pass(seconds(6));
    }
    world.pass(SignedDuration::from_hours(1));
    let incidents: usize = world.incidents().iter().map(|incident| incident.failures.count()).sum();
    assert_eq!(incidents, 20 * 500);
    assert!((1..=20).contains(&threads(&world)), "{}", threads(&world));
    let mails = world.mailbox().mails.borrow().len();
    assert!(mails <= 40, "{mails} mails in an hour and ten minutes");
    check_all_is_told(&world);
    check_order_and_repeats(&world);
}

#[test]
fn with_one_cause_in_one_cluster_it_is_one_thread_where_they_come_together() {
    let world = Timed::at(START, Configuration::default());
    for round in 0..100_u64 {
        let at = world.now.get();
        let events: Vec<Value> = (0..100_u64)
            .map(|n| stop("shop", &format!("s{:02}", n % 20), round * 100 + n, at, REASONS[4]))
            .collect();
        world.hear(&events);
        world.pass(seconds(3));
    }
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(threads(&world), 1);
    check_all_is_told(&world);
    check_order_and_repeats(&world);
}

#[test]
fn with_one_cause_in_one_cluster_they_are_five_threads_at_the_most_where_they_come_one_by_one() {
    for apart in [20, 60, 300] {
        let world = Timed::at(START, Configuration::default());
        for service in 0..20_u64 {
            let at = world.now.get();
            let events: Vec<Value> = (0..500_u64)
                .map(|n| stop("shop", &format!("s{service:02}"), service * 500 + n, at, REASONS[4]))
                .collect();
            world.hear(&events);
            world.pass(seconds(apart));
        }
        world.pass(SignedDuration::from_hours(1));
        assert!((1..=5).contains(&threads(&world)), "{} threads, {apart} s apart", threads(&world));
        check_all_is_told(&world);
    }
}

#[test]
fn an_outage_that_is_over_is_told_as_over_once() {
    let world = Timed::at(START, Configuration::default());
    let services: Vec<String> = (0..8).map(|n| format!("s{n:02}")).collect();
    let at = world.now.get();
    let events: Vec<Value> = services.iter().map(|name| stop("shop", name, 1, at, REASONS[5])).collect();
    world.hear(&events);
    world.pass(SignedDuration::from_mins(5));
    let at = world.now.get();
    world.hear(&services.iter().map(|name| steady("shop", name, at)).collect::<Vec<_>>());
    world.pass(SignedDuration::from_mins(10));
    let mails: Vec<String> = world.mailbox().mails.borrow().iter().map(|(_, title)| title.clone()).collect();
    assert_eq!(mails.len(), 2, "{mails:#?}");
    assert!(mails[0].starts_with("[CRITICAL] 8 services of shop fail together: a secret"), "{}", mails[0]);
    assert!(mails[1].starts_with("[OK] shop: outage resolved, 8 services had failed"), "{}", mails[1]);
    assert_eq!(threads(&world), 1);
    check_all_is_told(&world);
}

#[test]
fn benign_deployments_and_a_scale_in_of_500_tasks_yield_nothing_but_the_deployments_own() {
    let world = Timed::at(START, Configuration::default());
    let at = world.now.get();
    world.hear(&[deployment("web", "SERVICE_DEPLOYMENT_IN_PROGRESS", 7, at)]);
    world.pass(SignedDuration::from_mins(3));
    let at = world.now.get();
    let mut events: Vec<Value> = (0..500)
        .map(|n| {
            let mut event =
                stop("shop", "web", n, at, ("Scaling activity initiated by (deployment ecs-svc/7)", 0));
            event["detail"]["stopCode"] = json!("ServiceSchedulerInitiated");
            event
        })
        .collect();
    events.push(deployment("web", "SERVICE_DEPLOYMENT_COMPLETED", 7, at));
    world.hear(&events);
    world.pass(SignedDuration::from_mins(30));
    assert_eq!((world.incidents().len(), threads(&world)), (0, 1));
    let mails = world.mailbox().mails.borrow();
    assert_eq!(mails.len(), 1, "that it began is nothing to be mailed: {mails:?}");
    assert_eq!(mails[0].1, "[OK] service web in shop: deployment completed");
}

/// A number that a seed and a place reproduce.
fn drawn(seed: u64, place: u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ place.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state ^= state >> 31;
    state = state.wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 29)
}

#[test]
fn of_a_thousand_incidents_none_is_lost_and_nothing_comes_twice_whatever_goes_wrong_with_slack() {
    let mut configuration = Configuration::default();
    // Every service of a cluster of its own: no outage; and as many messages as there are.
    configuration.notifications.budget = Allowance { count: 1_000, within: SignedDuration::from_mins(1) };
    let world = Timed::at(START, configuration);
    world.weather(|request| match drawn(7, request) % 40 {
        0 => Some(Fault::RateLimited(7)),
        1 => Some(Fault::Status { status: 503, done: false }),
        2 => Some(Fault::Status { status: 500, done: true }),
        3 => Some(Fault::ResetBefore),
        4 => Some(Fault::ResetAfter),
        5 => Some(Fault::Hang),
        6 => Some(Fault::HiddenDrop),
        _ => None,
    });
    for n in 0..1_000_u64 {
        let at = world.now.get();
        let (cluster, reason) = (format!("c{n}"), REASONS[usize::try_from(n).unwrap() % REASONS.len()]);
        let tasks: Vec<Value> = (0..=n % 4).map(|task| stop(&cluster, "web", task, at, reason)).collect();
        world.hear(&tasks);
        world.pass(seconds(8));
        if n > 40 {
            world.hear(&[steady(&format!("c{}", n - 40), "web", at)]);
        }
    }
    // What was dropped unseen is found out by the next edit: the steady state's, or the quiet one's.
    world.pass(SignedDuration::from_hours(6));
    world.weather(|_| None);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.incidents().len(), 1_000);
    check_order_and_repeats(&world);
    let records = world.records();
    let slack = world.slack.borrow();
    let mut unseen = 0;
    for incident in world.incidents() {
        let Some(Record::Thread(thread)) = records.get(&Key::thread(&incident.subject())) else { panic!() };
        let root = thread.told["slack"].root.as_ref().unwrap();
        unseen += usize::from(slack.message(CHANNEL, &root.id).is_none());
    }
    // A message that Slack took, and dropped on the last word about an incident, nobody can know of.
    let dropped = slack.dropped(CHANNEL).count();
    assert!(unseen <= dropped / 4, "{unseen} of {dropped} that were dropped are not to be seen");
    assert!(slack.ringing(CHANNEL).next().is_none());
}

#[test]
fn what_flaps_is_one_thread_and_in_mail_a_digest() {
    let world = Timed::at(START, Configuration::default());
    for n in 0..6 {
        let mut event = stop("shop", "web", n, world.now.get(), REASONS[0]);
        // Of one deployment it would be one incident that was not over.
        event["detail"]["startedBy"] = json!(format!("ecs-svc/{}", 2_000 + n));
        world.hear(&[event]);
        world.pass(SignedDuration::from_mins(4));
        world.hear(&[steady("shop", "web", world.now.get())]);
        world.pass(SignedDuration::from_mins(4));
    }
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.incidents().len(), 6);
    assert_eq!(threads(&world), 2, "the third and what follows go on in the thread of the second");
    let mails: Vec<String> = world.mailbox().mails.borrow().iter().map(|(_, title)| title.clone()).collect();
    let digests = mails.iter().filter(|title| title.contains("held back here")).count();
    assert!((1..=3).contains(&digests) && mails.len() - digests == 4, "{mails:#?}");
    check_all_is_told(&world);
}

#[test]
fn a_budget_holds_and_what_is_beyond_comes_in_a_digest() {
    let mut configuration = Configuration::default();
    configuration.notifications.budget = Allowance { count: 10, within: SignedDuration::from_hours(1) };
    let world = Timed::at(START, configuration);
    for n in 0..60 {
        let at = world.now.get();
        world.hear(&[stop(&format!("c{n}"), "web", 1, at, REASONS[n % REASONS.len()])]);
        world.pass(seconds(10));
    }
    world.pass(SignedDuration::from_mins(20));
    let mails = world.mailbox().mails.borrow().len();
    assert!((11..=13).contains(&mails), "{mails} mails in half an hour, digests included");
    assert!((11..=13).contains(&threads(&world)), "{}", threads(&world));
    world.pass(SignedDuration::from_hours(12));
    check_all_is_told(&world);
    let Some(Record::HeldBack(mail)) = world.records().remove(&Key::held_back("mail")) else { panic!() };
    assert_eq!(mail.counts["budget"], 60, "50 that began, and the ends of the ten that were told");
}

#[test]
fn a_channel_that_took_nothing_for_an_hour_has_its_budget_still() {
    let mut configuration = Configuration::default();
    configuration.policy.quiet = SignedDuration::from_hours(100);
    configuration.notifications.budget = Allowance { count: 10, within: SignedDuration::from_hours(6) };
    let world = Timed::at(START, configuration);
    world.weather(|_| Some(Fault::RateLimited(600)));
    for (n, reason) in REASONS.into_iter().take(5).enumerate() {
        world.hear(&[stop(&format!("c{n}"), "web", 1, world.now.get(), reason)]);
    }
    world.pass(SignedDuration::from_mins(60));
    assert_eq!(threads(&world), 0);
    world.weather(|_| None);
    world.pass(SignedDuration::from_mins(15));
    assert_eq!(threads(&world), 5);
    check_all_is_told(&world);
}

#[test]
fn a_channel_that_refuses_is_an_alert_its_fallback_is_told_and_what_is_repaired_gets_what_goes_on() {
    let mut configuration = Configuration::default();
    configuration.policy.quiet = SignedDuration::from_hours(100);
    let world = Timed::at(START, configuration);
    world.slack.borrow_mut().archive(CHANNEL, true);
    world.hear(&[stop("shop", "web", 1, world.now.get(), REASONS[0])]);
    world.pass(SignedDuration::from_mins(5));
    let mails: Vec<String> = world.mailbox().mails.borrow().iter().map(|(_, title)| title.clone()).collect();
    assert_eq!(
        mails,
        [
            "[WARNING] service web in shop: the application exited with an error (app_error)",
            "[CRITICAL] alerts do not reach channel slack"
        ]
    );
    let records = world.records();
    let Some(Record::HeldBack(slack)) = records.get(&Key::held_back("slack")) else { panic!() };
    assert_eq!((slack.counts["refused"], &slack.listed[0].why), (1, &Why::Refused));
    check_all_is_told(&world);
    world.slack.borrow_mut().archive(CHANNEL, false);
    world.pass(SignedDuration::from_mins(29));
    assert!(threads(&world) >= 1, "{}", threads(&world));
    let last = world.mailbox().mails.borrow().last().unwrap().1.clone();
    assert_eq!(last, "[OK] alerts reach channel slack again");
    check_all_is_told(&world);
}

#[test]
fn what_goes_on_is_told_again_every_four_hours() {
    let mut configuration = Configuration::default();
    configuration.policy.quiet = SignedDuration::from_hours(100);
    let world = Timed::at(START, configuration);
    world.hear(&[stop("shop", "web", 1, world.now.get(), REASONS[0])]);
    world.pass(SignedDuration::from_hours(13));
    assert_eq!(world.mailbox().mails.borrow().len(), 4);
    let slack = world.slack.borrow();
    assert_eq!(slack.threads(CHANNEL).len(), 1);
    assert_eq!(slack.messages(CHANNEL).count(), 4, "the root, and three replies");
}

#[test]
fn targets_are_told_apart() {
    let world = Timed::at(START, Configuration::default());
    world.hear(&[stop("shop", "web", 1, start(), REASONS[0]), stop("shop", "api", 1, start(), REASONS[1])]);
    world.pass(SignedDuration::from_mins(1));
    let names: Vec<String> = world
        .incidents()
        .iter()
        .map(|incident| match &incident.target {
            Target::Service { name, .. } => name.to_string(),
            other => other.to_string(),
        })
        .collect();
    assert_eq!((names, threads(&world)), (vec!["api".to_owned(), "web".to_owned()], 2));
}
