//! Parameter Store in memory, with the rules of the real one that matter here.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::store::MAX_VALUE_BYTES;
use crate::ports::{Overwrite, ParameterError, ParameterStore, Parameters};

/// Which call fails, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fail {
    /// The call has no effect.
    Before(usize),
    /// The call has its effect, and its answer is lost.
    After(usize),
    /// This call and all behind it have no effect: Parameter Store is away.
    From(usize),
}

/// Parameters for tests, the demo and simulations.
#[derive(Debug, Default)]
pub struct MemoryParameters {
    values: RefCell<BTreeMap<String, String>>,
    calls: Cell<usize>,
    fail: Cell<Option<Fail>>,
}

impl MemoryParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a call fail, counted from the next one.
    pub fn fail(&self, fail: Option<Fail>) {
        self.calls.set(0);
        self.fail.set(fail);
    }

    /// How many calls were made since the last [`MemoryParameters::fail`].
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    /// All names and values.
    pub fn values(&self) -> BTreeMap<String, String> {
        self.values.borrow().clone()
    }

    /// Writes or removes a value behind everybody's back.
    pub fn tamper(&self, name: &str, value: Option<&str>) {
        let mut values = self.values.borrow_mut();
        match value {
            Some(value) => values.insert(name.to_owned(), value.to_owned()),
            None => values.remove(name),
        };
    }

    /// One call: counted, failed where it must, and its effect carried out in between.
    fn call<T>(
        &self,
        operation: &'static str,
        name: &str,
        effect: impl FnOnce(&mut BTreeMap<String, String>) -> Result<T, ParameterError>,
    ) -> Result<T, ParameterError> {
        let call = self.calls.get() + 1;
        self.calls.set(call);
        let lost = || failed(operation, name, "the connection was lost", true);
        match self.fail.get() {
            Some(Fail::Before(n)) if n == call => return Err(lost()),
            Some(Fail::From(n)) if n <= call => return Err(lost()),
            _ => {}
        }
        let result = effect(&mut self.values.borrow_mut());
        if self.fail.get() == Some(Fail::After(call)) { Err(lost()) } else { result }
    }
}

fn failed(operation: &'static str, name: &str, problem: &str, retryable: bool) -> ParameterError {
    ParameterError::Failed { operation, name: name.to_owned(), problem: problem.to_owned(), retryable }
}

impl Parameters for MemoryParameters {
    async fn get(&self, names: &[String]) -> Result<Vec<Option<String>>, ParameterError> {
        let first = names.first().map(String::as_str).unwrap_or_default();
        self.call("GetParameters", first, |values| {
            Ok(names.iter().map(|name| values.get(name).cloned()).collect())
        })
    }
}

impl ParameterStore for MemoryParameters {
    async fn put(&self, name: &str, value: &str, overwrite: Overwrite) -> Result<(), ParameterError> {
        self.call("PutParameter", name, |values| {
            if value.is_empty()
                || value.len() > MAX_VALUE_BYTES
                || value.contains("{{")
                || value.contains("}}")
            {
                return Err(failed("PutParameter", name, "ValidationException", false));
            }
            if overwrite == Overwrite::No && values.contains_key(name) {
                return Err(ParameterError::Exists { name: name.to_owned() });
            }
            values.insert(name.to_owned(), value.to_owned());
            Ok(())
        })
    }

    async fn delete(&self, names: &[String]) -> Result<(), ParameterError> {
        let first = names.first().map(String::as_str).unwrap_or_default();
        self.call("DeleteParameters", first, |values| {
            for name in names {
                values.remove(name);
            }
            Ok(())
        })
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, ParameterError> {
        let below = format!("{path}/");
        self.call("GetParametersByPath", path, |values| {
            Ok(values.keys().filter(|name| name.starts_with(&below)).cloned().collect())
        })
    }
}
