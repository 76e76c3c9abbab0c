//! What the commands around `steward.yaml` share: reading it, Parameter Store, and showing differences.

#[cfg(feature = "aws")]
mod difference;
#[cfg(feature = "aws")]
mod place;
mod read;
mod tree;
#[cfg(feature = "aws")]
mod way;

use std::io::{self, Read, Write};

#[cfg(feature = "aws")]
pub(crate) use difference::{lines, write_lines};
#[cfg(feature = "aws")]
pub(crate) use place::Place;
pub(crate) use read::{Problem, Valid, read};
#[cfg(feature = "aws")]
pub(crate) use way::{misplaced_secret, write_permissions};

/// A file that is longer cannot be applied anyway.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Reads and checks a file; what is wrong with it is written to standard error.
pub(crate) fn read_file(file: &str) -> io::Result<Option<Valid>> {
    let mut err = anstream::stderr();
    let text = match text_of(file) {
        Ok(text) => text,
        Err(error) => {
            writeln!(err, "steward: {file}: cannot be read: {error}")?;
            return Ok(None);
        }
    };
    match read(&text) {
        Ok(valid) => Ok(Some(valid)),
        Err(problems) => {
            write_problems(&mut err, file, &problems)?;
            Ok(None)
        }
    }
}

/// Reads the configuration that is named, if one is. Where it is not valid people were told why, and the command ends with that code.
#[cfg(feature = "aws")]
pub(crate) fn read_named(
    file: Option<&str>,
) -> io::Result<Result<Option<steward::config::Configuration>, std::process::ExitCode>> {
    let Some(file) = file else { return Ok(Ok(None)) };
    let valid = read_file(file)?;
    Ok(valid.map(|valid| Some(valid.configuration)).ok_or(std::process::ExitCode::from(2)))
}

pub(crate) fn write_problems(err: &mut impl Write, file: &str, problems: &[Problem]) -> io::Result<()> {
    for problem in problems {
        writeln!(err, "{file}:{problem}")?;
    }
    Ok(())
}

fn text_of(file: &str) -> io::Result<String> {
    let mut text = String::new();
    let read = if file == "-" {
        io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?
    } else {
        std::fs::File::open(file)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?
    };
    if u64::try_from(read).is_ok_and(|read| read > MAX_FILE_BYTES) {
        return Err(io::Error::other("more than 1 MiB is no configuration"));
    }
    Ok(text)
}
