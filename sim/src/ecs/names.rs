//! ARNs of the model's account and region, in the newer format (FACTS §3.5).

use super::settings::Settings;

/// Makes ARNs.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
    partition: String,
    region: String,
    account: String,
}

impl Names {
    pub(super) fn new(settings: &Settings) -> Self {
        let Settings { partition, region, account, .. } = settings;
        Self {
            prefix: format!("arn:{partition}:ecs:{region}:{account}"),
            partition: partition.clone(),
            region: region.clone(),
            account: account.clone(),
        }
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn cluster(&self, cluster: &str) -> String {
        format!("{}:cluster/{cluster}", self.prefix)
    }

    /// The role that a caller is shown as.
    pub(super) fn role(&self, caller: &str) -> String {
        format!("arn:{}:iam::{}:role/{caller}", self.partition, self.account)
    }

    pub(super) fn service(&self, cluster: &str, service: &str) -> String {
        format!("{}:service/{cluster}/{service}", self.prefix)
    }

    pub(super) fn service_deployment(&self, cluster: &str, service: &str, id: &str) -> String {
        format!("{}:service-deployment/{cluster}/{service}/{id}", self.prefix)
    }

    pub(super) fn service_revision(&self, cluster: &str, service: &str, id: u64) -> String {
        format!("{}:service-revision/{cluster}/{service}/{id}", self.prefix)
    }

    pub(super) fn task(&self, cluster: &str, id: &str) -> String {
        format!("{}:task/{cluster}/{id}", self.prefix)
    }

    pub(super) fn container(&self, cluster: &str, task: &str, id: &str) -> String {
        format!("{}:container/{cluster}/{task}/{id}", self.prefix)
    }

    pub(super) fn container_instance(&self, cluster: &str, id: &str) -> String {
        format!("{}:container-instance/{cluster}/{id}", self.prefix)
    }

    pub(super) fn capacity_provider(&self, name: &str) -> String {
        format!("{}:capacity-provider/{name}", self.prefix)
    }

    pub(super) fn task_definition(&self, family: &str, revision: u32) -> String {
        format!("{}:task-definition/{family}:{revision}", self.prefix)
    }

    pub(super) fn ec2_instance(&self, zone: &str, id: &str) -> String {
        format!("arn:{}:ec2:{zone}:instance/{id}", self.partition)
    }

    pub(super) fn health_event(&self, code: &str, id: &str) -> String {
        format!("arn:{}:health:{}::event/ECS/{code}/{id}", self.partition, self.region)
    }
}

/// The last segment of an ARN, or the name itself.
pub(super) fn last_segment(arn_or_name: &str) -> &str {
    arn_or_name.rsplit('/').next().unwrap_or(arn_or_name)
}
