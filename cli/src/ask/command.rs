//! The command: of which job, for which slots, with which parameters.

use std::io;
use std::process::ExitCode;

use clap::Args;

use super::begin::{Request, begin};
use super::parameters::{self, Setting, setting};
use super::slots::{Wanted, slots};
use super::text;
use crate::account;
use crate::apply::{Answer, ask, refusal};
use crate::jobs::{Needs, Source, known, zone_of};
use crate::ledger::{By, now, person};

/// More runs than that are asked about first.
const MANY: usize = 100;

/// Asks for a run of a job
///
/// It begins within a minute, a suspended job's too; while another run of the job goes on it waits for its turn, unless the job
/// allows several. The same slot is one run, however often it is asked for.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,
    /// The slot of this time, which must be one of the job's schedule where it has one
    ///
    /// Such as 2026-11-27T02:00Z; without an offset it is a time in the schedule's time zone. Without `--at`, `--from` and
    /// `--slot` the run gets a slot of its own, made of the time now and you.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to", "slot"])]
    at: Option<String>,
    /// Every slot of the schedule from this time on, up to `--to`: a backfill
    #[arg(long, value_name = "TIME", requires = "to", conflicts_with = "slot")]
    from: Option<String>,
    /// The end of a backfill, itself included
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// A slot of your own: any text, such as the name of a file
    #[arg(long, value_name = "TEXT", value_parser = person)]
    slot: Option<String>,
    /// A parameter of the job for this run; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<Setting>,
    /// Do not ask, though more than 100 runs begin
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    source: Source,
}

impl Arguments {
    fn wanted(&self) -> Wanted<'_> {
        match (&self.at, self.from.as_deref().zip(self.to.as_deref()), &self.slot) {
            (Some(at), _, _) => Wanted::At(at),
            (None, Some((from, to)), _) => Wanted::Window { from, to },
            (None, None, Some(slot)) => Wanted::Text(slot),
            (None, None, None) => Wanted::Now,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let opened = match arguments.source.open(Needs::Configuration).await? {
            Ok(opened) => opened,
            Err(code) => return Ok(code),
        };
        let by = arguments.by.person(None).by;
        let prepared = known(&opened.configuration.jobs, &arguments.job).and_then(|job| {
            let set = parameters::set(job, &arguments.set)?;
            Ok((job, set, slots(job, &arguments.wanted(), &by, now())?))
        });
        let (job, set, chosen) = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return account::fail(&io::Error::other(problem)),
        };
        let out = &mut anstream::stdout();
        let zone = zone_of(Some(job));
        if chosen.slots.len() > MANY {
            text::write_many(out, job, &chosen, &zone)?;
            let answer = if arguments.yes { Answer::Yes } else { ask("Ask for all of them?")? };
            if let Some(code) = refusal(&answer, out)? {
                return Ok(code);
            }
        }
        let request = Request { job, slots: &chosen.slots, set: &set, by: &by };
        let begun = begin(&opened.ledger, &request, &opened.terms()).await;
        text::write(out, job, &begun, &chosen, &zone)?;
        match begun.failed {
            None => Ok(ExitCode::SUCCESS),
            Some(error) => account::fail(&error),
        }
    })
}
