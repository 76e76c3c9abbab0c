//! What the ports declare, as IAM is told it.

use super::{Condition, Function, Grant, Grants, Names, Own};
use crate::ledger::Owner;
use crate::ports::Nowhere;
use crate::ports::{Access, Hosts, Resource, Role};

/// The service that starts tasks, to which their roles are handed.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// One grant for each action that is declared and allowed.
pub(super) fn of(function: Function, role: &Role, grants: &Grants, names: &Names) -> Vec<Grant> {
    let each = role.needs.iter().flat_map(|need| need.actions.iter().map(move |action| (need, *action)));
    let asked = each.filter(|(need, action)| is_allowed(function, need, action, grants));
    let mut all = Vec::new();
    for (need, action) in asked {
        let resources = resources(function, need.on, grants, names);
        let conditions = conditions(function, role, (need, action), grants, names);
        match need.on {
            // By different conditions.
            Resource::SlackSecrets => all.extend(secrets(action, grants, names)),
            _ => all.push(Grant { action: action.to_owned(), resources, conditions }),
        }
    }
    all
}

fn is_allowed(function: Function, need: &Access, action: &str, grants: &Grants) -> bool {
    match function {
        Function::Remediation => remediation(need, action, grants),
        Function::Batch => match action {
            "ecs:RunTask" | "ecs:StopTask" | "ecs:TagResource" => grants.jobs,
            "iam:PassRole" => grants.jobs && !grants.job_task_roles.is_empty(),
            _ => true,
        },
        Function::Scaling => action != "ecs:UpdateService" || grants.scaling,
        // Where a container's log is, is read for its last lines alone.
        Function::Notifications => action != "ecs:DescribeTaskDefinition" || !grants.task_logs.is_empty(),
    }
}

fn remediation(need: &Access, action: &str, grants: &Grants) -> bool {
    let runs_tasks = grants.changes && !grants.task_roles.is_empty();
    match action {
        "ecs:StopServiceDeployment" | "ecs:StopTask" => grants.changes,
        "ecs:UpdateService" => grants.changes || grants.capacity_fallback || grants.desired_count_limit,
        "ecs:RunTask" | "iam:PassRole" => runs_tasks,
        "ecs:RegisterTaskDefinition" | "ecs:TagResource" | "ecs:ListTaskDefinitions" => {
            grants.changes && grants.raise_memory
        }
        "ecs:ContinueServiceDeployment" => grants.hook_answers,
        "ecs:UpdateContainerInstancesState" => grants.drain,
        _ => grants.drain || !<Nowhere as Hosts>::ACCESS.contains(need),
    }
}

fn resources(function: Function, on: Resource, grants: &Grants, names: &Names) -> Vec<String> {
    let ecs = |kind: &str| match &grants.cluster {
        Some(cluster) => names.arn("ecs", &format!("{kind}/{cluster}/*")),
        None => names.arn("ecs", &format!("{kind}/*")),
    };
    match on {
        Resource::Table => vec![names.own(Own::Table)],
        Resource::DueIndex => vec![format!("{}/index/due", names.own(Own::Table))],
        Resource::TellQueue => vec![names.own(Own::TellQueue)],
        Resource::Topic => [vec![names.own(Own::Topic)], grants.alert_topics.clone()].concat(),
        Resource::Configuration => {
            let path = names.arn("ssm", &format!("parameter/steward/{}/configuration", names.stack));
            vec![format!("{path}/*"), path]
        }
        // Of secrets see `secrets`; dead letters are a person's to move.
        Resource::SlackSecrets | Resource::DeadLetterQueues => Vec::new(),
        Resource::TaskLogs => {
            let streams = |group: &String| format!("arn:*:logs:*:*:log-group:{group}:log-stream:*");
            grants.task_logs.iter().map(streams).collect()
        }
        Resource::Services => vec![ecs("service")],
        Resource::ServiceDeployments => vec![ecs("service"), ecs("service-deployment")],
        Resource::ServiceRevisions => vec![ecs("service"), ecs("service-revision")],
        Resource::Tasks => vec![ecs("task")],
        Resource::ContainerInstances => vec![ecs("container-instance")],
        Resource::TaskDefinitions => vec![names.arn("ecs", "task-definition/*")],
        Resource::CapacityProviders => vec![names.arn("ecs", "capacity-provider/*")],
        Resource::Clusters => vec![cluster(grants, names)],
        Resource::TaskRoles if function == Function::Batch => grants.job_task_roles.clone(),
        Resource::TaskRoles => grants.task_roles.clone(),
        Resource::Stacks => vec![names.arn("cloudformation", "stack/*")],
        Resource::ScaledQueues => grants.scaling_queues.clone(),
        Resource::InClusters | Resource::Everything => vec!["*".to_owned()],
    }
}

