//! A secret in a `SecureString`.

use std::cell::RefCell;

use super::Refusal;
use crate::ports::{Parameters, Trouble};

/// A secret, read with the first message and kept in memory until Slack refuses it. It has no `Debug` and no `Display`.
pub(super) struct Secret<P> {
    parameters: P,
    /// The parameter that holds it.
    name: String,
    /// As what is wrong with a value is told: `webhook`, `bot token`.
    kind: &'static str,
    known: RefCell<Option<String>>,
}

impl<P: Parameters> Secret<P> {
    pub(super) fn new(parameters: P, name: String, kind: &'static str) -> Self {
        Self { parameters, name, kind, known: RefCell::default() }
    }

    #[cfg(test)]
    pub(super) fn parameters(&self) -> &P {
        &self.parameters
    }

    /// The secret, if `check` finds nothing wrong with it. What it says must not quote the value.
    pub(super) async fn get(
        &self,
        check: impl Fn(&str) -> Result<(), &'static str>,
    ) -> Result<String, Refusal> {
        if let Some(known) = self.known.borrow().clone() {
            return Ok(known);
        }
        let Self { name, kind, .. } = self;
        let found = self.parameters.get(std::slice::from_ref(name)).await.map_err(|error| {
            let trouble = if error.is_retryable() { Trouble::Later } else { Trouble::Refused };
            Refusal::new(trouble, error.to_string())
        })?;
        let value = found.into_iter().flatten().next().ok_or_else(|| {
            let problem = format!("there is no parameter {name}: put the {kind} there as a SecureString");
            Refusal::new(Trouble::Refused, problem)
        })?;
        let value = value.trim();
        check(value).map_err(|problem| {
            let problem = format!("the parameter {name} holds no {kind} of Slack: {problem}");
            Refusal::new(Trouble::Refused, problem)
        })?;
        *self.known.borrow_mut() = Some(value.to_owned());
        Ok(value.to_owned())
    }

    /// Perhaps it was replaced: it is read anew for the next message.
    pub(super) fn forget(&self) {
        *self.known.borrow_mut() = None;
    }
}
