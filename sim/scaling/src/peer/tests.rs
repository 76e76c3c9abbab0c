use super::alarm::Cooldowns;
use super::grid::settings;
use super::keda::{Hpa, Keda, proposal};
use super::step::Step;
use super::tracking::Tracking;
use super::*;
use crate::policy::{Counts, Seen};

/// A minute, in milliseconds.
const MINUTE: u64 = 60_000;
const MAX: u32 = 100;

fn seen(at_s: u64, visible: u64, in_flight: u64, desired: u32) -> Seen<'static> {
    let counts = Counts { visible, in_flight };
    Seen { at: at_s * 1_000, counts, minutes: &[], desired, running: desired, pending: 0, protected: 0 }
}

#[test]
fn the_autoscaler_proposes_the_ratio_rounded_up() {
    // (messages a pod, tolerance, messages, pods) -> pods. The first is KEDA's own example, the next two Kubernetes'.
    for ((queue_length, tolerance, messages, pods), wanted) in [
        ((10, 0.1, 30, 1), 3),
        ((100, 0.1, 200, 1), 2),
        ((100, 0.1, 100, 2), 1),
        ((10, 0.1, 109, 10), 10),
        ((10, 0.1, 91, 10), 10),
        ((10, 0.1, 111, 10), 12),
        ((10, 0.0, 101, 10), 11),
        ((10, 0.1, 0, 10), 0),
    ] {
        let setting = KedaSetting { queue_length, tolerance, ..KedaSetting::default() };
        assert_eq!(
            proposal(&setting, messages, pods),
            wanted,
            "{queue_length} {tolerance} {messages} {pods}"
        );
    }
}

#[test]
fn the_autoscaler_goes_up_by_four_pods_or_doubles_in_each_period() {
    let (setting, mut hpa, mut pods) = (KedaSetting::default(), Hpa::default(), 1);
    let mut course = Vec::new();
    for sync in 0..6 {
        pods = hpa.sync(&setting, MAX, sync * 15_000, 10_000, pods);
        course.push(pods);
    }
    assert_eq!(course, [5, 10, 20, 40, 80, 100]);
}

#[test]
fn two_syncs_within_a_period_add_no_more_than_one() {
    let (setting, mut hpa) = (KedaSetting::default(), Hpa::default());
    assert_eq!(hpa.sync(&setting, MAX, 0, 10_000, 10), 20);
    assert_eq!(hpa.sync(&setting, MAX, 5_000, 10_000, 20), 20);
    assert_eq!(hpa.sync(&setting, MAX, 10_000, 10_000, 20), 20);
    assert_eq!(hpa.sync(&setting, MAX, 15_000, 10_000, 20), 40);
}

#[test]
fn the_autoscaler_goes_down_to_the_most_that_was_recommended_within_the_window() {
    let (setting, mut hpa) = (KedaSetting::default(), Hpa::default());
    assert_eq!(hpa.sync(&setting, MAX, 0, 50, 10), 10);
    assert_eq!(hpa.sync(&setting, MAX, 15_000, 30, 10), 10);
    assert_eq!(hpa.sync(&setting, MAX, 285_000, 5, 10), 10);
    // The recommendation of ten is five minutes old, that of six not yet.
    assert_eq!(hpa.sync(&setting, MAX, 300_000, 5, 10), 6);
    assert_eq!(hpa.sync(&setting, MAX, 315_000, 5, 6), 1);
    let eager = KedaSetting { window: 0, ..setting };
    assert_eq!(Hpa::default().sync(&eager, MAX, 0, 5, 10), 1);
}

#[test]
fn the_operator_wakes_a_pod_and_takes_all_away_after_the_cooldown() {
    let setting = KedaSetting { activation: 5, ..KedaSetting::default() };
    let mut keda = Keda::new(setting, MAX);
    assert_eq!(keda.look(&seen(0, 5, 0, 0)), None, "not above the activation");
    assert_eq!(keda.look(&seen(15, 50, 0, 0)), None, "between two polls nobody looks");
    assert_eq!(keda.look(&seen(30, 6, 0, 0)), Some(2), "woken, and seen by the autoscaler at once");
    assert_eq!(keda.look(&seen(60, 0, 6, 2)), None, "what is in flight counts");
    assert_eq!(keda.look(&seen(330, 0, 0, 2)), None, "idle for less than the cooldown");
    assert_eq!(keda.look(&seen(360, 0, 0, 2)), Some(0), "from any number");
    let mut warm = Keda::new(KedaSetting { min: 1, ..setting }, MAX);
    assert_eq!(warm.look(&seen(600, 0, 0, 1)), None);
    let mut blind = Keda::new(KedaSetting { in_flight: false, ..setting }, MAX);
    assert_eq!(blind.look(&seen(0, 0, 100, 0)), None);
}

#[test]
fn target_tracking_wants_three_datapoints_out_and_fifteen_in() {
    let setting = TrackingSetting { gradual: false, ..TrackingSetting::default() };
    let mut tracking = Tracking::new(setting, MAX);
    let mut point =
        |minute: u64, metric: f64, capacity| tracking.datapoint(minute * MINUTE, Some(metric), capacity);
    assert_eq!((point(0, 15.0, 10), point(1, 15.0, 10)), (None, None));
    assert_eq!(point(2, 25.0, 10), Some(25), "in proportion to the latest");
    // Between the two alarms nothing happens.
    assert_eq!(point(3, 9.5, 25), None);
    for minute in 4..18 {
        assert_eq!(point(minute, 4.0, 25), None, "{minute}");
    }
    assert_eq!(point(18, 4.0, 25), Some(10));
}

