//! What was played, on a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use steward_sim::house::Mail;
use steward_sim::lambda::gateway::Call;
use steward_sim::lambda::runtime::Invocation;
use steward_sim::moto;
use steward_sim::slack::Delivery;

use super::play::{Played, PlayedFunction, PlayedScene};
use super::slack::text_of;
use super::story::{SCENES, Scene, Trial};
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW, lines, wrapped};

/// Of a line of the timeline: the time.
const MARGIN: usize = 9;
/// Header and status: the rest of a message about something known is no news.
const LATER_LINES: usize = 2;

pub(super) fn write_introduction(out: &mut impl Write, moto_is_installed: bool) -> io::Result<()> {
    let events: usize = SCENES.iter().map(Scene::events).sum();
    writeln!(out, "{BOLD}ECS Steward on this machine{BOLD:#}")?;
    wrapped(
        out,
        "",
        &format!(
            "Plays {events} events through both functions as they are deployed: built, in processes of their own, behind \
             queues, under a local Lambda service. moto {} stands in for DynamoDB, SNS and SSM, and a small server for \
             Slack. No AWS account is needed, and no event leaves this machine.",
            moto::VERSION
        ),
    )?;
    if !moto_is_installed {
        wrapped(
            out,
            "",
            "The first time, it installs moto from PyPI below target/tools (python3 with venv; a minute) and compiles the \
             functions with their crates (some minutes). Later all of it takes half a minute.",
        )?;
    }
    Ok(())
}

/// Answers whether all went well.
pub(super) fn write(out: &mut impl Write, played: &Played) -> io::Result<bool> {
    write_timeline(out, played)?;
    write_mails(out, played)?;
    write_functions(out, played)?;
    write_calls(out, played)?;
    write_trials(out, played)?;
    write_sum(out, played)
}

