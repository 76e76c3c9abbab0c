//! An invocation as its ports see it, and the one way in which every port calls the outside.
//!
//! # Invariants
//!
//! * Each call yields before its effect and after it: other invocations act in between.
//! * An effect is one moment: nothing comes between its parts.
//! * Whether a call that went wrong had its effect is drawn, not told: the caller hears the same either way.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::ports::{Clock, Wait};

use super::faults::{Fate, Side};
use super::site::{Function, Ordinals, Site};
use super::stage::{InvocationId, Stage, Timer};
use crate::random::later;

/// After so long a call without an answer is given up, as the functions' SDK is set.
const GIVES_UP: Duration = Duration::from_secs(8);

/// An invocation.
pub(super) struct Actor {
    pub(super) stage: Rc<Stage>,
    pub(super) id: InvocationId,
    pub(super) function: Function,
    /// Its clock is ahead by so much.
    pub(super) skew: SignedDuration,
    ordinals: RefCell<Ordinals>,
}

/// What is called.
pub(super) struct Call {
    pub(super) port: &'static str,
    pub(super) method: &'static str,
    /// On what kind of thing.
    pub(super) on: &'static str,
    /// Whether it changes ECS, or says in the ledger that it will or did.
    pub(super) changes: bool,
    /// On what exactly, for people.
    pub(super) about: String,
}

/// How a call went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Turned away: it had no effect, and says so.
    Throttled,
    /// 5xx: it may have had its effect.
    ServerError,
    /// No answer: it may have had its effect.
    TimedOut,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "ThrottlingException: Rate exceeded",
            Self::ServerError => "ServerException: Service Unavailable",
            Self::TimedOut => "no answer in time",
        })
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.function, self.id.0)
    }
}

impl Actor {
    pub(super) fn new(stage: Rc<Stage>, id: InvocationId, function: Function, skew: SignedDuration) -> Self {
        Self { stage, id, function, skew, ordinals: RefCell::default() }
    }

    /// Makes a call: its effect happens now, a little later, or not at all.
    pub(super) async fn call<T, E: fmt::Display>(
        &self,
        call: Call,
        effect: impl FnOnce(&Stage) -> Result<T, E>,
        broken: impl Fn(Broken) -> E,
    ) -> Result<T, E> {
        let Call { port, method, on, changes, about } = call;
        let ordinal = self.ordinals.borrow_mut().next(port, method, on);
        let site = Site { function: self.function, port, method, on, ordinal };
        let stage = &self.stage;
        let fate = stage.weather.borrow_mut().on_call(site, changes, stage.now());
        let note = |what: &str| stage.note(self, || format!("{port}.{method} {about}: {what}"));
        self.pass(stage.latency()).await;
        match fate {
            Fate::Crash(Side::Before) => {
                note("DIES BEFORE IT");
                return self.die().await;
            }
            Fate::Throttled => {
                note("is throttled");
                self.pass(stage.latency()).await;
                return Err(broken(Broken::Throttled));
            }
            Fate::ServerError(Side::Before) => {
                note("fails with 5xx, without effect");
                self.pass(stage.latency()).await;
                return Err(broken(Broken::ServerError));
            }
            Fate::Timeout(Side::Before) => {
                note("gets lost");
                self.pass(GIVES_UP).await;
                return Err(broken(Broken::TimedOut));
            }
            _ => {}
        }
        let result = effect(stage);
        if let Err(error) = &result {
            note(&format!("{error}"));
        }
        match fate {
            Fate::Crash(_) => {
                note("takes effect, and then it DIES");
                return self.die().await;
            }
            Fate::ServerError(_) => {
                note("takes effect, and fails with 5xx");
                self.pass(stage.latency()).await;
                return Err(broken(Broken::ServerError));
            }
            Fate::Timeout(_) => {
                note("takes effect, and its answer is lost");
                self.pass(GIVES_UP).await;
                return Err(broken(Broken::TimedOut));
            }
            _ => {}
        }
        if changes && result.is_ok() {
            note("done");
        }
        self.pass(stage.latency()).await;
        result
    }

    fn pass(&self, pause: Duration) -> Pass<'_> {
        Pass { actor: self, until: later(self.stage.now(), pause), timer: None }
    }

    async fn die<T>(&self) -> T {
        self.stage.kill(self.id);
        std::future::pending().await
    }
}

/// The invocation's own clock.
impl Clock for Actor {
    fn now(&self) -> Timestamp {
        self.stage.now().saturating_add(self.skew).unwrap_or(Timestamp::MAX)
    }
}

impl Wait for Actor {
    /// Where a process dies while it waits, it is as it begins to, or as it would go on.
    async fn until(&self, at: Timestamp) {
        let (port, method, on) = ("clock", "until", "");
        let ordinal = self.ordinals.borrow_mut().next(port, method, on);
        let site = Site { function: self.function, port, method, on, ordinal };
        let fate = self.stage.weather.borrow_mut().on_wait(site, self.stage.now());
        if fate == Fate::Crash(Side::Before) {
            self.stage.note(self, || "DIES BEFORE IT WAITS".to_owned());
            return self.die().await;
        }
        self.pass(Duration::try_from(at.duration_since(self.now())).unwrap_or_default()).await;
        if fate == Fate::Crash(Side::After) {
            self.stage.note(self, || "DIES AFTER IT WAITED".to_owned());
            self.die::<()>().await;
        }
    }
}

/// Waits until a moment of virtual time.
struct Pass<'a> {
    actor: &'a Actor,
    until: Timestamp,
    timer: Option<Rc<Timer>>,
}

impl Future for Pass<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &self.timer {
            None => {
                let waker = context.waker().clone();
                let timer = self.actor.stage.wake_at(self.until, self.actor.id, waker);
                self.timer = Some(timer);
                Poll::Pending
            }
            Some(timer) if timer.is_over.get() => Poll::Ready(()),
            Some(timer) => {
                timer.waker.borrow_mut().clone_from(context.waker());
                Poll::Pending
            }
        }
    }
}
