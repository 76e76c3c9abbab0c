//! The file: every line that is more than a default says why it is there.
//!
//! # Invariants
//!
//! * The file is valid, and so is what it becomes where its examples are let in (lines without a single space behind `#`).
//! * Nothing in it, examples included, goes further than `observe`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use steward::observed::Observed;

use super::found::{Cluster, DeployedBy, Family, Found, Kind};
use crate::terminal::wrapped_to;

/// Comments are this wide at most.
const WIDTH: usize = 100;
/// Of more names than this the rest is counted.
const NAMES: usize = 40;
/// The log driver whose lines an alert can show.
const AWSLOGS: &str = "awslogs";
/// Words that YAML takes for something else than a text.
const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// `3 services`.
pub(super) fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The file's text.
pub(super) fn write(found: &Found, now: Timestamp) -> String {
    let mut page = Page::default();
    head(&mut page, found, now);
    services(&mut page, found);
    jobs(&mut page, found);
    notifications(&mut page, found);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A comment at an indentation. One space is behind its `#`, so that it is no example.
    fn say(&mut self, indent: usize, said: &str) {
        // Texts of AWS may have lines of their own, and YAML takes no control characters, not even in a comment.
        let said = plain(said).split_whitespace().collect::<Vec<_>>().join(" ");
        let mark = format!("{:indent$}# ", "");
        for line in wrapped_to(WIDTH, &said, &mark, &mark) {
            self.line(line.trim_end());
        }
    }

    /// Lines that are off, at an indentation.
    fn example(&mut self, indent: usize, lines: &[String]) {
        for line in lines {
            self.line(&format!("{:indent$}#{line}", ""));
        }
    }
}

fn head(page: &mut Page, found: &Found, now: Timestamp) {
    let account = found.account.as_ref().map_or_else(String::new, |account| format!(" of account {account}"));
    let region = found.region.as_ref().map_or_else(String::new, |region| format!(" in {region}"));
    page.say(
        0,
        &format!(
            "Configuration of ECS Steward. `steward init` wrote it on {} from what ran{account}{region}.",
            now.strftime("%Y-%m-%d")
        ),
    );
    page.line("#");
    page.say(0, "$ steward validate steward.yaml");
    page.say(0, "$ steward apply steward.yaml --stack NAME");
    page.line("#");
    page.say(
        0,
        "Everything is in mode observe: Steward watches and tells, and changes nothing. Where you trust what its alerts say it \
         would do, write `propose` (it asks a person each time), and later `act`. The stack has a lock of its own: as it comes, its \
         roles may change nothing (docs/deploying.md).",
    );
    page.say(
        0,
        "Lines that have no single space behind their `#` are examples, and off. steward.example.yaml has every key with its \
         default, docs/configuration.md the bounds.",
    );
    let unread: Vec<&str> = found.unread().collect();
    if !unread.is_empty() {
        page.line("#");
        page.say(0, "What could not be read, and so is missing here:");
        for unread in unread {
            page.say(0, &format!("- {unread}"));
        }
    }
    page.line("");
    page.say(0, "The form of this file.");
    page.line("version: 1");
    page.line("");
    page.say(
        0,
        "What holds for every target that is enrolled, unless an entry of `services` says otherwise.",
    );
    page.line("defaults:");
    page.line("  mode: observe");
    page.line("");
}

fn services(page: &mut Page, found: &Found) {
    page.say(
        0,
        "Who is enrolled: for these, alerts say what Steward would do, and which guard would refuse it. What is not enrolled is \
         watched and told of, too.",
    );
    let clusters: Vec<&Cluster> = found.clusters.iter().filter(|cluster| is_name(&cluster.name)).collect();
    if clusters.is_empty() {
        page.say(0, "No cluster was found.");
        page.line("services: []");
        page.line("");
        return;
    }
    page.line("services:");
    for cluster in clusters {
        enrol(page, cluster);
    }
    page.line("");
}

