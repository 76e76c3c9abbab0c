//! Parameters in SSM Parameter Store.

use std::collections::BTreeMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::put_parameter::PutParameterError;
use aws_sdk_ssm::types::ParameterType;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::late::Late;
use super::sdk::Sdk;
use super::verdict::FailedCall;

use crate::ports::{Overwrite, ParameterError, ParameterStore, Parameters};

/// The most names of one `GetParameters` or `DeleteParameters`.
const MAX_NAMES: usize = 10;

/// Parameter Store, by the SDK.
#[derive(Debug, Clone)]
pub struct Ssm {
    client: Late<Client>,
}

impl Ssm {
    /// Of a function, with what all its clients share.
    pub fn new(sdk: &Sdk) -> Self {
        Self { client: sdk.ssm() }
    }

    /// With a client of the caller's: its credentials, region, time-outs and retries.
    pub fn with_client(client: Client) -> Self {
        Self { client: client.into() }
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

fn failed<E>(operation: &'static str, names: &[String], error: &SdkError<E, HttpResponse>) -> ParameterError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let FailedCall { verdict, problem } = FailedCall::of(error);
    let name = names.first().cloned().unwrap_or_default();
    ParameterError::Failed { operation, name, problem, retryable: verdict.is_retryable() }
}
