//! ECS: a model of its control plane in virtual time, and its face in ECS's own wire protocol.

pub mod api;
pub mod error;
pub mod operation;
pub mod throttle;
pub mod validation;
