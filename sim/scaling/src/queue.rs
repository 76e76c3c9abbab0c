//! The queue: what waits, and what SQS and CloudWatch tell of it.

use std::collections::VecDeque;

use crate::number::rounded;
use crate::policy::{Counts, Datapoints};
use crate::random::{Stream, nth};

/// SQS counts anew after at least so long, in milliseconds.
const REFRESH_LEAST: f64 = 1_000.0;
/// And at most so much later: a count is up to ten seconds old.
const REFRESH_SPREAD: f64 = 9_000.0;
/// Its counts are off by at most this share.
const NOISE: f64 = 0.03;
/// CloudWatch tells of a minute at least so long after its end, in milliseconds.
const PUBLISHED_LEAST: u64 = 60_000;
/// And at most so much later.
const PUBLISHED_SPREAD: f64 = 60_000.0;
/// A minute, in milliseconds.
pub(crate) const MINUTE: u64 = 60_000;

/// A message, by its place among all.
pub(crate) type Message = u32;

/// What waits, and what is told of it.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    seed: u64,
    waiting: VecDeque<Message>,
    /// Messages that were received and not deleted.
    pub(crate) in_flight: u64,
    sent: u64,
    deleted: u64,
    refreshes: u64,
    reported: Counts,
    minutes: Vec<Datapoints>,
    /// Of the minutes, so many are told.
    told: usize,
}

impl Queue {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.sent += 1;
        self.waiting.push_back(message);
    }

    /// A message whose worker was killed is visible again.
    pub(crate) fn send_back(&mut self, message: Message) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.waiting.push_back(message);
    }

    pub(crate) fn receive(&mut self) -> Option<Message> {
        let message = self.waiting.pop_front()?;
        self.in_flight += 1;
        Some(message)
    }

    pub(crate) fn delete(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.deleted += 1;
    }

    /// What waits, in order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Message> + '_ {
        self.waiting.iter().copied()
    }

    pub(crate) fn visible(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// SQS counts. Answers when it does so next, in milliseconds from now.
    pub(crate) fn refresh(&mut self) -> u64 {
        let n = self.refreshes;
        self.refreshes += 1;
        let off = |count: u64, n: u64| {
            let drawn = nth(self.seed, Stream::Noise, n);
            rounded(count as f64 * (1.0 + NOISE * (2.0 * drawn - 1.0)))
        };
        self.reported =
            Counts { visible: off(self.visible(), 2 * n), in_flight: off(self.in_flight, 2 * n + 1) };
        rounded(REFRESH_LEAST + REFRESH_SPREAD * nth(self.seed, Stream::Refresh, n))
    }

    /// As SQS tells them.
    pub(crate) fn reported(&self) -> Counts {
        self.reported
    }

    /// A minute is over. Answers in how long CloudWatch tells of it, in milliseconds.
    pub(crate) fn end_minute(&mut self, now: u64, oldest: Option<u64>) -> u64 {
        let (sent, deleted) = (std::mem::take(&mut self.sent), std::mem::take(&mut self.deleted));
        let began = now.saturating_sub(MINUTE);
        self.minutes.push(Datapoints { began, sent, deleted, oldest, visible: self.visible() });
        PUBLISHED_LEAST + rounded(PUBLISHED_SPREAD * nth(self.seed, Stream::Publication, now / MINUTE))
    }

    /// CloudWatch tells of one minute more.
    pub(crate) fn tell(&mut self) {
        self.told = (self.told + 1).min(self.minutes.len());
    }

    /// All that CloudWatch has told.
    pub(crate) fn told(&self) -> &[Datapoints] {
        self.minutes.get(..self.told).unwrap_or_default()
    }
}
