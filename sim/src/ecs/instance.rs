//! Container instances: the hosts of EC2 capacity.

use jiff::Timestamp;

use super::agenda::Step;
use super::api::ContainerInstanceStatus;
use super::state::TaskId;

/// A container instance.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) cluster: String,
    pub(super) ec2: String,
    pub(super) zone: String,
    pub(super) provider: Option<String>,
    pub(super) cpu: u64,
    pub(super) memory: u64,
    pub(super) status: ContainerInstanceStatus,
    pub(super) connected: bool,
    /// When its agent was heard last after it was not, or first; while it is heard.
    pub(super) connected_since: Timestamp,
    /// Since when EC2's status checks fail, if they do.
    pub(super) impaired_since: Option<Timestamp>,
    pub(super) version: u64,
    pub(super) registered: Timestamp,
    pub(super) updated: Timestamp,
    /// What its tasks would have reported while the agent is not heard.
    pub(super) unheard: Vec<(TaskId, u32, Step)>,
}

/// How a container instance really is, for who watches the model: nobody's read lags here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostNow {
    /// Whether it is DRAINING.
    pub drains: bool,
    /// Since when its agent is heard; absent while it is not.
    pub connected_since: Option<Timestamp>,
}

/// A container instance to be registered.
#[derive(Clone, Debug)]
pub struct Host {
    /// The cluster's name.
    pub cluster: String,
    /// Its id at EC2, such as `i-0c41d7e92ab05f386`.
    pub ec2_instance_id: String,
    /// Its availability zone.
    pub zone: String,
    /// The capacity provider that it belongs to, if any.
    pub capacity_provider: Option<String>,
    /// CPU units.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
}
