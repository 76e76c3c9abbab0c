mod bounds;
mod clocks;
mod expressions;
mod refused;
mod rules;

use jiff::Timestamp;

use super::{Schedule, Timetable};

fn at(time: &str) -> Timestamp {
    time.parse().unwrap_or_else(|error| panic!("{time}: {error}"))
}

fn unbounded(expression: &str, zone: &str) -> Timetable {
    let schedule = Schedule::parse(expression, zone).unwrap_or_else(|error| panic!("{expression}: {error}"));
    Timetable { schedule, start: None, end: None }
}

/// Asserts the first slots after a time, found forwards and backwards. Fewer than three are all there are.
#[track_caller]
fn check(timetable: &Timetable, after: &str, expected: &[&str]) {
    let expected: Vec<Timestamp> = expected.iter().map(|time| at(time)).collect();
    let forwards = std::iter::successors(timetable.next_after(at(after)), |slot| timetable.next_after(*slot));
    let forwards: Vec<Timestamp> = forwards.take(expected.len().max(3)).collect();
    assert_eq!(forwards, expected, "{} forwards", timetable.schedule);

    let until = expected.last().copied().unwrap_or(Timestamp::MAX);
    let backwards = timetable.slots(at(after), until, 10);
    assert_eq!(backwards.times, expected, "{} backwards", timetable.schedule);
    assert!(backwards.left_out.is_none());
}
