//! Capacity provider strategies: on which capacity a service's tasks run, and in which share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// On-demand capacity of Fargate.
pub const FARGATE: &str = "FARGATE";
/// Spare capacity of Fargate, which AWS may take back at any time.
pub const FARGATE_SPOT: &str = "FARGATE_SPOT";
/// The largest weight, and the largest base, of an item (API reference, `CapacityProviderStrategyItem`).
const MAX_WEIGHT: u32 = 1_000;

/// One item of a `capacityProviderStrategy`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StrategyItem {
    /// The capacity provider's name.
    pub provider: String,
    /// Its part of the tasks beyond the base; 0: none of them. ECS's default is 0.
    pub weight: u32,
    /// So many tasks before any other provider gets one. Of a strategy's items one has a base at the most.
    pub base: u32,
}

impl fmt::Display for StrategyItem {
    /// `FARGATE 3`, `FARGATE 3 (base 1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.provider, self.weight)?;
        if self.base > 0 { write!(f, " (base {})", self.base) } else { Ok(()) }
    }
}

/// A strategy in the one order in which two that mean the same are the same.
pub fn strategy(items: impl IntoIterator<Item = StrategyItem>) -> Vec<StrategyItem> {
    let mut items: Vec<StrategyItem> = items.into_iter().collect();
    items.sort();
    items
}

/// The same strategy with the share of `FARGATE_SPOT` moved to `FARGATE`, base and weight; `None` where `FARGATE_SPOT` has none.
pub fn on_demand(known: &[StrategyItem]) -> Option<Vec<StrategyItem>> {
    let spot = known.iter().find(|item| item.provider == FARGATE_SPOT)?;
    if spot.weight == 0 && spot.base == 0 {
        return None;
    }
    let others = known.iter().filter(|item| item.provider != FARGATE_SPOT && item.provider != FARGATE);
    let kept = known.iter().find(|item| item.provider == FARGATE);
    let (weight, base) = kept.map_or((0, 0), |item| (item.weight, item.base));
    let moved = StrategyItem {
        provider: FARGATE.to_owned(),
        weight: weight.saturating_add(spot.weight).min(MAX_WEIGHT),
        base: base.max(spot.base),
    };
    Some(strategy(others.cloned().chain([moved])))
}

/// How many of so many tasks are `FARGATE_SPOT`'s share at the most.
pub fn on_spot(known: &[StrategyItem], tasks: u32) -> u32 {
    let base = known.iter().find(|item| item.base > 0);
    let first = base.map_or(0, |item| item.base.min(tasks));
    let own_first = base.filter(|item| item.provider == FARGATE_SPOT).map_or(0, |_| first);
    let all: u64 = known.iter().map(|item| u64::from(item.weight)).sum();
    let own: u64 =
        known.iter().filter(|item| item.provider == FARGATE_SPOT).map(|item| u64::from(item.weight)).sum();
    let rest = u64::from(tasks - first);
    let share = if all == 0 { 0 } else { (rest * own).div_ceil(all) };
    own_first + u32::try_from(share).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(items: &[(&str, u32, u32)]) -> Vec<StrategyItem> {
        strategy(items.iter().map(|(provider, weight, base)| StrategyItem {
            provider: (*provider).to_owned(),
            weight: *weight,
            base: *base,
        }))
    }

    /// Before, after, and how many of ten tasks move.
    type Row = (&'static [(&'static str, u32, u32)], Option<&'static [(&'static str, u32, u32)]>, u32);

    #[test]
    fn the_share_of_spot_moves_to_on_demand_and_everything_else_stays() {
        let rows: &[Row] = &[
            (&[(FARGATE_SPOT, 1, 0)], Some(&[(FARGATE, 1, 0)]), 10),
            (&[(FARGATE_SPOT, 3, 0), (FARGATE, 1, 2)], Some(&[(FARGATE, 4, 2)]), 6),
            (&[(FARGATE_SPOT, 1, 4), (FARGATE, 1, 0)], Some(&[(FARGATE, 2, 4)]), 7),
            (&[(FARGATE_SPOT, 0, 4), (FARGATE, 1, 0)], Some(&[(FARGATE, 1, 4)]), 4),
            (&[(FARGATE_SPOT, 1000, 0), (FARGATE, 1, 0)], Some(&[(FARGATE, 1000, 0)]), 10),
            (&[(FARGATE_SPOT, 0, 0), (FARGATE, 1, 0)], None, 0),
            (&[(FARGATE, 1, 0)], None, 0),
            (&[("own", 1, 0), (FARGATE_SPOT, 1, 0)], Some(&[("own", 1, 0), (FARGATE, 1, 0)]), 5),
            (&[], None, 0),
        ];
        for (before, after, moved) in rows {
            let before = items(before);
            assert_eq!(on_demand(&before), after.map(items), "{before:?}");
            assert_eq!(on_spot(&before, 10), *moved, "{before:?}");
        }
        assert_eq!(on_spot(&items(&[(FARGATE_SPOT, 1, 4)]), 2), 2, "a base beyond the count");
    }
}
