//! What each rule of the template lets through, by its pattern.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use steward_sim::cloudformation::Stack;
use steward_sim::eventbridge::Pattern;
use steward_sim::house::queue_of;

use crate::corpus::{corpus, events_of, samples, that_open_incidents};
use crate::stack::{self, TEMPLATE};

/// A rule by its name: its pattern, and the queue that it sends to.
type Rules = BTreeMap<String, (Pattern, String)>;

/// The rules that are enabled, as a stack has them; schedules have no pattern.
fn rules(stack: &Stack) -> Rules {
    let mut rules = Rules::new();
    for name in TEMPLATE.of_type("AWS::Events::Rule") {
        let rule =
            TEMPLATE.properties(name, stack).unwrap_or_else(|error| panic!("{name}: {error}")).unwrap();
        if rule["EventPattern"].is_null() || rule["State"] == "DISABLED" {
            continue;
        }
        let pattern = Pattern::read(&rule["EventPattern"]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let [target] = rule["Targets"].as_array().unwrap().as_slice() else { panic!("{name}") };
        let queue = target["Arn"].as_str().unwrap().rsplit(':').next().unwrap();
        rules.insert(name.to_owned(), (pattern, queue.to_owned()));
    }
    rules
}

fn with(parameters: &[(&str, &str)]) -> Stack {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Stack { parameters: parameters.collect(), ..stack::stack() }
}

fn everywhere() -> Rules {
    rules(&with(&[("AllowDrain", "true")]))
}

/// The rules that let an event through.
fn passed<'rules>(rules: &'rules Rules, event: &Value) -> Vec<&'rules str> {
    rules.iter().filter(|(_, (pattern, _))| pattern.matches(event)).map(|(name, _)| name.as_str()).collect()
}

/// Samples that lead to nothing, and are kept out before they cost anything.
const KEPT_OUT: [&str; 17] = [
    "aws-health/rds-maintenance.json",
    "cloudtrail/run-task-throttled.json",
    "service-action/capacity-provider-steady-state-recommendations.json",
    "service-action/desired-count-updated-search.json",
    "service-action/rebalancing-completed-frontend.json",
    "service-action/rebalancing-started-frontend.json",
    "service-action/tasks-started-recommendations.json",
    "service-action/tasks-stopped-search.json",
    "service-action/taskset-steady-state-payments.json",
    "task-state-change/elb_health_check_failed-api-1-running.json",
    "task-state-change/elb_health_check_failed-api-2-deprovisioning.json",
    "task-state-change/pending-frontend-1.json",
    "task-state-change/spot_interrupted-recommendations-1-running.json",
    "task-state-change/unknown-payments-1-running.json",
    "unexpected/daemon-service-action.json",
    "unexpected/foreign-source.json",
    "unexpected/non-object-detail.json",
];

#[test]
fn every_sample_passes_the_one_rule_that_is_for_it_and_what_leads_to_nothing_passes_none() {
    let rules = everywhere();
    let mut kept_out = BTreeSet::new();
    for (name, event) in samples() {
        let passed = passed(&rules, &event);
        let of_call = match name.strip_prefix("cloudtrail/").unwrap_or_default() {
            "create-service-wishlist.json" | "update-service-checkout.json" => "DeploymentStartRule",
            "update-service-checkout-scaled.json" => "ScaleCallRule",
            "update-service-refused.json" | "stop-task-frontend.json" => "ServiceCallRule",
            "run-task-resource-memory.json" => "StartFailureRule",
            _ => "DeploymentCallRule",
        };
        let own = match event["detail-type"].as_str().unwrap() {
            "ECS Task State Change" => "TaskRule",
            "ECS Service Action" => "ServiceActionRule",
            "ECS Deployment State Change" => "DeploymentRule",
            "ECS Hook State Change" => "HookRule",
            "ECS Container Instance State Change" | "ECS Container Instance Health Change" => {
                "ContainerInstanceRule"
            }
            "AWS Health Event" => "HealthRule",
            "EC2 Spot Instance Interruption Warning" => "SpotRule",
            _ => of_call,
        };
        match passed.as_slice() {
            [] => drop(kept_out.insert(name)),
            passed => assert_eq!(passed, [own], "{name}"),
        }
    }
    let expected: BTreeSet<String> = KEPT_OUT.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(kept_out, expected);
    let opening = that_open_incidents();
    assert!(opening.len() > 40, "{}", opening.len());
    assert_eq!(opening.iter().find(|name| kept_out.contains(*name)), None, "it opens an incident");
}

