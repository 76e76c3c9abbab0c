use super::*;
use crate::ledger::Owner;
use crate::ports::Nowhere;
use crate::ports::{Access, ChangeEcs, DescribeEcs, Hosts, Resource};

fn names() -> Names {
    Names {
        partition: "aws".to_owned(),
        dns_suffix: "amazonaws.com".to_owned(),
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        stack: "prod".to_owned(),
        own: BTreeMap::new(),
    }
}

fn remediation() -> Role {
    let needs = [
        <Nowhere as DescribeEcs>::ACCESS,
        <Nowhere as ChangeEcs>::ACCESS,
        <Nowhere as Hosts>::ACCESS,
        &[Access { method: "commit", actions: &["dynamodb:PutItem"], on: Resource::Table }],
    ];
    let own = &[Owner::Remediation, Owner::Shared];
    Role { needs: needs.concat(), reads: own, writes: own, due: Owner::Remediation }
}

fn actions(grants: &Grants) -> Vec<String> {
    let all = statements(Function::Remediation, &remediation(), grants, &names());
    let mut actions: Vec<String> = all.into_iter().flat_map(|statement| statement.actions).collect();
    actions.sort();
    actions.dedup();
    actions
}

#[test]
fn each_grant_adds_what_it_is_for_and_nothing_else() {
    let nothing = actions(&Grants::default());
    assert!(nothing.iter().all(|action| {
        !["Update", "Stop", "Run", "Register", "Continue", "Pass"].iter().any(|verb| action.contains(verb))
    }));
    let changes = Grants { changes: true, ..Grants::default() };
    for (grants, more) in [
        (changes.clone(), vec!["ecs:StopServiceDeployment", "ecs:StopTask", "ecs:UpdateService"]),
        (Grants { hook_answers: true, ..Grants::default() }, vec!["ecs:ContinueServiceDeployment"]),
        (Grants { capacity_fallback: true, ..Grants::default() }, vec!["ecs:UpdateService"]),
        (Grants { desired_count_limit: true, ..Grants::default() }, vec!["ecs:UpdateService"]),
        (
            Grants { drain: true, ..Grants::default() },
            vec![
                "cloudwatch:GetMetricData",
                "ecs:DescribeCapacityProviders",
                "ecs:UpdateContainerInstancesState",
            ],
        ),
        (Grants { raise_memory: true, ..Grants::default() }, vec![]),
        (
            Grants { task_roles: vec!["arn:r".to_owned()], jobs: true, scaling: true, ..Grants::default() },
            vec![],
        ),
        (
            Grants { raise_memory: true, ..changes.clone() },
            vec![
                "ecs:ListTaskDefinitions",
                "ecs:RegisterTaskDefinition",
                "ecs:StopServiceDeployment",
                "ecs:StopTask",
                "ecs:TagResource",
                "ecs:UpdateService",
            ],
        ),
        (
            Grants { task_roles: vec!["arn:r".to_owned()], ..changes },
            vec![
                "ecs:RunTask",
                "ecs:StopServiceDeployment",
                "ecs:StopTask",
                "ecs:UpdateService",
                "iam:PassRole",
            ],
        ),
    ] {
        let added: Vec<String> =
            actions(&grants).into_iter().filter(|action| !nothing.contains(action)).collect();
        assert_eq!(added, more, "{grants:?}");
    }
}

#[test]
fn one_cluster_is_in_every_arn_that_names_one_and_in_the_condition_of_what_has_none() {
    let grants = Grants { cluster: Some("shop".to_owned()), changes: true, drain: true, ..Grants::default() };
    for statement in statements(Function::Remediation, &remediation(), &grants, &names()) {
        for resource in &statement.resources {
            let rest = resource.splitn(6, ':').last().unwrap();
            let kind = rest.split('/').next().unwrap();
            if ["service", "service-deployment", "service-revision", "task", "container-instance"]
                .contains(&kind)
            {
                assert!(rest.starts_with(&format!("{kind}/shop/")), "{statement:?}");
            }
        }
        let lists = statement.actions.iter().any(|action| action == "ecs:ListTasks");
        let bound = statement.conditions.iter().any(|condition| condition.key == "ecs:cluster");
        assert!(!lists || (bound && statement.resources == ["*"]), "{statement:?}");
    }
}

#[test]
fn only_what_names_capacity_providers_passes_where_nothing_else_of_services_may_be_set() {
    let condition = |grants: &Grants| {
        let all = statements(Function::Remediation, &remediation(), grants, &names());
        let update =
            all.into_iter().find(|one| one.actions.iter().any(|action| action == "ecs:UpdateService"));
        update.unwrap().conditions
    };
    let alone = Grants { capacity_fallback: true, ..Grants::default() };
    assert_eq!(condition(&alone), [Condition::new("Null", "ecs:capacity-provider", ["false".to_owned()])]);
    assert_eq!(condition(&Grants { changes: true, ..alone.clone() }), []);
    assert_eq!(condition(&Grants { desired_count_limit: true, ..alone }), []);
}

#[test]
fn a_document_has_each_condition_under_its_operator() {
    let all = statements(Function::Remediation, &remediation(), &Grants::default(), &names());
    let document = document(&all);
    let table = document["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["Action"][0] == "dynamodb:PutItem")
        .unwrap();
    assert_eq!(table["Resource"], json!(["arn:aws:dynamodb:eu-central-1:123456789012:table/prod"]));
    assert_eq!(
        table["Condition"],
        json!({
            "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["r#*", "x#*"] },
            "Null": { "dynamodb:LeadingKeys": ["false"] },
        })
    );
}

#[test]
fn a_policy_fits_into_what_iam_takes_of_an_inline_policy() {
    let grants = Grants {
        cluster: Some("a-cluster-with-quite-a-long-name-in-production".to_owned()),
        changes: true,
        task_roles: (0..10)
            .map(|n| format!("arn:aws:iam::123456789012:role/teams/batch/nightly-{n}"))
            .collect(),
        raise_memory: true,
        drain: true,
        hook_answers: true,
        capacity_fallback: true,
        desired_count_limit: true,
        ..Grants::default()
    };
    let document = document(&statements(Function::Remediation, &remediation(), &grants, &names()));
    assert!(document.to_string().len() < 10_240, "{} characters", document.to_string().len());
}
