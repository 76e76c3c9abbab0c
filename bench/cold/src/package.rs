//! What a package weighs as it is uploaded: a zip file, deflated as `sam` and `cargo lambda` do it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Headers of one file, without its name, which stands in both: 30 bytes before it and 46 in the directory.
const HEADERS: u64 = 30 + 46;
/// The directory's end.
const END: u64 = 22;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path} for its size: {source}", path = path.display())]
pub struct PackageError {
    path: PathBuf,
    source: io::Error,
}

/// A file in a package: its name there, and where it is.
pub type Member = (String, PathBuf);

/// Counts what would be written.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The size of a zip file of these members, in bytes.
///
/// # Errors
///
/// Where one cannot be read.
pub fn zipped(members: &[Member]) -> Result<u64, PackageError> {
    let mut size = END;
    for (name, path) in members {
        let unread = |source| PackageError { path: path.clone(), source };
        let content = fs::read(path).map_err(unread)?;
        size += HEADERS + 2 * name.len() as u64 + deflated(&content).map_err(unread)?;
    }
    Ok(size)
}

fn deflated(content: &[u8]) -> io::Result<u64> {
    let mut encoder = DeflateEncoder::new(Counted(0), Compression::default());
    encoder.write_all(content)?;
    Ok(encoder.finish()?.0)
}

/// All files below `folder` but what Python compiled, named from `root` on.
///
/// # Errors
///
/// Where a folder cannot be read.
pub fn members(root: &Path, folder: &Path) -> Result<Vec<Member>, PackageError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        move |source| PackageError { path, source }
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread(folder))? {
        let path = entry.map_err(unread(folder))?.path();
        if path.file_name().is_some_and(|name| name == "__pycache__") {
            continue;
        }
        if path.is_dir() {
            found.extend(members(root, &path)?);
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.push((name, path));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_weighs_little_and_every_member_its_headers() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = ("Cargo.toml".to_owned(), here.join("Cargo.toml"));
        let plain = fs::metadata(&manifest.1).unwrap().len();
        let one = zipped(std::slice::from_ref(&manifest)).unwrap();
        assert!(one < plain && one > END + HEADERS, "{one} of {plain}");
        assert_eq!(zipped(&[manifest.clone(), manifest]).unwrap(), 2 * one - END);
        assert_eq!(deflated(&[7; 10_000]).unwrap() / 100, 0);
    }

    #[test]
    fn a_folder_is_packed_with_all_below_it_but_not_what_python_compiled() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let names: Vec<String> =
            members(here, &here.join("peer")).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["peer/handler.py"]);
        assert!(
            zipped(&[("x".to_owned(), here.join("nowhere"))]).unwrap_err().to_string().contains("nowhere")
        );
    }
}