#[test]
fn what_differs_in_source_or_detail_type_or_has_another_status_passes_no_rule() {
    let rules = everywhere();
    for (name, event) in samples().into_iter().filter(|(_, event)| !passed(&rules, event).is_empty()) {
        for (field, other) in [
            ("source", json!("com.example.shop")),
            ("source", json!("aws.ecs-anywhere")),
            ("detail-type", json!("ECS Task State Changes")),
            ("detail-type", json!("ECS Daemon Service Action")),
        ] {
            let mut event = event.clone();
            event[field] = other;
            assert_eq!(passed(&rules, &event), Vec::<&str>::new(), "{name}, {}", event[field]);
        }
        if event["detail-type"] != "ECS Task State Change" {
            continue;
        }
        for started_by in
            [None, Some("ecs-svc/1"), Some("steward/job/nightly"), Some("steward/rerun/1"), Some("ann")]
        {
            for status in [
                "PROVISIONING",
                "PENDING",
                "ACTIVATING",
                "RUNNING",
                "DEACTIVATING",
                "STOPPING",
                "DEPROVISIONING",
                "STOPPED",
            ] {
                let mut event = event.clone();
                event["detail"]["lastStatus"] = json!(status);
                event["detail"]["desiredStatus"] = json!("RUNNING");
                match started_by {
                    Some(by) => event["detail"]["startedBy"] = json!(by),
                    None => drop(event["detail"].as_object_mut().unwrap().remove("startedBy")),
                }
                let expected: &[&str] = match (status, started_by) {
                    ("RUNNING" | "STOPPED", Some("steward/job/nightly")) => &["JobTaskRule"],
                    ("STOPPED", _) | ("RUNNING", Some("ecs-svc/1")) => &["TaskRule"],
                    _ => &[],
                };
                assert_eq!(passed(&rules, &event), expected, "{name}, {status} by {started_by:?}");
            }
        }
    }
}

/// The stack that looks after an event's cluster alone; nothing where the event names none.
fn of_its_cluster(event: &Value) -> Option<Stack> {
    let text = event.to_string();
    let arns = text.split('"').filter_map(|text| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "ecs", region, account, rest] = parts.as_slice() else { return None };
        let mut rest = rest.split('/');
        let kinds = (rest.next()?, rest.next(), rest.next());
        let (("cluster", Some(cluster), None) | ("service" | "service-deployment", Some(cluster), Some(_))) =
            kinds
        else {
            return None;
        };
        Some((*partition, *region, *account, cluster))
    });
    let (partition, region, account, cluster) = arns.min_by_key(|(.., cluster)| cluster.len())?;
    Some(Stack {
        partition: partition.to_owned(),
        region: region.to_owned(),
        account: account.to_owned(),
        ..with(&[("AllowDrain", "true"), ("ClusterName", cluster)])
    })
}

