use proptest::prelude::*;
use serde_json::{Value, json};

use super::registration::apply;
use super::*;
use crate::action::{ActionId, Remedy};
use crate::arn::{ClusterArn, ServiceName};
use crate::ecs::{ContainerSize, Definition, Sizes};
use crate::incident::Target;
use crate::quota;
use crate::remediation::Home;

/// Every size of Fargate.
fn table() -> Vec<(u32, u32)> {
    let mut all = Vec::new();
    for (cpu, _) in quota::FARGATE {
        let mut next = quota::next_memory_at_least(cpu, 1);
        while let Some(memory) = next {
            all.push((cpu, memory));
            next = quota::next_memory_at_least(cpu, memory + 1);
        }
    }
    all
}

fn container(name: &str, limit: Option<u32>, reservation: Option<u32>) -> ContainerSize {
    ContainerSize { name: name.to_owned(), limit, reservation }
}

fn fargate(cpu: u32, memory: u32, containers: Vec<ContainerSize>) -> Sizes {
    Sizes { is_fargate: true, is_windows: false, cpu: Some(cpu), memory: Some(memory), containers }
}

fn ec2(memory: Option<u32>, containers: Vec<ContainerSize>) -> Sizes {
    Sizes { is_fargate: false, is_windows: false, cpu: None, memory, containers }
}

const LADDER: Ladder = Ladder { percent: 150, max: 8_192, raise_cpu: false };

fn to(step: Option<Step>) -> Option<u32> {
    step.map(|step| step.to)
}

/// What the container could use, and what it can with the raise.
fn usable(sizes: &Sizes, raise: &Raise) -> (u32, u32) {
    let limit = sizes.container("app").unwrap().limit;
    let had = limit.into_iter().chain(sizes.memory).min().unwrap();
    let new_limit = to(raise.limit).or(limit);
    let has = new_limit.into_iter().chain(to(raise.task_memory).or(sizes.memory)).min().unwrap();
    (had, has)
}

#[test]
fn sizes_as_people_meet_them() {
    let app = |limit| vec![container("app", limit, None)];
    let beside = |limit, other| vec![container("app", limit, None), container("log", None, Some(other))];
    let up = LADDER;
    let cpu = Ladder { raise_cpu: true, ..LADDER };
    // (sizes, ladder, the container's limit, the task's memory, the task's CPU)
    for (sizes, ladder, limit, task, task_cpu) in [
        (fargate(256, 512, app(None)), up, None, Some(1_024), None),
        (fargate(256, 1_024, app(None)), up, None, Some(2_048), None),
        (fargate(1_024, 2_048, app(None)), up, None, Some(3_072), None),
        // The limit is hit, and the task has room for more.
        (fargate(256, 2_048, app(Some(512))), up, Some(768), None, None),
        (fargate(256, 1_024, beside(Some(512), 256)), up, Some(768), None, None),
        // It has not: both, and what others take stays theirs.
        (fargate(256, 1_024, beside(Some(512), 384)), up, Some(768), Some(2_048), None),
        (fargate(256, 512, app(Some(512))), up, Some(768), Some(1_024), None),
        // The row ends.
        (fargate(1_024, 6_144, app(None)), up, None, Some(8_192), None),
        (fargate(256, 2_048, app(None)), cpu, None, Some(3_072), Some(512)),
        (fargate(512, 4_096, app(Some(4_096))), cpu, Some(6_144), Some(6_144), Some(1_024)),
        // EC2 has no table.
        (ec2(None, app(Some(300))), up, Some(450), None, None),
        (ec2(Some(1_000), app(None)), up, None, Some(1_500), None),
        (ec2(Some(1_000), app(Some(1_000))), up, Some(1_500), Some(1_500), None),
        (ec2(None, app(Some(6))), up, Some(9), None, None),
        // The cap ends the step.
        (ec2(None, app(Some(6_000))), up, Some(8_192), None, None),
        (fargate(2_048, 7_168, app(None)), up, None, Some(8_192), None),
        // A limit beyond the task's is none.
        (fargate(256, 512, app(Some(600))), up, None, Some(1_024), None),
    ] {
        let raise = ladder.next(&sizes, "app").unwrap_or_else(|why| panic!("{sizes:?}: {why}"));
        assert_eq!(
            (to(raise.limit), to(raise.task_memory), to(raise.task_cpu)),
            (limit, task, task_cpu),
            "{sizes:?}"
        );
        assert!(raise.goes_up() && raise.most() <= ladder.max);
    }
}

