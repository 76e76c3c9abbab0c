//! How an action goes from plan to outcome: each step one transaction, each action at most one effect.

pub mod people;
pub mod record;

#[cfg(test)]
mod tests;
