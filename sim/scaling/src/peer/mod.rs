//! Other scalers, each from its own documentation.

mod alarm;
pub(crate) mod grid;
pub(crate) mod keda;
pub(crate) mod step;
#[cfg(test)]
mod tests;
pub(crate) mod tracking;

use std::fmt;

use serde::Serialize;

pub use keda::KedaSetting;
pub use step::{Adjustment, StepSetting};
pub use tracking::TrackingSetting;

use crate::policy::{Control, Policy};

/// How a peer is set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Setting {
    /// KEDA with the horizontal pod autoscaler.
    Keda(KedaSetting),
    /// Target tracking.
    Tracking(TrackingSetting),
    /// Step scaling.
    Step(StepSetting),
}

impl Setting {
    /// Whose it is.
    pub fn policy(&self) -> Policy {
        match self {
            Self::Keda(_) => Policy::Keda,
            Self::Tracking(_) => Policy::TargetTracking,
            Self::Step(_) => Policy::Step,
        }
    }

    /// The scaler at work, with so many tasks at the most.
    pub(crate) fn control(&self, max: u32) -> Box<dyn Control> {
        match *self {
            Self::Keda(setting) => Box::new(keda::Keda::new(setting, max)),
            Self::Tracking(setting) => Box::new(tracking::Tracking::new(setting, max)),
            Self::Step(setting) => Box::new(step::Step::new(setting, max)),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keda(setting) => setting.fmt(f),
            Self::Tracking(setting) => setting.fmt(f),
            Self::Step(setting) => setting.fmt(f),
        }
    }
}
