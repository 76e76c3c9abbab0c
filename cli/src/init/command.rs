//! The command: what is read, and where the file goes.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use aws_sdk_ssm::config::retry::RetryConfig;
use clap::Args;
use steward::arn::{Arn, ClusterArn};
use steward::aws::{AuditedEcs, Ecs, ScalableTargets, Sdk};
use steward::ports::DescribeEcs;

use super::found::Found;
use super::{page, read};
use crate::account::{self, Account};
use crate::audit::read::Reading;
use crate::audit::seed;
use crate::ledger::now;
use crate::progress::Progress;
use crate::terminal::wrapped;
use crate::wall::Wall;

/// Writes a first steward.yaml from what runs in the account
///
/// Everything in it is in mode observe, and says why it is there. Nothing is changed in AWS. What could not be read stands in the
/// file and on standard error. The exit code is 0 where all was read, 1 where something was not, and 2 where no file was written.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only this cluster, by name or ARN; may be given several times (otherwise all)
    #[arg(long, value_name = "CLUSTER")]
    cluster: Vec<String>,
    /// Where to write; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "steward.yaml")]
    output: String,
    /// Write over a file that exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    account: Account,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let output = arguments.output.as_str();
    if output != "-" && !arguments.force && Path::new(output).exists() {
        return account::fail(&io::Error::other(exists(output)));
    }
    account::block_on(init(arguments))
}

fn exists(file: &str) -> String {
    format!("{file} exists and was left as it is: name another by --output, or write over it with --force")
}

async fn init(arguments: &Arguments) -> io::Result<ExitCode> {
    let shared = arguments.account.load().await;
    // How often a call is repeated, and when, is the pace's to say.
    let config = shared.clone().into_builder().retry_config(RetryConfig::disabled()).build();
    let sdk = Sdk::with_config(&shared);
    let clusters = match clusters(&arguments.cluster, &sdk).await {
        Ok(clusters) => clusters,
        Err(problem) => return account::fail(&io::Error::other(problem)),
    };
    let (ecs, scaling) = (AuditedEcs::with_config(&config), ScalableTargets::new(&sdk));
    let progress = Progress::on_terminal();
    let mut found = Found {
        account: clusters.iter().find_map(|cluster| Some(Arn::parse(cluster)?.account.to_owned())),
        region: shared.region().map(ToString::to_string),
        clusters: Vec::new(),
    };
    for cluster in &clusters {
        let name = ClusterArn::new(cluster.as_str()).name().to_owned();
        let show = |text: &str| progress.show(&format!("{name}: {text}"));
        let reading = Reading::new(&ecs, &(), &Wall, seed(), &show);
        match read::cluster(&reading, &scaling, cluster).await {
            Some(read) => found.clusters.push(read),
            None if arguments.cluster.is_empty() => {}
            None => {
                progress.clear();
                let problem =
                    format!("there is no cluster {cluster} in this account and Region: is it another's?");
                return account::fail(&io::Error::other(problem));
            }
        }
    }
    progress.clear();
    found.clusters.sort_by(|one, other| one.name.cmp(&other.name));
    found.clusters.dedup_by(|one, other| one.name == other.name);
    write(arguments, &found)
}

/// The clusters' names or ARNs.
async fn clusters(named: &[String], sdk: &Sdk) -> Result<Vec<String>, String> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let listed = Ecs::new(sdk).clusters().await;
    listed.map(|arns| arns.iter().map(ToString::to_string).collect()).map_err(|error| {
        format!("{error}. Where ecs:ListClusters is not allowed, name clusters by --cluster")
    })
}

fn write(arguments: &Arguments, found: &Found) -> io::Result<ExitCode> {
    let (text, output) = (page::write(found, now()), arguments.output.as_str());
    if output == "-" {
        anstream::stdout().write_all(text.as_bytes())?;
    } else {
        let mut options = OpenOptions::new();
        options.write(true);
        // Between the first look and now somebody may have made one.
        let options =
            if arguments.force { options.create(true).truncate(true) } else { options.create_new(true) };
        match options.open(output).and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return account::fail(&io::Error::other(exists(output)));
            }
            Err(error) => {
                let problem = format!("{output} cannot be written: {error}");
                return account::fail(&io::Error::other(problem));
            }
        }
    }
    let mut err = anstream::stderr();
    for unread in found.unread() {
        wrapped(&mut err, "steward: not read: ", unread)?;
    }
    if output != "-" {
        let mut out = anstream::stdout();
        let (services, clusters) =
            (found.clusters.iter().map(|cluster| cluster.services.len()).sum(), found.clusters.len());
        writeln!(
            out,
            "{output}: {} in {}, all in mode observe",
            page::count(services, "service"),
            page::count(clusters, "cluster")
        )?;
        writeln!(out, "next: read it, then `steward validate {output}`")?;
    }
    Ok(ExitCode::from(u8::from(found.unread().next().is_some())))
}
