//! How work grows with its size: measured points, the slope that they lie on, and whether that is more than it may be.
//!
//! On axes that are both logarithms a line's slope is the power with which something grows: 0 where it does not, 1 where twice the
//! size takes twice as much, 2 where it takes four times as much.

use std::fmt::Write;

use serde_json::{Value, json};

/// What was measured at one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// How large: events, items, services, jobs.
    pub size: usize,
    /// How long all of it took, in seconds.
    pub seconds: f64,
    /// The most bytes that one invocation held besides what was there before.
    pub peak: u64,
    /// Requests to AWS, the ledger's included.
    pub requests: u64,
    /// Items written.
    pub writes: u64,
}

/// How something may grow, at the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The slope of time. Times are noisy: what is linear may show as a little more.
    pub seconds: f64,
    /// The slope of an invocation's memory.
    pub peak: f64,
    /// The slope of requests and of writes, which are counted.
    pub counts: f64,
}

impl Limits {
    /// All of it is looked at: time, memory and requests grow as it does.
    pub const LINEAR: Self = Self { seconds: 1.2, peak: 1.1, counts: 1.0 };
    /// It comes in batches: an invocation holds one of them.
    pub const BATCHES: Self = Self { peak: 0.2, ..Self::LINEAR };
    /// It is only there.
    pub const FLAT: Self = Self { seconds: 0.3, peak: 0.1, counts: 0.0 };
}

/// Points of the same work.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What is done.
    pub name: String,
    /// What its size counts.
    pub of: &'static str,
    /// How it may grow.
    pub limits: Limits,
    /// What was measured, by size.
    pub points: Vec<Point>,
}

/// Slopes of a series, each over its three largest sizes: what is large there is what counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slopes {
    /// Of time.
    pub seconds: f64,
    /// Of an invocation's memory.
    pub peak: f64,
    /// Of requests.
    pub requests: f64,
    /// Of writes.
    pub writes: f64,
}

/// So many of the largest sizes make a slope.
const COUNTED: usize = 3;
/// Counts are exact but for what is done once; slopes are rounded.
const SLACK: f64 = 0.02;

/// The slope of a line through points on logarithmic axes, by least squares. Zero where nothing is to be seen: fewer than two sizes,
/// or a value of zero.
#[allow(clippy::cast_precision_loss, reason = "sizes")]
pub fn slope(points: &[(f64, f64)]) -> f64 {
    if points.len() < 2 || points.iter().any(|(size, value)| *size <= 0.0 || *value <= 0.0) {
        return 0.0;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, value)| (size.ln(), value.ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|(x, _)| *x), mean(|(_, y)| *y));
    let spread: f64 = logs.iter().map(|(size, _)| (size - x).powi(2)).sum();
    let together: f64 = logs.iter().map(|(size, value)| (size - x) * (value - y)).sum();
    if spread == 0.0 { 0.0 } else { together / spread }
}

impl Series {
    /// Its slopes.
    #[allow(clippy::cast_precision_loss, reason = "sizes and counts of a benchmark")]
    pub fn slopes(&self) -> Slopes {
        let largest = self.points.split_at(self.points.len().saturating_sub(COUNTED)).1;
        let of = |value: fn(&Point) -> f64| {
            let pairs: Vec<(f64, f64)> =
                largest.iter().map(|point| (point.size as f64, value(point))).collect();
            slope(&pairs)
        };
        Slopes {
            seconds: of(|point| point.seconds),
            peak: of(|point| point.peak as f64),
            requests: of(|point| point.requests as f64),
            writes: of(|point| point.writes as f64),
        }
    }

    /// What grows more than it may, in words.
    pub fn excesses(&self) -> Vec<String> {
        let (slopes, limits) = (self.slopes(), self.limits);
        let each = [
            ("time", slopes.seconds, limits.seconds),
            ("memory of an invocation", slopes.peak, limits.peak),
            ("requests", slopes.requests, limits.counts + SLACK),
            ("writes", slopes.writes, limits.counts + SLACK),
        ];
        let more = each.into_iter().filter(|(_, slope, limit)| slope > limit);
        more.map(|(what, slope, limit)| {
            format!(
                "{}: {what} grows with the power {slope:.2} of {}, and may with {limit:.2}",
                self.name, self.of
            )
        })
        .collect()
    }

