//! Every rule of safety, in one place and in one order.

mod refusal;

use jiff::SignedDuration;

pub use refusal::Refusal;

/// What may change by itself is asked about again after so long.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(2);
