//! What ECS would honour and the model does not, although the request has a place for it: refused by name, never ignored.
//!
//! Members that the model does not know at all are not in [`super::super::api`]; here are those of which it knows a part, and
//! those that it only hands back.

use super::super::api::{
    CreateServiceRequest, DeploymentConfiguration, DeploymentStrategy, LaunchType, PlacementConstraint,
    PlacementStrategy, RunTaskRequest, SchedulingStrategy, UpdateServiceRequest,
};
use super::super::hooks;
use super::{Checked, invalid};

/// Refuses a member unless its value is one that the model honours.
pub(super) fn modelled(member: &str, is_honoured: bool) -> Checked {
    if is_honoured {
        Ok(())
    } else {
        Err(invalid(format!("{member}: this value is not in the model of ECS.")))
    }
}

/// Tasks run on Fargate or on EC2.
pub(super) fn launch_type(launch_type: Option<LaunchType>) -> Checked {
    modelled("launchType", matches!(launch_type, None | Some(LaunchType::Fargate | LaunchType::Ec2)))
}

/// There are services of a number of tasks, and no daemons.
pub(super) fn scheduling(strategy: Option<SchedulingStrategy>) -> Checked {
    modelled("schedulingStrategy", strategy != Some(SchedulingStrategy::Daemon))
}

/// Tasks go where there is room.
fn placement(constraints: &[PlacementConstraint], strategies: &[PlacementStrategy]) -> Checked {
    modelled("placementConstraints", constraints.is_empty())?;
    modelled("placementStrategy", strategies.is_empty())
}

/// Deployments are rolling or blue/green, with pause hooks at stages that the model has, and end when all tasks are healthy.
fn deployment_configuration(configuration: Option<&DeploymentConfiguration>) -> Checked {
    let Some(given) = configuration else { return Ok(()) };
    let strategy = given.strategy.unwrap_or(DeploymentStrategy::Rolling);
    modelled("strategy", matches!(strategy, DeploymentStrategy::Rolling | DeploymentStrategy::BlueGreen))?;
    modelled("bakeTimeInMinutes", matches!(given.bake_time_in_minutes, None | Some(0)))?;
    modelled("lifecycleHooks", given.lifecycle_hooks.iter().all(hooks::is_modelled))?;
    modelled(
        "earlySuccessCriteria",
        !given.early_success_criteria.as_ref().is_some_and(|criteria| criteria.enable),
    )
}

pub(super) fn create_service(request: &CreateServiceRequest) -> Checked {
    launch_type(request.launch_type)?;
    scheduling(request.scheduling_strategy)?;
    placement(&request.placement_constraints, &request.placement_strategy)?;
    deployment_configuration(request.deployment_configuration.as_ref())?;
    modelled("clientToken", request.client_token.is_none())?;
    modelled("availabilityZoneRebalancing", request.availability_zone_rebalancing.is_none())?;
    modelled("serviceRegistries", request.service_registries.is_empty())?;
    modelled("role", request.role.is_none())
}

pub(super) fn update_service(request: &UpdateServiceRequest) -> Checked {
    let constraints = request.placement_constraints.as_deref().unwrap_or_default();
    placement(constraints, request.placement_strategy.as_deref().unwrap_or_default())?;
    deployment_configuration(request.deployment_configuration.as_ref())?;
    modelled("availabilityZoneRebalancing", request.availability_zone_rebalancing.is_none())?;
    modelled("serviceRegistries", request.service_registries.as_deref().unwrap_or_default().is_empty())?;
    modelled("deploymentController", request.deployment_controller.is_none())
}

pub(super) fn run_task(request: &RunTaskRequest) -> Checked {
    launch_type(request.launch_type)?;
    placement(&request.placement_constraints, &request.placement_strategy)?;
    modelled("enableECSManagedTags", request.enable_ecs_managed_tags != Some(true))?;
    // What Fargate gives by itself.
    modelled(
        "platformVersion",
        matches!(request.platform_version.as_deref(), None | Some("LATEST" | "1.4.0")),
    )
}
