//! Every check, against an installation of the template's own resources: well as a whole, and ill in one place at a time.

mod house;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use steward::audit::Ruling;

use self::house::{House, MADE, PATH, described};
use super::checks::{CHECKS, Finding, Health};
use super::{json, text};

fn shown(findings: &[Finding]) -> String {
    let mut out = Vec::new();
    text::write(&mut out, "prod", findings).unwrap();
    String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap()
}

#[test]
fn what_the_template_describes_is_well() {
    let findings = House::well().examined(Some("version: 1\n"), Some("version: 1\n"));
    assert!(findings.iter().all(|finding| finding.health == Health::Well), "{findings:#?}");
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, CHECKS.map(|(name, _)| name), "each says something");
    insta::assert_snapshot!(shown(&findings));
}

type Break = fn(&mut House);

/// What may be wrong with an installation, and how the finding begins.
const ILLS: [(Break, &str); 30] = [
    (
        |house| house.stack.as_mut().unwrap().status = "UPDATE_ROLLBACK_COMPLETE".to_owned(),
        "stack: prod is UPDATE_ROLLBACK_COMPLETE, so the last update was taken back",
    ),
    (
        |house| house.stack.as_mut().unwrap().status = "UPDATE_IN_PROGRESS".to_owned(),
        "stack: prod is UPDATE_IN_PROGRESS",
    ),
    (
        |house| house.stack.as_mut().unwrap().status = "DELETE_FAILED".to_owned(),
        "stack: prod is DELETE_FAILED",
    ),
    (
        |house| house.resources.get_mut("HookRule").unwrap().status = "UPDATE_FAILED".to_owned(),
        "resources: HookRule is UPDATE_FAILED",
    ),
    (
        |house| drop(house.resources.remove("JobsDeadLetterQueue")),
        "resources: JobsDeadLetterQueue is missing",
    ),
    (|house| house.table = None, "table: the table prod-Table is gone"),
    (|house| house.table.as_mut().unwrap().status = "ARCHIVED".to_owned(), "table: prod-Table is ARCHIVED"),
    (|house| house.table.as_mut().unwrap().indexes.clear(), "table: it has no index `due`"),
    (|house| house.table.as_mut().unwrap().recovers = Some(false), "table: it cannot be restored"),
    (
        |house| house.table.as_mut().unwrap().forgets_by = Some(None),
        "table: it does not forget by `expires_at`",
    ),
    (|house| house.table.as_mut().unwrap().is_protected = false, "table: it is not protected from deletion"),
    (
        |house| house.triggers.get_mut("prod-TaskRule").unwrap().state = "DISABLED".to_owned(),
        "rules: TaskRule is DISABLED",
    ),
    (
        |house| house.triggers.get_mut("prod-BatchFunctionSweep").unwrap().state = "DISABLED".to_owned(),
        "rules: BatchFunctionSweep is DISABLED",
    ),
    (
        |house| {
            house.triggers.get_mut("prod-JobTaskRule").unwrap().targets =
                vec!["arn:aws:sqs:r:1:prod-EventsQueue".to_owned()];
        },
        "rules: JobTaskRule does not send to JobsQueue",
    ),
    (|house| drop(house.triggers.remove("prod-HealthRule")), "rules: HealthRule (prod-HealthRule) is gone"),
    (|house| house.function.state = "Failed".to_owned(), "functions: BatchFunction is Failed"),
    (
        |house| house.function.last_update = "Failed".to_owned(),
        "functions: the last update of BatchFunction failed",
    ),
    (
        |house| house.function.architecture = Some("x86_64".to_owned()),
        "functions: BatchFunction runs on x86_64, the stack says arm64",
    ),
    (
        |house| drop(house.function.variables.insert("STEWARD_TABLE".to_owned(), "other".to_owned())),
        "functions: BatchFunction has STEWARD_TABLE=other, the stack prod-Table",
    ),
    (
        |house| _ = house.figures.insert("Errors", 3.0),
        "functions: 3 of 60 invocations of BatchFunction failed within the hour; the latest error: the table does not answer",
    ),
    (|house| house.feed = "Disabled".to_owned(), "functions: BatchFunctionJobs is Disabled"),
    (
        |house| _ = house.figures.remove("Sweeps"),
        "sweeps: remediation has ended no sweep for a quarter of an hour",
    ),
    (
        |house| _ = house.figures.insert("ApproximateAgeOfOldestMessage", 7_200.0),
        "queues: a message has waited in EventsQueue for 120 minutes",
    ),
    (|house| _ = house.figures.insert("FailedInvocations", 2.0), "rules: 2 events of ContainerInstanceRule"),
    (
        |house| _ = house.queues.insert("EventsDeadLetterQueue".to_owned(), 2),
        "dead-letters: EventsDeadLetterQueue has 2 messages",
    ),
    (|house| house.alarm.state = "ALARM".to_owned(), "alarms: `prod BatchErrorsAlarm` is in ALARM"),
    (
        |house| house.ruling = Ruling::NotAllowed,
        "roles: the role of BatchFunction may not sqs:ReceiveMessage on ",
    ),
    (
        |house| house.ahead = SignedDuration::from_mins(-4),
        "clock: this machine's clock is 240 s behind AWS's",
    ),
    (
        |house| house.token = Err("Slack says invalid_auth".to_owned()),
        "channels: /s/bot: Slack says invalid_auth",
    ),
    (
        |house| house.subscriptions[0].is_confirmed = false,
        "channels: ops@example.com (email) has not been confirmed",
    ),
];

