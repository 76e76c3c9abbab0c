//! `steward iam`: what IAM must allow each function, for those who deploy without the template.

mod command;
mod terraform;
#[cfg(test)]
mod tests;

use steward::aws::{
    DynamoLedger, Ecs, Queues, ScalableTargets, SlackWebhook, Ssm, Stacks, TaskEvidence, TellQueue, Topic,
};
use steward::permissions::Function;
use steward::ports::Role;

pub(crate) use command::{Arguments, run};

/// What a function's ports declare.
fn role(function: Function) -> Role {
    match function {
        Function::Remediation => ::remediation::role::<DynamoLedger, Ecs, Stacks, TellQueue, Ssm>(),
        Function::Batch => ::batch::role::<DynamoLedger, Ecs, TellQueue, Ssm>(),
        Function::Scaling => ::scaling::role::<DynamoLedger, Queues, Ecs, ScalableTargets, TellQueue, Ssm>(),
        // What Slack's bot and Amazon Q need is the same as what these two do.
        Function::Notifications => {
            let channels = [Topic::ACCESS, SlackWebhook::<Ssm>::ACCESS];
            ::notifications::role::<DynamoLedger, TellQueue, TaskEvidence, Ssm>(&channels)
        }
    }
}
