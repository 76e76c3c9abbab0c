//! A bounded set of failures in which order and repetition do not show.
//!
//! Events come late, twice and in any order. So failures are a set by fingerprint, bounded to the latest: merging the same
//! failures in any order gives the same set. Beyond the bound the count is "at least", never too high.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::arn::{DeploymentId, TaskArn, TaskDefinitionArn};
use crate::diagnosis::{Cause, Diagnosis};
use crate::redact::Redacted;

/// How many failures an incident or a deployment remembers one by one.
pub const MAX_FAILURES: usize = 512;
/// How many are kept with their evidence: the latest of each cause, of the latest causes.
const MAX_SAMPLES: usize = 10;
const SAMPLES_OF_A_CAUSE: usize = 2;

/// Tells one failure from another: 48 bits of a SHA-256, so that among 512 two meet once in 10⁹ incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of what identifies a failure: a task's ARN, or the parts of a Service Action.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let bits = hash.finalize().iter().take(6).fold(0, |bits, byte| (bits << 8) | u64::from(*byte));
        Self(bits)
    }
}

/// One failure with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What tells it from others.
    pub fingerprint: Fingerprint,
    /// `detail.version` of the event: of two with one fingerprint the higher is the truth.
    pub version: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Why.
    pub diagnosis: Diagnosis,
    /// The task, where there is one.
    pub task: Option<TaskArn>,
    /// What ran.
    pub task_definition: Option<TaskDefinitionArn>,
    /// The deployment that started it.
    pub deployment: Option<DeploymentId>,
    /// Where it ran.
    pub availability_zone: Option<String>,
}

impl Failure {
    /// A failure without a task.
    pub fn symptom(fingerprint: Fingerprint, at: Timestamp, diagnosis: Diagnosis) -> Self {
        Self {
            fingerprint,
            version: 0,
            at,
            diagnosis,
            task: None,
            task_definition: None,
            deployment: None,
            availability_zone: None,
        }
    }

    fn recency(&self) -> (Timestamp, Fingerprint) {
        (self.at, self.fingerprint)
    }
}

/// What is kept of every failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// Seconds since 1970: enough to tell the latest.
    second: u32,
    /// Saturating at 255: tasks change some ten times.
    version: u8,
    cause: Cause,
}

/// The failures of one incident or deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Failures {
    #[serde(serialize_with = "write_entries", deserialize_with = "read_entries")]
    entries: BTreeMap<Fingerprint, Entry>,
    /// Whether there were more than are kept.
    more: bool,
    /// The first of those that are not kept any more.
    first_at: Option<Timestamp>,
    samples: Vec<Failure>,
    /// Of those that are kept and ran out of memory: which container did.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        serialize_with = "write_containers",
        deserialize_with = "read_containers"
    )]
    out_of_memory: BTreeMap<Fingerprint, Redacted>,
}

impl Failures {
    /// Takes a failure in. False where it is known already, in this version or a later one.
    pub fn add(&mut self, failure: Failure) -> bool {
        let entry = Entry {
            second: u32::try_from(failure.at.as_second()).unwrap_or(0),
            version: u8::try_from(failure.version).unwrap_or(u8::MAX),
            cause: failure.diagnosis.cause,
        };
        if let Some(known) = self.entries.get(&failure.fingerprint)
            && (known.version, known.cause.code()) >= (entry.version, entry.cause.code())
        {
            return false;
        }
        if self.is_older_than_all(&failure, entry) {
            return self.forgot(entry.second);
        }
        self.entries.insert(failure.fingerprint, entry);
        match &failure.diagnosis.container {
            Some(container) if entry.cause == Cause::OutOfMemory => {
                self.out_of_memory.insert(failure.fingerprint, container.clone());
            }
            _ => drop(self.out_of_memory.remove(&failure.fingerprint)),
        }
        self.forget_oldest();
        self.keep_sample(failure);
        true
    }

