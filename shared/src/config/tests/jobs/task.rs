//! What a job's tasks are: texts, tags, and on what they run.

use super::*;

#[test]
fn names_in_texts_stand_for_something() {
    let known =
        "names here: date, job, scheduled_time, run_id, attempt, index, size; `$${` stands for `${` itself";
    for (keys, begins) in [
        (json!({"command": ["a", "${dat}"]}), format!("command[1]: there is no parameter `dat`; {known}")),
        (
            json!({"environment": {"A": "${x}"}}),
            "environment.A: there is no parameter `x`; names here: ".to_owned(),
        ),
        (json!({"tags": {"a": "${x}"}}), "tags.a: there is no parameter `x`; names here: ".to_owned()),
        (json!({"command": ["${date"]}), "command[0]: `${` without `}` behind it".to_owned()),
        (json!({"command": ["${date:-1}"]}), "command[0]: `${date:-1}` names no parameter".to_owned()),
        (json!({"command": ["${index}"]}), "command[0]: `${index}` is for jobs with an `array`".to_owned()),
        (
            json!({"count": 9, "tags": {"a": "${index}"}}),
            "tags.a: `${index}` is for jobs with an `array`".to_owned(),
        ),
        (
            json!({"parameters": {"size": "1"}}),
            "parameters.size: every run knows this one by itself".to_owned(),
        ),
        (json!({"parameters": {"a-b": "1"}}), "parameters.a-b: no name of a parameter".to_owned()),
        (json!({"parameters": {"a": "${date}"}}), "parameters.a: `${` in a value".to_owned()),
        (
            json!({"parameters": {"a": "x".repeat(1_025)}}),
            "parameters.a: a value of more than 1024".to_owned(),
        ),
    ] {
        let mut keys = keys;
        if keys["parameters"].is_null() {
            keys["parameters"] = json!({"date": "today"});
        }
        check(&keys, &begins);
    }
    for good in [
        json!({"command": ["${date}", "$${date", "$HOME", "${attempt}"], "parameters": {"date": ""}}),
        json!({"array": 2, "command": ["${index}"], "environment": {"A": "${size}"}, "tags": {"a": "${run_id}"}}),
    ] {
        assert_eq!(file(jobs(&[job(&good)])).check().err(), None, "{good}");
    }
}

#[test]
fn environments_and_tags_are_what_ecs_takes() {
    let many: BTreeMap<String, &str> = (0..51).map(|n| (format!("key-{n}"), "x")).collect();
    for (keys, begins) in [
        (json!({"environment": {"": "x"}}), "environment: `` is no name of an environment variable"),
        (json!({"environment": {"A=B": "x"}}), "environment: `A=B` is no name"),
        (
            json!({"environment": {"STEWARD_JOB": "x"}}),
            "environment.STEWARD_JOB: names that begin with `STEWARD_`",
        ),
        (json!({"tags": many}), "tags: 51 tags; ECS takes 50 of a task"),
        (json!({"tags": {"AWS:x": "y"}}), "tags.AWS:x: AWS keeps keys that begin with `aws:`"),
        (json!({"tags": {"": "y"}}), "tags.: no key of a tag: 1 to 128 letters"),
        (json!({"tags": {"a".repeat(129): "y"}}), &format!("tags.{}: no key of a tag", "a".repeat(129))),
        (json!({"tags": {"a": "x".repeat(257)}}), "tags.a: no value of a tag: at most 256 letters"),
        (json!({"tags": {"a": "x;y"}}), "tags.a: no value of a tag"),
    ] {
        check(&keys, begins);
    }
}

