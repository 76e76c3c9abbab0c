//! Whole runs, by hand and by theory.

use jiff::Timestamp;

use crate::outcome::{Tally, percentile};
use crate::policy::{Control, Counts, Seen};
use crate::run::{Course, run, run_on};
use crate::trace::{Interval, Trace};
use crate::world::{Distribution, Options, Workers, World, WorldError};

/// A policy that does what it was told: from then on so many tasks. In seconds.
struct Plan {
    first: u32,
    orders: Vec<(u64, u32)>,
    heard: Vec<(u64, u64)>,
}

impl Plan {
    fn new(first: u32, orders: &[(u64, u32)]) -> Self {
        Self { first, orders: orders.to_vec(), heard: Vec::new() }
    }
}

impl Control for Plan {
    fn every(&self) -> u64 {
        1_000
    }

    fn first(&self) -> u32 {
        self.first
    }

    fn look(&mut self, seen: &Seen<'_>) -> Option<u32> {
        for minute in seen.minutes.get(self.heard.len()..).unwrap_or_default() {
            self.heard.push((minute.began / 1_000, seen.at / 1_000));
        }
        self.orders.iter().find(|(at, _)| *at * 1_000 == seen.at).map(|(_, tasks)| *tasks)
    }
}

/// Messages by arrival and service time, in seconds.
fn world(messages: &[(u64, u32)], options: Options) -> World {
    World {
        options,
        begins: Timestamp::UNIX_EPOCH,
        arrivals: messages.iter().map(|(at, _)| at * 1_000).collect(),
        services: messages.iter().map(|(_, takes)| takes * 1_000).collect(),
        mean_service: 10_000.0,
        ends: 3_600_000,
    }
}

fn plain() -> Options {
    Options { workers: Workers::Plain, ..Options::default() }
}

#[test]
fn waits_are_what_one_counts_by_hand() {
    let world = world(&[(0, 10), (1, 10), (2, 10), (100, 10)], Options { promise: 10_000, ..plain() });
    let outcome = run(&world, &mut Plan::new(1, &[]));
    assert_eq!((outcome.messages, outcome.late), (4, 1));
    assert_eq!((outcome.wait_p50, outcome.wait_p99), (0.0, 18.0));
    assert_eq!((outcome.task_hours, outcome.orders), (1.0, 0));
    let two_at_once = World { options: Options { per_task: 2, ..world.options }, ..world };
    assert_eq!(run(&two_at_once, &mut Plan::new(1, &[])).wait_p99, 8.0);
}

#[test]
fn a_task_is_billed_from_its_order_and_works_after_its_start_up() {
    let world = world(&[(600, 10)], Options { start_up: 100_000, ..plain() });
    let outcome = run(&world, &mut Plan::new(0, &[(620, 1), (2_420, 0)]));
    assert_eq!(outcome.task_hours, 0.5);
    assert!((100.0..=140.0).contains(&outcome.wait_p50), "{}", outcome.wait_p50);
    assert_eq!(outcome.late, 1);
}

#[test]
fn everybody_begins_with_the_tasks_that_the_first_minutes_keep_busy() {
    // Sixty messages of ten seconds in five minutes.
    let arrivals: Vec<(u64, u32)> = (0..60).map(|place| (place * 5, 10)).collect();
    for (first, hours) in [(0, 2.0), (1, 2.0), (3, 3.0)] {
        assert_eq!(run(&world(&arrivals, plain()), &mut Plan::new(first, &[])).task_hours, hours);
    }
}

#[test]
fn whoever_still_waits_in_the_end_has_waited_until_then() {
    let outcome = run(&world(&[(600, 10)], plain()), &mut Plan::new(0, &[]));
    assert_eq!((outcome.late, outcome.wait_p50, outcome.task_hours), (1, 3_000.0, 0.0));
}

#[test]
fn work_that_outlasts_the_stop_timeout_is_killed_and_comes_back_after_the_visibility_timeout() {
    // SIGTERM at 20 s, SIGKILL at 50 s, visible at 80 s; the other task has been up since about 55 s.
    let options = Options { start_up: 5_000, ..plain() };
    let outcome = run(&world(&[(0, 100)], options), &mut Plan::new(1, &[(20, 0), (60, 1), (1_860, 0)]));
    assert_eq!((outcome.killed_in_flight, outcome.late), (1, 1));
    assert_eq!(outcome.wait_p50, 80.0);
    assert_eq!(outcome.task_hours, (50.0 + 1_800.0) / 3_600.0);
}

