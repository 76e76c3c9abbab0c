//! How far away a time is, as people say it.

use jiff::{SignedDuration, Timestamp};

/// `3d4h`, `14h5m`, `2m`, `8s`: its two largest units.
pub(crate) fn rough(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    let two = |large: i64, unit: &str, small: i64, next: &str| match small {
        0 => format!("{large}{unit}"),
        small => format!("{large}{unit}{small}{next}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => two(minutes, "m", if minutes < 10 { seconds % 60 } else { 0 }, "s"),
        (0, hours, minutes) => two(hours, "h", minutes % 60, "m"),
        (days, hours, _) => two(days, "d", hours % 24, "h"),
    }
}

/// How long ago a time was.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", rough(now.duration_since(at)))
}
