//! DynamoDB, as far as one writer without rivals sees it: what is put can be read, and every condition holds.
//!
//! Frozen, it takes writes and keeps none, so that each invocation finds what the one before found. It answers in microseconds: what is measured
//! is the program that asks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Items by their key `pk`.
#[derive(Debug, Default)]
pub(crate) struct Table {
    items: BTreeMap<String, Value>,
    frozen: bool,
}

impl Table {
    /// Keeps nothing from now on.
    pub(crate) fn freeze(&mut self) {
        self.frozen = true;
    }

    /// The first key that begins so.
    pub(crate) fn key(&self, prefix: &str) -> Option<&str> {
        self.items.keys().find(|key| key.starts_with(prefix)).map(String::as_str)
    }

    /// What DynamoDB answers; `None` to an operation that is not known here.
    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Option<Value> {
        match operation {
            "GetItem" => {
                Some(self.item(request.get("Key")).map_or(json!({}), |item| json!({ "Item": item })))
            }
            "BatchGetItem" => Some(self.batch(request.get("RequestItems")?.as_object()?)),
            "PutItem" => {
                self.put(request.get("Item")?);
                Some(json!({}))
            }
            "TransactWriteItems" => {
                for write in request.get("TransactItems")?.as_array()? {
                    self.put(write.pointer("/Put/Item")?);
                }
                Some(json!({}))
            }
            // Nothing is due.
            "Query" => Some(json!({"Items": [], "Count": 0, "ScannedCount": 0})),
            _ => None,
        }
    }

    fn item(&self, key: Option<&Value>) -> Option<&Value> {
        self.items.get(key?.pointer("/pk/S")?.as_str()?)
    }

    fn batch(&self, asked: &Map<String, Value>) -> Value {
        let responses: Map<String, Value> = asked
            .iter()
            .map(|(table, keys)| {
                let keys = keys.get("Keys").and_then(Value::as_array).into_iter().flatten();
                let found: Vec<Value> = keys.filter_map(|key| self.item(Some(key)).cloned()).collect();
                (table.clone(), Value::Array(found))
            })
            .collect();
        json!({"Responses": responses, "UnprocessedKeys": {}})
    }

    fn put(&mut self, item: &Value) {
        let key = item.pointer("/pk/S").and_then(Value::as_str).filter(|_| !self.frozen);
        if let Some(key) = key {
            self.items.insert(key.to_owned(), item.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str) -> Value {
        json!({"pk": {"S": key}, "version": {"N": "1"}})
    }

    fn read(table: &mut Table, key: &str) -> Value {
        table.answer("GetItem", &json!({"TableName": "steward", "Key": {"pk": {"S": key}}})).unwrap()
    }

    #[test]
    fn what_was_put_is_read_alone_and_in_batches() {
        let mut table = Table::default();
        let writes = json!({"TransactItems": [{"Put": {"Item": item("a")}}, {"Put": {"Item": item("b")}}]});
        assert_eq!(table.answer("TransactWriteItems", &writes), Some(json!({})));
        assert_eq!(table.answer("PutItem", &json!({"Item": item("c")})), Some(json!({})));
        assert_eq!((read(&mut table, "b"), read(&mut table, "d")), (json!({"Item": item("b")}), json!({})));
        let keys: Vec<Value> = ["c", "d", "a"].iter().map(|key| json!({"pk": {"S": key}})).collect();
        let found =
            table.answer("BatchGetItem", &json!({"RequestItems": {"steward": {"Keys": keys}}})).unwrap();
        assert_eq!(found["Responses"]["steward"], json!([item("c"), item("a")]));
        assert_eq!(table.key("b"), Some("b"));
    }

    #[test]
    fn what_is_frozen_takes_writes_and_keeps_none() {
        let mut table = Table::default();
        table.freeze();
        assert_eq!(table.answer("PutItem", &json!({"Item": item("a")})), Some(json!({})));
        assert_eq!(read(&mut table, "a"), json!({}));
    }

    #[test]
    fn what_is_not_known_has_no_answer() {
        assert_eq!(Table::default().answer("UpdateItem", &json!({})), None);
    }
}
