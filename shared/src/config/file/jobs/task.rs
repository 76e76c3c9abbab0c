//! What RunTask is told of a job's tasks.

use super::Job;
use crate::arn::Arn;
use crate::batch::{JobNetwork, Size, TaskSpec};
use crate::config::file::fault::Check;
use crate::config::file::form::OnOff;
use crate::config::file::services::TaskNetwork;

/// ECS takes no longer names of clusters, families and containers.
const MAX_NAME: usize = 255;

impl Job {
    pub(super) fn set_task(&mut self, task: &TaskSpec) {
        self.cluster.clone_from(&task.cluster);
        self.task_definition.clone_from(&task.task_definition);
        self.container.clone_from(&task.container);
        self.command.clone_from(&task.command);
        self.environment = Some(task.environment.clone());
        self.cpu = task.cpu.map(u64::from);
        self.memory = task.memory.map(u64::from);
        self.task_role.clone_from(&task.task_role);
        self.execution_role.clone_from(&task.execution_role);
        self.set_capacity(&task.capacity);
        self.network = task.network.as_ref().map(|network| TaskNetwork {
            subnets: network.subnets.clone(),
            security_groups: Some(network.security_groups.clone()),
            public_ip: Some(OnOff::of(network.public_ip)),
        });
        self.platform_version.clone_from(&task.platform_version);
        self.tags = Some(task.tags.clone());
        self.execute_command = Some(OnOff::of(task.execute_command));
    }

    pub(super) fn check_task(&self, size: Size, check: &mut Check<'_>) -> TaskSpec {
        self.check_names(check);
        self.check_texts(size, check);
        TaskSpec {
            cluster: self.cluster.clone(),
            task_definition: self.task_definition.clone(),
            container: self.container.clone(),
            command: self.command.clone(),
            environment: self.environment.clone().unwrap_or_default(),
            cpu: own(
                check,
                "cpu",
                self.cpu,
                (128, 196_608),
                "ECS takes CPU units, of which a vCPU has 1024, and up to 192 vCPUs",
            ),
            memory: own(
                check,
                "memory",
                self.memory,
                (6, 33_554_432),
                "Docker gives no container less than 6 MiB, and no host has more than 32 TiB",
            ),
            task_role: self.task_role.clone(),
            execution_role: self.execution_role.clone(),
            capacity: self.check_capacity(check),
            network: self.network.as_ref().map(|network| check_network(network, &mut check.below("network"))),
            platform_version: self.platform_version.clone(),
            tags: self.tags.clone().unwrap_or_default(),
            execute_command: self.execute_command.is_some_and(OnOff::is_on),
        }
    }

    fn check_names(&self, check: &mut Check<'_>) {
        if !is_name(&self.cluster) && !is_arn(&self.cluster, "ecs", "cluster", is_name) {
            let problem = format!(
                "no cluster is `{}`: write its name, such as `batch`, or its ARN, such as \
                 arn:aws:ecs:eu-central-1:123456789012:cluster/batch",
                self.cluster
            );
            check.fault("cluster", problem);
        }
        let task_definition = &self.task_definition;
        if !is_name(task_definition)
            && !is_revision(task_definition)
            && !is_arn(task_definition, "ecs", "task-definition", |name| is_name(name) || is_revision(name))
        {
            check.fault(
                "task_definition",
                format!("no task definition is `{task_definition}`: write a family, such as `etl`, `etl:17`, or an ARN"),
            );
        }
        if let Some(container) = self.container.as_deref().filter(|name| !is_name(name)) {
            check.fault(
                "container",
                format!("no container is called `{container}`: 1 to {MAX_NAME} letters, digits, - and _"),
            );
        }
        for (key, role) in [("task_role", &self.task_role), ("execution_role", &self.execution_role)] {
            if let Some(role) = role.as_deref().filter(|role| !is_arn(role, "iam", "role", |_| true)) {
                check.fault(
                    key,
                    format!("`{role}` is no ARN of a role, such as arn:aws:iam::123456789012:role/etl"),
                );
            }
        }
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_version =
            |text: &str| text == "LATEST" || text.split('.').count() == 3 && text.split('.').all(is_number);
        if let Some(version) = self.platform_version.as_deref().filter(|version| !is_version(version)) {
            check.fault(
                "platform_version",
                format!("no platform version is `{version}`: write `LATEST`, or one such as 1.4.0"),
            );
        }
    }
}

/// A number in the place of the task definition's.
fn own(
    check: &mut Check<'_>,
    key: &str,
    value: Option<u64>,
    (least, most): (u32, u32),
    why: &str,
) -> Option<u32> {
    let mut checked = least;
    check.number(key, value, least..=most, why, &mut checked);
    value.map(|_| checked)
}

/// The network with its subnets in their order, which is that of preference.
fn check_network(network: &TaskNetwork, check: &mut Check<'_>) -> JobNetwork {
    let public_ip = network.check(check).public_ip;
    JobNetwork {
        subnets: network.subnets.clone(),
        security_groups: network.security_groups.clone().unwrap_or_default(),
        public_ip,
    }
}

/// A name such as ECS takes it.
fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// `family:revision`
fn is_revision(text: &str) -> bool {
    text.split_once(':').is_some_and(|(family, revision)| {
        is_name(family)
            && revision.bytes().all(|byte| byte.is_ascii_digit())
            && revision.parse().is_ok_and(|n: u32| n > 0)
    })
}

fn is_arn(text: &str, service: &str, kind: &str, is_resource: impl Fn(&str) -> bool) -> bool {
    Arn::parse(text)
        .is_some_and(|arn| arn.service == service && arn.resource_of_kind(kind).is_some_and(is_resource))
}
