//! What notifications remembers: what was told where, and what was not, and why.

mod channel;
mod outage;
mod silence;
mod thread;
mod withheld;

pub use channel::{ChannelRecord, Trouble};
pub use outage::Outage;
pub use silence::{MAX_SILENCES, Silence, SilenceId, Silences};
pub use thread::{Kept, Lease, Recent, Root, Thread, Told, Why};
pub use withheld::{HeldBack, MAX_WAITING, Withheld};
