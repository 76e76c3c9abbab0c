//! ECS: a model of its control plane in virtual time, and its face in ECS's own wire protocol.

pub mod api;
pub mod botocore;
pub mod error;
pub mod operation;
pub mod server;
mod stub;
pub mod throttle;
pub mod validation;

pub use stub::{Ecs, Emitted};
