//! Values that ECS writes in its own spelling.
//!
//! Each has a fixed set in this API version; [`Default`] is merely the first of it, not what ECS takes for a member left out.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! values {
    ($(#[$documentation:meta])* $name:ident { $first:ident = $first_text:literal, $($variant:ident = $text:literal,)* }) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            #[default]
            #[serde(rename = $first_text)]
            $first,
            $(#[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// In ECS's spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_text,
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

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
    /// How far a rolling deployment is.
    DeploymentRolloutState {
        Completed = "COMPLETED",
        Failed = "FAILED",
        InProgress = "IN_PROGRESS",
    }
}

values! {
    /// Who deploys.
    DeploymentControllerType {
        Ecs = "ECS",
        CodeDeploy = "CODE_DEPLOY",
        External = "EXTERNAL",
    }
}

values! {
    /// How old tasks give way to new ones.
    DeploymentStrategy {
        Rolling = "ROLLING",
        BlueGreen = "BLUE_GREEN",
        Linear = "LINEAR",
        Canary = "CANARY",
    }
}

values! {
    /// How the circuit breaker's threshold is counted.
    ThresholdType {
        Count = "COUNT",
        BoundedPercent = "BOUNDED_PERCENT",
        UnboundedPercent = "UNBOUNDED_PERCENT",
    }
}

values! {
    /// Whether a deployment waits for the end of the old tasks.
    ServiceRevisionCleanup {
        Blocking = "BLOCKING",
        Deferred = "DEFERRED",
    }
}

values! {
    /// What a hook calls, or that it waits for an operator.
    DeploymentLifecycleHookTargetType {
        AwsLambda = "AWS_LAMBDA",
        Pause = "PAUSE",
    }
}

values! {
    /// Where in a deployment a hook stands.
    DeploymentLifecycleHookStage {
        ReconcileService = "RECONCILE_SERVICE",
        PreScaleUp = "PRE_SCALE_UP",
        PostScaleUp = "POST_SCALE_UP",
        TestTrafficShift = "TEST_TRAFFIC_SHIFT",
        PostTestTrafficShift = "POST_TEST_TRAFFIC_SHIFT",
        PreProductionTrafficShift = "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ProductionTrafficShift = "PRODUCTION_TRAFFIC_SHIFT",
        PostProductionTrafficShift = "POST_PRODUCTION_TRAFFIC_SHIFT",
    }
}

values! {
    /// The answer to a hook.
    DeploymentLifecycleHookAction {
        Rollback = "ROLLBACK",
        Continue = "CONTINUE",
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
    /// How a service deployment stands.
    ServiceDeploymentStatus {
        Pending = "PENDING",
        Successful = "SUCCESSFUL",
        Stopped = "STOPPED",
        StopRequested = "STOP_REQUESTED",
        InProgress = "IN_PROGRESS",
        RollbackRequested = "ROLLBACK_REQUESTED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackSuccessful = "ROLLBACK_SUCCESSFUL",
        RollbackFailed = "ROLLBACK_FAILED",
    }
}

values! {
    /// Stages of a service deployment.
    ServiceDeploymentLifecycleStage {
        ReconcileService = "RECONCILE_SERVICE",
        PreScaleUp = "PRE_SCALE_UP",
        ScaleUp = "SCALE_UP",
        PostScaleUp = "POST_SCALE_UP",
        TestTrafficShift = "TEST_TRAFFIC_SHIFT",
        PostTestTrafficShift = "POST_TEST_TRAFFIC_SHIFT",
        ProductionTrafficShift = "PRODUCTION_TRAFFIC_SHIFT",
        PostProductionTrafficShift = "POST_PRODUCTION_TRAFFIC_SHIFT",
        BakeTime = "BAKE_TIME",
        CleanUp = "CLEAN_UP",
    }
}

values! {
    /// What a circuit breaker or alarms do.
    ServiceDeploymentRollbackMonitorsStatus {
        Triggered = "TRIGGERED",
        Monitoring = "MONITORING",
        MonitoringComplete = "MONITORING_COMPLETE",
        Disabled = "DISABLED",
    }
}

values! {
    /// How a hook stands.
    DeploymentLifecycleHookStatus {
        AwaitingAction = "AWAITING_ACTION",
        InProgress = "IN_PROGRESS",
        Succeeded = "SUCCEEDED",
        Failed = "FAILED",
        TimedOut = "TIMED_OUT",
    }
}

values! {
    /// How a service deployment is stopped; only `ROLLBACK` is documented as allowed.
    StopServiceDeploymentStopType {
        Abort = "ABORT",
        Rollback = "ROLLBACK",
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
    /// Protocol of a port.
    TransportProtocol {
        Tcp = "tcp",
        Udp = "udp",
    }
}

values! {
    /// Agents beside containers.
    ManagedAgentName {
        ExecuteCommandAgent = "ExecuteCommandAgent",
    }
}

values! {
    /// Where environment files come from.
    EnvironmentFileType {
        S3 = "s3",
    }
}

values! {
    /// Kinds of resource that a container requires.
    ResourceType {
        Gpu = "GPU",
        InferenceAccelerator = "InferenceAccelerator",
        NeuronDevice = "NeuronDevice",
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
    /// Network of a task's containers.
    NetworkMode {
        Bridge = "bridge",
        Host = "host",
        Awsvpc = "awsvpc",
        None = "none",
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
    /// Whose processes a task sees.
    PidMode {
        Host = "host",
        Task = "task",
    }
}

values! {
    /// Whose memory a task shares.
    IpcMode {
        Host = "host",
        Task = "task",
        None = "none",
    }
}

values! {
    /// Processors.
    CpuArchitecture {
        X8664 = "X86_64",
        Arm64 = "ARM64",
    }
}

values! {
    /// Operating systems.
    OsFamily {
        WindowsServer2019Full = "WINDOWS_SERVER_2019_FULL",
        WindowsServer2019Core = "WINDOWS_SERVER_2019_CORE",
        WindowsServer2016Full = "WINDOWS_SERVER_2016_FULL",
        WindowsServer2004Core = "WINDOWS_SERVER_2004_CORE",
        WindowsServer2022Core = "WINDOWS_SERVER_2022_CORE",
        WindowsServer2022Full = "WINDOWS_SERVER_2022_FULL",
        WindowsServer2025Core = "WINDOWS_SERVER_2025_CORE",
        WindowsServer2025Full = "WINDOWS_SERVER_2025_FULL",
        WindowsServer20h2Core = "WINDOWS_SERVER_20H2_CORE",
        Linux = "LINUX",
    }
}

values! {
    /// Kinds of constraint in a definition.
    TaskDefinitionPlacementConstraintType {
        MemberOf = "memberOf",
    }
}

values! {
    /// Life of a Docker volume.
    Scope {
        Task = "task",
        Shared = "shared",
    }
}

values! {
    /// Encryption towards EFS.
    EfsTransitEncryption {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

values! {
    /// Whether the task role enters EFS.
    EfsAuthorizationConfigIAM {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

values! {
    /// Whether a tag is resolved to a digest.
    VersionConsistency {
        Enabled = "enabled",
        Disabled = "disabled",
    }
}

values! {
    /// Protocol above a port.
    ApplicationProtocol {
        Http = "http",
        Http2 = "http2",
        Grpc = "grpc",
    }
}

values! {
    /// Permissions on a device.
    DeviceCgroupPermission {
        Read = "read",
        Write = "write",
        Mknod = "mknod",
    }
}

values! {
    /// What a container waits for in another one.
    ContainerCondition {
        Start = "START",
        Complete = "COMPLETE",
        Success = "SUCCESS",
        Healthy = "HEALTHY",
    }
}

values! {
    /// Limits of the shell.
    UlimitName {
        Core = "core",
        Cpu = "cpu",
        Data = "data",
        Fsize = "fsize",
        Locks = "locks",
        Memlock = "memlock",
        Msgqueue = "msgqueue",
        Nice = "nice",
        Nofile = "nofile",
        Nproc = "nproc",
        Rss = "rss",
        Rtprio = "rtprio",
        Rttime = "rttime",
        Sigpending = "sigpending",
        Stack = "stack",
    }
}

values! {
    /// Where logs go.
    LogDriver {
        JsonFile = "json-file",
        Syslog = "syslog",
        Journald = "journald",
        Gelf = "gelf",
        Fluentd = "fluentd",
        Awslogs = "awslogs",
        Splunk = "splunk",
        Awsfirelens = "awsfirelens",
    }
}

values! {
    /// Log routers.
    FirelensConfigurationType {
        Fluentd = "fluentd",
        Fluentbit = "fluentbit",
    }
}

values! {
    /// What a described cluster carries on request.
    ClusterField {
        Attachments = "ATTACHMENTS",
        Configurations = "CONFIGURATIONS",
        Settings = "SETTINGS",
        Statistics = "STATISTICS",
        Tags = "TAGS",
    }
}

values! {
    /// Settings of a cluster.
    ClusterSettingName {
        ContainerInsights = "containerInsights",
    }
}

values! {
    /// What a described capacity provider carries on request.
    CapacityProviderField {
        Tags = "TAGS",
    }
}

values! {
    /// Whether a capacity provider can be used.
    CapacityProviderStatus {
        Provisioning = "PROVISIONING",
        Active = "ACTIVE",
        Deprovisioning = "DEPROVISIONING",
        Inactive = "INACTIVE",
    }
}

values! {
    /// How its last change stands.
    CapacityProviderUpdateStatus {
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateComplete = "CREATE_COMPLETE",
        CreateFailed = "CREATE_FAILED",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteFailed = "DELETE_FAILED",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        UpdateComplete = "UPDATE_COMPLETE",
        UpdateFailed = "UPDATE_FAILED",
    }
}

values! {
    /// Kinds of capacity provider.
    CapacityProviderType {
        Ec2Autoscaling = "EC2_AUTOSCALING",
        ManagedInstances = "MANAGED_INSTANCES",
        Fargate = "FARGATE",
        FargateSpot = "FARGATE_SPOT",
    }
}

values! {
    /// Whether hosts with tasks are kept.
    ManagedTerminationProtection {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

values! {
    /// Whether hosts are drained before they go.
    ManagedDraining {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

values! {
    /// Whether ECS scales the group.
    ManagedScalingStatus {
        Enabled = "ENABLED",
        Disabled = "DISABLED",
    }
}

values! {
    /// What a described container instance carries on request.
    ContainerInstanceField {
        Tags = "TAGS",
        ContainerInstanceHealth = "CONTAINER_INSTANCE_HEALTH",
    }
}

values! {
    /// How a container instance stands; only `ACTIVE` and `DRAINING` can be set.
    ContainerInstanceStatus {
        Active = "ACTIVE",
        Draining = "DRAINING",
        Registering = "REGISTERING",
        Deregistering = "DEREGISTERING",
        RegistrationFailed = "REGISTRATION_FAILED",
    }
}

values! {
    /// How the agent's update stands.
    AgentUpdateStatus {
        Pending = "PENDING",
        Staging = "STAGING",
        Staged = "STAGED",
        Updating = "UPDATING",
        Updated = "UPDATED",
        Failed = "FAILED",
    }
}

values! {
    /// Health of a host.
    InstanceHealthCheckState {
        Ok = "OK",
        Impaired = "IMPAIRED",
        InsufficientData = "INSUFFICIENT_DATA",
        Initializing = "INITIALIZING",
    }
}

values! {
    /// What is checked on a host.
    InstanceHealthCheckType {
        ContainerRuntime = "CONTAINER_RUNTIME",
        AcceleratedCompute = "ACCELERATED_COMPUTE",
        Daemon = "DAEMON",
        AgentConnectivity = "AGENT_CONNECTIVITY",
    }
}
