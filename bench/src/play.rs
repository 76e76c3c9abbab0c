//! Time that passes: events are handed over in batches, nudges are told when they show, sweeps come each minute.

use std::cell::{Cell, RefCell};

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use steward::batch::Jobs;
use steward::config::{Configuration, Loader, Notifications, Policy};
use steward::deadline::Deadline;
use steward::ledger::MemoryLedger;
use steward::ports::Clock as _;
use steward::remediation::Home;
use steward::scaling::Scalers;

use crate::events::payload;
use crate::outside::{Channel, HOME, Outside};

/// When everything begins.
pub const START: Timestamp = Timestamp::constant(1_795_208_400, 0);
/// Sweeps come so often.
const TICK: SignedDuration = SignedDuration::from_mins(1);

/// An evening: an outside, what people decided, and how often functions were invoked.
pub struct Evening {
    /// The outside.
    pub outside: Outside,
    /// What people decided of services.
    pub policy: Policy,
    /// The jobs.
    pub jobs: Jobs,
    /// The services that follow queues.
    pub scalers: Scalers,
    pub(crate) spent: RefCell<Invoked>,
    pub(crate) loader: Loader,
    pub(crate) owned: scaling::Owned,
    pub(crate) next_tick: Cell<Timestamp>,
}

/// How often functions were invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Invoked {
    /// By a tick.
    pub by_tick: u64,
    /// By a queue: each such invocation is a batch.
    pub by_queue: u64,
    /// Events in these batches: each was sent to its queue by EventBridge.
    pub events: u64,
}

impl Default for Evening {
    fn default() -> Self {
        Self {
            outside: Outside::at(START),
            policy: Policy::default(),
            jobs: Jobs::default(),
            scalers: Scalers::default(),
            spent: RefCell::default(),
            loader: Loader::new("/steward/bench/configuration"),
            owned: scaling::Owned::default(),
            next_tick: Cell::new(START + TICK),
        }
    }
}

/// Whatever is in memory answers at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("memory does not wait")
}

fn home() -> Home {
    let (account, region) = HOME;
    Home { account: account.to_owned(), region: region.to_owned() }
}

impl Evening {
    /// An evening by a policy.
    pub fn of(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// How often functions were invoked until now.
    pub fn invoked(&self) -> Invoked {
        *self.spent.borrow()
    }

    fn by_queue(&self, events: usize) {
        let mut spent = self.spent.borrow_mut();
        spent.by_queue += 1;
        spent.events += events as u64;
    }

    fn by_tick(&self) {
        self.spent.borrow_mut().by_tick += 1;
    }

    fn deadline(&self) -> Deadline {
        let now = self.outside.now();
        Deadline::new(now, now + SignedDuration::from_secs(30))
    }

    /// Reads the configuration, as each invocation begins.
    pub fn refresh(&self) {
        at_once(self.loader.load(&self.outside.parameters, self.outside.now())).expect("memory answers");
    }

    fn remediation(&self) -> remediation::Handler<'_, MemoryLedger, Outside, Outside, Outside, Outside> {
        let deadline = self.deadline();
        let outside = &self.outside;
        let ports = remediation::Ports {
            ledger: &outside.ledger,
            ecs: outside,
            owners: outside,
            tell: outside,
            clock: outside,
        };
        let settings = remediation::Settings {
            policy: self.policy.clone(),
            home: Some(home()),
            deadline,
            ..remediation::Settings::default()
        };
        remediation::Handler::new(ports, settings)
    }

    /// Hands remediation a batch of events. Answers what came of it.
    pub fn hand_over(&self, events: &[Value]) -> remediation::Outcome {
        self.hand_over_payload(&payload(events), events.len())
    }

    /// [`Evening::hand_over`], of a payload of so many events that is made already.
    pub fn hand_over_payload(&self, payload: &[u8], events: usize) -> remediation::Outcome {
        self.by_queue(events);
        at_once(self.remediation().handle(payload)).expect("a batch is one")
    }

    /// Hands batch a batch of task events.
    pub fn hand_over_to_batch(&self, events: &[Value]) {
        self.by_queue(events.len());
        at_once(self.batch().handle(&payload(events))).expect("a batch is one");
    }

