//! `steward`: the command line of ECS Steward.

mod apply;
mod configuration;
mod demo;
mod diff;
mod explain;
mod rollback;
mod schema;
mod terminal;
mod validate;
mod versions;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Looks after Amazon ECS: says why tasks die, and what to do about it.
#[derive(Parser)]
#[command(name = "steward", version, arg_required_else_help = true, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Explain(explain::Arguments),
    Demo(demo::Arguments),
    Validate(validate::Arguments),
    Diff(diff::Arguments),
    Apply(apply::Arguments),
    Rollback(rollback::Arguments),
    Versions(versions::Arguments),
    Schema(schema::Arguments),
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Apply(arguments) => apply::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Versions(arguments) => versions::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
    };
    result.unwrap_or_else(|error| terminal::give_up(&error))
}
