//! The command: of which service, and in which form.

use std::io;
use std::process::ExitCode;

use clap::Args;
use steward::arn::{ClusterArn, ServiceName};
use steward::aws::Ecs;
use steward::config::Configuration;
use steward::incident::Target;
use steward::ledger::{Key, LedgerError, Record};
use steward::ports::{DescribeEcs, Ledger};

use super::{Change, Format, text};
use crate::account;
use crate::jobs::{Needs, Opened, Source};

/// Prints the smallest change that gives a container more memory
///
/// Reads what the service runs, and from the ledger which container runs out of memory. Nothing is changed.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,
    /// Its cluster, by name or ARN
    #[arg(long, value_name = "CLUSTER")]
    cluster: String,
    /// The container (otherwise the one that ran out of memory, as the ledger knows). With it no ledger is read
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    source: Source,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let known = match &arguments.container {
            Some(container) => arguments
                .source
                .of_file()?
                .map(|configuration| (configuration, Some((container.clone(), None)))),
            None => match arguments.source.open(Needs::Ledger).await? {
                Err(code) => Err(code),
                Ok(opened) => match in_ledger(&opened, arguments).await {
                    Ok(found) => Ok((opened.configuration, found)),
                    Err(error) => return account::fail(&io::Error::other(error)),
                },
            },
        };
        let (configuration, found) = match known {
            Ok(known) => known,
            Err(code) => return Ok(code),
        };
        let ecs = Ecs::with_config(&arguments.source.sdk().await);
        match change(arguments, &ecs, &configuration, found).await {
            Ok(change) => {
                text::write(&mut anstream::stdout(), &change, arguments.format)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(problem) => account::fail(&io::Error::other(problem)),
        }
    })
}

/// The container that ran out of memory most often in the service's latest incident, and how often.
async fn in_ledger(
    opened: &Opened,
    arguments: &Arguments,
) -> Result<Option<(String, Option<usize>)>, String> {
    let cluster = opened.cluster(&arguments.cluster).map_err(|error| error.to_string())?;
    let target = Target::Service { cluster, name: ServiceName::new(arguments.service.as_str()) };
    let read = async |key: Key| -> Result<Option<Record>, LedgerError> {
        Ok(opened.ledger.read(&[key]).await?.pop().flatten().map(|stored| stored.record))
    };
    let failed = |error: LedgerError| error.to_string();
    let Some(Record::Target(record)) = read(Key::target(&target)).await.map_err(failed)? else {
        return Ok(None);
    };
    let Some(opened_at) = record.incident else { return Ok(None) };
    let Some(Record::Incident(incident)) = read(Key::incident(&target, opened_at)).await.map_err(failed)?
    else {
        return Ok(None);
    };
    let counts = incident.failures.out_of_memory();
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    Ok(most.map(|(container, count)| (container.to_string(), Some(count))))
}

async fn change(
    arguments: &Arguments,
    ecs: &Ecs,
    configuration: &Configuration,
    found: Option<(String, Option<usize>)>,
) -> Result<Change, String> {
    let (name, cluster) =
        (ServiceName::new(arguments.service.as_str()), ClusterArn::new(arguments.cluster.as_str()));
    let service = DescribeEcs::service(ecs, &cluster, &name).await.map_err(|error| error.to_string())?;
    let service = service.ok_or_else(|| format!("{cluster} has no service {name}"))?;
    let revision = service.primary().and_then(|primary| primary.task_definition.clone());
    let revision = revision.ok_or_else(|| format!("ECS does not say what {name} runs"))?;
    let described = ecs.whole_definition(revision.as_str()).await.map_err(|error| error.to_string())?;
    let (definition, _) = described.ok_or_else(|| format!("ECS does not know {revision}"))?;
    let only = match definition.sizes.containers.as_slice() {
        [only] => Some((only.name.clone(), None)),
        _ => None,
    };
    let (container, count) = found.or(only).ok_or_else(|| {
        format!("no container of {name} is known to have run out of memory: name one by `--container`")
    })?;
    let target = Target::Service { cluster: service.cluster.clone(), name };
    let rules = configuration.policy.for_target(&target, &service.tags).rules;
    let raise = rules.memory.ladder.next(&definition.sizes, &container).map_err(|why| {
        format!("{container} of {} gets no more memory: {why}", revision.family_and_revision())
    })?;
    Ok(Change {
        service: arguments.service.clone(),
        cluster: service.cluster.name().to_owned(),
        revision,
        sizes: definition.sizes,
        raise,
        count,
    })
}
