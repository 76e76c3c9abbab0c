//! Requests about services and their deployments.

use super::super::api::{
    CapacityProviderStrategyItem, ContinueServiceDeploymentRequest, CreateServiceRequest,
    DeleteServiceRequest, DeploymentConfiguration, DescribeServiceDeploymentsRequest,
    DescribeServiceRevisionsRequest, DescribeServicesRequest, LaunchType, ListServiceDeploymentsRequest,
    ListServicesRequest, NetworkConfiguration, PlacementConstraint, PlacementStrategy, SchedulingStrategy,
    StopServiceDeploymentRequest, StopServiceDeploymentStopType, UpdateServiceRequest,
};
use super::{
    Checked, Validate, at_most, client_token, invalid, name, not_blank, page, some_and_at_most,
    some_not_blank,
};
use super::{tags, unmodelled, within};

/// Services of one `DescribeServices` (API; FACTS §8).
const DESCRIBED_SERVICES: usize = 10;
/// Service deployments or revisions of one call (API; FACTS §10).
const DESCRIBED_DEPLOYMENTS: usize = 20;
/// Characters of the token of `CreateService` (API).
const TOKEN: usize = 36;
/// Providers of a strategy (API, `capacityProviderStrategy`).
const PROVIDERS: usize = 20;
/// API, `CapacityProviderStrategyItem`.
const WEIGHT: u32 = 1000;
/// API, `CapacityProviderStrategyItem`.
const BASE: u32 = 100_000;
/// API, `AwsVpcConfiguration`.
const SUBNETS: usize = 16;
/// API, `AwsVpcConfiguration`.
const SECURITY_GROUPS: usize = 5;
/// API, `placementConstraints`.
const CONSTRAINTS: usize = 10;
/// API, `placementStrategy`.
const STRATEGIES: usize = 5;
/// Seconds of grace: what a signed integer of 32 bits holds (API, `healthCheckGracePeriodSeconds`).
const GRACE: u32 = i32::MAX as u32;
/// The largest count that fits ECS's integers.
const COUNT: u32 = i32::MAX as u32;
/// Minutes that a hook may wait (API, `DeploymentLifecycleHookTimeoutConfiguration`).
const HOOK: u32 = 20_160;

impl Validate for DescribeServicesRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        some_and_at_most("services", &self.services, DESCRIBED_SERVICES)
    }
}

impl Validate for ListServicesRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        page(self.max_results)?;
        unmodelled::launch_type(self.launch_type)?;
        unmodelled::scheduling(self.scheduling_strategy)
    }
}

impl Validate for CreateServiceRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        name("serviceName", &self.service_name)?;
        client_token(self.client_token.as_ref(), TOKEN)?;
        tags(&self.tags)?;
        either_type_or_strategy(self.launch_type, self.capacity_provider_strategy.as_deref())?;
        if self.desired_count.is_none() && self.scheduling_strategy != Some(SchedulingStrategy::Daemon) {
            return Err(invalid(
                "desiredCount is required for services with the scheduling strategy REPLICA.",
            ));
        }
        within("desiredCount", self.desired_count, 0, COUNT)?;
        within("healthCheckGracePeriodSeconds", self.health_check_grace_period_seconds, 0, GRACE)?;
        self.deployment_configuration.as_ref().map_or(Ok(()), deployment_configuration)?;
        placement(&self.placement_constraints, &self.placement_strategy)?;
        network(self.network_configuration.as_ref())?;
        unmodelled::create_service(self)
    }
}

impl Validate for UpdateServiceRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        not_blank("service", &self.service)?;
        some_not_blank("taskDefinition", self.task_definition.as_ref())?;
        within("desiredCount", self.desired_count, 0, COUNT)?;
        within("healthCheckGracePeriodSeconds", self.health_check_grace_period_seconds, 0, GRACE)?;
        strategy(self.capacity_provider_strategy.as_deref().unwrap_or_default())?;
        self.deployment_configuration.as_ref().map_or(Ok(()), deployment_configuration)?;
        let constraints = self.placement_constraints.as_deref().unwrap_or_default();
        placement(constraints, self.placement_strategy.as_deref().unwrap_or_default())?;
        network(self.network_configuration.as_ref())?;
        unmodelled::update_service(self)
    }
}

impl Validate for DeleteServiceRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        not_blank("service", &self.service)
    }
}

