//! The ledger in memory, with the rules of the real one: conditions, versions, at most 100 writes, each of another
//! item, items as text.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::Timestamp;

use super::{
    Due, Expect, Key, LISTED, LedgerError, MAX_WRITES, Owner, Record, Stored, Transaction, Write, decode,
    encode, units,
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
    fn bytes(&self, key: &Key) -> usize {
        units::item_bytes(key, &self.text, self.due, self.expires)
    }

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
    /// Requests, as the table's adapter makes them: a read, a hundred reads at once, a write, a transaction, a query.
    pub calls: u64,
    /// Halves of read request units: an eventually consistent read takes one.
    pub half_reads: u64,
    /// Write request units, the index's included.
    pub write_units: u64,
}

impl Usage {
    /// What was used since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            reads: self.reads - before.reads,
            transactions: self.transactions - before.transactions,
            writes: self.writes - before.writes,
            conflicts: self.conflicts - before.conflicts,
            calls: self.calls - before.calls,
            half_reads: self.half_reads - before.half_reads,
            write_units: self.write_units - before.write_units,
        }
    }
}

/// `BatchGetItem` takes so many keys.
const KEYS_A_CALL: usize = 100;

/// A ledger for tests, benchmarks and the demo.
#[derive(Default)]
pub struct MemoryLedger {
    items: RefCell<BTreeMap<Key, Item>>,
    /// What is due of each owner, as the table's index has it.
    due: RefCell<BTreeMap<Owner, BTreeSet<Due>>>,
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
        let due = self.due.borrow();
        due.get(&owner)?.first().map(|first| first.at).filter(|at| *at < LISTED)
    }

    /// How many bytes the table holds, as DynamoDB counts them, the index included.
    pub fn bytes(&self) -> u64 {
        let entry = |key: &Key, item: &Item| item.due.map_or(0, |_| units::entry_bytes(key));
        let items = self.items.borrow();
        let sizes = items.iter().map(|(key, item)| item.bytes(key) + entry(key, item));
        sizes.map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX)).sum()
    }

    /// Puts an item in the place of what stands under its key.
    fn put(&self, key: Key, item: Item) {
        let mut due = self.due.borrow_mut();
        let mut items = self.items.borrow_mut();
        if let Some(owner) = key.owner() {
            let of_owner = due.entry(owner).or_default();
            if let Some(at) = items.get(&key).and_then(|before| before.due) {
                of_owner.remove(&Due { at, key: key.clone() });
            }
            of_owner.extend(item.due.map(|at| Due { at, key: key.clone() }));
        }
        items.insert(key, item);
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
        self.put(key, Item { version: 1, text, record, due: None, expires: None });
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

    /// Counts a request that writes, whether it is carried out or refused.
    fn count_writes(&self, transaction: &Transaction, texts: &[String]) {
        let items = self.items.borrow();
        let in_transaction = transaction.writes.len() > 1;
        let mut usage = self.usage.borrow_mut();
        usage.calls += u64::from(!transaction.writes.is_empty());
        for (write, text) in transaction.writes.iter().zip(texts) {
            let before = items.get(&write.key);
            let bytes = units::item_bytes(&write.key, text, write.due, write.expires);
            // A put is paid by the larger of what stood there and what stands there then.
            let bytes = bytes.max(before.map_or(0, |before| before.bytes(&write.key)));
            usage.write_units += units::write(bytes, in_transaction);
            usage.write_units += units::index(before.and_then(|before| before.due), write.due);
        }
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
        let once: BTreeSet<&Key> = keys.iter().collect();
        let mut usage = self.usage.borrow_mut();
        usage.reads += keys.len() as u64;
        usage.calls += once.len().div_ceil(KEYS_A_CALL) as u64;
        let bytes = once.iter().map(|key| items.get(*key).map_or(0, |item| item.bytes(key)));
        usage.half_reads += bytes.map(units::strong_read).sum::<u64>();
        drop(usage);
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
        self.count_writes(&transaction, &texts);
        let mut each = transaction.writes.iter().zip(&texts);
        if count > 0 && each.all(|(write, text)| self.stands(write, text)) {
            return Ok(());
        }
        for write in &transaction.writes {
            self.check(write).inspect_err(|_| self.usage.borrow_mut().conflicts += 1)?;
        }
        for (write, text) in transaction.writes.into_iter().zip(texts) {
            let version = self.items.borrow().get(&write.key).map_or(1, |item| item.version + 1);
            let record = OnceCell::new();
            self.put(write.key, Item { version, text, record, due: write.due, expires: write.expires });
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
        let due = self.due.borrow();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let of_owner = due.get(&owner).into_iter();
        let found = of_owner.flat_map(|due| due.range::<Due, _>((from, Bound::Unbounded)));
        let found: Vec<Due> = found.take_while(|due| due.at <= now).take(limit).cloned().collect();
        let mut usage = self.usage.borrow_mut();
        usage.calls += 1;
        usage.half_reads += units::query(found.iter().map(|due| units::entry_bytes(&due.key)).sum());
        Ok(found)
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
