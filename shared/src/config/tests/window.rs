//! When a window is open, and when it is over.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday, time};
use jiff::tz::Offset;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn weekly(days: &[Weekday], from: Time, to: Time, offset: Offset) -> Window {
    Window { when: When::Weekly { days: days.to_vec(), from, to, offset }, why: None }
}

/// Whether a window is open, moment by moment.
#[track_caller]
fn check(window: &Window, moments: &[(&str, bool)]) {
    for (moment, is_open) in moments {
        assert_eq!(window.contains(at(moment)), *is_open, "{moment}");
    }
}

#[test]
fn a_window_that_is_once_has_its_beginning_and_not_its_end() {
    let window = Window {
        when: When::Once { from: at("2026-12-24T00:00:00Z"), to: at("2026-12-27T00:00:00Z") },
        why: None,
    };
    check(
        &window,
        &[
            ("2026-12-23T23:59:59.999Z", false),
            ("2026-12-24T00:00:00Z", true),
            ("2026-12-26T23:59:59.999Z", true),
            ("2026-12-27T00:00:00Z", false),
            ("2027-12-25T00:00:00Z", false),
        ],
    );
    assert_eq!(window.ends_after(at("2026-12-25T11:11:11Z")), at("2026-12-27T00:00:00Z"));
}

#[test]
fn a_weekly_window_is_open_on_its_days_alone() {
    // 2026-12-19 is a Saturday.
    let window = weekly(&[Weekday::Saturday], time(9, 0, 0, 0), time(17, 0, 0, 0), Offset::UTC);
    check(
        &window,
        &[
            ("2026-12-18T12:00:00Z", false),
            ("2026-12-19T08:59:59Z", false),
            ("2026-12-19T09:00:00Z", true),
            ("2026-12-19T16:59:59.999Z", true),
            ("2026-12-19T17:00:00Z", false),
            ("2026-12-20T12:00:00Z", false),
            ("2026-12-26T12:00:00Z", true),
        ],
    );
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let window = weekly(&[Weekday::Saturday], time(22, 0, 0, 0), time(6, 0, 0, 0), Offset::UTC);
    check(
        &window,
        &[
            ("2026-12-19T05:59:59Z", false),
            ("2026-12-19T21:59:59Z", false),
            ("2026-12-19T22:00:00Z", true),
            ("2026-12-20T00:00:00Z", true),
            ("2026-12-20T05:59:59Z", true),
            ("2026-12-20T06:00:00Z", false),
            ("2026-12-20T22:00:00Z", false),
        ],
    );
}

#[test]
fn the_days_are_those_of_the_windows_own_clock() {
    // In Tokyo Saturday begins on Friday at 15:00 UTC.
    let tokyo = weekly(&[Weekday::Saturday], time(0, 0, 0, 0), time(0, 0, 0, 0), Offset::constant(9));
    check(
        &tokyo,
        &[
            ("2026-12-18T14:59:59Z", false),
            ("2026-12-18T15:00:00Z", true),
            ("2026-12-19T14:59:59Z", true),
            ("2026-12-19T15:00:00Z", false),
        ],
    );
    let west = Offset::from_seconds(-(3 * 3_600 + 1_800)).unwrap();
    let window = weekly(&[Weekday::Sunday], time(22, 0, 0, 0), time(6, 0, 0, 0), west);
    check(
        &window,
        &[
            ("2026-12-21T01:29:59Z", false),
            ("2026-12-21T01:30:00Z", true),
            ("2026-12-21T09:29:59Z", true),
            ("2026-12-21T09:30:00Z", false),
        ],
    );
}

#[test]
fn the_end_is_told_to_the_second_and_through_days_that_touch() {
    let weekend = weekly(
        &[Weekday::Saturday, Weekday::Sunday],
        time(0, 0, 0, 0),
        time(0, 0, 0, 0),
        Offset::constant(9),
    );
    assert_eq!(weekend.ends_after(at("2026-12-18T15:00:00Z")), at("2026-12-20T15:00:00Z"));
    assert_eq!(weekend.ends_after(at("2026-12-20T14:59:59.5Z")), at("2026-12-20T15:00:00Z"));
    let night = weekly(&[Weekday::Saturday], time(22, 0, 0, 0), time(6, 0, 0, 0), Offset::UTC);
    assert_eq!(night.ends_after(at("2026-12-19T22:00:07Z")), at("2026-12-20T06:00:00Z"));
    // Nothing fails at the end of time.
    assert!(weekend.ends_after(Timestamp::MAX) <= Timestamp::MAX);
    assert!(weekend.ends_after(Timestamp::MIN) >= Timestamp::MIN);
}

#[test]
fn the_first_window_that_is_open_freezes() {
    let window = |why: &str, from, to| Window {
        why: Some(why.into()),
        ..weekly(&[Weekday::Saturday], time(from, 0, 0, 0), time(to, 0, 0, 0), Offset::UTC)
    };
    let guards = Guards { freeze: vec![window("a", 1, 3), window("b", 2, 5)], ..Guards::default() };
    for (hour, why) in [(0, None), (1, Some("a")), (2, Some("a")), (4, Some("b")), (5, None)] {
        let now = at(&format!("2026-12-19T{hour:02}:00:00Z"));
        assert_eq!(guards.frozen(now).and_then(|window| window.why.as_deref()), why, "{hour}");
    }
}

/// The day by its number, Monday first.
fn weekday(number: i8) -> Weekday {
    Weekday::from_monday_zero_offset(number).unwrap()
}

proptest! {
    #[test]
    fn a_window_is_open_from_each_beginning_for_its_length_and_ends_when_it_says(
        days in prop::collection::btree_set(0_i8..7, 1..4),
        from in 0_i64..1_440, to in 0_i64..1_440, offset in -720_i32..=840, second in 0_i64..1_209_600,
    ) {
        let clock = |minute: i64| time(i8::try_from(minute / 60).unwrap(), i8::try_from(minute % 60).unwrap(), 0, 0);
        let names: Vec<Weekday> = days.iter().copied().map(weekday).collect();
        let window = weekly(&names, clock(from), clock(to), Offset::from_seconds(offset * 60).unwrap());
        // 2026-12-14 is a Monday; by the window's clock it begins `offset` minutes earlier.
        let monday = at("2026-12-14T00:00:00Z").as_second() - i64::from(offset) * 60;
        let length = if to > from { to - from } else { to - from + 1_440 } * 60;
        let is_open_at = |second: i64| (-1..3).any(|week| days.iter().any(|day| {
            let begins = (week * 7 + i64::from(*day)) * 86_400 + from * 60;
            (begins..begins + length).contains(&second)
        }));
        let now = Timestamp::from_second(monday + second).unwrap();
        prop_assert_eq!(window.contains(now), is_open_at(second));
        if window.contains(now) {
            let end = window.ends_after(now).as_second() - monday;
            prop_assert!((second..end).step_by(60).all(is_open_at) && !is_open_at(end), "{}", end);
        }
    }
}
