//! One piece of work after the other, and what it takes of AWS: played with it and without it, and the difference counted.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use steward::arn::ServiceName;
use steward::batch::{
    Capacity, FARGATE, Job, JobName, JobRules, Jobs, Schedule, Size, TaskSpec, Timetable, Trigger,
};
use steward::config::{Entry, Glob, Mode, Policy, Rules, Selector};
use steward::ports::Clock as _;
use steward::scaling::{Bounds, Queue, QueueName, Scaler, Scalers};
use steward_sim::ecs::{Behaviour, Fate, Happening, PullFailure, Revision, fargate_service};

use crate::events;
use crate::outside::{CLUSTER, Used};
use crate::play::{Evening, Invoked, START};

/// So many failures make an incident here: a service that crashes for some minutes, as ECS paces it.
pub const FAILURES: usize = 20;
/// So many tasks run of a service here.
pub const TASKS: u32 = 2;

/// What some pieces of the same work took.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// What one is.
    pub name: &'static str,
    /// So many were measured together.
    pub count: u64,
    /// What they took of AWS.
    pub used: Used,
    /// How often functions were invoked for them.
    pub invoked: Invoked,
    /// Bytes that they left in the table; less than none where they ended something.
    pub stored: i64,
}

impl Work {
    /// What falls to one.
    #[allow(clippy::cast_precision_loss, reason = "counts of an evening")]
    pub fn each(&self, total: u64) -> f64 {
        total as f64 / self.count as f64
    }

    /// Requests to AWS for one, DynamoDB's included.
    pub fn requests(&self) -> f64 {
        self.each(self.used.all())
    }

    /// DynamoDB's read units for one.
    pub fn read_units(&self) -> f64 {
        self.each(self.used.ledger.half_reads) / 2.0
    }

    /// Bytes of the table for one.
    #[allow(clippy::cast_precision_loss, reason = "some kilobytes")]
    pub fn bytes_stored(&self) -> f64 {
        self.stored as f64 / self.count as f64
    }

    /// DynamoDB's write units for one.
    pub fn write_units(&self) -> f64 {
        self.each(self.used.ledger.write_units)
    }
}

/// What everything takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Works {
    /// A task that its service did not need any more.
    pub benign_stop: Work,
    /// A task that runs.
    pub running_task: Work,
    /// A service that ECS calls steady.
    pub steady_state: Work,
    /// A failure of which an incident knows others, alone in its batch.
    pub failure: Work,
    /// The same, a hundred in a batch.
    pub failure_of_hundred: Work,
    /// An incident, from its first failure until it is told to be over.
    pub incident: Work,
    /// A deployment that goes well.
    pub deployment: Work,
    /// A deployment that fails and is gone back on: the incident and its action.
    pub remedied: Work,
    /// A run of a job with one task.
    pub run: Work,
    /// A minute of scaling, with one service.
    pub scaling_minute: Work,
    /// A minute of one service more.
    pub scaled_service: Work,
    /// An order: a service is scaled out.
    pub order: Work,
    /// A minute's sweeps of remediation and notifications, with nothing to do.
    pub sweep: Work,
    /// The same of a hundred services more that are well, by the patrol.
    pub patrolled: Work,
    /// A minute's tick of batch, with ten jobs and no slot.
    pub batch_tick: Work,
}

impl Works {
    /// Measures all of them.
    pub fn measure() -> Self {
        let event = |name, event: fn(Timestamp, usize, usize) -> serde_json::Value| {
            let play = |evening: &Evening| {
                evening.hand_over(&[event(evening.outside.now(), 0, 0)]);
            };
            extra(name, 1, &Evening::default, &play, &|_| {})
        };
        Self {
            benign_stop: event("a task that its service stops", events::scaled_in),
            running_task: event("a task that runs", events::running),
            steady_state: event("a service that is steady", |at, service, _| events::steady(at, service)),
            failure: failure(),
            failure_of_hundred: failure_of_hundred(),
            incident: incident(),
            deployment: deployment(),
            remedied: remedied(),
            run: run(),
            scaling_minute: scaling_minute(),
            scaled_service: scaled_service(),
            order: order(),
            sweep: sweep(),
            patrolled: patrolled(),
            batch_tick: batch_tick(),
        }
    }

