//! Task definitions.

use std::sync::Arc;

use super::super::api::{
    DeregisterTaskDefinitionRequest, DeregisterTaskDefinitionResponse, DescribeTaskDefinitionRequest,
    DescribeTaskDefinitionResponse, ListTaskDefinitionsRequest, ListTaskDefinitionsResponse,
    RegisterTaskDefinitionRequest, RegisterTaskDefinitionResponse, SortOrder, TaskDefinitionStatus,
};
use super::super::behaviour::Behaviour;
use super::super::definition::Definition;
use super::super::error::ApiError;
use super::super::operation::Operation;
use super::super::view::{View, page};
use super::super::world::Ecs;
use super::Marks;

const NOT_FOUND: &str = "Unable to describe task definition.";

impl Ecs {
    /// Adds the next revision of a family. Gives its ARN.
    pub(in super::super) fn add_revision(
        &mut self,
        request: &RegisterTaskDefinitionRequest,
        behaviour: Arc<Behaviour>,
    ) -> String {
        let family = &request.family;
        let revisions = self.state.definitions.entry(family.clone()).or_default();
        let revision = revisions.last_key_value().map_or(1, |(last, _)| last + 1);
        let arn = self.names.task_definition(family, revision);
        let definition = Definition {
            arn: arn.clone(),
            family: family.clone(),
            revision,
            registered_at: self.now,
            registered_by: self.names.role(&self.caller),
            deregistered_at: None,
            request: Arc::new(request.clone()),
            behaviour,
        };
        revisions.insert(revision, Arc::new(definition));
        let tags = request.tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)));
        self.state.tags.insert(arn.clone(), tags.collect());
        arn
    }

    /// A revision that somebody registers does what the latest one of its family does.
    pub(super) fn answer_register_task_definition(
        &mut self,
        input: &RegisterTaskDefinitionRequest,
    ) -> Result<RegisterTaskDefinitionResponse, ApiError> {
        let latest = self.state.definitions.get(&input.family).and_then(|family| family.last_key_value());
        let behaviour = latest.map(|(_, latest)| Arc::clone(&latest.behaviour)).unwrap_or_default();
        let arn = self.add_revision(input, behaviour);
        self.note(Operation::RegisterTaskDefinition, &arn, Marks::default(), input);
        let view = self.view_now();
        let task_definition = view.state.definition(&arn).map(|definition| View::definition(definition));
        Ok(RegisterTaskDefinitionResponse { task_definition, tags: view.tags_of(&arn) })
    }

    /// Tasks and services that use the revision go on.
    pub(super) fn answer_deregister_task_definition(
        &mut self,
        input: &DeregisterTaskDefinitionRequest,
    ) -> Result<DeregisterTaskDefinitionResponse, ApiError> {
        let now = self.now;
        let known = self.state.definition(&input.task_definition);
        let (family, revision) = known
            .map(|known| (known.family.clone(), known.revision))
            .ok_or_else(|| ApiError::client("Unable to deregister task definition."))?;
        let revisions = self.state.definitions.get_mut(&family);
        let Some(definition) = revisions.and_then(|revisions| revisions.get_mut(&revision)) else {
            return Err(ApiError::client("Unable to deregister task definition."));
        };
        Arc::make_mut(definition).deregistered_at.get_or_insert(now);
        let definition = Arc::clone(definition);
        self.note(Operation::DeregisterTaskDefinition, &definition.arn, Marks::default(), input);
        Ok(DeregisterTaskDefinitionResponse { task_definition: Some(View::definition(&definition)) })
    }

    pub(super) fn answer_describe_task_definition(
        &mut self,
        input: &DescribeTaskDefinitionRequest,
    ) -> Result<DescribeTaskDefinitionResponse, ApiError> {
        let view = self.view();
        let definition =
            view.state.definition(&input.task_definition).ok_or_else(|| ApiError::client(NOT_FOUND))?;
        let tags = if input.include.is_empty() { Vec::new() } else { view.tags_of(&definition.arn) };
        Ok(DescribeTaskDefinitionResponse { task_definition: Some(View::definition(definition)), tags })
    }

    pub(super) fn answer_list_task_definitions(
        &mut self,
        input: &ListTaskDefinitionsRequest,
    ) -> Result<ListTaskDefinitionsResponse, ApiError> {
        let view = self.view();
        let wants_active = !matches!(input.status, Some(TaskDefinitionStatus::Inactive));
        let mut arns: Vec<String> = view
            .state
            .definitions
            .iter()
            .filter(|(family, _)| input.family_prefix.as_ref().is_none_or(|wanted| wanted == *family))
            .flat_map(|(_, revisions)| revisions.values())
            .filter(|definition| definition.is_active() == wants_active)
            .map(|definition| definition.arn.clone())
            .collect();
        if input.sort == Some(SortOrder::Desc) {
            arns.reverse();
        }
        let (task_definition_arns, next_token) = page(arns, input.next_token.as_deref(), input.max_results);
        Ok(ListTaskDefinitionsResponse { task_definition_arns, next_token })
    }
}
