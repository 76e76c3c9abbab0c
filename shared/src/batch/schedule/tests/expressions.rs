use super::{check, unbounded};

/// After the start of a year that begins on a Friday.
const AFTER: &str = "2027-01-01T00:00Z";

#[track_caller]
fn check_utc(cases: &[(&str, &[&str])]) {
    for (expression, expected) in cases {
        check(&unbounded(expression, "UTC"), AFTER, expected);
    }
}

#[test]
fn minutes_and_hours_are_values_lists_ranges_and_steps() {
    check_utc(&[
        ("cron(* * * * ? *)", &["2027-01-01T00:01Z", "2027-01-01T00:02Z", "2027-01-01T00:03Z"]),
        ("cron(0/15 * * * ? *)", &["2027-01-01T00:15Z", "2027-01-01T00:30Z", "2027-01-01T00:45Z"]),
        ("cron(*/20 * * * ? *)", &["2027-01-01T00:20Z", "2027-01-01T00:40Z", "2027-01-01T01:00Z"]),
        ("cron(1/10 * * * ? *)", &["2027-01-01T00:01Z", "2027-01-01T00:11Z", "2027-01-01T00:21Z"]),
        ("cron(10-20/5 3 * * ? *)", &["2027-01-01T03:10Z", "2027-01-01T03:15Z", "2027-01-01T03:20Z"]),
        ("cron(0,30 8-9 * * ? *)", &["2027-01-01T08:00Z", "2027-01-01T08:30Z", "2027-01-01T09:00Z"]),
        ("cron(05 00 * * ? *)", &["2027-01-01T00:05Z", "2027-01-02T00:05Z", "2027-01-03T00:05Z"]),
        ("cron(0 5/8 * * ? *)", &["2027-01-01T05:00Z", "2027-01-01T13:00Z", "2027-01-01T21:00Z"]),
        ("cron( 0   2 * * ? * )", &["2027-01-01T02:00Z", "2027-01-02T02:00Z", "2027-01-03T02:00Z"]),
    ]);
}

#[test]
fn days_of_the_week_count_from_sunday() {
    let weekdays: &[&str] = &["2027-01-01T18:00Z", "2027-01-04T18:00Z", "2027-01-05T18:00Z"];
    let saturdays: &[&str] = &["2027-01-02T18:00Z", "2027-01-09T18:00Z", "2027-01-16T18:00Z"];
    check_utc(&[
        ("cron(0 18 ? * MON-FRI *)", weekdays),
        ("cron(0 18 ? * 2-6 *)", weekdays),
        ("cron(0 18 ? * mon,Tue,4,5,6 *)", weekdays),
        ("cron(0 18 ? * 1 *)", &["2027-01-03T18:00Z", "2027-01-10T18:00Z", "2027-01-17T18:00Z"]),
        ("cron(0 18 ? * 7 *)", saturdays),
        ("cron(0 18 ? * SAT *)", saturdays),
        ("cron(0 18 ? * L *)", saturdays),
        ("cron(0 18 ? * 2/2 *)", &["2027-01-01T18:00Z", "2027-01-04T18:00Z", "2027-01-06T18:00Z"]),
        ("cron(0 18 ? * * *)", &["2027-01-01T18:00Z", "2027-01-02T18:00Z", "2027-01-03T18:00Z"]),
    ]);
}

#[test]
fn a_day_of_the_week_is_the_last_or_a_numbered_one_of_its_month() {
    let last_fridays: &[&str] = &["2027-01-29T09:00Z", "2027-02-26T09:00Z", "2027-03-26T09:00Z"];
    check_utc(&[
        ("cron(0 9 ? * 6L *)", last_fridays),
        ("cron(0 9 ? * FRIL *)", last_fridays),
        ("cron(0 9 ? * 1L *)", &["2027-01-31T09:00Z", "2027-02-28T09:00Z", "2027-03-28T09:00Z"]),
        (
            "cron(0 9 ? 2 SAT,6L *)",
            &[
                "2027-02-06T09:00Z",
                "2027-02-13T09:00Z",
                "2027-02-20T09:00Z",
                "2027-02-26T09:00Z",
                "2027-02-27T09:00Z",
            ],
        ),
        ("cron(0 9 ? * 2#1 *)", &["2027-01-04T09:00Z", "2027-02-01T09:00Z", "2027-03-01T09:00Z"]),
        ("cron(0 9 ? * 1#2 *)", &["2027-01-10T09:00Z", "2027-02-14T09:00Z", "2027-03-14T09:00Z"]),
        // Months with four Mondays have no fifth.
        ("cron(0 9 ? * MON#5 *)", &["2027-03-29T09:00Z", "2027-05-31T09:00Z", "2027-08-30T09:00Z"]),
    ]);
}