    /// All of them, in order.
    pub fn all(&self) -> [&Work; 15] {
        [
            &self.benign_stop,
            &self.running_task,
            &self.steady_state,
            &self.failure,
            &self.failure_of_hundred,
            &self.incident,
            &self.deployment,
            &self.remedied,
            &self.run,
            &self.scaling_minute,
            &self.scaled_service,
            &self.order,
            &self.sweep,
            &self.patrolled,
            &self.batch_tick,
        ]
    }
}

type Play<'p> = &'p dyn Fn(&Evening);

/// What `with` takes and `without` does not, both played in the same evening.
fn extra(
    name: &'static str,
    count: u64,
    begin: &dyn Fn() -> Evening,
    with: Play<'_>,
    without: Play<'_>,
) -> Work {
    let took = |play: Play<'_>| {
        let evening = begin();
        let bytes = || evening.outside.ledger.bytes().cast_signed();
        let (used, invoked, stored) = (evening.outside.used(), evening.invoked(), bytes());
        play(&evening);
        let (after, later) = (evening.outside.used(), evening.invoked());
        let invoked = Invoked {
            by_tick: later.by_tick - invoked.by_tick,
            by_queue: later.by_queue - invoked.by_queue,
            events: later.events - invoked.events,
        };
        (after.since(&used), invoked, bytes() - stored)
    };
    let ((used, invoked, stored), (idle, ticked, left)) = (took(with), took(without));
    Work {
        name,
        count,
        used: used.since(&idle),
        invoked: Invoked {
            by_tick: invoked.by_tick - ticked.by_tick,
            by_queue: invoked.by_queue - ticked.by_queue,
            events: invoked.events - ticked.events,
        },
        stored: stored - left,
    }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn rest(evening: &Evening, for_so_long: SignedDuration) {
    evening.until(evening.outside.now() + for_so_long);
}

/// An evening with an open incident.
fn failing() -> Evening {
    let evening = Evening::default();
    evening.hand_over(&[events::failed(START, 0, 0)]);
    evening
}

fn failure() -> Work {
    let fail = |evening: &Evening| {
        for task in 1..=10 {
            evening.hand_over(&[events::failed(evening.outside.now(), 0, task)]);
        }
    };
    extra("a failure of an open incident, alone in its batch", 10, &failing, &fail, &|_| {})
}

fn failure_of_hundred() -> Work {
    let fail = |evening: &Evening| {
        let all: Vec<_> = events::storm(evening.outside.now(), 1, 1..101).collect();
        evening.hand_over(&all);
    };
    extra("the same, one of a hundred in a batch", 100, &failing, &fail, &|_| {})
}

fn incident() -> Work {
    let play = |evening: &Evening| {
        for task in 0..FAILURES {
            evening.hand_over(&[events::failed(evening.outside.now(), 0, task)]);
            rest(evening, SignedDuration::from_secs(15));
        }
        rest(evening, minutes(55));
    };
    extra("an incident of 20 failures, told, and over", 1, &Evening::default, &play, &|evening| {
        rest(evening, minutes(60));
    })
}

/// An evening in which so many services serve, all that happened until then heard; half an hour after [`START`].
pub fn standing(services: usize, policy: Policy) -> Evening {
    let evening = Evening::of(policy);
    {
        let mut ecs = evening.outside.ecs.borrow_mut();
        for name in (0..services).map(events::service_name) {
            ecs.add_task_definition(&Revision::new(&name, Behaviour::serves()));
            ecs.add_service(&fargate_service(CLUSTER, &name, &name, TASKS))
                .expect("a service as it should be");
        }
    }
    evening.until(START + minutes(30));
    evening
}

/// Lets a person deploy a new revision of `api-0`.
pub fn deploy(evening: &Evening, behaviour: Behaviour) {
    let now = evening.outside.now();
    let name = events::service_name(0);
    let mut ecs = evening.outside.ecs.borrow_mut();
    let arn = ecs.add_task_definition(&Revision::new(&name, behaviour));
    let input = json!({"cluster": CLUSTER, "service": name, "taskDefinition": arn});
    let (caller, operation) = ("person".to_owned(), "UpdateService".to_owned());
    ecs.schedule(now, Happening::Call { caller, operation, input });
}

