//! Refusals in ECS's own names.
//!
//! Codes are the exceptions of ECS's API model, and those that every service speaking JSON 1.1 has. All are the caller's
//! fault (400) but [`ApiError::server`] (500). Messages are ECS's where they are known, for people read them in logs; nobody
//! may decide by them.

use serde_json::{Value, json};

/// An exception that ECS answers with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The exception's name, `ClusterNotFoundException`.
    pub code: &'static str,
    /// What it says.
    pub message: String,
    /// Status of the response: 400 or 500.
    pub status: u16,
    /// What stands in the way: only a [`ApiError::conflict`] has any.
    pub resource_ids: Vec<String>,
}

impl ApiError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: 400, resource_ids: Vec::new() }
    }

    /// The caller may not do this.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", message)
    }

    /// The account is blocked.
    pub fn blocked() -> Self {
        Self::new("BlockedException", "Your account has been blocked.")
    }

    /// What ECS blames on the caller, and has no better name for: a task definition that is not there, for one.
    pub fn client(message: impl Into<String>) -> Self {
        Self::new("ClientException", message)
    }

    /// No such cluster.
    pub fn cluster_not_found() -> Self {
        Self::new("ClusterNotFoundException", "Cluster not found.")
    }

    /// What is asked for is at odds with what stands. For `RunTask`, a client token that was used with other parameters:
    /// `resource_ids` are the ARNs of the tasks that it started (FACTS §10).
    pub fn conflict(message: impl Into<String>, resource_ids: Vec<String>) -> Self {
        Self { resource_ids, ..Self::new("ConflictException", message) }
    }

    /// A parameter that does not do.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    /// A quota is used up.
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new("LimitExceededException", message)
    }

    /// No such Cloud Map namespace.
    pub fn namespace_not_found() -> Self {
        Self::new("NamespaceNotFoundException", "The specified namespace wasn't found.")
    }

    /// The platform version lacks what the task definition needs.
    pub fn platform_incompatible(message: impl Into<String>) -> Self {
        Self::new("PlatformTaskDefinitionIncompatibilityException", message)
    }

    /// No such platform version.
    pub fn platform_unknown() -> Self {
        Self::new("PlatformUnknownException", "The specified platform does not exist.")
    }

    /// No such resource: tags and task protection say so.
    pub fn resource_not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    /// ECS's own trouble. Whether the call had an effect is not known.
    pub fn server(message: impl Into<String>) -> Self {
        Self { status: 500, ..Self::new("ServerException", message) }
    }

    /// No such service deployment.
    pub fn service_deployment_not_found() -> Self {
        Self::new("ServiceDeploymentNotFoundException", "The specified service deployment wasn't found.")
    }

    /// The service was deleted.
    pub fn service_not_active() -> Self {
        Self::new("ServiceNotActiveException", "Service was not ACTIVE.")
    }

    /// No such service.
    pub fn service_not_found() -> Self {
        Self::new("ServiceNotFoundException", "Service not found.")
    }

    /// The body is no JSON, or has another type somewhere than the operation takes.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// Too many calls. Nothing was done.
    pub fn throttled() -> Self {
        Self::new("ThrottlingException", "Rate exceeded")
    }

    /// A service behind ECS was asked too often, here EC2 about subnets: ECS wraps that into a parameter's fault, and only
    /// the text tells (dagster-io/dagster#33439). Nothing was done.
    pub fn throttled_behind(subnet: &str) -> Self {
        Self::invalid_parameter(format!(
            "Error retrieving subnet information for [{subnet}]: Rate exceeded (ErrorCode: Throttling)"
        ))
    }

    /// ECS knows no such operation, or the model does not.
    pub fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new("UnknownOperationException", message)
    }

    /// Not in this region, not with this platform, not with this deployment controller.
    pub fn unsupported_feature(message: impl Into<String>) -> Self {
        Self::new("UnsupportedFeatureException", message)
    }

    /// The body of the response.
    pub fn body(&self) -> Value {
        let mut body = json!({ "__type": self.code, "message": self.message });
        if let (false, Some(members)) = (self.resource_ids.is_empty(), body.as_object_mut()) {
            members.insert("resourceIds".to_owned(), self.resource_ids.clone().into());
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_names_the_tasks_that_stand_in_the_way() {
        let error = ApiError::conflict("other parameters", vec!["arn:aws:ecs:…:task/a".to_owned()]);
        assert_eq!(error.body()["__type"], "ConflictException");
        assert_eq!(error.body()["resourceIds"], json!(["arn:aws:ecs:…:task/a"]));
        assert_eq!(ApiError::cluster_not_found().body().get("resourceIds"), None);
    }

    #[test]
    fn only_the_servers_own_trouble_is_a_500() {
        assert_eq!(ApiError::server("later").status, 500);
        assert_eq!(ApiError::throttled().status, 400);
    }
}
