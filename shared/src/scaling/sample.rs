//! A scaled service to test with: 400 messages wait, 3 tasks run, 12 are needed.

use jiff::{SignedDuration, Timestamp};

use super::{
    Basis, Bounds, Care, Decision, Estimate, Leave, Limit, Memory, Need, Order, Problem, Queue, QueueCounts,
    QueueName, QueueReading, Rate, Reading, Scaler, ScalerTrouble, ServiceReading, Sight, Streak, follow,
};
use crate::arn::{ClusterArn, ServiceName};
use crate::config::Mode;
use crate::ecs::{DesiredCount, PendingCount, RunningCount};
use crate::incident::Target;
use crate::observed::Observed;

/// A time on 27 November.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-11-27T{time}Z").parse().unwrap()
}

pub(crate) fn target() -> Target {
    Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        name: ServiceName::new("worker"),
    }
}

pub(crate) fn scaler(queue: &str) -> Scaler {
    Scaler {
        cluster: "shop".to_owned(),
        service: ServiceName::new("worker"),
        mode: Mode::Act,
        suspended: false,
        queues: vec![Queue { name: QueueName(queue.to_owned()), weight: 100, groups: None }],
        promise: SignedDuration::from_secs(60),
        bounds: Bounds { min: 0, max: 20 },
        windows: Vec::new(),
        per_task: 1,
        service_time: None,
        start_up: None,
        utilisation: 80,
        scale_in_after: SignedDuration::from_mins(5),
        empty_readings: 6,
        pool: None,
    }
}

pub(crate) fn decision(now: Timestamp) -> Decision {
    let estimate = Estimate {
        visible: 400,
        in_flight: 3,
        delayed: 0,
        rate: Rate(3_500),
        is_burst: false,
        service_time: SignedDuration::from_millis(1_800),
        service_time_is: Basis::Learned,
        start_up: SignedDuration::from_secs(35),
        start_up_is: Basis::Supposed,
        wait: SignedDuration::from_mins(4),
    };
    Decision {
        at: now,
        desired: Some(3),
        wanted: 12,
        limit: Limit::Drain,
        is_short: false,
        need: Need { steady: 8, drain: 12, in_flight: 3, warm: 1 },
        estimate,
        bounds: Bounds { min: 0, max: 20 },
        order: Some(Order { from: 3, to: 12 }),
        holds: Vec::new(),
    }
}

/// More is needed than there may be.
pub(crate) fn short(now: Timestamp) -> Decision {
    let need = Need { drain: 34, ..decision(now).need };
    let wait = SignedDuration::from_secs(102);
    let estimate = Estimate { visible: 1_130, wait, ..decision(now).estimate };
    Decision {
        desired: Some(20),
        wanted: 20,
        limit: Limit::Max,
        is_short: true,
        need,
        estimate,
        order: None,
        ..decision(now)
    }
}

pub(crate) fn reading(now: Timestamp, queue: &str) -> Reading {
    let counts = QueueCounts { visible: 400, in_flight: 3, delayed: 0 };
    let service = ServiceReading {
        desired: DesiredCount(3),
        running: RunningCount(3),
        pending: PendingCount(0),
        is_deploying: false,
        failed_tasks: 0,
    };
    Reading {
        at: now,
        queues: vec![QueueReading {
            name: QueueName(queue.to_owned()),
            counts: Observed::Known(counts),
            minute: Observed::Absent,
        }],
        service: Observed::Known(service),
        protected: None,
        care: Care { has_incident: false, has_action: false, leave: Leave::Given },
        share: None,
    }
}

/// The trouble in which that stands: of a service, at a time, with a decision.
pub(crate) fn trouble(
    target: &Target,
    queue: &str,
    what: Vec<Problem>,
    decision: &Decision,
) -> ScalerTrouble {
    let now = decision.at;
    let (scaler, memory) = (scaler(queue), Memory::default());
    let order = super::Standing {
        epoch: 1,
        from: 3,
        to: 12,
        at: now,
        state: super::OrderState::Proposed,
        approved_by: None,
    };
    let reading = reading(now, queue);
    let sight =
        Sight { target, scaler: &scaler, reading: &reading, memory: &memory, decision, order: Some(&order) };
    let mut trouble = follow(None, &Streak::default(), &sight, now).trouble.unwrap();
    (trouble.notes, trouble.standing) = (Vec::new(), what.iter().map(Problem::kind).collect());
    trouble.severity = crate::incident::Severity::Info;
    for problem in what {
        trouble.severity = trouble.severity.max(problem.kind().severity(SignedDuration::ZERO));
        trouble.note(problem, now);
    }
    trouble
}