/// Everything in the cluster may be changed.
pub fn acting() -> Policy {
    let selector = Selector { cluster: Some(Glob::new(CLUSTER)), ..Selector::default() };
    let rules = Rules { mode: Mode::Act, ..Rules::default() };
    Policy { services: vec![Entry { selector, rules }], ..Policy::default() }
}

fn deployment() -> Work {
    let play = |evening: &Evening| {
        deploy(evening, Behaviour::serves());
        rest(evening, minutes(60));
    };
    let begin = || standing(1, acting());
    extra("a deployment of a service of two tasks", 1, &begin, &play, &|evening| rest(evening, minutes(60)))
}

fn remedied() -> Work {
    let play = |evening: &Evening| {
        deploy(evening, Behaviour::new(Fate::CannotPull(PullFailure::NotFound)));
        rest(evening, minutes(90));
    };
    let begin = || standing(1, acting());
    let work = extra("a deployment that fails, told, gone back on, and over", 1, &begin, &play, &|evening| {
        rest(evening, minutes(90));
    });
    let acted = ["ecs:StopServiceDeployment", "ecs:UpdateService"]
        .iter()
        .any(|call| work.used.calls.contains_key(call));
    assert!(acted, "nothing was gone back on: {:?}", work.used.calls);
    work
}

/// A job of one task, each day at that minute after [`START`]'s hour.
pub fn job(name: &str, minute: u32) -> Job {
    let schedule = Schedule::parse(&format!("cron({minute} 21 * * ? *)"), "UTC").expect("a schedule");
    Job {
        name: JobName::parse(name).expect("a name"),
        trigger: Trigger::Schedule(Timetable { schedule, start: None, end: None }),
        suspended: false,
        task: TaskSpec {
            cluster: CLUSTER.to_owned(),
            task_definition: name.to_owned(),
            container: None,
            command: None,
            environment: BTreeMap::new(),
            cpu: None,
            memory: None,
            task_role: None,
            execution_role: None,
            capacity: Capacity::LaunchType(FARGATE.to_owned()),
            network: None,
            platform_version: None,
            tags: BTreeMap::new(),
            execute_command: false,
        },
        size: Size::Count(1),
        parameters: BTreeMap::new(),
        rules: JobRules::default(),
    }
}

/// An evening with so many jobs, known to the ledger; ten minutes before their slot.
pub fn with_jobs(count: usize) -> Evening {
    let all = (0..count).map(|number| job(&format!("job-{number}"), 20));
    let jobs = Jobs { by_name: all.map(|job| (job.name.clone(), job)).collect() };
    let evening = Evening { jobs, ..Evening::default() };
    evening.until(START + minutes(10));
    evening
}

fn run() -> Work {
    let play = |evening: &Evening| {
        rest(evening, minutes(15));
        let ended = evening.outside.tasks_end();
        assert_eq!(ended.len(), 1);
        evening.hand_over_to_batch(&ended);
        rest(evening, minutes(30));
    };
    let idle = |evening: &Evening| rest(evening, minutes(45));
    let begin = || with_jobs(1);
    let without = extra("idle", 1, &|| idle_jobs(1), &idle, &|_| {});
    let with = extra("a run of a job with one task", 1, &begin, &play, &|_| {});
    Work {
        used: with.used.since(&without.used),
        invoked: Invoked { by_tick: 0, ..with.invoked },
        stored: with.stored - without.stored,
        ..with
    }
}

/// The same jobs, whose slot is hours away.
fn idle_jobs(count: usize) -> Evening {
    let all = (0..count).map(|number| {
        let mut job = job(&format!("job-{number}"), 20);
        let schedule = Schedule::parse("cron(20 3 * * ? *)", "UTC").expect("a schedule");
        job.trigger = Trigger::Schedule(Timetable { schedule, start: None, end: None });
        job
    });
    let jobs = Jobs { by_name: all.map(|job| (job.name.clone(), job)).collect() };
    let evening = Evening { jobs, ..Evening::default() };
    evening.until(START + minutes(10));
    evening
}

