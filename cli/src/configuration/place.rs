//! Where a configuration lies in Parameter Store, and how to get there.

use std::io::{self, Write};
use std::process::ExitCode;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls;
use clap::Args;
use steward::aws::Ssm;

/// Which configuration, and by whose right
#[derive(Args)]
pub(crate) struct Place {
    /// The stack, whose configuration is at /steward/NAME/configuration
    #[arg(long, value_name = "NAME", value_parser = stack_name, required_unless_present = "path")]
    stack: Option<String>,
    /// The configuration's path in Parameter Store, instead of a stack
    #[arg(long, value_name = "PATH", value_parser = parameter_path, conflicts_with = "stack")]
    path: Option<String>,
    /// A profile of the AWS configuration (otherwise `AWS_PROFILE`, or the default)
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The Region (otherwise `AWS_REGION`, or the profile's)
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

impl Place {
    /// The configuration's path.
    pub(crate) fn path(&self) -> String {
        match (&self.path, &self.stack) {
            (Some(path), _) => path.clone(),
            (None, stack) => format!("/steward/{}/configuration", stack.as_deref().unwrap_or_default()),
        }
    }

    /// Parameter Store, with the credentials of the AWS configuration.
    pub(crate) async fn open(&self) -> Ssm {
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
        Ssm::with_client(aws_sdk_ssm::Client::new(&loader.load().await))
    }
}

fn stack_name(text: &str) -> Result<String, String> {
    let is_name = text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_name { Ok(text.to_owned()) } else { Err("letters, digits and hyphens, a letter first".to_owned()) }
}

fn parameter_path(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let is_level = |level: &str| {
        !level.is_empty() && level.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    match path.strip_prefix('/') {
        Some(levels) if levels.split('/').all(is_level) && path.len() <= 800 => Ok(path.to_owned()),
        _ => Err("a path such as /steward/STACK/configuration".to_owned()),
    }
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
