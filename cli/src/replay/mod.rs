//! `steward replay`: what Steward would have done with events that were recorded.

mod difference;
mod page;
mod progress;
mod recalled;
mod report;
mod shelf;
mod source;
mod spool;
mod tally;
#[cfg(test)]
mod tests;
mod text;
mod world;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use steward::config::Configuration;

use crate::configuration;
use difference::Difference;
use progress::Progress;
use report::{Played, Read, Report};
use source::Recording;
use tally::Tally;

/// Plays recorded events, and says what Steward would have told and done
///
/// Reads NDJSON, JSON lists, batches of SQS and SNS, and what CloudWatch Logs gives: folders of gzip files, lines that begin
/// with a time, the output of `aws logs filter-log-events`. The events go, in the order of their own time, through the
/// handlers of production: alerts that would be sent and events that would make none, actions that would fire, and what
/// would be refused. AWS is not called; what only ECS could say is unknown, or named as assumed. The exit code is 1 if
/// something could not be read, and 2 if nothing could.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The configuration to decide by, such as steward.yaml (otherwise the defaults, by which nobody is enrolled)
    #[arg(long, value_name = "A.yaml")]
    config: Option<String>,
    /// Another configuration: says what it would have changed
    #[arg(long, value_name = "B.yaml")]
    against: Option<String>,
    /// How to print: for people, as one JSON object, or as a page
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Files and folders of recorded events, gzip or not; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Html,
}

/// What people decided, by the file's name.
struct Decided {
    name: String,
    configuration: Configuration,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let Some(a) = decided(arguments.config.as_deref())? else { return Ok(ExitCode::from(2)) };
    let b = match arguments.against.as_deref() {
        None => None,
        Some(file) => match decided(Some(file))? {
            Some(b) => Some(b),
            None => return Ok(ExitCode::from(2)),
        },
    };
    let mut progress = Progress::new();
    let mut recording =
        source::read(&arguments.files, source::LIMIT, &mut |read| progress.show("read", read, None))?;
    progress.clear();
    name_unread(&recording)?;
    if recording.events == 0 {
        writeln!(
            anstream::stderr(),
            "steward: no event could be read: docs/replay.md says how to record some"
        )?;
        return Ok(ExitCode::from(2));
    }
    let report = report(&mut recording, &a, b.as_ref(), &mut progress)?;
    let mut out = anstream::stdout().lock();
    match arguments.format {
        Format::Text => text::write(&mut out, &report)?,
        Format::Json => {
            let json = serde_json::to_string_pretty(&report).map_err(io::Error::other)?;
            writeln!(out, "{json}")?;
        }
        Format::Html => writeln!(out, "{}", page::of(&report)?)?,
    }
    Ok(ExitCode::from(u8::from(recording.unread.count > 0)))
}

/// `None`: the file is wrong, and that was said.
fn decided(file: Option<&str>) -> io::Result<Option<Decided>> {
    let Some(file) = file else {
        let (name, configuration) = ("the defaults".to_owned(), Configuration::default());
        return Ok(Some(Decided { name, configuration }));
    };
    let valid = configuration::read_file(file)?;
    Ok(valid.map(|valid| Decided { name: file.to_owned(), configuration: valid.configuration }))
}

fn name_unread(recording: &Recording) -> io::Result<()> {
    let mut err = anstream::stderr();
    for named in &recording.unread.named {
        writeln!(err, "steward: {named}")?;
    }
    let named = u64::try_from(recording.unread.named.len()).unwrap_or(u64::MAX);
    let more = recording.unread.count - named;
    if more > 0 {
        writeln!(err, "steward: and {more} more that could not be read")?;
    }
    Ok(())
}

fn report(
    recording: &mut Recording,
    a: &Decided,
    b: Option<&Decided>,
    progress: &mut Progress,
) -> io::Result<Report> {
    let of_a = play(recording, a, progress)?;
    let of_b = b.map(|b| play(recording, b, progress)).transpose()?;
    let played = |decided: &Decided, tally: &Tally| {
        let channels = world::channels(&decided.configuration.notifications);
        Played::of(&decided.name, &channels, tally)
    };
    Ok(Report {
        recording: Read::of(recording),
        played: played(a, &of_a),
        against: b.zip(of_b.as_ref()).map(|(b, tally)| played(b, tally)),
        difference: of_b.as_ref().map(|of_b| Difference::between(&of_a, of_b)),
    })
}

fn play(recording: &mut Recording, decided: &Decided, progress: &mut Progress) -> io::Result<Tally> {
    let all = recording.events;
    let what = format!("played by {}", decided.name);
    let show = &mut |played| progress.show(&what, played, Some(all));
    let tally = world::play(recording, &decided.configuration, shelf::LIMIT, show)?;
    progress.clear();
    Ok(tally)
}
