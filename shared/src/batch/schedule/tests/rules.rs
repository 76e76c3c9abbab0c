//! Holds slots against a second reading of the same rules: every minute of a window, asked whether it is one.

use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{LeftOut, Timetable};
use super::{at, unbounded};

type Of<T> = (&'static str, fn(T) -> bool);

const MINUTES: &[Of<i8>] = &[
    ("0", |minute| minute == 0),
    ("0/15", |minute| minute % 15 == 0),
    ("*/7", |minute| minute % 7 == 0),
    ("3-33/10,59", |minute| [3, 13, 23, 33, 59].contains(&minute)),
    ("*", |_| true),
];
const HOURS: &[Of<i8>] = &[
    ("*", |_| true),
    ("2", |hour| hour == 2),
    ("1-3", |hour| (1..=3).contains(&hour)),
    ("0/6", |hour| hour % 6 == 0),
];
/// Day of the month, month and day of the week.
const DAYS: &[Of<Date>] = &[
    ("* * ?", |_| true),
    ("? * *", |_| true),
    ("? * MON-FRI", |date| (1..=5).contains(&date.weekday().to_monday_one_offset())),
    ("? * 1", |date| date.weekday().to_sunday_zero_offset() == 0),
    ("? * SUNL", |date| date.weekday().to_sunday_zero_offset() == 0 && date.day() + 7 > date.days_in_month()),
    ("? * 1#2", |date| date.weekday().to_sunday_zero_offset() == 0 && (8..=14).contains(&date.day())),
    ("L * ?", |date| date.day() == date.days_in_month()),
    ("1/3 3,OCT ?", |date| date.day() % 3 == 1 && [3, 10].contains(&date.month())),
];
/// Some days before the clocks change, or not.
const WINDOWS: &[(&str, &str)] = &[
    ("Europe/Berlin", "2027-03-26T12:00Z"),
    ("Europe/Berlin", "2027-10-29T12:00Z"),
    ("America/New_York", "2027-03-12T12:00Z"),
    ("America/New_York", "2027-11-05T12:00Z"),
    ("Australia/Lord_Howe", "2027-04-02T12:00Z"),
    ("Australia/Lord_Howe", "2027-10-01T12:00Z"),
    ("Pacific/Apia", "2011-12-29T00:00Z"),
    ("Asia/Tokyo", "2028-02-28T00:00Z"),
    ("UTC", "2027-01-30T00:00Z"),
];

/// Whether the clocks show this local time for the first time.
fn is_first(zone: &TimeZone, time: Timestamp, local: DateTime) -> bool {
    let earlier = zone.to_ambiguous_timestamp(local).earlier();
    earlier.is_ok_and(|earlier| earlier == time)
}

fn minutes_between(after: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = (after.as_second().div_euclid(60) + 1) * 60;
    let count = (until.as_second() - first).div_euclid(60) + 1;
    (0..count).map(move |minute| Timestamp::from_second(first + minute * 60).unwrap())
}

fn windows() -> impl Strategy<Value = (&'static str, Timestamp, [i64; 2])> {
    (select(WINDOWS), 0..172_800_i64, [0..172_800_i64, 0..172_800_i64])
        .prop_map(|((zone, base), shift, cuts)| (zone, at(base) + SignedDuration::from_secs(shift), cuts))
}

fn rates() -> impl Strategy<Value = String> {
    (1..100_u32, select(&["minutes", "hours", "days"][..]))
        .prop_map(|(value, unit)| format!("rate({value} {unit})"))
}

fn crons() -> impl Strategy<Value = String> {
    (select(MINUTES), select(HOURS), select(DAYS))
        .prop_map(|(minutes, hours, days)| format!("cron({} {} {} *)", minutes.0, hours.0, days.0))
}

fn timetables() -> impl Strategy<Value = (Timetable, Timestamp, [i64; 2])> {
    let bound = || proptest::option::weighted(0.3, -100_000..300_000_i64);
    (windows(), prop_oneof![3 => crons(), 1 => rates()], bound(), bound()).prop_map(
        |((zone, after, cuts), expression, start, end)| {
            let bound = |seconds: Option<i64>| Some(after + SignedDuration::from_secs(seconds?));
            let timetable =
                Timetable { start: bound(start), end: bound(end), ..unbounded(&expression, zone) };
            (timetable, after, cuts)
        },
    )
}

proptest! {
    #[test]
    fn a_minute_is_a_slot_where_its_local_time_matches_for_the_first_time(
        (zone, after, [length, _]) in windows(),
        minutes in select(MINUTES),
        hours in select(HOURS),
        days in select(DAYS),
    ) {
        let until = after + SignedDuration::from_secs(length);
        let rules = TimeZoneDatabase::bundled().get(zone).unwrap();
        let expected: Vec<Timestamp> = minutes_between(after, until)
            .filter(|time| {
                let local = rules.to_datetime(*time);
                minutes.1(local.minute())
                    && hours.1(local.hour())
                    && days.1(local.date())
                    && is_first(&rules, *time, local)
            })
            .collect();
        let timetable = unbounded(&format!("cron({} {} {} *)", minutes.0, hours.0, days.0), zone);
        prop_assert_eq!(timetable.slots(after, until, usize::MAX).times, expected);
    }

    #[test]
    fn slots_are_whole_minutes_in_order_within_window_and_bounds((timetable, after, [length, _]) in timetables()) {
        let until = after + SignedDuration::from_secs(length);
        let slots = timetable.slots(after, until, usize::MAX);
        prop_assert_eq!(slots.left_out, LeftOut::Exactly(0));
        prop_assert!(slots.times.is_sorted_by(|one, next| one < next));
        for time in slots.times {
            prop_assert!(after < time && time <= until);
            prop_assert!(timetable.start.is_none_or(|start| start <= time));
            prop_assert!(timetable.end.is_none_or(|end| time <= end));
            prop_assert_eq!(time.as_second() % 60, 0);
        }
    }

    #[test]
    fn slots_are_the_same_however_the_window_is_cut((timetable, after, [one, two]) in timetables()) {
        let cut = after + SignedDuration::from_secs(one);
        let until = cut + SignedDuration::from_secs(two);
        let slots = |after, until| timetable.slots(after, until, usize::MAX).times;
        prop_assert_eq!([slots(after, cut), slots(cut, until)].concat(), slots(after, until));
    }

    #[test]
    fn what_comes_next_is_what_the_window_has((timetable, after, [length, most]) in timetables()) {
        let until = after + SignedDuration::from_secs(length);
        let all = timetable.slots(after, until, usize::MAX).times;
        let next = std::iter::successors(timetable.next_after(after), |slot| timetable.next_after(*slot));
        let next: Vec<Timestamp> = next.take_while(|slot| *slot <= until).collect();
        prop_assert_eq!(&next, &all);
        prop_assert_eq!(timetable.last_at(until).filter(|slot| *slot > after), all.last().copied());

        let most = usize::try_from(most % 50).unwrap();
        let some = timetable.slots(after, until, most);
        let left_out = all.len().saturating_sub(most);
        prop_assert_eq!(&some.times, &all[left_out..]);
        prop_assert_eq!(some.left_out, LeftOut::Exactly(left_out as u64));
    }
}