#[test]
fn where_there_is_no_room_it_says_why() {
    let app = |limit| vec![container("app", limit, Some(100))];
    let cpu = Ladder { raise_cpu: true, ..LADDER };
    for (sizes, ladder, why) in [
        (fargate(256, 2_048, app(None)), LADDER, NoRoom::NeedsCpu { cpu: 256 }),
        (fargate(1_024, 8_192, app(None)), cpu, NoRoom::AtMax { max: 8_192 }),
        (fargate(4_096, 16_384, app(Some(8_192))), LADDER, NoRoom::AtMax { max: 8_192 }),
        (fargate(1_024, 4_096, app(None)), Ladder { max: 4_500, ..LADDER }, NoRoom::AtMax { max: 4_500 }),
        (ec2(None, app(None)), LADDER, NoRoom::NoLimit),
        (ec2(Some(512), vec![container("other", None, None)]), LADDER, NoRoom::NotUnderstood),
        (fargate(300, 512, app(None)), LADDER, NoRoom::NotUnderstood),
        (Sizes { cpu: None, ..fargate(0, 512, app(None)) }, LADDER, NoRoom::NotUnderstood),
    ] {
        assert_eq!(ladder.next(&sizes, "app"), Err(why), "{sizes:?}");
    }
    let windows = Sizes { is_windows: true, ..fargate(4_096, 30_720, app(None)) };
    let high = Ladder { max: 249_856, ..cpu };
    assert_eq!(high.next(&windows, "app"), Err(NoRoom::NeedsCpu { cpu: 4_096 }), "no Windows with more CPU");
    let linux = Sizes { is_windows: false, ..windows };
    assert_eq!(to(high.next(&linux, "app").unwrap().task_cpu), Some(8_192));
}

/// Every row, every size of it, every cap that is or is not a size, with a limit and without, with more CPU and without: the
/// result is one of the table's, more than before, within the cap, and the least that is enough.
#[test]
fn every_step_of_the_table_is_valid_greater_capped_and_minimal() {
    let table = table();
    assert_eq!(table.len(), 3 + 4 + 7 + 13 + 23 + 12 + 12 + 3);
    let mut caps: Vec<u32> = table.iter().flat_map(|(_, memory)| [memory - 1, *memory, memory + 1]).collect();
    caps.sort_unstable();
    caps.dedup();
    let mut raised = 0;
    for &(cpu, memory) in &table {
        for shape in [
            vec![container("app", None, None)],
            vec![container("app", Some(memory), None)],
            vec![container("app", Some(memory / 2), None), container("log", Some(memory / 4), Some(1))],
            vec![container("app", Some(memory - 100), None), container("log", None, Some(100))],
        ] {
            let sizes = fargate(cpu, memory, shape);
            for &max in &caps {
                for raise_cpu in [false, true] {
                    let ladder = Ladder { percent: 150, max, raise_cpu };
                    match ladder.next(&sizes, "app") {
                        Ok(raise) => {
                            check(&sizes, &ladder, &raise, &table);
                            raised += 1;
                        }
                        Err(why) => check_refusal(&sizes, &ladder, why, &table),
                    }
                }
            }
        }
    }
    assert!(raised > 10_000, "{raised}");
}

fn check(sizes: &Sizes, ladder: &Ladder, raise: &Raise, table: &[(u32, u32)]) {
    let said = format!("{sizes:?} {ladder:?} {raise:?}");
    let (cpu, memory) = (sizes.cpu.unwrap(), sizes.memory.unwrap());
    let (new_cpu, new_memory) = (to(raise.task_cpu).unwrap_or(cpu), to(raise.task_memory).unwrap_or(memory));
    assert!(quota::fits(new_cpu, new_memory), "{said}");
    assert!(raise.goes_up() && raise.most() <= ladder.max, "{said}");
    assert!(ladder.raise_cpu || raise.task_cpu.is_none(), "{said}");
    let (had, has) = usable(sizes, raise);
    assert!(has > had, "{said}");
    let others: u32 = sizes
        .containers
        .iter()
        .filter(|it| it.name != "app")
        .map(|it| it.limit.or(it.reservation).unwrap_or(0))
        .sum();
    if let Some(limit) = to(raise.limit) {
        assert!(limit + others <= new_memory, "{said}: the others keep theirs");
    }
    let wanted = (had * 3).div_ceil(2).min(ladder.max);
    let need = if raise.limit.is_some() { wanted + others } else { wanted };
    if raise.task_memory.is_some() {
        // Nothing smaller of the same row would be enough, nor anything of a row with less CPU be more than now.
        let smaller =
            table.iter().filter(|(row, size)| *row == new_cpu && *size > memory && *size < new_memory);
        assert!(smaller.into_iter().all(|(_, size)| *size < need), "{said}");
        let lower = table.iter().filter(|(row, size)| *row >= cpu && *row < new_cpu && *size > memory);
        assert!(lower.into_iter().all(|(_, size)| *size > ladder.max), "{said}");
    }
    // Less than a whole step only where cap or table end.
    if has < wanted {
        let more =
            table.iter().filter(|(row, size)| *row == new_cpu && *size > new_memory && *size <= ladder.max);
        assert_eq!(more.count(), 0, "{said}");
    }
}

