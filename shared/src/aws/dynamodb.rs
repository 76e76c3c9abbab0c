//! The ledger in a DynamoDB table.
//!
//! One item a key: `pk`, the record as text (`item`), `version`, and while a sweep must look at it `due_owner` and
//! `due_at`, the keys of the sparse index `due`. `expires_at` is the table's TTL attribute; open items have none.
#![allow(clippy::disallowed_types, reason = "the SDK's maps; none is iterated for its order")]

mod browse;

use std::collections::HashMap;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::late::Late;
use super::sdk::Sdk;
use super::verdict::FailedCall;
use crate::ledger::{
    Due, Expect, Key, LedgerError, MAX_WRITES, Owner, Stored, Transaction, Write, decode, encode,
};
use crate::ports::Ledger;

type Item = HashMap<String, AttributeValue>;

/// `BatchGetItem` takes so many keys.
const MAX_KEYS: usize = 100;
/// How often keys that DynamoDB left unread are asked for again.
const MAX_ROUNDS: usize = 4;
/// How often a transaction is sent again that met another one: that is no lost condition.
const MAX_MEETINGS: usize = 3;
/// The sparse index of what is due.
const INDEX: &str = "due";

const PK: &str = "pk";
const ITEM: &str = "item";
const VERSION: &str = "version";
const EXPIRES_AT: &str = "expires_at";
const DUE_OWNER: &str = "due_owner";
const DUE_AT: &str = "due_at";

const IF_ABSENT: &str = "attribute_not_exists(pk)";
const IF_UNCHANGED: &str = "#version = :expected";

/// The table.
#[derive(Clone)]
pub struct DynamoLedger {
    client: Late<Client>,
    table: String,
}

impl DynamoLedger {
    /// The ledger in `table`.
    pub fn new(sdk: &Sdk, table: String) -> Self {
        Self { client: sdk.dynamodb(), table }
    }

    /// With a client of the caller's: its credentials, region, time-outs and retries.
    pub fn with_client(client: Client, table: String) -> Self {
        Self { client: client.into(), table }
    }

    async fn get(&self, key: &Key) -> Result<Option<Stored>, LedgerError> {
        let call = self.client.get_item().table_name(&self.table).consistent_read(true);
        let answer = call
            .key(PK, AttributeValue::S(key.to_string()))
            .send()
            .await
            .map_err(|error| failed("GetItem", key.to_string(), &FailedCall::of(&error)))?;
        answer.item.map(|item| stored(key, &item)).transpose()
    }

