//! Ordered tasks and what waits, over time: one band for each policy.

use std::fmt::Write as _;

use super::Chart;
use super::scale::{Scale, short};
use crate::policy::Policy;
use crate::run::Course;

const WIDTH: f64 = 1_100.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 1_080.0;
/// A band's parts, from its top.
const TASKS_TOP: f64 = 26.0;
const TASKS_BASE: f64 = 96.0;
const WAITING_TOP: f64 = 104.0;
const WAITING_BASE: f64 = 144.0;
const BAND: f64 = 156.0;
/// So many points over the width: the most of each is drawn.
const COLUMNS: usize = 700;

/// A policy, and how it went on.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which.
    pub policy: Policy,
    /// How it went on.
    pub course: Course,
}

/// Between two times, in seconds from the world's beginning. All bands have the same scales.
pub fn timeline(lines: &[Line], from: u64, to: u64) -> Chart {
    let height = BAND * lines.len() as f64 + 36.0;
    let mut chart = Chart::new(WIDTH, height, "Ordered tasks and waiting messages over time");
    let within: Vec<Vec<(u64, u32, u64)>> =
        lines.iter().map(|line| columns(&line.course, from, to)).collect();
    let all = || within.iter().flatten();
    let most_tasks = f64::from(all().map(|(_, tasks, _)| *tasks).max().unwrap_or_default().max(1));
    let most_waiting = all().map(|(_, _, waiting)| *waiting).max().unwrap_or_default().max(1) as f64;
    let x = Scale::new((from as f64, to as f64), (LEFT, RIGHT));
    for ((line, points), band) in lines.iter().zip(&within).zip(0_u32..) {
        let top = BAND * f64::from(band);
        let tasks = Scale::new((0.0, most_tasks), (top + TASKS_BASE, top + TASKS_TOP));
        let waiting = Scale::new((0.0, most_waiting), (top + WAITING_TOP, top + WAITING_BASE));
        let name = line.policy.as_str();
        chart.text((LEFT, top + 16.0), "axis", name);
        for value in [0.0, most_tasks] {
            let at = tasks.place(value);
            chart.line("grid", (LEFT, at), (RIGHT, at));
            chart.text((LEFT - 8.0, at + 4.0), "tick end", short(value));
        }
        chart.text((RIGHT, top + 16.0), "tick end", "tasks as ordered");
        let at = waiting.place(most_waiting);
        chart.line("grid", (LEFT, at), (RIGHT, at));
        chart.text((LEFT - 8.0, at + 4.0), "tick end", short(most_waiting));
        if band == 0 {
            chart.text((RIGHT, at - 4.0), "tick end", "waiting messages, downwards");
        }
        let area = |value: &dyn Fn(&(u64, u32, u64)) -> f64, scale: Scale| {
            let mut path = String::new();
            let mut last = LEFT;
            for point in points {
                last = x.place(point.0 as f64);
                let start = if path.is_empty() {
                    format!("M{last:.1} {:.1}", scale.place(0.0))
                } else {
                    format!("H{last:.1}")
                };
                // Writing to a string does not fail.
                let _ = write!(path, "{start}V{:.1}", scale.place(value(point)));
            }
            let _ = write!(path, "H{last:.1}V{:.1}z", scale.place(0.0));
            path
        };
        if !points.is_empty() {
            let ordered = area(&|point| f64::from(point.1), tasks);
            let queued = area(&|point| point.2 as f64, waiting);
            chart.draw(format_args!("<path class=\"area {name}\" d=\"{ordered}\"/>"));
            chart.draw(format_args!("<path class=\"queue\" d=\"{queued}\"/>"));
        }
    }
    let (unit, seconds) = if to - from > 2 * 3_600 { ("h", 3_600.0) } else { ("min", 60.0) };
    let base = BAND * lines.len() as f64;
    let ticks = Scale::new((from as f64 / seconds, to as f64 / seconds), (LEFT, RIGHT));
    for tick in ticks.ticks(12.0) {
        chart.text((ticks.place(tick), base + 14.0), "tick middle", short(tick));
    }
    chart.text((RIGHT, base + 30.0), "tick end", format_args!("{unit} from the trace's beginning"));
    chart
}

/// The most tasks and the most that waited, in each of many equal parts of the time.
fn columns(course: &Course, from: u64, to: u64) -> Vec<(u64, u32, u64)> {
    let wide = ((to - from) / COLUMNS as u64).max(1);
    let mut columns: Vec<(u64, u32, u64)> = Vec::new();
    for (at, tasks, waiting) in course.points.iter().filter(|(at, _, _)| (from..=to).contains(at)) {
        let began = from + (at - from) / wide * wide;
        match columns.last_mut().filter(|last| last.0 == began) {
            Some(last) => *last = (began, last.1.max(*tasks), last.2.max(*waiting)),
            None => columns.push((began, *tasks, *waiting)),
        }
    }
    columns
}
