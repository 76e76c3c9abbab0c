//! Where a configuration lies in Parameter Store, and how to get there.

use clap::Args;
use steward::aws::Ssm;

use crate::account::{Account, stack_name};

/// Which configuration, and by whose right
#[derive(Args)]
pub(crate) struct Place {
    /// The stack, whose configuration is at /steward/NAME/configuration
    #[arg(long, value_name = "NAME", value_parser = stack_name, required_unless_present = "path")]
    stack: Option<String>,
    /// The configuration's path in Parameter Store, instead of a stack
    #[arg(long, value_name = "PATH", value_parser = parameter_path, conflicts_with = "stack")]
    path: Option<String>,
    #[command(flatten)]
    account: Account,
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
        Ssm::with_client(aws_sdk_ssm::Client::new(&self.account.load().await))
    }
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
