//! What people must hear of a service's decisions.

use jiff::Timestamp;
use steward::notification::Subject;
use steward::scaling::ScalerRecord;

/// Follows a decision, which the record holds, and the orders before it. Answers about what there is news: they are written in
/// the record's transaction, at once. So far nothing of scaling is a subject.
pub(crate) fn follow(_: &mut ScalerRecord, _: Timestamp) -> Vec<Subject> {
    Vec::new()
}
