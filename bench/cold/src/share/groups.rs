//! Control groups of the `cpu` controller, of either version.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ShareError;

/// Where control groups are, by habit of every distribution.
const MOUNTED: &str = "/sys/fs/cgroup";

/// A group below which groups can be made that have a quota.
#[derive(Debug)]
pub struct Groups {
    parent: PathBuf,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// One hierarchy a controller.
    One,
    /// One hierarchy.
    Two,
}

impl Groups {
    /// The group that this process is in, or the nearest above it, below which a quota can be set. `None`: there is none, or it is
    /// not ours to use.
    pub(super) fn find() -> Option<Self> {
        let mine = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mut candidates = mine
            .lines()
            .filter_map(hierarchy)
            .flat_map(|(version, folders)| folders.into_iter().map(move |parent| Self { parent, version }));
        candidates.find(Self::takes_a_quota)
    }

    fn takes_a_quota(&self) -> bool {
        let trial = self.group("trial");
        trial.is_ok_and(|group| group.limit(Duration::from_millis(10), Duration::from_millis(20)).is_ok())
    }

    /// Puts a process into a group of its own.
    pub(super) fn hold(&self, pid: u32, quota: Duration, period: Duration) -> Result<Group, ShareError> {
        let group = self.group(&pid.to_string())?;
        group.limit(quota, period)?;
        group.write("cgroup.procs", &pid.to_string())?;
        Ok(group)
    }

    fn group(&self, name: &str) -> Result<Group, ShareError> {
        let path = self.parent.join(format!("steward-cold-{}-{name}", std::process::id()));
        match fs::create_dir(&path) {
            Ok(()) => Ok(Group { path, version: self.version }),
            Err(source) => Err(ShareError::Group { path, source }),
        }
    }
}

impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = match self.version {
            Version::One => "1, cpu.cfs_quota_us",
            Version::Two => "2, cpu.max",
        };
        write!(f, "control groups (version {version}) below {}", self.parent.display())
    }
}

/// A hierarchy that may have the `cpu` controller: its folders from this process's group upwards.
fn hierarchy(line: &str) -> Option<(Version, Vec<PathBuf>)> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, path) = (parts.next()?, parts.next()?);
    let mounted = Path::new(MOUNTED);
    let (version, root) = match controllers {
        "" if mounted.join("cgroup.controllers").exists() => (Version::Two, mounted.to_owned()),
        "" => (Version::Two, mounted.join("unified")),
        named if named.split(',').any(|name| name == "cpu") => (Version::One, mounted.join(named)),
        _ => return None,
    };
    let own = Path::new(path.trim_start_matches('/'));
    Some((version, own.ancestors().map(|ancestor| root.join(ancestor)).collect()))
}

/// A group of one process; it goes when this goes, if the process has ended.
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    version: Version,
}

impl Group {
    fn limit(&self, quota: Duration, period: Duration) -> Result<(), ShareError> {
        let (quota, period) = (quota.as_micros(), period.as_micros());
        match self.version {
            Version::One => {
                self.write("cpu.cfs_period_us", &period.to_string())?;
                self.write("cpu.cfs_quota_us", &quota.to_string())
            }
            Version::Two => self.write("cpu.max", &format!("{quota} {period}")),
        }
    }

    fn write(&self, file: &str, text: &str) -> Result<(), ShareError> {
        let path = self.path.join(file);
        // A file that is not there must not be made: it would be none of the kernel's.
        let opened = fs::OpenOptions::new().write(true).open(&path);
        let written = opened.and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|source| ShareError::Group { path, source })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A process that has only just ended may still be counted: what is empty then is left, and does nothing.
        let _ = fs::remove_dir(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_group_comes_before_those_above_it() {
        let (version, folders) = hierarchy("4:cpu,cpuacct:/user/ann").unwrap();
        assert_eq!(version, Version::One);
        let below = |path: &str| PathBuf::from(MOUNTED).join("cpu,cpuacct").join(path);
        assert_eq!(folders, [below("user/ann"), below("user"), below("")]);
    }

    #[test]
    fn other_controllers_cut_no_processor() {
        for line in ["8:pids:/", "3:cpuset:/", "nonsense", ""] {
            assert_eq!(hierarchy(line), None, "{line}");
        }
        assert_eq!(hierarchy("0::/").map(|(version, _)| version), Some(Version::Two));
    }
}
