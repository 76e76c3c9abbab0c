//! Runs invocations on one thread, in virtual time: several at once, each going on where its next call is answered.
//!
//! # Invariants
//!
//! * Nothing runs but what was woken, and what is woken at one time runs in the order in which it began to wait.
//! * A crash and a time-out drop the invocation's future: whatever it held is gone, whatever it did stays.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use jiff::{SignedDuration, Timestamp};

use super::actor::Actor;
use super::faults::Kind;
use super::site::Function;
use super::stage::{InvocationId, Stage};

/// What an invocation answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Done, but for these messages of its batch.
    Done {
        /// `batchItemFailures`.
        failed: Vec<String>,
    },
    /// It failed as a whole.
    Failed(String),
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum How {
    Answered(Answer),
    Crashed,
    TimedOut,
}

/// An invocation that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) id: InvocationId,
    pub(super) how: How,
}

type Run = Pin<Box<dyn Future<Output = Answer>>>;

struct Running {
    function: Function,
    run: Run,
    woken: Arc<Woken>,
    ends: Timestamp,
}

/// A combinator may wake itself while it is polled: then it is polled again at once.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The executor.
pub(super) struct Executor {
    stage: Rc<Stage>,
    running: BTreeMap<InvocationId, Running>,
    last: u64,
}

impl Executor {
    pub(super) fn new(stage: Rc<Stage>) -> Self {
        Self { stage, running: BTreeMap::new(), last: 0 }
    }

    /// Starts an invocation that may take `timeout`. It may have ended before its first call.
    pub(super) fn start(
        &mut self,
        function: Function,
        timeout: SignedDuration,
        run: impl FnOnce(Rc<Actor>, Timestamp) -> Run,
    ) -> (InvocationId, Option<Ended>) {
        self.last += 1;
        let id = InvocationId(self.last);
        let now = self.stage.now();
        let skew = SignedDuration::from_millis(self.stage.weather.borrow_mut().skew(now));
        let actor = Rc::new(Actor::new(Rc::clone(&self.stage), id, function, skew));
        let ends = now.saturating_add(timeout).unwrap_or(Timestamp::MAX);
        let running = Running { function, run: run(actor, ends), woken: Arc::default(), ends };
        self.running.insert(id, running);
        (id, self.poll(id))
    }

    /// When something happens next.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let ends = self.running.values().map(|running| running.ends).min();
        self.stage.next_timer_at().into_iter().chain(ends).min()
    }

    /// Lets happen what is next.
    pub(super) fn step(&mut self) -> Option<Ended> {
        let timer_at = self.stage.next_timer_at();
        let end = self.running.iter().map(|(id, running)| (running.ends, *id)).min();
        if let Some((at, id)) = end.filter(|(at, _)| timer_at.is_none_or(|timer_at| *at < timer_at)) {
            self.stage.set_now(at);
            return self.time_out(id);
        }
        let timer = self.stage.take_timer()?;
        self.stage.set_now(timer_at?);
        timer.is_over.set(true);
        timer.waker.borrow().wake_by_ref();
        self.poll(timer.invocation)
    }

    fn time_out(&mut self, id: InvocationId) -> Option<Ended> {
        let running = self.running.remove(&id)?;
        self.stage.weather.borrow_mut().count(Kind::InvocationTimeout);
        self.stage.note(format!("{} {}", running.function, id.0), || "is OUT OF TIME".to_owned());
        Some(Ended { id, how: How::TimedOut })
    }

    fn poll(&mut self, id: InvocationId) -> Option<Ended> {
        let running = self.running.get_mut(&id)?;
        let waker = Waker::from(Arc::clone(&running.woken));
        let mut context = Context::from_waker(&waker);
        loop {
            running.woken.0.store(false, Ordering::Relaxed);
            let polled = running.run.as_mut().poll(&mut context);
            if self.stage.is_dead(id) {
                self.stage.bury(id);
                self.running.remove(&id);
                return Some(Ended { id, how: How::Crashed });
            }
            match polled {
                Poll::Ready(answer) => {
                    self.running.remove(&id);
                    return Some(Ended { id, how: How::Answered(answer) });
                }
                Poll::Pending if running.woken.0.load(Ordering::Relaxed) => {}
                Poll::Pending => return None,
            }
        }
    }
}
