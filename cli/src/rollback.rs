//! `steward rollback`: goes back to a configuration that was in force before.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::config::Configuration;
use steward::config::store::{self, Earlier};
use steward::ports::ParameterStore;

use crate::account;
use crate::apply::{Answer, ask, refusal};
use crate::configuration::{self, Place};

/// Goes back to a configuration that was in force before
///
/// Without --to, to the one that the current version replaced. All its sections are read and checked first, and again
/// once you said yes; then one pointer is turned, and nothing else written.
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
    account::block_on(async {
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
        Err(error) => return account::fail(&error),
    };
    if let Some((version, configuration)) = in_force(store, path, &earlier).await {
        writeln!(out, "{path}: version {version} → {}", earlier.version)?;
        configuration::write_lines(out, &configuration::lines(&configuration, &earlier.configuration))?;
        configuration::write_permissions(out, &configuration, &earlier.configuration)?;
    } else {
        writeln!(out, "{path}: what cannot be read → version {}", earlier.version)?;
        configuration::write_permissions(out, &Configuration::default(), &earlier.configuration)?;
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
        Err(error) => account::fail(&error),
    }
}

/// What is in force, if it can be read.
async fn in_force<P: ParameterStore>(
    store: &P,
    path: &str,
    earlier: &Earlier,
) -> Option<(u64, Configuration)> {
    let manifest = &earlier.in_force.as_ref()?.manifest;
    let file = store::file(store, path, manifest).await.ok()?;
    Some((manifest.version, file.check().ok()?))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use steward::config::MemoryParameters;

    use super::*;

    const PATH: &str = "/steward/prod/configuration";

    /// Memory never makes anybody wait, and somebody else may apply while the command asks.
    fn ready<F: Future>(future: F) -> F::Output {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("memory waits for nothing"),
        }
    }

    fn apply(store: &MemoryParameters, seconds: u32) {
        let text = format!("version: 1\nnotifications: {{grouping: {seconds}s}}\n");
        let file = configuration::read(&text).ok().unwrap().file;
        let change = ready(store::prepare(store, PATH, file)).unwrap();
        ready(store::apply(store, &change)).unwrap();
    }

    #[test]
    fn what_comes_into_force_while_a_person_thinks_stays_in_force() {
        let store = MemoryParameters::new();
        apply(&store, 1);
        apply(&store, 2);
        let ended = |during: &dyn Fn()| {
            let ask = || {
                during();
                Ok(Answer::Yes)
            };
            format!("{:?}", ready(rollback(&store, PATH, None, ask, &mut Vec::new())).unwrap())
        };
        let in_force = || ready(store::current(&store, PATH)).unwrap().unwrap().manifest.version;
        assert_eq!((ended(&|| apply(&store, 3)), in_force()), (format!("{:?}", ExitCode::from(2)), 3));
        assert_eq!((ended(&|| {}), in_force()), (format!("{:?}", ExitCode::SUCCESS), 2));
    }
}
