//! Application Auto Scaling: which services it scales.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::ServiceNamespace;

use super::ecs::failed;
use super::late::Late;
use super::sdk::Sdk;
use crate::arn::{ClusterArn, ServiceName};
use crate::ports::{AutoScaling, EcsError};

const DESCRIBE: &str = "DescribeScalableTargets";

/// Scalable targets of this account and region.
#[derive(Debug, Clone)]
pub struct ScalableTargets {
    client: Late<Client>,
}

impl ScalableTargets {
    /// With what all clients share.
    pub fn new(sdk: &Sdk) -> Self {
        Self { client: sdk.auto_scaling() }
    }
}

impl AutoScaling for ScalableTargets {
    async fn owned(
        &self,
        cluster: &ClusterArn,
        services: &[ServiceName],
    ) -> Result<BTreeSet<ServiceName>, EcsError> {
        if services.is_empty() {
            return Ok(BTreeSet::new());
        }
        let prefix = format!("service/{}/", cluster.name());
        let ids: Vec<String> = services.iter().map(|service| format!("{prefix}{service}")).collect();
        let mut owned = BTreeSet::new();
        let mut next = None;
        loop {
            let page = self
                .client
                .describe_scalable_targets()
                .service_namespace(ServiceNamespace::Ecs)
                .set_resource_ids(Some(ids.clone()))
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failed(DESCRIBE, format!("services of {}", cluster.name()), &error))?;
            let targets = page.scalable_targets.unwrap_or_default();
            let names = targets.iter().filter_map(|target| target.resource_id().strip_prefix(&prefix));
            owned.extend(names.map(ServiceName::new));
            next = page.next_token;
            if next.is_none() {
                return Ok(owned);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::scripted::{Answer, Script, run};

    fn names(names: &[&str]) -> Vec<ServiceName> {
        names.iter().map(|name| ServiceName::new(*name)).collect()
    }

    fn target(id: &str) -> serde_json::Value {
        json!({
            "ServiceNamespace": "ecs", "ResourceId": id, "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": "arn:aws:iam::1:role/r", "CreationTime": 1_700_000_000,
        })
    }

    fn shop() -> ClusterArn {
        ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
    }

    #[test]
    fn every_page_is_read_and_a_target_is_known_by_its_service() {
        let script = Script::of([
            Answer::ok(&json!({"ScalableTargets": [target("service/shop/api")], "NextToken": "more"})),
            Answer::ok(&json!({"ScalableTargets": [target("service/shop/web"), target("service/other/db")]})),
        ]);
        let targets = ScalableTargets::new(&script.sdk());
        let owned = run(targets.owned(&shop(), &names(&["api", "web", "db"]))).unwrap();
        assert_eq!(owned, names(&["api", "web"]).into_iter().collect());
        let sent = script.sent();
        assert_eq!(
            sent[0].json(),
            json!({
                "ServiceNamespace": "ecs",
                "ResourceIds": ["service/shop/api", "service/shop/web", "service/shop/db"],
            })
        );
        assert_eq!((sent.len(), &sent[1].json()["NextToken"]), (2, &json!("more")));
    }

    #[test]
    fn what_is_refused_is_an_error_that_names_the_cluster_and_nothing_is_asked_of_nobody() {
        let script = Script::of([Answer::error(400, "AccessDeniedException")]);
        let targets = ScalableTargets::new(&script.sdk());
        let error = run(targets.owned(&shop(), &names(&["api"]))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "DescribeScalableTargets services of shop: AccessDeniedException (400): said so"
        );
        assert!(!error.is_retryable());
        assert_eq!(run(targets.owned(&shop(), &[])), Ok(BTreeSet::new()));
        assert_eq!(script.sent().len(), 1);
    }
}