/// Nothing that would be allowed is refused.
fn check_refusal(sizes: &Sizes, ladder: &Ladder, why: NoRoom, table: &[(u32, u32)]) {
    let said = format!("{sizes:?} {ladder:?} {why:?}");
    let (cpu, memory) = (sizes.cpu.unwrap(), sizes.memory.unwrap());
    let app = sizes.container("app").unwrap();
    let had = app.limit.unwrap_or(memory);
    let others: u32 = sizes
        .containers
        .iter()
        .filter(|it| it.name != "app")
        .filter_map(|it| it.limit.or(it.reservation))
        .sum();
    let others = if app.limit.is_some() { others } else { 0 };
    if app.limit.is_some() {
        assert!((memory - others).min(ladder.max) <= had, "{said}: the task has room");
    }
    // More CPU is for where the table has no more memory at this one, not for where the cap has none.
    let is_end = quota::next_memory_at_least(cpu, memory + 1).is_none();
    let is_row = |row: u32| row == cpu || (ladder.raise_cpu && is_end && row > cpu);
    let allowed = table
        .iter()
        .filter(|(row, size)| is_row(*row) && *size > memory && *size <= ladder.max && size - others > had);
    assert_eq!(allowed.count(), 0, "{said}");
}

proptest! {
    #[test]
    fn on_a_host_of_ones_own_every_step_goes_up_and_keeps_to_the_cap(
        task in prop::option::of(6_u32..40_000),
        limit in prop::option::of(6_u32..40_000),
        other in 0_u32..4_000,
        percent in 110_u32..400,
        max in 512_u32..60_000,
    ) {
        let sizes = ec2(task, vec![container("app", limit, None), container("log", Some(other), None)]);
        if let Ok(raise) = (Ladder { percent, max, raise_cpu: true }).next(&sizes, "app") {
            let (had, has) = usable(&sizes, &raise);
            prop_assert!(raise.goes_up() && has > had, "{raise:?}");
            prop_assert!(raise.most() <= max, "{raise:?}");
            prop_assert!(raise.task_cpu.is_none());
        }
    }
}

fn definition() -> Value {
    json!({
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:4",
        "family": "api", "revision": 4, "status": "ACTIVE", "cpu": "256", "memory": "1024",
        "compatibilities": ["EC2", "FARGATE"], "requiresCompatibilities": ["FARGATE"],
        "requiresAttributes": [{ "name": "com.amazonaws.ecs.capability.task-iam-role" }],
        "registeredAt": 1.0, "registeredBy": "arn:aws:iam::123456789012:user/ana",
        "containerDefinitions": [
            { "name": "log", "memoryReservation": 384, "image": "log:1" },
            { "name": "app", "memory": 512, "image": "app:1", "fromNextYear": { "deep": [1, null] },
              "environment": [{ "name": "TOKEN", "value": "hunter2" }] },
        ],
        "shipsNextYear": true,
    })
}

fn raised() -> (Sizes, Raise) {
    let sizes = Sizes::read(&definition());
    let raise = LADDER.next(&sizes, "app").unwrap();
    (sizes, raise)
}

fn id() -> ActionId {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let cluster = ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop");
    let target = Target::Service { cluster, name: ServiceName::new("api") };
    ActionId::of(&home, &target, Remedy::RaiseMemory, "api:4")
}

#[test]
fn sizes_are_read_as_ecs_writes_them() {
    let (sizes, raise) = raised();
    assert_eq!((sizes.is_fargate, sizes.cpu, sizes.memory), (true, Some(256), Some(1_024)));
    assert_eq!(raise.to_string(), "app 512 to 768 MiB, task 1024 to 2048 MiB");
    let bare = Sizes::read(&json!({ "requiresCompatibilities": ["EC2"], "cpu": "1 vCPU" }));
    assert_eq!(bare, Sizes::default(), "what is not a number is not known");
    assert_eq!(Sizes::read(&Value::Null), Sizes::default());
}

