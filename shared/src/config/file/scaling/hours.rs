//! Other bounds at some hours of some days.

use jiff::tz::TimeZoneDatabase;
use serde::{Deserialize, Serialize};

use super::{MAX_HOURS, check_bounds};
use crate::batch::Schedule;
use crate::config::file::fault::Check;
use crate::config::file::form::{number, words};
use crate::config::file::freeze::{Day, clock, time};
use crate::scaling::{Bounds, When};

/// The time zone of hours that name none.
const UTC: &str = "UTC";

/// Other bounds at some hours of some days.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hours {
    /// On these days of the week. By default on all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "words")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub days: Option<Vec<Day>>,
    /// From this time on, such as `08:00`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[0-9]{2}:[0-9]{2}$")))]
    pub from: String,
    /// Up to this time, it not included. One that is not later than `from` is on the next day.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[0-9]{2}:[0-9]{2}$")))]
    pub to: String,
    /// Whose clock, such as `Europe/Berlin`. Default `UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// At least so many tasks, to 5000. By default as at other hours.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 5_000)))]
    pub min: Option<u64>,
    /// At most so many tasks, to 5000. By default as at other hours, or `min` where that is more.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 5_000)))]
    pub max: Option<u64>,
}

/// Checks all hours. Those that are faulty are left out.
pub(super) fn check(hours: &[Hours], usual: Bounds, check: &mut Check<'_>) -> Vec<(When, Bounds)> {
    if hours.len() > MAX_HOURS {
        check.whole(format!("{} windows; at most {MAX_HOURS}: the first that is open holds", hours.len()));
    }
    let windows = hours.iter().enumerate();
    windows.filter_map(|(place, hours)| hours.check(usual, &mut check.entry(place))).collect()
}

impl Hours {
    pub(super) fn of((when, bounds): &(When, Bounds)) -> Self {
        let days = Day::ALL.iter().filter(|(_, day)| when.days.contains(day)).map(|(word, _)| *word);
        Self {
            days: Some(days.collect()),
            from: clock(when.from),
            to: clock(when.to),
            time_zone: Some(when.zone_name.clone()),
            min: Some(bounds.min.into()),
            max: Some(bounds.max.into()),
        }
    }

    fn check(&self, usual: Bounds, check: &mut Check<'_>) -> Option<(When, Bounds)> {
        let bounds = check_bounds(self.min, self.max, usual, check);
        if self.min.is_none() && self.max.is_none() {
            check.whole("says neither `min` nor `max`: it would have no effect");
        }
        let all: Vec<Day> = Day::ALL.iter().map(|(word, _)| *word).collect();
        let days = self.days.as_deref().unwrap_or(&all);
        if days.is_empty() {
            check.fault("days", "no day: leave it out, and every day is meant");
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
        // The same names, in any case, and the same suggestions as for the schedules of jobs.
        let named = Schedule::parse("rate(1 day)", self.time_zone.as_deref().unwrap_or(UTC));
        let zone_name = named.map(|named| named.zone().to_owned());
        let zone_name = zone_name.map_err(|error| check.fault("time_zone", error.to_string())).ok()?;
        let zone = TimeZoneDatabase::bundled().get(&zone_name).ok()?;
        let of_week = Day::ALL.iter().filter(|(word, _)| days.contains(word)).map(|(_, day)| *day);
        Some((When { days: of_week.collect(), from: from?, to: to?, zone, zone_name }, bounds))
    }
}
