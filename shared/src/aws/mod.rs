//! The ports on AWS, behind the feature `aws`.

pub mod ssm;
