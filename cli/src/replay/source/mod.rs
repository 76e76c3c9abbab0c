//! Reads a recording: from files in all forms in which events are recorded to events in the order of their own time.

mod files;
mod scan;
mod sorted;
mod unwrap;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use steward::event::Event;
use steward::event::decode::DecodeError;
use steward::event::document::{self, Item};
use steward::redact::redact;
use steward::remediation::Home;

pub(super) use sorted::{LIMIT, Recorded, Sorted};

use super::recalled::Traits;
use scan::{Found, Piece, Scan};
use unwrap::{Leaf, leaves};

/// So much that could not be read is named one by one; the rest is counted.
pub(super) const MAX_NAMED: usize = 20;
/// ECS began in 2014; what is later than this is a clock gone wrong.
const TIMES: (i64, i64) = (1_388_534_400, 4_102_444_800);
/// More accounts and regions than a recording has.
const MAX_HOMES: usize = 10_000;

/// What could not be read, or is no event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) count: u64,
    /// The first of it, each with file, line and reason.
    pub(super) named: Vec<String>,
}

impl Unread {
    fn add(&mut self, place: &str, what: &str) {
        self.count += 1;
        if self.named.len() < MAX_NAMED {
            self.named.push(format!("{}: {}", redact(place), redact(what)));
        }
    }
}

/// A recording that was read.
pub(super) struct Recording {
    pub(super) files: usize,
    pub(super) events: u64,
    /// The first and the last time.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// Events that do not say when they were, and nothing around them does: they are played last.
    pub(super) timeless: u64,
    /// The account and region of most of it.
    pub(super) home: Option<Home>,
    /// How many events are of another account or region.
    pub(super) elsewhere: u64,
    pub(super) unread: Unread,
    /// What the recording as a whole says of services.
    pub(super) traits: Traits,
    sorted: Sorted,
}

/// Reads files and folders; `progress` hears how many events were read. `limit` is the memory for sorting, in bytes.
///
/// # Errors
///
/// Where the temporary files for sorting cannot be written. What cannot be read is in the recording.
pub(super) fn read(named: &[String], limit: usize, progress: &mut dyn FnMut(u64)) -> io::Result<Recording> {
    let mut reading = Reading {
        recording: Recording {
            files: 0,
            events: 0,
            span: None,
            timeless: 0,
            home: None,
            elsewhere: 0,
            unread: Unread::default(),
            traits: Traits::default(),
            sorted: Sorted::new(limit),
        },
        homes: BTreeMap::new(),
        homeless: 0,
    };
    for name in named {
        match files::of(name) {
            Ok(files) if files.is_empty() => reading.recording.unread.add(name, "an empty folder"),
            Ok(files) => {
                for file in files {
                    reading.file(&file, progress)?;
                }
            }
            Err(error) => reading.recording.unread.add(name, &format!("cannot be read: {error}")),
        }
    }
    reading.finish()
}

impl Recording {
    /// Where no event says when it was, all were at one time.
    pub(super) fn timeless_span(&self) -> Option<(Timestamp, Timestamp)> {
        let at = Timestamp::from_second(TIMES.0).ok()?;
        (self.timeless > 0).then_some((at, at))
    }

    /// The events in order. They can be read again and again.
    ///
    /// # Errors
    ///
    /// Where the temporary files cannot be read.
    pub(super) fn events(&mut self) -> io::Result<impl Iterator<Item = io::Result<Recorded>>> {
        self.sorted.read()
    }
}

struct Reading {
    recording: Recording,
    homes: BTreeMap<(String, String), u64>,
    /// Events that do not say where they are from: they are not from elsewhere.
    homeless: u64,
}

impl Reading {
    fn file(&mut self, path: &Path, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
        let name = path.display().to_string();
        self.recording.files += 1;
        let mut scan = match files::open(path) {
            Ok(input) => Scan::new(input),
            Err(error) => {
                self.recording.unread.add(&name, &format!("cannot be read: {error}"));
                return Ok(());
            }
        };
        let (events, unread) = (self.recording.events, self.recording.unread.count);
        loop {
            match scan.next() {
                Ok(Some(piece)) => self.piece(&name, piece)?,
                Ok(None) => break,
                Err(error) => {
                    let place = format!("{name}:{}", scan.line());
                    self.recording.unread.add(&place, &format!("cannot be read on: {error}"));
                    return Ok(());
                }
            }
            progress(self.recording.events);
        }
        if (events, unread) == (self.recording.events, self.recording.unread.count) {
            self.recording.unread.add(&name, "holds no event");
        }
        Ok(())
    }

