//! The identity of an action: the same need gives the same id, however often and by whomever it is decided.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Remedy;
use crate::incident::Target;
use crate::remediation::Home;

/// 64 hexadecimal digits: SHA-256 of account, region, cluster, target, remedy and generation, each with its length.
///
/// It is made of what is to be remedied, never of an event's or a message's id. It fills RunTask's client token (at most
/// 64 characters) to the last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(String);

impl ActionId {
    /// The id of remedying `target`. The `generation` tells this need from the same one at another time: a failing
    /// deployment's id, a task's ARN, an announcement.
    pub fn of(home: &Home, target: &Target, remedy: Remedy, generation: &str) -> Self {
        let key = target.key();
        Self::of_parts(&[
            home.account.as_str(),
            home.region.as_str(),
            target.cluster().as_str(),
            key.as_str(),
            remedy.as_str(),
            generation,
        ])
    }

    /// The id of what these parts tell apart from everything else.
    pub(crate) fn of_parts(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut text = String::with_capacity(64);
        for byte in hash.finalize() {
            for nibble in [byte >> 4, byte & 0xf] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        Self(text)
    }

    /// An id as a person or a table gives it. `None` where it has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one =
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_one.then(|| Self(text.to_owned()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits: enough for people to tell actions apart.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