fn enrol(page: &mut Page, cluster: &Cluster) {
    page.say(2, &format!("Cluster {}: {}.", cluster.name, count(cluster.services.len(), "service")));
    page.line("  - match:");
    page.line(&format!("      cluster: {}", scalar(&cluster.name)));
    page.line("    mode: observe");
    if cluster.has_hosts() {
        page.say(
            4,
            "Some of its tasks run on hosts of yours: one that fails can be drained. Needs the stack's AllowDrain.",
        );
        page.example(4, &["remedies:", "  drain_instance: on"].map(str::to_owned));
    }
    let mut suggested = BTreeSet::new();
    for (kind, names) in cluster.kinds() {
        page.say(2, &format!("{}: {}", about(kind, names.len()), listed(&names)));
        for fits in fitting(kind) {
            page.say(2, &fits);
        }
        let first = names.iter().find(|name| is_name(name));
        if let (DeployedBy::Ecs, Some(first)) = (&kind.deployed_by, first) {
            suggested.insert((*first).to_owned());
            page.example(2, &entry(&cluster.name, first, &remedies(kind)));
        }
    }
    for (family, tasks) in &cluster.families {
        standalone(page, cluster, family, tasks, &mut suggested);
    }
}

/// What services of a kind have in common.
fn about(kind: &Kind, services: usize) -> String {
    let mut traits = vec![match &kind.deployed_by {
        DeployedBy::Ecs if kind.goes_back => "whose bad deployments ECS takes back".to_owned(),
        DeployedBy::Ecs => "whose bad deployments nobody takes back".to_owned(),
        DeployedBy::CodeDeploy => "that CodeDeploy deploys".to_owned(),
        DeployedBy::Other(by) => format!("whose deployment controller is {}", plain(by)),
    }];
    traits.extend(kind.is_on_spot.then(|| "on Fargate Spot".to_owned()));
    traits.extend(kind.is_daemon.then(|| "one task a host".to_owned()));
    traits.extend((kind.is_scaled == Some(true)).then(|| "scaled by Application Auto Scaling".to_owned()));
    format!("{} {}", count(services, "service"), traits.join(", "))
}

/// Which remedies fit, and why.
fn fitting(kind: &Kind) -> Vec<String> {
    let mut fits = Vec::new();
    match &kind.deployed_by {
        DeployedBy::Ecs if kind.goes_back => {
            fits.push(
                "Their circuit breaker is on and goes back: Steward leaves that to ECS, and stops tasks that hang."
                    .to_owned(),
            );
        }
        DeployedBy::Ecs => fits.push(
            "Their circuit breaker is off, or does not go back: `roll_back`, which is on, is for them. Needs the stack's \
             AllowChanges."
                .to_owned(),
        ),
        DeployedBy::CodeDeploy | DeployedBy::Other(_) => fits.push(
            "Steward tells why their tasks fail, and leaves their deployments to whoever makes them.".to_owned(),
        ),
    }
    if kind.deployed_by == DeployedBy::Ecs && kind.is_on_spot {
        fits.push(
            "While Spot has no room they can run on demand, and return. Needs the stack's AllowCapacityFallback."
                .to_owned(),
        );
    }
    if kind.is_scaled == Some(true) {
        fits.push("Leave them out of `scaling.services`: two would set one number.".to_owned());
    }
    fits
}

fn remedies(kind: &Kind) -> Vec<&'static str> {
    if kind.is_on_spot { vec!["fall_back_to_on_demand", "return_to_spot"] } else { Vec::new() }
}

fn entry(cluster: &str, service: &str, remedies: &[&str]) -> Vec<String> {
    let mut lines = vec![
        "- match:".to_owned(),
        format!("    cluster: {}", scalar(cluster)),
        format!("    service: {}", scalar(service)),
        "  mode: observe".to_owned(),
    ];
    if !remedies.is_empty() {
        lines.push("  remedies:".to_owned());
        lines.extend(remedies.iter().map(|remedy| format!("    {remedy}: on")));
    }
    lines
}

fn standalone(
    page: &mut Page,
    cluster: &Cluster,
    family: &str,
    tasks: &Family,
    suggested: &mut BTreeSet<String>,
) {
    let by = tasks.started_by.as_deref().map_or_else(String::new, |by| format!(", started by {}", plain(by)));
    page.say(
        2,
        &format!(
            "Standalone tasks of the family {}{by}: {} within the last hour. Nobody starts one again that is lost. Where running one \
             twice does no harm, `rerun` says so. Needs the stack's AllowChanges and TaskRoleArns.",
            plain(family),
            tasks.tasks
        ),
    );
    // A service and a family of one name are one selector, and a second entry has no effect.
    if is_name(family) && suggested.insert(family.to_owned()) {
        let mut lines = entry(&cluster.name, family, &[]);
        lines.push("  rerun: {}".to_owned());
        page.example(2, &lines);
    }
}

