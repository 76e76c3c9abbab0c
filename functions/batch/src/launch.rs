//! A run on its way: its units are begun, as many and as fast as may be; or it is brought to its end.

use std::cell::Cell;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use steward::batch::{Frozen, LateFor, LaunchRate, Run, RunEnd, RunId, RunState, Scene, Skip};
use steward::ledger::{Key, LedgerError, Record, Transaction, Write};
use steward::ports::{Clock, Ledger, RunTasks, Tell};

use crate::{Done, Handler, PARALLEL, Problem};

/// So many units are begun, or looked after, in one transaction: a transaction has room for 100 items.
pub(crate) const TOGETHER: usize = 20;

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Moves a run on, from wherever it is. `known` is the run as it was read just now, if it was.
    pub(crate) async fn advance(
        &self,
        id: &RunId,
        mut known: Option<Run>,
        done: &mut Done,
    ) -> Result<(), Problem> {
        let mut is_decided = false;
        loop {
            let run = match known.take() {
                Some(run) => Some(run),
                None => self.read_run(id).await?,
            };
            let Some(run) = run else { return Ok(()) };
            if run.is_over() {
                return Ok(());
            }
            if self.is_out_of_time() {
                done.is_cut = true;
                return Ok(());
            }
            match (&run.state, &run.ending) {
                (RunState::Pending, _) if is_decided => return Ok(()),
                (RunState::Pending, _) => {
                    self.admit(id, done).await?;
                    is_decided = true;
                }
                (_, Some(_)) => return self.bring_to_its_end(&run, done).await,
                (_, None) => {
                    if !self.launch(&run, done).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn read_run(&self, id: &RunId) -> Result<Option<Run>, LedgerError> {
        let stored = self.ports.ledger.read(&[Key::run(id)]).await?.pop().flatten();
        Ok(match stored.map(|stored| stored.record) {
            Some(Record::Run(run)) => Some(*run),
            _ => None,
        })
    }

    /// Begins the next units. Answers whether there may be more to begin.
    async fn launch(&self, run: &Run, done: &mut Done) -> Result<bool, Problem> {
        let Some(frozen) = run.frozen.as_deref().filter(|_| run.may_begin()) else { return Ok(false) };
        if self.is_spent(frozen) {
            return Ok(false);
        }
        if !self.is_open(&frozen.cluster).await {
            self.hold(run, done).await?;
            return Ok(false);
        }
        let room = frozen.rules.parallel.saturating_sub(run.open());
        let most = u32::try_from(TOGETHER).unwrap_or(1).min(room).min(run.units() - run.begun);
        let next: Vec<(u32, u32)> =
            (run.begun..run.begun + most).filter_map(|place| run.unit(place)).collect();
        let wanted = next.iter().map(|(_, tasks)| *tasks).sum();
        let granted = self.take_launches(frozen, wanted).await?;
        if granted == 0 {
            return Ok(false);
        }
        let indexes: Vec<u32> = next.iter().map(|(index, _)| *index).collect();
        self.tend(&run.id, &indexes, granted, done).await
    }

    /// Steward is paused: a run of which nothing was begun may be late by it, and in the end missed.
    async fn hold(&self, run: &Run, done: &mut Done) -> Result<(), LedgerError> {
        let Some(rules) = run.frozen.as_ref().map(|frozen| &frozen.rules).filter(|_| run.begun == 0) else {
            return Ok(());
        };
        let now = self.now();
        let waits = now.duration_since(run.wanted_at());
        let is_missed = waits > rules.starting_deadline && !run.by.is_person();
        if !is_missed && (run.is_late || waits <= rules.late) {
            return Ok(());
        }
        let step = |scene: &mut Scene| match scene.run.begun {
            0 if is_missed => scene.end(RunEnd::Skipped(Skip::Missed), now),
            0 => crate::admit::tell_late(scene, LateFor::Paused, now),
            _ => {}
        };
        self.step(&run.id, &[], done, step).await?;
        Ok(())
    }

    /// Every unit that was begun is looked after: its tasks are stopped, and it is waited for what calls did.
    async fn bring_to_its_end(&self, run: &Run, done: &mut Done) -> Result<(), Problem> {
        let indexes: Vec<u32> = (0..run.begun).filter_map(|place| Some(run.unit(place)?.0)).collect();
        let parts: Vec<&[u32]> = indexes.chunks(TOGETHER).collect();
        let mut parts = stream::iter(parts)
            .map(|part| async move {
                let mut done = Done::default();
                let tended = self.tend(&run.id, part, 0, &mut done).await;
                (done, tended)
            })
            .buffered(PARALLEL);
        while let Some((part, tended)) = parts.next().await {
            done.merge(part);
            tended?;
        }
        // From here on the units look after themselves.
        self.step(&run.id, &[], done, |scene| scene.run.look_at = None).await?;
        Ok(())
    }

    /// Takes launches of the rate that all share, as many as there are.
    pub(crate) async fn take_launches(&self, frozen: &Frozen, wanted: u32) -> Result<u32, LedgerError> {
        if self.is_spent(frozen) {
            return Ok(0);
        }
        let key = Key::launches(if frozen.is_spot() { "spot" } else { "on_demand" });
        for _ in 0..3 {
            let stored = self.ports.ledger.read(std::slice::from_ref(&key)).await?.pop().flatten();
            let now = self.now();
            let mut rate = match stored.as_ref().map(|stored| &stored.record) {
                Some(Record::Launches(rate)) => rate.clone(),
                _ => LaunchRate::full(now),
            };
            let granted = rate.take(wanted, now);
            if granted == 0 {
                self.spent_until(frozen).set(Some(rate.next_at()));
                return Ok(0);
            }
            let write = Write::new(key.clone(), stored.as_ref(), Record::Launches(rate));
            match self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
                Ok(()) => return Ok(granted),
                Err(LedgerError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(0)
    }

    /// Whether the rate has nothing to give, as was seen in this invocation: of hundreds that wait, not each reads it.
    fn is_spent(&self, frozen: &Frozen) -> bool {
        self.spent_until(frozen).get().is_some_and(|until| self.now() < until)
    }

    fn spent_until(&self, frozen: &Frozen) -> &Cell<Option<Timestamp>> {
        if frozen.is_spot() { &self.spent_until.spot } else { &self.spent_until.on_demand }
    }
}
