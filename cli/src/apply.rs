//! `steward apply`: brings a configuration into force.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;
use steward::config::store::{self, Applied, Change};
use steward::ports::ParameterStore;

use crate::account;
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
    account::block_on(async {
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
    if let Some(problem) = configuration::misplaced_secret(path, &valid.configuration) {
        return account::fail(&io::Error::other(problem));
    }
    let change = match store::prepare(store, path, valid.file).await {
        Ok(change) => change,
        Err(error) => return account::fail(&error),
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
        Err(error) => account::fail(&error),
    }
}

fn write_applied(out: &mut impl Write, change: &Change, applied: &Applied) -> io::Result<ExitCode> {
    writeln!(out, "version {} is in force; running functions follow within a minute", applied.version)?;
    if let Some(before) = change.version_before() {
        writeln!(out, "`steward rollback` goes back to version {before}")?;
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
            account::fail(&io::Error::other(problem)).map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    use steward::config::MemoryParameters;
    use steward::config::store::current;

    use super::*;

    const PATH: &str = "/steward/prod/configuration";

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    /// How it ended, as `ExitCode` shows it, and what was written.
    fn applied(store: &MemoryParameters, text: &str, answer: Answer) -> (String, String) {
        let mut out = Vec::new();
        let valid = configuration::read(text).ok().unwrap();
        let code = block_on(apply(store, PATH, valid, || Ok(answer), &mut out)).unwrap();
        let shown = anstream::adapter::strip_bytes(&out).into_vec();
        (format!("{code:?}"), String::from_utf8(shown).unwrap())
    }

    fn code(code: u8) -> String {
        format!("{:?}", ExitCode::from(code))
    }

    #[test]
    fn what_changes_is_shown_before_anything_is_asked_or_written() {
        let store = MemoryParameters::new();
        let text = "version: 1\nnotifications: {grouping: 1m, slack: off, topic: 'arn:aws:sns:eu-central-1:123456789012:alerts'}\n";
        for (answer, ends) in [(Answer::No, 1), (Answer::Nobody, 2)] {
            let (ended, shown) = applied(&store, text, answer);
            assert_eq!(ended, code(ends));
            assert!(
                shown.starts_with(
                    "/steward/prod/configuration: the defaults → version 1\n  \
                     notifications.grouping  15s (default) → 1m\n  \
                     notifications.slack     as deployed → off\n  \
                     notifications.topic     as deployed → arn:aws:sns:eu-central-1:123456789012:alerts\n"
                ),
                "{shown}"
            );
            assert!(store.values().is_empty());
        }
        let (ended, shown) = applied(&store, text, Answer::Yes);
        assert_eq!(ended, code(0));
        assert!(
            shown.ends_with("version 1 is in force; running functions follow within a minute\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_way_that_the_role_may_not_go_is_said_when_it_comes_in_or_changes() {
        let store = MemoryParameters::new();
        let topic = "topic: 'arn:aws:sns:eu-central-1:123456789012:alerts'";
        let slack = |name: &str| {
            format!(
                "  notifications.slack.webhook: the notifications function's role must allow ssm:GetParameters on {name}, and \
                 nobody is told that way until it does: name it in the stack's parameter SlackSecretParameters\n"
            )
        };
        let sns = "  notifications.topic: the notifications function's role must allow sns:Publish on \
                   arn:aws:sns:eu-central-1:123456789012:alerts, and nobody is told that way until it does: name it in \
                   the stack's parameter AlertTopicArns\n";
        for (keys, said) in [
            (format!("slack: {{webhook: /s/a}}, {topic}"), vec![slack("/s/a"), sns.to_owned()]),
            (format!("slack: {{webhook: /s/b}}, {topic}"), vec![slack("/s/b")]),
            (format!("slack: {{webhook: /s/b}}, {topic}, grouping: 1m"), vec![]),
            (format!("slack: off, {topic}, grouping: 1m"), vec![]),
            ("grouping: 1m".to_owned(), vec![]),
        ] {
            let text = format!("version: 1\nnotifications: {{{keys}}}\n");
            let (_, shown) = applied(&store, &text, Answer::Yes);
            assert_eq!(shown.matches("role must allow").count(), said.len(), "{shown}");
            assert!(said.iter().all(|said| shown.contains(said)), "{shown}");
        }
    }

    #[test]
    fn no_difference_writes_and_asks_nothing() {
        let store = MemoryParameters::new();
        applied(&store, "version: 1\ndefaults: {mode: observe}\n", Answer::Yes);
        let before = store.values();
        // Spaces, comments and the order of keys are no difference.
        let (ended, shown) =
            applied(&store, "# again\ndefaults: {mode:   observe}\nversion: 1\n", Answer::Nobody);
        assert_eq!(
            (ended, shown.as_str()),
            (code(0), "/steward/prod/configuration: no difference to version 1, which is in force\n")
        );
        assert_eq!(store.values(), before);
    }

    #[test]
    fn a_default_that_is_written_down_is_a_new_version_in_which_no_setting_changes() {
        let store = MemoryParameters::new();
        applied(&store, "version: 1\n", Answer::Yes);
        let (_, shown) = applied(&store, "version: 1\nincidents: {quiet: 30m}\n", Answer::Yes);
        assert!(shown.contains("version 1 → 2\n  no setting gets another value\n"), "{shown}");
        assert!(shown.ends_with("`steward rollback` goes back to version 1\n"), "{shown}");
    }

    #[test]
    fn a_secret_below_the_configurations_own_path_is_refused() {
        let store = MemoryParameters::new();
        for (name, ends) in
            [("/steward/prod/configuration/slack", 2), ("/steward/prod/configuration-slack", 0)]
        {
            let text = format!("version: 1\nnotifications: {{slack: {{webhook: {name}}}}}\n");
            assert_eq!(applied(&store, &text, Answer::Yes).0, code(ends), "{name}");
            assert_eq!(block_on(current(&store, PATH)).unwrap().is_some(), ends == 0);
        }
    }
}
