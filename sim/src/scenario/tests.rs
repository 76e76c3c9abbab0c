//! Each scenario, in each mode that it names.

use super::*;

fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{}/scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scenarios.md")).unwrap()
}

/// Plays a scenario under everybody: what it expects must come, and the page must say how long it took.
#[track_caller]
fn check(name: &str) {
    let scenario = Scenario::read(&format!("{name}.yaml"), &text(name)).unwrap();
    let played: Vec<Played> = runs(&scenario).into_iter().map(|run| play(&scenario, run).unwrap()).collect();
    let mut problems = Vec::new();
    for (mode, expected) in scenario.modes() {
        let of_mode = played.iter().find(|played| played.run == Run::Steward(mode)).unwrap();
        problems.extend(of_mode.unmet(expected).iter().map(|unmet| format!("{}.{unmet}", mode.as_str())));
    }
    assert!(problems.is_empty(), "{name}:\n{}", problems.join("\n"));
    let section = section(&scenario, &played);
    assert!(
        page().contains(&section),
        "`steward demo --write-scenarios docs/scenarios.md` would write:\n{section}"
    );
}

#[test]
fn the_page_has_nothing_else() {
    let all = Scenario::all().unwrap();
    let titles: Vec<String> = all.iter().map(|scenario| format!("## {}", scenario.title())).collect();
    let page = page();
    assert_eq!(page.lines().filter(|line| line.starts_with("## ")).collect::<Vec<_>>(), titles);
    assert!(page.starts_with(&document(&[])));
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn every_file_is_a_test() {
            let names: Vec<String> = Scenario::all().unwrap().into_iter().map(|scenario| scenario.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

scenarios! {
    agent_alone
    agent_flaps
    bad_image_everywhere
    breaker_without_rollback
    budget_spent
    code_deploy
    crash_after_completion
    deployed_by
    freeze
    good_revision_gone
    hook_answered_elsewhere
    hook_approved
    hook_rejected
    hook_timed_out
    host_cut_off
    host_fails
    hung_task
    image_not_found
    image_not_found_with_breaker
    memory_capped
    memory_leak
    memory_observed
    memory_of_a_new_revision
    memory_proposed
    no_room_agent_lost
    no_room_on_hosts
    old_revision_fails_too
    paused
    person_in_between
    person_was_faster
    proposed_and_approved
    retirement_notice
    rollback_does_not_help
    secret_deleted
    spot_gone
    spot_gone_for_long
    spot_host
    spot_person_decides
    spot_task_declared
    spot_task_undeclared
    stack_in_progress
    starts_fail_for_hours
    starts_fail_raised_again
    starts_fail_scaled
    starts_fail_to_zero
    stopped_by_hand
    stuck_deployment
    two_hosts_fail
    zone_lost
    zone_of_hosts_lost
}

#[track_caller]
fn wrong(text: &str) -> String {
    Scenario::read("mine.yaml", text).unwrap_err().to_string()
}

const SMALL: &str = r#"
title: t
why: w
task_definitions: { api: [serves] }
services: { api: { runs: "api:1", desired: 1 } }
happenings: [{ at: 0s, scale: { service: api, desired: 2 } }]
watch: 30m
expect: { observe: { remedies: [] } }
"#;

#[test]
fn what_is_wrong_is_told_by_file_and_field() {
    assert!(Scenario::read("mine.yaml", SMALL).is_ok());
    for (from, to, told) in [
        ("desired: 2", "wanted: 2", "mine.yaml: happenings[0].scale"),
        ("\"api:1\"", "\"api:2\"", "mine.yaml: services.api.runs: `api:2` is no revision"),
        ("service: api,", "service: web,", "mine.yaml: happenings[0].scale.service: `web` is none of"),
        ("at: 0s, ", "", "mine.yaml: happenings[0].at: either `at` or `when`"),
        ("[serves]", "[dances]", "mine.yaml: task_definitions.api[0]: unknown variant `dances`"),
        ("watch: 30m", "watch: long", "mine.yaml: watch: "),
        ("watch: 30m", "watch: 30m\npolicy: { defaults: { bake: 1s } }", "mine.yaml: policy.defaults.bake: "),
        ("watch: 30m", "watch: 30m\npolicy: { servces: [] }", "mine.yaml: policy"),
        ("title: t", "title: t\ntitle: u", "mine.yaml: "),
    ] {
        let said = wrong(&SMALL.replace(from, to));
        assert!(said.starts_with(told), "{said}");
    }
}

#[test]
fn ids_of_tasks_are_cut_short_and_nothing_else_is() {
    let long = "would RunTask api:1 like 13a16201310d9aba683409b1f2fb545f, but (0a1b2c3d) decided";
    assert_eq!(short_ids(long), "would RunTask api:1 like 13a16201…, but (0a1b2c3d) decided");
}

#[test]
fn a_world_is_the_same_each_time() {
    let scenario = Scenario::read("image_not_found.yaml", &text("image_not_found")).unwrap();
    let run = Run::Steward(Mode::Act);
    let entries = |played: Played| played.entries;
    assert_eq!(entries(play(&scenario, run).unwrap()), entries(play(&scenario, run).unwrap()));
}

#[test]
fn what_does_not_come_as_expected_is_named() {
    let expects = r#"expect: { observe: { remedies: [{ call: "StopTask *" }], held: [paused], runs: { api: "api:1" }, incidents: 3 } }"#;
    let changed = SMALL.replace("expect: { observe: { remedies: [] } }", expects);
    let scenario = Scenario::read("mine.yaml", &changed).unwrap();
    let played = play(&scenario, Run::Steward(Mode::Observe)).unwrap();
    let (_, expected) = scenario.modes().next().unwrap();
    let fields: Vec<String> = played.unmet(expected).into_iter().map(|unmet| unmet.field).collect();
    assert_eq!(fields, ["remedies", "held", "incidents"]);
}