#[test]
fn work_that_ends_within_the_stop_timeout_is_not_killed_and_nothing_else_is_taken() {
    let outcome = run(&world(&[(0, 40), (1, 10)], plain()), &mut Plan::new(1, &[(20, 0)]));
    assert_eq!((outcome.killed_in_flight, outcome.task_hours), (0, 40.0 / 3_600.0));
    assert_eq!(outcome.late, 1, "the second was left alone");
}

#[test]
fn a_protected_task_is_stopped_when_its_work_is_done() {
    let outcome = run(&world(&[(0, 100)], Options::default()), &mut Plan::new(1, &[(20, 0)]));
    assert_eq!((outcome.killed_in_flight, outcome.late), (0, 0));
    // ECS looks again every ten seconds.
    assert_eq!(outcome.task_hours, 100.0 / 3_600.0);
}

#[test]
fn of_protected_and_idle_tasks_the_idle_ones_are_stopped() {
    let messages: Vec<(u64, u32)> = (0..5).map(|_| (0, 300)).collect();
    let outcome = run(&world(&messages, Options::default()), &mut Plan::new(20, &[(60, 5), (3_000, 0)]));
    assert_eq!(outcome.killed_in_flight, 0);
    assert_eq!(outcome.task_hours, (15.0 * 60.0 + 5.0 * 3_000.0) / 3_600.0);
}

#[test]
fn one_task_with_random_work_behaves_as_queueing_theory_says() {
    // M/M/1 at half its capacity: P(wait > t) = ½·e^(-t/4 s) at two seconds each, and half a message waits on average.
    let (lasts, each) = (1_000_000_000, 2.0);
    let interval = Interval { began: 0, lasts, messages: 250_000.0 };
    let options = Options { promise: 10_000, ..Options::default() };
    let world = World::new(&Trace::Counts(vec![interval]), options).unwrap();
    assert!((world.mean_service / 1_000.0 - each).abs() < 0.02, "{}", world.mean_service);
    let mut course = Course::default();
    let outcome = run_on(&world, &mut Plan::new(1, &[]), Some(&mut course));
    let late = 0.5 * (-10.0_f64 / 4.0).exp();
    assert!((outcome.late_share() / late - 1.0).abs() < 0.1, "{} against {late}", outcome.late_share());
    assert!((outcome.wait_p95 / (4.0 * 10.0_f64.ln()) - 1.0).abs() < 0.05, "{}", outcome.wait_p95);
    let waiting: u64 = course.points.iter().map(|(_, _, waiting)| waiting).sum();
    let mean = waiting as f64 / course.points.len() as f64;
    // Little's law: half a message is an arrival in four seconds that waits for two.
    assert!((mean - 0.5).abs() < 0.05, "{mean}");
}

#[test]
fn service_times_have_their_mean_whatever_their_spread() {
    let trace = Trace::Counts(vec![Interval { began: 0, lasts: 3_600_000, messages: 200_000.0 }]);
    for distribution in [Distribution::Constant, Distribution::Exponential, Distribution::LogNormal] {
        let options = Options { distribution, service_time: Some(5_000), ..Options::default() };
        let world = World::new(&trace, options).unwrap();
        assert!((world.mean_service / 5_000.0 - 1.0).abs() < 0.02, "{distribution:?} {}", world.mean_service);
        let spread = world.services.iter().max().unwrap() / world.services.iter().min().unwrap();
        assert_eq!(spread == 1, distribution == Distribution::Constant);
    }
}

#[test]
fn parts_of_a_message_are_carried_over_and_loads_multiply() {
    let interval = |began: i64| Interval { began: began * 60_000, lasts: 60_000, messages: 0.25 };
    let trace = Trace::Counts((0..1_000).map(interval).collect());
    for (load, wanted) in [(1.0, 250), (4.0, 1_000), (0.1, 25)] {
        let world = World::new(&trace, Options { load, ..Options::default() }).unwrap();
        assert_eq!(world.arrivals.len(), wanted, "{load}");
        assert!(world.arrivals.is_sorted());
    }
}

