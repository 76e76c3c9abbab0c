//! What the adapter sends, and what it makes of ECS's answers.

mod audit;
mod change;
mod hosts;
mod jobs;
mod read;
mod register;
mod scaling;

use super::*;
use crate::aws::scripted::{Answer, Script};

const ACCOUNT: &str = "arn:aws:ecs:eu-central-1:123456789012";

fn cluster() -> ClusterArn {
    ClusterArn::new(format!("{ACCOUNT}:cluster/shop"))
}

fn task(id: &str) -> TaskArn {
    TaskArn::new(format!("{ACCOUNT}:task/shop/{id}"))
}

fn definition(name: &str) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("{ACCOUNT}:task-definition/{name}"))
}

fn deployment() -> ServiceDeploymentArn {
    ServiceDeploymentArn::new(format!("{ACCOUNT}:service-deployment/shop/api/abc"))
}

fn ecs(answers: impl IntoIterator<Item = Answer>) -> (Ecs, Script) {
    let script = Script::of(answers);
    (Ecs::new(&script.sdk()), script)
}
