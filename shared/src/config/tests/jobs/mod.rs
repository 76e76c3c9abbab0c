//! `jobs`: what they say in the place of the defaults, and which cannot be.

mod task;

use std::collections::BTreeMap;

use super::*;
use crate::batch::{
    Backoff, Breaker, Capacity, Concurrency, EndingKind, Job, JobName, JobNetwork, JobRules, RetryRule,
    Schedule, Size, StrategyItem, Success, TaskSpec, Then, Timetable, Trigger,
};
use crate::config::Glob;
use crate::diagnosis::Cause;

/// A job with what it needs, and these keys.
fn job(keys: &Value) -> Value {
    let mut job = json!({"name": "etl", "cluster": "batch", "task_definition": "etl"});
    job.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    job
}

fn jobs(jobs: &[Value]) -> Value {
    json!({"version": 1, "jobs": jobs})
}

fn one(keys: &Value) -> Job {
    let jobs = file(jobs(&[job(keys)])).check().unwrap().jobs;
    jobs.get(&JobName::parse("etl").unwrap()).unwrap().clone()
}

/// The faults of one job, without the beginning that all have.
fn faults_of(keys: &Value) -> Vec<String> {
    let told = faults(jobs(&[job(keys)]));
    told.iter().map(|fault| fault.strip_prefix("jobs[0].").unwrap_or(fault).to_owned()).collect()
}

