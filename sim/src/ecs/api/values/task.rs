//! Values about services and tasks.

use std::fmt;

use serde::{Deserialize, Serialize};

values! {
    /// What a described service carries on request.
    ServiceField {
        Tags = "TAGS",
    }
}

values! {
    /// Whose hosts a task runs on.
    LaunchType {
        Ec2 = "EC2",
        Fargate = "FARGATE",
        External = "EXTERNAL",
        ManagedInstances = "MANAGED_INSTANCES",
    }
}

values! {
    /// How many tasks a service wants: a number, or one a host.
    SchedulingStrategy {
        Replica = "REPLICA",
        Daemon = "DAEMON",
    }
}

values! {
    /// Whether tasks are moved to spread over zones.
    AvailabilityZoneRebalancing {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

values! {
    /// Where a task's tags come from.
    PropagateTags {
        TaskDefinition = "TASK_DEFINITION",
        Service = "SERVICE",
        None = "NONE",
    }
}

values! {
    /// Whether a task gets a public address.
    AssignPublicIp {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

values! {
    /// Kinds of placement constraint.
    PlacementConstraintType {
        DistinctInstance = "distinctInstance",
        MemberOf = "memberOf",
    }
}

values! {
    /// Kinds of placement strategy.
    PlacementStrategyType {
        Random = "random",
        Spread = "spread",
        Binpack = "binpack",
    }
}

values! {
    /// What an attribute belongs to.
    TargetType {
        ContainerInstance = "container-instance",
    }
}

values! {
    /// What a described task carries on request.
    TaskField {
        Tags = "TAGS",
    }
}

values! {
    /// What a task is meant to be.
    DesiredStatus {
        Running = "RUNNING",
        Pending = "PENDING",
        Stopped = "STOPPED",
    }
}

values! {
    /// Whether a task's agent is connected.
    Connectivity {
        Connected = "CONNECTED",
        Disconnected = "DISCONNECTED",
    }
}

values! {
    /// Health of a task or container.
    HealthStatus {
        Healthy = "HEALTHY",
        Unhealthy = "UNHEALTHY",
        Unknown = "UNKNOWN",
    }
}

values! {
    /// Why a task stopped.
    TaskStopCode {
        TaskFailedToStart = "TaskFailedToStart",
        EssentialContainerExited = "EssentialContainerExited",
        UserInitiated = "UserInitiated",
        ServiceSchedulerInitiated = "ServiceSchedulerInitiated",
        SpotInterruption = "SpotInterruption",
        TerminationNotice = "TerminationNotice",
        InfrastructureHealth = "InfrastructureHealth",
    }
}

values! {
    /// Agents beside containers.
    ManagedAgentName {
        ExecuteCommandAgent = "ExecuteCommandAgent",
    }
}

values! {
    /// What a described task definition carries on request.
    TaskDefinitionField {
        Tags = "TAGS",
    }
}

values! {
    /// Whether a revision can be used.
    TaskDefinitionStatus {
        Active = "ACTIVE",
        Inactive = "INACTIVE",
        DeleteInProgress = "DELETE_IN_PROGRESS",
    }
}

values! {
    /// Order of a list.
    SortOrder {
        Asc = "ASC",
        Desc = "DESC",
    }
}

values! {
    /// Capacity that a definition fits.
    Compatibility {
        Ec2 = "EC2",
        Fargate = "FARGATE",
        External = "EXTERNAL",
        ManagedInstances = "MANAGED_INSTANCES",
    }
}

values! {
    /// Kinds of constraint in a definition.
    TaskDefinitionPlacementConstraintType {
        MemberOf = "memberOf",
    }
}
