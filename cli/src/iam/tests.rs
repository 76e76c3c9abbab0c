use clap::Parser;
use serde_json::{Value, json};
use steward_sim::iam::{Policy, beyond};

use super::command::{Arguments, printed};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn said(line: &str) -> (Result<String, String>, String) {
    let words = ["iam"].into_iter().chain(line.split_whitespace());
    let parsed = Line::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
    let mut notes = Vec::new();
    let text = printed(&parsed.arguments, &mut notes).map_err(|error| error.to_string());
    (text, String::from_utf8(notes).unwrap())
}

fn text(line: &str) -> String {
    let (text, notes) = said(line);
    assert_eq!(notes, "", "{line}");
    text.unwrap()
}

const HERE: &str = "--region eu-central-1 --account 123456789012 --stack prod";

fn policies(line: &str) -> Value {
    serde_json::from_str(&text(&format!("{HERE} {line}"))).unwrap()
}

/// What Terraform makes of what it is told, as far as that is what is printed here.
fn from_terraform(text: &str) -> Value {
    let known = text
        .replace("${local.steward_account}", "123456789012")
        .replace("${local.steward_partition}", "aws")
        .replace("${local.steward_region}", "eu-central-1")
        .replace("${local.steward_dns_suffix}", "amazonaws.com");
    assert!(!known.replace("data.aws", "").contains("${"), "{known}");
    let mut all = json!({});
    let (mut name, mut condition) = (String::new(), Value::Null);
    for line in known.lines().map(str::trim) {
        let value = || serde_json::from_str::<Value>(line.split_once("= ").unwrap().1).unwrap();
        let keyword = line.split([' ', '=']).next().unwrap();
        if keyword == "data" && line.contains("policy_document") {
            name = line.split('"').nth(3).unwrap().trim_start_matches("steward_").to_owned();
            all[&name] = json!({ "Version": "2012-10-17", "Statement": [] });
            continue;
        }
        let Some(document) = all.get_mut(&name) else { continue };
        let statements = document["Statement"].as_array_mut().unwrap();
        if keyword == "statement" {
            statements.push(json!({ "Effect": "Allow" }));
        }
        let Some(statement) = statements.last_mut() else { continue };
        match keyword {
            "actions" => statement["Action"] = value(),
            "resources" => statement["Resource"] = value(),
            "test" => condition = value(),
            "variable" => condition = json!([condition, value()]),
            "values" => {
                let [operator, key] = [&condition[0], &condition[1]].map(|it| it.as_str().unwrap());
                statement["Condition"][operator][key] = value();
            }
            _ => {}
        }
    }
    all
}

const ALL: &str = "--mode act --features raise-memory,hook-answers,capacity-fallback,desired-count-limit,drain,jobs,scaling \
    --cluster shop --task-role arn:aws:iam::123456789012:role/web --job-task-role arn:aws:iam::123456789012:role/etl \
    --scaling-queue arn:aws:sqs:eu-central-1:123456789012:orders --slack-webhook /steward/slack --slack-secret /team/token \
    --slack-key arn:aws:kms:eu-central-1:123456789012:key/1 --alert-topic arn:aws:sns:eu-central-1:123456789012:ops \
    --task-logs /ecs/* --key arn:aws:kms:eu-central-1:123456789012:key/2";

/// In one order, whatever the names of partition and region are.
fn sorted(mut policies: Value) -> Value {
    for document in policies.as_object_mut().unwrap().values_mut() {
        for statement in document["Statement"].as_array_mut().unwrap() {
            statement["Resource"].as_array_mut().unwrap().sort_by_key(Value::to_string);
        }
    }
    policies
}

