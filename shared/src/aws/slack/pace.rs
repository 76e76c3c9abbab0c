//! How fast messages may follow each other.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A channel takes a message a second, and short bursts: <https://docs.slack.dev/apis/web-api/rate-limits>.
const BETWEEN: Duration = Duration::from_secs(1);
/// Nobody waits for longer: Slack says by itself when it is too much.
const LONGEST: Duration = Duration::from_secs(2);

/// The pace of one channel in this process.
#[derive(Default)]
pub(super) struct Pace {
    next: Cell<Option<Instant>>,
}

impl Pace {
    /// Waits until the next message may go. Those who wait at the same time go one after the other.
    pub(super) async fn keep(&self) {
        let now = Instant::now();
        let at = self.next.get().map_or(now, |next| next.clamp(now, now + LONGEST));
        self.next.set(Some(at + BETWEEN));
        if at > now {
            sleep_until(at).await;
        }
    }
}
