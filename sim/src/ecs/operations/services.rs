//! `CreateService`, `UpdateService`, `DeleteService`, `DescribeServices`, `ListServices`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::super::api::{
    CreateServiceRequest, CreateServiceResponse, DeleteServiceRequest, DeleteServiceResponse,
    DeploymentConfiguration, DeploymentControllerType, DescribeServicesRequest, DescribeServicesResponse,
    LaunchType, ListServicesRequest, ListServicesResponse, ServiceField, UpdateServiceRequest,
    UpdateServiceResponse,
};
use super::super::definition::Definition;
use super::super::error::ApiError;
use super::super::names::last_segment;
use super::super::operation::Operation;
use super::super::service::{Service, ServiceStatus, Shape};
use super::super::state::ServiceId;
use super::super::view::{View, missing, page};
use super::super::world::Ecs;
use super::Marks;

/// Defaults of rolling services (API).
const MINIMUM_HEALTHY: u32 = 100;
const MAXIMUM: u32 = 200;

impl Ecs {
    pub(super) fn answer_describe_services(
        &mut self,
        input: &DescribeServicesRequest,
    ) -> Result<DescribeServicesResponse, ApiError> {
        let view = self.view();
        let cluster = view.cluster(input.cluster.as_deref())?;
        let with_tags = input.include.contains(&ServiceField::Tags);
        let mut answer = DescribeServicesResponse::default();
        for name in &input.services {
            match view.state.service_by_name(&cluster, last_segment(name)) {
                Some(service) => answer.services.push(view.service(service, with_tags)),
                None => answer.failures.push(missing(view.names.service(&cluster, last_segment(name)))),
            }
        }
        Ok(answer)
    }

    pub(super) fn answer_list_services(
        &mut self,
        input: &ListServicesRequest,
    ) -> Result<ListServicesResponse, ApiError> {
        let view = self.view();
        let cluster = view.cluster(input.cluster.as_deref())?;
        let wanted = |service: &&Service| {
            let is_fargate = service.shape.is_fargate;
            let fits = input.launch_type.is_none_or(|wanted| (wanted == LaunchType::Fargate) == is_fargate);
            service.status != ServiceStatus::Inactive && fits
        };
        let arns = view
            .state
            .service_names
            .range((cluster.clone(), String::new())..)
            .take_while(|((of, _), _)| *of == cluster)
            .filter_map(|(_, id)| view.state.service(*id))
            .filter(wanted)
            .map(|service| service.arn.clone())
            .collect();
        // Pages of ten where none is asked for (API).
        let (service_arns, next_token) =
            page(arns, input.next_token.as_deref(), input.max_results.or(Some(10)));
        Ok(ListServicesResponse { service_arns, next_token })
    }