#[test]
fn only_the_first_hours_are_taken_where_that_is_asked_for() {
    let interval = |began: i64| Interval { began: began * 3_600_000, lasts: 3_600_000, messages: 10.0 };
    let trace = Trace::Counts((0..10).map(interval).collect());
    let world = World::new(&trace, Options { shorten: Some(3), ..Options::default() }).unwrap();
    assert_eq!((world.arrivals.len(), world.ends), (30, 3 * 3_600_000 + 15 * 60_000));
}

#[test]
fn a_world_that_is_too_large_is_refused_with_what_to_do() {
    let one = |began: i64, messages: f64| Interval { began, lasts: 60_000, messages };
    let refused = |intervals: Vec<Interval>, load: f64| {
        let options = Options { load, ..Options::default() };
        World::new(&Trace::Counts(intervals), options).unwrap_err()
    };
    assert!(refused(vec![one(0, 1e12)], 1.0).to_string().contains("--shorten"));
    assert!(matches!(refused(vec![one(0, 1e300)], 1e300), WorldError::Messages(_)));
    assert!(refused(vec![one(0, 1.0), one(1_400_000_000_000, 1.0)], 1.0).to_string().contains("16203 days"));
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_another() {
    let trace = Trace::Counts(vec![Interval { began: 0, lasts: 3_600_000, messages: 2_000.0 }]);
    let outcome = |seed| {
        let options = Options { seed, ..Options::default() };
        let world = World::new(&trace, options).unwrap();
        crate::steward(&world, &crate::scaler(&options))
    };
    assert_eq!(outcome(1), outcome(1));
    assert_ne!(outcome(1), outcome(2));
}

#[test]
fn cloudwatch_tells_of_each_minute_once_and_one_to_two_minutes_late() {
    let mut plan = Plan::new(1, &[]);
    run(&world(&[(0, 10)], plain()), &mut plan);
    assert_eq!(plan.heard.len(), 58);
    for (place, (began, heard)) in plan.heard.iter().enumerate() {
        assert_eq!(*began, place as u64 * 60);
        assert!((120..=181).contains(&(heard - began)), "{began} {heard}");
    }
}

#[test]
fn orders_in_another_direction_within_ten_minutes_are_reversals() {
    let mut tally = Tally::default();
    for (minute, is_more) in
        [(0, true), (1, true), (5, false), (14, true), (25, false), (34, false), (44, true)]
    {
        tally.order(minute * 60_000, is_more);
    }
    assert_eq!((tally.orders, tally.reversals), (7, 3));
}

#[test]
fn a_burst_lasts_from_the_count_that_shows_it_to_the_order() {
    let world = world(&[], Options { max: 10, ..plain() });
    let waiting = |visible| Counts { visible, in_flight: 0 };
    // At ten seconds each and a promise of a minute a task has six messages.
    let mut tally = Tally::default();
    tally.watch(1_000, waiting(18), 2, &world);
    tally.watch(2_000, waiting(19), 2, &world);
    tally.watch(5_000, waiting(30), 2, &world);
    tally.order(14_000, true);
    tally.watch(20_000, waiting(30), 5, &world);
    // From none on any message is one.
    tally.watch(30_000, waiting(1), 0, &world);
    tally.watch(33_000, waiting(0), 0, &world);
    // More than the maximum cannot be ordered.
    tally.watch(40_000, waiting(1_000), 10, &world);
    assert_eq!(tally.burst_reaction(90_000), Some(12.0));
    assert_eq!(Tally::default().burst_reaction(90_000), None);
}

#[test]
fn percentiles_are_waits_that_somebody_had() {
    let mut waits = [4_000, 1_000, 3_000, 2_000];
    assert_eq!([50, 95, 99].map(|percent| percentile(&mut waits, percent)), [2.0, 4.0, 4.0]);
    assert_eq!(percentile(&mut [], 50), 0.0);
}

#[test]
fn what_came_of_it_is_told_in_80_columns_and_as_one_object_a_policy() {
    let (comparison, world, scaler) = small();
    let text = crate::text(&comparison, &world, "as it learns");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for policy in crate::Policy::ALL {
        assert!(text.contains(policy.as_str()), "{text}");
    }
    let json = crate::json(&comparison, "as it learns");
    let policies: Vec<&str> =
        json.as_array().unwrap().iter().map(|one| one["policy"].as_str().unwrap()).collect();
    assert_eq!(policies, ["steward", "keda", "target-tracking", "step"]);
    let wanted = [
        "burst_reaction_s",
        "killed_in_flight",
        "late_share",
        "policy",
        "reversals",
        "setting",
        "task_hours",
        "wait_p50",
        "wait_p95",
        "wait_p99",
    ];
    for one in json.as_array().unwrap() {
        let mut names: Vec<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, wanted);
        assert!((0.0..=1.0).contains(&one["late_share"].as_f64().unwrap()));
    }
    let page = crate::page(&comparison, &world, &scaler, "<trace>", "as it learns");
    assert!(page.contains("&#60;trace&#62;") && !page.contains("<trace>") && !page.contains("<script"));
    assert_eq!(page.matches("<svg").count(), 2);
}

