//! Where the commands around jobs read: the ledger, and the configuration in force.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::arn::ClusterArn;
use steward::aws::DynamoLedger;
use steward::batch::Terms;
use steward::config::{Configuration, Loader};

use crate::ledger::{Found, Lost, Place, cluster, now};
use crate::terminal::YELLOW;
use crate::{account, configuration};

/// Whose jobs, and by whose right
#[derive(Args)]
pub(crate) struct Source {
    /// The configuration to go by (otherwise the one that the stack applied)
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// How much a command needs the configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Without it nothing can be said.
    Configuration,
    /// Without it the defaults do, and the ledger knows the rest.
    Ledger,
}

/// What was opened.
pub(crate) struct Opened {
    /// The ledger.
    pub(crate) ledger: DynamoLedger,
    /// The configuration in force.
    pub(crate) configuration: Configuration,
    /// The table, which says in which account clusters are.
    table: String,
}

impl Opened {
    /// A cluster by its name. It is one of the account and the Region that the table is in.
    pub(crate) fn cluster(&self, name: &str) -> Result<ClusterArn, Lost> {
        cluster(&self.table, name)
    }

    /// What changes of runs go by.
    pub(crate) fn terms(&self) -> Terms {
        let Configuration { policy, notifications, .. } = &self.configuration;
        Terms { grouping: notifications.grouping, keep: policy.keep_closed, now: now() }
    }
}

impl Source {
    /// What clients share.
    pub(crate) async fn sdk(&self) -> aws_types::SdkConfig {
        self.place.sdk().await
    }

    /// The configuration of the file, or the defaults where none is named. Where it is none, people were told why.
    pub(crate) fn of_file(&self) -> io::Result<Result<Configuration, ExitCode>> {
        let Some(file) = &self.config else { return Ok(Ok(Configuration::default())) };
        let valid = configuration::read_file(file)?;
        Ok(valid.map(|valid| valid.configuration).ok_or(ExitCode::from(2)))
    }

    /// Opens both. Where that fails people were told why, and the command ends with that code.
    pub(crate) async fn open(&self, needs: Needs) -> io::Result<Result<Opened, ExitCode>> {
        let file = match &self.config {
            None => None,
            Some(file) => match configuration::read_file(file)? {
                Some(valid) => Some(valid.configuration),
                None => return Ok(Err(ExitCode::from(2))),
            },
        };
        let found = match self.place.open().await {
            Ok(found) => found,
            Err(error) => return account::fail(&error).map(Err),
        };
        let configuration = match (file, needs) {
            (Some(configuration), _) => configuration,
            (None, needs) => match (applied(&found).await, needs) {
                (Ok(configuration), _) => configuration,
                (Err(problem), Needs::Configuration) => {
                    return account::fail(&io::Error::other(problem)).map(Err);
                }
                (Err(problem), Needs::Ledger) => {
                    let mut err = anstream::stderr();
                    writeln!(err, "{YELLOW}steward: the defaults are taken: {problem}{YELLOW:#}")?;
                    Configuration::default()
                }
            },
        };
        Ok(Ok(Opened { ledger: found.ledger, configuration, table: found.table }))
    }
}

/// The configuration that the stack applied.
async fn applied(found: &Found) -> Result<Configuration, String> {
    let Some(stack) = &found.stack else {
        return Err("a table alone does not say which jobs there are: name its stack by `--stack`, or a file by `--config`"
            .to_owned());
    };
    let loader = Loader::new(format!("/steward/{stack}/configuration"));
    match loader.load(&found.store, now()).await {
        Ok(found) => Ok(found.configuration),
        Err(error) => Err(format!("the configuration of {stack} cannot be read: {error}")),
    }
}