    pub(super) fn answer_create_service(
        &mut self,
        input: &CreateServiceRequest,
    ) -> Result<CreateServiceResponse, ApiError> {
        let cluster = self.view_now().cluster(input.cluster.as_deref())?;
        let known = self.state.service_by_name(&cluster, &input.service_name);
        if known.is_some_and(|service| service.status != ServiceStatus::Inactive) {
            return Err(ApiError::invalid_parameter("Creation of service was not idempotent."));
        }
        let shape = self.shape(&cluster, input)?;
        let id = ServiceId(self.next_serial());
        let arn = self.names.service(&cluster, &input.service_name);
        let tags = input
            .tags
            .iter()
            .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())));
        self.state.tags.insert(arn.clone(), tags.collect());
        let service = self.new_service(id, &arn, &cluster, input, shape.clone());
        self.state.put_service(service);
        self.begin_deployment(id, shape);
        self.note(Operation::CreateService, &arn, Marks::default(), input);
        let view = self.view_now();
        Ok(CreateServiceResponse {
            service: view.state.service(id).map(|service| view.service(service, true)),
        })
    }

    fn shape(&self, cluster: &str, input: &CreateServiceRequest) -> Result<Shape, ApiError> {
        let name = input.task_definition.as_deref().unwrap_or_default();
        let definition = active_definition(self.view_now(), name)?;
        let default = self.state.clusters.get(cluster).map(|cluster| cluster.default_strategy.clone());
        let strategy = match (&input.capacity_provider_strategy, input.launch_type) {
            (Some(strategy), _) => strategy.clone(),
            (None, Some(_)) => Vec::new(),
            (None, None) => default.unwrap_or_default(),
        };
        Ok(Shape {
            definition,
            load_balancers: input.load_balancers.clone(),
            network: input.network_configuration.clone(),
            is_fargate: input.launch_type == Some(LaunchType::Fargate),
            strategy,
            platform_version: input.platform_version.clone(),
        })
    }

    fn new_service(
        &self,
        id: ServiceId,
        arn: &str,
        cluster: &str,
        input: &CreateServiceRequest,
        shape: Shape,
    ) -> Service {
        let mut configuration = input.deployment_configuration.clone().unwrap_or_default();
        configuration.minimum_healthy_percent.get_or_insert(MINIMUM_HEALTHY);
        configuration.maximum_percent.get_or_insert(MAXIMUM);
        Service {
            id,
            arn: arn.to_owned(),
            cluster: cluster.to_owned(),
            name: input.service_name.clone(),
            status: ServiceStatus::Active,
            controller: input
                .deployment_controller
                .as_ref()
                .map_or(DeploymentControllerType::Ecs, |controller| controller.r#type),
            desired: input.desired_count.unwrap_or(0),
            shape: Arc::new(shape),
            configuration,
            grace: grace(input.health_check_grace_period_seconds),
            created: self.now,
            created_by: self.names.role(&self.caller),
            execute_command: input.enable_execute_command.unwrap_or(false),
            managed_tags: input.enable_ecs_managed_tags.unwrap_or(false),
            propagate_tags: input.propagate_tags,
            deployments: Vec::new(),
            last_good: None,
            history: Vec::new(),
            revisions: Vec::new(),
            messages: VecDeque::new(),
            is_steady: false,
            holds_until: None,
            impaired_told: None,
            placement_failures: 0,
            turn_at: None,
        }
    }

    pub(super) fn answer_update_service(
        &mut self,
        input: &UpdateServiceRequest,
    ) -> Result<UpdateServiceResponse, ApiError> {
        let id = self.active_service(input.cluster.as_deref(), &input.service)?;
        let Some(service) = self.state.service(id) else { return Err(ApiError::service_not_found()) };
        refuse_for_controller(service.controller, input)?;
        let arn = service.arn.clone();
        let next = next_shape(self.view_now(), service, input)?;
        refuse_unforced_strategy(service, &next, input)?;
        let deploys = input.force_new_deployment == Some(true) || !next.deploys_like(&service.shape);
        if let Some(service) = self.state.service_mut(id) {
            settings(service, input);
        }
        if deploys {
            self.begin_deployment(id, next);
        }
        self.poke(id);
        self.note(Operation::UpdateService, &arn, Marks::default(), input);
        let view = self.view_now();
        Ok(UpdateServiceResponse {
            service: view.state.service(id).map(|service| view.service(service, true)),
        })
    }

    pub(super) fn answer_delete_service(
        &mut self,
        input: &DeleteServiceRequest,
    ) -> Result<DeleteServiceResponse, ApiError> {
        let id = self.active_service(input.cluster.as_deref(), &input.service)?;
        let Some(service) = self.state.service_mut(id) else { return Err(ApiError::service_not_found()) };
        if service.desired > 0 && input.force != Some(true) {
            return Err(ApiError::invalid_parameter(
                "The service cannot be stopped while it is scaled above 0.",
            ));
        }
        service.status = ServiceStatus::Draining;
        service.desired = 0;
        let arn = service.arn.clone();
        self.poke(id);
        self.note(Operation::DeleteService, &arn, Marks::default(), input);
        let view = self.view_now();
        Ok(DeleteServiceResponse {
            service: view.state.service(id).map(|service| view.service(service, true)),
        })
    }

    /// A service that can be changed, by name or ARN.
    fn active_service(&self, cluster: Option<&str>, name: &str) -> Result<ServiceId, ApiError> {
        let cluster = self.view_now().cluster(cluster)?;
        let service = self
            .state
            .service_by_name(&cluster, last_segment(name))
            .ok_or_else(ApiError::service_not_found)?;
        if service.status == ServiceStatus::Active {
            Ok(service.id)
        } else {
            Err(ApiError::service_not_active())
        }
    }
}

