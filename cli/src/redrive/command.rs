//! The command: which queues, whether to move what is in them, and in which form.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use steward::aws::DeadLetterQueues;
use steward::ports::{EcsError, MoveStatus, Parameters};

use super::queues::{self, Pair};
use super::steps::{self, Found};
use super::text;
use crate::account;
use crate::apply::{Answer, ask, refusal};
use crate::ledger::{Place, now};
use crate::open::{self, Format};
use crate::progress::Progress;
use crate::wall::Wall;

/// Moves what could not be handled back to where it is handled
///
/// Shows what is in the dead-letter queues first, and asks. Find out why it could not be handled, and mend that, or it comes back after
/// ten more tries: `aws logs tail` of the function, as the alarm says. An event that is older than 15 minutes is recorded and told, and
/// nothing is changed on its account alone. The exit code is 1 where you say no, or where --dry-run finds something.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Of these queues only (otherwise all)
    #[arg(value_name = "QUEUE")]
    queues: Vec<Queue>,
    /// Only look
    #[arg(long)]
    dry_run: bool,
    /// Move so many messages a second at the most (otherwise SQS chooses)
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=500))]
    rate: Option<u32>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// How to print: for people, or one JSON object a line for each queue
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Queue {
    /// ECS events on their way to incidents
    Events,
    /// Requests for runs of jobs, and events of their tasks
    #[value(alias = "tasks")]
    Jobs,
    /// News on its way to people, which is due in the table as well
    Tell,
}

impl Queue {
    fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Jobs => "jobs",
            Self::Tell => "tell",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let found = match open::opened(&arguments.place).await? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let pairs = match pairs(&found).await {
            Ok(pairs) => pairs,
            Err(problem) => return account::fail(&io::Error::other(problem)),
        };
        let is_meant = |pair: &Pair| {
            let mut asked = arguments.queues.iter();
            arguments.queues.is_empty() || asked.any(|queue| queue.name() == pair.name)
        };
        let queues = DeadLetterQueues::with_config(&arguments.place.sdk().await);
        let mut all = Vec::new();
        for pair in pairs.into_iter().filter(is_meant) {
            match steps::look(&queues, &pair).await {
                Ok(found) => all.push(found),
                Err(error) => return account::fail(&error),
            }
        }
        redrive(arguments, &queues, &all).await
    })
}

async fn redrive(arguments: &Arguments, queues: &DeadLetterQueues, all: &[Found]) -> io::Result<ExitCode> {
    let out = &mut anstream::stdout();
    let is_text = arguments.format == Format::Text;
    if is_text {
        all.iter().try_for_each(|found| text::write_found(out, found, now()))?;
    }
    let full = || all.iter().filter(|found| found.count > 0 || found.under_way.is_some());
    let is_empty = full().next().is_none();
    if is_empty || arguments.dry_run {
        if !is_text {
            all.iter().try_for_each(|found| writeln!(out, "{}", found.json(None)))?;
        }
        return Ok(if is_empty { ExitCode::SUCCESS } else { ExitCode::from(1) });
    }
    out.flush()?;
    let answer = if arguments.yes { Answer::Yes } else { ask("Move them back?")? };
    // What stands on standard output is for programs then.
    let refused = if is_text { refusal(&answer, out)? } else { refusal(&answer, &mut anstream::stderr())? };
    if let Some(code) = refused {
        return Ok(code);
    }
    let progress = Progress::on_terminal();
    let mut code = ExitCode::SUCCESS;
    for found in full() {
        let moved = steps::redrive(queues, &Wall, found, arguments.rate, |text| progress.show(text)).await;
        progress.clear();
        let moved = match moved {
            Ok(moved) => moved,
            Err(error) => return account::fail(&said(&error)),
        };
        if moved.status != MoveStatus::Completed {
            code = ExitCode::from(2);
        }
        match arguments.format {
            Format::Text => text::write_moved(out, found, &moved)?,
            Format::Json => writeln!(out, "{}", found.json(Some(&moved)))?,
        }
        out.flush()?;
    }
    Ok(code)
}

/// What to do where SQS refuses: it asks for four rights besides the one that the call is named after.
fn said(error: &EcsError) -> io::Error {
    io::Error::other(format!(
        "{error}. Moving needs sqs:StartMessageMoveTask, ReceiveMessage, DeleteMessage and GetQueueAttributes on the dead-letter \
         queue, and sqs:SendMessage on the other"
    ))
}

/// The stack's queues.
async fn pairs(found: &crate::ledger::Found) -> Result<Vec<Pair>, String> {
    let Some(stack) = &found.stack else {
        return Err("a table alone does not say which queues there are: name its stack by --stack".to_owned());
    };
    let name = format!("/steward/{stack}/queues");
    let value = found.store.get(std::slice::from_ref(&name)).await.map_err(|error| error.to_string())?;
    match value.into_iter().next().flatten() {
        Some(value) => queues::read(&value, &found.table).map_err(|problem| format!("{name}: {problem}")),
        None => Err(format!("{name} does not exist: the stack is older than this command. Deploy it anew")),
    }
}
