//! Overrides of a task, from the answer that has them to the RunTask that is given them again.
//!
//! They are taken from the answer's own JSON: what the SDK does not know it leaves out of its types, and a task that is run
//! again without a part of its overrides is another task. What RunTask has no member for is an error by its name, never
//! by its value, which may be a secret.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::types::{
    ContainerOverride, EnvironmentFile, EphemeralStorage, KeyValuePair, NvidiaMpsAllocation,
    ResourceRequirement, ResourceType, SharingStrategy, TaskOverride,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::Deserialize;
use serde_json::Value;

/// Reads the overrides of the tasks that DescribeTasks answers, beside the SDK.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    found: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Answers {
    /// By task ARN.
    pub(super) fn take(&self) -> BTreeMap<String, Value> {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    tasks: Vec<AnsweredTask>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnsweredTask {
    task_arn: Option<String>,
    overrides: Option<Value>,
}

#[dyn_dispatch_hint]
impl Intercept for Answers {
    fn name(&self) -> &'static str {
        "Overrides"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What cannot be read here is missed where the task is read.
        let Ok(answer) =
            serde_json::from_slice::<Answer>(context.response().body().bytes().unwrap_or_default())
        else {
            return Ok(());
        };
        let tasks = answer.tasks.into_iter();
        let found = tasks.filter_map(|task| Some((task.task_arn?, task.overrides?))).collect();
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }
}

/// What was overridden, if anything: ECS names each container also where nothing of it is.
///
/// Containers are in the order of their names, for ECS answers them in any, and the same call must have the same text.
pub(super) fn own(mut answered: Value) -> Option<Value> {
    let members = answered.as_object_mut()?;
    if let Some(Value::Array(containers)) = members.get_mut("containerOverrides") {
        containers.retain(|container| {
            container.as_object().is_none_or(|container| {
                container.iter().any(|(name, value)| name != "name" && !is_empty(value))
            })
        });
        let name = |container: &Value| container.get("name").and_then(Value::as_str).map(str::to_owned);
        containers.sort_by_key(name);
    }
    members.retain(|_, value| !is_empty(value));
    (!members.is_empty()).then_some(answered)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Members that RunTask does not have.
type Unknown = BTreeMap<String, Value>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfTask {
    container_overrides: Option<Vec<OfContainer>>,
    cpu: Option<String>,
    memory: Option<String>,
    execution_role_arn: Option<String>,
    task_role_arn: Option<String>,
    ephemeral_storage: Option<Storage>,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfContainer {
    name: Option<String>,
    command: Option<Vec<String>>,
    environment: Option<Vec<Variable>>,
    environment_files: Option<Vec<File>>,
    cpu: Option<i32>,
    memory: Option<i32>,
    memory_reservation: Option<i32>,
    resource_requirements: Option<Vec<Requirement>>,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Deserialize)]
struct Storage {
    #[serde(rename = "sizeInGiB")]
    size_in_gib: i32,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Deserialize)]
struct Variable {
    name: Option<String>,
    value: Option<String>,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Deserialize)]
struct File {
    value: String,
    r#type: String,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Requirement {
    value: Option<String>,
    r#type: String,
    sharing_strategy: Option<Sharing>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// One of several, of which there is one yet.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sharing {
    nvidia_mps: NvidiaMps,
    #[serde(flatten)]
    unknown: Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NvidiaMps {
    memory: i32,
    max_compute_percent: Option<i32>,
    #[serde(flatten)]
    unknown: Unknown,
}

/// Overrides as RunTask takes them.
///
/// # Errors
///
/// What of them RunTask has no member for. That is also what it has one for and refuses: inference accelerators.
pub(super) fn to_run(overrides: &Value) -> Result<TaskOverride, String> {
    // serde's error would quote the value.
    let given = OfTask::deserialize(overrides)
        .map_err(|_| "the overrides have another shape than RunTask takes".to_owned())?;
    known(&given.unknown)?;
    Ok(TaskOverride::builder()
        .set_container_overrides(each(given.container_overrides, container)?)
        .set_cpu(given.cpu)
        .set_memory(given.memory)
        .set_execution_role_arn(given.execution_role_arn)
        .set_task_role_arn(given.task_role_arn)
        .set_ephemeral_storage(given.ephemeral_storage.as_ref().map(storage).transpose()?)
        .build())
}

fn container(given: OfContainer) -> Result<ContainerOverride, String> {
    known(&given.unknown)?;
    Ok(ContainerOverride::builder()
        .set_name(given.name)
        .set_command(given.command)
        .set_environment(each(given.environment, variable)?)
        .set_environment_files(each(given.environment_files, file)?)
        .set_cpu(given.cpu)
        .set_memory(given.memory)
        .set_memory_reservation(given.memory_reservation)
        .set_resource_requirements(each(given.resource_requirements, requirement)?)
        .build())
}

fn storage(given: &Storage) -> Result<EphemeralStorage, String> {
    known(&given.unknown)?;
    Ok(EphemeralStorage::builder().size_in_gib(given.size_in_gib).build())
}

fn variable(given: Variable) -> Result<KeyValuePair, String> {
    known(&given.unknown)?;
    Ok(KeyValuePair::builder().set_name(given.name).set_value(given.value).build())
}

fn file(given: File) -> Result<EnvironmentFile, String> {
    known(&given.unknown)?;
    let built = EnvironmentFile::builder().value(given.value).r#type(given.r#type.as_str().into()).build();
    built.map_err(|error| error.to_string())
}

fn requirement(given: Requirement) -> Result<ResourceRequirement, String> {
    known(&given.unknown)?;
    let built = ResourceRequirement::builder()
        .set_value(given.value)
        .r#type(ResourceType::from(given.r#type.as_str()))
        .set_sharing_strategy(given.sharing_strategy.as_ref().map(sharing).transpose()?)
        .build();
    built.map_err(|error| error.to_string())
}

fn sharing(given: &Sharing) -> Result<SharingStrategy, String> {
    known(&given.unknown)?;
    known(&given.nvidia_mps.unknown)?;
    let built = NvidiaMpsAllocation::builder()
        .memory(given.nvidia_mps.memory)
        .set_max_compute_percent(given.nvidia_mps.max_compute_percent)
        .build();
    built.map(SharingStrategy::NvidiaMps).map_err(|error| error.to_string())
}

fn known(unknown: &Unknown) -> Result<(), String> {
    match unknown.iter().find(|(_, value)| !value.is_null()) {
        None => Ok(()),
        Some((member, _)) => Err(format!("the overrides have `{member}`, which RunTask does not take")),
    }
}

fn each<G, T>(
    given: Option<Vec<G>>,
    convert: impl Fn(G) -> Result<T, String>,
) -> Result<Option<Vec<T>>, String> {
    given.map(|given| given.into_iter().map(convert).collect()).transpose()
}
