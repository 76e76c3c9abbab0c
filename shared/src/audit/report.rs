//! What came of all checks.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::checks::{CHECKS, Check, Look, Seen, Severity};
use super::{ClusterFacts, Facts};
use crate::arn::ClusterArn;
use crate::diagnosis;
use crate::redact::{Redacted, redact};

/// Which service, by name and ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// Something that is not as it should be.
#[derive(Debug, Clone)]
pub struct Finding {
    /// By which check.
    pub check: &'static Check,
    /// Of which service; absent: of the cluster itself.
    pub service: Option<Named>,
    /// What was seen, redacted.
    pub evidence: Vec<Redacted>,
}

/// Something that could not be seen.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// By which check; absent: by none, for the service itself could not be read.
    pub check: Option<&'static Check>,
    /// Of which service; absent: of the cluster itself.
    pub service: Option<Named>,
    /// Why, redacted.
    pub why: Redacted,
    /// The action that IAM refused, where the reason names it.
    pub denied: Option<String>,
}

/// What came of all checks.
#[derive(Debug, Clone)]
pub struct Report {
    /// The cluster.
    pub cluster: ClusterArn,
    /// How many services were looked at.
    pub services: usize,
    /// By service, those of the cluster itself first; then the gravest first.
    pub findings: Vec<Finding>,
    /// By service, those of the cluster itself first.
    pub unseen: Vec<Unseen>,
}

impl Report {
    /// How many findings are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.check.severity == severity).count()
    }

    /// The gravest finding's severity.
    pub fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.check.severity).min()
    }

    /// Adds a service that could not be read.
    pub fn unread(&mut self, service: Named, why: &str) {
        self.unseen.push(Unseen::new(None, Some(service), why));
        self.unseen.sort_by(|one, other| one.service.cmp(&other.service));
    }
}

impl Unseen {
    fn new(check: Option<&'static Check>, service: Option<Named>, why: &str) -> Self {
        let denied = diagnosis::denied_action(why).map(|denied| denied.action);
        Self { check, service, why: redact(why), denied }
    }
}

/// Asks all checks but those that are ignored. Services that are on their way out are not looked at.
pub fn report(
    cluster: &ClusterFacts,
    services: &[Facts],
    ignored: &BTreeSet<&str>,
    now: Timestamp,
) -> Report {
    let mut report =
        Report { cluster: cluster.cluster.clone(), services: 0, findings: Vec::new(), unseen: Vec::new() };
    for check in CHECKS.iter().filter(|check| !ignored.contains(check.id)) {
        if let Look::Cluster(look) = check.look {
            report.add(check, None, look(cluster));
        }
    }
    let mut active: Vec<&Facts> = services.iter().filter(|facts| facts.service.ecs.is_active()).collect();
    active.sort_by(|one, other| one.service.ecs.name.cmp(&other.service.ecs.name));
    report.services = active.len();
    for facts in active {
        let named =
            Named { name: facts.service.ecs.name.as_str().to_owned(), arn: facts.service.arn.clone() };
        let mut checks: Vec<&'static Check> =
            CHECKS.iter().filter(|check| !ignored.contains(check.id)).collect();
        checks.sort_by_key(|check| check.severity);
        for check in checks {
            if let Look::Service(look) = check.look {
                report.add(check, Some(&named), look(facts, now));
            }
        }
    }
    report
}

impl Report {
    fn add(&mut self, check: &'static Check, service: Option<&Named>, seen: Seen) {
        match seen {
            Seen::Nothing => {}
            Seen::Found(evidence) => {
                self.findings.push(Finding { check, service: service.cloned(), evidence });
            }
            Seen::Unseen(why) => self.unseen.push(Unseen::new(Some(check), service.cloned(), &why)),
        }
    }
}
