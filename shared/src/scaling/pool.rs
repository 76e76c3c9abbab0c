//! What several services draw on, shared among them.

/// What one service asks of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What it has already: it is not taken away.
    pub has: u32,
    /// What it needs.
    pub needs: u32,
}

/// How many tasks each may have of `ceiling` in all. Nobody gets less than it has and needs, as far as the ceiling
/// reaches; what is left goes in equal parts to whoever needs more, until nobody does.
pub fn share(ceiling: u32, claims: &[Claim]) -> Vec<u32> {
    let mut shares: Vec<u32> = claims.iter().map(|claim| claim.has.min(claim.needs)).collect();
    let taken: u32 = claims.iter().fold(0, |sum, claim| sum.saturating_add(claim.has));
    let mut left = ceiling.saturating_sub(taken);
    // Tasks that a service has beyond its need still run: they count until they are gone.
    while left > 0 {
        let hungry = || shares.iter().zip(claims).filter(|(share, claim)| **share < claim.needs);
        let Some(least) = hungry().map(|(share, _)| *share).min() else { break };
        let lowest = hungry().filter(|(share, _)| **share == least).count();
        let next = hungry().map(|(share, _)| *share).filter(|share| *share > least).min();
        let most = hungry().map(|(_, claim)| claim.needs).min().unwrap_or(least);
        let step = next.unwrap_or(u32::MAX).min(most.max(least.saturating_add(1))) - least;
        let lowest = u32::try_from(lowest).unwrap_or(u32::MAX);
        let each = (left / lowest).min(step);
        if each == 0 {
            for (share, claim) in shares.iter_mut().zip(claims) {
                if left > 0 && *share == least && *share < claim.needs {
                    *share += 1;
                    left -= 1;
                }
            }
            break;
        }
        for (share, claim) in shares.iter_mut().zip(claims) {
            if *share == least && *share < claim.needs {
                let given = each.min(claim.needs - *share);
                *share += given;
                left -= given;
            }
        }
    }
    shares.iter().zip(claims).map(|(share, claim)| (*share).max(claim.has.min(claim.needs))).collect()
}
