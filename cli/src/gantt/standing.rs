//! How a run stands, in words.

use steward::batch::{RunEnd, RunState, Skip};

/// How a run stands.
pub(crate) fn standing(state: &RunState) -> String {
    let RunState::Ended { end, .. } = state else { return state.as_str().to_owned() };
    match end {
        RunEnd::Refused(why) => format!("refused: {}", why.as_str()),
        RunEnd::Skipped(why) => format!("skipped: {}", skipped(why)),
        RunEnd::Superseded { by } => format!("superseded by {by}"),
        RunEnd::TimedOut => "ran for too long".to_owned(),
        end => end.as_str().to_owned(),
    }
}

/// How a run stands, without what a refusal says.
pub(crate) fn briefly(state: &RunState) -> String {
    match state {
        RunState::Ended { end: RunEnd::Refused(_), .. } => "refused".to_owned(),
        state => standing(state),
    }
}

fn skipped(why: &Skip) -> String {
    match why {
        Skip::Missed => "it could not begin in time".to_owned(),
        Skip::StillRunning { run } => format!("{run} went on"),
        Skip::Upstream { job } => format!("{job} did not succeed"),
        Skip::Breaker => "its job failed too often".to_owned(),
        Skip::Suspended => "its job is suspended".to_owned(),
        Skip::Gone => "its job is not configured".to_owned(),
    }
}
