//! Reading a trace, line by line.

use super::fault::{Fault, shown};
use super::time::moment;
use super::{Interval, Job, Trace};
use crate::number::rounded;

/// The length of the one interval of a trace that has one row.
const LONE_INTERVAL: u64 = 60_000;
/// A job that takes longer is none: 30 days, in seconds.
const LONGEST_JOB: f64 = 30.0 * 86_400.0;

pub(super) fn read(text: &str) -> Result<Trace, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Lines end in LF, CRLF, or as on old Macs in CR alone.
    let lines = text.split('\n').flat_map(|line| line.trim_end_matches('\r').split('\r'));
    let mut rows =
        lines.enumerate().map(|(place, line)| (place + 1, line)).filter(|(_, line)| !line.trim().is_empty());
    let (line, header) = rows.next().ok_or(Fault::Empty)?;
    let columns: Vec<String> = fields(header).iter().map(|field| field.to_lowercase()).collect();
    let column = |name: &str| columns.iter().position(|column| column == name);
    let row = Row { line, fields: Vec::new(), wanted: columns.len() };
    if let (Some(end), Some(duration)) = (column("end_timestamp"), column("duration")) {
        jobs(rows, row, end, duration)
    } else if let (Some(timestamp), Some(value)) = (column("timestamp"), column("value")) {
        counts(rows, row, timestamp, value)
    } else {
        Err(Fault::Header { line, found: shown(header.trim()) })
    }
}

fn counts<'t>(
    rows: impl Iterator<Item = (usize, &'t str)>,
    mut row: Row,
    timestamp: usize,
    value: usize,
) -> Result<Trace, Fault> {
    let mut points = Vec::new();
    for (line, text) in rows {
        row.take(line, text)?;
        let began = row.moment("timestamp", timestamp)?;
        points.push((began, row.number("value", value)?));
    }
    if points.is_empty() {
        return Err(Fault::NoRows);
    }
    points.sort_by_key(|(began, _)| *began);
    let mut gaps: Vec<u64> = points
        .iter()
        .zip(points.iter().skip(1))
        .map(|((one, _), (next, _))| next.abs_diff(*one))
        .filter(|gap| *gap > 0)
        .collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(LONE_INTERVAL);
    let mut intervals: Vec<Interval> = points
        .iter()
        .map(|(began, messages)| Interval { began: *began, lasts: usual, messages: *messages })
        .collect();
    let mut next: Option<i64> = None;
    for interval in intervals.iter_mut().rev() {
        if let Some(next) = next.filter(|next| *next > interval.began) {
            interval.lasts = interval.lasts.min(next.abs_diff(interval.began));
        }
        next = Some(interval.began);
    }
    Ok(Trace::Counts(intervals))
}

fn jobs<'t>(
    rows: impl Iterator<Item = (usize, &'t str)>,
    mut row: Row,
    end: usize,
    duration: usize,
) -> Result<Trace, Fault> {
    let mut jobs = Vec::new();
    for (line, text) in rows {
        row.take(line, text)?;
        let ended = row.moment("end_timestamp", end)?;
        let seconds = row.number("duration", duration)?;
        if seconds > LONGEST_JOB {
            return Err(row.fault("duration", duration, "is longer than 30 days; write seconds"));
        }
        let took = rounded(seconds * 1_000.0);
        jobs.push(Job { arrived: ended.saturating_sub_unsigned(took), took });
    }
    if jobs.is_empty() {
        return Err(Fault::NoRows);
    }
    jobs.sort_by_key(|job| (job.arrived, job.took));
    Ok(Trace::Jobs(jobs))
}

/// A row as it is read.
struct Row {
    line: usize,
    fields: Vec<String>,
    wanted: usize,
}

impl Row {
    fn take(&mut self, line: usize, text: &str) -> Result<(), Fault> {
        self.line = line;
        self.fields = fields(text);
        let (found, wanted) = (self.fields.len(), self.wanted);
        if found == wanted { Ok(()) } else { Err(Fault::Fields { line, found, wanted }) }
    }

    fn text(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", String::as_str)
    }

    fn fault(&self, field: &'static str, column: usize, problem: &'static str) -> Fault {
        Fault::Field { line: self.line, field, found: shown(self.text(column)), problem }
    }

    fn moment(&self, field: &'static str, column: usize) -> Result<i64, Fault> {
        moment(self.text(column)).ok_or_else(|| {
            self.fault(
                field,
                column,
                "is no time; write one such as `2014-04-10 00:04:00`, `2014-04-10T00:04:00Z`, or seconds since 1970",
            )
        })
    }

    fn number(&self, field: &'static str, column: usize) -> Result<f64, Fault> {
        let number: f64 = self
            .text(column)
            .parse()
            .map_err(|_| self.fault(field, column, "is no number; write one such as `94` or `94.5`"))?;
        if number.is_finite() && number >= 0.0 {
            Ok(number)
        } else {
            Err(self.fault(field, column, "is negative or not finite; write 0 or more"))
        }
    }
}

/// The fields of a line. A field in double quotes may have commas.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    fields.into_iter().map(|field| field.trim().to_owned()).collect()
}
