//! `steward apply`: brings a configuration into force.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use steward::config::Way;
use steward::config::store::{self, Applied, Change};
use steward::ports::ParameterStore;

use crate::configuration::{self, Place, Valid};
use crate::diff::{write_change, write_unchanged};

/// Brings a configuration into force
///
/// Shows what changes, asks, writes a new version to SSM Parameter Store, and then turns one pointer to it. Running
/// functions follow within a minute. Without a change nothing is written. The exit code is 1 where you say no.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    place: Place,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let Some(valid) = configuration::read_file(&arguments.file)? else { return Ok(ExitCode::from(2)) };
    configuration::block_on(async {
        let store = arguments.place.open().await;
        let ask = || if arguments.yes { Ok(Answer::Yes) } else { ask("Apply?") };
        apply(&store, &arguments.place.path(), valid, ask, &mut anstream::stdout()).await
    })
}

async fn apply<P: ParameterStore>(
    store: &P,
    path: &str,
    valid: Valid,
    ask: impl FnOnce() -> io::Result<Answer>,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    if let Way::To(name) = &valid.configuration.notifications.slack
        && name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    {
        let problem = format!(
            "notifications.slack.webhook: {name} lies below {path}, which all may read who may read the configuration: \
             keep secrets elsewhere, such as at /steward/secrets/slack"
        );
        return configuration::fail(&io::Error::other(problem));
    }
    let change = match store::prepare(store, path, valid.file).await {
        Ok(change) => change,
        Err(error) => return configuration::fail(&error),
    };
    if !change.is_change {
        write_unchanged(out, path, &change)?;
        return Ok(ExitCode::SUCCESS);
    }
    write_change(out, path, &change)?;
    out.flush()?;
    if let Some(code) = refusal(&ask()?, out)? {
        return Ok(code);
    }
    match store::apply(store, &change).await {
        Ok(applied) => write_applied(out, &change, &applied),
        Err(error) => configuration::fail(&error),
    }
}

fn write_applied(out: &mut impl Write, change: &Change, applied: &Applied) -> io::Result<ExitCode> {
    writeln!(out, "version {} is in force; running functions follow within a minute", applied.version)?;
    if let Some(before) = change.version_before() {
        writeln!(out, "to go back: steward rollback --to {before}")?;
    }
    if let Some(error) = &applied.not_pruned {
        writeln!(
            anstream::stderr(),
            "steward: old versions are still there; the next apply tries again: {error}"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a person said.
pub(crate) enum Answer {
    Yes,
    No,
    /// There is nobody to ask.
    Nobody,
}

/// Asks on the terminal.
pub(crate) fn ask(question: &str) -> io::Result<Answer> {
    if !io::stdin().is_terminal() {
        return Ok(Answer::Nobody);
    }
    write!(anstream::stderr(), "{question} [y/N] ")?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") { Answer::Yes } else { Answer::No })
}

/// How the command ends unless the answer is yes.
pub(crate) fn refusal(answer: &Answer, out: &mut impl Write) -> io::Result<Option<ExitCode>> {
    match answer {
        Answer::Yes => Ok(None),
        Answer::No => {
            writeln!(out, "nothing was changed")?;
            Ok(Some(ExitCode::from(1)))
        }
        Answer::Nobody => {
            let problem = "standard input is no terminal to ask at, so nothing was changed: pass --yes";
            configuration::fail(&io::Error::other(problem)).map(Some)
        }
    }
}
