//! Lambda and its neighbours: queues, the Runtime API, event source mappings, ticks, and the gateway to other services.

pub mod clock;
pub mod cloudwatch;
pub mod gateway;
pub mod iam;
pub mod queue;
pub mod runtime;
pub mod source;
pub mod sqs;
