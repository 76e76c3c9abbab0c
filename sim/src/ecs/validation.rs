//! What ECS refuses without looking at anything: counts, lengths, and members that exclude each other.
//!
//! # Behaviour
//!
//! Every limit is a named constant with its source: the member's description in ECS's API reference (API), or FACTS. All
//! are refused as `InvalidParameterException`. What a member may hold by its type (enumerations, required members) is
//! refused when the request is read. What ECS honours and the model does not is refused in `unmodelled`.

use super::api::{
    ClusterField, ContainerInstanceField, ContainerInstanceStatus, CreateClusterRequest,
    DescribeCapacityProvidersRequest, DescribeClustersRequest, DescribeContainerInstancesRequest,
    ListClustersRequest, ListContainerInstancesRequest, ListTagsForResourceRequest, Tag, TagResourceRequest,
    UntagResourceRequest, UpdateContainerInstancesStateRequest,
};
use super::error::ApiError;

mod service;
mod task;
mod unmodelled;

/// Names of clusters, services and families: letters, digits, `_` and `-` (API).
const NAME: usize = 255;
/// Entries of a page of most lists (API, `maxResults`).
const PAGE: u32 = 100;
/// Tags of a resource (API, `tags`).
const TAGS: usize = 50;
/// Characters of a tag's key (API, `Tag`).
const TAG_KEY: usize = 128;
/// Characters of a tag's value (API, `Tag`).
const TAG_VALUE: usize = 256;

type Checked = Result<(), ApiError>;

/// A request that can be refused without looking at anything.
pub trait Validate {
    /// # Errors
    ///
    /// `InvalidParameterException`, with the member and its limit.
    fn validate(&self) -> Checked;
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid_parameter(message)
}

/// A member that is there must say something.
fn not_blank(member: &str, text: &str) -> Checked {
    if text.trim().is_empty() { Err(invalid(format!("{member} can not be blank."))) } else { Ok(()) }
}

fn some_not_blank(member: &str, text: Option<&String>) -> Checked {
    text.map_or(Ok(()), |text| not_blank(member, text))
}

fn at_most(member: &str, count: usize, limit: usize) -> Checked {
    if count <= limit {
        Ok(())
    } else {
        Err(invalid(format!("{member} can have at most {limit} items, and has {count}.")))
    }
}

/// A list that a call is about.
fn some_and_at_most(member: &str, items: &[String], limit: usize) -> Checked {
    if items.is_empty() {
        return Err(invalid(format!("{member} can not be empty.")));
    }
    at_most(member, items.len(), limit)
}

fn within(member: &str, value: Option<u32>, least: u32, most: u32) -> Checked {
    match value {
        Some(value) if value < least || value > most => {
            Err(invalid(format!("{member} must be between {least} and {most}, and is {value}.")))
        }
        _ => Ok(()),
    }
}

fn page(max_results: Option<u32>) -> Checked {
    within("maxResults", max_results, 1, PAGE)
}

fn name(member: &str, text: &str) -> Checked {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    not_blank(member, text)?;
    if text.len() <= NAME && text.chars().all(fits) {
        Ok(())
    } else {
        Err(invalid(format!("{member} must have up to {NAME} letters, numbers, underscores and hyphens.")))
    }
}

/// Characters 33 to 126 (API, `clientToken`).
fn client_token(token: Option<&String>, length: usize) -> Checked {
    match token {
        Some(token)
            if token.is_empty() || token.len() > length || !token.chars().all(|c| c.is_ascii_graphic()) =>
        {
            Err(invalid(format!("clientToken must have 1 to {length} characters in the range of 33-126.")))
        }
        _ => Ok(()),
    }
}

fn tags(tags: &[Tag]) -> Checked {
    at_most("tags", tags.len(), TAGS)?;
    let mut keys = Vec::new();
    for tag in tags {
        let key = tag.key.as_deref().unwrap_or_default();
        tag_key(key)?;
        if tag.value.as_deref().unwrap_or_default().chars().count() > TAG_VALUE {
            return Err(invalid(format!(
                "The value of the tag {key} is longer than {TAG_VALUE} characters."
            )));
        }
        if keys.contains(&key) {
            return Err(invalid(format!("The tag {key} is given twice.")));
        }
        keys.push(key);
    }
    Ok(())
}

fn tag_key(key: &str) -> Checked {
    if key.is_empty() || key.chars().count() > TAG_KEY {
        return Err(invalid(format!("The key of a tag must have 1 to {TAG_KEY} characters.")));
    }
    // API, `Tag`: keys that begin so are AWS's own.
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid(format!("The tag {key} begins with aws:, which is reserved.")));
    }
    Ok(())
}

impl Validate for DescribeClustersRequest {
    fn validate(&self) -> Checked {
        at_most("clusters", self.clusters.len(), 100)?;
        unmodelled::modelled("include", self.include.iter().all(|field| *field == ClusterField::Tags))
    }
}

impl Validate for CreateClusterRequest {
    fn validate(&self) -> Checked {
        self.cluster_name.as_deref().map_or(Ok(()), |text| name("clusterName", text))?;
        tags(&self.tags)?;
        service::strategy(&self.default_capacity_provider_strategy)?;
        unmodelled::modelled("settings", self.settings.is_empty())
    }
}

impl Validate for ListClustersRequest {
    fn validate(&self) -> Checked {
        page(self.max_results)
    }
}

impl Validate for DescribeCapacityProvidersRequest {
    fn validate(&self) -> Checked {
        at_most("capacityProviders", self.capacity_providers.len(), 100)?;
        within("maxResults", self.max_results, 1, 10)?;
        some_not_blank("cluster", self.cluster.as_ref())?;
        unmodelled::modelled("include", self.include.is_empty())?;
        unmodelled::modelled("maxResults", self.max_results.is_none() && self.next_token.is_none())
    }
}

impl Validate for DescribeContainerInstancesRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        some_and_at_most("containerInstances", &self.container_instances, 100)?;
        unmodelled::modelled(
            "include",
            self.include.iter().all(|field| *field == ContainerInstanceField::Tags),
        )
    }
}

impl Validate for ListContainerInstancesRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        page(self.max_results)
    }
}

impl Validate for UpdateContainerInstancesStateRequest {
    fn validate(&self) -> Checked {
        some_not_blank("cluster", self.cluster.as_ref())?;
        some_and_at_most("containerInstances", &self.container_instances, 10)?;
        match self.status {
            ContainerInstanceStatus::Active | ContainerInstanceStatus::Draining => Ok(()),
            other => Err(invalid(format!("status must be ACTIVE or DRAINING, and is {other}."))),
        }
    }
}

impl Validate for ListTagsForResourceRequest {
    fn validate(&self) -> Checked {
        not_blank("resourceArn", &self.resource_arn)
    }
}

impl Validate for TagResourceRequest {
    fn validate(&self) -> Checked {
        not_blank("resourceArn", &self.resource_arn)?;
        tags(&self.tags)
    }
}

impl Validate for UntagResourceRequest {
    fn validate(&self) -> Checked {
        not_blank("resourceArn", &self.resource_arn)?;
        self.tag_keys.iter().try_for_each(|key| tag_key(key))
    }
}

#[cfg(test)]
mod tests;
