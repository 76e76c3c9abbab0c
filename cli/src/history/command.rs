//! The command: whose history, and in which form.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::arn::ClusterArn;
use steward::incident::{Incident, TargetRecord};
use steward::ledger::{Key, Record};

use super::{read, text};
use crate::account;
use crate::ledger::{Found, Place, now};
use crate::open::{self, Format, Named, Unnamed};

/// Shows what became of one target: deployments, incidents and actions, the earliest first
///
/// The target's own record leads to its latest incidents, to those that something was tried for, and to the latest twenty deployments.
/// Older incidents are in no index: --all reads the whole table for them, and says what that costs.
#[derive(Args)]
pub(crate) struct Arguments {
    /// CLUSTER/SERVICE, an ARN, family:CLUSTER/FAMILY, or instance:CLUSTER/ID; the cluster may be left out where
    /// one alone has it
    #[arg(value_name = "TARGET")]
    target: String,
    /// All incidents that are kept (35 days and more)
    #[arg(long)]
    all: bool,
    /// How to print: for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let named = match Named::parse(&arguments.target) {
        Ok(named) => named,
        Err(error) => return account::fail(&error),
    };
    account::block_on(async {
        let found = match open::opened(&arguments.place).await? {
            Ok(found) => found,
            Err(code) => return Ok(code),
        };
        let now = now();
        let record = match target(&found, &named).await {
            Ok(record) => record,
            Err(error) => return account::fail(&error),
        };
        let (mut unreadable, mut others) = (Vec::new(), Vec::new());
        if arguments.all {
            let prefix = Key::incidents_of(&record.target);
            match open::scanned(&found, &prefix, now, |_| true).await? {
                Ok(scanned) => {
                    unreadable.extend(scanned.unreadable);
                    others.extend(scanned.records.into_iter().filter_map(of_incident));
                }
                Err(error) => return account::fail(&error),
            }
        }
        let entries = match read::read(&found.ledger, &record, others, now, &mut unreadable).await {
            Ok(entries) => entries,
            Err(error) => return account::fail(&error),
        };
        let out = &mut anstream::stdout();
        match arguments.format {
            Format::Text => text::write(out, &record, &entries, arguments.all, now)?,
            Format::Json => {
                for entry in &entries {
                    writeln!(out, "{}", entry.json(&record))?;
                }
            }
        }
        out.flush()?;
        open::warn(&unreadable)
    })
}

fn of_incident(record: Record) -> Option<Incident> {
    match record {
        Record::Incident(incident) => Some(incident),
        _ => None,
    }
}

/// The target that is meant.
pub(crate) async fn target(found: &Found, named: &Named) -> Result<TargetRecord, Unnamed> {
    let now = now();
    let open = open::open(&found.ledger, now).await?;
    let patrolled = open.patrols.iter().map(|patrol| patrol.cluster.clone());
    let known: BTreeSet<ClusterArn> =
        patrolled.chain(open.targets.iter().map(|record| record.target.cluster().clone())).collect();
    let arn = |name: &str| found.cluster(name).ok();
    open::in_ledger(&found.ledger, named, arn, &known, now).await
}
