//! A target by what a person wrote.

use std::collections::BTreeSet;

use jiff::Timestamp;
use steward::arn::{Arn, ClusterArn, ContainerInstanceArn, Family, ServiceName, TaskDefinitionArn};
use steward::incident::{Target, TargetRecord};
use steward::ledger::{Key, LedgerError, Record};
use steward::ports::Ledger;

use super::{read_each, short};

/// The kinds of targets, by the words before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Family,
    Instance,
}

impl Kind {
    const ALL: [(&'static str, Self); 3] =
        [("service", Self::Service), ("family", Self::Family), ("instance", Self::Instance)];
}

/// What a person wrote for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    text: String,
    kind: Option<Kind>,
    /// Its cluster, by name or ARN; absent: whichever has it.
    cluster: Option<String>,
    name: String,
}

/// Why there is no target.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unnamed {
    /// The text names none.
    #[error(
        "`{0}` names no target: write CLUSTER/SERVICE, an ARN, family:CLUSTER/FAMILY or instance:CLUSTER/ID"
    )]
    Malformed(String),
    /// The ledger knows none.
    #[error(
        "nothing was ever heard of `{0}`: `steward incidents` lists what is open; is it another stack's?"
    )]
    Unknown(String),
    /// There are several.
    #[error("there are several; name one: {}", .0.join(", "))]
    Several(Vec<String>),
    /// A cluster's name alone, where the account is not known.
    #[error("in which account is {0}? Name the target, or the table, by its ARN")]
    NoAccount(String),
    /// The ledger does not answer, or refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Named {
    /// Reads `shop/api`, `family:shop/report`, `instance:shop/0a1b`, any of these without its cluster, or an ARN.
    pub(crate) fn parse(text: &str) -> Result<Self, Unnamed> {
        let malformed = || Unnamed::Malformed(text.to_owned());
        let named = |kind, cluster: Option<String>, name: &str| {
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(malformed());
            }
            Ok(Self { text: text.to_owned(), kind, cluster, name: name.to_owned() })
        };
        if let Some(arn) = Arn::parse(text) {
            if let Some(rest) = arn.resource_of_kind("task-definition") {
                return named(Some(Kind::Family), None, TaskDefinitionArn::new(rest).family().as_str());
            }
            let (kind, rest) = [("service", Kind::Service), ("container-instance", Kind::Instance)]
                .into_iter()
                .find_map(|(word, kind)| Some((kind, arn.resource_of_kind(word)?)))
                .ok_or_else(malformed)?;
            let Arn { partition, region, account, .. } = arn;
            let of = |cluster: &str| format!("arn:{partition}:ecs:{region}:{account}:cluster/{cluster}");
            return match rest.split_once('/') {
                Some((cluster, name)) => named(Some(kind), Some(of(cluster)), name),
                // The old format names no cluster.
                None => named(Some(kind), None, rest),
            };
        }
        let known = |text: &str| Kind::ALL.into_iter().find(|(word, _)| *word == text).map(|(_, kind)| kind);
        let (kind, rest) = match text.split_once(':') {
            Some((word, rest)) => (Some(known(word).ok_or_else(malformed)?), rest),
            None => (None, text),
        };
        match rest.split_once('/') {
            Some(("", _)) => Err(malformed()),
            Some((_, name)) if name.contains('/') => Err(malformed()),
            Some((cluster, name)) => named(kind, Some(cluster.to_owned()), name),
            None => named(kind, None, rest),
        }
    }

    /// The targets that it may be, in these clusters.
    fn candidates(&self, clusters: &BTreeSet<ClusterArn>) -> Vec<Target> {
        let kinds = Kind::ALL.into_iter().map(|(_, kind)| kind);
        let kinds: Vec<Kind> = kinds.filter(|kind| self.kind.is_none_or(|own| own == *kind)).collect();
        let of = |cluster: &ClusterArn, kind: Kind| {
            let (cluster, name) = (cluster.clone(), self.name.as_str());
            match kind {
                Kind::Service => Target::Service { cluster, name: ServiceName::new(name) },
                Kind::Family => Target::Family { cluster, family: Family::new(name) },
                Kind::Instance => Target::ContainerInstance { arn: instance(&cluster, name), cluster },
            }
        };
        clusters.iter().flat_map(|cluster| kinds.iter().map(|kind| of(cluster, *kind))).collect()
    }
}

fn instance(cluster: &ClusterArn, id: &str) -> ContainerInstanceArn {
    let of_cluster = Arn::parse(cluster.as_str());
    ContainerInstanceArn::new(of_cluster.map_or_else(
        || id.to_owned(),
        |Arn { partition, region, account, .. }| {
            format!("arn:{partition}:ecs:{region}:{account}:container-instance/{}/{id}", cluster.name())
        },
    ))
}

/// The target that is meant, as the ledger remembers it. `cluster` says the ARN of a cluster's name; `known` are the clusters in
/// which one is looked for that was named without.
pub(crate) async fn in_ledger<L: Ledger>(
    ledger: &L,
    named: &Named,
    cluster: impl Fn(&str) -> Option<ClusterArn>,
    known: &BTreeSet<ClusterArn>,
    now: Timestamp,
) -> Result<TargetRecord, Unnamed> {
    let clusters = match &named.cluster {
        Some(name) => BTreeSet::from([cluster(name).ok_or_else(|| Unnamed::NoAccount(name.clone()))?]),
        None => known.clone(),
    };
    let keys: Vec<Key> = named.candidates(&clusters).iter().map(Key::target).collect();
    let mut unreadable = Vec::new();
    let records = read_each(ledger, &keys, now, &mut unreadable).await?;
    if let Some(error) = unreadable.into_iter().next() {
        return Err(error.into());
    }
    let mut found: Vec<TargetRecord> = records
        .into_iter()
        .filter_map(|record| match record {
            Record::Target(record) => Some(record),
            _ => None,
        })
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(Unnamed::Unknown(named.text.clone())),
        (Some(one), false) => {
            found.push(one);
            Err(Unnamed::Several(found.iter().map(|record| full(&record.target)).collect()))
        }
    }
}

/// With its kind, where another kind may have the same name.
fn full(target: &Target) -> String {
    match target {
        Target::Service { .. } => format!("service:{}", short(target)),
        Target::Family { .. } | Target::ContainerInstance { .. } => short(target),
    }
}