    /// A full set takes nothing that is older than all it has.
    fn is_older_than_all(&self, failure: &Failure, entry: Entry) -> bool {
        self.entries.len() >= MAX_FAILURES
            && !self.entries.contains_key(&failure.fingerprint)
            && self.oldest().is_some_and(|(fingerprint, oldest)| {
                (entry.second, failure.fingerprint) < (oldest.second, fingerprint)
            })
    }

    fn oldest(&self) -> Option<(Fingerprint, Entry)> {
        self.entries
            .iter()
            .min_by_key(|(fingerprint, entry)| (entry.second, **fingerprint))
            .map(|(fingerprint, entry)| (*fingerprint, *entry))
    }

    fn forget_oldest(&mut self) {
        while self.entries.len() > MAX_FAILURES {
            let Some((fingerprint, oldest)) = self.oldest() else { return };
            self.entries.remove(&fingerprint);
            self.out_of_memory.remove(&fingerprint);
            self.samples.retain(|sample| sample.fingerprint != fingerprint);
            self.forgot(oldest.second);
        }
    }

    /// Notes that there was one more, at that second. False where that changes nothing.
    fn forgot(&mut self, second: u32) -> bool {
        let at = moment(second);
        let changes = !self.more || at < self.first_at;
        self.more = true;
        self.first_at = if self.first_at.is_none() { at } else { self.first_at.min(at) };
        changes
    }

    fn keep_sample(&mut self, failure: Failure) {
        self.samples.retain(|sample| sample.fingerprint != failure.fingerprint);
        self.samples.push(failure);
        self.samples.sort_by_key(|sample| std::cmp::Reverse(sample.recency()));
        // Of each cause one to show, and one to take its place should a later version of the first say otherwise.
        let mut shown: BTreeMap<Cause, usize> = BTreeMap::new();
        self.samples.retain(|sample| {
            let count = shown.entry(sample.diagnosis.cause).or_default();
            *count += 1;
            *count <= SAMPLES_OF_A_CAUSE
        });
        self.samples.truncate(MAX_SAMPLES);
    }

    /// Forgets what happened until `at`, for it belongs to a story that is over, but for what still stands.
    pub fn forget_until(&mut self, at: Timestamp, standing: &BTreeSet<Fingerprint>) {
        let second = u32::try_from(at.as_second()).unwrap_or(0);
        self.entries.retain(|fingerprint, entry| entry.second > second || standing.contains(fingerprint));
        // What was not kept one by one was older than what is forgotten now.
        self.more &= self.entries.len() == MAX_FAILURES;
        self.samples.retain(|sample| {
            sample.at.as_second() > at.as_second() || standing.contains(&sample.fingerprint)
        });
        self.first_at = self.first_at.filter(|_| self.more);
        let entries = &self.entries;
        self.out_of_memory.retain(|fingerprint, _| entries.contains_key(fingerprint));
    }

