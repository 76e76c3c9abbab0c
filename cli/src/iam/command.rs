//! The command: what is granted, to whom, and in which form.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use steward::permissions::{Function, Grants, Names, Own, Statement, document, statements};

use super::{role, terraform};

/// An inline policy has at most so many characters; white space does not count.
const INLINE: usize = 10_240;

/// Prints the IAM policy of each function, for those who deploy without SAM
///
/// The policies are made of what the code declares, and allow the same as the template's roles. AWS is not called. Each role must
/// trust lambda.amazonaws.com.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What remedies may do at the most; propose needs what act needs, for what a person approves is done by the function
    #[arg(long, value_enum, default_value_t = Mode::Observe)]
    mode: Mode,
    /// What else is allowed, separated by commas
    #[arg(long, value_enum, value_name = "FEATURE", value_delimiter = ',')]
    features: Vec<Feature>,
    /// How to print: policy documents, or data sources for Terraform
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// One function's policy alone; as JSON it is a document that AWS takes as it is
    #[arg(long, value_enum)]
    function: Option<Of>,
    /// The name below which the configuration lies, and after which what is Steward's own is called
    #[arg(long, default_value = "steward", value_name = "NAME")]
    stack: String,
    /// The one cluster that is looked after, by name; otherwise all
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The Region; Terraform knows it
    #[arg(long)]
    region: Option<String>,
    /// The account's id; Terraform knows it
    #[arg(long)]
    account: Option<String>,
    /// The partition; Terraform knows it
    #[arg(long, default_value = "aws")]
    partition: String,
    /// Something of Steward's own that is not called after the stack: KIND=ARN. Kinds: table, topic, events-queue, jobs-queue,
    /// jobs-dead-letter-queue, tell-queue, logs-remediation, logs-batch, logs-scaling, logs-notifications (these end in `:*`)
    #[arg(long = "own", value_name = "KIND=ARN", value_parser = own)]
    own: Vec<(Own, String)>,
    /// ARN of a role that tasks which remedies start may have; may be given several times, as all that follow
    #[arg(long, value_name = "ARN")]
    task_role: Vec<String>,
    /// ARN of a role that tasks of jobs may have
    #[arg(long, value_name = "ARN")]
    job_task_role: Vec<String>,
    /// ARN of a queue by which services are scaled
    #[arg(long, value_name = "ARN")]
    scaling_queue: Vec<String>,
    /// Name of the parameter that holds Slack's webhook, with its leading slash
    #[arg(long, value_name = "NAME", value_parser = parameter)]
    slack_webhook: Option<String>,
    /// Name of a further parameter with a secret of Slack
    #[arg(long, value_name = "NAME", value_parser = parameter)]
    slack_secret: Vec<String>,
    /// ARN of the KMS key that encrypts these
    #[arg(long, value_name = "ARN")]
    slack_key: Option<String>,
    /// ARN of a further topic for alerts
    #[arg(long, value_name = "ARN")]
    alert_topic: Vec<String>,
    /// Name of a log group whose last lines alerts may show; * stands for any text
    #[arg(long, value_name = "GROUP", default_value = "*")]
    task_logs: Vec<String>,
    /// ARN of the KMS key that encrypts table, queues and topic
    #[arg(long, value_name = "ARN")]
    key: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Observe,
    Propose,
    Act,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Feature {
    /// Task definitions with more memory are registered
    RaiseMemory,
    /// Hooks of deployments are answered
    HookAnswers,
    /// Services are moved to on-demand capacity and back
    CapacityFallback,
    /// Desired counts are lowered where tasks do not start
    DesiredCountLimit,
    /// Container instances are drained
    Drain,
    /// Jobs are run
    Jobs,
    /// Services are scaled
    Scaling,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Terraform,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    Remediation,
    Batch,
    Scaling,
    Notifications,
}

impl Of {
    fn function(self) -> Function {
        match self {
            Self::Remediation => Function::Remediation,
            Self::Batch => Function::Batch,
            Self::Scaling => Function::Scaling,
            Self::Notifications => Function::Notifications,
        }
    }
}

