//! `steward`: the command line of ECS Steward.

mod demo;
mod explain;
mod terminal;

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
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let result = match command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
    };
    result.unwrap_or_else(|error| terminal::give_up(&error))
}
