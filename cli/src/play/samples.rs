//! The events that the demo plays: those that travel inside the binary, or a folder's.

use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

static EVENTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../events");

/// A file of events.
pub(crate) struct Sample {
    /// Its path below the folder.
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

fn holds_events(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json" || extension == "ndjson")
}

/// The events that come with Steward.
pub(crate) fn embedded() -> Vec<Sample> {
    let mut samples = Vec::new();
    collect(&EVENTS, &mut samples);
    samples.sort_by(|a, b| a.path.cmp(&b.path));
    samples
}

fn collect(folder: &Dir<'_>, samples: &mut Vec<Sample>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect(folder, samples),
            DirEntry::File(file) if holds_events(file.path()) => {
                samples.push(Sample {
                    path: file.path().display().to_string(),
                    bytes: file.contents().to_vec(),
                });
            }
            DirEntry::File(_) => {}
        }
    }
}

/// The events of a folder and the folders below it.
pub(crate) fn of_folder(folder: &Path) -> io::Result<Vec<Sample>> {
    let mut files = Vec::new();
    find(folder, &mut files).map_err(|error| named(folder, &error))?;
    files.sort();
    if files.is_empty() {
        return Err(io::Error::other(format!("{}: holds no .json or .ndjson file", folder.display())));
    }
    files
        .into_iter()
        .map(|path| {
            let bytes = std::fs::read(&path).map_err(|error| named(&path, &error))?;
            Ok(Sample { path: path.strip_prefix(folder).unwrap_or(&path).display().to_string(), bytes })
        })
        .collect()
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else if holds_events(&entry.path()) {
            files.push(entry.path());
        }
    }
    Ok(())
}
