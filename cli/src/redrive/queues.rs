//! Which queues a stack has: its template writes them to a parameter.

use std::collections::BTreeMap;

use steward::arn::Arn;

/// A queue, and the one behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: String,
    /// The ARN of the queue that messages go back to.
    pub(super) to: String,
    /// The ARN of its dead-letter queue.
    pub(super) from: String,
    /// The URL of its dead-letter queue.
    pub(super) url: String,
}

/// Reads the parameter: by name the URLs of a queue and its dead-letter queue. The table's ARN says the partition and the region.
pub(super) fn read(value: &str, table: &str) -> Result<Vec<Pair>, String> {
    let urls: BTreeMap<String, [String; 2]> =
        serde_json::from_str(value).map_err(|error| format!("it cannot be read: {error}"))?;
    let Some(Arn { partition, region, .. }) = Arn::parse(table) else {
        return Err(format!("{table} is no ARN, so the queues' region is not known"));
    };
    let arn = |url: &str| {
        let mut parts = url.rsplit('/');
        match (parts.next(), parts.next()) {
            (Some(name), Some(account)) if !name.is_empty() && !account.is_empty() => {
                Ok(format!("arn:{partition}:sqs:{region}:{account}:{name}"))
            }
            _ => Err(format!("{url} is no URL of a queue")),
        }
    };
    urls.into_iter()
        .map(|(name, [to, from])| Ok(Pair { name, to: arn(&to)?, from: arn(&from)?, url: from }))
        .collect()
}