    /// Leaves what happened until `at`, to the second, and answers what happened later.
    #[must_use]
    pub fn split_off(&mut self, at: Timestamp) -> Self {
        let second = u32::try_from(at.as_second()).unwrap_or(0);
        let (later, until) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|(_, entry): &(Fingerprint, Entry)| entry.second > second);
        let (samples, earlier) = std::mem::take(&mut self.samples)
            .into_iter()
            .partition(|sample| sample.at.as_second() > at.as_second());
        // What was not kept one by one was older than all that was.
        let is_until = |fingerprint: &Fingerprint| BTreeMap::contains_key(&until, fingerprint);
        let (of_until, out_of_memory) = std::mem::take(&mut self.out_of_memory)
            .into_iter()
            .partition(|(fingerprint, _): &(Fingerprint, Redacted)| is_until(fingerprint));
        (self.entries, self.samples, self.out_of_memory) = (until, earlier, of_until);
        Self { entries: later, more: false, first_at: None, samples, out_of_memory }
    }

    /// Forgets one.
    pub fn forget(&mut self, fingerprint: Fingerprint) {
        self.entries.remove(&fingerprint);
        self.out_of_memory.remove(&fingerprint);
        self.samples.retain(|sample| sample.fingerprint != fingerprint);
    }

    /// Whether a failure is kept.
    pub fn knows(&self, fingerprint: Fingerprint) -> bool {
        self.entries.contains_key(&fingerprint)
    }

    /// When a failure that is kept happened, to the second.
    pub fn at_of(&self, fingerprint: Fingerprint) -> Option<Timestamp> {
        self.entries.get(&fingerprint).and_then(|entry| moment(entry.second))
    }

    /// The first failure of a cause that is kept, to the second, but for one of them.
    pub fn first_of(&self, cause: Cause, but: Option<Fingerprint>) -> Option<Timestamp> {
        let of_cause =
            self.entries.iter().filter(|(known, entry)| entry.cause == cause && Some(**known) != but);
        of_cause.map(|(_, entry)| entry.second).min().and_then(moment)
    }

    /// Whether one of them is kept.
    pub fn knows_any(&self, fingerprints: &BTreeSet<Fingerprint>) -> bool {
        fingerprints.iter().any(|fingerprint| self.knows(*fingerprint))
    }

    /// Whether one is kept that is none of them.
    pub fn knows_others_than(&self, fingerprints: &BTreeSet<Fingerprint>) -> bool {
        self.entries.keys().any(|known| !fingerprints.contains(known))
    }

    /// Whether something is known of a failure that was not known in `before`.
    pub fn grew_since(&self, before: &Self) -> bool {
        self.entries.iter().any(|(fingerprint, entry)| before.entries.get(fingerprint) != Some(entry))
    }

    /// How many are known one by one; with [`Failures::has_more`] this is the least there were.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Whether there were more than are kept.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// The first failure's time of those that are not kept one by one any more, to the second.
    pub fn forgotten_since(&self) -> Option<Timestamp> {
        self.first_at
    }

    /// The first failure's time, to the second.
    pub fn first_at(&self) -> Option<Timestamp> {
        let kept = self.entries.values().map(|entry| entry.second).min().and_then(moment);
        kept.into_iter().chain(self.first_at).min()
    }

    /// The last failure's time, to the second.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.entries.values().map(|entry| entry.second).max().and_then(moment)
    }

    /// [`Failures::last_at`], but for these.
    pub fn last_but(&self, these: &BTreeSet<Fingerprint>) -> Option<Timestamp> {
        let others = self.entries.iter().filter(|(known, _)| !these.contains(known));
        others.map(|(_, entry)| entry.second).max().and_then(moment)
    }

    /// How many of each cause, the most frequent first.
    pub fn causes(&self) -> Vec<(Cause, usize)> {
        let mut counts: BTreeMap<Cause, usize> = BTreeMap::new();
        for entry in self.entries.values() {
            *counts.entry(entry.cause).or_default() += 1;
        }
        let mut counts: Vec<(Cause, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), *cause));
        counts
    }

    /// The containers that ran out of memory, and how often each did, as far as ECS named them.
    pub fn out_of_memory(&self) -> BTreeMap<&Redacted, usize> {
        let mut counts = BTreeMap::new();
        for container in self.out_of_memory.values() {
            *counts.entry(container).or_default() += 1;
        }
        counts
    }

    /// The cause to name first: the most frequent that is known. A symptom does not hide what is behind it.
    pub fn leading_cause(&self) -> Option<Cause> {
        let causes = self.causes();
        causes.iter().find(|(cause, _)| *cause != Cause::Unknown).or(causes.first()).map(|(cause, _)| *cause)
    }

    /// The latest failure of a cause, with its evidence.
    pub fn sample(&self, cause: Cause) -> Option<&Failure> {
        self.samples.iter().find(|sample| sample.diagnosis.cause == cause)
    }

    /// The latest failures, two a cause at the most, latest first.
    pub fn samples(&self) -> &[Failure] {
        &self.samples
    }
}

fn moment(second: u32) -> Option<Timestamp> {
    Timestamp::from_second(i64::from(second)).ok()
}

/// 24 hexadecimal digits an entry: fingerprint, second, version, cause.
const ENTRY_DIGITS: usize = 24;

