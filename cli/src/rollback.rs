//! `steward rollback`: goes back to a configuration that was in force before.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::config::store;
use steward::config::store::Current;
use steward::config::{Configuration, LoadError};
use steward::ports::ParameterStore;

use crate::apply::{Answer, ask, refusal};
use crate::configuration::{self, Place};

/// Goes back to a configuration that was in force before
///
/// Without --to, to the one that the current version replaced. All its sections are read and checked first; then one
/// pointer is turned, and nothing else written.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The version to go back to, of those that `steward versions` lists
    #[arg(long, value_name = "VERSION")]
    to: Option<u64>,
    #[command(flatten)]
    place: Place,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    configuration::block_on(async {
        let store = arguments.place.open().await;
        let ask = || if arguments.yes { Ok(Answer::Yes) } else { ask("Go back?") };
        rollback(&store, &arguments.place.path(), arguments.to, ask, &mut anstream::stdout()).await
    })
}

async fn rollback<P: ParameterStore>(
    store: &P,
    path: &str,
    to: Option<u64>,
    ask: impl FnOnce() -> io::Result<Answer>,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    let earlier = match store::find_earlier(store, path, to).await {
        Ok(earlier) => earlier,
        Err(error) => return configuration::fail(&error),
    };
    match in_force(store, path).await {
        Ok(Some((current, configuration))) => {
            writeln!(out, "{path}: version {} → {}", current.manifest.version, earlier.version)?;
            configuration::write_lines(out, &configuration::lines(&configuration, &earlier.configuration))?;
        }
        Ok(None) | Err(_) => writeln!(out, "{path}: what cannot be read → version {}", earlier.version)?,
    }
    out.flush()?;
    if let Some(code) = refusal(&ask()?, out)? {
        return Ok(code);
    }
    match store::rollback(store, path, &earlier).await {
        Ok(()) => {
            writeln!(
                out,
                "version {} is in force; running functions follow within a minute",
                earlier.version
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => configuration::fail(&error),
    }
}

/// What is in force, if it can be read.
async fn in_force<P: ParameterStore>(
    store: &P,
    path: &str,
) -> Result<Option<(Current, Configuration)>, LoadError> {
    let Some(current) = store::current(store, path).await? else { return Ok(None) };
    let file = store::file(store, path, &current.manifest).await?;
    Ok(file.check().ok().map(|configuration| (current, configuration)))
}
