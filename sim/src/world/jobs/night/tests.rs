use serde_json::json;
use steward::batch::{RunEnd, Slot, StartedBy};

use super::*;

#[test]
fn a_night_with_a_throttle_and_a_spot_wave_does_every_shard_once() {
    let night = nightly_etl().unwrap();
    assert_eq!(night.violations, []);
    assert_eq!(night.run.end().map(|(end, _)| end), Some(&RunEnd::Succeeded));
    assert_eq!((night.run.tally.succeeded, night.units.len(), night.each_once), (40, 40, true));
    assert!(night.interrupted >= 10 && night.started == 40 + night.interrupted, "{night:?}");
    assert!(night.throttled.len() >= 5 && night.calls >= night.started + night.throttled.len(), "{night:?}");
    assert!((1..night.interrupted).contains(&night.on_demand), "{night:?}");
    let began = night.units.iter().filter_map(|unit| unit.places.first()?.past.first()?.started_at).max();
    assert!(began < Some(night.wave.at), "the wave finds all shards begun: {night:?}");
}

#[test]
fn a_night_in_which_tasks_run_twice_is_not_told_as_well() {
    let night = night(Some(Sabotage::CallsTwice)).unwrap();
    assert!(!night.violations.is_empty() && !night.each_once);
}

/// What ECS says of a night in which these shards exited so.
fn watched(run: &RunId, exits: impl Iterator<Item = (u32, i64)>) -> Watch {
    let mut watch = Watch::new(Jobs::default());
    for (serial, (index, exit_code)) in exits.enumerate() {
        let by = StartedBy { run: run.clone(), index, call: 1 };
        let detail = json!({ "lastStatus": "STOPPED", "containers": [{ "exitCode": exit_code }] });
        watch.tasks.insert(format!("task/{serial}"), Watched { by, serial, detail });
    }
    watch
}

#[test]
fn once_is_neither_twice_nor_never() {
    let run = RunId { job: plan::name_of(NAME), slot: Slot::of_text("night") };
    let well = || (0..SHARDS).map(|index| (index, 0));
    assert!(each_once(&watched(&run, well()), &run));
    assert!(each_once(&watched(&run, well().chain([(7, 143)])), &run), "what was interrupted is not done");
    assert!(!each_once(&watched(&run, well().chain([(7, 0)])), &run), "twice");
    assert!(!each_once(&watched(&run, well().skip(1)), &run), "never");
    assert!(!each_once(&watched(&run, well().skip(1).chain([(7, 0)])), &run), "one twice, and one never");
}