fn write_entries<S: Serializer>(
    entries: &BTreeMap<Fingerprint, Entry>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(entries.len() * ENTRY_DIGITS);
    for (Fingerprint(bits), Entry { second, version, cause }) in entries {
        let tail = (u64::from(*second) << 16) | (u64::from(*version) << 8) | u64::from(cause.code());
        for word in [*bits, tail] {
            push_hex(&mut text, word);
        }
    }
    serializer.serialize_str(&text)
}

/// Twelve digits of each failure, container by container.
fn write_containers<S: Serializer>(
    containers: &BTreeMap<Fingerprint, Redacted>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut by_name: BTreeMap<&Redacted, String> = BTreeMap::new();
    for (Fingerprint(bits), container) in containers {
        push_hex(by_name.entry(container).or_default(), *bits);
    }
    by_name.serialize(serializer)
}

fn read_containers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Fingerprint, Redacted>, D::Error> {
    let by_name = BTreeMap::<Redacted, String>::deserialize(deserializer)?;
    let mut containers = BTreeMap::new();
    for (container, text) in by_name {
        for digits in text.as_bytes().chunks(ENTRY_DIGITS / 2) {
            let word =
                std::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok());
            let word =
                word.ok_or_else(|| serde::de::Error::custom("containers are not written in digits"))?;
            containers.insert(Fingerprint(word), container.clone());
        }
    }
    Ok(containers)
}

