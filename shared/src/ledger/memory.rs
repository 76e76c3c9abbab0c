//! The ledger in memory, with the rules of the real one: conditions, versions, at most 100 writes, each of another
//! item, items as text.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Due, Expect, Key, LISTED, LedgerError, MAX_WRITES, Owner, Record, Stored, Transaction, Write, decode,
    encode,
};
use crate::ports::{Browse, Leaf, Ledger};

struct Item {
    version: u64,
    text: String,
    /// What the text says, once somebody has read it: days of simulation read an item thousands of times.
    record: OnceCell<Record>,
    due: Option<Timestamp>,
    expires: Option<Timestamp>,
}

impl Item {
    fn record(&self, key: &Key) -> Result<Record, LedgerError> {
        if let Some(record) = self.record.get() {
            return Ok(record.clone());
        }
        let record = decode(key, &self.text)?;
        Ok(self.record.get_or_init(|| record).clone())
    }
}

/// How much a ledger was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Items read.
    pub reads: u64,
    /// Transactions committed.
    pub transactions: u64,
    /// Items written.
    pub writes: u64,
    /// Transactions refused.
    pub conflicts: u64,
}

/// A ledger for tests, benchmarks and the demo.
#[derive(Default)]
pub struct MemoryLedger {
    items: RefCell<BTreeMap<Key, Item>>,
    usage: RefCell<Usage>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much it was used until now.
    pub fn usage(&self) -> Usage {
        *self.usage.borrow()
    }

    /// When a sweep must look at one of an owner's items next.
    pub fn next_due(&self, owner: Owner) -> Option<Timestamp> {
        self.items
            .borrow()
            .iter()
            .filter(|(key, _)| key.belongs_to(owner))
            .filter_map(|(_, item)| item.due.filter(|due| *due < LISTED))
            .min()
    }

    /// Every record, by key.
    ///
    /// # Errors
    ///
    /// Where an item is newer or damaged.
    pub fn records(&self) -> Result<BTreeMap<Key, Record>, LedgerError> {
        self.items.borrow().iter().map(|(key, item)| Ok((key.clone(), item.record(key)?))).collect()
    }

    /// Puts a text in as it is: what a newer version, or damage, would leave behind.
    pub fn put_raw(&self, key: Key, text: &str) {
        let (text, record) = (text.to_owned(), OnceCell::new());
        self.items.borrow_mut().insert(key, Item { version: 1, text, record, due: None, expires: None });
    }

    /// Replaces an item's text and leaves the rest, when it is due included.
    pub fn damage(&self, key: &Key, text: &str) {
        if let Some(item) = self.items.borrow_mut().get_mut(key) {
            text.clone_into(&mut item.text);
            item.record = OnceCell::new();
        }
    }

    /// Whether a write was carried out already.
    fn stands(&self, write: &Write, text: &str) -> bool {
        let version = match write.expect {
            Expect::Absent => 1,
            Expect::Version(version) => version + 1,
        };
        self.items.borrow().get(&write.key).is_some_and(|item| {
            (item.version, item.text.as_str(), item.due, item.expires)
                == (version, text, write.due, write.expires)
        })
    }

    fn check(&self, write: &Write) -> Result<(), LedgerError> {
        let items = self.items.borrow();
        let version = items.get(&write.key).map(|item| item.version);
        let holds = match write.expect {
            Expect::Absent => version.is_none(),
            Expect::Version(expected) => version == Some(expected),
        };
        if holds { Ok(()) } else { Err(LedgerError::Conflict { key: write.key.clone() }) }
    }
}

impl Ledger for MemoryLedger {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        let items = self.items.borrow();
        self.usage.borrow_mut().reads += keys.len() as u64;
        keys.iter()
            .map(|key| {
                let Some(item) = items.get(key) else { return Ok(None) };
                let record = item.record(key)?;
                Ok(Some(Stored { version: item.version, record, expires: item.expires }))
            })
            .collect()
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let count = transaction.writes.len();
        if count > MAX_WRITES {
            return Err(LedgerError::TooLarge { count });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = transaction.writes.iter().find(|write| !seen.insert(&write.key)) {
            let (operation, target) = ("TransactWriteItems", twice.key.to_string());
            let problem = "a transaction writes an item once".to_owned();
            return Err(LedgerError::Refused { operation, target, problem });
        }
        let texts: Vec<String> = transaction
            .writes
            .iter()
            .map(|write| encode(&write.key, &write.record))
            .collect::<Result<_, _>>()?;
        let mut each = transaction.writes.iter().zip(&texts);
        if count > 0 && each.all(|(write, text)| self.stands(write, text)) {
            return Ok(());
        }
        for write in &transaction.writes {
            self.check(write).inspect_err(|_| self.usage.borrow_mut().conflicts += 1)?;
        }
        let mut items = self.items.borrow_mut();
        for (write, text) in transaction.writes.into_iter().zip(texts) {
            let version = items.get(&write.key).map_or(1, |item| item.version + 1);
            let record = OnceCell::new();
            items.insert(write.key, Item { version, text, record, due: write.due, expires: write.expires });
        }
        let mut usage = self.usage.borrow_mut();
        usage.transactions += 1;
        usage.writes += count as u64;
        Ok(())
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        let items = self.items.borrow();
        let mut due: Vec<Due> = items
            .iter()
            .filter(|(key, _)| key.belongs_to(owner))
            .filter_map(|(key, item)| Some(Due { at: item.due.filter(|due| *due <= now)?, key: key.clone() }))
            .filter(|due| after.is_none_or(|after| due > after))
            .collect();
        due.sort();
        due.truncate(limit);
        Ok(due)
    }
}

/// Items on one page.
const LEAF: usize = 100;

impl Browse for MemoryLedger {
    async fn page(&self, prefix: &str, after: Option<&Key>) -> Result<Leaf, LedgerError> {
        let items = self.items.borrow();
        let mut rest = items.iter().filter(|(key, _)| after.is_none_or(|after| *key > after)).peekable();
        let mut leaf = Leaf::default();
        for (key, item) in rest.by_ref().take(LEAF) {
            leaf.read += 1;
            leaf.next = Some(key.clone());
            if key.as_str().starts_with(prefix) {
                let stored = item.record(key);
                let stored =
                    stored.map(|record| Stored { version: item.version, record, expires: item.expires });
                leaf.items.push((key.clone(), stored));
            }
        }
        leaf.next = leaf.next.filter(|_| rest.peek().is_some());
        Ok(leaf)
    }
}
