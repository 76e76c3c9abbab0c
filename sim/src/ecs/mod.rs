//! ECS: a model of its control plane in virtual time, and its face in ECS's own wire protocol.

mod agenda;
pub mod api;
mod behaviour;
pub mod botocore;
mod breaker;
mod capacity;
mod definition;
pub mod error;
mod events;
mod happening;
mod instance;
mod life;
mod names;
pub mod operation;
mod operations;
mod placement;
mod rollout;
mod run_task;
mod scheduler;
pub mod server;
mod service;
mod settings;
mod setup;
mod state;
mod task;
#[cfg(test)]
mod tests;
pub mod throttle;
mod turn;
pub mod validation;
mod view;
mod world;

pub use behaviour::{Behaviour, Fate, PullFailure, SecretFailure};
pub use definition::Revision;
pub use happening::Happening;
pub use instance::Host;
pub use settings::{Latencies, Latency, Settings};
pub use setup::fargate_service;
pub use world::{Ecs, Effect, Emitted};