#[test]
fn where_a_peer_wins_the_text_says_so() {
    let (mut comparison, world, _) = small();
    let wins = |comparison: &crate::Comparison| {
        let text = crate::text(comparison, &world, "as it learns");
        (text.contains("FAILS: no peer has fewer late"), text.contains("keda wins with"))
    };
    if let Some(ours) = &mut comparison.ours {
        (ours.late, ours.task_hours) = (u64::MAX, f64::MAX);
    }
    assert_eq!(wins(&comparison), (true, true));
    if let Some(ours) = &mut comparison.ours {
        ours.late = 0;
    }
    assert_eq!(wins(&comparison), (false, false));
}

#[test]
fn a_world_without_messages_is_told_too() {
    let options = Options::default();
    let trace = Trace::Counts(vec![Interval { began: 0, lasts: 60_000, messages: 0.0 }]);
    let world = World::new(&trace, options).unwrap();
    let outcome = crate::steward(&world, &crate::scaler(&options));
    assert_eq!((outcome.messages, outcome.late_share(), outcome.burst_reaction), (0, 0.0, None));
    let comparison = crate::Comparison { ours: Some(outcome), shows_ours: true, rivals: Vec::new() };
    assert!(crate::text(&comparison, &world, "x").contains("there was no burst"));
    assert!(crate::page(&comparison, &world, &crate::scaler(&options), "t", "x").contains("<svg"));
}

fn small() -> (crate::Comparison, World, steward::scaling::Scaler) {
    let options = Options::default();
    let interval = |began: i64| Interval { began: began * 60_000, lasts: 60_000, messages: 20.0 };
    let world = World::new(&Trace::Counts((0..10).map(interval).collect()), options).unwrap();
    let scaler = crate::scaler(&options);
    let rivals = crate::Policy::PEERS.map(|policy| {
        let settings = crate::settings(policy, 0);
        crate::Rival { policy, tried: crate::search(&world, &settings) }
    });
    let ours = Some(crate::steward(&world, &scaler));
    (crate::Comparison { ours, shows_ours: true, rivals: rivals.to_vec() }, world, scaler)
}

#[test]
fn a_configured_scaler_is_held_to_its_own_promise_and_bounds() {
    let mut configured =
        crate::scaler(&Options { promise: 120_000, min: 2, max: 9, per_task: 4, ..Options::default() });
    configured.suspended = true;
    configured.queues.push(configured.queues[0].clone());
    let scaler = crate::alone(configured);
    assert_eq!((scaler.queues.len(), scaler.suspended), (1, false));
    let options = Options::default().of(&scaler);
    assert_eq!((options.promise, options.min, options.max, options.per_task), (120_000, 2, 9, 4));
}

#[test]
fn our_orders_can_be_read_with_what_they_come_from() {
    let (comparison, world, scaler) = small();
    let orders = crate::orders(&world, &scaler);
    assert_eq!(orders.len(), comparison.ours.unwrap().orders as usize);
    assert!(orders.iter().all(|decision| decision.order.is_some()));
}
