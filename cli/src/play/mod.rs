//! Events and scenarios through the real handlers, in virtual time, and what people would have been told.

pub(crate) mod samples;
pub(crate) mod scalers;
pub(crate) mod scenarios;
mod thread;
pub(crate) mod troubles;
mod world;

pub(crate) use samples::Sample;
pub(crate) use steward_sim::scenario::{Placed, Post};
pub(crate) use thread::{Thread, headline, threads};
pub(crate) use world::{Happening, Played, Step, Terms, Unplayed, play, tell};
