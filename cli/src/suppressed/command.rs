//! The command: whose ledger, which channels, and in which form.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use steward::config::{Configuration, Loader};

use super::{read, text};
use crate::ledger::{Found, Place, now};
use crate::terminal::YELLOW;
use crate::{account, configuration};

/// Shows what was not told, and why
///
/// For each channel what was kept from it of late, how often that happens, and whether it refuses messages; the silences that
/// hold; and, for clusters that are named, the outage whose targets are told together.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only this channel (otherwise slack, sns, and those of the configuration)
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Show the outage of this cluster, by name or ARN, too; may be repeated
    #[arg(long, value_name = "CLUSTER")]
    cluster: Vec<String>,
    /// The configuration that names the channels (otherwise the one that the stack applied)
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// How to print: for people, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    place: Place,
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
            Some(valid) => Some(valid.configuration),
            None => return Ok(ExitCode::from(2)),
        },
    };
    account::block_on(async {
        let found = match arguments.place.open().await {
            Ok(found) => found,
            Err(error) => return account::fail(&error),
        };
        let channels = match &arguments.channel {
            Some(channel) => BTreeSet::from([channel.clone()]),
            None => match file {
                Some(configuration) => read::channels_of(&configuration),
                None => read::channels_of(&applied(&found).await?),
            },
        };
        let clusters: Result<Vec<_>, _> =
            arguments.cluster.iter().map(|cluster| found.cluster(cluster)).collect();
        let clusters = match clusters {
            Ok(clusters) => clusters,
            Err(error) => return account::fail(&error),
        };
        let now = now();
        let suppressed = match read::read(&found.ledger, &channels, &clusters, now).await {
            Ok(suppressed) => suppressed,
            Err(error) => return account::fail(&error),
        };
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::write(out, &suppressed, now)?,
            Format::Json => writeln!(out, "{}", serde_json::to_string(&suppressed)?)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The configuration that the stack applied. Where it cannot be read, the channels of the stack itself are shown all the same.
async fn applied(found: &Found) -> io::Result<Configuration> {
    let Some(stack) = &found.stack else { return Ok(Configuration::default()) };
    let configuration = Loader::new(format!("/steward/{stack}/configuration"));
    match configuration.load(&found.store, now()).await {
        Ok(loaded) => Ok(loaded.configuration),
        Err(error) => {
            writeln!(
                anstream::stderr(),
                "{YELLOW}steward: only slack and sns are shown, for other channels are not known: {error}{YELLOW:#}"
            )?;
            Ok(Configuration::default())
        }
    }
}
