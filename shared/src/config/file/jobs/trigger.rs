//! `schedule` and its bounds, or `after`: what starts a job.

use jiff::Timestamp;

use super::Job;
use crate::batch::{JobName, Schedule, Timetable, Trigger};
use crate::config::file::fault::Check;

/// The time zone of a schedule that names none.
const UTC: &str = "UTC";

impl Job {
    pub(super) fn set_trigger(&mut self, trigger: &Trigger) {
        match trigger {
            Trigger::Schedule(Timetable { schedule, start, end }) => {
                self.schedule = Some(schedule.expression().to_owned());
                self.time_zone = Some(schedule.zone().to_owned());
                self.start = start.map(|start| start.to_string());
                self.end = end.map(|end| end.to_string());
            }
            Trigger::After(jobs) => {
                self.after = Some(jobs.iter().map(|job| job.as_str().to_owned()).collect());
            }
            Trigger::Demand => {}
        }
    }

    pub(super) fn check_trigger(&self, check: &mut Check<'_>) -> Trigger {
        if self.after.as_ref().is_some_and(Vec::is_empty) {
            check.fault("after", "names no job: leave it out, and it runs when asked");
        }
        match (&self.schedule, &self.after) {
            (Some(schedule), None) => {
                self.check_timetable(schedule, check).map_or(Trigger::Demand, Trigger::Schedule)
            }
            (None, after) => {
                for (key, value) in
                    [("time_zone", &self.time_zone), ("start", &self.start), ("end", &self.end)]
                {
                    if value.is_some() {
                        check.fault(key, "has no effect without `schedule`: leave it out");
                    }
                }
                // What is no name is none of a job that is there either, and is told as that.
                let names = after.iter().flatten().filter_map(|name| JobName::parse(name));
                after.as_ref().map_or(Trigger::Demand, |_| Trigger::After(names.collect()))
            }
            (Some(_), Some(_)) => {
                check.fault(
                    "after",
                    "stands beside `schedule`: a job runs at times of its own, or in the slots of those that it follows; \
                     keep one",
                );
                Trigger::Demand
            }
        }
    }

    fn check_timetable(&self, expression: &str, check: &mut Check<'_>) -> Option<Timetable> {
        let zone = self.time_zone.as_deref().unwrap_or(UTC);
        let schedule = Schedule::parse(expression, zone);
        if let Err(error) = &schedule {
            // An expression that can be read in another zone is not what is wrong.
            let is_zone = zone != UTC && Schedule::parse(expression, UTC).is_ok();
            check.fault(if is_zone { "time_zone" } else { "schedule" }, error.to_string());
        }
        let [start, end] = [("start", &self.start), ("end", &self.end)]
            .map(|(key, text)| moment(key, text.as_deref(), check));
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            check.fault("end", "is before `start`: it would never run");
        }
        schedule.ok().map(|schedule| Timetable { schedule, start, end })
    }
}

fn moment(key: &str, text: Option<&str>, check: &mut Check<'_>) -> Option<Timestamp> {
    let text = text?;
    let moment = text.parse::<Timestamp>().ok();
    if moment.is_none() {
        check.fault(
            key,
            format!("`{text}` is no moment such as 2026-12-01T00:00:00Z, or with +09:00 for the Z"),
        );
    }
    moment
}
