//! Amazon Resource Names as ECS writes them, old and new, in every partition.
//!
//! ECS has two formats: `task/<uuid>` (before 2021, and still in fixtures) and `task/<cluster>/<id>`. So a cluster is
//! taken from `clusterArn`, never from a task's ARN, and identifiers that cannot be parsed are kept as the text they are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The parts of `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// `ecs`, `iam`, …
    pub service: &'a str,
    /// Empty for global services.
    pub region: &'a str,
    /// Twelve digits, kept as text: leading zeros occur, and examples mask it.
    pub account: &'a str,
    /// Everything behind the fifth colon, colons and slashes included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits `text`; `None` where it has no six parts or does not start with `arn:`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let (partition, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let (account, resource) = (parts.next()?, parts.next()?);
        if partition.is_empty() || service.is_empty() || resource.is_empty() {
            return None;
        }
        Some(Self { partition, service, region, account, resource })
    }

    /// The resource behind `kind/`, where the resource is of that kind.
    pub fn resource_of_kind(&self, kind: &str) -> Option<&'a str> {
        self.resource.strip_prefix(kind)?.strip_prefix('/').filter(|rest| !rest.is_empty())
    }
}

/// Defines a text identifier as a type of its own.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier! {
    /// The ARN of a cluster, from `clusterArn`.
    ClusterArn
}
identifier! {
    /// The ARN of a task, in either format.
    TaskArn
}
identifier! {
    /// The ARN of a container instance, in either format.
    ContainerInstanceArn
}
identifier! {
    /// The ARN of one revision of a task definition: `…:task-definition/<family>:<revision>`.
    TaskDefinitionArn
}
identifier! {
    /// A service's name within its cluster.
    ServiceName
}
identifier! {
    /// The name that all revisions of a task definition share.
    Family
}
identifier! {
    /// `ecs-svc/<digits>`: what deployment events call `deploymentId` and tasks of a service carry as `startedBy`.
    DeploymentId
}

identifier! {
    /// The ARN of a service deployment: `…:service-deployment/<cluster>/<service>/<random>`. `ecs-svc/<digits>` is none.
    ServiceDeploymentArn
}
identifier! {
    /// The ARN of a service revision: `…:service-revision/<cluster>/<service>/<digits>`.
    ServiceRevisionArn
}

impl ClusterArn {
    /// The cluster's name: what follows `cluster/`, or the text itself where it is no ARN.
    pub fn name(&self) -> &str {
        Arn::parse(&self.0).and_then(|arn| arn.resource_of_kind("cluster")).unwrap_or(&self.0)
    }
}

impl TaskArn {
    /// The task's id: what follows the last slash.
    pub fn id(&self) -> &str {
        last_segment(&self.0)
    }
}

impl ContainerInstanceArn {
    /// The container instance's id: what follows the last slash.
    pub fn id(&self) -> &str {
        last_segment(&self.0)
    }
}

impl TaskDefinitionArn {
    /// `family:revision`, as people write it.
    pub fn family_and_revision(&self) -> &str {
        last_segment(&self.0)
    }

    /// The revision's number; `None` where the text has none.
    pub fn revision(&self) -> Option<u32> {
        self.family_and_revision().rsplit_once(':')?.1.parse().ok()
    }

    /// The family, without the revision.
    pub fn family(&self) -> Family {
        let name = self.family_and_revision();
        Family::new(name.rsplit_once(':').map_or(name, |(family, _)| family))
    }
}

impl ServiceDeploymentArn {
    /// The service's name, or the text itself where it is no such ARN.
    pub fn service(&self) -> &str {
        let parts = Arn::parse(&self.0).and_then(|arn| arn.resource_of_kind("service-deployment"));
        parts.and_then(|parts| parts.split('/').nth(1)).unwrap_or(&self.0)
    }
}

impl DeploymentId {
    /// `text` as a deployment's id, where it has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("ecs-svc/").filter(|rest| !rest.is_empty()).map(|_| Self::new(text))
    }
}

fn last_segment(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_of_any_partition_is_split() {
        for partition in ["aws", "aws-cn", "aws-us-gov", "aws-iso"] {
            let text = format!("arn:{partition}:ecs:r:012345678901:cluster/shop");
            let arn = Arn::parse(&text).unwrap();
            assert_eq!((arn.partition, arn.account), (partition, "012345678901"));
            assert_eq!(ClusterArn::new(text.clone()).name(), "shop");
        }
    }

    #[test]
    fn text_that_is_no_arn_is_kept_and_names_itself() {
        for text in ["", "arn", "arn:aws", "shop", "arn:aws:ecs:eu:1:", "::::::"] {
            assert_eq!(Arn::parse(text), None, "{text}");
            assert_eq!(ClusterArn::new(text).name(), text);
        }
    }

    #[test]
    fn old_and_new_task_arns_name_the_same_kind_of_id() {
        assert_eq!(TaskArn::new("arn:aws:ecs:r:1:task/4ce75a22-f1c9").id(), "4ce75a22-f1c9");
        assert_eq!(TaskArn::new("arn:aws:ecs:r:1:task/shop/0123abcd").id(), "0123abcd");
    }

    #[test]
    fn a_task_definition_knows_its_family() {
        let arn = TaskDefinitionArn::new("arn:aws:ecs:r:1:task-definition/api:42");
        assert_eq!(arn.family_and_revision(), "api:42");
        assert_eq!(arn.family().as_str(), "api");
        assert_eq!(TaskDefinitionArn::new("api").family().as_str(), "api");
    }

    #[test]
    fn a_service_deployment_knows_its_service() {
        let arn = ServiceDeploymentArn::new("arn:aws:ecs:r:1:service-deployment/shop/api/NCWGC2ZR");
        assert_eq!(arn.service(), "api");
        assert_eq!(ServiceDeploymentArn::new("nonsense").service(), "nonsense");
    }

    #[test]
    fn only_the_form_of_a_deployment_id_is_one() {
        assert!(DeploymentId::parse("ecs-svc/730").is_some());
        for text in ["", "ecs-svc/", "deploy-pipeline", "steward/job/x"] {
            assert_eq!(DeploymentId::parse(text), None);
        }
    }
}
