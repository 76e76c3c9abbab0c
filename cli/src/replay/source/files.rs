//! The files of a recording: as they are named, and those of folders; gzip or not.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

/// Folders in folders beyond this are a circle.
const MAX_DEPTH: usize = 32;
/// What CloudWatch Logs leaves in a bucket to see whether it may write there.
const WRITE_TEST: &str = "aws-logs-write-test";

/// Every file that is named, and of folders every file in them, in the order of their paths.
///
/// # Errors
///
/// What is not there, or is a folder that cannot be read.
pub(super) fn of(named: &str) -> io::Result<Vec<PathBuf>> {
    let path = PathBuf::from(named);
    if named == "-" || !std::fs::metadata(&path)?.is_dir() {
        return Ok(vec![path]);
    }
    let mut files = Vec::new();
    find(&path, 0, &mut files)?;
    files.sort();
    Ok(files)
}

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!("{MAX_DEPTH} folders deep is a circle of links")));
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') || name == WRITE_TEST {
            continue;
        }
        // A link that leads nowhere is named when it is opened.
        if std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            find(&path, depth + 1, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The text of a file, or of standard input for `-`.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let raw: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    text_of(raw)
}

/// What is said by the first bytes: gzip, a byte order mark, UTF-16.
fn text_of(mut raw: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let mut head = Vec::new();
    raw.by_ref().take(3).read_to_end(&mut head)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let inflated = MultiGzDecoder::new(io::BufReader::new(Cursor::new(head).chain(raw)));
        return text_of(Box::new(inflated));
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(io::Error::other("a text in UTF-16: save it as UTF-8"));
    }
    if head == [0xef, 0xbb, 0xbf] {
        head.clear();
    }
    Ok(Box::new(Cursor::new(head).chain(raw)))
}
