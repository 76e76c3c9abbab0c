//! Troubles of scaled services, as some nights have them: how each stood, one change after the other.

use jiff::{SignedDuration, Timestamp};
use steward::arn::{ClusterArn, ServiceName};
use steward::incident::{Severity, Target};
use steward::redact::redact;
use steward::scaling::{
    Basis, Bounds, Decision, Estimate, Hold, Limit, Need, Order, Problem, QueueName, Rate, ScalerNote,
    ScalerTrouble,
};

use super::troubles::{Stage, Told};

/// Two o'clock of a night.
const NIGHT: Timestamp = Timestamp::constant(1_795_831_200, 0);
const PROMISE: SignedDuration = SignedDuration::from_secs(60);

/// A service that is at its maximum and then has too little of it, one whose messages nobody can work on, one that asks, one
/// whose queue cannot be read, and one whose tasks do not protect themselves.
pub(crate) fn samples() -> Vec<Stage> {
    let told = [short(), poison(), proposed(), unread(), unprotected()];
    let mut stages: Vec<Stage> = told.into_iter().flatten().collect();
    stages.sort_by_key(|(at, _)| *at);
    stages
}

fn after(minutes: i64) -> Timestamp {
    NIGHT + SignedDuration::from_mins(minutes)
}

/// So many messages wait, and so many tasks are there, are wanted and are needed.
fn decision(minute: i64, visible: u64, [desired, wanted, needed]: [u32; 3]) -> Decision {
    let seconds = i64::try_from(visible * 18 / (10 * u64::from(desired.max(1)))).unwrap_or(i64::MAX);
    let estimate = Estimate {
        visible,
        in_flight: u64::from(desired),
        delayed: 0,
        rate: Rate(u64::from(needed) * 500),
        is_burst: false,
        service_time: SignedDuration::from_millis(1_800),
        service_time_is: Basis::Learned,
        start_up: SignedDuration::from_secs(35),
        start_up_is: Basis::Learned,
        wait: SignedDuration::from_secs(seconds),
    };
    let is_short = needed > wanted;
    Decision {
        at: after(minute),
        desired: Some(desired),
        wanted,
        limit: match visible {
            _ if is_short => Limit::Max,
            0 => Limit::Steady,
            _ => Limit::Drain,
        },
        is_short,
        need: Need { steady: wanted.min(needed), drain: needed, in_flight: desired.min(needed), warm: 1 },
        estimate,
        bounds: Bounds { min: 0, max: 20 },
        order: (wanted != desired).then_some(Order { from: desired, to: wanted }),
        holds: Vec::new(),
    }
}

/// A service's trouble from its first problem on, one stage for each change of it.
struct Story {
    trouble: ScalerTrouble,
    stages: Vec<Stage>,
}

impl Story {
    fn begins(service: &str, queue: &str, decision: Decision) -> Self {
        let cluster = ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop");
        let trouble = ScalerTrouble {
            target: Target::Service { cluster, name: ServiceName::new(service) },
            opened_at: decision.at,
            queues: vec![QueueName(queue.to_owned())],
            promise: PROMISE,
            notes: Vec::new(),
            standing: Vec::new(),
            severity: Severity::Info,
            critical_at: None,
            decision: Box::new(decision),
            recovered: None,
        };
        Self { trouble, stages: Vec::new() }
    }

    fn keep(mut self) -> Self {
        self.stages.push((self.trouble.decision.at, Told::Scaler(Box::new(self.trouble.clone()))));
        self
    }

    fn problem(mut self, what: Problem) -> Self {
        let (at, kind) = (self.trouble.decision.at, what.kind());
        self.trouble.severity = self.trouble.severity.max(kind.severity(SignedDuration::ZERO));
        self.trouble.standing = vec![kind];
        self.trouble.notes.push(ScalerNote { at, what });
        self.keep()
    }

    fn critical(mut self, decision: Decision) -> Self {
        self.trouble.severity = Severity::Critical;
        self.trouble.critical_at = Some(decision.at);
        self.trouble.decision = Box::new(decision);
        self.keep()
    }

    fn calm(mut self, decision: Decision) -> Self {
        self.trouble.standing.clear();
        self.trouble.decision = Box::new(decision);
        self.keep()
    }

    fn over(mut self, decision: Decision) -> Vec<Stage> {
        self.trouble.recovered = Some(decision.at);
        self.calm(decision).stages
    }
}

fn short() -> Vec<Stage> {
    let wait = SignedDuration::from_secs(101);
    Story::begins("checkout-worker", "orders", decision(5, 1_130, [20, 20, 34]))
        .problem(Problem::Short { limit: Limit::Max, allowed: 20, needed: 34, wait })
        .critical(decision(35, 5_800, [20, 20, 180]))
        .calm(decision(52, 220, [20, 7, 7]))
        .over(decision(62, 40, [7, 2, 2]))
}

fn poison() -> Vec<Stage> {
    let held = Hold::Poison { since: after(10) };
    let held =
        |minute| Decision { holds: vec![held.clone()], order: None, ..decision(minute, 310, [4, 11, 11]) };
    Story::begins("invoice-worker", "invoices", held(15))
        .problem(Problem::Poison { since: after(10) })
        .critical(held(30))
        .stages
}

fn proposed() -> Vec<Stage> {
    Story::begins("mail-worker", "mails", decision(20, 400, [3, 12, 12]))
        .problem(Problem::Proposed { from: 3, to: 12 })
        .calm(decision(24, 330, [12, 12, 12]))
        .over(decision(36, 20, [12, 2, 2]))
}

fn unread() -> Vec<Stage> {
    let why = "AccessDeniedException: not authorized to perform: sqs:GetQueueAttributes";
    let queue = QueueName("reports".to_owned());
    let hold = Hold::UnknownQueue { queue, why: why.to_owned() };
    let decided = Decision { holds: vec![hold], order: None, ..decision(40, 0, [2, 1, 1]) };
    Story::begins("report-worker", "reports", decided)
        .problem(Problem::UnknownQueue { queue: QueueName("reports".to_owned()), why: redact(why) })
        .stages
}

fn unprotected() -> Vec<Stage> {
    let held = Decision { holds: vec![Hold::Unprotected], order: None, ..decision(45, 0, [6, 2, 2]) };
    Story::begins("video-worker", "videos", held).problem(Problem::Unprotected).stages
}