    fn batch(&self) -> batch::Handler<'_, MemoryLedger, Outside, Outside, Outside> {
        let deadline = self.deadline();
        let outside = &self.outside;
        let ports = batch::Ports { ledger: &outside.ledger, tasks: outside, tell: outside, clock: outside };
        let told = Notifications::default();
        let settings = batch::Settings::new(self.jobs.clone(), &self.policy, &told, home(), deadline);
        batch::Handler::new(ports, settings)
    }

    /// Tells what is to be told by now. Answers how many messages that were.
    pub fn tell(&self) -> usize {
        let outside = &self.outside;
        let mut told = 0;
        loop {
            let subject = {
                let mut waiting = outside.waiting.borrow_mut();
                let first = waiting.first_entry().filter(|first| first.key().0 <= outside.now());
                let Some(first) = first else { return told };
                first.remove()
            };
            self.by_queue(0);
            self.with_notifications(|handler| at_once(handler.tell(&subject)).expect("a channel takes all"));
            told += 1;
        }
    }

    fn with_notifications<T>(
        &self,
        act: impl FnOnce(notifications::Handler<'_, MemoryLedger, Channel<'_>, Outside, Outside, Outside>) -> T,
    ) -> T {
        let deadline = self.deadline();
        let outside = &self.outside;
        let channels = [Channel(outside)];
        let ports = notifications::Ports {
            ledger: &outside.ledger,
            channels: &channels,
            queue: outside,
            clock: outside,
            evidence: outside,
        };
        let invocation = notifications::Invocation { holder: "bench".to_owned(), deadline };
        let configuration = Configuration { policy: self.policy.clone(), ..Configuration::default() };
        act(notifications::Handler::new(ports, invocation).configured(configuration))
    }

    /// Sweeps of remediation and notifications, and batch's tick where there are jobs.
    pub fn sweep(&self) {
        self.by_tick();
        let mut swept = at_once(self.remediation().sweep()).expect("memory answers");
        // No time passes in a sweep here: what asks for hundreds of services at once is throttled, and goes on with the next.
        swept.failed.retain(|problem| !problem.contains("ThrottlingException"));
        assert_eq!(swept.failed, Vec::<String>::new());
        self.sweep_notifications();
        if !self.jobs.by_name.is_empty() {
            self.tick_batch();
        }
    }

    /// The tick of notifications.
    pub fn sweep_notifications(&self) {
        self.by_tick();
        self.with_notifications(|handler| at_once(handler.sweep()).expect("memory answers"));
    }

    /// The tick of batch.
    pub fn tick_batch(&self) {
        self.by_tick();
        let done = at_once(self.batch().sweep()).expect("memory answers");
        assert_eq!(done.failed, Vec::<String>::new());
    }

    /// A minute of scaling, which takes one. Answers how many orders it made.
    pub fn scale(&self) -> usize {
        self.by_tick();
        let outside = &self.outside;
        let now = outside.now();
        let ports = scaling::Ports {
            ledger: &outside.ledger,
            queues: outside,
            services: outside,
            auto_scaling: outside,
            tell: outside,
            clock: outside,
        };
        let settings = scaling::Settings::new(
            self.scalers.clone(),
            &self.policy,
            &Notifications::default(),
            home(),
            format!("invocation at {now}"),
            Deadline::new(now, now + SignedDuration::from_secs(75)),
        );
        let done =
            at_once(scaling::Handler::new(ports, settings, &self.owned).sweep()).expect("memory answers");
        assert!(done.failed.is_empty(), "{:?}", done.failed);
        outside.set(now + TICK);
        done.orders.len()
    }

    /// Lets time pass up to `end`: what ECS sends is handed over, what waits is told, and sweeps come.
    pub fn until(&self, end: Timestamp) {
        while let Some(at) = self.next().filter(|at| *at <= end) {
            let now = at.max(self.outside.now());
            self.outside.set(now);
            let events = self.outside.ecs.borrow_mut().take_events();
            let heard: Vec<Value> =
                events.into_iter().map(|sent| sent.event).filter(passes_the_rules).collect();
            if !heard.is_empty() {
                self.hand_over(&heard);
            }
            self.tell();
            if self.next_tick.get() <= now {
                self.next_tick.set(now + TICK);
                self.sweep();
            }
        }
        self.outside.set(end);
    }

    fn next(&self) -> Option<Timestamp> {
        let ecs = self.outside.ecs.borrow().next_at();
        let waiting = self.outside.waiting.borrow().keys().next().map(|(at, _)| *at);
        [ecs, waiting, Some(self.next_tick.get())].into_iter().flatten().min()
    }
}

/// What the template's rules let through of what the model sends: the ends of tasks and tasks that run, deployments, and what
/// services say but for good news that ends nothing.
fn passes_the_rules(event: &Value) -> bool {
    let text = |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default();
    match text("/detail-type") {
        "ECS Task State Change" => match text("/detail/lastStatus") {
            "STOPPED" => !text("/detail/startedBy").starts_with("steward/job/"),
            "RUNNING" => {
                text("/detail/desiredStatus") == "RUNNING"
                    && text("/detail/startedBy").starts_with("ecs-svc/")
            }
            _ => false,
        },
        "ECS Service Action" => !matches!(
            text("/detail/eventName"),
            "CAPACITY_PROVIDER_STEADY_STATE"
                | "SERVICE_DESIRED_COUNT_UPDATED"
                | "TASKS_STARTED"
                | "TASKS_STOPPED"
        ),
        _ => true,
    }
}
