//! What invocations call: a count that no machine changes, and that tests hold.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::lap::{Environment, LapError};
use crate::programs::Prepared;
use crate::services::Services;

/// Calls by operation (`GetItem`), and `slack` for what was posted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Calls {
    /// Of an environment's first invocation.
    pub first: BTreeMap<String, u64>,
    /// Of its second, a second later.
    pub warm: BTreeMap<String, u64>,
}

impl Calls {
    /// Of a program, counted.
    ///
    /// # Errors
    ///
    /// Where it does not start, fails, or calls what the stand-ins do not know.
    pub async fn of(program: &Prepared, services: &Services) -> Result<Self, LapError> {
        services.take_calls();
        let mut environment = Environment::start(program).await?;
        if let Some((operation, _)) = services.take_calls().into_iter().next() {
            return Err(LapError::CallsBeforeNext { program: program.name().to_owned(), operation });
        }
        environment.invoke().await?;
        let first = services.take_calls();
        environment.invoke().await?;
        let warm = services.take_calls();
        environment.end().await;
        match services.unknown().into_iter().next() {
            Some(operation) => Err(LapError::UnknownCall { program: program.name().to_owned(), operation }),
            None => Ok(Self { first, warm }),
        }
    }
}
