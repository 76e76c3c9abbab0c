//! Tags of clusters, services, task definitions, container instances and tasks.

use super::super::api::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};
use super::super::error::ApiError;
use super::super::names::last_segment;
use super::super::operation::Operation;
use super::super::view::{View, tags};
use super::super::world::Ecs;
use super::Marks;

impl Ecs {
    pub(super) fn answer_list_tags_for_resource(
        &mut self,
        input: &ListTagsForResourceRequest,
    ) -> Result<ListTagsForResourceResponse, ApiError> {
        let view = self.view();
        let arn = &input.resource_arn;
        if let Some(task) = task_of(view, arn) {
            return Ok(ListTagsForResourceResponse { tags: tags(&task.tags) });
        }
        if view.state.tags.contains_key(arn) {
            Ok(ListTagsForResourceResponse { tags: view.tags_of(arn) })
        } else {
            Err(not_found(arn))
        }
    }

    pub(super) fn answer_tag_resource(
        &mut self,
        input: &TagResourceRequest,
    ) -> Result<TagResourceResponse, ApiError> {
        let held = self.tags_mut(&input.resource_arn)?;
        for tag in &input.tags {
            if let Some(key) = &tag.key {
                held.insert(key.clone(), tag.value.clone().unwrap_or_default());
            }
        }
        self.note(Operation::TagResource, &input.resource_arn, Marks::default(), input);
        Ok(TagResourceResponse {})
    }

    pub(super) fn answer_untag_resource(
        &mut self,
        input: &UntagResourceRequest,
    ) -> Result<UntagResourceResponse, ApiError> {
        let held = self.tags_mut(&input.resource_arn)?;
        for key in &input.tag_keys {
            held.remove(key);
        }
        self.note(Operation::UntagResource, &input.resource_arn, Marks::default(), input);
        Ok(UntagResourceResponse {})
    }

    fn tags_mut(&mut self, arn: &str) -> Result<&mut std::collections::BTreeMap<String, String>, ApiError> {
        if let Some(id) = task_of(self.view_now(), arn).map(|task| task.id) {
            return self.state.task_mut(id).map(|task| &mut task.tags).ok_or_else(|| not_found(arn));
        }
        self.state.tags.get_mut(arn).ok_or_else(|| not_found(arn))
    }
}

fn task_of<'a>(view: View<'a>, arn: &str) -> Option<&'a super::super::task::Task> {
    view.state.task(*view.state.task_ids.get(last_segment(arn))?)
}

fn not_found(arn: &str) -> ApiError {
    ApiError::resource_not_found(format!("The specified resource {arn} could not be found."))
}