/// The one fault of a job, which begins so.
#[track_caller]
fn check(keys: &Value, begins: &str) {
    let told = faults_of(keys);
    assert!(told.len() == 1 && told[0].starts_with(begins), "{keys}: {told:?}");
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn whole() -> Value {
    json!({
        "name": "nightly-etl", "schedule": "cron(0 2 * * ? *)", "time_zone": "Europe/Berlin",
        "start": "2026-12-01T00:00:00+01:00", "end": "2027-12-01T00:00:00Z", "suspend": "on",
        "cluster": "batch", "task_definition": "etl:17", "container": "etl",
        "command": ["etl", "--date", "${scheduled_time}", "$${HOME}"],
        "environment": {"SHARD": "${index}/${size}", "DATE": "${date}"},
        "cpu": 1024, "memory": 3072,
        "task_role": "arn:aws:iam::123456789012:role/etl", "execution_role": "arn:aws:iam::123456789012:role/run",
        "capacity_providers": [{"provider": "FARGATE_SPOT", "weight": 3}, {"provider": "FARGATE", "base": 2}],
        "network": {"subnets": ["subnet-0b", "subnet-0a"], "security_groups": ["sg-1"], "public_ip": "on"},
        "platform_version": "1.4.0", "tags": {"team": "data", "run": "${run_id}"}, "execute_command": "on",
        "array": 40, "parameters": {"date": "today"}, "parallel": 20, "concurrency": "queue",
        "starting_deadline": "1h", "late": "5m", "provision_timeout": "20m", "run_timeout": "2h",
        "max_attempts": 5, "backoff": {"first": "1m", "most": "1h"},
        "retry": [
            {
                "causes": ["out_of_memory", "run_timeout", "provision_timeout"], "exit_codes": [1, "75-78", "2"],
                "reason": "*connection reset*", "then": "retry", "on_demand": "on", "memory": "150%",
            },
            {"causes": ["segfault"], "then": "fail"}, {"exit_codes": [3], "then": "ignore"}, {"then": "skip"},
        ],
        "on_demand_after": "off", "success": {"at_least": 38}, "breaker": {"failures": 3, "pause": "1d"},
        "no_success": "26h",
    })
}

fn task() -> TaskSpec {
    TaskSpec {
        cluster: "batch".into(),
        task_definition: "etl:17".into(),
        container: Some("etl".into()),
        command: Some(["etl", "--date", "${scheduled_time}", "$${HOME}"].map(str::to_owned).into()),
        environment: texts(&[("DATE", "${date}"), ("SHARD", "${index}/${size}")]),
        cpu: Some(1_024),
        memory: Some(3_072),
        task_role: Some("arn:aws:iam::123456789012:role/etl".into()),
        execution_role: Some("arn:aws:iam::123456789012:role/run".into()),
        capacity: Capacity::Strategy(vec![
            StrategyItem { provider: "FARGATE_SPOT".into(), weight: 3, base: 0 },
            StrategyItem { provider: "FARGATE".into(), weight: 1, base: 2 },
        ]),
        network: Some(JobNetwork {
            subnets: vec!["subnet-0b".into(), "subnet-0a".into()],
            security_groups: vec!["sg-1".into()],
            public_ip: true,
        }),
        platform_version: Some("1.4.0".into()),
        tags: texts(&[("run", "${run_id}"), ("team", "data")]),
        execute_command: true,
    }
}

fn rules() -> JobRules {
    let rule = |endings: &[EndingKind], then| RetryRule {
        endings: endings.iter().copied().collect(),
        exit_codes: Vec::new(),
        reason: None,
        then,
    };
    let again = Then::Retry { on_demand: true, memory_percent: 150 };
    let causes =
        [EndingKind::Cause(Cause::OutOfMemory), EndingKind::RunTimeout, EndingKind::ProvisionTimeout];
    JobRules {
        concurrency: Concurrency::Queue,
        starting_deadline: SignedDuration::from_hours(1),
        late: SignedDuration::from_mins(5),
        parallel: 20,
        provision_timeout: SignedDuration::from_mins(20),
        run_timeout: Some(SignedDuration::from_hours(2)),
        max_attempts: 5,
        backoff: Backoff { first: SignedDuration::from_mins(1), most: SignedDuration::from_hours(1) },
        retry: vec![
            RetryRule {
                exit_codes: vec![1..=1, 75..=78, 2..=2],
                reason: Some(Glob::new("*connection reset*")),
                ..rule(&causes, again)
            },
            rule(&[EndingKind::Cause(Cause::Segfault)], Then::Fail),
            RetryRule { exit_codes: vec![3..=3], ..rule(&[], Then::Ignore) },
            rule(&[], Then::Skip),
        ],
        on_demand_after: None,
        success: Success::AtLeast(38),
        breaker: Some(Breaker { failures: 3, pause: SignedDuration::from_hours(24) }),
        no_success: Some(SignedDuration::from_hours(26)),
    }
}

#[test]
fn every_key_reaches_its_setting_and_is_written_back() {
    let configuration = file(jobs(&[whole()])).check().unwrap();
    let name = JobName::parse("nightly-etl").unwrap();
    let expected = Job {
        name: name.clone(),
        trigger: Trigger::Schedule(Timetable {
            schedule: Schedule::parse("cron(0 2 * * ? *)", "Europe/Berlin").unwrap(),
            start: Some("2026-11-30T23:00:00Z".parse().unwrap()),
            end: Some("2027-12-01T00:00:00Z".parse().unwrap()),
        }),
        suspended: true,
        task: task(),
        size: Size::Array(40),
        parameters: texts(&[("date", "today")]),
        rules: rules(),
    };
    assert_eq!(configuration.jobs.get(&name), Some(&expected));
    let written = File::of(&configuration);
    assert_eq!(written.check(), Ok(configuration));
    let written = serde_json::to_value(written).unwrap();
    assert_eq!(written["jobs"][0]["start"], "2026-11-30T23:00:00Z");
    assert_eq!(written["jobs"][0]["retry"][0]["exit_codes"], json!([1, "75-78", 2]));
    assert_eq!(file(written.clone()).check(), file(jobs(&[whole()])).check());
}

#[test]
fn a_job_that_says_only_what_it_must_has_the_defaults() {
    let plain = one(&json!({}));
    assert_eq!(
        (plain.trigger, plain.suspended, plain.size, &plain.rules),
        (Trigger::Demand, false, Size::Count(1), &JobRules::default())
    );
    assert_eq!(plain.task.capacity, Capacity::AsCluster);
    let said = one(&json!({
        "schedule": null, "after": null, "suspend": "off", "count": 1, "parallel": 100, "concurrency": "forbid",
        "starting_deadline": "30m", "late": "10m", "provision_timeout": "15m", "run_timeout": "off", "max_attempts": 3,
        "backoff": {"first": "30s", "most": "15m"}, "retry": [], "on_demand_after": 2, "success": "all",
        "breaker": null, "no_success": "off", "execute_command": "off", "environment": {}, "tags": {}, "parameters": {},
    }));
    assert_eq!(said, one(&json!({})), "the manual's defaults are those in force");
    let breaker = one(&json!({"breaker": {}})).rules.breaker;
    assert_eq!(breaker, Some(Breaker { failures: 5, pause: SignedDuration::from_hours(6) }));
    let backoff = one(&json!({"backoff": {"first": "1h"}})).rules.backoff;
    assert_eq!(backoff.most, SignedDuration::from_hours(1), "never shorter than the first");
    let plain = file(jobs(&[job(&json!({}))])).check().unwrap();
    assert_eq!(File::of(&plain).check(), Ok(plain));
}

#[test]
fn the_bounds_themselves_are_allowed_and_what_is_beyond_is_not() {
    let long = 33_554_432;
    for (key, least, below, most, above) in [
        ("count", json!(1), json!(0), json!(1_000), json!(1_001)),
        ("array", json!(1), json!(0), json!(10_000), json!(10_001)),
        ("cpu", json!(128), json!(127), json!(196_608), json!(196_609)),
        ("memory", json!(6), json!(5), json!(long), json!(long + 1)),
        ("parallel", json!(1), json!(0), json!(10_000), json!(10_001)),
        ("starting_deadline", json!("2m"), json!("1m59s"), json!("7d"), json!("7d1s")),
        ("late", json!("2m"), json!("1m59s"), json!("7d"), json!("7d1s")),
        ("provision_timeout", json!("2m"), json!("1m59s"), json!("1d"), json!("1d1s")),
        ("run_timeout", json!("1m"), json!("59s"), json!("30d"), json!("30d1s")),
        ("max_attempts", json!(1), json!(0), json!(10), json!(11)),
        ("on_demand_after", json!(1), json!(0), json!(10), json!(11)),
        ("no_success", json!("10m"), json!("9m59s"), json!("400d"), json!("401d")),
        ("backoff.first", json!("0s"), json!("6h1s"), json!("6h"), json!("7h")),
        ("backoff.most", json!("0s"), json!("1d1s"), json!("1d"), json!("2d")),
        ("breaker.failures", json!(1), json!(0), json!(100), json!(101)),
        ("breaker.pause", json!("10m"), json!("9m"), json!("30d"), json!("31d")),
    ] {
        let keys = |value: &Value| match key.split_once('.') {
            Some(("backoff", "most")) => json!({"backoff": {"first": "0s", "most": value}}),
            Some((section, key)) => json!({section: {key: value}}),
            None => json!({key: value}),
        };
        for good in [&least, &most] {
            assert!(file(jobs(&[job(&keys(good))])).check().is_ok(), "{key}: {good}");
        }
        for bad in [below, above] {
            let begins = format!("{key}: {bad} is not between {least} and {most}: ").replace('"', "");
            check(&keys(&bad), &begins);
        }
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_would_be_right() {
    for (keys, begins) in [
        (json!({"name": ""}), "name: no name of a job, such as `nightly-etl`"),
        (json!({"name": "-etl"}), "name: no name of a job"),
        (json!({"name": "etl_1"}), "name: no name of a job"),
        (json!({"name": "a".repeat(49)}), "name: no name of a job"),
        (json!({"cluster": "my batch"}), "cluster: no cluster is `my batch`: write its name"),
        (json!({"cluster": "arn:aws:ecs:eu:1:service/batch"}), "cluster: no cluster is `arn:"),
        (
            json!({"task_definition": "etl:0"}),
            "task_definition: no task definition is `etl:0`: write a family",
        ),
        (json!({"task_definition": "etl:latest"}), "task_definition: no task definition is"),
        (json!({"container": "a.b"}), "container: no container is called `a.b`"),
        (json!({"task_role": "etl"}), "task_role: `etl` is no ARN of a role"),
        (
            json!({"execution_role": "arn:aws:iam::1:user/x"}),
            "execution_role: `arn:aws:iam::1:user/x` is no ARN",
        ),
        (json!({"platform_version": "1.4"}), "platform_version: no platform version is `1.4`"),
        (json!({"network": {"subnets": []}}), "network.subnets: 0 subnets; ECS takes 1 to 16"),
        (json!({"count": 2, "array": 2}), "count: stands beside `array`"),
        (json!({"success": {"at_least": 2}}), "success.at_least: 2 is not between 1 and 1: "),
        (json!({"array": 40, "success": {"at_least": 41}}), "success.at_least: 41 is not between 1 and 40: "),
        (json!({"backoff": {"first": "1h", "most": "30m"}}), "backoff.most: is shorter than `first`, 1h"),
    ] {
        check(&keys, begins);
    }
    for good in [
        json!({"cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/batch"}),
        json!({"task_definition": "arn:aws:ecs:eu-central-1:123456789012:task-definition/etl:3"}),
        json!({"platform_version": "LATEST"}),
        json!({"name": "9-Etl"}),
    ] {
        assert_eq!(file(jobs(&[job(&good)])).check().err(), None, "{good}");
    }
}

#[test]
fn a_job_runs_by_a_schedule_or_after_others() {
    for (keys, begins) in [
        (json!({"schedule": "rate(1 hour)", "after": ["etl"]}), "after: "),
        (json!({"after": []}), "after: names no job"),
        (json!({"time_zone": "Europe/Berlin"}), "time_zone: has no effect without `schedule`"),
        (json!({"start": "2026-12-01T00:00:00Z"}), "start: has no effect without `schedule`"),
        (
            json!({"schedule": "rate(1 hour)", "start": "tomorrow"}),
            "start: `tomorrow` is no moment such as 2026-12-01T00:00:00Z",
        ),
        (json!({"schedule": "rate(1 hour)", "end": "2026-12-01"}), "end: `2026-12-01` is no moment"),
        (
            json!({"schedule": "rate(1 hour)", "start": "2026-12-02T00:00:00Z", "end": "2026-12-01T00:00:00Z"}),
            "end: is before `start`",
        ),
    ] {
        let told = faults_of(&keys);
        assert!(told[0].starts_with(begins), "{keys}: {told:?}");
    }
}

/// Jobs by name, each with those that it follows.
fn following(after: &[(&str, &[&str])]) -> Vec<String> {
    let all: Vec<Value> = after
        .iter()
        .map(|(name, after)| {
            let after = Some(after).filter(|after| !after.is_empty());
            job(&json!({"name": name, "after": after}))
        })
        .collect();
    match file(jobs(&all)).check() {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn jobs_follow_jobs_that_are_there_and_never_themselves() {
    assert_eq!(following(&[("a", &[]), ("b", &["a"]), ("c", &["a", "b"]), ("d", &["b", "c"])]), [""; 0]);
    let none_runs = "each waits for the next, and none would ever run";
    for (after, told) in [
        (&[("a", &["b"][..])][..], vec!["jobs[0].after[0]: there is no job `b`".to_owned()]),
        (
            &[("b", &[]), ("a", &["b", "b"])],
            vec!["jobs[1].after[1]: the job `b` stands there twice".to_owned()],
        ),
        (&[("a", &["a"])], vec!["jobs[0].after: the job itself: it would never run".to_owned()]),
        (
            &[("c", &["a"]), ("a", &["b"]), ("b", &["c"]), ("behind", &["a"]), ("x", &[])],
            vec![format!("jobs[0].after: a circle, c → a → b → c: {none_runs}")],
        ),
        (
            &[("d", &["c"]), ("a", &["b"]), ("b", &["a"]), ("c", &["d"])],
            vec![
                format!("jobs[1].after: a circle, a → b → a: {none_runs}"),
                format!("jobs[0].after: a circle, d → c → d: {none_runs}"),
            ],
        ),
    ] {
        assert_eq!(following(after), told);
    }
}

#[test]
fn a_thousand_jobs_may_follow_each_other_and_no_more() {
    let chain = |count: usize| -> Vec<String> {
        let all: Vec<Value> = (0..count)
            .map(|n| {
                job(&json!({"name": format!("j-{n}"), "after": n.checked_sub(1).map(|n| [format!("j-{n}")])}))
            })
            .collect();
        file(jobs(&all)).check().err().unwrap_or_default().iter().map(ToString::to_string).collect()
    };
    assert_eq!(chain(1_000), [""; 0]);
    assert!(chain(1_001)[0].starts_with("jobs: 1001 jobs; at most 1000: "));
}

#[test]
fn of_two_jobs_with_one_name_the_second_is_refused() {
    let told = faults(jobs(&[job(&json!({})), job(&json!({"name": "b"})), job(&json!({}))]));
    assert_eq!(
        told,
        ["jobs[2].name: a job before it is called `etl`, too: what a job did is known by its name"]
    );
}

#[test]
fn rules_of_retry_are_reached_and_say_what_can_be() {
    let many: Vec<Value> = (1..=51).map(|n| json!({"exit_codes": [n], "then": "fail"})).collect();
    for (rules, begins) in [
        (json!(many), "retry: 51 rules; at most 50"),
        (json!([{"then": "fail"}, {"causes": ["killed"], "then": "retry"}]), "retry[1]: is never reached"),
        (
            json!([{"causes": ["killed", "segfault"], "then": "fail"}, {"causes": ["segfault", "killed"], "then": "skip"}]),
            "retry[1]: is never reached",
        ),
        (json!([{"reason": "", "then": "fail"}]), "retry[0].reason: no reason is like this"),
        (json!([{"then": "fail", "on_demand": "on"}]), "retry[0].on_demand: is for `then: retry`"),
        (json!([{"then": "skip", "memory": "150%"}]), "retry[0].memory: is for `then: retry`"),
        (json!([{"then": "retry", "memory": "99%"}]), "retry[0].memory: 99% is not between 100% and 1000%: "),
        (
            json!([{"then": "retry", "memory": "1001%"}]),
            "retry[0].memory: 1001% is not between 100% and 1000%: ",
        ),
    ] {
        check(&json!({"retry": rules}), begins);
    }
}

#[test]
fn what_has_another_form_is_refused_in_words_for_people() {
    for (keys, problem) in [
        (json!({"concurrency": true}), "boolean `true`, expected `allow`, `forbid`, `replace` or `queue`"),
        (
            json!({"concurrency": "wait"}),
            "unknown variant `wait`, expected one of `allow`, `forbid`, `replace`, `queue`",
        ),
        (
            json!({"launch_type": "fargate"}),
            "unknown variant `fargate`, expected one of `FARGATE`, `EC2`, `EXTERNAL`",
        ),
        (json!({"run_timeout": 7}), "`7` has no unit; write `7s`"),
        (json!({"run_timeout": false}), "boolean `false`, expected a duration such as `2h`, or `off`"),
        (json!({"no_success": "never"}), "`never` is no duration"),
        (json!({"on_demand_after": "2"}), "string \"2\", expected a whole number, or `off`"),
        (
            json!({"success": 3}),
            "integer `3`, expected `all`, or `at_least:` with a number of tasks below it",
        ),
        (json!({"success": "most"}), "write `all`, or `at_least:`"),
        (json!({"success": {"least": 3}}), "unknown field `least`, expected `at_least`"),
        (json!({"retry": [{"causes": ["killed"]}]}), "missing field `then`"),
        (json!({"retry": [{"then": null}]}), "null, expected `retry`, `fail`, `ignore` or `skip`"),
        (
            json!({"retry": [{"then": "retry", "causes": ["oom"]}]}),
            "unknown variant `oom`, expected one of `image_not_found`",
        ),
        (json!({"retry": [{"then": "retry", "exit_codes": [0]}]}), "0 is the exit code of what did not fail"),
        (json!({"retry": [{"then": "retry", "exit_codes": ["7-3"]}]}), "`7-3` begins behind its end"),
        (json!({"retry": [{"then": "retry", "exit_codes": ["+7"]}]}), "`+7` is no exit code"),
        (
            json!({"retry": [{"then": "retry", "exit_codes": [3_000_000_000_u32]}]}),
            "`3000000000` is no exit code",
        ),
        (json!({"retry": [{"then": "retry", "memory": 150}]}), "`150` has no unit; write `150%`"),
        (json!({"retry": [{"then": "retry", "memory": "+1%"}]}), "`+1%` is no percentage"),
        (json!({"environment": {"A": 7}}), "integer `7`, expected a string"),
        (json!({"capacity_providers": [{"weight": 1}]}), "missing field `provider`"),
        (json!({"cluster": null}), "null, expected a string"),
    ] {
        let error = serde_json::from_value::<File>(jobs(&[job(&keys)])).unwrap_err().to_string();
        assert!(error.contains(problem), "{keys}: {error}");
    }
}
