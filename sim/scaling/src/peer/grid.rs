//! The settings that each peer is searched over.
//!
//! Whatever is named in the settings takes several values. The main ones take all combinations; the others are varied one at a
//! time, at every target. The bounds are what people set, and the same for all: a peer whose floor is one task, for it cannot
//! begin from none, has that floor, and none has a floor that somebody chose in hindsight.

use super::{Adjustment, KedaSetting, Setting, StepSetting, TrackingSetting};
use crate::policy::Policy;

/// Messages a task, for peers that have such a target.
const TARGETS: [u32; 13] = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 120];
/// Messages that wait, for step scaling.
const THRESHOLDS: [u64; 9] = [1, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// All settings of a peer where there shall be at least `min` tasks; none of ours.
pub fn settings(policy: Policy, min: u32) -> Vec<Setting> {
    match policy {
        Policy::Steward => Vec::new(),
        Policy::Keda => keda(min),
        Policy::TargetTracking => tracking(min),
        Policy::Step => step(min),
    }
}

fn keda(min: u32) -> Vec<Setting> {
    let mut settings = Vec::new();
    for queue_length in TARGETS {
        let usual = KedaSetting { queue_length, min, ..KedaSetting::default() };
        for window in [300, 60, 0] {
            for in_flight in [true, false] {
                for (up_pods, up_percent) in [(4, 100), (20, 400)] {
                    for min in [min, min.max(1)] {
                        settings.push(KedaSetting { in_flight, min, window, up_pods, up_percent, ..usual });
                    }
                }
            }
        }
        for window in [300, 60] {
            let usual = KedaSetting { window, ..usual };
            settings.extend([
                KedaSetting { poll: 10, ..usual },
                KedaSetting { poll: 10, cooldown: 60, ..usual },
                KedaSetting { poll: 60, ..usual },
                KedaSetting { activation: 5, ..usual },
                KedaSetting { cooldown: 60, ..usual },
                KedaSetting { sync: 5, poll: 5, ..usual },
                KedaSetting { sync: 30, ..usual },
                KedaSetting { tolerance: 0.0, ..usual },
                KedaSetting { tolerance: 0.3, ..usual },
            ]);
        }
    }
    distinct(settings.into_iter().map(Setting::Keda))
}

fn tracking(min: u32) -> Vec<Setting> {
    let mut settings = Vec::new();
    let min = min.max(1);
    for target in TARGETS {
        let usual = TrackingSetting { target, min, ..TrackingSetting::default() };
        for out_cooldown in [300, 60, 0] {
            for in_cooldown in [300, 60] {
                for gradual in [true, false] {
                    settings.push(TrackingSetting { out_cooldown, in_cooldown, gradual, ..usual });
                }
            }
        }
        for (out_cooldown, gradual) in [(300, true), (60, false)] {
            let usual = TrackingSetting { out_cooldown, gradual, ..usual };
            settings.extend([
                TrackingSetting { points_out: 2, ..usual },
                TrackingSetting { points_in: 10, ..usual },
                TrackingSetting { period: 30, ..usual },
            ]);
        }
    }
    distinct(settings.into_iter().map(Setting::Tracking))
}

fn step(min: u32) -> Vec<Setting> {
    let mut settings = Vec::new();
    for above in THRESHOLDS {
        let below = (above / 4).max(1);
        for out in
            [Adjustment::Tasks([1, 2, 4]), Adjustment::Tasks([2, 8, 24]), Adjustment::Percent([25, 50, 100])]
        {
            for inwards in [Adjustment::Tasks([1; 3]), Adjustment::Percent([50; 3])] {
                for cooldown in [300, 60] {
                    for min in [min, min.max(1)] {
                        for periods_out in [1, 3] {
                            settings.push(StepSetting {
                                above,
                                below,
                                out,
                                inwards,
                                periods_out,
                                periods_in: 15,
                                cooldown,
                                min,
                            });
                        }
                    }
                }
            }
        }
        let usual = StepSetting {
            above,
            below,
            out: Adjustment::Tasks([2, 8, 24]),
            inwards: Adjustment::Percent([50; 3]),
            periods_out: 1,
            periods_in: 15,
            cooldown: 60,
            min,
        };
        settings.extend([
            StepSetting { periods_in: 5, ..usual },
            StepSetting { periods_in: 5, below: 1, ..usual },
            StepSetting { below: 1, ..usual },
            StepSetting { cooldown: 0, ..usual },
        ]);
    }
    distinct(settings.into_iter().map(Setting::Step))
}

/// Each once: what is varied one at a time can be among the combinations.
fn distinct(settings: impl Iterator<Item = Setting>) -> Vec<Setting> {
    let mut all: Vec<Setting> = Vec::new();
    for setting in settings {
        if !all.contains(&setting) {
            all.push(setting);
        }
    }
    all
}
