//! Standalone tasks that were lost through no fault of theirs: nothing replaces them.

use super::{Care, Failure, Lost, MAX_TASKS, Target};
use crate::arn::TaskArn;
use crate::diagnosis::Cause;

/// What a failure says of a standalone task.
pub(super) struct Loss {
    task: TaskArn,
    /// Absent where the task failed by itself: of two versions of one task's end the later may say so.
    lost: Option<Lost>,
}

impl Loss {
    /// `None` for what is no standalone task. A task of a service is replaced by ECS.
    pub(super) fn of(target: &Target, failure: &Failure) -> Option<Self> {
        let task = failure.task.clone().filter(|_| matches!(target, Target::Family { .. }))?;
        let cause = failure.diagnosis.cause;
        let lost = Lost { task: task.clone(), at: failure.at, cause };
        Some(Self { task, lost: Some(lost).filter(|_| is_loss(cause)) })
    }
}

/// Whether it was not the task that failed, but what it ran on, or was to run on.
fn is_loss(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::SpotInterrupted
            | Cause::HostTerminated
            | Cause::Maintenance
            | Cause::InfrastructureImpaired
            | Cause::CapacityUnavailable
    )
}

impl Care {
    /// Takes in how a task ended, as the latest version of its state says. The first lost are kept.
    pub(super) fn note_loss(&mut self, loss: Loss) {
        self.lost.retain(|known| known.task != loss.task);
        self.lost.extend(loss.lost);
        self.lost.sort_by(|a, b| (a.at, &a.task).cmp(&(b.at, &b.task)));
        self.lost.truncate(MAX_TASKS);
    }
}
