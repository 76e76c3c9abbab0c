//! What the commands that talk to AWS share: whose account, by whose right, and how they end.

use std::io::{self, Write};
use std::process::ExitCode;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls;
use aws_types::SdkConfig;
use clap::Args;

/// Whose account, and by whose right
#[derive(Args)]
pub(crate) struct Account {
    /// A profile of the AWS configuration (otherwise `AWS_PROFILE`, or the default)
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The Region (otherwise `AWS_REGION`, or the profile's)
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Where AWS answers, instead of the Region's own endpoints (otherwise `AWS_ENDPOINT_URL`)
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    endpoint_url: Option<String>,
}

/// What can be an endpoint: any other text would fail in the middle of the first call.
fn endpoint(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |rest: &str| !rest.is_empty() && !rest.starts_with(['/', ':', '?']);
    match rest {
        Some(rest) if is_host(rest) && !text.contains(char::is_whitespace) => Ok(text.to_owned()),
        _ => Err("a URL such as http://localhost:4566".to_owned()),
    }
}

impl Account {
    /// What clients share, with the credentials of the AWS configuration.
    pub(crate) async fn load(&self) -> SdkConfig {
        let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(std::time::Duration::from_secs(10))
            .operation_timeout(std::time::Duration::from_secs(45))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().tls_provider(ring).build_https())
            .timeout_config(timeouts);
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        loader.load().await
    }
}

/// The name of a CloudFormation stack.
pub(crate) fn stack_name(text: &str) -> Result<String, String> {
    let is_name = text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_name { Ok(text.to_owned()) } else { Err("letters, digits and hyphens, a letter first".to_owned()) }
}

/// Runs what talks to AWS.
pub(crate) fn block_on<F: Future<Output = io::Result<ExitCode>>>(future: F) -> io::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Says what went wrong.
pub(crate) fn fail(error: &dyn std::error::Error) -> io::Result<ExitCode> {
    writeln!(anstream::stderr(), "steward: {error}")?;
    Ok(ExitCode::from(2))
}
