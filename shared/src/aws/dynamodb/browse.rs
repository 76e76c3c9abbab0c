//! Reading through the whole table, by Scan.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::{DynamoLedger, FailedCall, failed, key_item, key_of, stored, text};
use crate::ledger::{Key, LedgerError};
use crate::ports::{Browse, Leaf};

impl Browse for DynamoLedger {
    async fn page(&self, prefix: &str, after: Option<&Key>) -> Result<Leaf, LedgerError> {
        let target = || format!("items {prefix}…");
        let answer = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix))
            .set_exclusive_start_key(after.map(key_item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| failed("Scan", target(), &FailedCall::of(&error)))?;
        let mut leaf = Leaf {
            read: u64::try_from(answer.scanned_count).unwrap_or_default(),
            units: answer.consumed_capacity.and_then(|used| used.capacity_units).unwrap_or_default(),
            ..Leaf::default()
        };
        for item in answer.items.unwrap_or_default() {
            let key = key_of("Scan", &item)?;
            let held = stored(&key, &item);
            leaf.items.push((key, held));
        }
        leaf.next = answer.last_evaluated_key.map(|last| key_of("Scan", &last)).transpose()?;
        Ok(leaf)
    }
}