    /// Reads up to [`MAX_KEYS`] keys, each once.
    async fn get_batch(&self, keys: &[&Key], found: &mut BTreeMap<Key, Stored>) -> Result<(), LedgerError> {
        let target = || format!("{} and {} more", first(keys), keys.len().saturating_sub(1));
        let mut wanted: Vec<Item> = keys.iter().map(|key| key_item(key)).collect();
        for _ in 0..MAX_ROUNDS {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(true)
                .build()
                .map_err(|error| incomplete("BatchGetItem", target(), &error))?;
            let call = self.client.batch_get_item().request_items(&self.table, request);
            let answer = call
                .send()
                .await
                .map_err(|error| failed("BatchGetItem", target(), &FailedCall::of(&error)))?;
            for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let key = key_of("BatchGetItem", &item)?;
                found.insert(key.clone(), stored(&key, &item)?);
            }
            let left = answer.unprocessed_keys.and_then(|mut left| left.remove(&self.table));
            match left {
                Some(left) if !left.keys.is_empty() => wanted = left.keys,
                _ => return Ok(()),
            }
        }
        let problem = format!("{} keys were left unread {MAX_ROUNDS} times", wanted.len());
        Err(LedgerError::Unavailable { operation: "BatchGetItem", target: target(), problem })
    }

    async fn put(&self, write: &Write) -> Result<(), LedgerError> {
        let mut meetings = 0;
        loop {
            let Err(error) = self.put_once(write).await? else { return Ok(()) };
            let call = FailedCall::of(&error);
            let failed = match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(lost))
                    if is_written(write, lost.item()) =>
                {
                    return Ok(());
                }
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    return Err(LedgerError::Conflict { key: write.key.clone() });
                }
                _ => failed("PutItem", write.key.to_string(), &call),
            };
            meetings += 1;
            if meetings >= MAX_MEETINGS || error.code() != Some("TransactionConflictException") {
                return Err(failed);
            }
        }
    }

    async fn put_once(
        &self,
        write: &Write,
    ) -> Result<Result<(), SdkError<PutItemError, HttpResponse>>, LedgerError> {
        let condition = Condition::of(write);
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(write)?))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(call.send().await.map(drop))
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), LedgerError> {
        let items: Vec<TransactWriteItem> =
            transaction.writes.iter().map(|write| self.item_to_put(write)).collect::<Result<_, _>>()?;
        let mut meetings = 0;
        loop {
            // The SDK gives each call a token: a try of its own that took effect is not carried out twice.
            let call = self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let Err(error) = call.send().await else { return Ok(()) };
            meetings += 1;
            if took_effect_before(transaction, &error) {
                return Ok(());
            }
            match cancelled(transaction, &error) {
                LedgerError::Unavailable { .. } if meetings < MAX_MEETINGS && met_another(&error) => {}
                error => return Err(error),
            }
        }
    }

    fn item_to_put(&self, write: &Write) -> Result<TransactWriteItem, LedgerError> {
        let condition = Condition::of(write);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item_of(write)?))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| incomplete("TransactWriteItems", write.key.to_string(), &error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

impl Ledger for DynamoLedger {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        if let [key] = keys {
            return Ok(vec![self.get(key).await?]);
        }
        // DynamoDB refuses a batch that names a key twice.
        let each: Vec<&Key> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found = BTreeMap::new();
        for batch in each.chunks(MAX_KEYS) {
            self.get_batch(batch, &mut found).await?;
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        match transaction.writes.as_slice() {
            [] => Ok(()),
            // Half the price of a transaction.
            [write] => self.put(write).await,
            writes if writes.len() > MAX_WRITES => Err(LedgerError::TooLarge { count: writes.len() }),
            _ => self.transact(&transaction).await,
        }
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        let target = || format!("what is due of {}", owner.prefix());
        let start = after.map(|after| {
            let mut start = key_item(&after.key);
            start.insert(DUE_OWNER.to_owned(), text(owner.prefix()));
            start.insert(DUE_AT.to_owned(), number(&after.at.as_millisecond()));
            start
        });
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("due_owner = :owner AND due_at <= :now")
            .expression_attribute_values(":owner", text(owner.prefix()))
            .expression_attribute_values(":now", number(&now.as_millisecond()))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| failed("Query", target(), &FailedCall::of(&error)))?;
        answer.items.unwrap_or_default().iter().map(due_of).collect()
    }
}

struct Condition {
    expression: &'static str,
    names: Option<HashMap<String, String>>,
    values: Option<Item>,
}

impl Condition {
    fn of(write: &Write) -> Self {
        match write.expect {
            Expect::Absent => Self { expression: IF_ABSENT, names: None, values: None },
            Expect::Version(version) => Self {
                expression: IF_UNCHANGED,
                names: Some([("#version".to_owned(), VERSION.to_owned())].into()),
                values: Some([(":expected".to_owned(), number(&version))].into()),
            },
        }
    }
}

fn item_of(write: &Write) -> Result<Item, LedgerError> {
    let version = match write.expect {
        Expect::Absent => 1,
        Expect::Version(version) => version + 1,
    };
    let mut item = key_item(&write.key);
    item.insert(ITEM.to_owned(), AttributeValue::S(encode(&write.key, &write.record)?));
    item.insert(VERSION.to_owned(), number(&version));
    if let (Some(due), Some(owner)) = (write.due, write.key.owner()) {
        item.insert(DUE_OWNER.to_owned(), text(owner.prefix()));
        item.insert(DUE_AT.to_owned(), number(&due.as_millisecond()));
    }
    if let Some(expires) = write.expires {
        item.insert(EXPIRES_AT.to_owned(), number(&expires.as_second()));
    }
    Ok(item)
}

/// Whether what stands there is what was to be written: an earlier try of the same call took effect, and its answer was
/// lost.
fn is_written(write: &Write, found: Option<&Item>) -> bool {
    found.is_some_and(|found| item_of(write).is_ok_and(|written| written == *found))
}