    fn piece(&mut self, file: &str, piece: Piece) -> io::Result<()> {
        let (line, logged_at) = (piece.line, time_of(&piece.lead));
        let place = format!("{file}:{line}");
        let value = match value_of(piece) {
            Ok(value) => value,
            Err((line, what)) => {
                self.recording.unread.add(&format!("{file}:{line}"), &what);
                return Ok(());
            }
        };
        for leaf in leaves(value, logged_at) {
            match leaf {
                Ok(leaf) => self.leaf(&place, leaf)?,
                Err(error) => {
                    let what = format!("inside: {error}; {}", error.hint());
                    self.recording.unread.add(&place, &what);
                }
            }
        }
        Ok(())
    }

    fn leaf(&mut self, place: &str, leaf: Leaf) -> io::Result<()> {
        let Leaf { mut value, wrapped_at } = leaf;
        // Overrides may hold secrets, and nothing here reads them: they are not written to disk either.
        if let Some(detail) = value.get_mut("detail").and_then(Value::as_object_mut) {
            detail.remove("overrides");
        }
        let bytes = serde_json::to_vec(&value).map_err(io::Error::other)?;
        for item in document::of_value(value) {
            match item {
                Ok(Item::Event(event)) => return self.event(place, &event, wrapped_at, bytes),
                Ok(Item::Task(_) | Item::Missing { .. } | Item::Failure(_)) => {
                    let what = "an answer of ECS, no event: `steward explain` reads it";
                    self.recording.unread.add(place, what);
                }
                Err(error) => self.recording.unread.add(place, &format!("{error}; {}", error.hint())),
            }
        }
        Ok(())
    }

    fn event(
        &mut self,
        place: &str,
        event: &Event,
        wrapped_at: Option<Timestamp>,
        bytes: Vec<u8>,
    ) -> io::Result<()> {
        let happened_at = event.occurred_at();
        let at = event.envelope.time.or(happened_at).or(wrapped_at);
        let is_possible = |at: &Timestamp| (TIMES.0..TIMES.1).contains(&at.as_second());
        if at.is_some_and(|at| !is_possible(&at)) {
            self.recording.unread.add(place, "its time cannot be: before 2014 or after 2099");
            return Ok(());
        }
        let recording = &mut self.recording;
        recording.events += 1;
        if let Some(at) = at {
            let (first, last) = recording.span.unwrap_or((at, at));
            recording.span = Some((first.min(at), last.max(at)));
        } else {
            recording.timeless += 1;
        }
        recording.traits.learn(event);
        let home = event.envelope.account.clone().zip(event.envelope.region.clone());
        match home {
            Some(home) if self.homes.len() < MAX_HOMES || self.homes.contains_key(&home) => {
                *self.homes.entry(home).or_default() += 1;
            }
            _ => self.homeless += 1,
        }
        // Within one moment the order is by what ECS calls the state's own time, and then the same each time.
        let own = happened_at.or(at).unwrap_or(Timestamp::MAX);
        recording.sorted.push(Recorded {
            at: at.unwrap_or(Timestamp::MAX).as_millisecond(),
            own: own.as_millisecond(),
            bytes: bytes.into_boxed_slice(),
        })
    }

    fn finish(self) -> io::Result<Recording> {
        let Self { mut recording, homes, homeless } = self;
        // Of equals the first by name, whatever order they came in.
        let most = homes.iter().max_by_key(|(home, count)| (**count, std::cmp::Reverse(*home)));
        if let Some(((account, region), count)) = most {
            recording.home = Some(Home { account: account.clone(), region: region.clone() });
            recording.elsewhere = recording.events - homeless - count;
        }
        recording.sorted.finish()?;
        Ok(recording)
    }
}

/// The JSON of a piece, or in which line it is none, and why.
fn value_of(piece: Piece) -> Result<Value, (usize, String)> {
    let Piece { line, found, .. } = piece;
    let bytes = match found {
        Found::Object(bytes) => bytes,
        Found::Cut => return Err((line, "an object that does not end".to_owned())),
        Found::TooLarge => {
            return Err((line, format!("an object of more than {} bytes", scan::MAX_OBJECT_BYTES)));
        }
        Found::Text => return Err((line, "no JSON object in this line".to_owned())),
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| (line + error.line() - 1, unplaced(&unwrap::not_json(&error))))
}

/// The time that a line begins with: exports of CloudWatch Logs write it before each message.
fn time_of(lead: &str) -> Option<Timestamp> {
    lead.split_ascii_whitespace().next()?.parse().ok()
}

/// An error of JSON without its line, which is named already.
fn unplaced(error: &DecodeError) -> String {
    match error {
        DecodeError::NotJson { column, problem, .. } => {
            format!("not JSON: {problem} at column {column}; {}", error.hint())
        }
        other => other.to_string(),
    }
}

/// What an event is of.
pub(super) fn decode(bytes: &[u8]) -> Option<Event> {
    let value = serde_json::from_slice(bytes).ok()?;
    match document::of_value(value).pop()? {
        Ok(Item::Event(event)) => Some(*event),
        _ => None,
    }
}