/// A revision that can be deployed or run: INACTIVE ones are refused (FACTS §10).
pub(super) fn active_definition(view: View<'_>, name: &str) -> Result<Arc<Definition>, ApiError> {
    let definition =
        view.state.definition(name).ok_or_else(|| ApiError::client("Unable to find task definition."))?;
    if definition.is_active() {
        Ok(Arc::clone(definition))
    } else {
        Err(ApiError::invalid_parameter("TaskDefinition is inactive"))
    }
}

fn grace(seconds: Option<u32>) -> Option<Duration> {
    seconds.map(|seconds| Duration::from_secs(u64::from(seconds)))
}

/// What ECS leaves to `CodeDeploy` or to an external controller (FACTS §10).
fn refuse_for_controller(
    controller: DeploymentControllerType,
    input: &UpdateServiceRequest,
) -> Result<(), ApiError> {
    let (name, instead) = match controller {
        DeploymentControllerType::Ecs => return Ok(()),
        DeploymentControllerType::CodeDeploy => {
            ("a CODE_DEPLOY", "Use AWS CodeDeploy to trigger a new deployment.")
        }
        DeploymentControllerType::External => {
            ("an EXTERNAL", "Use CreateTaskSet to trigger a new deployment.")
        }
    };
    let what = if input.task_definition.is_some() {
        "update task definition"
    } else if input.force_new_deployment == Some(true) {
        "force a new deployment"
    } else if input.network_configuration.is_some() {
        "update network configuration"
    } else if input.platform_version.is_some() {
        "update platform version"
    } else if input.load_balancers.is_some() {
        "update load balancers"
    } else {
        return Ok(());
    };
    Err(ApiError::invalid_parameter(format!(
        "Unable to {what} on services with {name} deployment controller. {instead}"
    )))
}

/// Another strategy takes effect by a new deployment, and ECS asks that it be forced: text as quoted in
/// <https://github.com/pipe-cd/pipecd/pull/6385> and <https://github.com/reproio/ecs_deploy/pull/74>; the API reference says of
/// `capacityProviderStrategy` that it triggers no deployment by itself.
fn refuse_unforced_strategy(
    service: &Service,
    next: &Shape,
    input: &UpdateServiceRequest,
) -> Result<(), ApiError> {
    if service.shape.strategy == next.strategy || input.force_new_deployment == Some(true) {
        return Ok(());
    }
    Err(ApiError::invalid_parameter(
        "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity \
         provider strategy on a service that is already using one, you must force a new deployment.",
    ))
}

/// Only what is named changes (FACTS §10).
fn next_shape(view: View<'_>, service: &Service, input: &UpdateServiceRequest) -> Result<Shape, ApiError> {
    let mut next = service.shape.as_ref().clone();
    if let Some(name) = &input.task_definition {
        next.definition = active_definition(view, name)?;
    }
    if let Some(network) = &input.network_configuration {
        next.network = Some(network.clone());
    }
    if let Some(balancers) = &input.load_balancers {
        next.load_balancers.clone_from(balancers);
    }
    if let Some(strategy) = &input.capacity_provider_strategy {
        next.strategy.clone_from(strategy);
    }
    if let Some(version) = &input.platform_version {
        next.platform_version = Some(version.clone());
    }
    Ok(next)
}

fn settings(service: &mut Service, input: &UpdateServiceRequest) {
    if let Some(desired) = input.desired_count {
        service.desired = desired;
        if let Some(primary) = service.primary_mut() {
            primary.desired = desired;
        }
    }
    if let Some(given) = &input.deployment_configuration {
        merge(&mut service.configuration, given);
    }
    if input.health_check_grace_period_seconds.is_some() {
        service.grace = grace(input.health_check_grace_period_seconds);
    }
    service.execute_command = input.enable_execute_command.unwrap_or(service.execute_command);
    service.managed_tags = input.enable_ecs_managed_tags.unwrap_or(service.managed_tags);
    service.propagate_tags = input.propagate_tags.or(service.propagate_tags);
}

fn merge(configuration: &mut DeploymentConfiguration, given: &DeploymentConfiguration) {
    let kept = configuration.clone();
    *configuration = given.clone();
    configuration.minimum_healthy_percent = given.minimum_healthy_percent.or(kept.minimum_healthy_percent);
    configuration.maximum_percent = given.maximum_percent.or(kept.maximum_percent);
    configuration.deployment_circuit_breaker =
        given.deployment_circuit_breaker.clone().or(kept.deployment_circuit_breaker);
    configuration.alarms = given.alarms.clone().or(kept.alarms);
}
