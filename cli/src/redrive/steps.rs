//! The steps: to look what there is, to have it moved, to follow that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::ports::{Clock, DeadLetters, EcsError, Move, MoveStatus, Wait};

use super::letter::{Said, said};
use super::queues::Pair;

/// How often SQS is asked how far a move is.
const EVERY: SignedDuration = SignedDuration::from_secs(1);
/// A move of which SQS does not know yet that was begun is waited for so often.
const UNSEEN: usize = 10;

/// What is in a dead-letter queue.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) pair: Pair,
    /// About how many.
    pub(super) count: u64,
    /// How many were looked at.
    pub(super) looked_at: usize,
    /// When the oldest of them was sent.
    pub(super) oldest: Option<Timestamp>,
    /// What they say, and how many say that, the most frequent first.
    pub(super) said: Vec<(Said, usize)>,
    /// A move that goes on already.
    pub(super) under_way: Option<Move>,
}

impl Found {
    /// For programs.
    pub(super) fn json(&self, moved: Option<&Move>) -> Value {
        let said = self.said.iter();
        let said = said
            .map(|(said, count)| json!({"text": said.text, "is_readable": said.is_readable, "count": count}));
        json!({
            "type": "redrive",
            "queue": self.pair.name,
            "dead_letter_queue": self.pair.from,
            "messages": self.count,
            "looked_at": self.looked_at,
            "oldest_at": self.oldest,
            "samples": said.collect::<Vec<Value>>(),
            "moved": moved.map(|moved| moved.moved),
            "is_completed": moved.map(|moved| moved.status == MoveStatus::Completed),
            "problem": moved.and_then(|moved| moved.problem.clone()),
        })
    }
}

/// Looks what is in a dead-letter queue. Nothing is taken out.
pub(super) async fn look<D: DeadLetters>(queues: &D, pair: &Pair) -> Result<Found, EcsError> {
    let count = queues.count(&pair.url).await?;
    let letters = if count > 0 { queues.look(&pair.url).await? } else { Vec::new() };
    let under_way = queues.latest(&pair.from).await?.filter(|latest| latest.status == MoveStatus::Running);
    let mut counts: BTreeMap<Said, usize> = BTreeMap::new();
    for letter in &letters {
        *counts.entry(said(&letter.body)).or_default() += 1;
    }
    let mut said: Vec<(Said, usize)> = counts.into_iter().collect();
    said.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(Found {
        pair: pair.clone(),
        count,
        looked_at: letters.len(),
        oldest: letters.iter().filter_map(|letter| letter.sent_at).min(),
        said,
        under_way,
    })
}

/// Has everything moved back, and follows that to its end. A move that goes on already is followed, for there is one at a time.
pub(super) async fn redrive<D: DeadLetters, W: Clock + Wait>(
    queues: &D,
    wall: &W,
    found: &Found,
    rate: Option<u32>,
    show: impl Fn(&str),
) -> Result<Move, EcsError> {
    let pair = &found.pair;
    if found.under_way.is_none() {
        queues.begin(&pair.from, &pair.to, rate).await?;
    }
    let mut unseen = 0;
    loop {
        let latest = queues.latest(&pair.from).await?;
        match latest {
            Some(latest) if latest.status != MoveStatus::Running => return Ok(latest),
            Some(latest) => {
                let of = latest.of.unwrap_or(found.count);
                show(&format!("{}: {} of about {of} moved", pair.name, latest.moved));
            }
            None if unseen >= UNSEEN => {
                let status = MoveStatus::Ended("not shown by SQS".to_owned());
                return Ok(Move { status, moved: 0, of: None, problem: None });
            }
            None => unseen += 1,
        }
        let next = wall.now().saturating_add(EVERY).unwrap_or(Timestamp::MAX);
        wall.until(next).await;
    }
}
