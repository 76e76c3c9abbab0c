//! Parameters in SSM Parameter Store.

use std::collections::BTreeMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::put_parameter::PutParameterError;
use aws_sdk_ssm::types::ParameterType;

use crate::ports::{Overwrite, ParameterError, ParameterStore, Parameters};

/// The most names of one `GetParameters` or `DeleteParameters`.
const MAX_NAMES: usize = 10;

/// Parameter Store, by the SDK.
#[derive(Debug, Clone)]
pub struct Ssm {
    client: Client,
}

impl Ssm {
    /// With a client's credentials, region, time-outs and retries.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Parameters for Ssm {
    async fn get(&self, names: &[String]) -> Result<Vec<Option<String>>, ParameterError> {
        let mut found = BTreeMap::new();
        for some in names.chunks(MAX_NAMES) {
            let answer = self
                .client
                .get_parameters()
                .set_names(Some(some.to_vec()))
                .with_decryption(true)
                .send()
                .await
                .map_err(|error| failed("GetParameters", some, &error))?;
            // What is in `InvalidParameters` does not exist, or has a name that nothing can have.
            let parameters = answer.parameters.unwrap_or_default().into_iter();
            found.extend(parameters.filter_map(|parameter| Some((parameter.name?, parameter.value?))));
        }
        Ok(names.iter().map(|name| found.get(name).cloned()).collect())
    }
}

impl ParameterStore for Ssm {
    async fn put(&self, name: &str, value: &str, overwrite: Overwrite) -> Result<(), ParameterError> {
        let result = self
            .client
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .overwrite(overwrite == Overwrite::Yes)
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(PutParameterError::is_parameter_already_exists) =>
            {
                Err(ParameterError::Exists { name: name.to_owned() })
            }
            Err(error) => Err(failed("PutParameter", &[name.to_owned()], &error)),
        }
    }

    async fn delete(&self, names: &[String]) -> Result<(), ParameterError> {
        for some in names.chunks(MAX_NAMES) {
            self.client
                .delete_parameters()
                .set_names(Some(some.to_vec()))
                .send()
                .await
                .map_err(|error| failed("DeleteParameters", some, &error))?;
        }
        Ok(())
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, ParameterError> {
        let mut names = Vec::new();
        let mut pages =
            self.client.get_parameters_by_path().path(path).recursive(true).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("GetParametersByPath", &[path.to_owned()], &error))?;
            names.extend(
                page.parameters.unwrap_or_default().into_iter().filter_map(|parameter| parameter.name),
            );
        }
        names.sort();
        Ok(names)
    }
}

/// What an error of the SDK means here.
fn failed<E, R>(operation: &'static str, names: &[String], error: &SdkError<E, R>) -> ParameterError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let (problem, retryable) = match error {
        SdkError::ServiceError(refused) => {
            let code = refused.err().code();
            let message = refused.err().message().unwrap_or("no message");
            (format!("{}: {message}", code.unwrap_or("an error without a code")), is_retryable(code))
        }
        // Nothing was sent.
        SdkError::ConstructionFailure(_) => (chain(error), false),
        SdkError::DispatchFailure(failure) => (chain(error), !failure.is_user()),
        // Neither a time-out nor a broken answer says that it will be so again.
        _ => (chain(error), true),
    };
    let name = names.first().cloned().unwrap_or_default();
    ParameterError::Failed { operation, name, problem, retryable }
}

/// Codes after which the same call may succeed. An error without a code is one of a proxy, or of the way.
fn is_retryable(code: Option<&str>) -> bool {
    matches!(
        code,
        None | Some(
            "InternalServerError"
                | "InternalFailure"
                | "ServiceUnavailable"
                | "Throttling"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "TooManyUpdates"
                | "RequestTimeout"
                | "RequestTimeoutException"
                | "ExpiredTokenException"
        )
    )
}

/// An error with its causes: the SDK's own text is "dispatch failure".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}