#[test]
fn target_tracking_goes_down_by_a_tenth_where_it_is_gradual_and_never_below_one() {
    let mut tracking = Tracking::new(TrackingSetting { in_cooldown: 0, ..TrackingSetting::default() }, MAX);
    let mut last = None;
    for minute in 0..15 {
        last = tracking.datapoint(minute * MINUTE, Some(0.0), 40);
    }
    assert_eq!(last, Some(36));
    assert_eq!(tracking.datapoint(15 * MINUTE, Some(0.0), 2), Some(1));
    assert_eq!(tracking.datapoint(16 * MINUTE, Some(0.0), 1), None);
}

#[test]
fn target_tracking_knows_nothing_while_no_task_runs() {
    let mut tracking = Tracking::new(TrackingSetting::default(), MAX);
    tracking.datapoint(0, Some(50.0), 2);
    tracking.datapoint(MINUTE, Some(50.0), 2);
    assert_eq!(tracking.look(&Seen { running: 0, ..seen(120, 100, 0, 2) }), None);
    assert_eq!(tracking.datapoint(3 * MINUTE, Some(50.0), 2), None, "three in a row are needed anew");
}

#[test]
fn within_a_cooldown_only_what_is_wanted_beyond_is_added() {
    let mut cooldowns = Cooldowns::new(300_000, 300_000);
    assert_eq!(cooldowns.scale_out(0, 10, MAX, |base| base + 2), Some(12));
    assert_eq!(cooldowns.scale_out(60_000, 12, MAX, |base| base + 2), None, "the two are there already");
    assert_eq!(cooldowns.scale_out(120_000, 12, MAX, |base| base + 3), Some(13), "one more makes three");
    assert_eq!(cooldowns.scale_out(420_000, 13, MAX, |base| base + 2), Some(15));
    assert_eq!(cooldowns.scale_out(900_000, 99, MAX, |base| base * 2), Some(MAX));
    assert_eq!(cooldowns.scale_in(1_000_000, 10, 8), Some(8));
    assert_eq!(cooldowns.scale_in(1_060_000, 8, 6), None);
    assert_eq!(cooldowns.scale_out(1_060_000, 8, MAX, |base| base + 1), Some(9), "from what is left");
    assert_eq!(cooldowns.scale_in(1_300_000, 8, 6), Some(6));
}

fn stepping(out: Adjustment, periods_out: u32) -> Step {
    let inwards = Adjustment::Percent([50; 3]);
    let setting =
        StepSetting { above: 10, below: 2, out, inwards, periods_out, periods_in: 3, cooldown: 0, min: 0 };
    Step::new(setting, MAX)
}

#[test]
fn the_further_above_the_threshold_the_larger_the_step() {
    for (visible, wanted) in
        [(10, None), (11, Some(4)), (39, Some(4)), (40, Some(6)), (160, Some(11)), (9_999, Some(11))]
    {
        let mut step = stepping(Adjustment::Tasks([1, 3, 8]), 1);
        assert_eq!(step.datapoint(0, visible, 3), wanted, "{visible}");
    }
}

#[test]
fn percent_are_cut_off_and_one_at_least() {
    // AWS' own example: 30 % of 11 are 3.3, and add 3.
    for (capacity, wanted) in [(11, 14), (10, 13), (2, 3), (0, 1)] {
        let mut step = stepping(Adjustment::Percent([30; 3]), 1);
        assert_eq!(step.datapoint(0, 11, capacity), Some(wanted), "{capacity}");
    }
}

#[test]
fn steps_wait_for_their_datapoints() {
    let mut step = stepping(Adjustment::Tasks([1, 3, 8]), 2);
    assert_eq!(step.datapoint(0, 50, 4), None);
    assert_eq!(step.datapoint(MINUTE, 5, 4), None);
    assert_eq!(step.datapoint(2 * MINUTE, 50, 4), None);
    assert_eq!(step.datapoint(3 * MINUTE, 50, 4), Some(7));
    let low: Vec<_> = (4..7).map(|minute| step.datapoint(minute * MINUTE, 1, 7)).collect();
    assert_eq!(low, [None, None, Some(4)]);
}

#[test]
fn every_peer_is_searched_over_200_settings_and_more_that_differ() {
    for policy in Policy::PEERS {
        for min in [0, 1, 5] {
            let all = settings(policy, min);
            assert!(all.len() >= 200, "{policy:?} from {min}: {}", all.len());
            let distinct = all.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>();
            assert_eq!(distinct.len(), all.len(), "{policy:?} from {min}");
            assert!(all.iter().all(|setting| setting.policy() == policy));
        }
    }
}

#[test]
fn every_parameter_of_a_peer_takes_several_values() {
    for policy in Policy::PEERS {
        let all: Vec<serde_json::Value> =
            settings(policy, 0).iter().map(|setting| serde_json::to_value(setting).unwrap()).collect();
        // The least is what people set, and the same for all.
        for name in all[0].as_object().unwrap().keys().filter(|name| *name != "min") {
            let values = all.iter().map(|setting| setting[name].to_string());
            let values: std::collections::BTreeSet<_> = values.collect();
            assert!(values.len() >= 2, "{policy:?}: {name} is always {values:?}");
        }
    }
}

#[test]
fn the_defaults_are_among_the_settings() {
    assert!(settings(Policy::Keda, 0).contains(&Setting::Keda(KedaSetting::default())));
    assert!(settings(Policy::TargetTracking, 0).contains(&Setting::Tracking(TrackingSetting::default())));
}
