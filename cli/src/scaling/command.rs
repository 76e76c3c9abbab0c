//! The command: which services, in which form, and whether to allow what is proposed.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::apply::people::Taken;
use steward::incident::Target;
use steward::scaling::{Scaler, people};
use steward::words::Language::En;
use steward::words::scaling;

use super::read::{self, named};
use super::{detail, text};
use crate::account;
use crate::jobs::{Format, Needs, Opened, Source};
use crate::ledger::{By, now};

/// Shows the scaled services: how many tasks each has, how many it needs, and why
///
/// With a service: what was observed and learned of it, what each consideration asks for, which one binds, what keeps it from
/// being done, and the latest order.
#[derive(Args)]
pub(crate) struct Arguments {
    /// One service, whole: its name, or CLUSTER/SERVICE
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    #[allow(clippy::option_option, reason = "clap's form of an option whose value may be left out")]
    /// Allow what is proposed for the service; with a number, only if it is that many tasks
    #[arg(long, value_name = "TASKS", num_args = 0..=1, requires = "service", conflicts_with = "format")]
    approve: Option<Option<u32>>,
    #[command(flatten)]
    by: By,
    /// How to print: for people, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    source: Source,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let opened = match arguments.source.open(Needs::Configuration).await? {
            Ok(opened) => opened,
            Err(code) => return Ok(code),
        };
        let scalers = &opened.configuration.scaling;
        let one = match arguments.service.as_deref().map(|name| named(scalers, name)).transpose() {
            Ok(one) => one,
            Err(problem) => return account::fail(&io::Error::other(problem)),
        };
        match (one, arguments.approve) {
            (Some(scaler), Some(to)) => approve(arguments, &opened, scaler, to).await,
            (one, _) => show(arguments, &opened, one).await,
        }
    })
}

async fn show(arguments: &Arguments, opened: &Opened, one: Option<&Scaler>) -> io::Result<ExitCode> {
    let all: Vec<&Scaler> = match one {
        Some(scaler) => vec![scaler],
        None => opened.configuration.scaling.by_service.values().collect(),
    };
    // A table's name alone names no account.
    if let Some(Err(error)) = all.first().map(|scaler| opened.cluster(&scaler.cluster)) {
        return account::fail(&error);
    }
    let cluster = |name: &str| opened.cluster(name).unwrap_or_else(|_| steward::arn::ClusterArn::new(name));
    let now = now();
    let overview = match read::read(&opened.ledger, &all, cluster, now).await {
        Ok(overview) => overview,
        Err(error) => return account::fail(&error),
    };
    let out = &mut anstream::stdout();
    match (arguments.format, overview.services.as_slice()) {
        (Format::Text, [service]) if one.is_some() => detail::write(out, service, now)?,
        (Format::Text, _) => text::write(out, &overview)?,
        (Format::Json, [service]) if one.is_some() => writeln!(out, "{}", serde_json::to_string(service)?)?,
        (Format::Json, _) => writeln!(out, "{}", serde_json::to_string(&overview)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn approve(
    arguments: &Arguments,
    opened: &Opened,
    scaler: &Scaler,
    to: Option<u32>,
) -> io::Result<ExitCode> {
    let cluster = match opened.cluster(&scaler.cluster) {
        Ok(cluster) => cluster,
        Err(error) => return account::fail(&error),
    };
    let target = Target::Service { cluster, name: scaler.service.clone() };
    let keep = opened.configuration.policy.keep_closed;
    let out = &mut anstream::stdout();
    match people::approve(&opened.ledger, &target, to, keep, &arguments.by.person(None)).await {
        Ok(Taken::Now(order)) => {
            let change = scaling::change(order.from, order.to, En);
            writeln!(out, "allowed: {change} of {target}")?;
            writeln!(
                out,
                "the scaling function does it within a minute, unless a guard refuses or fewer are needed"
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Taken::Already(_, ruling)) => {
            writeln!(out, "{} has allowed it already", ruling.by)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => account::fail(&error),
    }
}
