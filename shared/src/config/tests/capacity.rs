//! `capacity` and `start_failures`, and what of remedies is off.

use super::*;

fn start_failures(value: &Value) -> Result<StartFailures, Vec<String>> {
    let file = file(json!({"version": 1, "defaults": {"start_failures": value}}));
    let checked = file.check().map(|configuration| configuration.policy.defaults.start_failures);
    checked.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn a_ceiling_of_nought_needs_its_own_word() {
    let problem = "defaults.start_failures.ceiling: 0 stops the service: where that is meant, write `to_zero: allowed` beside it";
    assert_eq!(start_failures(&json!({"ceiling": 0})), Err(vec![problem.to_owned()]));
    let allowed = start_failures(&json!({"ceiling": 0, "to_zero": "allowed"})).unwrap();
    assert_eq!(allowed.ceiling, Some(0));
    let word_alone = start_failures(&json!({"to_zero": "allowed"})).unwrap();
    assert_eq!(word_alone.ceiling, None, "the word alone limits nothing to nought");
    assert_eq!(start_failures(&json!({"ceiling": 3})).unwrap().ceiling, Some(3));
    for word in ["yes", "on", "true"] {
        let said = json!({"version": 1, "defaults": {"start_failures": {"ceiling": 0, "to_zero": word}}});
        assert!(serde_json::from_value::<File>(said).is_err(), "{word}");
    }
}

#[test]
fn what_is_out_of_bounds_is_a_fault_with_its_reason() {
    let said = json!({
        "version": 1,
        "defaults": {
            "capacity": {"return_after": "29m"},
            "start_failures": {"after": "59m", "ceiling": 5001},
        },
    });
    assert_eq!(
        faults(said),
        [
            "defaults.capacity.return_after: 29m is not between 30m and 1d: each return replaces every task, and shortages of spare \
             capacity last for hours",
            "defaults.start_failures.after: 59m is not between 1h and 7d: people need an hour to mend what they deployed, and after a \
             week everything is spent",
            "defaults.start_failures.ceiling: 5001 is not between 0 and 5000: ECS takes no more tasks in a service",
        ]
    );
}

#[test]
fn what_sets_capacity_or_counts_is_off_until_somebody_switches_it_on() {
    let off = [Remedy::FallBackToOnDemand, Remedy::ReturnToSpot, Remedy::LimitDesiredCount];
    assert!(off.iter().all(|remedy| !Rules::default().remedies.contains(remedy)));
    let on = json!({"version": 1, "services": [{"match": {"service": "api"}, "remedies": {
        "fall_back_to_on_demand": "on", "return_to_spot": "on", "limit_desired_count": "on"}}]});
    let policy = file(on).check().unwrap().policy;
    assert!(off.iter().all(|remedy| policy.services[0].rules.remedies.contains(remedy)));
}

#[test]
fn what_is_in_force_says_that_nought_is_meant() {
    let said = json!({"version": 1, "defaults": {"start_failures": {"ceiling": 0, "to_zero": "allowed"}}});
    let configuration = file(said).check().unwrap();
    assert_eq!(File::of(&configuration).check().unwrap(), configuration);
}

#[test]
fn services_that_are_scaled_are_known_to_the_policy() {
    let said = json!({"version": 1, "scaling": {"services": [
        {"cluster": "shop", "service": "worker", "queues": [{"name": "orders"}]}]}});
    let policy = file(said).check().unwrap().policy;
    let of = |cluster: &str, name: &str| crate::incident::Target::Service {
        cluster: crate::arn::ClusterArn::new(format!(
            "arn:aws:ecs:eu-central-1:123456789012:cluster/{cluster}"
        )),
        name: crate::arn::ServiceName::new(name),
    };
    assert!(policy.is_scaled(&of("shop", "worker")));
    assert!(!policy.is_scaled(&of("lab", "worker")) && !policy.is_scaled(&of("shop", "api")));
}
