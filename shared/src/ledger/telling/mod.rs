//! What notifications remembers: what was told where, and what was not, and why.

mod channel;
mod outage;
mod silence;
mod thread;

pub use channel::{ChannelRecord, MAX_WAITING, Trouble, Withheld};
pub use outage::Outage;
pub use silence::{MAX_SILENCES, Silence, SilenceId, Silences};
pub use thread::{Kept, Lease, Recent, Root, Thread, Told, Why};
