use jiff::{SignedDuration, Timestamp};

use super::super::{LeftOut, Timetable};
use super::{at, check, unbounded};

fn bounded(expression: &str, start: Option<&str>, end: Option<&str>) -> Timetable {
    Timetable { start: start.map(at), end: end.map(at), ..unbounded(expression, "UTC") }
}

#[test]
fn the_bounds_belong_to_what_they_bound() {
    let (start, end) = (Some("2027-01-02T02:00Z"), Some("2027-01-04T02:00Z"));
    let all: &[&str] = &["2027-01-02T02:00Z", "2027-01-03T02:00Z", "2027-01-04T02:00Z"];
    let timetable = bounded("cron(0 2 * * ? *)", start, end);
    check(&timetable, "2026-01-01T00:00Z", all);
    assert_eq!(timetable.slots(Timestamp::MIN, Timestamp::MAX, 10).times.len(), 3);
    assert_eq!(timetable.next_after(at("2027-01-04T02:00Z")), None);
    assert_eq!(timetable.last_at(at("2027-01-02T01:59Z")), None);
    assert_eq!(timetable.last_at(at("2030-01-01T00:00Z")), Some(at("2027-01-04T02:00Z")));
}

#[test]
fn a_window_excludes_its_start_and_includes_its_end() {
    let timetable = bounded("cron(0 * * * ? *)", None, None);
    let hours = |after, until| timetable.slots(at(after), at(until), 10).times.len();
    assert_eq!(hours("2027-01-01T01:00Z", "2027-01-01T03:00Z"), 2);
    assert_eq!(hours("2027-01-01T00:59:59.999Z", "2027-01-01T02:59:59.999Z"), 2);
    assert_eq!(hours("2027-01-01T03:00Z", "2027-01-01T03:00Z"), 0);
    assert_eq!(hours("2027-01-01T03:00Z", "2027-01-01T01:00Z"), 0);
}

#[test]
fn a_rate_counts_from_its_start() {
    let timetable = bounded("rate(7 hours)", Some("2027-01-01T01:00Z"), None);
    check(&timetable, "2026-06-01T00:00Z", &["2027-01-01T01:00Z", "2027-01-01T08:00Z", "2027-01-01T15:00Z"]);
    let timetable = bounded("rate(10 minutes)", Some("2027-01-01T01:00:00.5Z"), None);
    check(&timetable, "2026-06-01T00:00Z", &["2027-01-01T01:01Z", "2027-01-01T01:11Z", "2027-01-01T01:21Z"]);
}

#[test]
fn a_rate_is_exact_within_seconds_and_before_the_epoch() {
    let timetable = bounded("rate(1 minute)", None, None);
    for (asked, last, next) in [
        ("2027-01-01T00:00:59.999Z", "2027-01-01T00:00Z", "2027-01-01T00:01Z"),
        ("1969-12-31T23:58:59.5Z", "1969-12-31T23:58Z", "1969-12-31T23:59Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59Z", "1970-01-01T00:00Z"),
    ] {
        assert_eq!(timetable.last_at(at(asked)), Some(at(last)), "{asked}");
        assert_eq!(timetable.next_after(at(asked)), Some(at(next)), "{asked}");
    }
}

#[test]
fn an_end_before_the_start_leaves_nothing() {
    for expression in ["cron(0 2 * * ? *)", "rate(1 day)", "at(2027-01-03T00:00:00)"] {
        let timetable = bounded(expression, Some("2027-01-04T00:00Z"), Some("2027-01-02T00:00Z"));
        let slots = timetable.slots(Timestamp::MIN, Timestamp::MAX, 10);
        assert!(slots.times.is_empty() && slots.left_out.is_none(), "{expression}: {slots:?}");
        assert_eq!(timetable.next_after(Timestamp::MIN), None, "{expression}");
        assert_eq!(timetable.last_at(Timestamp::MAX), None, "{expression}");
    }
}

#[test]
fn the_last_slots_are_given_and_the_rest_counted() {
    let (after, until) = (at("2027-01-01T00:00Z"), at("2027-01-01T10:00Z"));
    for expression in ["cron(0 * * * ? *)", "rate(1 hour)"] {
        let timetable = bounded(expression, None, None);
        let slots = timetable.slots(after, until, 3);
        assert_eq!(slots.times, ["08", "09", "10"].map(|hour| at(&format!("2027-01-01T{hour}:00Z"))));
        assert_eq!(slots.left_out, LeftOut::Exactly(7));
        assert_eq!(timetable.slots(after, until, 10).left_out, LeftOut::Exactly(0));
        let none = timetable.slots(after, until, 0);
        assert_eq!((none.times.len(), none.left_out), (0, LeftOut::Exactly(10)));
    }
}

#[test]
fn counting_stops_at_a_hundred_thousand() {
    let timetable = bounded("cron(* * * * ? *)", None, None);
    let until = at("2027-01-01T00:00Z");
    let left_out =
        |minutes: i64| timetable.slots(until - SignedDuration::from_mins(minutes), until, 5).left_out;
    assert_eq!(left_out(100_004), LeftOut::Exactly(99_999));
    assert_eq!(left_out(100_005), LeftOut::Exactly(100_000));
    assert_eq!(left_out(100_006), LeftOut::AtLeast(100_000));
    assert_eq!(left_out(365 * 1_440).to_string(), "at least 100000");
    // Arithmetic counts to the end.
    let rate = bounded("rate(1 minute)", None, None);
    let year = rate.slots(until - SignedDuration::from_hours(365 * 24), until, 5);
    assert_eq!(year.left_out.to_string(), "525595");
}