/// An evening with so many services that follow a queue each, and have for some minutes.
pub fn with_scalers(count: usize) -> Evening {
    let scaler = |number: usize| {
        let name = format!("worker-{number}");
        Scaler {
            mode: Mode::Act,
            queues: vec![Queue { name: QueueName(name.clone()), weight: 100, groups: None }],
            bounds: Bounds { min: 1, max: 20 },
            service_time: Some(SignedDuration::from_secs(6)),
            start_up: Some(SignedDuration::from_secs(60)),
            ..Scaler::new(CLUSTER.to_owned(), ServiceName::new(name))
        }
    };
    let by_service =
        (0..count).map(scaler).map(|it| ((it.cluster.clone(), it.service.clone()), it)).collect();
    let evening = Evening { scalers: Scalers { by_service, ..Scalers::default() }, ..Evening::default() };
    for number in 0..count {
        let name = format!("worker-{number}");
        evening.outside.scaled.borrow_mut().insert(name.clone(), 1);
        fill(&evening, number, 0);
    }
    for _ in 0..5 {
        evening.scale();
    }
    evening
}

/// So many messages wait in the queue of `worker-N`.
pub fn fill(evening: &Evening, number: usize, visible: u64) {
    let counts = steward::scaling::QueueCounts { visible, in_flight: 0, delayed: 0 };
    evening.outside.queues.borrow_mut().insert(format!("worker-{number}"), counts);
}

fn ten_minutes(evening: &Evening) {
    for _ in 0..10 {
        assert_eq!(evening.scale(), 0);
    }
}

fn scaling_minute() -> Work {
    extra(
        "a minute of scaling, with one service and its queue",
        10,
        &|| with_scalers(1),
        &ten_minutes,
        &|_| {},
    )
}

fn scaled_service() -> Work {
    const MORE: usize = 50;
    let one = extra("", 10, &|| with_scalers(1), &ten_minutes, &|_| {});
    let more = extra("", 10, &|| with_scalers(1 + MORE), &ten_minutes, &|_| {});
    Work {
        name: "a minute of one service more",
        count: 10 * MORE as u64,
        used: more.used.since(&one.used),
        invoked: Invoked::default(),
        stored: more.stored - one.stored,
    }
}

fn order() -> Work {
    let play = |evening: &Evening| {
        fill(evening, 0, 60);
        assert!(evening.scale() > 0, "nothing was ordered");
        fill(evening, 0, 0);
        assert_eq!(evening.scale(), 0);
    };
    let idle = |evening: &Evening| {
        evening.scale();
        evening.scale();
    };
    extra("an order: a service is scaled out", 1, &|| with_scalers(1), &play, &idle)
}

fn hour(evening: &Evening) {
    rest(evening, minutes(60));
}

fn sweep() -> Work {
    let begin = || {
        let evening = Evening::default();
        rest(&evening, minutes(10));
        evening
    };
    extra("a minute's sweeps of remediation and notifications", 60, &begin, &hour, &|_| {})
}

fn patrolled() -> Work {
    // A hundred deployments at once are more than a channel is told in an hour: what is left comes in digests.
    let well = |services: usize| {
        let evening = standing(services, Policy::default());
        rest(&evening, minutes(12 * 60));
        evening
    };
    let few = extra("", 60, &|| well(0), &hour, &|_| {});
    let many = extra("", 60, &|| well(100), &hour, &|_| {});
    assert_eq!(many.used.calls_to("slack"), 0, "what is well is not told");
    Work {
        name: "the same, of a hundred services that are well",
        used: many.used.since(&few.used),
        invoked: Invoked::default(),
        ..few
    }
}

fn batch_tick() -> Work {
    let with =
        extra("a minute's tick of batch, with ten jobs and no slot", 60, &|| idle_jobs(10), &hour, &|_| {});
    let without = extra("", 60, &|| idle_jobs(0), &hour, &|_| {});
    Work {
        used: with.used.since(&without.used),
        invoked: Invoked { by_tick: 60, ..Invoked::default() },
        ..with
    }
}
