//! `steward completions`: what a shell needs to complete commands and options.

use std::io;
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;

/// Prints completions for a shell
///
/// Bash: `steward completions bash > ~/.local/share/bash-completion/completions/steward`. Zsh: `steward completions zsh >
/// DIR/_steward`, in a DIR of $fpath. Fish: `steward completions fish > ~/.config/fish/completions/steward.fish`. PowerShell: `steward
/// completions powershell >> $PROFILE`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, mut command: Command) -> io::Result<ExitCode> {
    let name = command.get_name().to_owned();
    let mut completions = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut completions);
    io::Write::write_all(&mut io::stdout().lock(), &completions)?;
    Ok(ExitCode::SUCCESS)
}
