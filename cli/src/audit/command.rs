//! The command: which cluster, in which form, and what fails.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use aws_sdk_ssm::config::retry::RetryConfig;
use clap::{Args, ValueEnum};
use steward::audit::{CHECKS, Report, Severity, check, report};
use steward::aws::{AuditedEcs, Iam};
use steward::config::Glob;

use super::read::{self, Failed, Reading};
use super::{json, sarif, text};
use crate::account::{self, Account};
use crate::ledger::now;
use crate::progress::Progress;
use crate::wall::Wall;

/// Checks a cluster's services against known good practice, and changes nothing
///
/// What could not be read, for want of a permission, is said and is no finding. The exit code is 0 where nothing is as grave as
/// --fail-on, 1 where something is, and 2 where the cluster could not be read at all.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The cluster, by name or ARN
    #[arg(value_name = "CLUSTER", required_unless_present = "checks")]
    cluster: Option<String>,
    /// Only services whose names are like this: `*` stands for any characters, `?` for one
    #[arg(long, value_name = "GLOB")]
    service: Option<String>,
    /// How to print: for people, as one JSON object, or as SARIF 2.1.0
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// From which severity on the exit code is 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Leave a check out; may be given several times
    #[arg(long, value_name = "CHECK", value_parser = known)]
    ignore: Vec<String>,
    /// List all checks, with their severities and reasons
    #[arg(long)]
    checks: bool,
    #[command(flatten)]
    account: Account,
}

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    fn code(self, report: &Report) -> ExitCode {
        let bound = match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
            Self::Never => return ExitCode::SUCCESS,
        };
        // The gravest is the least.
        ExitCode::from(u8::from(report.gravest().is_some_and(|gravest| gravest <= bound)))
    }
}

fn known(id: &str) -> Result<String, String> {
    let ids = || CHECKS.iter().map(|check| check.id).collect::<Vec<_>>().join(", ");
    check(id).map(|check| check.id.to_owned()).ok_or_else(|| format!("no such check; there are {}", ids()))
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    if arguments.checks {
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::checks(out)?,
            Format::Json => json::checks(out)?,
            Format::Sarif => return account::fail(&io::Error::other("--checks prints text or JSON")),
        }
        return Ok(ExitCode::SUCCESS);
    }
    account::block_on(audit(arguments))
}

async fn audit(arguments: &Arguments) -> io::Result<ExitCode> {
    let cluster = arguments.cluster.as_deref().unwrap_or_default();
    // How often a call is repeated, and when, is the pace's to say.
    let config = arguments.account.load().await.into_builder().retry_config(RetryConfig::disabled()).build();
    let (ecs, iam) = (AuditedEcs::with_config(&config), Iam::with_config(&config));
    let progress = Progress::on_terminal();
    let services = arguments.service.as_deref().map(Glob::new);
    let show = |text: &str| progress.show(text);
    let reading = Reading::new(&ecs, &iam, &Wall, seed(), &show);
    let read = read::read(&reading, cluster, services.as_ref()).await;
    progress.clear();
    let read = match read {
        Ok(read) => read,
        Err(Failed::NoSuchCluster) => {
            let message =
                format!("there is no cluster {cluster} in this account and Region: is it another's?");
            return account::fail(&io::Error::other(message));
        }
        Err(Failed::Unreadable(error)) => return account::fail(&error),
    };
    let ignored: BTreeSet<&str> = arguments.ignore.iter().map(String::as_str).collect();
    let mut report = report(&read.cluster, &read.services, &ignored, now());
    for (service, why) in read.unread {
        report.unread(service, &why);
    }
    let out = &mut anstream::stdout();
    match arguments.format {
        Format::Text => text::write(out, &report, CHECKS.len() - ignored.len())?,
        Format::Json => json::write(out, &report)?,
        Format::Sarif => sarif::write(out, &report)?,
    }
    out.flush()?;
    Ok(arguments.fail_on.code(&report))
}

/// Two who start at once differ in their process.
pub(crate) fn seed() -> u64 {
    u64::from(std::process::id()) ^ u64::from(now().subsec_nanosecond().unsigned_abs())
}
