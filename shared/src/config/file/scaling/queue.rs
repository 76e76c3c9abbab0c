//! The queues of a service.

use serde::{Deserialize, Deserializer, Serialize};

use super::MAX_QUEUES;
use crate::config::file::fault::Check;
use crate::config::file::form::{number, sections};
use crate::scaling::{self, MAX_TASKS, QueueName};

/// SQS takes no longer names.
const MAX_NAME: usize = 80;
const FIFO: &str = ".fifo";
/// How names of dead-letter queues end, whatever stands between the words.
const DEAD_LETTERS: [&str; 4] = ["dlq", "deadletter", "deadletters", "deadletterqueue"];

/// A queue that a service's tasks read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Queue {
    /// Its name in this account and region, such as `orders` or `orders.fifo`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,80}(\.fifo)?$")))]
    pub name: String,
    /// How much work a message of it is beside one of the other queues, in percent. Default 100, from 1 to 10000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    pub weight: Option<u64>,
    /// Of a FIFO queue: into how many message groups its messages fall at the same time. No more tasks work at once. From 1 to
    /// 5000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 5_000)))]
    pub groups: Option<u64>,
}

/// A list of such.
pub(super) fn all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Queue>, D::Error> {
    sections(deserializer).map(Option::unwrap_or_default)
}

pub(super) fn check(queues: &[Queue], check: &mut Check<'_>) -> Vec<scaling::Queue> {
    match queues.len() {
        0 => check.whole("names no queue: without one nothing says how many tasks are needed"),
        1..=MAX_QUEUES => {}
        many => {
            check.whole(format!("{many} queues; at most {MAX_QUEUES}: what reads more is several services"))
        }
    }
    let mut checked: Vec<scaling::Queue> = Vec::new();
    for (place, queue) in queues.iter().enumerate() {
        let mut check = check.entry(place);
        if checked.iter().any(|other| other.name.0 == queue.name) {
            check
                .fault("name", format!("`{}` stands here twice: its messages would count twice", queue.name));
        }
        checked.push(queue.check(&mut check));
    }
    checked
}

impl Queue {
    pub(super) fn of(queue: &scaling::Queue) -> Self {
        Self {
            name: queue.name.to_string(),
            weight: Some(queue.weight.into()),
            groups: queue.groups.map(u64::from),
        }
    }

    fn check(&self, check: &mut Check<'_>) -> scaling::Queue {
        let name = QueueName(self.name.clone());
        if !is_name(&self.name) {
            check.fault(
                "name",
                format!(
                    "`{}` is no name of a queue, such as `orders` or `orders.fifo`: letters, digits, - and _, {MAX_NAME} with its \
                     end at the most, and neither a URL nor an ARN",
                    self.name
                ),
            );
        } else if is_dead_letters(&self.name) {
            check.fault(
                "name",
                format!(
                    "`{}` is a dead-letter queue by its name: tasks do not work on what lies there, so more of them would help \
                     nothing; name the queue that it belongs to",
                    self.name
                ),
            );
        }
        let (mut weight, mut groups) = (100, 1);
        check.number(
            "weight",
            self.weight,
            1..=10_000,
            "in percent: a message that is no work needs no task, and one that is more than a hundred is a job",
            &mut weight,
        );
        check.number(
            "groups",
            self.groups,
            1..=MAX_TASKS,
            "messages have one group at the least, and a service no more tasks",
            &mut groups,
        );
        if self.groups.is_some() && !name.is_fifo() {
            check.fault(
                "groups",
                "is for FIFO queues, whose names end in `.fifo`: others have no message groups",
            );
        }
        scaling::Queue { name, weight, groups: self.groups.map(|_| groups) }
    }
}

fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO).unwrap_or(name);
    !stem.is_empty()
        && name.len() <= MAX_NAME
        && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_dead_letters(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO).unwrap_or(name).to_ascii_lowercase();
    let words: String = stem.chars().filter(char::is_ascii_alphanumeric).collect();
    let last = stem.rsplit(['-', '_']).next().unwrap_or_default();
    last == "dead" || DEAD_LETTERS.iter().any(|end| words.ends_with(end))
}
