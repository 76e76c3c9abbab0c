//! How often Slack lets itself be asked.
//!
//! | what | source |
//! |---|---|
//! | a message a second and channel; "short bursts allowed" | `docs.slack.dev/apis/web-api/rate-limits` |
//! | tier 3: 50 requests a minute, of each method, app and workspace | the same; tiers stand at each method |
//! | refused as 429 with `Retry-After` in whole seconds; a refused request counts for nothing | the same |
//!
//! How short a burst may be is not said: 3 here. Slack tolerates bursts beyond a tier as well; here 50 in any 60 seconds is
//! the end, so that who passes here passes there.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

/// Messages at once into a rested channel.
const BURST: usize = 3;
/// After a burst, a message each.
const PACE: SignedDuration = SignedDuration::from_secs(1);
/// Requests of a tier 3 method in [`TIER_SPAN`].
const TIER_3: usize = 50;
const TIER_SPAN: SignedDuration = SignedDuration::from_mins(1);

/// What shares one allowance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bucket {
    /// Messages of an app into a channel, whichever way.
    Posts { app: String, channel: String },
    /// A tier 3 method of an app.
    Tier3 { app: String, method: &'static str },
}

/// All allowances of a workspace.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// When a bucket's requests end to count, in order.
    spent: BTreeMap<Bucket, VecDeque<Timestamp>>,
}

impl Limits {
    /// Counts a request, or says after how many seconds to come back.
    pub(super) fn take(&mut self, bucket: Bucket, now: Timestamp) -> Result<(), u32> {
        let (most, each) = match bucket {
            // A burst is worked off one by one: each message is over a second after the one before.
            Bucket::Posts { .. } => (BURST, Some(PACE)),
            Bucket::Tier3 { .. } => (TIER_3, None),
        };
        let spent = self.spent.entry(bucket).or_default();
        while spent.front().is_some_and(|ends| *ends <= now) {
            spent.pop_front();
        }
        if spent.len() >= most {
            let free = spent.front().map_or(SignedDuration::ZERO, |ends| ends.duration_since(now));
            return Err(whole_seconds(free));
        }
        let ends = match each {
            Some(pace) => spent.back().copied().unwrap_or(now).max(now).saturating_add(pace),
            None => now.saturating_add(TIER_SPAN),
        };
        // A time that no calendar holds is no allowance either.
        spent.push_back(ends.unwrap_or(Timestamp::MAX));
        Ok(())
    }
}

/// Rounded up, and never none.
fn whole_seconds(span: SignedDuration) -> u32 {
    let up = span.as_secs() + i64::from(span.subsec_nanos() > 0);
    u32::try_from(up.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    fn posts(channel: &str) -> Bucket {
        Bucket::Posts { app: "A1".to_owned(), channel: channel.to_owned() }
    }

    #[test]
    fn a_channel_takes_three_messages_at_once_and_then_one_a_second() {
        let mut limits = Limits::default();
        let mut take = |when| limits.take(posts("C1"), at(when));
        assert_eq!([take(0), take(0), take(0), take(0)], [Ok(()), Ok(()), Ok(()), Err(1)]);
        assert_eq!([take(999), take(1000), take(1000)], [Err(1), Ok(()), Err(1)]);
        assert_eq!(
            [take(60_000), take(60_000), take(60_000), take(60_000)],
            [Ok(()), Ok(()), Ok(()), Err(1)]
        );
        assert_eq!(limits.take(posts("C2"), at(0)), Ok(()), "channels do not know of each other");
    }

    #[test]
    fn a_tier_3_method_takes_fifty_in_any_minute() {
        let mut limits = Limits::default();
        let tier = |method| Bucket::Tier3 { app: "A1".to_owned(), method };
        for second in 0..50 {
            assert_eq!(limits.take(tier("chat.update"), at(second * 1000)), Ok(()), "{second}");
        }
        assert_eq!(limits.take(tier("chat.update"), at(50_000)), Err(10));
        assert_eq!(limits.take(tier("chat.update"), at(50_001)), Err(10), "seconds are rounded up");
        assert_eq!(limits.take(tier("conversations.history"), at(50_000)), Ok(()));
        assert_eq!(limits.take(tier("chat.update"), at(60_000)), Ok(()));
        assert_eq!(limits.take(tier("chat.update"), at(60_000)), Err(1));
    }
}
