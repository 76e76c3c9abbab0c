//! What an execution role must be allowed, by what its task definition names.
//!
//! A customer's KMS key is not among it: which key encrypts a secret only the secret's own description says.

use std::collections::BTreeMap;

use super::facts::Launch;
use super::image::Image;
use super::{Container, Definition};
use crate::arn::{Arn, ClusterArn};

/// Resource of an action that IAM knows no resource for.
const ALL: &str = "*";
/// Of an image in ECR, layer by layer.
const PULL: [&str; 3] =
    ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"];
/// A log stream ends in the id of its task.
const SOME_TASK: &str = "0123456789abcdef0123456789abcdef";

/// Something that an execution role must be allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// `service:Action`.
    pub action: &'static str,
    /// An ARN, or `*`.
    pub resource: String,
    /// What a resource's own policy may grant as well, without the role's.
    pub by_resource_policy: bool,
}

/// What IAM says to an action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// The role may.
    Allowed,
    /// No policy of the role's allows it.
    NotAllowed,
    /// A policy denies it, whatever others allow.
    Denied,
    /// It depends on what only a real request has: these condition keys.
    DependsOn(Vec<String>),
}

/// Rulings by action and resource.
pub type Permissions = BTreeMap<(String, String), Ruling>;

/// Where a service runs: what ARNs begin with.
struct Home<'c> {
    partition: &'c str,
    region: &'c str,
    account: &'c str,
}

impl Home<'_> {
    fn arn(&self, service: &str, resource: &str) -> String {
        self.arn_in(service, self.region, resource)
    }

    fn arn_in(&self, service: &str, region: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{region}:{}:{resource}", self.partition, self.account)
    }

    /// Whether a resource is the account's own: then its policy may grant what the role's do not.
    fn owns(&self, arn: &str) -> bool {
        // ARNs of S3 name no account.
        Arn::parse(arn).is_none_or(|arn| arn.account.is_empty() || arn.account == self.account)
    }
}

/// What the execution role of a definition needs, sorted, each once. Nothing where the cluster's ARN does not say where it is.
pub fn needs(definition: &Definition, cluster: &ClusterArn, launch: Launch) -> Vec<Need> {
    let Some(arn) = Arn::parse(cluster.as_str()) else { return Vec::new() };
    let home = Home { partition: arn.partition, region: arn.region, account: arn.account };
    let mut all = Vec::new();
    for container in &definition.containers {
        // On container instances it is the instance's role that pulls and needs no other.
        if launch != Launch::Ec2 {
            image(container, &home, &mut all);
        }
        logs(container, &home, &mut all);
        for secret in &container.secrets {
            all.push(secret_or_parameter(secret, &home));
        }
        all.extend(container.registry_secret.as_deref().map(|secret| registry_secret(secret, &home)));
        for file in &container.files {
            object(file, &home, &mut all);
        }
    }
    all.sort();
    all.dedup();
    all
}

fn image(container: &Container, home: &Home<'_>, all: &mut Vec<Need>) {
    let Some(repository) = Image::of(&container.image).ecr() else { return };
    all.push(Need {
        action: "ecr:GetAuthorizationToken",
        resource: ALL.to_owned(),
        by_resource_policy: false,
    });
    let (partition, region, account) = (home.partition, repository.region, repository.account);
    let resource = format!("arn:{partition}:ecr:{region}:{account}:repository/{}", repository.name);
    all.extend(PULL.map(|action| Need {
        action,
        by_resource_policy: home.owns(&resource),
        resource: resource.clone(),
    }));
}

fn logs(container: &Container, home: &Home<'_>, all: &mut Vec<Need>) {
    let Some(logs) = container.logs.as_ref().filter(|logs| logs.driver == "awslogs") else { return };
    let Some(group) = &logs.group else { return };
    let region = logs.region.as_deref().unwrap_or(home.region);
    let stream = match &logs.prefix {
        Some(prefix) => format!("{prefix}/{}/{SOME_TASK}", container.name),
        None => SOME_TASK.to_owned(),
    };
    let mut need = |action, stream: &str| {
        let resource = home.arn_in("logs", region, &format!("log-group:{group}:log-stream:{stream}"));
        all.push(Need { action, resource, by_resource_policy: false });
    };
    need("logs:CreateLogStream", &stream);
    need("logs:PutLogEvents", &stream);
    if logs.creates_group {
        need("logs:CreateLogGroup", "");
    }
}

/// `valueFrom`: the ARN of a secret with what to take of it, or a parameter's ARN or name.
fn secret_or_parameter(value_from: &str, home: &Home<'_>) -> Need {
    match Arn::parse(value_from) {
        Some(arn) if arn.service == "secretsmanager" => secret(value_from, home),
        Some(_) => {
            Need { action: "ssm:GetParameters", resource: value_from.to_owned(), by_resource_policy: false }
        }
        None => Need {
            action: "ssm:GetParameters",
            resource: home.arn("ssm", &format!("parameter/{}", value_from.trim_start_matches('/'))),
            by_resource_policy: false,
        },
    }
}

fn registry_secret(credentials: &str, home: &Home<'_>) -> Need {
    if Arn::parse(credentials).is_some() {
        return secret(credentials, home);
    }
    // By name alone; its ARN ends in six characters that nobody knows.
    let resource = home.arn("secretsmanager", &format!("secret:{credentials}-??????"));
    Need { action: "secretsmanager:GetSecretValue", resource, by_resource_policy: true }
}

/// Behind a secret's ARN stand the key of its JSON, a stage and a version.
fn secret(value_from: &str, home: &Home<'_>) -> Need {
    let resource: String = value_from.split(':').take(7).collect::<Vec<_>>().join(":");
    Need { action: "secretsmanager:GetSecretValue", by_resource_policy: home.owns(&resource), resource }
}

fn object(arn: &str, home: &Home<'_>, all: &mut Vec<Need>) {
    let Some(object) = Arn::parse(arn).filter(|arn| arn.service == "s3") else { return };
    let bucket = object.resource.split('/').next().unwrap_or_default();
    all.push(Need { action: "s3:GetObject", resource: arn.to_owned(), by_resource_policy: true });
    all.push(Need {
        action: "s3:GetBucketLocation",
        resource: format!("arn:{}:s3:::{bucket}", home.partition),
        by_resource_policy: true,
    });
}
