//! The command: whose status, and in which form.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::config::{Configuration, Loader};

use super::read::{self, Settings};
use super::{json, needs, text};
use crate::ledger::{Found, Lost, Place, cluster, now};
use crate::open::{self, Format};
use crate::{account, configuration};

/// Shows how it stands: what goes on, what waits for you, and whether Steward is alive
///
/// The exit code is 0 where nothing needs a person, 1 where something does (it stands last), and 2 where it could not be found out.
/// All of it is read from the ledger by index and key; AWS is asked for nothing else but the configuration.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration to go by (otherwise the one that the stack applied)
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// How to print: for people, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let file = match configuration::read_named(arguments.config.as_deref())? {
        Ok(file) => file,
        Err(code) => return Ok(code),
    };
    account::block_on(async {
        let found = match open::opened(&arguments.place).await? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let settings = settings(&found, file).await;
        let arn = |name: &str| cluster(&found.table, name).map_err(|error: Lost| error.to_string());
        let now = now();
        let status = match read::read(&found.ledger, settings, arn, now).await {
            Ok(status) => status,
            Err(error) => return account::fail(&error),
        };
        let needs = needs::of(&status, now);
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => {
                let name = found.stack.as_deref().unwrap_or(&found.table);
                text::write(out, name, &status, &needs, now)?;
            }
            Format::Json => {
                writeln!(out, "{}", json::of(found.stack.as_deref(), &status, &needs))?;
            }
        }
        out.flush()?;
        open::warn(&status.open.unreadable)?;
        let is_whole = status.open.unreadable.is_empty() && status.settings.is_ok();
        Ok(match (is_whole, needs.is_empty()) {
            (false, _) => ExitCode::from(2),
            (true, false) => ExitCode::from(1),
            (true, true) => ExitCode::SUCCESS,
        })
    })
}

/// The configuration of a file, or the one that the stack applied.
pub(crate) async fn settings(found: &Found, file: Option<Configuration>) -> Result<Settings, String> {
    if let Some(configuration) = file {
        return Ok(Settings { configuration, version: None });
    }
    let Some(stack) = &found.stack else {
        return Err("a table alone does not say: name its stack by --stack, or a file by --config".to_owned());
    };
    let path = format!("/steward/{stack}/configuration");
    match Loader::new(path).load(&found.store, now()).await {
        Ok(loaded) => Ok(Settings { configuration: loaded.configuration, version: loaded.version }),
        Err(error) => Err(error.to_string()),
    }
}
