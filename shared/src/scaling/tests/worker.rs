//! A queue and its tasks, as coarse as a test of the controller can take them: everything flows.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small numbers of a model that flows"
)]

use super::*;

pub(super) struct Model {
    rate: f64,
    service_time: f64,
    noise: Option<u64>,
    second: i64,
    waiting: f64,
    pub(super) desired: u32,
    /// Tasks that run, and when each that was ordered will.
    running: u32,
    starting: Vec<(i64, u32)>,
    memory: Memory,
    sent: Vec<f64>,
    deleted: Vec<f64>,
    in_flight: f64,
    /// When, and by how much.
    pub(super) orders: Vec<(i64, i64)>,
}

impl Model {
    pub(super) fn new(rate: f64, service_time: f64) -> Self {
        Self {
            rate,
            service_time,
            noise: None,
            second: 0,
            waiting: 0.0,
            desired: 0,
            running: 0,
            starting: Vec::new(),
            memory: Memory::default(),
            sent: Vec::new(),
            deleted: Vec::new(),
            in_flight: 0.0,
            orders: Vec::new(),
        }
    }

    pub(super) fn noisy(self, seed: u64) -> Self {
        Self { noise: Some(seed | 1), ..self }
    }

    pub(super) fn run(&mut self, scaler: &Scaler, time: SignedDuration) {
        let until = self.second + time.as_secs();
        while self.second < until {
            for _ in 0..10 {
                self.flow();
            }
            self.tick(scaler);
        }
    }

    /// One second.
    fn flow(&mut self) {
        if self.second % 60 == 0 {
            self.sent.push(0.0);
            self.deleted.push(0.0);
        }
        let second = self.second;
        self.running +=
            self.starting.iter().filter(|(at, _)| *at <= second).map(|(_, tasks)| tasks).sum::<u32>();
        self.starting.retain(|(at, _)| *at > second);
        self.waiting += self.rate;
        let capacity = f64::from(self.running) / self.service_time;
        let done = self.waiting.min(capacity);
        self.waiting -= done;
        self.in_flight = done * self.service_time;
        *self.sent.last_mut().unwrap() += self.rate;
        *self.deleted.last_mut().unwrap() += done;
        self.second += 1;
    }

    fn tick(&mut self, scaler: &Scaler) {
        let (visible, in_flight) = (self.seen(self.waiting), self.seen(self.in_flight));
        let mut reading =
            reading(self.second, counts(visible, in_flight), service(self.desired, self.running));
        // CloudWatch tells of a minute when the next is over.
        let told = self.sent.len().checked_sub(3).filter(|_| self.second % 60 == 0);
        if let Some(place) = told {
            let began = i64::try_from(place).unwrap() * 60;
            reading.queues[0].minute = minute(began, rounded(self.sent[place]), rounded(self.deleted[place]));
        }
        reading.protected = Some(Observed::Known(u32::try_from(in_flight).unwrap()));
        let (decision, memory) = decided(scaler, &self.memory, &reading);
        self.memory = memory;
        if let Some(order) = decision.order {
            self.orders.push((self.second, i64::from(order.to) - i64::from(order.from)));
            match order.to.checked_sub(self.desired) {
                Some(more) => self.starting.push((self.second + 30, more)),
                None => self.running = self.running.min(order.to),
            }
            self.desired = order.to;
        }
    }

    /// A count as SQS tells it.
    fn seen(&mut self, count: f64) -> u64 {
        // Whole messages, which come to the mean all the same.
        let Some(state) = &mut self.noise else {
            return (count + self.second as f64 * 0.061_803_4 % 1.0) as u64;
        };
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        let off = (*state % 401) as f64 / 1_000.0 - 0.2;
        rounded(count * (1.0 + off))
    }

    /// Changes of direction within ten minutes.
    pub(super) fn reversals(&self) -> usize {
        let turns =
            |pair: &&[(i64, i64)]| pair[0].1.signum() != pair[1].1.signum() && pair[1].0 - pair[0].0 <= 600;
        self.orders.windows(2).filter(turns).count()
    }
}

fn rounded(count: f64) -> u64 {
    count.round() as u64
}