impl Validate for ListServiceDeploymentsRequest {
    fn validate(&self) -> Checked {
        not_blank("service", &self.service)?;
        page(self.max_results)
    }
}

impl Validate for DescribeServiceDeploymentsRequest {
    fn validate(&self) -> Checked {
        some_and_at_most("serviceDeploymentArns", &self.service_deployment_arns, DESCRIBED_DEPLOYMENTS)
    }
}

impl Validate for DescribeServiceRevisionsRequest {
    fn validate(&self) -> Checked {
        some_and_at_most("serviceRevisionArns", &self.service_revision_arns, DESCRIBED_DEPLOYMENTS)
    }
}

impl Validate for StopServiceDeploymentRequest {
    /// `ABORT` is in the enumeration, and documented as not allowed (FACTS §10).
    fn validate(&self) -> Checked {
        not_blank("serviceDeploymentArn", &self.service_deployment_arn)?;
        match self.stop_type {
            Some(StopServiceDeploymentStopType::Abort) => {
                Err(invalid("The valid value of stopType is ROLLBACK."))
            }
            _ => Ok(()),
        }
    }
}

impl Validate for ContinueServiceDeploymentRequest {
    fn validate(&self) -> Checked {
        not_blank("serviceDeploymentArn", &self.service_deployment_arn)?;
        not_blank("hookId", &self.hook_id)
    }
}

/// API, `launchType`: with a strategy it must be left out.
pub(super) fn either_type_or_strategy(
    launch_type: Option<LaunchType>,
    items: Option<&[CapacityProviderStrategyItem]>,
) -> Checked {
    let items = items.unwrap_or_default();
    if launch_type.is_some() && !items.is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    strategy(items)
}

/// API, `CapacityProviderStrategyItem`: one base at most, and some weight.
pub(super) fn strategy(items: &[CapacityProviderStrategyItem]) -> Checked {
    at_most("capacityProviderStrategy", items.len(), PROVIDERS)?;
    for item in items {
        not_blank("capacityProvider", &item.capacity_provider)?;
        within("weight", item.weight, 0, WEIGHT)?;
        within("base", item.base, 0, BASE)?;
    }
    let bases = items.iter().filter(|item| item.base.is_some_and(|base| base > 0)).count();
    if bases > 1 {
        return Err(invalid("Only one capacity provider of a strategy can have a base."));
    }
    if items.len() > 1 && items.iter().all(|item| item.weight.unwrap_or(0) == 0) {
        return Err(invalid(
            "At least one capacity provider of a strategy must have a weight greater than 0.",
        ));
    }
    Ok(())
}

pub(super) fn placement(constraints: &[PlacementConstraint], strategies: &[PlacementStrategy]) -> Checked {
    at_most("placementConstraints", constraints.len(), CONSTRAINTS)?;
    at_most("placementStrategy", strategies.len(), STRATEGIES)
}

pub(super) fn network(configuration: Option<&NetworkConfiguration>) -> Checked {
    let Some(awsvpc) = configuration.and_then(|network| network.awsvpc_configuration.as_ref()) else {
        return Ok(());
    };
    some_and_at_most("subnets", &awsvpc.subnets, SUBNETS)?;
    at_most("securityGroups", awsvpc.security_groups.len(), SECURITY_GROUPS)
}

/// Percentages that could never hold: fewer tasks than wanted at most, or more at least. Both at 100 leave no way to replace
/// a task, and ECS says so.
fn deployment_configuration(configuration: &DeploymentConfiguration) -> Checked {
    let (least, most) = (configuration.minimum_healthy_percent, configuration.maximum_percent);
    within("minimumHealthyPercent", least, 0, 100)?;
    within("maximumPercent", most, 100, COUNT)?;
    if (least, most) == (Some(100), Some(100)) {
        return Err(invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    if let Some(criteria) = &configuration.early_success_criteria {
        within("healthyPercent", criteria.healthy_percent, 0, 100)?;
    }
    if let Some(alarms) = &configuration.alarms
        && alarms.enable
        && alarms.alarm_names.is_empty()
    {
        return Err(invalid("alarmNames can not be empty."));
    }
    configuration.lifecycle_hooks.iter().try_for_each(|hook| {
        let timeout = hook.timeout_configuration.as_ref();
        within("timeoutInMinutes", timeout.and_then(|timeout| timeout.timeout_in_minutes), 1, HOOK)
    })
}
