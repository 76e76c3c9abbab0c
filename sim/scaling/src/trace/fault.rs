//! What is wrong with a trace, where, and what to do about it.

/// A trace that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{fault}")]
pub struct TraceError {
    /// As it was named.
    pub file: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No line that is not blank.
    #[error(
        ": the file is empty; the first line must be `timestamp,value` or `app,func,end_timestamp,duration`"
    )]
    Empty,
    /// A header that says neither.
    #[error(
        ":{line}: the header is `{found}`; write `timestamp,value` for messages per interval, or `app,func,end_timestamp,duration` for single jobs"
    )]
    Header {
        /// Its line, from 1.
        line: usize,
        /// What stands there, shortened.
        found: String,
    },
    /// A header, and nothing else.
    #[error(": there are no rows below the header; a trace needs at least one")]
    NoRows,
    /// A row with too few or too many fields.
    #[error(":{line}: {found} field{} where the header has {wanted}; separate fields by one comma each", if *found == 1 { "" } else { "s" })]
    Fields {
        /// Its line, from 1.
        line: usize,
        /// How many it has.
        found: usize,
        /// How many it should have.
        wanted: usize,
    },
    /// A field that is not what it should be.
    #[error(":{line}: {field}: `{found}` {problem}")]
    Field {
        /// Its line, from 1.
        line: usize,
        /// The field's name in the header.
        field: &'static str,
        /// What stands there, shortened.
        found: String,
        /// What is wrong with it, and what to write.
        problem: &'static str,
    },
}

/// So much of a text tells what it is.
const SHOWN: usize = 60;

/// A text from a file, as an error shows it: short, and without what moves a terminal's cursor.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}