#[test]
fn terraform_is_told_the_same_as_aws() {
    for line in ["", "--mode act", ALL] {
        let by_json = policies(line);
        let by_terraform = from_terraform(&text(&format!("--format terraform --stack prod {line}")));
        assert_eq!(sorted(by_terraform), sorted(by_json.clone()), "{line}");
        for (name, document) in by_json.as_object().unwrap() {
            Policy::read(document).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn to_observe_changes_nothing_and_each_mode_and_feature_allows_what_it_is_for() {
    let actions = |line: &str| {
        let policies = policies(line);
        let statements =
            policies.as_object().unwrap().values().flat_map(|one| one["Statement"].as_array().unwrap());
        let actions = statements
            .flat_map(|one| one["Action"].as_array().unwrap())
            .map(|it| it.as_str().unwrap().to_owned());
        actions.collect::<std::collections::BTreeSet<_>>()
    };
    let observing = actions("");
    let changing = |action: &&String| {
        action.starts_with("ecs:")
            && !action.starts_with("ecs:Describe")
            && !action.starts_with("ecs:List")
            && *action != "ecs:GetTaskProtection"
    };
    assert_eq!(observing.iter().find(changing), None);
    for (line, more) in [
        ("--mode propose", vec!["ecs:StopServiceDeployment", "ecs:StopTask", "ecs:UpdateService"]),
        ("--mode act", vec!["ecs:StopServiceDeployment", "ecs:StopTask", "ecs:UpdateService"]),
        ("--features hook-answers", vec!["ecs:ContinueServiceDeployment"]),
        ("--features jobs", vec!["ecs:RunTask", "ecs:StopTask", "ecs:TagResource"]),
        ("--features scaling", vec!["ecs:UpdateService"]),
        ("--features drain", vec!["ecs:DescribeCapacityProviders", "ecs:UpdateContainerInstancesState"]),
        ("--task-role arn:aws:iam::123456789012:role/web", vec![]),
    ] {
        let added: Vec<String> = actions(line).difference(&observing).cloned().collect();
        assert_eq!(added, more, "{line}");
    }
}

#[test]
fn one_function_is_a_document_by_itself_and_own_things_may_be_called_otherwise() {
    let all = policies("--mode act");
    let one = policies("--mode act --function scaling");
    assert_eq!(one, all["scaling"]);
    let renamed = policies("--function batch --own table=arn:aws:dynamodb:eu-central-1:1:table/memory");
    let text = renamed.to_string();
    assert!(
        text.contains(":table/memory\"")
            && text.contains(":table/memory/index/due")
            && !text.contains("table/prod")
    );
    assert!(!beyond(&Policy::read(&renamed).unwrap(), &Policy::read(&all["batch"]).unwrap()).is_empty());
}

#[test]
fn what_is_missing_or_contradicts_itself_is_said() {
    let refused = |line: &str| said(line).0.unwrap_err();
    assert!(refused("").contains("add --region and --account"));
    assert!(refused(&format!("{HERE} --features raise-memory")).contains("add --mode propose or --mode act"));
    let wrong = |line: &str| {
        let words = ["iam"].into_iter().chain(line.split_whitespace());
        Line::try_parse_from(words).err().unwrap().to_string()
    };
    assert!(wrong("--own tabel=arn:aws:x").contains("there is no tabel of Steward's own"));
    assert!(wrong("--own table=memory").contains("memory is no ARN"));
    assert!(wrong("--slack-webhook https://hooks.slack.com/x").contains("leading slash"));
    assert!(wrong("--features fly").contains("possible values"));
}

#[test]
fn a_policy_that_is_too_long_for_an_inline_one_is_printed_and_that_is_said() {
    let roles: String = (0..200).fold(String::new(), |line, n| {
        line + &format!(" --task-role arn:aws:iam::123456789012:role/teams/web/service-{n}")
    });
    let (text, notes) = said(&format!("{HERE} --mode act{roles}"));
    assert!(text.unwrap().contains("service-199"));
    assert!(notes.starts_with("remediation: ") && notes.contains("an inline policy takes 10240"), "{notes}");
}

#[test]
fn a_text_of_terraform_is_escaped() {
    let policies = text("--format terraform --function notifications --task-logs a${b}%{c}\"d");
    assert!(policies.contains(r#"log-group:a$${b}%%{c}\"d:log-stream"#), "{policies}");
    insta::assert_snapshot!(text("--format terraform --function scaling --stack prod --cluster shop"));
}
