//! Puts events in the order of their time, whatever order they come in and however many there are.
//!
//! They are gathered in memory up to a limit, and then written, sorted, to a temporary file; at the end the files are merged.
//! So nothing needs to be nearly in order, the memory is the limit and a buffer for each file, and the disk space is that of
//! the events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::replay::spool;

/// The memory for sorting, in bytes: most recordings of a day need no file at all.
pub(in crate::replay) const LIMIT: usize = 64 * 1024 * 1024;
/// So many files are merged at a time, each with a buffer.
const MAX_RUNS: usize = 64;
const BUFFER: usize = 64 * 1024;
/// What an event takes in memory beside its text.
const OVERHEAD: usize = 64;

/// An event as it was recorded, by its time, its own time, and its text: what is the same is next to each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::replay) struct Recorded {
    /// Milliseconds since 1970. What has no time is last.
    pub(in crate::replay) at: i64,
    /// The same, of the state that it tells.
    pub(in crate::replay) own: i64,
    pub(in crate::replay) bytes: Box<[u8]>,
}

/// Events on their way to be sorted, and then sorted.
pub(in crate::replay) struct Sorted {
    limit: usize,
    held: Vec<Recorded>,
    held_bytes: usize,
    runs: Vec<File>,
}

impl Sorted {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: Vec::new(), held_bytes: 0, runs: Vec::new() }
    }

    pub(super) fn push(&mut self, recorded: Recorded) -> io::Result<()> {
        self.held_bytes += recorded.bytes.len() + OVERHEAD;
        self.held.push(recorded);
        if self.held_bytes < self.limit {
            return Ok(());
        }
        self.held.sort();
        let held = std::mem::take(&mut self.held).into_iter().map(Ok);
        self.held_bytes = 0;
        self.runs.push(write(held)?);
        if self.runs.len() < MAX_RUNS {
            return Ok(());
        }
        let merged = write(merge(&mut self.runs)?)?;
        self.runs = vec![merged];
        Ok(())
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.held.sort();
        if !self.runs.is_empty() {
            self.runs.push(write(std::mem::take(&mut self.held).into_iter().map(Ok))?);
        }
        Ok(())
    }

    /// All of it in order: what was held, or what was written.
    pub(super) fn read(&mut self) -> io::Result<impl Iterator<Item = io::Result<Recorded>>> {
        let written = merge(&mut self.runs)?;
        Ok(self.held.iter().cloned().map(Ok).chain(written))
    }
}

fn write(all: impl Iterator<Item = io::Result<Recorded>>) -> io::Result<File> {
    let mut file = BufWriter::with_capacity(BUFFER, spool::file()?);
    for recorded in all {
        let Recorded { at, own, bytes } = recorded?;
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        file.write_all(&at.to_le_bytes())?;
        file.write_all(&own.to_le_bytes())?;
        file.write_all(&length.to_le_bytes())?;
        file.write_all(&bytes)?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)
}

fn merge(runs: &mut [File]) -> io::Result<Merged<'_>> {
    let mut merged = Merged { runs: Vec::new(), next: BinaryHeap::new() };
    for (place, run) in runs.iter_mut().enumerate() {
        run.seek(SeekFrom::Start(0))?;
        merged.runs.push(BufReader::with_capacity(BUFFER, &*run));
        merged.advance(place)?;
    }
    Ok(merged)
}

struct Merged<'r> {
    runs: Vec<BufReader<&'r File>>,
    /// The first of each, by its place.
    next: BinaryHeap<Reverse<(Recorded, usize)>>,
}

impl Merged<'_> {
    fn advance(&mut self, place: usize) -> io::Result<()> {
        let Some(run) = self.runs.get_mut(place) else { return Ok(()) };
        let mut at = [0; 8];
        // A run ends between two events.
        match run.read_exact(&mut at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let (mut own, mut length) = ([0; 8], [0; 4]);
        run.read_exact(&mut own)?;
        run.read_exact(&mut length)?;
        let mut bytes = vec![0; usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?];
        run.read_exact(&mut bytes)?;
        let (at, own, bytes) = (i64::from_le_bytes(at), i64::from_le_bytes(own), bytes.into_boxed_slice());
        self.next.push(Reverse((Recorded { at, own, bytes }, place)));
        Ok(())
    }
}

impl Iterator for Merged<'_> {
    type Item = io::Result<Recorded>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((recorded, place)) = self.next.pop()?;
        Some(self.advance(place).map(|()| recorded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(limit: usize, count: i64) -> Vec<i64> {
        let mut sorted = Sorted::new(limit);
        for number in 0..count {
            let at = number * 7_919 % count;
            sorted.push(Recorded { at, own: 0, bytes: vec![b'x'; 100].into() }).unwrap();
        }
        sorted.finish().unwrap();
        for _ in 0..2 {
            let ats: Vec<i64> = sorted.read().unwrap().map(|recorded| recorded.unwrap().at).collect();
            assert_eq!(ats.len(), usize::try_from(count).unwrap());
        }
        sorted.read().unwrap().map(|recorded| recorded.unwrap().at).collect()
    }

    #[test]
    fn what_is_held_and_what_was_written_comes_in_the_same_order() {
        let expected: Vec<i64> = (0..1_000).collect();
        for limit in [usize::MAX, 100_000, 1_000, 1] {
            assert_eq!(numbered(limit, 1_000), expected, "with {limit} bytes");
        }
    }
}
