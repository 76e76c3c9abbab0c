//! The time of the machine.

use jiff::Timestamp;
use steward::ports::{Clock, Wait};

use crate::ledger::now;

/// The time of the machine.
pub(crate) struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        now()
    }
}

impl Wait for Wall {
    #[allow(clippy::disallowed_methods, reason = "a command may wait; nobody pays for it by the millisecond")]
    async fn until(&self, at: Timestamp) {
        let pause = at.duration_since(now());
        if let Ok(pause) = std::time::Duration::try_from(pause)
            && !pause.is_zero()
        {
            tokio::time::sleep(pause).await;
        }
    }
}