#[test]
fn a_day_of_the_month_is_a_number_the_last_or_the_weekday_nearest() {
    check_utc(&[
        ("cron(0 0 L * ? *)", &["2027-01-31T00:00Z", "2027-02-28T00:00Z", "2027-03-31T00:00Z"]),
        ("cron(0 0 L 2 ? *)", &["2027-02-28T00:00Z", "2028-02-29T00:00Z", "2029-02-28T00:00Z"]),
        ("cron(0 0 1,L * ? *)", &["2027-01-31T00:00Z", "2027-02-01T00:00Z", "2027-02-28T00:00Z"]),
        // Both January and February end on a Sunday.
        ("cron(0 0 LW * ? *)", &["2027-01-29T00:00Z", "2027-02-26T00:00Z", "2027-03-31T00:00Z"]),
        // A Saturday, a Sunday and a Wednesday.
        ("cron(0 0 15W 5,8,9 ? *)", &["2027-05-14T00:00Z", "2027-08-16T00:00Z", "2027-09-15T00:00Z"]),
        // The nearest weekday stays within the month: forward from Saturday the 1st, back from Sunday the 31st.
        ("cron(0 0 1W 5,8 ? *)", &["2027-05-03T00:00Z", "2027-08-02T00:00Z", "2028-05-01T00:00Z"]),
        ("cron(0 0 31W * ? *)", &["2027-01-29T00:00Z", "2027-03-31T00:00Z", "2027-05-31T00:00Z"]),
        ("cron(0 0 15,20W 5 ? *)", &["2027-05-15T00:00Z", "2027-05-20T00:00Z", "2028-05-15T00:00Z"]),
        ("cron(0 0 31 * ? *)", &["2027-01-31T00:00Z", "2027-03-31T00:00Z", "2027-05-31T00:00Z"]),
        ("cron(0 12 1/10 * ? *)", &["2027-01-01T12:00Z", "2027-01-11T12:00Z", "2027-01-21T12:00Z"]),
    ]);
}

#[test]
fn months_and_years_bound_the_rest() {
    check_utc(&[
        ("cron(0 0 29 2 ? *)", &["2028-02-29T00:00Z", "2032-02-29T00:00Z", "2036-02-29T00:00Z"]),
        // 2100 is no leap year.
        ("cron(0 0 29 2 ? 2090-2110)", &["2092-02-29T00:00Z", "2096-02-29T00:00Z", "2104-02-29T00:00Z"]),
        ("cron(0 0 1 JAN,JUL ? *)", &["2027-07-01T00:00Z", "2028-01-01T00:00Z", "2028-07-01T00:00Z"]),
        ("cron(0 0 1 apr-JUN ? *)", &["2027-04-01T00:00Z", "2027-05-01T00:00Z", "2027-06-01T00:00Z"]),
        ("cron(0 0 1 1/3 ? *)", &["2027-04-01T00:00Z", "2027-07-01T00:00Z", "2027-10-01T00:00Z"]),
        ("cron(59 23 31 12 ? *)", &["2027-12-31T23:59Z", "2028-12-31T23:59Z", "2029-12-31T23:59Z"]),
        ("cron(0 0 1 1 ? 2027/5)", &["2032-01-01T00:00Z", "2037-01-01T00:00Z", "2042-01-01T00:00Z"]),
        ("cron(0 0 1 1 ? 2030,2040)", &["2030-01-01T00:00Z", "2040-01-01T00:00Z"]),
        ("cron(0 0 31 12 ? 2198-2199)", &["2198-12-31T00:00Z", "2199-12-31T00:00Z"]),
        ("cron(0 0 1 1 ? 2026)", &[]),
    ]);
}

#[test]
fn a_rate_counts_from_the_epoch() {
    check_utc(&[
        ("rate(1 minute)", &["2027-01-01T00:01Z", "2027-01-01T00:02Z", "2027-01-01T00:03Z"]),
        ("rate(5 minutes)", &["2027-01-01T00:05Z", "2027-01-01T00:10Z", "2027-01-01T00:15Z"]),
        ("rate(1 hour)", &["2027-01-01T01:00Z", "2027-01-01T02:00Z", "2027-01-01T03:00Z"]),
        // 499,656 hours, of which 3 are over.
        ("rate(7 hours)", &["2027-01-01T04:00Z", "2027-01-01T11:00Z", "2027-01-01T18:00Z"]),
        ("rate(1 day)", &["2027-01-02T00:00Z", "2027-01-03T00:00Z", "2027-01-04T00:00Z"]),
        // The epoch was a Thursday.
        ("rate(7 days)", &["2027-01-07T00:00Z", "2027-01-14T00:00Z", "2027-01-21T00:00Z"]),
    ]);
}

#[test]
fn a_time_comes_once() {
    check_utc(&[
        ("at(2027-01-31T02:00:00)", &["2027-01-31T02:00Z"]),
        ("at(2027-01-01T00:00:00)", &[]),
        ("at(1999-12-31T23:59:00)", &[]),
    ]);
}

#[test]
fn a_schedule_is_shown_as_it_was_written() {
    let schedule = unbounded(" cron(0 2 * * ? *) ", "europe/BERLIN").schedule;
    assert_eq!(schedule.to_string(), "cron(0 2 * * ? *) Europe/Berlin");
    assert_eq!((schedule.expression(), schedule.zone()), ("cron(0 2 * * ? *)", "Europe/Berlin"));
    assert_eq!(unbounded("rate(1 day)", "utc").schedule.to_string(), "rate(1 day) UTC");
    // Not the thousands of bits that croner keeps.
    assert!(format!("{schedule:?}").len() < 300, "{schedule:?}");
}
