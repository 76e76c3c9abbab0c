//! The template as CloudFormation takes it: what its rules let through, and what its roles allow.
//!
//! It is translated by AWS's own translator, which is installed on the way, or the test fails.
#![allow(clippy::disallowed_methods, reason = "the corpus is found by an environment variable")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panic, and tell what they tried"
)]

mod corpus;
mod mutations;
mod patterns;
mod roles;
mod stack;