#[test]
fn one_cluster_lets_its_own_events_through_and_those_of_no_other() {
    let everywhere = everywhere();
    let of_corpus = corpus().map(|corpus| events_of(&corpus.join("events"))).unwrap_or_default();
    let (mut bound, mut seen) = (0, BTreeSet::new());
    let mut of_job = samples()["task-state-change/out_of_memory-api-1.json"].clone();
    of_job["detail"]["startedBy"] = json!("steward/job/nightly");
    let of_job = ("a task of a job".to_owned(), of_job);
    for (name, event) in samples().into_iter().chain(of_corpus).chain([of_job]) {
        let all = passed(&everywhere, &event);
        let Some(own) = of_its_cluster(&event) else { continue };
        assert_eq!(passed(&rules(&own), &event), all, "{name}, {:?}", own.parameters);
        bound += usize::from(!all.is_empty());
        seen.extend(all.clone());
        let mut other = own;
        other.parameters.insert("ClusterName".to_owned(), "another".to_owned());
        assert_eq!(passed(&rules(&other), &event), Vec::<&str>::new(), "{name}");
    }
    assert!(bound > 60, "{bound}");
    // Announcements and warnings of Spot name no cluster.
    let unbound = ["HealthRule", "SpotRule"];
    let bindable: Vec<&str> =
        everywhere.keys().map(String::as_str).filter(|rule| !unbound.contains(rule)).collect();
    assert_eq!(Vec::from_iter(seen), bindable, "each rule was tried");
}

#[test]
fn announcements_about_ecs_pass_whatever_their_code_is() {
    let mut announced = samples()["aws-health/task-retirement-services.json"].clone();
    announced["detail"]["eventTypeCode"] = json!("AWS_ECS_SOMETHING_OF_TOMORROW");
    assert_eq!(passed(&everywhere(), &announced), ["HealthRule"]);
    announced["detail"]["service"] = json!("RDS");
    assert_eq!(passed(&everywhere(), &announced), Vec::<&str>::new());
}

#[test]
fn events_of_the_corpus_reach_who_handles_them_and_others_nobody() {
    let Some(corpus) = corpus() else { return };
    let rules = everywhere();
    let mut delivered = 0;
    for (name, event) in events_of(&corpus.join("events")) {
        let queues: Vec<&str> = passed(&rules, &event).iter().map(|name| rules[*name].1.as_str()).collect();
        // The model's own opinion of what reaches whom.
        let spot =
            event["source"] == "aws.ec2" && event["detail-type"] == "EC2 Spot Instance Interruption Warning";
        let expected = if spot { Some("events") } else { queue_of(&event) };
        assert_eq!(queues, Vec::from_iter(expected), "{name}");
        delivered += queues.len();
    }
    assert!(delivered > 30, "{delivered}");
}

#[test]
fn samples_reach_in_the_model_whom_they_reach_by_the_template() {
    let rules = everywhere();
    for (name, event) in samples() {
        // The model makes no such events.
        if name.starts_with("cloudtrail/") || event["source"] == "aws.ec2" {
            continue;
        }
        let queues: Vec<&str> = passed(&rules, &event).iter().map(|name| rules[*name].1.as_str()).collect();
        assert_eq!(queues, Vec::from_iter(queue_of(&event)), "{name}");
    }
}

#[test]
fn warnings_of_spot_come_only_where_hosts_may_be_drained() {
    let warning = &samples()["ec2-spot-interruption/warning-h1.json"];
    assert_eq!(passed(&everywhere(), warning), ["SpotRule"]);
    assert_eq!(passed(&rules(&with(&[])), warning), Vec::<&str>::new());
    let names: BTreeSet<String> = rules(&with(&[])).into_keys().collect();
    assert_eq!(names.len() + 1, everywhere().len());
}

#[test]
fn no_pattern_is_longer_than_eventbridge_takes() {
    // 2,048 characters, with the longest name that a cluster may have.
    let stack = with(&[("ClusterName", &"c".repeat(255))]);
    for name in TEMPLATE.of_type("AWS::Events::Rule") {
        let rule = TEMPLATE.properties(name, &stack).unwrap().unwrap();
        let length = rule["EventPattern"].to_string().len();
        assert!(length <= 2_048, "{name}: {length}");
    }
}

#[test]
fn the_matcher_agrees_with_every_case_of_the_corpus() {
    let Some(corpus) = corpus() else { return };
    let text = std::fs::read_to_string(corpus.join("event-patterns.json")).unwrap();
    let cases: Vec<(String, Value, Value, bool)> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 26);
    for (name, pattern, event, matches) in cases {
        let pattern = Pattern::read(&pattern).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(pattern.matches(&event), matches, "{name}");
    }
}
