//! Actions and ARNs that a call to ECS touches.
//!
//! Which kind of resource IAM looks at for which operation is that of IAM's service authorization reference for ECS, and
//! FACTS §10: some operations know only `*`. Names and ids become ARNs; a cluster left out is `default`. `RunTask` tags the
//! tasks that it starts, and hands over the roles that its overrides name; `RegisterTaskDefinition` tags what it registers, and
//! hands over the roles of that. Those of a task definition that is only named are not seen in a call.

use serde_json::Value;

use super::ACCOUNT;

/// Pairs of an action and an ARN.
pub(super) fn touches(region: &str, operation: &str, json: &Value) -> Vec<(String, String)> {
    let own = resources(region, operation, json);
    let mut all: Vec<_> = own.into_iter().map(|arn| (format!("ecs:{operation}"), arn)).collect();
    if operation == "RunTask" {
        let call = Call { region, json };
        let tags = json.get("tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty());
        let tagged = tags.then(|| call.arn("task", &format!("{}/*", call.cluster())));
        all.extend(tagged.map(|tasks| ("ecs:TagResource".to_owned(), tasks)));
        let role = |name: &str| json.pointer(&format!("/overrides/{name}"))?.as_str();
        let roles = ["taskRoleArn", "executionRoleArn"].into_iter().filter_map(role);
        all.extend(roles.map(|role| ("iam:PassRole".to_owned(), role.to_owned())));
    }
    if operation == "RegisterTaskDefinition" {
        let call = Call { region, json };
        let has_tags = json.get("tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty());
        let family =
            call.texts("family").first().map(|family| call.arn("task-definition", &format!("{family}:*")));
        all.extend(family.filter(|_| has_tags).map(|family| ("ecs:TagResource".to_owned(), family)));
        let roles =
            ["taskRoleArn", "executionRoleArn"].into_iter().filter_map(|name| json.get(name)?.as_str());
        all.extend(roles.map(|role| ("iam:PassRole".to_owned(), role.to_owned())));
    }
    all
}

/// What IAM's conditions may look at of an action that a call needs. Tasks are all that is started: roles are handed to their service.
pub(super) fn context(
    region: &str,
    operation: &str,
    action: &str,
    json: &Value,
) -> Vec<(&'static str, Vec<String>)> {
    let call = Call { region, json };
    let of_cluster = matches!(
        operation,
        "DescribeContainerInstances"
            | "DescribeServices"
            | "DescribeTasks"
            | "GetTaskProtection"
            | "ListContainerInstances"
            | "ListServices"
            | "ListTasks"
            | "RunTask"
            | "StopTask"
            | "UpdateContainerInstancesState"
            | "UpdateService"
    );
    let mut context = match action {
        "iam:PassRole" => return vec![("iam:PassedToService", vec!["ecs-tasks.amazonaws.com".to_owned()])],
        "ecs:TagResource" if operation != "TagResource" => {
            return vec![("ecs:CreateAction", vec![operation.to_owned()])];
        }
        _ if of_cluster => vec![("ecs:cluster", vec![call.arn("cluster", call.cluster())])],
        _ => Vec::new(),
    };
    let strategy = json.get("capacityProviderStrategy").and_then(Value::as_array).into_iter().flatten();
    let providers = strategy.filter_map(|item| item.get("capacityProvider")?.as_str());
    let providers: Vec<String> = providers.map(|name| call.arn("capacity-provider", name)).collect();
    if !providers.is_empty() {
        context.push(("ecs:capacity-provider", providers));
    }
    context
}

fn resources(region: &str, operation: &str, json: &Value) -> Vec<String> {
    let call = Call { region, json };
    let found = match operation {
        "DescribeServices" => call.within_cluster("service", "services"),
        "CreateService" => call.within_cluster("service", "serviceName"),
        "UpdateService" | "DeleteService" | "ListServiceDeployments" => {
            call.within_cluster("service", "service")
        }
        "DescribeTasks" | "GetTaskProtection" | "UpdateTaskProtection" => {
            call.within_cluster("task", "tasks")
        }
        "StopTask" => call.within_cluster("task", "task"),
        "ListTasks" => call.within_cluster("container-instance", "containerInstance"),
        "DescribeContainerInstances" | "UpdateContainerInstancesState" => {
            call.within_cluster("container-instance", "containerInstances")
        }
        "DescribeClusters" if call.texts("clusters").is_empty() => vec![call.arn("cluster", "default")],
        "DescribeClusters" => call.named("cluster", "clusters"),
        "ListContainerInstances" => vec![call.arn("cluster", call.cluster())],
        "RunTask" => call.named("task-definition", "taskDefinition"),
        "RegisterTaskDefinition" => call
            .texts("family")
            .iter()
            .map(|family| call.arn("task-definition", &format!("{family}:*")))
            .collect(),
        "DescribeCapacityProviders" => call.named("capacity-provider", "capacityProviders"),
        "DescribeServiceDeployments" => call.named("service-deployment", "serviceDeploymentArns"),
        "DescribeServiceRevisions" => call.named("service-revision", "serviceRevisionArns"),
        "StopServiceDeployment" | "ContinueServiceDeployment" => call.deployment_and_service(),
        "ListTagsForResource" | "TagResource" | "UntagResource" => call.named("", "resourceArn"),
        _ => Vec::new(),
    };
    if found.is_empty() { vec!["*".to_owned()] } else { found }
}

struct Call<'call> {
    region: &'call str,
    json: &'call Value,
}

impl<'call> Call<'call> {
    /// A text, or a list of them.
    fn texts(&self, member: &str) -> Vec<&'call str> {
        match self.json.get(member) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => vec![text.as_str()],
            _ => Vec::new(),
        }
    }

    fn arn(&self, kind: &str, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        format!("arn:aws:ecs:{}:{ACCOUNT}:{kind}/{name}", self.region)
    }

    /// The cluster's name, whether or not it was given by ARN.
    fn cluster(&self) -> &'call str {
        let cluster = self.json.get("cluster").and_then(Value::as_str).unwrap_or("default");
        cluster.rsplit('/').next().unwrap_or(cluster)
    }

    fn named(&self, kind: &str, member: &str) -> Vec<String> {
        self.texts(member).iter().map(|name| self.arn(kind, name)).collect()
    }

    fn within_cluster(&self, kind: &str, member: &str) -> Vec<String> {
        let path = |name: &&str| {
            if name.starts_with("arn:") {
                (*name).to_owned()
            } else {
                self.arn(kind, &format!("{}/{name}", self.cluster()))
            }
        };
        self.texts(member).iter().map(path).collect()
    }

    /// `…:service-deployment/CLUSTER/SERVICE/ID` is a deployment of `…:service/CLUSTER/SERVICE`.
    fn deployment_and_service(&self) -> Vec<String> {
        let mut found = self.named("service-deployment", "serviceDeploymentArn");
        let services: Vec<String> = found
            .iter()
            .filter_map(|arn| Some(arn.rsplit_once('/')?.0.replace(":service-deployment/", ":service/")))
            .collect();
        found.extend(services);
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn touched(operation: &str, json: &Value) -> Vec<String> {
        let rest = |arn: String| arn.splitn(6, ':').last().unwrap().to_owned();
        resources("eu-west-1", operation, json).into_iter().map(rest).collect()
    }

    #[test]
    fn names_and_arns_are_the_same_resource() {
        let by_name = json!({ "cluster": "prod", "services": ["web", "api"] });
        assert_eq!(touched("DescribeServices", &by_name), ["service/prod/web", "service/prod/api"]);
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web";
        let by_arn = json!({ "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "service": arn });
        let by_name = json!({ "cluster": "prod", "service": "web" });
        assert_eq!(resources("eu-west-1", "UpdateService", &by_arn), [arn]);
        assert_eq!(touched("UpdateService", &by_arn), touched("UpdateService", &by_name));
    }

    #[test]
    fn a_task_is_run_on_its_definition_and_stopped_on_itself() {
        assert_eq!(touched("RunTask", &json!({ "taskDefinition": "job:3" })), ["task-definition/job:3"]);
        assert_eq!(touched("StopTask", &json!({ "task": "abc" })), ["task/default/abc"]);
    }

    #[test]
    fn running_a_task_tags_it_and_hands_over_the_roles_that_it_names() {
        let bare = json!({ "cluster": "prod", "taskDefinition": "job:3", "tags": [] });
        let actions = |json: &Value| {
            let all = touches("eu-west-1", "RunTask", json).into_iter();
            all.map(|(action, arn)| format!("{action} {}", arn.splitn(6, ':').last().unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(actions(&bare), ["ecs:RunTask task-definition/job:3"]);
        let full = json!({
            "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "taskDefinition": "job:3",
            "tags": [{ "key": "team", "value": "a" }],
            "overrides": { "taskRoleArn": "arn:aws:iam::123456789012:role/job" },
        });
        let [run, tag, pass] = actions(&full).try_into().unwrap();
        assert_eq!([run, tag], ["ecs:RunTask task-definition/job:3", "ecs:TagResource task/prod/*"]);
        assert_eq!(pass, "iam:PassRole role/job");
    }

    #[test]
    fn registering_a_task_definition_tags_it_and_hands_over_its_roles() {
        let all = touches(
            "eu-west-1",
            "RegisterTaskDefinition",
            &json!({
                "family": "web", "tags": [{ "key": "team", "value": "a" }],
                "taskRoleArn": "arn:aws:iam::123456789012:role/web",
            }),
        );
        let all: Vec<String> = all
            .into_iter()
            .map(|(action, arn)| format!("{action} {}", arn.splitn(6, ':').last().unwrap()))
            .collect();
        assert_eq!(
            all,
            [
                "ecs:RegisterTaskDefinition task-definition/web:*",
                "ecs:TagResource task-definition/web:*",
                "iam:PassRole role/web",
            ]
        );
    }

    #[test]
    fn stopping_a_deployment_touches_its_service_too() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/web/xyz";
        assert_eq!(
            touched("StopServiceDeployment", &json!({ "serviceDeploymentArn": arn })),
            ["service-deployment/prod/web/xyz", "service/prod/web"]
        );
    }

    #[test]
    fn what_iam_cannot_narrow_is_everything() {
        assert_eq!(touched("DescribeTaskDefinition", &json!({ "taskDefinition": "web:1" })), ["*"]);
        assert_eq!(touched("ListTasks", &json!({ "cluster": "prod", "family": "web" })), ["*"]);
        assert_eq!(touched("RegisterTaskDefinition", &json!({ "family": "web" })), ["task-definition/web:*"]);
    }
}
