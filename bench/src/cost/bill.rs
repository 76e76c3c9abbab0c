//! A month's bill, line by line.

use super::prices::{
    ALARM, DASHBOARD, GB_SECOND, GB_SECOND_X86, LOGS, METRIC, METRIC_READ, Price, READ, REQUEST, SQS, STORED,
    TRACE, WRITE,
};
use super::traffic::{DAYS, HOURS, MINUTES, Traffic};
use crate::work::{FAILURES, TASKS, Work, Works};

/// Memory of a function, in GB: three have this much, notifications half of it.
const MEMORY: f64 = 0.25;
/// What an invocation takes beside waiting, in seconds.
pub const OWN: f64 = 0.002;
/// Requests are waited for so long, in seconds, by the service that is asked; one after the other, which is more than it is.
pub const WAITS: [(&str, f64); 8] = [
    ("dynamodb", 0.006),
    ("sqs", 0.010),
    ("slack", 0.250),
    ("ecs", 0.050),
    ("logs", 0.050),
    ("cloudwatch", 0.050),
    ("application-autoscaling", 0.050),
    ("cloudformation", 0.050),
];
/// A look at the configuration's pointer, in each minute of each function, in seconds.
const CONFIGURATION: f64 = 0.010;
/// Bytes of logs of an invocation: Lambda's own lines in JSON, and one or two of Steward's.
pub const LOG_BYTES: f64 = 1_500.0;
/// Rounds of scaling begin so far apart, in seconds, and its invocation ends so long after the last.
const EVERY: f64 = 10.0;
const LAST_ROUND: f64 = 2.0;
/// Functions with a tick.
const TICKING: f64 = 4.0;
/// Queues that Lambda polls, with five pollers each, which wait for twenty seconds: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>.
pub const POLLS: f64 = 3.0 * 5.0 * 3.0 * MINUTES;
/// Metrics that ticks write, whatever happens.
const METRICS: f64 = 16.0;
/// Metrics of the hours in which something happens: with a hundred services, of all hours.
const METRICS_OF_EVENTS: f64 = 19.0;
/// Metrics of all jobs, and of each in the hours in which a run of it ends.
const JOB_METRICS: f64 = 6.0;
/// Metrics of a scaled service.
const SCALER_METRICS: f64 = 3.0;
/// Metrics that alarms look at.
const ALARMS: f64 = 33.0;
/// What is over is kept for so many days.
const KEPT: f64 = 35.0;

/// One line of a bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What is paid.
    pub price: Price,
    /// How much of it.
    pub count: f64,
}

impl Line {
    /// What it comes to.
    pub fn dollars(&self) -> f64 {
        self.price.of(self.count)
    }
}

/// A month's bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Bill {
    /// Its lines.
    pub lines: Vec<Line>,
}

impl Bill {
    /// What it comes to.
    pub fn total(&self) -> f64 {
        self.lines.iter().map(Line::dollars).sum()
    }

    /// What lines of one service come to, such as `Lambda`.
    pub fn of(&self, service: &str) -> f64 {
        self.lines.iter().filter(|line| line.price.what.starts_with(service)).map(Line::dollars).sum()
    }
}

/// What work takes, summed up over a month.
#[derive(Debug, Default)]
struct Sum {
    invocations: f64,
    seconds: f64,
    sqs: f64,
    reads: f64,
    writes: f64,
    stored: f64,
    metrics_read: f64,
}

impl Sum {
    /// Adds so much of some work.
    fn add(&mut self, times: f64, work: &Work) {
        let calls = |service: &str| match service {
            "dynamodb" => work.each(work.used.ledger.calls),
            other => work.each(work.used.calls_to(other)),
        };
        let by_queue = work.each(work.invoked.by_queue);
        let invocations = by_queue + work.each(work.invoked.by_tick);
        let waits: f64 = WAITS.iter().map(|(service, seconds)| calls(service) * seconds).sum();
        self.invocations += times * invocations;
        self.seconds += times * (invocations * OWN + waits);
        // EventBridge sends, Lambda receives and deletes.
        self.sqs += times * (work.each(work.invoked.events) + 2.0 * by_queue + calls("sqs"));
        self.reads += times * work.read_units();
        self.writes += times * work.write_units();
        self.stored += times * work.bytes_stored();
        self.metrics_read += times * calls("metric");
    }
}

/// Steward's bill.
pub fn steward(works: &Works, traffic: &Traffic) -> Bill {
    let mut sum = Sum::default();
    sum.add(traffic.replaced(), &works.benign_stop);
    sum.add(traffic.replaced(), &works.running_task);
    sum.add(traffic.steady(), &works.steady_state);
    sum.add(traffic.deployed(), &works.deployment);
    sum.add(traffic.incidents(), &works.incident);
    sum.add(traffic.remedied(), &works.remedied);
    sum.add(traffic.runs(), &works.run);
    sum.add(traffic.orders(), &works.order);
    let stored = sum.stored * KEPT / DAYS;
    sum.add(MINUTES, &works.sweep);
    sum.add(MINUTES * traffic.services / 100.0, &works.patrolled);
    sum.add(MINUTES, &works.batch_tick);
    add_scaling(&mut sum, works, traffic);
    sum.seconds += MINUTES * TICKING * CONFIGURATION;
    Bill {
        lines: vec![
            Line { price: REQUEST, count: sum.invocations },
            Line { price: GB_SECOND, count: sum.seconds * MEMORY },
            Line { price: SQS, count: sum.sqs + POLLS },
            Line { price: WRITE, count: sum.writes },
            Line { price: READ, count: sum.reads },
            Line { price: STORED, count: stored / 1e9 },
            Line { price: LOGS, count: sum.invocations * LOG_BYTES / 1e9 },
            Line { price: METRIC, count: metrics(traffic) },
            Line { price: METRIC_READ, count: sum.metrics_read },
            Line { price: ALARM, count: ALARMS },
            Line { price: DASHBOARD, count: 1.0 },
            Line { price: TRACE, count: sum.invocations },
        ],
    }
}

