//! Values within task definitions: containers, networks, volumes.

use std::fmt;

use serde::{Deserialize, Serialize};

values! {
    /// Protocol of a port.
    TransportProtocol {
        Tcp = "tcp",
        Udp = "udp",
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
    /// Network of a task's containers.
    NetworkMode {
        Bridge = "bridge",
        Host = "host",
        Awsvpc = "awsvpc",
        None = "none",
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
