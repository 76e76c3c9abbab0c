//! What the ledger knows of what was not told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use steward::arn::ClusterArn;
use steward::config::{Configuration, DEPLOYED_SLACK, DEPLOYED_TOPIC};
use steward::ledger::{ChannelRecord, HeldBack, Key, LedgerError, Outage, Record, Silence};
use steward::ports::Ledger;

/// What was not told, and what keeps from telling.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Suppressed {
    /// The silences that hold.
    pub(crate) silences: Vec<Silence>,
    /// The outages that go on: their targets are told together.
    pub(crate) outages: Vec<Outage>,
    /// What is remembered of each channel.
    pub(crate) channels: BTreeMap<String, Channel>,
}

/// What is remembered of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Channel {
    pub(crate) record: Option<ChannelRecord>,
    pub(crate) held_back: Option<HeldBack>,
}

impl Suppressed {
    fn of(&mut self, name: &str) -> &mut Channel {
        self.channels.entry(name.to_owned()).or_default()
    }
}

/// The channels that there are: those of the stack, and those that the configuration names.
pub(crate) fn channels_of(configuration: &Configuration) -> BTreeSet<String> {
    let deployed = [DEPLOYED_SLACK, DEPLOYED_TOPIC].map(str::to_owned);
    deployed.into_iter().chain(configuration.notifications.channels.keys().cloned()).collect()
}

/// Reads all of it. A channel that was never told anything, nor kept from it, has no record and is left out.
pub(crate) async fn read<L: Ledger>(
    ledger: &L,
    channels: &BTreeSet<String>,
    clusters: &[ClusterArn],
    now: Timestamp,
) -> Result<Suppressed, LedgerError> {
    let keys = [Key::silences()].into_iter();
    let of_channels = channels.iter().flat_map(|name| [Key::channel(name), Key::held_back(name)]);
    let keys = keys.chain(of_channels).chain(clusters.iter().map(Key::outage));
    let keys: BTreeSet<Key> = keys.collect();
    let found = ledger.read(&keys.into_iter().collect::<Vec<_>>()).await?;
    let mut suppressed = Suppressed::default();
    for stored in found.into_iter().flatten() {
        match stored.live(now).cloned() {
            Some(Record::Silences(known)) => {
                suppressed.silences =
                    known.silences.into_iter().filter(|silence| silence.holds(now)).collect();
            }
            Some(Record::Channel(record)) => {
                let channel = suppressed.of(&record.channel);
                channel.record = Some(*record);
            }
            Some(Record::HeldBack(held)) => {
                let channel = suppressed.of(&held.channel);
                channel.held_back = Some(*held);
            }
            Some(Record::Outage(outage)) if outage.is_open() => suppressed.outages.push(*outage),
            _ => {}
        }
    }
    Ok(suppressed)
}
