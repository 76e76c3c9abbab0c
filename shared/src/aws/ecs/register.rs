//! Revisions of task definitions: read whole, and registered again with more memory.
//!
//! Both go through ECS's own JSON: what the SDK does not know it leaves out of its types, and a revision that lost a member is
//! another program. So the answer is read beside the SDK, and the request's body is put in the place of the SDK's before it is
//! signed. What a definition holds is neither logged nor quoted in an error: its environment may be secret.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionError;
use aws_sdk_ecs::types::{SortOrder, TaskDefinitionField, TaskDefinitionStatus};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

use super::change::once;
use super::task::DESCRIBE_DEFINITION;
use super::{failed, lacks};
use crate::action::ActionId;
use crate::arn::TaskDefinitionArn;
use crate::ecs::{Definition, Sizes, TaskDefinition};
use crate::ports::{Changed, EcsError, MAX_LATER_REVISIONS, Meaning};
use crate::remediation::memory::{ACTION_TAG, Raise, registration};

const REGISTER: &str = "RegisterTaskDefinition";
const LIST: &str = "ListTaskDefinitions";

/// The answer's own JSON, beside the SDK's types.
#[derive(Debug, Clone, Default)]
struct Whole {
    answer: Arc<Mutex<Option<Secret>>>,
}

/// Shows nothing of itself.
struct Secret(Value);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

#[dyn_dispatch_hint]
impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "WholeAnswer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What cannot be read here is missed where the definition is read.
        let body = context.response().body().bytes().unwrap_or_default();
        let answer = serde_json::from_slice(body).ok().map(Secret);
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        Ok(())
    }
}

/// A request's body, in the place of the SDK's.
#[derive(Clone)]
struct Body(Arc<String>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body(…)")
    }
}

#[dyn_dispatch_hint]
impl Intercept for Body {
    fn name(&self) -> &'static str {
        "WholeRequest"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.0.len().to_string());
        *request.body_mut() = SdkBody::from(self.0.as_str());
        Ok(())
    }
}

/// A revision as decisions need it, and as it is.
pub(super) struct Described {
    pub(super) revision: TaskDefinition,
    pub(super) definition: Definition,
}

/// By family, `family:revision` or ARN, with its tags where they are wanted; `None` where ECS knows none.
pub(super) async fn describe(
    client: &Client,
    name: &str,
    include: Option<TaskDefinitionField>,
) -> Result<Option<Described>, EcsError> {
    let whole = Whole::default();
    let include = include.map(|field| vec![field]);
    let call = client.describe_task_definition().task_definition(name).set_include(include);
    let found = match call.customize().interceptor(whole.clone()).send().await {
        Ok(answer) => {
            answer.task_definition.ok_or_else(|| lacks(DESCRIBE_DEFINITION, name, "taskDefinition"))?
        }
        Err(error) => {
            // For a revision that was never registered, or was deleted, the operation has no code of its own: it answers that
            // the identifier is not valid.
            let is_unknown =
                error.as_service_error().is_some_and(DescribeTaskDefinitionError::is_client_exception);
            let failed = failed(DESCRIBE_DEFINITION, name.to_owned(), &error);
            return if is_unknown && failed.meaning == Meaning::Refused { Ok(None) } else { Err(failed) };
        }
    };
    let status = found.status.ok_or_else(|| lacks(DESCRIBE_DEFINITION, name, "status"))?;
    let answer = whole.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Secret(mut answer)) = answer else { return Err(lacks(DESCRIBE_DEFINITION, name, "JSON")) };
    let (definition, tags) = (taken(&mut answer, "taskDefinition"), taken(&mut answer, "tags"));
    Ok(Some(Described {
        revision: TaskDefinition {
            arn: found
                .task_definition_arn
                .map_or_else(|| TaskDefinitionArn::new(name), TaskDefinitionArn::new),
            is_active: status == TaskDefinitionStatus::Active,
            sizes: Sizes::read(&definition),
        },
        definition: Definition::new(definition, tags),
    }))
}

fn taken(answer: &mut Value, member: &str) -> Value {
    answer.get_mut(member).map(Value::take).unwrap_or_default()
}

/// Registers a revision like another, with more memory and the action's tag: one request, behind one read.
pub(super) async fn register(
    client: &Client,
    id: &ActionId,
    like: &TaskDefinitionArn,
    raise: &Raise,
) -> Result<Changed, EcsError> {
    let not_made = |problem: String, meaning: Meaning| EcsError {
        operation: REGISTER,
        target: like.to_string(),
        problem,
        meaning,
    };
    // Nothing was registered where the read failed, whatever became of the read.
    let described = describe(client, like.as_str(), Some(TaskDefinitionField::Tags)).await.map_err(
        |error| match error.meaning {
            Meaning::Unknown => EcsError { meaning: Meaning::Throttled, ..error },
            _ => error,
        },
    )?;
    let Some(Described { definition, .. }) = described else {
        return Err(not_made("ECS does not know the revision".to_owned(), Meaning::Refused));
    };
    let input = registration(&definition, raise, id)
        .map_err(|error| not_made(error.to_string(), Meaning::Refused))?;
    let call = client
        .register_task_definition()
        .family(like.family().as_str())
        .customize()
        .config_override(once())
        .interceptor(Body(Arc::new(input.to_string())));
    match call.send().await {
        Ok(answer) => {
            let made = answer.task_definition.and_then(|made| made.task_definition_arn);
            made.map(|made| Changed { made: Some(made) })
                .ok_or_else(|| lacks(REGISTER, like.as_str(), "taskDefinitionArn"))
        }
        Err(error) => Err(failed(REGISTER, like.to_string(), &error)),
    }
}

/// The revision later than another that an action registered, by its tag.
pub(super) async fn registered(
    client: &Client,
    after: &TaskDefinitionArn,
    action: &ActionId,
) -> Result<Option<TaskDefinition>, EcsError> {
    let listed = client
        .list_task_definitions()
        .family_prefix(after.family().as_str())
        .status(TaskDefinitionStatus::Active)
        .sort(SortOrder::Desc)
        .set_max_results(i32::try_from(MAX_LATER_REVISIONS).ok())
        .send()
        .await
        .map_err(|error| failed(LIST, after.to_string(), &error))?;
    for arn in listed.task_definition_arns.unwrap_or_default().into_iter().map(TaskDefinitionArn::new) {
        if arn.revision() <= after.revision() {
            return Ok(None);
        }
        let found = describe(client, arn.as_str(), Some(TaskDefinitionField::Tags)).await?;
        let is_own = |found: &Described| {
            let tags = found.definition.tags().as_array().map(Vec::as_slice).unwrap_or_default();
            let is =
                |tag: &Value, member: &str, text: &str| tag.get(member).and_then(Value::as_str) == Some(text);
            tags.iter().any(|tag| is(tag, "key", ACTION_TAG) && is(tag, "value", action.as_str()))
        };
        if let Some(found) = found.filter(is_own) {
            return Ok(Some(found.revision));
        }
    }
    match listed.next_token {
        None => Ok(None),
        Some(_) => Err(EcsError {
            operation: LIST,
            target: after.to_string(),
            problem: format!("more than {MAX_LATER_REVISIONS} revisions were registered since"),
            meaning: Meaning::Unknown,
        }),
    }
}
