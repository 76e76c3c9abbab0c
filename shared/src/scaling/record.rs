//! What the ledger keeps of a scaled service.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Decision, Memory, Order, Scaler, Streak};
use crate::action::READS_LAG;
use crate::incident::Target;

/// All that is remembered of a scaled service: one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalerRecord {
    /// Which service.
    pub target: Target,
    /// What was observed and learned.
    pub memory: Memory,
    /// Grows with each order: an order's generation.
    pub epoch: u64,
    /// The latest order.
    pub order: Option<Standing>,
    /// The latest decision, for whoever asks why.
    pub decision: Option<Box<Decision>>,
    /// What is wrong with it, and since when.
    #[serde(default)]
    pub streak: Streak,
}

/// An order, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its epoch.
    pub epoch: u64,
    /// `desiredCount` before.
    pub from: u32,
    /// `desiredCount` as it was ordered: absolute, so that it can be read back.
    pub to: u32,
    /// When.
    pub at: Timestamp,
    /// How far it came.
    pub state: OrderState,
    /// Who approved it, where somebody was asked.
    #[serde(default)]
    pub approved_by: Option<String>,
}

/// How far an order came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// A person is asked.
    Proposed,
    /// It was or is about to be called: whether it took effect shows when the count is read back.
    Issued,
    /// ECS took it.
    Confirmed,
    /// ECS turned it away.
    Refused,
    /// The count was read back, and is another; or a person's proposal is not needed any more.
    Overtaken,
    /// It was given up before the call, or turned away for now: it did not take effect.
    Withdrawn,
}

impl OrderState {
    /// Whether it may still take effect.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Issued)
    }
}

/// Scalers are looked after in so many parts, each by one invocation at a time.
pub const SHARDS: u32 = 4;

/// Who evaluates the scalers of a shard: two who do at once would write against each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loop {
    /// Which shard.
    pub shard: u32,
    /// The invocation that does.
    pub owner: String,
    /// Until when it may.
    pub until: Timestamp,
}

impl Loop {
    /// The part to which a service belongs. All that share a pool belong to one.
    pub fn shard_of(scaler: &Scaler) -> u32 {
        let name = match &scaler.pool {
            Some(pool) => pool.to_string(),
            None => format!("{}/{}", scaler.cluster, scaler.service),
        };
        name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % SHARDS
    }
}

impl Standing {
    /// Reads an order of which nobody knows whether it took effect off the count as it is read now. Another count says
    /// nothing until reads cannot lag behind the order any more.
    pub fn settle(&mut self, desired: u32, now: Timestamp) {
        if self.state != OrderState::Issued {
            return;
        }
        if desired == self.to {
            self.state = OrderState::Confirmed;
        } else if now.duration_since(self.at) >= READS_LAG {
            self.state = OrderState::Overtaken;
        }
    }

    /// The count that an order of a moment ago may have set, whatever is read: reads of ECS lag behind its changes.
    pub fn may_have_set(&self, now: Timestamp) -> Option<u32> {
        let may = match self.state {
            OrderState::Issued | OrderState::Confirmed => true,
            OrderState::Proposed | OrderState::Refused | OrderState::Overtaken | OrderState::Withdrawn => {
                false
            }
        };
        (may && now.duration_since(self.at) < READS_LAG).then_some(self.to)
    }

    /// Whether a proposal is still within what is decided now: the count is as it was, and it asks for no more than that.
    pub fn is_within(&self, order: Order) -> bool {
        self.from == order.from
            && if order.to > order.from {
                self.from < self.to && self.to <= order.to
            } else {
                order.to <= self.to && self.to < self.from
            }
    }
}

impl ScalerRecord {
    /// Of a service of which nothing is known yet.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            memory: Memory::default(),
            epoch: 0,
            order: None,
            decision: None,
            streak: Streak::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::arn::ServiceName;
    use crate::scaling::PoolName;

    fn standing(from: u32, to: u32, state: OrderState) -> Standing {
        Standing { epoch: 1, from, to, at: Timestamp::UNIX_EPOCH, state, approved_by: None }
    }

    #[test]
    fn an_order_of_unknown_outcome_is_read_off_the_count_and_others_stay() {
        use OrderState::{Confirmed, Issued, Overtaken, Proposed, Refused, Withdrawn};
        for (state, desired, after, expected) in [
            (Issued, 5, 1, Confirmed),
            (Issued, 2, 59, Issued),
            (Issued, 2, 60, Overtaken),
            (Issued, 9, 60, Overtaken),
            (Proposed, 5, 60, Proposed),
            (Refused, 5, 60, Refused),
            (Withdrawn, 5, 60, Withdrawn),
        ] {
            let mut order = standing(2, 5, state);
            order.settle(desired, Timestamp::UNIX_EPOCH + SignedDuration::from_secs(after));
            assert_eq!(order.state, expected, "{state:?} {desired} {after}");
        }
    }

    #[test]
    fn a_proposal_holds_while_it_asks_for_no_more_than_is_decided() {
        for ((from, to), (now_from, now_to), expected) in [
            ((2, 5), (2, 5), true),
            ((2, 5), (2, 9), true),
            ((2, 5), (2, 4), false),
            ((2, 5), (3, 9), false),
            ((2, 5), (2, 1), false),
            ((8, 5), (8, 3), true),
            ((8, 5), (8, 6), false),
            ((8, 5), (8, 9), false),
        ] {
            let order = standing(from, to, OrderState::Proposed);
            let decided = Order { from: now_from, to: now_to };
            assert_eq!(order.is_within(decided), expected, "{from} → {to}, decided {now_from} → {now_to}");
        }
    }

    #[test]
    fn services_that_share_a_pool_belong_to_one_shard_and_others_spread() {
        let scaler = |name: usize| Scaler::new("shop".into(), ServiceName::new(format!("worker-{name}")));
        let shards: std::collections::BTreeSet<u32> =
            (0..40).map(|name| Loop::shard_of(&scaler(name))).collect();
        assert_eq!(shards, (0..SHARDS).collect());
        let pooled = |name| Scaler { pool: Some(PoolName("db".into())), ..scaler(name) };
        assert!((0..40).all(|name| Loop::shard_of(&pooled(name)) == Loop::shard_of(&pooled(0))));
    }
}
