//! `steward pause`: no more changes, from the next call on.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use steward::apply::people::{self, Taken};
use steward::ledger::{Key, LedgerError, Scope};
use steward::notification::moment;
use steward::ports::Ledger;

use crate::account;
use crate::ledger::{By, Found, Lost, Place, person};
use crate::terminal::{YELLOW, wrapped};

/// Pauses all changes, or those in one cluster
///
/// Steward goes on watching and telling. The switch is read anew before every call: a call that is under way ends, none
/// begins. It holds until `steward resume`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The cluster, by name or ARN; without one, everything
    #[arg(value_name = "CLUSTER")]
    cluster: Option<String>,
    /// Why, for the alerts and the ledger
    #[arg(long, value_name = "TEXT", value_parser = person)]
    why: String,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    account::block_on(async {
        let (found, scope) = match scope(&arguments.place, arguments.cluster.as_deref()).await {
            Ok(found) => found,
            Err(error) => return account::fail(&error),
        };
        let person = arguments.by.person(Some(&arguments.why));
        let out = &mut anstream::stdout();
        match people::pause(&found.ledger, &scope, &person).await {
            Ok(Taken::Now(())) => wrapped(out, "", &format!("paused: {}", what(&scope)))?,
            Ok(Taken::Already((), ruling)) => {
                let why = ruling.why.map_or_else(String::new, |why| format!(": {why}"));
                let (what, by, at) = (what(&scope), ruling.by, moment(ruling.at));
                wrapped(out, "", &format!("paused already: {what}, by {by}, {at}{why}"))?;
            }
            Err(error) => return account::fail(&error),
        }
        if let Ok(false) = is_known(&found, &scope).await {
            writeln!(
                anstream::stderr(),
                "{YELLOW}steward: nothing was ever heard of that cluster. Is its name right?{YELLOW:#}"
            )?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The ledger, and the part of it that is meant.
pub(crate) async fn scope(place: &Place, cluster: Option<&str>) -> Result<(Found, Scope), Lost> {
    let found = place.open().await?;
    let scope = match cluster {
        Some(cluster) => Scope::Cluster(found.cluster(cluster)?),
        None => Scope::Global,
    };
    Ok((found, scope))
}

/// A scope, for people.
pub(crate) fn what(scope: &Scope) -> String {
    match scope {
        Scope::Global => "all changes".to_owned(),
        Scope::Cluster(cluster) => format!("changes in {}", cluster.name()),
        Scope::Target(target) => format!("changes of {target}"),
    }
}

/// Whether the ledger has heard of the cluster: a pause of one that does not exist would pause nothing.
async fn is_known(found: &Found, scope: &Scope) -> Result<bool, LedgerError> {
    let Scope::Cluster(cluster) = scope else { return Ok(true) };
    let items = found.ledger.read(&[Key::patrol(cluster), Key::cluster(cluster)]).await?;
    Ok(items.iter().any(Option::is_some))
}
