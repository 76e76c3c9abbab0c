//! `steward versions`: what can be gone back to.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::config::store;
use steward::ports::ParameterStore;

use crate::account;
use crate::configuration::Place;

/// Lists the versions of a configuration, the newest first
///
/// Where it cannot be read which of them is in force, the reason is written to standard error and the exit code is 2.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let store = arguments.place.open().await;
        versions(&store, &arguments.place.path(), &mut anstream::stdout()).await
    })
}

async fn versions<P: ParameterStore>(store: &P, path: &str, out: &mut impl Write) -> io::Result<ExitCode> {
    let pointer = store::current(store, path).await;
    let kept = match store::versions(store, path).await {
        Ok(kept) => kept,
        Err(error) => return account::fail(&error),
    };
    if kept.is_empty() && pointer.is_ok() {
        writeln!(out, "nothing was ever applied at {path}: the defaults are in force")?;
    }
    for version in kept {
        let note = match (version.is_current, version.is_whole) {
            (true, true) => "  in force",
            (true, false) => "  in force, and not whole",
            (false, true) => "",
            (false, false) => "  not whole",
        };
        writeln!(out, "{:>6}{note}", version.version)?;
    }
    out.flush()?;
    match pointer {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => account::fail(&error),
    }
}
