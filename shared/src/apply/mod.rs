//! How an action goes from plan to outcome: each step one transaction, each action at most one effect.

pub mod record;