/// Metrics that are paid.
fn metrics(traffic: &Traffic) -> f64 {
    let jobs = traffic.services * traffic.jobs;
    let of_events = if traffic.incidents() > 0.0 { METRICS_OF_EVENTS } else { 0.0 };
    let of_jobs = if jobs > 0.0 { JOB_METRICS + jobs * JOB_METRICS * DAYS / HOURS } else { 0.0 };
    METRICS + of_events + of_jobs + traffic.scaled() * SCALER_METRICS
}

/// The ticks of scaling. Where nothing follows a queue they end at once; else each works for most of its minute, whatever it
/// waits for.
fn add_scaling(sum: &mut Sum, works: &Works, traffic: &Traffic) {
    if traffic.scaled() <= 0.0 {
        sum.invocations += MINUTES;
        sum.seconds += MINUTES * OWN;
        return;
    }
    let seconds = sum.seconds + MINUTES * (60.0 - EVERY + LAST_ROUND);
    sum.add(MINUTES, &works.scaling_minute);
    sum.add(MINUTES * (traffic.scaled() - 1.0).max(0.0), &works.scaled_service);
    sum.seconds = seconds;
}

/// Memory of the naive function, in GB.
const NAIVE_MEMORY: f64 = 0.128;
/// It looks at an event and leaves it, in seconds; or it posts it.
pub const NAIVE_LOOKS: f64 = 0.005;
/// The same where it posts.
pub const NAIVE_POSTS: f64 = 0.300;

/// What people get from the naive function in a month: a message for each failure.
#[allow(clippy::cast_precision_loss, reason = "a score of failures")]
pub fn naive_messages(traffic: &Traffic) -> f64 {
    (traffic.incidents() + traffic.remedied()) * FAILURES as f64
}

/// The bill of a Lambda function that a rule invokes with each task that has stopped, and that posts each failure: no queue, no
/// memory, no sweep.
pub fn naive(traffic: &Traffic) -> Bill {
    let failures = naive_messages(traffic);
    let stops = traffic.replaced() + traffic.deployed() * f64::from(TASKS) + failures;
    let seconds = stops * NAIVE_LOOKS + failures * NAIVE_POSTS;
    Bill {
        lines: vec![
            Line { price: REQUEST, count: stops },
            Line { price: GB_SECOND_X86, count: seconds * NAIVE_MEMORY },
            Line { price: LOGS, count: stops * LOG_BYTES / 1e9 },
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::Used;
    use crate::play::Invoked;

    fn work(calls: &[(&'static str, u64)]) -> Work {
        let mut used = Used { calls: calls.iter().copied().collect(), ..Used::default() };
        (used.ledger.calls, used.ledger.half_reads, used.ledger.write_units) = (2, 6, 8);
        let invoked = Invoked { by_tick: 0, by_queue: 2, events: 4 };
        Work { name: "work", count: 2, used, invoked, stored: 2_000 }
    }

    #[test]
    fn work_is_summed_by_the_piece() {
        let mut sum = Sum::default();
        sum.add(
            10.0,
            &work(&[("sqs:SendMessage", 2), ("slack:chat.postMessage", 4), ("metric:GetMetricData", 6)]),
        );
        // One batch each, of two events; a nudge, sent; received and deleted.
        assert_eq!((sum.invocations, sum.sqs), (10.0, 10.0 * (2.0 + 2.0 + 1.0)));
        assert_eq!((sum.reads, sum.writes, sum.stored, sum.metrics_read), (15.0, 40.0, 10_000.0, 30.0));
        let each = OWN + 0.006 + 0.010 + 2.0 * 0.250;
        assert!((sum.seconds - 10.0 * each).abs() < 1e-9, "{}", sum.seconds);
    }

    #[test]
    fn every_service_that_is_called_is_waited_for() {
        let works = Works::measure();
        for work in works.all() {
            for name in work.used.calls.keys() {
                let service = name.split(':').next().unwrap_or_default();
                let known = WAITS.iter().any(|(known, _)| *known == service);
                assert!(known || matches!(service, "metric" | "ssm"), "{name} is free of time");
            }
        }
    }

    #[test]
    fn a_price_is_as_it_is_listed() {
        assert!((WRITE.of(2e6) - 1.25).abs() < 1e-9);
        assert!((GB_SECOND.of(1.0) - 0.000_013_333_4).abs() < 1e-12);
        assert!((LOGS.of(2.0) - 1.06).abs() < 1e-9);
    }

    #[test]
    fn the_naive_function_pays_nothing_that_stands_still() {
        let none = Traffic::of(0);
        assert!(naive(&none).total().abs() < 1e-12);
        let bill = naive(&Traffic::of(100));
        assert!((bill.total() * 10.0 - naive(&Traffic::of(1_000)).total()).abs() < 1e-9);
    }
}
