//! IAM, as far as what a role may do.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{
    EvaluationResult, PolicyEvaluationDecisionType as Decision, ResourceSpecificResult,
};

use super::verdict::FailedCall;
use crate::audit::Ruling;
use crate::ports::{EcsError, Page, Ruled, SimulateRoles};

const SIMULATE: &str = "SimulatePrincipalPolicy";

/// IAM of this account.
#[derive(Debug, Clone)]
pub struct Iam {
    client: Client,
}

impl Iam {
    /// With what the caller's clients share.
    pub fn with_config(config: &aws_types::SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }
}

impl SimulateRoles for Iam {
    async fn rulings(
        &self,
        role: &str,
        actions: &[&str],
        resources: &[String],
        from: Option<&str>,
    ) -> Result<Page<Ruled>, EcsError> {
        let asked = self
            .client
            .simulate_principal_policy()
            .policy_source_arn(role)
            .set_action_names(Some(actions.iter().map(ToString::to_string).collect()))
            .set_resource_arns((!resources.is_empty()).then(|| resources.to_vec()))
            .set_marker(from.map(str::to_owned));
        let answer = asked.send().await.map_err(|error| {
            let FailedCall { verdict, problem } = FailedCall::of(&error);
            EcsError {
                operation: SIMULATE,
                target: role.to_owned(),
                problem,
                meaning: super::ecs::meaning(verdict),
            }
        })?;
        let items = answer.evaluation_results.unwrap_or_default().iter().flat_map(read).collect();
        Ok(Page { items, next: answer.marker.filter(|_| answer.is_truncated) })
    }
}

/// One result an action: its own decision is the strictest of all resources, each of which has one of its own beside. Where
/// none has, all resources were asked for.
fn read(result: &EvaluationResult) -> Vec<Ruled> {
    let action = result.eval_action_name().to_owned();
    let of_resource = |one: &ResourceSpecificResult| Ruled {
        action: action.clone(),
        resource: one.eval_resource_name().to_owned(),
        ruling: ruling(one.eval_resource_decision(), one.missing_context_values()),
    };
    if result.resource_specific_results().is_empty() {
        let resource = result.eval_resource_name().unwrap_or("*").to_owned();
        let ruling = ruling(result.eval_decision(), result.missing_context_values());
        return vec![Ruled { action, resource, ruling }];
    }
    result.resource_specific_results().iter().map(of_resource).collect()
}

/// A refusal that may be for want of a condition's key says nothing of a request that has it.
fn ruling(decision: &Decision, missing: &[String]) -> Ruling {
    match decision {
        Decision::Allowed => Ruling::Allowed,
        Decision::ExplicitDeny if missing.is_empty() => Ruling::Denied,
        _ if missing.is_empty() => Ruling::NotAllowed,
        _ => Ruling::DependsOn(missing.to_vec()),
    }
}
