//! The cause table for texts: which words of ECS, its agent, Docker and containerd mean which cause.
//!
//! The error's name fixes the family ([`NAMES`]); among the rows of that family the first that holds decides, so the
//! specific stand before the generic ([`ROWS`]). A new text is one row here and one line in `reasons.tsv`; the tests
//! fail on a row that decides no line. Fragments are lower case, have words around them that no image, service or secret
//! is called by, and leave out what varies: counters, hosts, ids.

use super::cause::Cause;
use super::text::Name;

/// A set of error families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Families(u16);

impl Families {
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Pulling an image.
const PULL: Families = Families(1);
/// Setting up a task before its containers: secrets, logs, volumes, registry logins.
const INIT: Families = Families(1 << 1);
/// Creating a container.
const CREATE: Families = Families(1 << 2);
/// Starting a container.
const START: Families = Families(1 << 3);
/// Docker, containerd, the agent, Fargate's runtime.
const RUNTIME: Families = Families(1 << 4);
/// Volumes.
const VOLUME: Families = Families(1 << 5);
/// Network interfaces.
const NETWORK: Families = Families(1 << 6);
/// The host configuration of a container.
const HOST: Families = Families(1 << 7);
/// Container dependencies.
const DEPENDENCY: Families = Families(1 << 8);
/// Memory.
const MEMORY: Families = Families(1 << 9);
/// A consequence of a stop, never its cause.
const CONSEQUENCE: Families = Families(1 << 10);
/// No name: what the service scheduler, Fargate and AWS Health write.
const BARE: Families = Families(1 << 11);

/// The family of a text without a name.
pub(crate) const ANY_TEXT: Families = BARE;

/// Where a container is made or run.
const CONTAINER: Families = CREATE.or(START).or(RUNTIME);
/// Everything but what is never evidence.
const ALL: Families =
    PULL.or(INIT).or(CONTAINER).or(VOLUME).or(NETWORK).or(HOST).or(DEPENDENCY).or(BARE);

const fn name(squeezed: &'static str, families: Families, otherwise: Option<Cause>) -> Name {
    Name { squeezed, families, otherwise }
}

/// Names of errors, and phrases that stand for a lost name. The first in the text decides, the longest at its place.
pub(crate) const NAMES: &[Name] = &[
    name("cannotpullcontainerautherror", PULL, Some(Cause::ImageAccessDenied)),
    name("cannotpullcontainererror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpullecrcontainererror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpullimagemanifesterror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpullimageerror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("failedtopullimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("unabletopullimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cantpulltheimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpulltheimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("errorpullingimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("failedtoresolveref", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("refpullhasbeenretried", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("pullimagemanifesthasbeenretried", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("inspectimagehasbeenretried", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("resourceinitializationerror", INIT, None),
    name("unabletopullsecretsorregistryauth", INIT, None),
    name("executionresourceretrievalfailed", INIT, None),
    name("cannotstartcontainererror", START, Some(Cause::ContainerRuntimeFailed)),
    name("cannotcreatecontainererror", CREATE, Some(Cause::ContainerRuntimeFailed)),
    name("cannotcreatecontainerexecerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotstartcontainerexecerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotinspectcontainerexecerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotstopcontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotinspectcontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotremovecontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotdescribecontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistcontainerserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistimageserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistpluginserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistpluginswithfilterserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotgetcontainertoperror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotgetdockerclientversionerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotgetdockerclienterror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("dockertimeouterror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("dockerstateerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("containerruntimetimeouterror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("containerruntimeerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("containervanishederror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("nosuchcontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("impossiblestatetransitionerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("taskstateerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("internalerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotcreatevolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("cannotinspectvolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("cannotremovevolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("invalidvolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("volumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("containernetworkingerror", NETWORK, Some(Cause::NetworkInterfaceFailed)),
    name("hostconfigerror", HOST, Some(Cause::TaskConfigInvalid)),
    name("dockerclientconfigerror", HOST, Some(Cause::TaskConfigInvalid)),
    name("unrecognizedtransportprotocol", HOST, Some(Cause::TaskConfigInvalid)),
    name("unparsableport", HOST, Some(Cause::TaskConfigInvalid)),
    name("taskdependencyerror", DEPENDENCY, Some(Cause::DependencyFailed)),
    name("outofmemoryerror", MEMORY, Some(Cause::OutOfMemory)),
    name("taskstoppedbeforepullbeginerror", CONSEQUENCE, None),
];

/// One line of the table: it holds where one of `any`, and one of `and_any` if there are some, is in the text.
pub(crate) struct Row {
    pub(crate) families: Families,
    pub(crate) any: &'static [&'static str],
    pub(crate) and_any: &'static [&'static str],
    /// `None`: the text says that nothing failed.
    pub(crate) cause: Option<Cause>,
}

const fn row(families: Families, any: &'static [&'static str], cause: Cause) -> Row {
    Row { families, any, and_any: &[], cause: Some(cause) }
}

const fn both(
    families: Families,
    any: &'static [&'static str],
    and_any: &'static [&'static str],
    cause: Cause,
) -> Row {
    Row { families, any, and_any, cause: Some(cause) }
}

/// Talk of a secret or a parameter.
const SECRETS: &[&str] = &[
    "from asm",
    "asm fetching",
    "asm:",
    "secrets manager",
    "secretsmanager",
    "from ssm",
    "ssm:",
    "ssm parameter",
    "from aws ssm",
    "aws systems manager",
    "fetch secret",
    "retrieve secret",
    "pull secret ",
    "pull the secret",
    "parameter store",
];
/// Talk of ECR's login, which comes before a pull.
const ECR_LOGIN: &[&str] = &["ecr registry auth", "from amazon ecr", "task and amazon ecr", "ecr:getauthorizationtoken", "api.ecr"];
/// Somebody refuses.
const DENIED: &[&str] = &[
    "accessdenied",
    "access denied",
    "is not authorized to",
    "not authorized",
    "unauthorizedoperation",
    "permission denied",
    "forbidden",
    "status code: 403",
    "unrecognizedclientexception",
    "invalidsignatureexception",
    "have permission",
    "has the permissions",
    "have the permissions",
];
/// Nobody answers.
const NO_ANSWER: &[&str] = &[
    "i/o timeout",
    "timed out",
    "timeout exceeded",
    "request canceled",
    "context canceled",
    "deadline exceeded",
    "no such host",
    "server misbehaving",
    "connection refused",
    "connection reset",
    "connection issue",
    "could not connect",
    "network is unreachable",
    "no route to host",
    "tls handshake timeout",
    "requesterror",
    "request send failed",
    "broken pipe",
];
/// The log driver and what it writes to.
const LOGS: &[&str] = &[
    "logger args",
    "logging driver",
    "log driver",
    "logging option",
    "log opt",
    "cloudwatch log group",
    "cloudwatch log stream",
    "cloudwatch logs",
    "log group does not exist",
    "task and amazon cloudwatch",
    "task and cloudwatch",
    "to perform: logs:",
    "create log stream",
    "create log group",
    "splunk",
    "fluentd",
    "failed to create cloudwatch",
    "awslogs",
];
/// Environment files, and the configuration of FireLens.
const ENV_FILES: &[&str] = &[
    "env file",
    "environment file",
    "environment variable file",
    "environmentfile",
    "envfile",
    "firelens s3 config",
    "firelens config",
    "firelens container config",
    "firelens configuration",
    "firelens: ",
];
/// Volumes of every make.
const VOLUMES: &[&str] = &[
    "efs utils",
    "efs volume",
    "efs-utils",
    "efs mount",
    "mount.nfs",
    "mount.efs",
    "elasticfilesystem:",
    "fsxwindows",
    "fsx for windows",
    "ebs volume",
    "amazon ebs",
    "elastic block",
    "volumedriver",
    "volume driver",
    "volume plugin",
    "mounting volume",
    "mount volume",
    "create volume",
    "attach volume",
    "volume mount",
    "to set up volume",
    "failed to mount",
    "error mounting",
    "invalid mount config",
    "mount source path",
    "bind source path does not exist",
    "s3 files",
];
/// The network interface of a task.
const INTERFACES: &[&str] = &[
    "network interface",
    "networkinterface",
    "network namespace",
    "cni setup",
    "cni plugin",
    "cni:",
    "eni plugin",
    "eni provisioning",
    "insufficientfreeaddressesinsubnet",
    "enough free addresses",
    "insufficient free address",
    "failed to create endpoint",
    "bridge plugin",
    "security group",
    "trunk eni",
    "eni attachment",
    "eni allocation",
    "networking setup",
    "configure eni",
    "setup regular eni",
    "netplugin",
];
/// A role that cannot be taken.
const ROLES: &[&str] = &[
    "unable to assume",
    "cannot assume",
    "can't assume",
    "could not assume",
    "failed to assume",
    "sts:assumerole",
    "no execution credentials",
    "execution role credentials",
    "execution credentials",
    "execution role is required",
    "requires an execution role",
    "must specify an execution role",
    "without an execution role",
    "no execution role",
    "credentials for task role",
    "assume role",
    "assuming role",
];
/// The image itself is not there. With words that no name holds.
const NO_IMAGE: &[&str] = &[
    "(404)",
    "404 not found",
    "status code: 404",
    "status code 404",
    "code = notfound",
    "manifest unknown",
    "manifestunknown",
    "imagenotfoundexception",
    "repositorynotfoundexception",
    "tag does not exist",
    "image with digest",
    "requested image not found",
    "no such image",
    "no such manifest",
    "name unknown",
    "name_unknown",
    "invalid reference format",
    "invalid repository name",
];

/// The table. Order is meaning: the first row that holds decides.
pub(crate) const ROWS: &[Row] = &[
    // What a service says of itself when nothing is wrong.
    Row { families: BARE, any: &["has reached a steady state", "has started ", "has begun draining"], and_any: &[], cause: None },
    // A stop that somebody meant.
    row(BARE, &["scaling activity initiated by"], Cause::ScaledIn),
    row(BARE, &["task stopped by user", "stopped by a user"], Cause::StoppedByUser),
    // Health, as the service scheduler words it.
    row(
        BARE,
        &["elb health check", "is unhealthy in (target-group", "is unhealthy in target-group", "is unhealthy in (elb", "is unhealthy in elb", "is unhealthy in target group", "load balancer health check", "target group health check"],
        Cause::ElbHealthCheckFailed,
    ),
    row(BARE, &["container health check", "container healthcheck", "failed health checks in container"], Cause::ContainerHealthCheckFailed),
    // Infrastructure below the task.
    row(BARE, &["spot task was interrupted", "spot interruption", "spot instance interruption", "spot capacity was interrupted", "spot was interrupted"], Cause::SpotInterrupted),
    row(BARE, &["host ec2 (instance", "container instance deregistration", "instance was terminated", "instance has been terminated", "container instance was deregistered", "instance terminated"], Cause::HostTerminated),
    row(BARE, &["performing maintenance on", "aws_ecs_task_patching_retirement", "task retirement", "scheduled for retirement", "task maintenance"], Cause::Maintenance),
    row(BARE, &["infrastructure is impaired", "impaired infrastructure", "underlying infrastructure is unhealthy", "hardware failure", "host is impaired"], Cause::InfrastructureImpaired),
    // Memory, where the text says so.
    row(ALL, &["oom-killed", "oomkilled", "container killed due to memory", "out-of-memory killer"], Cause::OutOfMemory),
    row(BARE, &["out of memory"], Cause::OutOfMemory),
    // Disk and platform beat whatever they happened in.
    row(ALL, &["no space left on device", "thin pool", "disk quota exceeded", "not enough disk space", "insufficient disk space", "not enough space on the disk", "is out of disk space", "no space in the thin"], Cause::DiskFull),
    row(
        ALL,
        &["descriptor matching platform", "exec format error", "no matching manifest for", "no match for platform", "does not match the specified platform", "does not match the detected host platform", "cannot be used on this platform", "incompatible with the host", "image is incompatible with", "operating system is not supported", "does not match the host operating system", "platform mismatch"],
        Cause::ImagePlatformMismatch,
    ),
    // Logs, environment files and volumes name themselves; a denial or a missing thing in them is theirs.
    row(INIT.or(CONTAINER).or(HOST).or(BARE), LOGS, Cause::LogSetupFailed),
    row(INIT.or(CONTAINER).or(BARE), ENV_FILES, Cause::EnvFileUnavailable),
    both(INIT, &["firelens", "from amazon s3", "task and amazon s3", "s3:getobject"], &["config", "download", "connection issue", "getobject"], Cause::EnvFileUnavailable),
    row(INIT.or(CONTAINER).or(VOLUME).or(BARE), VOLUMES, Cause::VolumeMountFailed),
    both(CONTAINER, &["oci runtime", "runc", "rootfs"], &["mounting ", "not a directory: unknown: are you trying to mount", "mount through procfd"], Cause::VolumeMountFailed),
    row(RUNTIME, &["ing volume", "created volume", "volume step", "volume_"], Cause::VolumeMountFailed),
    // The pull itself.
    row(PULL.or(INIT).or(BARE), &["toomanyrequests", "pull rate limit", "reached your pull", "pull limit"], Cause::ImageRateLimited),
    row(PULL, &["too many requests", "rate limit", "rate exceeded", "status code: 429", "status code 429", "throttl"], Cause::ImageRateLimited),
    both(INIT, &["ecr registry auth"], &["rate exceeded", "throttl", "too many requests"], Cause::ImageRateLimited),
    row(PULL.or(HOST).or(BARE), ROLES, Cause::RoleNotAssumable),
    row(
        PULL.or(BARE),
        &["no processor for media-type", "stream processor", "unsupported media type", "unsupported media-type", "mediatype", "media type", "failed to unpack", "error unpacking", "unable to unpack", "failed to extract layer", "failed to register layer", "error processing tar", "archive/tar", "invalid tar header", "unexpected commit digest", "filesystem layer verification failed", "schema 1", "schema version 1", "failed precondition", "gzip: invalid header", "zstd:", "applylayer", "unsupported manifest", "failed size validation"],
        Cause::ImageInvalid,
    ),
    both(PULL, &["task execution role", "registry"], &["engine ecr credentials", "registry credentials", "credentials: not found"], Cause::ImageAccessDenied),
    row(PULL, &["engine ecr credentials", "private registry credentials", "credentials not found", "credentials: not found"], Cause::ImageAccessDenied),
    row(PULL.or(BARE), NO_IMAGE, Cause::ImageNotFound),
    both(CREATE.or(START), &["no such image"], &[], Cause::ImageNotFound),
    row(
        PULL.or(BARE),
        &["pull access denied", "no basic auth credentials", "insufficient_scope", "403 forbidden", "status code 403", "status code: 403", "to perform: ecr:", "requested access to the resource is denied", "may require 'docker login'", "or may require authorization"],
        Cause::ImageAccessDenied,
    ),
    row(
        PULL,
        &["accessdenied", "access denied", "access to the resource is denied", " denied: ", "unauthorized", "not authorized", "(403)", "(401)", "forbidden", "401 ", "authentication required", "authorization failed", "authorization token has expired", "incorrect username or password", "invalid username", "login attempt", "access forbidden", "missing or empty content-length header", "unrecognizedclientexception", "expiredtoken", "invalidsignature", "failed to authorize"],
        Cause::ImageAccessDenied,
    ),
    row(PULL, NO_ANSWER, Cause::ImageRegistryUnreachable),
    row(PULL, &["not found", "does not exist", "doesn't exist", "not exist", "no such file or directory", "invalid image"], Cause::ImageNotFound),
    row(BARE, &["could not reach any registry endpoint", "pulling image", "registry endpoint", "httpreaderseeker"], Cause::ImageRegistryUnreachable),
    // The login to ECR that comes before it.
    both(INIT.or(BARE), ECR_LOGIN, DENIED, Cause::ImageAccessDenied),
    row(INIT.or(BARE), ECR_LOGIN, Cause::ImageRegistryUnreachable),
    // Secrets and parameters: what is not there before who may not.
    both(
        INIT.or(BARE),
        SECRETS,
        &["resourcenotfound", "awscurrent", "staging label", "json key", "invalid parameters", "invalid ssm parameter", "parameternotfound", "parameter not found", "can't find the", "cannot find the", "could not be found", "was not found", "not found", "does not exist", "invalid arn", "arn format", "validationexception", "invalidparameter", "invalidrequestexception", "marked for deletion", "marked deleted", "scheduled for deletion", "malformed", "invalid character", "unmarshal", "not valid json", "unexpected end of json", "invalid parameter", "is empty", "no secret", "secret exists", "no value", "parameterversionnotfound", "parameter name"],
        Cause::SecretNotFound,
    ),
    row(BARE.or(INIT), &["did not contain json key", "staging label: awscurrent"], Cause::SecretNotFound),
    both(INIT.or(BARE), SECRETS, DENIED, Cause::SecretAccessDenied),
    both(INIT.or(BARE), SECRETS, &["kms", "decrypt"], Cause::SecretAccessDenied),
    row(INIT.or(BARE), &["to perform: kms:", "to perform: secretsmanager:", "to perform: ssm:"], Cause::SecretAccessDenied),
    row(INIT.or(BARE), SECRETS, Cause::SecretUnreachable),
    row(INIT, ROLES, Cause::RoleNotAssumable),
    row(INIT.or(CONTAINER), &["registry auth", "pull secrets"], Cause::SecretUnreachable),
    // Quotas, capacity and placement.
    row(BARE.or(NETWORK).or(RUNTIME), INTERFACES, Cause::NetworkInterfaceFailed),
    row(INIT.or(CREATE), INTERFACES, Cause::NetworkInterfaceFailed),
    row(START, &["failed to create endpoint", "network namespace", "cni plugin", "cni setup"], Cause::NetworkInterfaceFailed),
    row(BARE.or(INIT), &["reached the limit", "above your limit", "countexceeded", "spot instance count exceeded", "your current limit", "limit exceeded", "limitexceeded", "exceeded the limit", "exceeds the limit", "exceeds your", "exceeded your", "service quota", "quota exceeded", "vcpu limit", "limit of the number"], Cause::QuotaExceeded),
    row(
        BARE.or(INIT),
        &["capacity is unavailable", "unfulfillablecapacity", "fulfill capacity", "resource:fargate", "emptycapacityprovider", "empty capacity provider", "in your capacity provider", "in the capacity provider", "insufficient capacity", "insufficientinstancecapacity", "insufficient instance capacity", "no capacity", "capacity unavailable", "enough capacity", "capacity provider has no", "currently have sufficient", "capacity is not available", "capacity constraints", "not have capacity", "lack of capacity", "unable to acquire capacity"],
        Cause::CapacityUnavailable,
    ),
    row(
        BARE,
        &["resource:", "no container instance", "no container-instance", "met all of its requirements", "placement constraint", "placement strategy", "memberof constraint", "constraint unsatisfied", "distinctinstance", "closest matching", "insufficient cpu", "insufficient memory", "agent connected", "missing an attribute", "unable to place", "unable to be placed", "could not be placed", "daemon placement", "agent is disconnected", "agent disconnected", "required attribute"],
        Cause::PlacementFailed,
    ),
    // Containers.
    both(
        DEPENDENCY.or(CONTAINER).or(BARE),
        &["dependency graph", "ordering dependency", "dependent container", "dependency did not", "container dependency", "dependson", "dependency container"],
        &[],
        Cause::DependencyFailed,
    ),
    row(BARE, &["container ordering", "dependencies"], Cause::DependencyFailed),
    row(
        CONTAINER.or(BARE),
        &["custom device", "device driver", "gathering device", "gpu containers", "gpu device", "unknown runtime", "unknown or invalid runtime", "runtime is not set", "port is already allocated", "address already in use", "ports are not available", "conflicting options", "minimum memory limit", "memory limit too low", "invalid cpu", "range of cpus", "invalid hostname", "invalid ipc mode", "invalid pid mode", "networking mode", "network mode", "invalid port", "does not support", "not supported", "unknown capability", "sysctl", "ulimit", "cgroup parent", "seccomp", "apparmor", "invalid user", "unable to find user", "unable to find group", "no matching entries in passwd", "privileged mode", "linux kernel capabilities", "nvidia-container-cli"],
        Cause::TaskConfigInvalid,
    ),
    row(HOST, &["credentials"], Cause::RoleNotAssumable),
    row(
        CONTAINER.or(BARE),
        &["executable file not found", "no command specified", "exec: \"", "oci runtime create failed", "oci runtime error", "container process", "container init", "starting container process", "failed to create shim", "runc create failed", "entrypoint", "cannot find the file specified", "hcsshim::createcomputesystem", "0x2)", "process_linux.go"],
        Cause::CommandNotRunnable,
    ),
    row(START.or(CREATE), &["permission denied", "no such file or directory", "is a directory", "not executable"], Cause::CommandNotRunnable),
    // Roles, where a service or Fargate says so.
    row(CONTAINER, ROLES, Cause::RoleNotAssumable),
    // Fargate's and the agent's own troubles, without a name.
    row(
        BARE,
        &["could not transition to", "could not tranisition to", "container runtime", "untar", "internal error", "internal service error", "unexpected error", "docker daemon", "containerd", "failed to get container status", "failed sending sigterm", "container vanished", "agent stopped", "storage provisioning", "ephemeralstorage provisioning", "serverexception"],
        Cause::ContainerRuntimeFailed,
    ),
    row(BARE, &["task configuration failure", "not compatible with the selected", "is not compatible with the", "invalid task definition", "new arn format", "new arn and resource id format", "inactive task definition", "host config"], Cause::TaskConfigInvalid),
];
