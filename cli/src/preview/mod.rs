//! `steward preview`: alerts as people would get them, before anybody does.

mod page;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use steward::config::{Configuration, Mode, Notifications};
use steward::words::Language;
use steward_sim::scenario::Listener;

use crate::letter::Kind;
use crate::play::{self, Post, Sample, Terms, Unplayed, scalers, scenarios, threads, troubles};
use crate::{configuration, explain};

/// Shows alerts as people would get them
///
/// Plays events, a scenario, or troubles of jobs or of scaled services through the real handlers in virtual time, and draws what a channel would get: a message as it
/// stands at the end, how it stood first, and the replies in its thread. Nothing leaves this machine. The exit code is 2 if
/// something could not be read; the rest is shown all the same.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Files of events, or tasks as `aws ecs describe-tasks` prints them; `-` is standard input
    #[arg(required_unless_present_any = ["scenario", "jobs", "scaling"], value_name = "FILE")]
    files: Vec<String>,
    /// A scenario instead of events: by its name, or a file of your own that ends with .yaml
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = ["files", "config"])]
    scenario: Option<String>,
    /// Troubles of jobs instead of events: runs that fail, are missed, are late, or end nobody knows how
    #[arg(long, conflicts_with_all = ["files", "scenario"])]
    jobs: bool,
    /// Troubles of scaled services instead of events: a broken promise, messages that nobody can work on, a proposal
    #[arg(long, conflicts_with_all = ["files", "scenario", "jobs"])]
    scaling: bool,
    /// How far Steward goes in the scenario: observe, propose or act
    #[arg(long, value_name = "MODE", value_parser = mode, default_value = "act", requires = "scenario")]
    mode: Mode,
    /// As which kind of channel; slack-json is Slack's JSON as it is sent
    #[arg(long, value_enum, default_value_t = As::Slack)]
    channel: As,
    /// In which language: en or ja (otherwise the configuration's, or English)
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
    /// Write it as a page, too: one file, no script
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// How to print: drawn, or exactly what is sent, one JSON value a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The configuration, such as steward.yaml (otherwise the defaults). Its routes are left out: every alert is shown
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    Slack,
    Webhook,
    Sns,
    AmazonQ,
    Plain,
    SlackJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl As {
    fn kind(self) -> Kind {
        match self {
            Self::Slack | Self::SlackJson => Kind::Slack,
            Self::Webhook => Kind::Webhook,
            Self::Sns => Kind::Sns,
            Self::AmazonQ => Kind::AmazonQ,
            Self::Plain => Kind::Plain,
        }
    }
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::from_word(text).ok_or_else(|| "observe, propose or act".to_owned())
}

fn language(text: &str) -> Result<Language, String> {
    let known = Language::ALL.into_iter().find(|language| language.as_str() == text);
    known.ok_or_else(|| "en or ja".to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let kind = arguments.channel.kind();
    let mut unread = Vec::new();
    let Some(posts) = posts(arguments, kind, &mut unread)? else { return Ok(ExitCode::from(2)) };
    let mut out = anstream::stdout().lock();
    if arguments.format == Format::Json || arguments.channel == As::SlackJson {
        for post in &posts {
            writeln!(out, "{}", kind.json(post))?;
        }
    } else {
        text::write(&mut out, &threads(&posts), kind)?;
    }
    if let Some(path) = &arguments.html {
        page::write(path, &threads(&posts), kind)?;
        writeln!(anstream::stderr(), "The same as a page: {}", path.display())?;
    }
    for Unplayed { file, why } in &unread {
        writeln!(anstream::stderr(), "steward: {file}: {why}")?;
    }
    Ok(if unread.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// What the channel gets. `None`: the configuration is wrong, and that was said.
fn posts(arguments: &Arguments, kind: Kind, unread: &mut Vec<Unplayed>) -> io::Result<Option<Vec<Post>>> {
    if let Some(name) = &arguments.scenario {
        let listener = Listener { edits: kind.edits(), language: arguments.lang.unwrap_or_default() };
        return scenarios::posts(name, arguments.mode, listener).map(Some);
    }
    let Some(configuration) = configured(arguments)? else { return Ok(None) };
    let terms = Terms { configuration, edits: kind.edits(), tasks: true };
    if arguments.jobs {
        return play::tell(troubles::samples(), &terms).map(Some);
    }
    if arguments.scaling {
        return play::tell(scalers::samples(), &terms).map(Some);
    }
    let samples = read(&arguments.files, unread);
    let mut played = play::play(samples, &terms)?;
    unread.append(&mut played.unplayed);
    Ok(Some(played.into_posts()))
}

/// What people decided, but for who is told: here that is everybody who looks. `None`: the file is wrong, and that was said.
fn configured(arguments: &Arguments) -> io::Result<Option<Configuration>> {
    let mut configuration = match &arguments.config {
        None => Configuration::default(),
        Some(file) => match configuration::read_file(file)? {
            Some(valid) => valid.configuration,
            None => return Ok(None),
        },
    };
    let notifications = Notifications {
        routes: Vec::new(),
        channels: std::collections::BTreeMap::new(),
        language: arguments.lang.unwrap_or(configuration.notifications.language),
        ..configuration.notifications
    };
    configuration.notifications = notifications;
    Ok(Some(configuration))
}

fn read(files: &[String], unread: &mut Vec<Unplayed>) -> Vec<Sample> {
    let mut samples = Vec::new();
    for file in files {
        match explain::read(file) {
            Ok(bytes) => samples.push(Sample { path: file.clone(), bytes }),
            Err(error) => {
                unread.push(Unplayed { file: file.clone(), why: format!("cannot be read: {error}") });
            }
        }
    }
    samples
}