/// RFC 6902, as far as the patches go.
fn patched(mut document: Value, changes: &Value) -> Value {
    for operation in changes.as_array().unwrap() {
        let path = operation["path"].as_str().unwrap();
        match operation["op"].as_str().unwrap() {
            "test" => assert_eq!(document.pointer(path), Some(&operation["value"]), "{path}"),
            "replace" => *document.pointer_mut(path).unwrap() = operation["value"].clone(),
            other => panic!("{other}"),
        }
    }
    document
}

#[test]
fn the_patch_makes_the_definition_that_is_registered() {
    let (sizes, raise) = raised();
    let patch = json_patch(&sizes, &raise);
    let mut expected = definition();
    apply(&mut expected, &raise).unwrap();
    assert_eq!(patched(definition(), &patch), expected);
    assert_eq!(
        (&expected["memory"], &expected["containerDefinitions"][1]["memory"]),
        (&json!("2048"), &json!(768))
    );
    let wide = Ladder { raise_cpu: true, ..LADDER };
    for (definition, ladder) in [
        (
            json!({ "family": "a", "memory": "2048", "cpu": "256", "compatibilities": ["FARGATE"],
                 "containerDefinitions": [{ "name": "app" }] }),
            wide,
        ),
        (json!({ "family": "a", "containerDefinitions": [{ "name": "app", "memory": 6 }] }), LADDER),
    ] {
        let sizes = Sizes::read(&definition);
        let raise = ladder.next(&sizes, "app").unwrap();
        let mut expected = definition.clone();
        apply(&mut expected, &raise).unwrap();
        assert_ne!(expected, definition);
        assert_eq!(patched(definition, &json_patch(&sizes, &raise)), expected);
    }
}

#[test]
fn a_registration_keeps_what_nobody_knows_here_and_drops_what_ecs_does_not_take() {
    let (_, raise) = raised();
    let tags = json!([
        { "key": "team", "value": "shop" },
        { "key": "aws:cloudformation:stack-name", "value": "x" },
        { "key": ACTION_TAG, "value": "an earlier one" },
    ]);
    let whole = Definition::new(definition(), tags);
    let input = registration(&whole, &raise, &id()).unwrap();
    let mut expected = definition();
    apply(&mut expected, &raise).unwrap();
    for member in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ] {
        expected.as_object_mut().unwrap().remove(member);
    }
    expected["tags"] = json!([{ "key": "team", "value": "shop" }, { "key": ACTION_TAG, "value": id() }]);
    assert_eq!(input, expected);
    assert_eq!(format!("{whole:?}"), "Definition(…)", "its environment may hold secrets");
}

#[test]
fn another_definition_than_was_read_is_not_raised() {
    let (_, raise) = raised();
    for (definition, why) in [
        (
            json!({ "memory": "1024", "containerDefinitions": [{ "name": "app", "memory": 513 }] }),
            Unfit::OtherSizes,
        ),
        (
            json!({ "memory": "512", "containerDefinitions": [{ "name": "app", "memory": 512 }] }),
            Unfit::OtherSizes,
        ),
        (
            json!({ "memory": "1024", "containerDefinitions": [{ "name": "api", "memory": 512 }] }),
            Unfit::NoContainer,
        ),
        (json!([]), Unfit::NoContainer),
    ] {
        let definition = Definition::new(definition, Value::Null);
        assert_eq!(registration(&definition, &raise, &id()), Err(why));
    }
}

#[test]
fn fragments_say_only_what_changes() {
    let (sizes, raise) = raised();
    assert_eq!(
        json_patch(&sizes, &raise),
        json!([
            { "op": "test", "path": "/containerDefinitions/1/name", "value": "app" },
            { "op": "test", "path": "/memory", "value": "1024" },
            { "op": "replace", "path": "/memory", "value": "2048" },
            { "op": "test", "path": "/containerDefinitions/1/memory", "value": 512 },
            { "op": "replace", "path": "/containerDefinitions/1/memory", "value": 768 },
        ])
    );
    assert_eq!(
        cloud_formation(&raise),
        "Type: AWS::ECS::TaskDefinition\nProperties:\n  # Only what changes; the rest stays as it is.\n  \
         Memory: \"2048\" # was 1024\n  ContainerDefinitions:\n    - Name: app\n      Memory: 768 # was 512\n"
    );
    assert_eq!(
        terraform("api-v2", &raise),
        "resource \"aws_ecs_task_definition\" \"api_v2\" {\n  # Only what changes; the rest stays as it is.\n  \
         memory = \"2048\" # was 1024\n  container_definitions = jsonencode([{\n    name   = \"app\"\n    \
         memory = 768 # was 512\n  }])\n}\n"
    );
}
