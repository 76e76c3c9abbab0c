//! What an audit reads of ECS. One method is one request.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionError;
use aws_sdk_ecs::operation::list_services::ListServicesError;
use aws_sdk_ecs::types::{DesiredStatus, LaunchType, SchedulingStrategy, Service as Answered, ServiceField};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

use super::task::DESCRIBE_DEFINITION;
use super::{PAGE, failed, jobs, lacks, only_missing, service};
use crate::arn::{ClusterArn, ServiceName, TaskArn, TaskDefinitionArn};
use crate::audit::{Definition, Launch, Service};
use crate::event::TaskStateChange;
use crate::ports::{AuditEcs, EcsError, Meaning, Page};

const LIST: &str = "ListServices";
const DESCRIBE: &str = "DescribeServices";
const LIST_TASKS: &str = "ListTasks";
/// Capacity providers of Fargate.
const FARGATE: &str = "FARGATE";
const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// ECS as an audit reads it.
#[derive(Debug, Clone)]
pub struct AuditedEcs {
    client: Client,
}

impl AuditedEcs {
    /// With a client of the caller's: its credentials, region, time-outs. Retries are the caller's, who knows how fast ECS may
    /// be asked.
    pub fn with_config(config: &aws_types::SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// With a client that exists.
    #[cfg(test)]
    pub(super) fn with_client(client: Client) -> Self {
        Self { client }
    }
}

impl AuditEcs for AuditedEcs {
    async fn service_arns(
        &self,
        cluster: &str,
        from: Option<&str>,
    ) -> Result<Option<Page<String>>, EcsError> {
        let asked = self.client.list_services().cluster(cluster).max_results(PAGE);
        match asked.set_next_token(from.map(str::to_owned)).send().await {
            Ok(answer) => {
                Ok(Some(Page { items: answer.service_arns.unwrap_or_default(), next: answer.next_token }))
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(ListServicesError::is_cluster_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed(LIST, format!("services of {cluster}"), &error)),
        }
    }

    async fn services(&self, cluster: &str, arns: &[String]) -> Result<Vec<Service>, EcsError> {
        let target = match arns {
            [] => return Ok(Vec::new()),
            [one] => one.clone(),
            [first, ..] => format!("{} services, {first} first", arns.len()),
        };
        let asked = self.client.describe_services().cluster(cluster).include(ServiceField::Tags);
        let answer = asked
            .set_services(Some(arns.to_vec()))
            .send()
            .await
            .map_err(|error| failed(DESCRIBE, target.clone(), &error))?;
        only_missing(DESCRIBE, &target, answer.failures)?;
        let services = answer.services.unwrap_or_default().into_iter();
        services.map(|answered| read(answered, cluster, &target)).collect()
    }

    async fn definition(&self, arn: &TaskDefinitionArn) -> Result<Option<Definition>, EcsError> {
        let body = Body::default();
        let asked = self.client.describe_task_definition().task_definition(arn.as_str());
        if let Err(error) = asked.customize().interceptor(body.clone()).send().await {
            let answered = error.as_service_error();
            let failed = failed(DESCRIBE_DEFINITION, arn.family_and_revision().to_owned(), &error);
            // Of a revision that is not there ECS says that the identifier is not valid.
            let is_unknown = answered.is_some_and(DescribeTaskDefinitionError::is_client_exception);
            return if is_unknown && failed.meaning == Meaning::Refused { Ok(None) } else { Err(failed) };
        }
        let lacks = |member| lacks(DESCRIBE_DEFINITION, arn.family_and_revision(), member);
        let answer = body.take().ok_or_else(|| lacks("JSON"))?;
        let found = answer.get("taskDefinition").ok_or_else(|| lacks("taskDefinition"))?;
        Definition::read(found).map(Some).map_err(|error| EcsError {
            operation: DESCRIBE_DEFINITION,
            target: arn.family_and_revision().to_owned(),
            problem: format!("the answer is not as ECS documents it: {error}"),
            meaning: Meaning::Refused,
        })
    }

    async fn task_arns(
        &self,
        cluster: &str,
        service: Option<&ServiceName>,
        stopped: bool,
        from: Option<&str>,
    ) -> Result<Page<TaskArn>, EcsError> {
        let status = if stopped { DesiredStatus::Stopped } else { DesiredStatus::Running };
        let asked = self.client.list_tasks().cluster(cluster).max_results(PAGE).desired_status(status);
        let answer = asked
            .set_service_name(service.map(ToString::to_string))
            .set_next_token(from.map(str::to_owned))
            .send()
            .await
            .map_err(|error| failed(LIST_TASKS, format!("tasks of {cluster}"), &error))?;
        let items = answer.task_arns.unwrap_or_default().into_iter().map(TaskArn::new).collect();
        Ok(Page { items, next: answer.next_token })
    }

    async fn tasks(&self, cluster: &str, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError> {
        jobs::describe(&self.client, &ClusterArn::new(cluster), arns).await
    }
}

fn read(answered: Answered, cluster: &str, target: &str) -> Result<Service, EcsError> {
    let arn = answered.service_arn.clone().ok_or_else(|| lacks(DESCRIBE, target, "serviceArn"))?;
    let seconds = |answered: Option<i32>| answered.and_then(|seconds| u32::try_from(seconds).ok());
    let configuration = answered.deployment_configuration();
    let percent = |of: fn(&aws_sdk_ecs::types::DeploymentConfiguration) -> Option<i32>| {
        configuration.and_then(of).and_then(|percent| u32::try_from(percent).ok())
    };
    let providers: Vec<&str> =
        answered.capacity_provider_strategy().iter().map(|item| item.capacity_provider.as_str()).collect();
    let primary = answered.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let has_lattice = primary.is_some_and(|primary| !primary.vpc_lattice_configurations().is_empty());
    let has_connect = primary
        .and_then(|primary| primary.service_connect_configuration())
        .is_some_and(|connect| connect.enabled);
    let subnets = answered
        .network_configuration()
        .and_then(|network| network.awsvpc_configuration())
        .map(|awsvpc| awsvpc.subnets().len());
    Ok(Service {
        arn,
        launch: launch(answered.launch_type(), &providers),
        is_on_spot: providers.contains(&FARGATE_SPOT),
        is_daemon: answered.scheduling_strategy() == Some(&SchedulingStrategy::Daemon),
        minimum_percent: percent(|configuration| configuration.minimum_healthy_percent),
        maximum_percent: percent(|configuration| configuration.maximum_percent),
        grace: seconds(answered.health_check_grace_period_seconds),
        has_load_balancer: has_lattice || !answered.load_balancers().is_empty(),
        subnets,
        is_discovered: has_connect || !answered.service_registries().is_empty(),
        execute_command: answered.enable_execute_command(),
        platform_version: answered.platform_version().map(str::to_owned),
        ecs: service::read(answered, &ClusterArn::new(cluster), target)?,
    })
}

/// A strategy stands in for the launch type; one of container instances names the account's own providers.
fn launch(launch_type: Option<&LaunchType>, providers: &[&str]) -> Launch {
    match (launch_type, providers) {
        (Some(LaunchType::Fargate), _) => Launch::Fargate,
        (Some(LaunchType::Ec2), _) => Launch::Ec2,
        (None, providers) if providers.iter().any(|one| [FARGATE, FARGATE_SPOT].contains(one)) => {
            Launch::Fargate
        }
        // Of instances of the account's own, or managed ones: the name does not tell.
        _ => Launch::Other,
    }
}

/// The body of an answer, beside what the SDK makes of it.
#[derive(Debug, Clone, Default)]
struct Body {
    json: Arc<Mutex<Option<Value>>>,
}

impl Body {
    fn take(&self) -> Option<Value> {
        self.json.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What is no JSON is missed where it is taken.
        let json = serde_json::from_slice(context.response().body().bytes().unwrap_or_default()).ok();
        *self.json.lock().unwrap_or_else(PoisonError::into_inner) = json;
        Ok(())
    }
}
