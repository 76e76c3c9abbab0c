//! What the commands share in how they speak to a terminal.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use steward::diagnosis::Kind;

/// Lines are this wide at most, unless a single word is wider.
pub(crate) const WIDTH: usize = 80;

/// Names of things.
pub(crate) const BOLD: Style = Style::new().bold();
/// What one may pass over.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What went wrong.
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
/// What may pass by itself.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// What is well.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();

/// The colour of a kind of cause.
pub(crate) fn style_of(kind: Kind) -> Style {
    match kind {
        Kind::Persistent => RED,
        Kind::Mixed | Kind::Transient => YELLOW,
        Kind::Benign => GREEN,
    }
}

/// Writes `text` wrapped, the first line behind `first`, the others behind as much space. Broken at spaces only, so
/// that ARNs can be copied.
pub(crate) fn wrapped(out: &mut impl Write, first: &str, text: &str) -> io::Result<()> {
    let indent = " ".repeat(textwrap::core::display_width(first));
    for line in textwrap::wrap(text, options(first, &indent).break_words(false)) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Writes a fact: `text` wrapped behind its name, which is as wide as `names` with the space behind it.
#[cfg(any(feature = "aws", test))]
pub(crate) fn fact(
    out: &mut impl Write,
    names: usize,
    name: &str,
    style: Style,
    text: &str,
) -> io::Result<()> {
    let space = " ".repeat(names + 2);
    for (place, line) in lines(text, &space, &space).iter().enumerate() {
        let text = line.strip_prefix(space.as_str()).unwrap_or(line);
        let first = if place == 0 { name } else { "" };
        writeln!(out, "  {DIM}{first:names$}{DIM:#}{style}{text}{style:#}")?;
    }
    Ok(())
}

/// The lines of `text`, behind `first` and `others`, none wider than the terminal.
pub(crate) fn lines(text: &str, first: &str, others: &str) -> Vec<String> {
    wrapped_to(WIDTH, text, first, others)
}

/// The lines of `text`, behind `first` and `others`, none wider than `width`.
pub(crate) fn wrapped_to(width: usize, text: &str, first: &str, others: &str) -> Vec<String> {
    let mut options = options(first, others);
    options.width = width;
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

fn options<'t>(first: &'t str, others: &'t str) -> textwrap::Options<'t> {
    textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(others)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// Ends the process for an error of input or output. A reader that went away (`| head`) is no error.
pub(crate) fn give_up(error: &io::Error) -> ExitCode {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return ExitCode::SUCCESS;
    }
    // Nobody is left to tell where even this fails.
    let _unwritable = writeln!(anstream::stderr(), "steward: {error}");
    ExitCode::from(2)
}