/// `table=arn:…`.
fn own(text: &str) -> Result<(Own, String), String> {
    let (kind, arn) = text.split_once('=').ok_or("it is KIND=ARN, such as table=arn:aws:dynamodb:…")?;
    let kind = match kind {
        "table" => Own::Table,
        "topic" => Own::Topic,
        "events-queue" => Own::EventsQueue,
        "jobs-queue" => Own::JobsQueue,
        "jobs-dead-letter-queue" => Own::JobsDeadLetterQueue,
        "tell-queue" => Own::TellQueue,
        "logs-remediation" => Own::LogGroup(Function::Remediation),
        "logs-batch" => Own::LogGroup(Function::Batch),
        "logs-scaling" => Own::LogGroup(Function::Scaling),
        "logs-notifications" => Own::LogGroup(Function::Notifications),
        _ => return Err(format!("there is no {kind} of Steward's own")),
    };
    if !arn.starts_with("arn:") {
        return Err(format!("{arn} is no ARN: it begins with arn:"));
    }
    Ok((kind, arn.to_owned()))
}

/// A parameter's full name.
fn parameter(name: &str) -> Result<String, String> {
    if name.starts_with('/') {
        Ok(name.to_owned())
    } else {
        Err("it is a parameter's full name with a leading slash, never the secret itself".to_owned())
    }
}

impl Arguments {
    fn grants(&self) -> io::Result<Grants> {
        let has = |feature| self.features.contains(&feature);
        let changes = self.mode != Mode::Observe;
        if has(Feature::RaiseMemory) && !changes {
            return Err(io::Error::other(
                "raise-memory registers a task definition and deploys it, and --mode observe lets nothing be deployed; add --mode propose or --mode act",
            ));
        }
        Ok(Grants {
            cluster: self.cluster.clone(),
            changes,
            task_roles: self.task_role.clone(),
            raise_memory: has(Feature::RaiseMemory),
            drain: has(Feature::Drain),
            hook_answers: has(Feature::HookAnswers),
            capacity_fallback: has(Feature::CapacityFallback),
            desired_count_limit: has(Feature::DesiredCountLimit),
            jobs: has(Feature::Jobs),
            job_task_roles: self.job_task_role.clone(),
            scaling: has(Feature::Scaling),
            scaling_queues: self.scaling_queue.clone(),
            slack_webhook: self.slack_webhook.clone(),
            slack_secrets: self.slack_secret.clone(),
            slack_key: self.slack_key.clone(),
            alert_topics: self.alert_topic.clone(),
            task_logs: self.task_logs.iter().filter(|group| !group.is_empty()).cloned().collect(),
            key: self.key.clone(),
        })
    }

    fn names(&self) -> io::Result<Names> {
        let own: BTreeMap<Own, String> = self.own.iter().cloned().collect();
        let stack = self.stack.clone();
        if self.format == Format::Terraform {
            let given =
                |given: &Option<String>, name| given.clone().unwrap_or_else(|| terraform::local(name));
            return Ok(Names {
                partition: terraform::local("partition"),
                dns_suffix: terraform::local("dns_suffix"),
                region: given(&self.region, "region"),
                account: given(&self.account, "account"),
                stack,
                own,
            });
        }
        let (Some(region), Some(account)) = (self.region.clone(), self.account.clone()) else {
            return Err(io::Error::other(
                "ARNs name the Region and the account: add --region and --account, such as --region eu-central-1 --account 123456789012; \
                 --format terraform needs neither",
            ));
        };
        let dns_suffix = if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        Ok(Names {
            partition: self.partition.clone(),
            dns_suffix: dns_suffix.to_owned(),
            region,
            account,
            stack,
            own,
        })
    }
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let text = printed(arguments, &mut anstream::stderr())?;
    writeln!(anstream::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

/// What is printed; what is to be said besides goes to `notes`.
pub(super) fn printed(arguments: &Arguments, notes: &mut impl Write) -> io::Result<String> {
    let (grants, names) = (arguments.grants()?, arguments.names()?);
    let functions = arguments.function.map_or(Function::ALL.to_vec(), |of| vec![of.function()]);
    let policies: Vec<(Function, Vec<Statement>)> = functions
        .into_iter()
        .map(|function| (function, statements(function, &role(function), &grants, &names)))
        .collect();
    for (function, statements) in &policies {
        let length = document(statements).to_string().len();
        if length > INLINE {
            writeln!(
                notes,
                "{}: {length} characters, and an inline policy takes {INLINE}; make it\na managed policy in two parts, or name less",
                function.as_str()
            )?;
        }
    }
    if arguments.format == Format::Terraform {
        return Ok(terraform::printed(&policies));
    }
    let value = match policies.as_slice() {
        [(_, statements)] => document(statements),
        all => {
            let by_function = all.iter().map(|(function, all)| (function.as_str().to_owned(), document(all)));
            Value::Object(by_function.collect::<Map<_, _>>())
        }
    };
    Ok(serde_json::to_string_pretty(&value)?)
}
