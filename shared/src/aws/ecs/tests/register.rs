//! Revisions with more memory.

use serde_json::{Value, json};

use super::*;
use crate::action::Remedy;
use crate::aws::scripted::run;
use crate::incident::Target;
use crate::remediation::Home;
use crate::remediation::memory::{Raise, Step};

fn id() -> ActionId {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let target = Target::Service { cluster: cluster(), name: ServiceName::new("api") };
    ActionId::of(&home, &target, Remedy::RaiseMemory, "api:6")
}

fn call() -> Call {
    Call::RegisterTaskDefinition {
        cluster: cluster(),
        service: ServiceName::new("api"),
        like: definition("api:6"),
        raise: Raise {
            container: "app".to_owned(),
            limit: Some(Step { from: 512, to: 768 }),
            task_memory: Some(Step { from: 512, to: 1_024 }),
            task_cpu: None,
        },
    }
}

/// With members that no SDK knows, at every depth, and with a secret.
fn described(revision: u32, tags: &Value) -> Answer {
    Answer::ok(&json!({
        "taskDefinition": {
            "taskDefinitionArn": definition(&format!("api:{revision}")), "family": "api", "revision": revision,
            "status": "ACTIVE", "cpu": "256", "memory": "512", "compatibilities": ["EC2", "FARGATE"],
            "requiresAttributes": [{ "name": "ecs.capability.task-eni" }],
            "registeredAt": 1_763_672_400.5, "registeredBy": "arn:aws:iam::123456789012:user/ana",
            "ofNextYear": { "deep": [true, { "deeper": 1 }] },
            "containerDefinitions": [
                { "name": "app", "image": "app:1", "memory": 512, "alsoOfNextYear": "x",
                  "environment": [{ "name": "TOKEN", "value": "hunter2" }] },
            ],
        },
        "tags": tags,
    }))
}

#[test]
fn a_revision_is_registered_with_all_that_ecs_answered_its_own_tag_and_more_memory() {
    let made = definition("api:7");
    let answer = Answer::ok(&json!({ "taskDefinition": { "taskDefinitionArn": made } }));
    let tags = json!([{ "key": "team", "value": "shop" }]);
    let (ecs, script) = ecs([described(6, &tags), answer]);
    let changed = run(ecs.change(&id(), &call(), &Overrides::default()));
    assert_eq!(changed, Ok(Changed { made: Some(made.to_string()) }));
    let sent = script.sent();
    let operations: Vec<_> = sent.iter().filter_map(|sent| sent.operation.as_deref()).collect();
    assert_eq!(operations, ["DescribeTaskDefinition", "RegisterTaskDefinition"]);
    assert_eq!(sent[0].json(), json!({ "taskDefinition": definition("api:6"), "include": ["TAGS"] }));
    assert_eq!(
        sent[1].json(),
        json!({
            "family": "api", "cpu": "256", "memory": "1024", "ofNextYear": { "deep": [true, { "deeper": 1 }] },
            "containerDefinitions": [
                { "name": "app", "image": "app:1", "memory": 768, "alsoOfNextYear": "x",
                  "environment": [{ "name": "TOKEN", "value": "hunter2" }] },
            ],
            "tags": [{ "key": "team", "value": "shop" }, { "key": "steward:action", "value": id() }],
        })
    );
    assert!(sent[1].authorization.is_some(), "the body that is sent is the one that is signed");
}

#[test]
fn what_could_not_be_read_was_certainly_not_registered() {
    for (answer, meaning) in [
        (Answer::Broken, Meaning::Throttled),
        (Answer::error(500, "ServerException"), Meaning::Throttled),
        (Answer::error(400, "ThrottlingException"), Meaning::Throttled),
        (Answer::error(400, "AccessDeniedException"), Meaning::Refused),
        (Answer::error(400, "ClientException"), Meaning::Refused),
    ] {
        let (ecs, script) = ecs([answer]);
        let error = run(ecs.change(&id(), &call(), &Overrides::default())).unwrap_err();
        assert_eq!(error.meaning, meaning, "{error}");
        assert!(script.sent().iter().all(|sent| sent.operation.as_deref() == Some("DescribeTaskDefinition")));
    }
}

#[test]
fn a_registration_is_one_request_and_a_lost_answer_is_not_known() {
    for (answer, meaning) in [
        (Answer::Broken, Meaning::Unknown),
        (Answer::error(500, "ServerException"), Meaning::Unknown),
        (Answer::error(400, "ThrottlingException"), Meaning::Throttled),
        (Answer::error(400, "ClientException"), Meaning::Refused),
        (Answer::ok(&json!({})), Meaning::Unknown),
    ] {
        let (ecs, script) = ecs([described(6, &json!([])), answer]);
        let error = run(ecs.change(&id(), &call(), &Overrides::default())).unwrap_err();
        assert_eq!((error.meaning.clone(), script.sent().len()), (meaning, 2), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_definition_that_is_another_than_was_read_is_not_registered() {
    let other = Answer::ok(&json!({ "taskDefinition": {
        "taskDefinitionArn": definition("api:6"), "status": "ACTIVE", "memory": "4096",
        "containerDefinitions": [{ "name": "app", "memory": 512 }],
    } }));
    let (ecs, script) = ecs([other]);
    let error = run(ecs.change(&id(), &call(), &Overrides::default())).unwrap_err();
    assert_eq!((error.meaning, script.sent().len()), (Meaning::Refused, 1));
}

#[test]
fn ones_own_revision_is_found_by_its_tag_among_the_later_ones() {
    let listed = |numbers: &[u32], more: Option<&str>| {
        let arns: Vec<_> = numbers.iter().map(|number| definition(&format!("api:{number}"))).collect();
        Answer::ok(&json!({ "taskDefinitionArns": arns, "nextToken": more }))
    };
    let own = json!([{ "key": "steward:action", "value": id() }]);
    let others = json!([{ "key": "steward:action", "value": "0".repeat(64) }]);
    let find = |answers: Vec<Answer>| {
        let (ecs, script) = ecs(answers);
        let found = run(ecs.registered(&definition("api:6"), &id()));
        (found.map(|found| found.map(|found| found.arn)), script.sent())
    };
    let (found, sent) = find(vec![listed(&[8, 7, 6], None), described(8, &others), described(7, &own)]);
    assert_eq!(found, Ok(Some(definition("api:7"))));
    assert_eq!(
        sent[0].json(),
        json!({ "familyPrefix": "api", "status": "ACTIVE", "sort": "DESC", "maxResults": 20 })
    );
    let (found, sent) = find(vec![listed(&[6, 5], None)]);
    assert_eq!((found, sent.len()), (Ok(None), 1), "what was there before is not one's own");
    let (found, _) = find(vec![listed(&[8], Some("more")), described(8, &others)]);
    assert_eq!(found.unwrap_err().meaning, Meaning::Unknown, "beyond the bound nobody knows");
    let (found, _) = find(vec![Answer::error(400, "AccessDeniedException")]);
    assert!(found.is_err());
}