    /// As a table.
    pub fn markdown(&self) -> String {
        let mut text = format!("### {}\n\n", self.name);
        // Writing into a text cannot fail.
        let _written = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "| {} | time | each | most memory of an invocation | requests to AWS | items written |",
            self.of
        )?;
        writeln!(text, "|---|---|---|---|---|---|")?;
        for point in &self.points {
            #[allow(clippy::cast_precision_loss, reason = "a size")]
            let each = point.seconds / point.size.max(1) as f64;
            let (size, requests, writes) =
                (grouped(&point.size), grouped(&point.requests), grouped(&point.writes));
            let (time, each, peak) = (time(point.seconds), time(each), bytes(point.peak));
            writeln!(text, "| {size} | {time} | {each} | {peak} | {requests} | {writes} |")?;
        }
        let Slopes { seconds, peak, requests, writes } = self.slopes();
        writeln!(text, "| slope | {seconds:.2} | | {peak:.2} | {requests:.2} | {writes:.2} |")
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let Slopes { seconds, peak, requests, writes } = self.slopes();
        let points: Vec<Value> = self
            .points
            .iter()
            .map(|point| {
                json!({
                    "size": point.size, "seconds": point.seconds, "peak_bytes": point.peak,
                    "requests": point.requests, "writes": point.writes,
                })
            })
            .collect();
        json!({
            "name": self.name, "size": self.of, "points": points, "excesses": self.excesses(),
            "slopes": {"seconds": seconds, "peak_bytes": peak, "requests": requests, "writes": writes},
        })
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        large if large >= 1.0 => format!("{large:.2} s"),
        middle if middle >= 1e-3 => format!("{:.1} ms", middle * 1e3),
        small => format!("{:.1} µs", small * 1e6),
    }
}

fn bytes(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "for people")]
    let kilobytes = bytes as f64 / 1_024.0;
    if kilobytes >= 1_024.0 { format!("{:.1} MB", kilobytes / 1_024.0) } else { format!("{kilobytes:.0} KB") }
}

/// A number with a comma at each thousand.
fn grouped(number: &impl ToString) -> String {
    let digits = number.to_string();
    let lead = digits.len() % 3;
    let mut text = digits.get(..lead).unwrap_or_default().to_owned();
    for (place, digit) in digits.chars().skip(lead).enumerate() {
        if place % 3 == 0 && !text.is_empty() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(value: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        [1e1, 1e2, 1e3, 1e4].map(|size| (size, value(size))).to_vec()
    }

    #[test]
    fn a_slope_is_the_power_of_growth() {
        for (value, expected) in [
            (points(|_| 3.0), 0.0),
            (points(|size| 5.0 * size), 1.0),
            (points(|size| size * size / 7.0), 2.0),
            (points(f64::sqrt), 0.5),
            (points(|_| 0.0), 0.0),
            (vec![(10.0, 4.0)], 0.0),
            (vec![(10.0, 4.0), (10.0, 5.0)], 0.0),
        ] {
            assert!((slope(&value) - expected).abs() < 1e-9, "{value:?}");
        }
    }

    fn series(limits: Limits, requests: fn(u64) -> u64) -> Series {
        let points = [10_usize, 100, 1_000, 10_000].map(|size| Point {
            size,
            seconds: 1e-6,
            peak: 1_000,
            requests: requests(size as u64),
            writes: 0,
        });
        Series { name: "a storm".to_owned(), of: "events", limits, points: points.to_vec() }
    }

    #[test]
    fn what_grows_faster_than_it_may_is_said() {
        assert_eq!(series(Limits::LINEAR, |size| size).excesses(), Vec::<String>::new());
        assert_eq!(series(Limits::LINEAR, |size| 5 + size / 10).excesses(), Vec::<String>::new());
        assert_eq!(series(Limits::FLAT, |_| 4).excesses(), Vec::<String>::new());
        let said = series(Limits::LINEAR, |size| size * size).excesses();
        assert_eq!(said, ["a storm: requests grows with the power 2.00 of events, and may with 1.02"]);
        assert_eq!(series(Limits::FLAT, |size| size).excesses().len(), 1);
    }

    #[test]
    fn a_series_is_a_table_and_json() {
        let series = series(Limits::LINEAR, |size| size);
        let table = series.markdown();
        assert!(table.contains("| 10,000 | 1.0 µs | 0.0 µs | 1 KB | 10,000 | 0 |"), "{table}");
        assert!(table.contains("| slope | 0.00 | | 0.00 | 1.00 | 0.00 |"), "{table}");
        assert_eq!(series.json()["points"][1]["size"], 100);
    }

    #[test]
    fn numbers_are_grouped_at_thousands() {
        for (number, text) in [(0, "0"), (12, "12"), (123, "123"), (1_234, "1,234"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(&number), text);
        }
    }
}
