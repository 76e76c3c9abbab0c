//! A task definition as its JSON has it, as far as checks need it.
//!
//! It is read from the JSON that ECS answers, not from the types of an SDK: so its size is its own, and what this version does
//! not know does no harm. Values of environment variables are looked at here and dropped.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::arn::TaskDefinitionArn;
use crate::redact::{Redacted, Sign, redact, sign_of_secret};

/// Members that ECS adds to what was registered.
const ADDED: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// A revision of a task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its ARN.
    pub arn: TaskDefinitionArn,
    /// `taskRoleArn`.
    pub task_role: Option<String>,
    /// `executionRoleArn`.
    pub execution_role: Option<String>,
    /// Whether its containers are Windows's.
    pub is_windows: bool,
    /// Bytes of its JSON without blanks, empty lists and what ECS adds.
    pub size: usize,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Whether the task ends with it.
    pub is_essential: bool,
    /// Whether it has a health check of its own.
    pub has_health_check: bool,
    /// `stopTimeout`, in seconds.
    pub stop_timeout: Option<u32>,
    /// Where its logs go.
    pub logs: Option<LogConfiguration>,
    /// `valueFrom` of its secrets, those of its log driver included.
    pub secrets: Vec<String>,
    /// `credentialsParameter` for a private registry.
    pub registry_secret: Option<String>,
    /// ARNs of S3 objects that are read before it starts.
    pub files: Vec<String>,
    /// Variables of its environment that look like secrets.
    pub suspects: Vec<Suspect>,
}

/// `logConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogConfiguration {
    /// `awslogs`, `awsfirelens`, …
    pub driver: String,
    /// `awslogs-group`.
    pub group: Option<String>,
    /// `awslogs-region`.
    pub region: Option<String>,
    /// `awslogs-stream-prefix`.
    pub prefix: Option<String>,
    /// `awslogs-create-group`.
    pub creates_group: bool,
}

/// A variable that looks like a secret. Its value is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Its name.
    pub name: Redacted,
    /// Why.
    pub by: Sign,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    task_definition_arn: String,
    task_role_arn: Option<String>,
    execution_role_arn: Option<String>,
    runtime_platform: Option<Platform>,
    #[serde(default)]
    container_definitions: Vec<AnsweredContainer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Platform {
    operating_system_family: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnsweredContainer {
    name: Option<String>,
    image: Option<String>,
    essential: Option<bool>,
    health_check: Option<HealthCheck>,
    stop_timeout: Option<u32>,
    log_configuration: Option<AnsweredLogs>,
    secrets: Option<Vec<Secret>>,
    repository_credentials: Option<Credentials>,
    environment: Option<Vec<Variable>>,
    environment_files: Option<Vec<File>>,
    firelens_configuration: Option<FireLens>,
}

#[derive(Deserialize)]
struct HealthCheck {
    #[serde(default)]
    command: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnsweredLogs {
    log_driver: Option<String>,
    options: Option<BTreeMap<String, String>>,
    secret_options: Option<Vec<Secret>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    value_from: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    credentials_parameter: Option<String>,
}

#[derive(Deserialize)]
struct Variable {
    name: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
struct File {
    value: Option<String>,
}

#[derive(Deserialize)]
struct FireLens {
    options: Option<BTreeMap<String, String>>,
}

impl Definition {
    /// Reads `taskDefinition` of what DescribeTaskDefinition answers.
    ///
    /// # Errors
    ///
    /// Where it is not as ECS documents it; the error says where, and shows nothing of it.
    pub fn read(answered: &Value) -> Result<Self, serde_json::Error> {
        let read = Answered::deserialize(answered)?;
        let family = read.runtime_platform.and_then(|platform| platform.operating_system_family);
        Ok(Self {
            arn: TaskDefinitionArn::new(read.task_definition_arn),
            task_role: given(read.task_role_arn),
            execution_role: given(read.execution_role_arn),
            is_windows: family.is_some_and(|family| family.starts_with("WINDOWS")),
            size: size(answered),
            containers: read.container_definitions.into_iter().map(AnsweredContainer::read).collect(),
        })
    }
}

impl AnsweredContainer {
    fn read(self) -> Container {
        let values = |all: Option<Vec<Secret>>| {
            all.unwrap_or_default().into_iter().filter_map(|secret| given(secret.value_from))
        };
        let (logs, secret_options) = match self.log_configuration {
            Some(logs) => {
                (logs.log_driver.map(|driver| log_configuration(driver, logs.options)), logs.secret_options)
            }
            None => (None, None),
        };
        let routed = self.firelens_configuration.and_then(|firelens| firelens.options).unwrap_or_default();
        let router_file = (routed.get("config-file-type").map(String::as_str) == Some("s3"))
            .then(|| routed.get("config-file-value").cloned())
            .flatten();
        Container {
            name: self.name.unwrap_or_default(),
            image: self.image.unwrap_or_default(),
            // As the API takes it where it is left out.
            is_essential: self.essential != Some(false),
            // `["NONE"]` switches off the check that the image brings.
            has_health_check: self
                .health_check
                .is_some_and(|check| check.command.first().is_some_and(|first| first != "NONE")),
            stop_timeout: self.stop_timeout,
            logs,
            secrets: values(self.secrets).chain(values(secret_options)).collect(),
            registry_secret: self
                .repository_credentials
                .and_then(|credentials| given(credentials.credentials_parameter)),
            files: self
                .environment_files
                .unwrap_or_default()
                .into_iter()
                .filter_map(|file| given(file.value))
                .chain(router_file)
                .collect(),
            suspects: self.environment.unwrap_or_default().iter().filter_map(Variable::suspect).collect(),
        }
    }
}

impl Variable {
    fn suspect(&self) -> Option<Suspect> {
        let name = self.name.as_deref()?;
        let by = sign_of_secret(name, self.value.as_deref().unwrap_or_default())?;
        Some(Suspect { name: redact(name), by })
    }
}

fn log_configuration(driver: String, options: Option<BTreeMap<String, String>>) -> LogConfiguration {
    let options = options.unwrap_or_default();
    let option = |name: &str| options.get(name).cloned();
    LogConfiguration {
        driver,
        group: option("awslogs-group"),
        region: option("awslogs-region"),
        prefix: option("awslogs-stream-prefix"),
        creates_group: option("awslogs-create-group").is_some_and(|value| value.eq_ignore_ascii_case("true")),
    }
}

/// What is blank says nothing.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Bytes of what was registered, as far as the answer tells it.
fn size(answered: &Value) -> usize {
    let Some(members) = answered.as_object() else { return 0 };
    let registered: Vec<usize> = members
        .iter()
        .filter(|(name, value)| !ADDED.contains(&name.as_str()) && !is_empty(value))
        .map(|(name, value)| name.len() + "\"\":".len() + bytes(value))
        .collect();
    "{}".len() + registered.iter().sum::<usize>() + registered.len().saturating_sub(1)
}

fn bytes(value: &Value) -> usize {
    let joined = |parts: Vec<usize>| "{}".len() + parts.iter().sum::<usize>() + parts.len().saturating_sub(1);
    match value {
        Value::Object(members) => joined(
            members
                .iter()
                .filter(|(_, value)| !is_empty(value))
                .map(|(name, value)| Value::from(name.as_str()).to_string().len() + ":".len() + bytes(value))
                .collect(),
        ),
        Value::Array(items) => joined(items.iter().map(bytes).collect()),
        other => other.to_string().len(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
