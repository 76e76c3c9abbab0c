//! Batch jobs: tasks that run by a schedule.

mod schedule;

pub use schedule::{CronField, LeftOut, Schedule, ScheduleError, Slots, Timetable};