fn cluster(grants: &Grants, names: &Names) -> String {
    names.arn("ecs", &format!("cluster/{}", grants.cluster.as_deref().unwrap_or("*")))
}

fn conditions(
    function: Function,
    role: &Role,
    (need, action): (&Access, &str),
    grants: &Grants,
    names: &Names,
) -> Vec<Condition> {
    let in_cluster = || {
        let bound = grants.cluster.is_some().then(|| cluster(grants, names));
        bound.map(|arn| Condition::new("ArnEquals", "ecs:cluster", [arn])).into_iter().collect()
    };
    let created_by =
        |action: &str| vec![Condition::new("StringEquals", "ecs:CreateAction", [action.to_owned()])];
    let text = |text: &str| [text.to_owned()];
    match (need.on, action) {
        (Resource::DueIndex, _) => keys("ForAllValues:StringEquals", &[role.due], ""),
        (Resource::Table, "dynamodb:GetItem" | "dynamodb:BatchGetItem") => {
            keys("ForAllValues:StringLike", role.reads, "*")
        }
        (Resource::Table, _) => keys("ForAllValues:StringLike", role.writes, "*"),
        (Resource::InClusters, _) | (_, "ecs:RunTask" | "ecs:ListTasks") => in_cluster(),
        // Only those of what this very call makes: nobody's tags are changed.
        (Resource::TaskDefinitions, "ecs:TagResource") => created_by("RegisterTaskDefinition"),
        (_, "ecs:TagResource") => created_by("RunTask"),
        (_, "iam:PassRole") => vec![Condition::new("StringEquals", "iam:PassedToService", text(TASKS))],
        // Of a service's settings IAM can only tell whether a call names capacity providers.
        (_, "ecs:UpdateService")
            if function == Function::Remediation && !grants.changes && !grants.desired_count_limit =>
        {
            vec![Condition::new("Null", "ecs:capacity-provider", text("false"))]
        }
        (Resource::TaskLogs, _) => {
            vec![Condition::new("StringEquals", "aws:ResourceAccount", [names.account.clone()])]
        }
        _ => Vec::new(),
    }
}

/// `ForAllValues` holds for a request without leading keys as well, so `Null` asks that there are some.
fn keys(operator: &'static str, owners: &[Owner], any: &str) -> Vec<Condition> {
    let key = "dynamodb:LeadingKeys";
    let prefixes = owners.iter().map(|owner| format!("{}{any}", owner.prefix()));
    vec![Condition::new(operator, key, prefixes), Condition::new("Null", key, ["false".to_owned()])]
}

/// The ARNs of further secrets leave partition, region and account open, for a template can make them of names in no other way; the conditions
/// close them.
fn secrets(action: &str, grants: &Grants, names: &Names) -> Vec<Grant> {
    let webhook = grants.slack_webhook.iter().map(|name| names.arn("ssm", &format!("parameter{name}")));
    let further = grants.slack_secrets.iter().map(|name| format!("arn:*:ssm:*:*:parameter{name}"));
    let here = vec![
        Condition::new("StringEquals", "aws:RequestedRegion", [names.region.clone()]),
        Condition::new("StringEquals", "aws:ResourceAccount", [names.account.clone()]),
    ];
    let grant =
        |resources: Vec<String>, conditions| Grant { action: action.to_owned(), resources, conditions };
    vec![grant(webhook.collect(), Vec::new()), grant(further.collect(), here)]
}
