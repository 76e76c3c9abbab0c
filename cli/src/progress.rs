//! How far long work is: one line on a terminal, on standard error, and nothing anywhere else.

use std::io::{self, IsTerminal, Write};

/// One line that says how far it is.
pub(crate) struct Progress {
    is_shown: bool,
}

impl Progress {
    /// Shown where standard error is a terminal.
    pub(crate) fn on_terminal() -> Self {
        Self { is_shown: io::stderr().is_terminal() }
    }

    /// Shows how far it is, in place of what was shown.
    pub(crate) fn show(&self, text: &str) {
        if self.is_shown {
            // Nobody misses a line that cannot be written.
            let _unwritable = write!(anstream::stderr(), "\r\x1b[K{text}");
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.show("");
    }
}
