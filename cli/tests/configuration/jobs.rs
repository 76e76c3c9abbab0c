//! What `jobs` says of batch jobs.

use serde_json::{Value, json};

use super::{check, schema, validate};

#[test]
fn each_fault_of_jobs_has_its_line_column_and_words() {
    for (text, told) in [
        ("version: 1\njobs:\n- name: etl\n  cluster: batch\n", "3:3: jobs[0]: `task_definition` is missing"),
        (
            "version: 1\njobs:\n- {name: etl, cluster: batch, task_definition: etl, comand: [a]}\n",
            "3:53: jobs[0]: unknown key `comand`; did you mean `command`?",
        ),
        (
            "version: 1\njobs:\n- {name: etl, cluster: batch, task_definition: etl, command: [a, \"${x}\"]}\n",
            "3:66: jobs[0].command[1]: there is no parameter `x`; names here: job, scheduled_time, run_id, attempt, index, size; \
             `$${` stands for `${` itself",
        ),
        // What only follows from another fault is not told.
        (
            "version: 1\njobs:\n- {name: 7, cluster: batch, task_definition: etl}\n",
            "3:10: jobs[0].name: found integer `7`, expected a string",
        ),
        (
            "version: 1\njobs:\n- {name: etl, cluster: batch, task_definition: etl, parameters: {x: 7}, command: [\"${x}\"]}\n",
            "3:69: jobs[0].parameters.x: found integer `7`, expected a string",
        ),
        (
            "version: 1\njobs:\n- 7\n- {name: b, cluster: batch, task_definition: etl, after: [a]}\n",
            "3:3: jobs[0]: found integer `7`, expected keys with their values below it",
        ),
        (
            "version: 1\njobs:\n- {name: a, cluster: batch, task_definition: etl, after: [b]}\n\
             - {name: b, cluster: batch, task_definition: etl, after: [a, c]}\n",
            "3:58: jobs[0].after: a circle, a → b → a: each waits for the next, and none would ever run\n\
             4:62: jobs[1].after[1]: there is no job `c`",
        ),
        (
            "version: 1\njobs:\n- name: a\n  cluster: batch\n  task_definition: etl\n  run_timeout: never\n  launch_type: FARGTE\n  \
             retry:\n  - {causes: [run_timout, oom], exit_codes: [a, 0], then: again, memory: 150}\n",
            "6:16: jobs[0].run_timeout: `never` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`\n\
             7:16: jobs[0].launch_type: unknown value `FARGTE`; values here: FARGATE, EC2, EXTERNAL\n\
             9:15: jobs[0].retry[0].causes[0]: unknown value `run_timout`; did you mean `run_timeout`?\n\
             9:27: jobs[0].retry[0].causes[1]: unknown value `oom`; docs/causes.md has all that there are\n\
             9:46: jobs[0].retry[0].exit_codes[0]: `a` is no exit code: write one such as `1`, or a range such as `75-78`\n\
             9:49: jobs[0].retry[0].exit_codes[1]: 0 is the exit code of what did not fail: write one from 1 to 2147483647\n\
             9:59: jobs[0].retry[0].then: unknown value `again`; values here: retry, fail, ignore, skip\n\
             9:74: jobs[0].retry[0].memory: `150` has no unit; write `150%`",
        ),
    ] {
        check(text, told);
    }
}

#[test]
fn the_schema_and_the_command_line_agree_on_jobs() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let network = json!({"subnets": ["subnet-0"]});
    for (keys, is_valid) in [
        (json!({}), true),
        (json!({"schedule": "rate(1 hour)", "time_zone": "UTC", "suspend": "on"}), true),
        (json!({"run_timeout": "off", "no_success": "26h", "on_demand_after": 3}), true),
        (json!({"on_demand_after": "off", "success": "all", "breaker": {}}), true),
        (json!({"array": 4, "success": {"at_least": 3}, "parameters": {"a": "b"}}), true),
        (json!({"launch_type": "FARGATE", "network": network, "platform_version": "1.4.0"}), true),
        (json!({"capacity_providers": [{"provider": "FARGATE_SPOT", "base": 1}], "network": network}), true),
        (
            json!({"retry": [{"causes": ["killed", "run_timeout"], "exit_codes": [1, "75-78"], "then": "fail"}]}),
            true,
        ),
        (
            json!({"retry": [{"reason": "*reset*", "then": "retry", "memory": "150%", "on_demand": "on"}]}),
            true,
        ),
        (json!({"name": "a b"}), false),
        (json!({"name": null}), false),
        (json!({"after": []}), false),
        (json!({"suspend": true}), false),
        (json!({"run_timeout": 7}), false),
        (json!({"run_timeout": "never"}), false),
        (json!({"on_demand_after": "2"}), false),
        (json!({"success": {}}), false),
        (json!({"success": "most"}), false),
        (json!({"count": 0}), false),
        (json!({"parameters": {"index": "b"}}), false),
        (json!({"parameters": {"a-b": "b"}}), false),
        (json!({"launch_type": "fargate", "network": network}), false),
        (json!({"capacity_providers": []}), false),
        (json!({"capacity_providers": [{"weight": 1}]}), false),
        (json!({"platform_version": "1.4"}), false),
        (json!({"retry": [{"causes": ["oom"], "then": "fail"}]}), false),
        (json!({"retry": [{"exit_codes": [0], "then": "fail"}]}), false),
        (json!({"retry": [{"exit_codes": ["many"], "then": "fail"}]}), false),
        (json!({"retry": [{"then": "retry", "memory": 150}]}), false),
        (json!({"retry": [{"causes": ["killed"]}]}), false),
        (json!({"environment": {"A": 7}}), false),
    ] {
        let mut job = json!({"name": "etl", "cluster": "batch", "task_definition": "etl"});
        job.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let value: Value = json!({"version": 1, "jobs": [job]});
        assert_eq!(validator.is_valid(&value), is_valid, "schema: {value}");
        assert_eq!(validate(&value.to_string()).0 == Some(0), is_valid, "command line: {value}");
    }
}

#[test]
fn a_thousand_jobs_are_read() {
    let job = |n: usize| {
        json!({
            "name": format!("job-{n}"), "schedule": "cron(0 2 * * ? *)", "cluster": "batch", "task_definition": "etl",
            "command": ["etl", "--part", n.to_string()], "environment": {"LOG_LEVEL": "info", "PART": n.to_string()},
            "retry": [{"causes": ["out_of_memory"], "then": "retry", "memory": "150%"}], "run_timeout": "2h",
            "capacity_providers": [{"provider": "FARGATE_SPOT"}], "network": {"subnets": ["subnet-0", "subnet-1"]},
        })
    };
    let text = json!({"version": 1, "jobs": (0..1_000).map(job).collect::<Vec<_>>()}).to_string();
    assert_eq!(validate(&text), (Some(0), String::new()));
}
