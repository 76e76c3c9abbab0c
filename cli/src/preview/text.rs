//! Threads on a terminal, in 80 columns.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::letter::{Kind, Line, drawn};
use crate::play::{Placed, Post, Thread};
use crate::terminal::{BOLD, DIM, WIDTH, wrapped};

/// Replies stand so far to the right.
const INDENT: usize = 4;

pub(super) fn write(out: &mut impl Write, threads: &[Thread<'_>], kind: Kind) -> io::Result<()> {
    if threads.is_empty() {
        return writeln!(out, "nobody would be told anything: `steward explain` says why");
    }
    for (place, thread) in threads.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write_thread(out, thread, kind)?;
    }
    Ok(())
}

fn write_thread(out: &mut impl Write, thread: &Thread<'_>, kind: Kind) -> io::Result<()> {
    write!(out, "{BOLD}")?;
    wrapped(out, "", &thread.first.subject.to_string())?;
    write!(out, "{BOLD:#}")?;
    let sent = clock(thread.first.at);
    if thread.is_edited() {
        write_post(
            out,
            &format!("{sent}, as it stands since {}", clock(thread.last.at)),
            thread.last,
            kind,
            0,
        )?;
        write_post(out, "how it stood first", thread.first, kind, 0)?;
    } else {
        write_post(out, &sent, thread.first, kind, 0)?;
    }
    for reply in &thread.replies {
        let aloud = if reply.how == (Placed::Reply { aloud: true }) { ", also to the channel" } else { "" };
        write_post(out, &format!("↳ {}{aloud}", clock(reply.at)), reply, kind, INDENT)?;
    }
    Ok(())
}

fn write_post(out: &mut impl Write, caption: &str, post: &Post, kind: Kind, indent: usize) -> io::Result<()> {
    writeln!(out, "{:indent$}{DIM}{caption}{DIM:#}", "")?;
    for Line { style, text } in drawn(&kind.look(post), WIDTH - indent - 2) {
        if text.is_empty() {
            writeln!(out, "{:indent$}┃", "")?;
        } else {
            writeln!(out, "{:indent$}┃ {style}{text}{style:#}", "")?;
        }
    }
    Ok(())
}

fn clock(at: Timestamp) -> String {
    at.strftime("%-d %b %H:%M:%S").to_string()
}
