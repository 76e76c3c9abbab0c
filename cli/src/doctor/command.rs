//! The command: which stack, in which form, and how it ends.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use steward::aws::{Iam, Installed, Sdk, SlackBot, Ssm};

use super::checks::{Finding, Health, examine};
use super::read::{Source, TryToken, read};
use super::{json, text};
use crate::account::{self, Account, stack_name};
use crate::configuration;
use crate::ledger::{now, only_stack};
use crate::progress::Progress;

/// Checks an installation end to end, and says what to do
///
/// Changes nothing. What may not be looked at, for want of a permission, is said, and is neither well nor a problem. The exit code
/// is 0 where all is well, 1 where there is a problem, and 2 where something could not be looked at and the rest is well.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The stack. May be left out where the account has one in this Region
    #[arg(long, value_name = "NAME", value_parser = stack_name)]
    stack: Option<String>,
    /// Compare this configuration with the one in force
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// How to print: for people, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    account: Account,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let file = match &arguments.config {
        None => None,
        Some(file) => match configuration::read_file(file)? {
            Some(valid) => Some(valid.file),
            None => return Ok(ExitCode::from(2)),
        },
    };
    account::block_on(async {
        let config = arguments.account.load().await;
        let sdk = Sdk::with_config(&config);
        let parameters = Ssm::new(&sdk);
        let name = match &arguments.stack {
            Some(name) => name.clone(),
            None => match only_stack(&parameters).await {
                Ok(name) => name,
                Err(error) => return account::fail(&error),
            },
        };
        let progress = Progress::on_terminal();
        let source = Source {
            installation: &Installed::new(&sdk, now),
            iam: &Iam::with_config(&config),
            parameters: &parameters,
            slack: &Slack { sdk: &sdk },
            progress: &|text| progress.show(text),
        };
        let findings = examine(&read(&source, &name, file, now()).await);
        progress.clear();
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::write(out, &name, &findings)?,
            Format::Json => json::write(out, &name, &findings)?,
        }
        out.flush()?;
        Ok(code(&findings))
    })
}

fn code(findings: &[Finding]) -> ExitCode {
    let any = |health: Health| findings.iter().any(|finding| finding.health == health);
    if any(Health::Problem) {
        return ExitCode::from(1);
    }
    ExitCode::from(if any(Health::Unseen) { 2 } else { 0 })
}

/// Slack, by the tokens of this account's parameters.
struct Slack<'s> {
    sdk: &'s Sdk,
}

impl TryToken for Slack<'_> {
    async fn try_token(&self, parameter: &str) -> Result<(), String> {
        let (name, channel) = ("doctor".to_owned(), String::new());
        SlackBot::new(self.sdk, name, Ssm::new(self.sdk), parameter.to_owned(), channel, None).test().await
    }
}
