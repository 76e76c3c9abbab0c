use jiff::Timestamp;

use super::{at, check, unbounded};

/// Expression, zone, a time, and the slots after it.
type Case = (&'static str, &'static str, &'static str, &'static [&'static str]);

#[test]
fn a_skipped_time_has_no_slot() {
    let cases: &[Case] = &[
        (
            "cron(30 2 * * ? *)",
            "Europe/Berlin",
            "2027-03-27T00:00Z",
            &["2027-03-27T02:30+01:00", "2027-03-29T02:30+02:00", "2027-03-30T02:30+02:00"],
        ),
        (
            "cron(0 3 * * ? *)",
            "Europe/Berlin",
            "2027-03-27T12:00Z",
            &["2027-03-28T03:00+02:00", "2027-03-29T03:00+02:00", "2027-03-30T03:00+02:00"],
        ),
        (
            "cron(0/30 * * * ? *)",
            "Europe/Berlin",
            "2027-03-28T01:20+01:00",
            &["2027-03-28T01:30+01:00", "2027-03-28T03:00+02:00", "2027-03-28T03:30+02:00"],
        ),
        (
            "cron(30 2 * * ? *)",
            "America/New_York",
            "2027-03-13T12:00Z",
            &["2027-03-15T02:30-04:00", "2027-03-16T02:30-04:00", "2027-03-17T02:30-04:00"],
        ),
        // Half an hour.
        (
            "cron(15 2 * * ? *)",
            "Australia/Lord_Howe",
            "2027-10-02T00:00Z",
            &["2027-10-04T02:15+11:00", "2027-10-05T02:15+11:00", "2027-10-06T02:15+11:00"],
        ),
        (
            "cron(0/15 * * * ? *)",
            "Australia/Lord_Howe",
            "2027-10-03T01:50+10:30",
            &["2027-10-03T02:30+11:00", "2027-10-03T02:45+11:00", "2027-10-03T03:00+11:00"],
        ),
        // Samoa crossed the date line: its 30 December 2011 never was.
        (
            "cron(0 12 * * ? *)",
            "Pacific/Apia",
            "2011-12-29T00:00Z",
            &["2011-12-29T12:00-10:00", "2011-12-31T12:00+14:00", "2012-01-01T12:00+14:00"],
        ),
        (
            "cron(* * * * ? *)",
            "Pacific/Apia",
            "2011-12-29T23:58-10:00",
            &["2011-12-29T23:59-10:00", "2011-12-31T00:00+14:00", "2011-12-31T00:01+14:00"],
        ),
        ("cron(0 12 30 12 ? 2011)", "Pacific/Apia", "2011-01-01T00:00Z", &[]),
    ];
    for (expression, zone, after, expected) in cases {
        check(&unbounded(expression, zone), after, expected);
    }
}

#[test]
fn a_repeated_time_has_one_slot_the_first() {
    let cases: &[Case] = &[
        (
            "cron(30 2 * * ? *)",
            "Europe/Berlin",
            "2027-10-30T12:00Z",
            &["2027-10-31T02:30+02:00", "2027-11-01T02:30+01:00", "2027-11-02T02:30+01:00"],
        ),
        (
            "cron(0 3 * * ? *)",
            "Europe/Berlin",
            "2027-10-30T12:00Z",
            &["2027-10-31T03:00+01:00", "2027-11-01T03:00+01:00", "2027-11-02T03:00+01:00"],
        ),
        (
            "cron(0/30 * * * ? *)",
            "Europe/Berlin",
            "2027-10-31T01:50+02:00",
            &["2027-10-31T02:00+02:00", "2027-10-31T02:30+02:00", "2027-10-31T03:00+01:00"],
        ),
        // Asked during the second pass.
        (
            "cron(0/30 * * * ? *)",
            "Europe/Berlin",
            "2027-10-31T02:10+01:00",
            &["2027-10-31T03:00+01:00", "2027-10-31T03:30+01:00", "2027-10-31T04:00+01:00"],
        ),
        (
            "cron(30 1 * * ? *)",
            "America/New_York",
            "2027-11-06T12:00Z",
            &["2027-11-07T01:30-04:00", "2027-11-08T01:30-05:00", "2027-11-09T01:30-05:00"],
        ),
        (
            "cron(45 1 * * ? *)",
            "Australia/Lord_Howe",
            "2027-04-03T00:00Z",
            &["2027-04-04T01:45+11:00", "2027-04-05T01:45+10:30", "2027-04-06T01:45+10:30"],
        ),
        (
            "cron(0/15 * * * ? *)",
            "Australia/Lord_Howe",
            "2027-04-04T01:20+11:00",
            &["2027-04-04T01:30+11:00", "2027-04-04T01:45+11:00", "2027-04-04T02:00+10:30"],
        ),
        ("at(2027-10-31T02:30:00)", "Europe/Berlin", "2027-01-01T00:00Z", &["2027-10-31T02:30+02:00"]),
    ];
    for (expression, zone, after, expected) in cases {
        check(&unbounded(expression, zone), after, expected);
    }
}

#[test]
fn the_last_slot_of_the_first_pass_is_the_last_during_the_second() {
    let timetable = unbounded("cron(45 2 * * ? *)", "Europe/Berlin");
    let first = at("2027-10-31T02:45+02:00");
    for (asked, expected) in [
        ("2027-10-31T02:44:59+02:00", at("2027-10-30T02:45+02:00")),
        ("2027-10-31T02:45+02:00", first),
        ("2027-10-31T02:10+01:00", first),
        ("2027-10-31T02:50+01:00", first),
        ("2027-10-31T03:10+01:00", first),
    ] {
        assert_eq!(timetable.last_at(at(asked)), Some(expected), "{asked}");
    }
}

#[test]
fn local_times_follow_their_zone() {
    let cases: &[Case] = &[
        (
            "cron(0 2 * * ? *)",
            "Asia/Tokyo",
            "2027-01-01T00:00Z",
            &["2027-01-02T02:00+09:00", "2027-01-03T02:00+09:00", "2027-01-04T02:00+09:00"],
        ),
        // The month ends by local time, which is another day in UTC.
        (
            "cron(0 2 L * ? *)",
            "Asia/Tokyo",
            "2027-01-30T18:00Z",
            &["2027-02-28T02:00+09:00", "2027-03-31T02:00+09:00", "2027-04-30T02:00+09:00"],
        ),
        (
            "cron(0 9 ? * MON-FRI *)",
            "America/New_York",
            "2027-03-12T00:00Z",
            &["2027-03-12T09:00-05:00", "2027-03-15T09:00-04:00", "2027-03-16T09:00-04:00"],
        ),
        (
            "cron(0 0 1 1 ? *)",
            "Pacific/Apia",
            "2027-06-01T00:00Z",
            &["2028-01-01T00:00+13:00", "2029-01-01T00:00+13:00", "2030-01-01T00:00+13:00"],
        ),
        // Beyond the transitions that the database lists, its rule goes on.
        ("cron(30 2 ? 3 1L 2150)", "Europe/Berlin", "2027-01-01T00:00Z", &[]),
        ("cron(0 12 1 7 ? 2150)", "Europe/Berlin", "2027-01-01T00:00Z", &["2150-07-01T12:00+02:00"]),
    ];
    for (expression, zone, after, expected) in cases {
        check(&unbounded(expression, zone), after, expected);
    }
}

#[test]
fn days_of_a_rate_are_24_hours() {
    let mut timetable = unbounded("rate(1 day)", "Europe/Berlin");
    timetable.start = Some(at("2027-03-27T02:00+01:00"));
    check(
        &timetable,
        "2027-01-01T00:00Z",
        &["2027-03-27T02:00+01:00", "2027-03-28T03:00+02:00", "2027-03-29T03:00+02:00"],
    );
}

#[test]
fn the_ends_of_time_are_answered() {
    for (expression, first, last) in [
        ("cron(0 0 1 1 ? *)", "1970-01-01T00:00Z", "2199-01-01T00:00Z"),
        ("at(2027-01-31T02:00:00)", "2027-01-31T02:00Z", "2027-01-31T02:00Z"),
    ] {
        let timetable = unbounded(expression, "UTC");
        assert_eq!(timetable.next_after(Timestamp::MIN), Some(at(first)), "{expression}");
        assert_eq!(timetable.last_at(Timestamp::MAX), Some(at(last)), "{expression}");
        assert_eq!(timetable.next_after(Timestamp::MAX), None, "{expression}");
        assert_eq!(timetable.last_at(Timestamp::MIN), None, "{expression}");
    }
    let rate = unbounded("rate(4294967295 days)", "UTC");
    assert_eq!(rate.last_at(Timestamp::MAX), Some(Timestamp::UNIX_EPOCH));
    assert_eq!(rate.next_after(Timestamp::MAX), None);
    assert_eq!(rate.last_at(Timestamp::MIN), None);
}