/// What a timetable starts could be a job.
fn jobs(page: &mut Page, found: &Found) {
    let mut names: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for cluster in found.clusters.iter().filter(|cluster| is_name(&cluster.name)) {
        let scheduled =
            cluster.families.iter().filter(|(name, family)| family.is_scheduled() && is_name(name));
        for (family, _) in scheduled {
            names.entry(job_name(family)).or_insert((&cluster.name, family));
        }
    }
    if names.is_empty() {
        return;
    }
    page.say(
        0,
        "What a timetable starts could be a job: it never runs twice for one slot, never goes missing, and is retried by cause \
         (docs/batch.md). Before a job gets a `schedule`, switch the old timetable off, or it runs twice. Needs the stack's AllowJobs.",
    );
    let mut lines = vec!["jobs:".to_owned()];
    for (job, (cluster, family)) in names {
        lines.push(format!("  - name: {}", scalar(&job)));
        lines.push(format!("    cluster: {}", scalar(cluster)));
        lines.push(format!("    task_definition: {}", scalar(family)));
    }
    page.example(0, &lines);
    page.line("");
}

/// Jobs' names take letters, digits and hyphens, at most 48.
fn job_name(family: &str) -> String {
    let name: String =
        family.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(48).collect();
    let name = name.trim_start_matches('-');
    if name.is_empty() { "job".to_owned() } else { name.to_owned() }
}

fn notifications(page: &mut Page, found: &Found) {
    page.say(
        0,
        "How people are told. Without channels of your own, Slack and the SNS topic are as the stack was deployed. A token is a \
         secret: here stands the name of the SSM parameter (SecureString) that holds it, which the stack's SlackSecretParameters must \
         name, too (docs/alerts.md).",
    );
    page.line("notifications:");
    page.say(2, "The language of alerts: `en` or `ja`.");
    page.line("  language: en");
    logs(page, found);
    page.line("  log_lines: 10");
    page.example(
        2,
        &[
            "channels:",
            "  ops:",
            "    slack:",
            "      bot: /steward/secrets/slack-bot",
            "      channel: C0123456789",
        ]
        .map(str::to_owned),
    );
    page.say(2, "Who is told what: the first that matches holds. What none matches goes to every channel.");
    let cluster = found.clusters.iter().find(|cluster| is_name(&cluster.name));
    let cluster = cluster.map_or("shop", |cluster| cluster.name.as_str());
    page.example(
        2,
        &[
            "routes:".to_owned(),
            "  - match:".to_owned(),
            format!("      cluster: {}", scalar(cluster)),
            "    to: [ops]".to_owned(),
        ],
    );
}

/// Whose last lines an alert can show.
fn logs(page: &mut Page, found: &Found) {
    page.say(2, "So many of a failed container's last log lines are shown in its alert; 0 reads none.");
    let mut others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for service in found.clusters.iter().flat_map(|cluster| &cluster.services) {
        let Observed::Known(drivers) = &service.drivers else { continue };
        for driver in drivers.iter().filter(|driver| *driver != AWSLOGS) {
            others.entry(driver).or_default().push(&service.name);
        }
    }
    for (driver, names) in others {
        let has = if driver == "none" {
            "no log driver".to_owned()
        } else {
            format!("the log driver {}", plain(driver))
        };
        page.say(
            2,
            &format!("Containers with {has}, whose lines Steward cannot show, are in {}.", listed(&names)),
        );
    }
}

/// Names, as many as a comment bears.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES).map(|name| plain(name)).collect();
    match names.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What the configuration takes for a name. ECS lets nothing else be one.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// A foreign text in a comment: without what ends a line or moves a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A name as YAML takes it for a text.
fn scalar(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !WORDS.contains(&name.to_ascii_lowercase().as_str());
    if is_plain { name.to_owned() } else { format!("\"{name}\"") }
}
