//! `steward`: the command line of ECS Steward.

#[cfg(feature = "aws")]
mod account;
// What is said of actions, incidents and the whole is tested without the SDK.
#[cfg(any(feature = "aws", test))]
mod actions;
#[cfg(feature = "aws")]
mod apply;
#[cfg(feature = "aws")]
mod approve;
// What is said of a cluster is tested without the SDK.
#[cfg(any(feature = "aws", test))]
mod audit;
// What is said of runs is tested without the SDK.
#[cfg(any(feature = "aws", test))]
mod ask;
#[cfg(feature = "aws")]
mod cancel;
mod completions;
mod configuration;
mod demo;
#[cfg(feature = "aws")]
mod diff;
// What is read and said is tested without the SDK.
#[cfg(any(feature = "aws", test))]
mod doctor;
mod explain;
mod gantt;
#[cfg(any(feature = "aws", test))]
mod history;
#[cfg(feature = "aws")]
mod iam;
#[cfg(any(feature = "aws", test))]
mod incidents;
// What is read and written is tested without the SDK.
#[cfg(any(feature = "aws", test))]
mod init;
#[cfg(any(feature = "aws", test))]
mod jobs;
#[cfg(feature = "aws")]
mod ledger;
mod letter;
// What it prints is tested without the SDK.
#[cfg(any(feature = "aws", test))]
mod memory;
#[cfg(any(feature = "aws", test))]
mod open;
#[cfg(feature = "aws")]
mod pause;
mod play;
mod preview;
#[cfg(feature = "aws")]
mod progress;
#[cfg(any(feature = "aws", test))]
mod redrive;
#[cfg(feature = "aws")]
mod reject;
mod replay;
#[cfg(feature = "aws")]
mod resume;
#[cfg(feature = "aws")]
mod retry;
#[cfg(feature = "aws")]
mod rollback;
#[cfg(any(feature = "aws", test))]
mod runs;
mod scaling;
mod schema;
#[cfg(feature = "aws")]
mod settle;
#[cfg(feature = "aws")]
mod silence;
// What is said of them is tested without the SDK.
#[cfg(any(feature = "aws", test))]
mod silences;
mod simulate;
#[cfg(any(feature = "aws", test))]
mod status;
#[cfg(any(feature = "aws", test))]
mod suppressed;
mod terminal;
#[cfg(feature = "aws")]
mod unsilence;
mod validate;
#[cfg(feature = "aws")]
mod versions;
mod virtual_time;
#[cfg(feature = "aws")]
mod wall;
#[cfg(any(feature = "aws", test))]
mod why;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Looks after Amazon ECS: says why tasks die, and what to do about it.
#[derive(Parser)]
#[command(name = "steward", version, arg_required_else_help = true, max_term_width = 80)]
#[cfg_attr(
    not(feature = "aws"),
    command(
        after_help = "Built without status, incidents, actions, history, why, redrive, audit, jobs, runs, run, cancel, retry, scaling, memory, approve, reject, settle, pause, resume, silence, silences, unsilence, suppressed, diff, apply, rollback, versions, iam, init and doctor: `cargo install --path cli` has them."
    )
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Explain(explain::Arguments),
    Demo(demo::Arguments),
    Preview(preview::Arguments),
    Replay(replay::Arguments),
    Simulate(simulate::Arguments),
    #[cfg(feature = "aws")]
    Audit(audit::Arguments),
    #[cfg(feature = "aws")]
    Jobs(jobs::Arguments),
    #[cfg(feature = "aws")]
    Runs(runs::Arguments),
    #[cfg(feature = "aws")]
    Run(ask::Arguments),
    #[cfg(feature = "aws")]
    Cancel(cancel::Arguments),
    #[cfg(feature = "aws")]
    Retry(retry::Arguments),
    #[cfg(feature = "aws")]
    Scaling(scaling::Arguments),
    #[cfg(feature = "aws")]
    Memory(memory::Arguments),
    #[cfg(feature = "aws")]
    Approve(approve::Arguments),
    #[cfg(feature = "aws")]
    Reject(reject::Arguments),
    #[cfg(feature = "aws")]
    Settle(settle::Arguments),
    #[cfg(feature = "aws")]
    Pause(pause::Arguments),
    #[cfg(feature = "aws")]
    Resume(resume::Arguments),
    #[cfg(feature = "aws")]
    Silence(silence::Arguments),
    #[cfg(feature = "aws")]
    Silences(silence::ListArguments),
    #[cfg(feature = "aws")]
    Unsilence(unsilence::Arguments),
    #[cfg(feature = "aws")]
    Suppressed(suppressed::Arguments),
    Validate(validate::Arguments),
    #[cfg(feature = "aws")]
    Diff(diff::Arguments),
    #[cfg(feature = "aws")]
    Apply(apply::Arguments),
    #[cfg(feature = "aws")]
    Rollback(rollback::Arguments),
    #[cfg(feature = "aws")]
    Versions(versions::Arguments),
    Schema(schema::Arguments),
    #[cfg(feature = "aws")]
    Iam(iam::Arguments),
    #[cfg(feature = "aws")]
    Status(status::Arguments),
    #[cfg(feature = "aws")]
    Incidents(incidents::Arguments),
    #[cfg(feature = "aws")]
    Actions(actions::Arguments),
    #[cfg(feature = "aws")]
    History(history::Arguments),
    #[cfg(feature = "aws")]
    Why(why::Arguments),
    #[cfg(feature = "aws")]
    Redrive(redrive::Arguments),
    Completions(completions::Arguments),
    #[cfg(feature = "aws")]
    Init(init::Arguments),
    #[cfg(feature = "aws")]
    Doctor(doctor::Arguments),
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Preview(arguments) => preview::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Audit(arguments) => audit::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Jobs(arguments) => jobs::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Runs(arguments) => runs::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Run(arguments) => ask::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Cancel(arguments) => cancel::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Retry(arguments) => retry::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Scaling(arguments) => scaling::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Memory(arguments) => memory::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Approve(arguments) => approve::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Reject(arguments) => reject::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Settle(arguments) => settle::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Pause(arguments) => pause::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Resume(arguments) => resume::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Silence(arguments) => silence::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Silences(arguments) => silence::list(&arguments),
        #[cfg(feature = "aws")]
        Command::Unsilence(arguments) => unsilence::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Suppressed(arguments) => suppressed::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Diff(arguments) => diff::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Apply(arguments) => apply::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Rollback(arguments) => rollback::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Versions(arguments) => versions::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Iam(arguments) => iam::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Status(arguments) => status::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Incidents(arguments) => incidents::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Actions(arguments) => actions::run(&arguments),
        #[cfg(feature = "aws")]
        Command::History(arguments) => history::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Why(arguments) => why::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Redrive(arguments) => redrive::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, Cli::command()),
        #[cfg(feature = "aws")]
        Command::Init(arguments) => init::run(&arguments),
        #[cfg(feature = "aws")]
        Command::Doctor(arguments) => doctor::run(&arguments),
    };
    result.unwrap_or_else(|error| terminal::give_up(&error))
}
