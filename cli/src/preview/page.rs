//! Threads as a page: one file, no script, nothing from elsewhere, for phone and desktop, light and dark.

use std::io;
use std::path::Path;

use askama::Template;

use crate::letter::{Block, Kind, Look, Piece, Shown};
use crate::play::Thread;

#[derive(Template)]
#[template(path = "preview.html")]
struct Page {
    threads: Vec<Shown>,
    language: &'static str,
    channel: &'static str,
    version: &'static str,
}

pub(super) fn write(path: &Path, threads: &[Thread<'_>], kind: Kind) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let language = threads.first().map_or("en", |thread| thread.first.message.language.as_str());
    let shown =
        |(place, thread): (usize, &Thread<'_>)| Shown::of(thread, kind, format!("thread-{}", place + 1));
    let page = Page {
        threads: threads.iter().enumerate().map(shown).collect(),
        language,
        channel: kind.describe(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let html = page.render().map_err(io::Error::other)?;
    std::fs::write(path, html).map_err(named)
}
