//! Incidents and actions as the ledger knows them: what is open by the index of what is due, all by reading the whole table.
//! What the commands that list them share.

#[cfg(feature = "aws")]
mod command;
mod digits;
mod json;
mod name;
mod read;
#[cfg(test)]
pub(crate) mod sample;
mod scan;
mod shown;
mod target;
#[cfg(test)]
mod tests;
mod which;

#[cfg(feature = "aws")]
pub(crate) use command::{Format, opened, scanned, warn};
pub(crate) use digits::{Digits, NAMED, Nameless};
pub(crate) use json::{action as action_json, incident as incident_json, target as target_json};
pub(crate) use name::{incident_id, short};
pub(crate) use read::{Open, listed, open, read_each};
pub(crate) use scan::{Scanned, scan};
pub(crate) use shown::{since, standing_of, stands, style_of};
pub(crate) use target::{Named, Unnamed, in_ledger};
pub(crate) use which::{Where, cause};