/// Something that a line of the timeline tells.
enum Happening<'p> {
    Scene(&'static str),
    Event(&'static str),
    Invocation(&'p PlayedFunction, &'p Invocation),
    Kill(&'p Call),
    Slack(&'p Delivery),
}

fn write_timeline(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(out, "\n{BOLD}Timeline{BOLD:#} in seconds. ┃ is a message in Slack; later ones about the same")?;
    writeln!(out, "thing are cut to their first lines.")?;
    let mut happened: Vec<(Timestamp, Happening<'_>)> = Vec::new();
    for scene in &played.scenes {
        happened.push((scene.began, Happening::Scene(scene.scene.title)));
        happened.extend(scene.events.iter().map(|(at, file)| (*at, Happening::Event(file))));
        happened.extend(scene.killed.iter().map(|call| (call.at, Happening::Kill(call))));
    }
    for function in &played.functions {
        let invocations = function.invocations.iter();
        happened.extend(invocations.map(|run| (run.started, Happening::Invocation(function, run))));
    }
    happened.extend(played.deliveries.iter().map(|delivery| (delivery.at, Happening::Slack(delivery))));
    happened.sort_by_key(|(at, _)| *at);
    let mut known = BTreeSet::new();
    for (at, what) in happened {
        let time = format!("{:>7.2}  ", seconds(at.duration_since(played.started).unsigned_abs()));
        match what {
            Happening::Scene(title) => wrapped_bold(out, title)?,
            Happening::Event(file) => writeln!(out, "{time}{:<15}{}", "event", short(file))?,
            Happening::Invocation(function, run) => {
                writeln!(out, "{DIM}{time}{:<15}{}{DIM:#}", function.name, invocation(function, run))?;
            }
            Happening::Kill(call) => {
                writeln!(out, "{RED}{time}{:<15}killed in {}{RED:#}", "remediation", call.operation)?;
            }
            Happening::Slack(delivery) => write_delivery(out, &time, delivery, &mut known)?,
        }
    }
    Ok(())
}

fn wrapped_bold(out: &mut impl Write, title: &str) -> io::Result<()> {
    writeln!(out)?;
    for line in lines(title, "", "") {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    Ok(())
}

/// What a file is about, short enough for a line: `task/out_of_memory-api-1`.
fn short(file: &str) -> String {
    file.trim_end_matches(".json").replace("-state-change/", "/").replace("-health-change/", "/")
}

fn invocation(function: &PlayedFunction, run: &Invocation) -> String {
    let environment = function.environments.iter().find(|environment| environment.number == run.environment);
    let init = environment.and_then(|environment| environment.init).filter(|_| run.cold);
    let start = init.map_or("warm".to_owned(), |init| format!("cold, init {} ms", init.as_millis()));
    let end = match &run.error {
        None => String::new(),
        Some(_) => "; died".to_owned(),
    };
    format!("{start}; {} ms{end}", run.duration.as_millis())
}

fn write_delivery(
    out: &mut impl Write,
    time: &str,
    delivery: &Delivery,
    known: &mut BTreeSet<(String, bool)>,
) -> io::Result<()> {
    if !delivery.posted {
        let status = delivery.status.map_or("no answer".to_owned(), |status| status.to_string());
        return writeln!(out, "{YELLOW}{time}{:<15}answers {status}{YELLOW:#}", "Slack");
    }
    let text = text_of(&delivery.body);
    let title = text.first().map(String::as_str).unwrap_or_default();
    // A deployment and the incident of its service are two stories: only incidents have advice.
    let story = (about(title).to_owned(), text.iter().any(|line| line.starts_with("Next:")));
    let max = if known.insert(story) { usize::MAX } else { LATER_LINES };
    let (first, bar) = (format!("{time}┃ "), format!("{:MARGIN$}┃ ", ""));
    for (number, line) in text.iter().take(max).enumerate() {
        for line in lines(line, if number == 0 { &first } else { &bar }, &bar) {
            if number == 0 { writeln!(out, "{BOLD}{line}{BOLD:#}")? } else { writeln!(out, "{line}")? }
        }
    }
    Ok(())
}

/// What a title is about: `🟠 service api in shop: …`.
fn about(title: &str) -> &str {
    let title = title.split_once(' ').map_or(title, |(_, title)| title);
    title.split_once(':').map_or(title, |(about, _)| about)
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn write_mails(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(out, "\n{BOLD}Mails{BOLD:#}, the same alerts by SNS: their subjects")?;
    for mail in &played.mails {
        let first = format!("{:>7.2}  ", seconds(mail.at.duration_since(played.started).unsigned_abs()));
        wrapped(out, &first, &mail.subject)?;
    }
    Ok(())
}

fn write_functions(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(out, "\n{BOLD}Functions{BOLD:#}, as a development build")?;
    writeln!(
        out,
        "{DIM}{:<16}{:>12}{:>8}{:>13}{:>15}{:>13}{DIM:#}",
        "", "invocations", "died", "cold starts", "median init", "median run"
    )?;
    for function in &played.functions {
        let died = function.invocations.iter().filter(|run| run.error.is_some()).count();
        let cold = function.invocations.iter().filter(|run| run.cold).count();
        let init = median(function.environments.iter().filter_map(|environment| environment.init));
        let run = median(function.invocations.iter().map(|run| run.duration));
        writeln!(
            out,
            "{:<16}{:>12}{died:>8}{cold:>13}{:>12} ms{:>10} ms",
            function.name,
            function.invocations.len(),
            init.as_millis(),
            run.as_millis()
        )?;
    }
    Ok(())
}

fn median(durations: impl Iterator<Item = Duration>) -> Duration {
    let mut durations: Vec<Duration> = durations.collect();
    durations.sort();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

fn write_calls(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(out, "\n{BOLD}Calls{BOLD:#} of the functions")?;
    writeln!(
        out,
        "{DIM}{:<36}{:>12}{:>15}{:>15}{DIM:#}",
        "", "remediation", "notifications", "not answered"
    )?;
    let mut by_operation: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
    for call in &played.calls {
        let [remediation, notifications, unanswered] =
            by_operation.entry((&call.service, &call.operation)).or_default();
        *(if call.function == "remediation" { remediation } else { notifications }) += 1;
        *unanswered += usize::from(call.status.is_none());
    }
    let shown = |count: usize| if count == 0 { "-".to_owned() } else { count.to_string() };
    for ((service, operation), counts) in by_operation {
        let [remediation, notifications, unanswered] = counts.map(shown);
        let name = format!("{service} {operation}");
        writeln!(out, "{name:<36}{remediation:>12}{notifications:>15}{unanswered:>15}")?;
    }
    Ok(())
}

/// How often a target was told.
fn told<'p>(played: &'p Played, target: &str) -> Vec<&'p Delivery> {
    let is_about = |body: &Value| text_of(body).first().is_some_and(|title| about(title) == target);
    played.deliveries.iter().filter(|delivery| delivery.posted && is_about(&delivery.body)).collect()
}

fn mails_about<'p>(played: &'p Played, target: &str) -> Vec<&'p Mail> {
    played.mails.iter().filter(|mail| mail.subject.contains(target)).collect()
}

fn write_trials(out: &mut impl Write, played: &Played) -> io::Result<()> {
    writeln!(out, "\n{BOLD}What was done to it{BOLD:#}")?;
    for scene in &played.scenes {
        let Some(text) = trial(played, scene) else { continue };
        let told = told(played, scene.scene.target).len();
        let mails = mails_about(played, scene.scene.target).len();
        let style = if told == 1 && mails == 1 { GREEN } else { RED };
        wrapped(out, "  - ", &text)?;
        writeln!(
            out,
            "    {style}{}: {}, {}{style:#}",
            scene.scene.target,
            times(told, "message in Slack", "messages in Slack"),
            times(mails, "mail", "mails")
        )?;
    }
    Ok(())
}

fn times(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn trial(played: &Played, scene: &PlayedScene) -> Option<String> {
    match scene.scene.trial {
        Trial::None => None,
        Trial::Kill => Some(match &scene.killed {
            None => "remediation should have been killed in a write, and made none.".to_owned(),
            Some(call) => {
                let died = played.functions.iter().flat_map(|function| &function.invocations);
                let died: Vec<&Invocation> =
                    died.filter(|run| run.error.is_some() && run.started >= scene.began).collect();
                format!(
                    "SIGKILL to remediation when it had written and its {} had taken effect, before it could answer ({}). \
                     The event came back from the queue and was found to be known.",
                    call.operation,
                    times(died.len(), "invocation died", "invocations died"),
                )
            }
        }),
        Trial::RateLimit(seconds) => {
            let refused = played.deliveries.iter().find(|delivery| delivery.status == Some(429))?.at;
            let posted = told(played, scene.scene.target).first()?.at;
            let mailed = mails_about(played, scene.scene.target).first()?.at;
            Some(format!(
                "429 from Slack with Retry-After: {seconds}. Slack was left alone for {:.1} s and took the message then; the \
                 mail went out {}.",
                posted.duration_since(refused).as_secs_f64(),
                if mailed < posted { "meanwhile" } else { "after it" },
            ))
        }
        Trial::Copies(copies) => Some(format!("One event from the queue {copies} times.")),
    }
}

/// Whether everything was told, and told once.
fn write_sum(out: &mut impl Write, played: &Played) -> io::Result<bool> {
    let events: usize = played.scenes.iter().map(|scene| scene.events.len()).sum();
    let posted: Vec<String> = played
        .deliveries
        .iter()
        .filter(|delivery| delivery.posted)
        .map(|delivery| text_of(&delivery.body).join("\n"))
        .collect();
    let twice = posted.len() - posted.iter().collect::<BTreeSet<_>>().len();
    let settled = played.scenes.len() == SCENES.len() && played.scenes.iter().all(|scene| scene.settled);
    let trials_ended = played.scenes.iter().filter(|scene| scene.scene.trial != Trial::None);
    let once = trials_ended.clone().all(|scene| told(played, scene.scene.target).len() == 1);
    let well = settled && once && twice == 0 && played.given_up == 0 && posted.len() == played.mails.len();
    let style = if well { GREEN } else { RED };
    writeln!(out)?;
    let sum = format!(
        "{events} events, {}, {} in {:.0} s; {twice} told twice, {} given up{}",
        times(posted.len(), "message in Slack", "messages in Slack"),
        times(played.mails.len(), "mail", "mails"),
        seconds(played.ended.duration_since(played.started).unsigned_abs()),
        played.given_up,
        if settled { "" } else { "; NOT ALL WAS TOLD IN TIME" }
    );
    for line in lines(&sum, "", "") {
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(well)
}

pub(super) fn write_log_place(
    out: &mut impl Write,
    function: &str,
    path: &Path,
    count: usize,
) -> io::Result<()> {
    let first = format!("Log of {function}: ");
    wrapped(out, "", &format!("{first}{} ({count} lines of JSON)", path.display()))
}
