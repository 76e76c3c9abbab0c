//! Files for what does not fit into memory: nobody else can read them, and they are gone with the process.

use std::fs::{File, OpenOptions};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

static NUMBER: AtomicU64 = AtomicU64::new(0);
/// So many names may be taken by files of earlier processes.
const MAX_TRIES: usize = 1_000;

/// A file in the folder for temporary files (`TMPDIR`), to be written and read.
///
/// # Errors
///
/// Where none can be made there.
pub(super) fn file() -> io::Result<File> {
    let folder = std::env::temp_dir();
    for _ in 0..MAX_TRIES {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("steward-replay-{}-{number}", std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let what = format!("{}: {error}; TMPDIR names another folder", folder.display());
                return Err(io::Error::new(error.kind(), what));
            }
            Ok(file) => {
                // Open, it needs no name: whatever ends the process leaves nothing behind.
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
        }
    }
    Err(io::Error::other(format!("{}: no name is free for a temporary file", folder.display())))
}
