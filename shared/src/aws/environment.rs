//! What a function's process is told by its environment.

use std::collections::BTreeMap;

/// The services that Steward's functions call, as the names of their endpoint variables end.
const SERVICES: [&str; 9] = [
    "APPLICATION_AUTO_SCALING",
    "CLOUDFORMATION",
    "CLOUDWATCH",
    "CLOUDWATCH_LOGS",
    "DYNAMODB",
    "ECS",
    "SNS",
    "SQS",
    "SSM",
];

/// A variable that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// It is not there, or empty.
    #[error("the environment variable {0} is not set: Lambda or the template sets it")]
    Missing(&'static str),
    /// Its value is of no use.
    #[error("the environment variable {name} is {value:?}: {problem}")]
    Wrong {
        /// Which.
        name: &'static str,
        /// Its value; no variable of Steward's holds a secret.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
}

type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// The variables of a process, given as a lookup so that nothing here reads the process itself.
pub struct Environment {
    variables: Lookup,
}

impl Environment {
    /// An environment behind a lookup.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { variables: Box::new(lookup) }
    }

    /// A variable that may be absent; empty is absent, for a template can hardly leave one out.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.trim().is_empty())
    }

    /// A variable that must be there.
    ///
    /// # Errors
    ///
    /// Where it is not.
    pub fn required(&self, name: &'static str) -> Result<String, EnvironmentError> {
        self.optional(name).ok_or(EnvironmentError::Missing(name))
    }

    /// Where services are, where they are not where AWS has them: `AWS_ENDPOINT_URL_<SERVICE>`, else
    /// `AWS_ENDPOINT_URL`, as aws-config would read them.
    pub(super) fn endpoints(&self) -> BTreeMap<&'static str, String> {
        SERVICES
            .into_iter()
            .filter_map(|service| {
                let own = self.optional(&format!("AWS_ENDPOINT_URL_{service}"));
                Some((service, own.or_else(|| self.optional("AWS_ENDPOINT_URL"))?))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &'static [(&'static str, &'static str)]) -> Environment {
        Environment::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_variable_is_absent_and_a_missing_one_is_named() {
        let environment = environment(&[("STEWARD_TABLE", " "), ("X", "1")]);
        assert_eq!(environment.optional("X").as_deref(), Some("1"));
        assert_eq!(environment.required("STEWARD_TABLE"), Err(EnvironmentError::Missing("STEWARD_TABLE")));
    }

    #[test]
    fn a_services_own_endpoint_comes_before_the_common_one() {
        let environment =
            environment(&[("AWS_ENDPOINT_URL", "http://a"), ("AWS_ENDPOINT_URL_SQS", "http://b")]);
        let endpoints = environment.endpoints();
        assert_eq!((endpoints["SQS"].as_str(), endpoints["DYNAMODB"].as_str()), ("http://b", "http://a"));
        assert!(["CLOUDFORMATION", "ECS"].iter().all(|service| endpoints.contains_key(service)));
        assert!(Environment::new(|_| None).endpoints().is_empty());
    }
}
