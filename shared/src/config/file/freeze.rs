//! `guards.freeze`: windows of time in which nothing is changed, once or each week.

use jiff::civil::{Time, Weekday};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::fault::Check;
use super::form::{Words, words};
use crate::config::{When, Window};

/// A freeze that is longer is a matter of the mode.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// What alerts show of why.
const MAX_WHY: usize = 200;
/// How far any clock is from UTC, in minutes: `-12:00` to `+14:00`.
const OFFSETS: std::ops::RangeInclusive<i32> = -12 * 60..=14 * 60;

/// A window of time in which nothing is changed: once, or on `days` of each week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Freeze {
    /// The days of the week on which it begins. Without them it is once.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "words")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub days: Option<Vec<Day>>,
    /// From then on: with `days` a time such as `22:00`, else a moment such as `2026-12-24T00:00:00+09:00`.
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = r"^([0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.+)$"))
    )]
    pub from: String,
    /// Up to then, it not included. With `days` a time that is not later than `from` is on the next day.
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = r"^([0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.+)$"))
    )]
    pub to: String,
    /// With `days`: how far the clock is from UTC, such as `+09:00`. Default `+00:00`. It knows no daylight saving time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[+-][0-9]{2}:[0-9]{2}$")))]
    pub utc_offset: Option<String>,
    /// Why, for whoever is held back by it. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    pub why: Option<String>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[allow(missing_docs, reason = "the days are what they are called")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Words for Day {
    const EXPECTED: &'static str = "a day: `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`";
}

impl Day {
    pub(super) const ALL: [(Self, Weekday); 7] = [
        (Self::Mon, Weekday::Monday),
        (Self::Tue, Weekday::Tuesday),
        (Self::Wed, Weekday::Wednesday),
        (Self::Thu, Weekday::Thursday),
        (Self::Fri, Weekday::Friday),
        (Self::Sat, Weekday::Saturday),
        (Self::Sun, Weekday::Sunday),
    ];
}

/// Checks all windows. Those that are faulty are left out.
pub(super) fn check(windows: &[Freeze], check: &mut Check<'_>) -> Vec<Window> {
    windows.iter().enumerate().filter_map(|(index, window)| window.check(&mut check.entry(index))).collect()
}

impl Freeze {
    pub(super) fn of(window: &Window) -> Self {
        let why = window.why.clone();
        match &window.when {
            When::Once { from, to } => {
                Self { days: None, from: from.to_string(), to: to.to_string(), utc_offset: None, why }
            }
            When::Weekly { days, from, to, offset } => Self {
                days: Some(
                    Day::ALL.iter().filter(|(_, day)| days.contains(day)).map(|(word, _)| *word).collect(),
                ),
                from: clock(*from),
                to: clock(*to),
                utc_offset: Some(offset_text(*offset)),
                why,
            },
        }
    }

    fn check(&self, check: &mut Check<'_>) -> Option<Window> {
        if let Some(why) = &self.why
            && (why.trim().is_empty() || why.chars().count() > MAX_WHY || why.chars().any(char::is_control))
        {
            check.fault("why", format!("not one line of 1 to {MAX_WHY} characters: alerts quote it"));
        }
        let when = match &self.days {
            None => self.once(check),
            Some(days) => self.weekly(days, check),
        };
        Some(Window { when: when?, why: self.why.clone() })
    }

    fn once(&self, check: &mut Check<'_>) -> Option<When> {
        if self.utc_offset.is_some() {
            check.fault(
                "utc_offset",
                "is for windows on `days`; here `from` and `to` have offsets of their own",
            );
        }
        let [from, to] = [("from", &self.from), ("to", &self.to)].map(|(key, text)| {
            let moment = text.parse::<Timestamp>().ok();
            if moment.is_none() {
                let of_day = if time(text).is_some() { "; a time of day needs `days` beside it" } else { "" };
                check.fault(key, format!("`{text}` is no moment such as 2026-12-24T00:00:00+09:00{of_day}"));
            }
            moment
        });
        let (from, to) = (from?, to?);
        if to <= from {
            check.fault("to", format!("{} is not after `from`: the window is never open", self.to));
        } else if to.duration_since(from) > LONGEST {
            check.fault("to", "more than 366 days after `from`: where nothing may be changed for so long, the `mode` says so");
        }
        Some(When::Once { from, to })
    }

    fn weekly(&self, days: &[Day], check: &mut Check<'_>) -> Option<When> {
        if days.is_empty() {
            check.fault("days", "no day: the window is never open");
        }
        for (index, day) in days.iter().enumerate() {
            if days.iter().take(index).any(|other| other == day) {
                check.below("days").entry(index).whole("stands here twice");
            }
        }
        let [from, to] = [("from", &self.from), ("to", &self.to)].map(|(key, text)| {
            let time = time(text);
            if time.is_none() {
                check.fault(
                    key,
                    format!("`{text}` is no time of day from 00:00 to 23:59; `to: 00:00` is midnight"),
                );
            }
            time
        });
        let offset = match self.utc_offset.as_deref() {
            None => Some(Offset::UTC),
            Some(text) => {
                let offset = offset(text);
                if offset.is_none() {
                    check.fault(
                        "utc_offset",
                        format!(
                            "`{text}` is no offset from -12:00 to +14:00, such as +09:00; a zone's name would bring its \
                             daylight saving time, which is not known here"
                        ),
                    );
                }
                offset
            }
        };
        let (from, to, offset) = (from?, to?, offset?);
        if from == to && Day::ALL.iter().all(|(word, _)| days.contains(word)) {
            check.whole("is always open: where nothing may ever be changed, the `mode` says so");
        }
        let of_week = Day::ALL.iter().filter(|(word, _)| days.contains(word)).map(|(_, day)| *day);
        Some(When::Weekly { days: of_week.collect(), from, to, offset })
    }
}

/// Two digits, a colon, two digits.
fn hours_and_minutes(text: &str) -> Option<(i8, i8)> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| match digits.len() {
        2 if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse::<i8>().ok(),
        _ => None,
    };
    Some((number(hours)?, number(minutes)?))
}

pub(super) fn time(text: &str) -> Option<Time> {
    let (hours, minutes) = hours_and_minutes(text)?;
    Time::new(hours, minutes, 0, 0).ok()
}

pub(super) fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = hours_and_minutes(rest)?;
    let all = sign * (i32::from(hours) * 60 + i32::from(minutes));
    if minutes > 59 || !OFFSETS.contains(&all) {
        return None;
    }
    Offset::from_seconds(all * 60).ok()
}

fn offset_text(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}
