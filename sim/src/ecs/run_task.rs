//! Client tokens of `RunTask`.
//!
//! A token lives, per cluster, for 24 hours or until an hour after the last task's life, whichever is shorter; until then it
//! gives the original result again, and with other parameters a `ConflictException` with the task ARNs (FACTS §10).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::api::{RunTaskRequest, RunTaskResponse};
use super::error::ApiError;
use super::state::{State, TaskId};
use crate::random::later;

const LONGEST: Duration = Duration::from_hours(24);
const AFTER_LIFE: Duration = Duration::from_hours(1);

/// Tokens that were used.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    used: BTreeMap<(String, String), Used>,
}

#[derive(Debug)]
struct Used {
    request: RunTaskRequest,
    answer: RunTaskResponse,
    tasks: Vec<TaskId>,
    at: Timestamp,
}

impl Tokens {
    /// The original result of a token that is still good.
    pub(super) fn original(
        &mut self,
        state: &State,
        now: Timestamp,
        cluster: &str,
        request: &RunTaskRequest,
    ) -> Result<Option<RunTaskResponse>, ApiError> {
        self.used.retain(|_, used| used.expires(state) > now);
        let Some(token) = &request.client_token else { return Ok(None) };
        let Some(used) = self.used.get(&(cluster.to_owned(), token.clone())) else { return Ok(None) };
        if used.request == *request {
            return Ok(Some(used.answer.clone()));
        }
        let arns = used.answer.tasks.iter().filter_map(|task| task.task_arn.clone()).collect();
        Err(ApiError::conflict("The client token was used with other parameters.", arns))
    }

    pub(super) fn keep(
        &mut self,
        now: Timestamp,
        cluster: &str,
        request: &RunTaskRequest,
        answer: &RunTaskResponse,
        tasks: Vec<TaskId>,
    ) {
        if let Some(token) = &request.client_token {
            let used = Used { request: request.clone(), answer: answer.clone(), tasks, at: now };
            self.used.insert((cluster.to_owned(), token.clone()), used);
        }
    }
}

impl Used {
    /// A task that is no longer shown stopped an hour ago or more.
    fn expires(&self, state: &State) -> Timestamp {
        let longest = later(self.at, LONGEST);
        let mut last = self.at;
        for task in self.tasks.iter().filter_map(|id| state.task(*id)) {
            match task.times.stopped {
                Some(stopped) => last = last.max(stopped),
                None => return longest,
            }
        }
        let forgotten = !self.tasks.is_empty() && self.tasks.iter().all(|id| state.task(*id).is_none());
        if forgotten { Timestamp::MIN } else { longest.min(later(last, AFTER_LIFE)) }
    }
}