/// Twelve digits.
fn push_hex(text: &mut String, word: u64) {
    for shift in (0..48).step_by(4).rev() {
        let digit = u32::try_from((word >> shift) & 0xf).unwrap_or_default();
        text.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

fn read_entries<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Fingerprint, Entry>, D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    let word = |digits: &[u8]| {
        std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .ok_or_else(|| serde::de::Error::custom("failures are not written in hexadecimal digits"))
    };
    let low = |word: u64| u8::try_from(word & 0xff).unwrap_or_default();
    text.as_bytes()
        .chunks(ENTRY_DIGITS)
        .map(|digits| {
            let (bits, tail) = digits
                .split_at_checked(ENTRY_DIGITS / 2)
                .filter(|(_, tail)| tail.len() == ENTRY_DIGITS / 2)
                .ok_or_else(|| serde::de::Error::custom("failures are cut short"))?;
            let tail = word(tail)?;
            let entry = Entry {
                second: u32::try_from(tail >> 16).unwrap_or_default(),
                version: low(tail >> 8),
                // A newer version may have written a cause that this one does not know.
                cause: Cause::from_code(low(tail)).unwrap_or(Cause::Unknown),
            };
            Ok((Fingerprint(word(bits)?), entry))
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::diagnosis::Advice;
    use proptest::prelude::*;

    pub(crate) fn failure(task: u32, version: u64, second: i64, cause: Cause) -> Failure {
        let name = format!("task/{task}");
        Failure {
            fingerprint: Fingerprint::of(&[&name]),
            version,
            at: Timestamp::from_second(1_700_000_000 + second).unwrap(),
            diagnosis: Diagnosis {
                cause,
                container: None,
                exit_code: None,
                evidence: Vec::new(),
                denied_action: None,
                advice: Advice::read_the_evidence(),
            },
            task: Some(TaskArn::new(name)),
            task_definition: None,
            deployment: None,
            availability_zone: None,
        }
    }

    fn of(failures: impl IntoIterator<Item = Failure>) -> Failures {
        let mut set = Failures::default();
        for failure in failures {
            set.add(failure);
        }
        set
    }

    #[test]
    fn the_higher_version_is_the_truth_in_any_order() {
        let (early, late) = (failure(1, 5, 0, Cause::Unknown), failure(1, 6, 1, Cause::AppError));
        let forward = of([early.clone(), late.clone(), early.clone()]);
        assert_eq!(forward.causes(), [(Cause::AppError, 1)]);
        assert_eq!(forward.samples(), std::slice::from_ref(&late));
        assert_eq!(of([late, early]).samples(), forward.samples());
    }

    #[test]
    fn beyond_its_bound_the_count_is_at_least_and_never_too_high() {
        let many: Vec<Failure> = (0..600).map(|i| failure(i, 1, i64::from(i), Cause::AppError)).collect();
        let set = of(many.clone());
        assert_eq!((set.count(), set.has_more()), (MAX_FAILURES, true));
        let backwards = of(many.iter().rev().cloned().chain(many.iter().cloned()));
        assert_eq!(backwards.causes(), set.causes());
        assert_eq!(backwards.count(), set.count());
    }

    #[test]
    fn who_ran_out_of_memory_is_counted_container_by_container_and_read_back() {
        let of_container = |task, version, cause, name: &str| {
            let mut failure = failure(task, version, i64::from(task), cause);
            failure.diagnosis.container = Some(crate::redact::redact(name));
            failure
        };
        let mut set = of([
            of_container(1, 1, Cause::OutOfMemory, "app"),
            of_container(2, 1, Cause::OutOfMemory, "app"),
            of_container(3, 1, Cause::OutOfMemory, "log"),
            of_container(4, 1, Cause::AppError, "app"),
            failure(5, 1, 5, Cause::OutOfMemory),
        ]);
        let counts = |set: &Failures| -> Vec<(String, usize)> {
            set.out_of_memory().into_iter().map(|(name, count)| (name.to_string(), count)).collect()
        };
        assert_eq!(counts(&set), [("app".to_owned(), 2), ("log".to_owned(), 1)]);
        let stored = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<Failures>(&stored).unwrap(), set);
        set.add(of_container(3, 2, Cause::AppError, "log"));
        assert_eq!(counts(&set), [("app".to_owned(), 2)], "the later version is the truth");
        let later = set.split_off(Timestamp::from_second(1_700_000_001).unwrap());
        assert_eq!(
            (counts(&set), counts(&later)),
            (vec![("app".to_owned(), 1)], vec![("app".to_owned(), 1)])
        );
        set.forget(Fingerprint::of(&["task/1"]));
        assert_eq!(counts(&set), []);
        let before = serde_json::to_string(&of([failure(1, 1, 0, Cause::AppError)])).unwrap();
        assert!(!before.contains("out_of_memory"), "items of before read alike: {before}");
    }

    #[test]
    fn a_symptom_does_not_hide_the_cause_behind_it() {
        let set = of([
            failure(1, 1, 0, Cause::Unknown),
            failure(2, 1, 0, Cause::Unknown),
            failure(3, 1, 0, Cause::ImageNotFound),
        ]);
        assert_eq!(set.leading_cause(), Some(Cause::ImageNotFound));
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let set = of((0..50).map(|i| failure(i, 300, i64::from(i), Cause::OutOfMemory)));
        let stored = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<Failures>(&stored).unwrap(), set);
        assert!(
            serde_json::from_str::<Failures>(&stored.replacen("\"entries\":\"", "\"entries\":\"zz", 1))
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_show(
            tasks in prop::collection::vec((0u32..40, 1u64..4), 0..120),
            seed in any::<u64>(),
        ) {
            let causes = [Cause::AppError, Cause::OutOfMemory, Cause::Unknown];
            // What an event says depends on its task and version, and on nothing else.
            let failures: Vec<Failure> = tasks
                .iter()
                .map(|(task, version)| {
                    let mix = usize::try_from(u64::from(*task) * 7 + version * 13).unwrap();
                    failure(*task, *version, i64::try_from(mix % 30).unwrap(), causes[mix % 3])
                })
                .collect();
            let mut shuffled: Vec<Failure> = failures.iter().chain(&failures).cloned().collect();
            let mut state = seed | 1;
            for i in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                shuffled.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
            }
            let (a, b) = (of(failures), of(shuffled));
            prop_assert_eq!(a.causes(), b.causes());
            prop_assert_eq!(a.count(), b.count());
            prop_assert_eq!((a.first_at(), a.last_at()), (b.first_at(), b.last_at()));
        }
    }
}
