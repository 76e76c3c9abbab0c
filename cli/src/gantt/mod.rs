//! A run's attempts as a drawing for people: one row a task, time from left to right.
//!
//! [`Chart::of`] says what is where, `templates/gantt.html` has the look; `page` makes a page of its own of it.

mod attempt;
mod chart;
mod facts;
#[cfg(any(feature = "aws", test))]
mod page;
mod pick;
mod row;
#[cfg(any(feature = "aws", test))]
mod standing;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use attempt::{Attempted, How, attempts};
pub(crate) use chart::Chart;
pub(crate) use facts::facts;
#[cfg(any(feature = "aws", test))]
pub(crate) use facts::local;
#[cfg(feature = "aws")]
pub(crate) use page::write_page;
pub(crate) use pick::pick;
#[cfg(any(feature = "aws", test))]
pub(crate) use standing::{briefly, standing};
#[cfg(any(feature = "aws", test))]
pub(crate) use words::{began, clock, ended, name, waits};