fn stored(key: &Key, item: &Item) -> Result<Stored, LedgerError> {
    let unreadable =
        |problem: &str| LedgerError::Unreadable { key: key.clone(), problem: problem.to_owned() };
    let held =
        item.get(ITEM).and_then(|value| value.as_s().ok()).ok_or_else(|| unreadable("it has no `item`"))?;
    let record = decode(key, held)?;
    let version = integer(item, VERSION).ok_or_else(|| unreadable("it has no `version`"))?;
    let expires = integer(item, EXPIRES_AT).and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(Stored { version: u64::try_from(version).unwrap_or_default(), record, expires })
}

fn due_of(item: &Item) -> Result<Due, LedgerError> {
    let key = key_of("Query", item)?;
    let at = integer(item, DUE_AT).and_then(|millis| Timestamp::from_millisecond(millis).ok());
    match at {
        Some(at) => Ok(Due { at, key }),
        None => Err(LedgerError::Unreadable { key, problem: "it has no `due_at`".to_owned() }),
    }
}

fn key_of(operation: &'static str, item: &Item) -> Result<Key, LedgerError> {
    let text = item.get(PK).and_then(|value| value.as_s().ok());
    text.map(|text| Key::from_text(text)).ok_or_else(|| LedgerError::Unavailable {
        operation,
        target: INDEX.to_owned(),
        problem: "an item without a `pk`".to_owned(),
    })
}

fn key_item(key: &Key) -> Item {
    [(PK.to_owned(), AttributeValue::S(key.to_string()))].into()
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: &impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn integer(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn first(keys: &[&Key]) -> String {
    keys.first().map(ToString::to_string).unwrap_or_default()
}

/// A cancelled transaction says for each write why.
fn cancelled(
    transaction: &Transaction,
    error: &SdkError<TransactWriteItemsError, HttpResponse>,
) -> LedgerError {
    let target = || {
        let named: Vec<String> =
            transaction.writes.iter().take(2).map(|write| write.key.to_string()).collect();
        format!("{} ({} writes)", named.join(", "), transaction.writes.len())
    };
    let reasons = cancellation_codes(error);
    let lost = reasons.iter().position(|code| code == "ConditionalCheckFailed");
    if let Some(write) = lost.and_then(|index| transaction.writes.get(index)) {
        return LedgerError::Conflict { key: write.key.clone() };
    }
    let telling: Vec<&String> = reasons.iter().filter(|code| *code != "None").collect();
    let (operation, target) = ("TransactWriteItems", target());
    match telling.first() {
        // For want of capacity, or for another transaction on the same items.
        Some(code) if TEMPORARY.contains(&code.as_str()) => {
            LedgerError::Unavailable { operation, target, problem: format!("cancelled: {code}") }
        }
        Some(code) => LedgerError::Refused { operation, target, problem: format!("cancelled: {code}") },
        None => failed(operation, target, &FailedCall::of(error)),
    }
}

/// Reasons of a cancellation that pass by themselves.
const TEMPORARY: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

fn met_another(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> bool {
    cancellation_codes(error).iter().any(|code| code == "TransactionConflict")
}

/// Whether a cancelled transaction was carried out by an earlier try: then all that it was to write stands there.
fn took_effect_before(
    transaction: &Transaction,
    error: &SdkError<TransactWriteItemsError, HttpResponse>,
) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return false;
    };
    let reasons = cancelled.cancellation_reasons();
    reasons.len() == transaction.writes.len()
        && transaction.writes.iter().zip(reasons).all(|(write, reason)| is_written(write, reason.item()))
}

fn cancellation_codes(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> Vec<String> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled
            .cancellation_reasons()
            .iter()
            .map(|reason| reason.code().unwrap_or("None").to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

fn failed(operation: &'static str, target: String, call: &FailedCall) -> LedgerError {
    let problem = call.problem.clone();
    if call.verdict.is_retryable() {
        LedgerError::Unavailable { operation, target, problem }
    } else {
        LedgerError::Refused { operation, target, problem }
    }
}

fn incomplete(operation: &'static str, target: String, error: &BuildError) -> LedgerError {
    LedgerError::Refused { operation, target, problem: error.to_string() }
}

#[cfg(test)]
mod tests;
