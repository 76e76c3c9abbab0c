//! The ledger as the command line finds it, and who asks.

use std::fmt;

use aws_types::SdkConfig;
use clap::Args;
use jiff::Timestamp;
use steward::apply::people::Person;
use steward::arn::{Arn, ClusterArn};
use steward::aws::{DynamoLedger, Ssm};
use steward::ports::{ParameterError, ParameterStore, Parameters};

use crate::account::{Account, stack_name};

/// Below it every stack says where its table is: at /steward/NAME/table.
const STACKS: &str = "/steward";

/// Whose ledger, and by whose right
#[derive(Args)]
pub(crate) struct Place {
    /// The stack. May be left out where the account has one in this Region
    #[arg(long, value_name = "NAME", value_parser = stack_name)]
    stack: Option<String>,
    /// The stack's table, by name or ARN, instead of the stack
    #[arg(long, value_name = "TABLE", conflicts_with = "stack")]
    table: Option<String>,
    #[command(flatten)]
    account: Account,
}

/// A ledger that was found.
pub(crate) struct Found {
    /// The ledger.
    pub(crate) ledger: DynamoLedger,
    /// Parameter Store beside it.
    pub(crate) store: Ssm,
    /// The stack that it is of, unless the table itself was named.
    pub(crate) stack: Option<String>,
    /// The table: its ARN, unless the caller gave its name alone.
    pub(crate) table: String,
}

/// Why no ledger was found, or no cluster in it.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The stack does not say where its table is.
    NoSuchStack(String),
    /// No stack says so.
    NoStack,
    /// Several do.
    ManyStacks(Vec<String>),
    /// The table is of another Region than the one that is asked.
    Elsewhere { table: String, region: String },
    /// A cluster's name alone, and a table's name alone.
    NoAccount { cluster: String },
    /// Parameter Store does not say.
    Unread(ParameterError),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchStack(stack) => write!(
                f,
                "{STACKS}/{stack}/table does not exist: is {stack} the name of a stack in this account and Region, and as new as \
                 this command? `--table` names the table itself"
            ),
            Self::NoStack => write!(
                f,
                "no stack in this account and Region says where its table is (at {STACKS}/NAME/table): is this the right account? \
                 `--table` names the table itself"
            ),
            Self::ManyStacks(stacks) => {
                write!(f, "there are several stacks; name one by `--stack`: {}", stacks.join(", "))
            }
            Self::Elsewhere { table, region } => {
                write!(f, "{table} is not in {region}: name its Region by `--region`")
            }
            Self::NoAccount { cluster } => {
                write!(f, "in which account is {cluster}? Name the cluster, or the table, by its ARN")
            }
            Self::Unread(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Lost {}

impl From<ParameterError> for Lost {
    fn from(error: ParameterError) -> Self {
        Self::Unread(error)
    }
}

impl Place {
    /// The ledger, with the credentials of the AWS configuration.
    pub(crate) async fn open(&self) -> Result<Found, Lost> {
        let sdk = self.account.load().await;
        let store = Ssm::with_client(aws_sdk_ssm::Client::new(&sdk));
        let (stack, table) = match &self.table {
            Some(table) => (None, table.clone()),
            None => self.look_up(&store).await.map(|(stack, table)| (Some(stack), table))?,
        };
        let name = name_of(&table, &sdk)?.to_owned();
        let ledger = DynamoLedger::with_client(aws_sdk_dynamodb::Client::new(&sdk), name);
        Ok(Found { ledger, store, stack, table })
    }

    /// What clients share, with the credentials of the AWS configuration.
    pub(crate) async fn sdk(&self) -> SdkConfig {
        self.account.load().await
    }

    /// The stack, and its table.
    async fn look_up(&self, store: &Ssm) -> Result<(String, String), Lost> {
        let stack = match &self.stack {
            Some(stack) => stack.clone(),
            None => only_stack(store).await?,
        };
        let found = store.get(&[format!("{STACKS}/{stack}/table")]).await?;
        match found.into_iter().next().flatten() {
            Some(table) => Ok((stack, table)),
            None => Err(Lost::NoSuchStack(stack)),
        }
    }
}

/// The one stack that there is.
pub(crate) async fn only_stack(store: &Ssm) -> Result<String, Lost> {
    let names = store.list(STACKS).await?;
    let stack = |name: &String| {
        let stack = name.strip_prefix(STACKS)?.strip_prefix('/')?.strip_suffix("/table")?;
        (!stack.contains('/')).then(|| stack.to_owned())
    };
    let mut stacks: Vec<String> = names.iter().filter_map(stack).collect();
    match (stacks.pop(), stacks.is_empty()) {
        (None, _) => Err(Lost::NoStack),
        (Some(stack), true) => Ok(stack),
        (Some(stack), false) => {
            stacks.push(stack);
            Err(Lost::ManyStacks(stacks))
        }
    }
}

/// The table's name. Its ARN says the Region, too, and that must be the one that is asked.
fn name_of<'t>(table: &'t str, sdk: &SdkConfig) -> Result<&'t str, Lost> {
    let Some(arn) = Arn::parse(table) else { return Ok(table) };
    match sdk.region() {
        Some(region) if region.as_ref() != arn.region => {
            Err(Lost::Elsewhere { table: table.to_owned(), region: region.to_string() })
        }
        _ => Ok(arn.resource_of_kind("table").unwrap_or(arn.resource)),
    }
}

impl Found {
    /// A cluster by its name or ARN. A name is one of the account and the Region that the table is in.
    pub(crate) fn cluster(&self, name: &str) -> Result<ClusterArn, Lost> {
        cluster(&self.table, name)
    }
}

/// A cluster by its name or ARN. A name is one of the account and the Region that the table is in.
pub(crate) fn cluster(table: &str, cluster: &str) -> Result<ClusterArn, Lost> {
    if Arn::parse(cluster).is_some_and(|arn| arn.resource_of_kind("cluster").is_some()) {
        return Ok(ClusterArn::new(cluster));
    }
    let arn = Arn::parse(table).ok_or_else(|| Lost::NoAccount { cluster: cluster.to_owned() })?;
    let Arn { partition, region, account, .. } = arn;
    Ok(ClusterArn::new(format!("arn:{partition}:ecs:{region}:{account}:cluster/{cluster}")))
}

/// Who decides
#[derive(Args)]
pub(crate) struct By {
    /// Who you are, for the ledger and the alerts (otherwise USER@HOST)
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: Option<String>,
}

impl By {
    /// The person who decides now.
    pub(crate) fn person(&self, why: Option<&String>) -> Person {
        Person { by: self.by.clone().unwrap_or_else(whoever), why: why.cloned(), now: now() }
    }
}

/// The time.
pub(crate) fn now() -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "a command line is where the time comes in")]
    Timestamp::now()
}

/// `USER@HOST`: a name for people, no proof. What proves who it was is CloudTrail.
fn whoever() -> String {
    #[allow(clippy::disallowed_methods, reason = "a command line is where settings come in")]
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| "somebody".to_owned());
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    format!("{user}@{host}")
}

/// A text that says something.
pub(crate) fn person(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("it says nothing".to_owned()) } else { Ok(text.to_owned()) }
}
