//! How far a long replay is, on a terminal: one line that is written over.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// So often it is shown anew.
const EVERY: Duration = Duration::from_millis(250);
/// The clock is looked at once in so many events: a look costs more than an event that is read.
const STEP: u64 = 64;

pub(super) struct Progress {
    is_shown: bool,
    shown_at: Instant,
    width: usize,
}

impl Progress {
    #[allow(clippy::disallowed_methods, reason = "how far it is, is shown to whoever waits for it")]
    pub(super) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), shown_at: Instant::now(), width: 0 }
    }

    /// `of` is how many there are in all, where that is known.
    pub(super) fn show(&mut self, what: &str, count: u64, of: Option<u64>) {
        if !self.is_shown || !count.is_multiple_of(STEP) || self.shown_at.elapsed() < EVERY {
            return;
        }
        self.shown_at += self.shown_at.elapsed();
        let text = match of.filter(|of| *of > 0) {
            Some(of) => format!("{count} of {of} events {what}, {}%", count * 100 / of),
            None => format!("{count} events {what}"),
        };
        let width = self.width.max(text.len());
        // What cannot be shown is not missed.
        let _unshown = write!(io::stderr(), "\r{text:width$}");
        self.width = text.len();
    }

    pub(super) fn clear(&mut self) {
        if self.width > 0 {
            let _unshown = write!(io::stderr(), "\r{:width$}\r", "", width = self.width);
            self.width = 0;
        }
    }
}
