//! Whether a cluster's services keep to known good practice.
//!
//! What was read of one service is its [`Facts`]; each [`Check`] is a pure function of them, and says that something is found,
//! that nothing is, or that it could not be seen ([`Seen`]). [`report()`] asks all of them.
//!
//! # Invariants
//!
//! * Nothing here reads or changes anything: facts come in, findings go out, and the same facts make the same report.
//! * What could not be read is neither a finding nor a clean bill: it is named, with the action that IAM refused.
//! * No value of an environment variable is kept, let alone shown: only the names of those that look like secrets.
//! * Each check has an id that stays, and says why it matters, what to do, and who says so.

mod checks;
mod definition;
mod facts;
mod image;
mod needs;
mod pace;
mod report;

pub use checks::{CHECKS, Check, Look, Seen, Severity, Source, check};
pub use definition::{Container, Definition, LogConfiguration, Suspect};
pub use facts::{ClusterFacts, Facts, Failure, Launch, Running, Service};
pub use needs::{Need, Permissions, Ruling, needs};
pub use pace::{Bucket, Pace};
pub use report::{Finding, Named, Report, Unseen, report};

#[cfg(test)]
mod tests;
