//! What a month costs: counts of work, a stated mix of events, and public prices.
//!
//! Pure: the same works and the same traffic make the same bill.

pub mod bill;
pub mod page;
pub mod prices;
pub mod traffic;

pub use bill::{Bill, Line, naive, steward};
pub use traffic::Traffic;