#[test]
fn overrides_that_cannot_fit_are_refused_by_what_is_known_of_them() {
    let braces = r#"{"containerOverrides":[{"command":[""],"name":""}]}"#.len();
    let fits = "x".repeat(8_192 - braces);
    assert_eq!(file(jobs(&[job(&json!({"command": [fits]}))])).check().err(), None);
    let names = format!("${{scheduled_time}}{fits}");
    assert_eq!(file(jobs(&[job(&json!({"command": [names]}))])).check().err(), None, "a name may be short");
    check(
        &json!({"command": [format!("{fits}x")]}),
        "command: 8193 characters with `environment`, as JSON; ECS takes 8192",
    );
    check(&json!({"environment": {"A": "x".repeat(8_200)}}), "environment: ");
}

#[test]
fn a_strategy_is_what_ecs_takes() {
    let many: Vec<Value> = (0..21).map(|n| json!({"provider": format!("p-{n}")})).collect();
    for (providers, begins) in [
        (json!([]), "capacity_providers: names no provider"),
        (json!(many), "capacity_providers: 21 providers; ECS takes 20"),
        (
            json!([{"provider": "a"}, {"provider": "a"}]),
            "capacity_providers[1].provider: `a` stands here twice",
        ),
        (
            json!([{"provider": "a b"}]),
            "capacity_providers[0].provider: no name of a capacity provider like `a b`",
        ),
        (
            json!([{"provider": "a", "weight": 1_001}]),
            "capacity_providers[0].weight: 1001 is not between 0 and 1000",
        ),
        (
            json!([{"provider": "a", "base": 100_001}]),
            "capacity_providers[0].base: 100001 is not between 0 and 100000",
        ),
        (
            json!([{"provider": "a", "weight": 0}, {"provider": "b", "weight": 0}]),
            "capacity_providers: every `weight` is 0",
        ),
        (
            json!([{"provider": "a", "base": 1}, {"provider": "b", "base": 1}]),
            "capacity_providers: more than one provider has a `base`",
        ),
        (
            json!([{"provider": "a"}, {"provider": "FARGATE"}]),
            "capacity_providers: mixes Fargate with providers of your own",
        ),
    ] {
        check(&json!({"capacity_providers": providers, "network": {"subnets": ["subnet-0"]}}), begins);
    }
    let both = json!({"launch_type": "EC2", "capacity_providers": [{"provider": "a"}]});
    check(&both, "launch_type: stands beside `capacity_providers`");
    assert_eq!(one(&json!({"launch_type": "EC2"})).task.capacity, Capacity::LaunchType("EC2".into()));
}

#[test]
fn fargate_gets_what_it_has() {
    let fargate = |keys: Value| {
        let mut all = json!({"launch_type": "FARGATE", "network": {"subnets": ["subnet-0"]}});
        all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        all
    };
    let spot = json!([{"provider": "FARGATE_SPOT"}]);
    for (keys, begins) in [
        (json!({"launch_type": "FARGATE"}), "network: is missing: tasks on Fargate"),
        (json!({"capacity_providers": spot}), "network: is missing: tasks on Fargate"),
        (fargate(json!({"cpu": 300})), "cpu: Fargate has no tasks of 300 CPU units, but of 256, 512, 1024"),
        (
            fargate(json!({"cpu": 256, "memory": 4_096})),
            "memory: Fargate has no tasks of 256 CPU units and 4096 MiB; with so many units it has 512, 1024, 2048 MiB",
        ),
        (
            fargate(json!({"launch_type": null, "capacity_providers": spot, "cpu": 1_024, "memory": 1_024})),
            "memory: Fargate has no tasks of 1024 CPU units and 1024 MiB; with so many units it has 2048 to 8192 in steps",
        ),
        (
            json!({"launch_type": "EC2", "platform_version": "LATEST"}),
            "platform_version: only Fargate has platform versions",
        ),
    ] {
        check(&keys, begins);
    }
    for good in [
        fargate(json!({"cpu": 256, "memory": 2_048})),
        fargate(json!({"memory": 4_000})),
        json!({"cpu": 300, "memory": 4_000}),
        json!({"launch_type": "EC2", "cpu": 300, "memory": 4_000}),
    ] {
        assert_eq!(file(jobs(&[job(&good)])).check().err(), None, "{good}");
    }
}