#[test]
fn each_thing_that_is_wrong_is_found_by_its_check_alone_and_has_something_to_do() {
    for (spoil, said) in ILLS {
        let mut house = House::well();
        spoil(&mut house);
        let ill = house.ill();
        let check = said.split(':').next().unwrap();
        assert!(ill.iter().any(|one| one.starts_with(said)), "{said}: {ill:#?}");
        assert!(ill.iter().all(|one| one.starts_with(check)), "{said}: {ill:#?}");
    }
}

#[test]
fn a_stack_that_is_not_there_is_said_once_and_nothing_else_is_asked() {
    let mut house = House::well();
    house.stack = None;
    let findings = house.examined(None, None);
    let ill: Vec<&Finding> = findings.iter().filter(|finding| finding.health == Health::Problem).collect();
    assert_eq!(ill.len(), 1, "{findings:#?}");
    assert_eq!(ill[0].says, "there is no stack prod in this account and Region");
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, ["stack", "configuration", "channels", "clock", "you"], "{findings:#?}");
}

#[test]
fn what_nobody_may_look_at_is_neither_well_nor_a_problem() {
    let mut house = House::well();
    house.denied = [
        "DescribeStacks",
        "ListStackResources",
        "DescribeRule",
        "GetSchedule",
        "GetFunctionConfiguration",
        "GetEventSourceMapping",
        "GetQueueAttributes",
        "DescribeTable",
        "ListSubscriptionsByTopic",
        "DescribeAlarms",
        "GetMetricData",
        "FilterLogEvents",
        "GetCallerIdentity",
        "SimulatePrincipalPolicy",
        "GetParameters",
    ]
    .into();
    let findings = house.examined(None, None);
    assert!(findings.iter().all(|finding| finding.health == Health::Unseen), "{findings:#?}");
    let checks: BTreeSet<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks.len(), CHECKS.len(), "{checks:?}");
    // Where only the stack may be read, the rest is said once an operation.
    house.denied.remove("DescribeStacks");
    house.denied.remove("ListStackResources");
    insta::assert_snapshot!(shown(&house.examined(None, None)));
}

#[test]
fn a_damaged_configuration_and_another_file_are_found() {
    let house = House::well();
    let differs = house.examined(Some("version: 1\n"), Some("version: 1\nincidents: {quiet: 1h}\n"));
    assert!(shown(&differs).contains("the file says something else than what is in force"));
    let mut damaged = House::well();
    damaged.parameters.insert(format!("{PATH}/current"), "{}".to_owned());
    let ill = damaged.ill();
    assert!(ill.len() == 1 && ill[0].starts_with("configuration: /steward/prod/configuration: "), "{ill:#?}");
    let named =
        "version: 1\nnotifications: {channels: {ops: {slack: {bot: /s/other, channel: C0123456789}}}}\n";
    let ill = shown(&house.examined(Some(named), None));
    assert!(ill.contains("there is no parameter /s/other") && ill.contains("may not read"), "{ill}");
}

#[test]
fn nothing_is_wider_than_a_terminal_but_what_is_to_be_copied() {
    let mut house = House::well();
    house.stack = None;
    house.alarm.state = "ALARM".to_owned();
    for finding in [house.examined(None, None), House::well().examined(None, None)] {
        for line in shown(&finding).lines() {
            assert!(line.chars().count() <= 80 || !line.trim().contains("  "), "{line}");
        }
    }
}

#[test]
fn as_json_it_is_one_object_with_every_finding() {
    let mut out = Vec::new();
    let mut house = House::well();
    house.feed = "Disabled".to_owned();
    json::write(&mut out, "prod", &house.examined(None, None)).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&document["version"], &document["stack"]), (&1.into(), &"prod".into()));
    let findings = document["findings"].as_array().unwrap();
    let problem = findings.iter().find(|finding| finding["health"] == "problem").unwrap();
    assert_eq!(problem["check"], "functions");
    assert!(problem["next"].as_str().unwrap().starts_with("aws lambda update-event-source-mapping"));
    assert!(findings.iter().any(|finding| finding["health"] == "well" && finding.get("next").is_none()));
}

/// What the checks take for granted of the template, in the template's own words.
#[test]
fn the_template_has_what_no_stack_is_without_and_its_rules_send_where_doctor_expects() {
    let described = described();
    for needed in super::checks::needed() {
        assert!(described.iter().any(|(name, _, _)| name == needed), "{needed}");
    }
    let rules: Vec<_> = described.iter().filter(|(_, kind, _)| kind == "AWS::Events::Rule").collect();
    assert!(rules.len() >= 12, "{}", rules.len());
    for (name, _, text) in rules {
        let queue = if name == "JobTaskRule" { "JobsQueue" } else { "EventsQueue" };
        assert!(text.contains(&format!("Arn: !GetAtt {queue}.Arn")), "{name}: {text}");
    }
    for (name, kind) in MADE {
        let (function, event) = name.split_once("Function").unwrap();
        let (_, _, text) =
            described.iter().find(|(name, _, _)| *name == format!("{function}Function")).unwrap();
        let kind = match kind {
            "AWS::Events::Rule" => "Schedule",
            "AWS::Scheduler::Schedule" => "ScheduleV2",
            _ => "SQS",
        };
        assert!(text.contains(&format!("        {event}:\n          Type: {kind}\n")), "{name}: {text}");
    }
}
