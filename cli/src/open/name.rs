//! What people call targets and incidents: what one command prints, another one takes.

use jiff::Timestamp;
use steward::incident::Target;

/// A target in one word: `shop/api` for a service, `family:shop/report` for standalone tasks, `instance:shop/0a1b…` for a
/// container instance.
pub(crate) fn short(target: &Target) -> String {
    let (cluster, name) = (target.cluster().name(), target.name());
    match target {
        Target::Service { .. } => format!("{cluster}/{name}"),
        Target::Family { .. } => format!("family:{cluster}/{name}"),
        Target::ContainerInstance { .. } => format!("instance:{cluster}/{name}"),
    }
}

/// An incident in one word: its target, and when it was opened.
pub(crate) fn incident_id(target: &Target, opened_at: Timestamp) -> String {
    format!("{}@{opened_at}", short(target))
}
