//! The ledger of a replay: the rules of the real one, an index of what is due, and a file for what was not written for long.
//!
//! A year of incidents does not fit into memory. What is over is seldom read again, so its text moves to a file; keys, versions
//! and times stay. What may be forgotten is, when its time has come: the table does the same.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write as _};

use jiff::Timestamp;
use steward::ledger::{
    Due, Expect, Key, LedgerError, MAX_WRITES, Owner, Stored, Transaction, Write, decode, encode,
};
use steward::ports::Ledger;

use super::spool;

/// The memory for texts, in bytes.
pub(super) const LIMIT: usize = 96 * 1024 * 1024;

enum Text {
    Here(Box<str>),
    /// In the file, from there on, so many bytes.
    There(u64, usize),
}

struct Item {
    version: u64,
    text: Text,
    due: Option<Timestamp>,
    expires: Option<Timestamp>,
    /// Grows with each write to any item.
    written: u64,
}

/// A ledger in memory, as far as it fits.
pub(super) struct Shelf {
    limit: usize,
    items: RefCell<BTreeMap<Key, Item>>,
    due: RefCell<BTreeMap<Owner, BTreeSet<(Timestamp, Key)>>>,
    /// The bytes of the texts that are here.
    here: Cell<usize>,
    writes: Cell<u64>,
    file: RefCell<Option<File>>,
}

impl Shelf {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            items: RefCell::default(),
            due: RefCell::default(),
            here: Cell::new(0),
            writes: Cell::new(0),
            file: RefCell::default(),
        }
    }

    /// When an item of an owner is due next.
    pub(super) fn next_due(&self, owner: Owner) -> Option<Timestamp> {
        self.due.borrow().get(&owner)?.first().map(|(at, _)| *at)
    }

    /// Forgets what may be forgotten.
    pub(super) fn forget(&self, now: Timestamp) {
        let mut here = self.here.get();
        self.items.borrow_mut().retain(|_, item| {
            let is_kept = item.due.is_some() || item.expires.is_none_or(|expires| expires > now);
            if let Text::Here(text) = &item.text
                && !is_kept
            {
                here -= text.len();
            }
            is_kept
        });
        self.here.set(here);
    }

    /// One item as it is now, for whoever counts.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Stored>, LedgerError> {
        let items = self.items.borrow();
        let Some(item) = items.get(key) else { return Ok(None) };
        let record = match &item.text {
            Text::Here(text) => decode(key, text)?,
            Text::There(from, length) => decode(key, &self.recall(key, *from, *length)?)?,
        };
        Ok(Some(Stored { version: item.version, record, expires: item.expires }))
    }

    fn recall(&self, key: &Key, from: u64, length: usize) -> Result<String, LedgerError> {
        let unreadable =
            |error: io::Error| LedgerError::Unreadable { key: key.clone(), problem: error.to_string() };
        let mut file = self.file.borrow_mut();
        let Some(file) = file.as_mut() else { return Err(unreadable(io::Error::other("there is no file"))) };
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(from)).map_err(unreadable)?;
        file.read_exact(&mut bytes).map_err(unreadable)?;
        String::from_utf8(bytes).map_err(|error| unreadable(io::Error::other(error)))
    }

    /// Moves texts to the file, those that were not written for the longest first, until half of the memory is free.
    fn make_room(&self) -> io::Result<()> {
        let mut items = self.items.borrow_mut();
        let mut all: Vec<(bool, u64, &Key)> = Vec::new();
        let is_here = |item: &Item| matches!(item.text, Text::Here(_));
        all.extend(
            items
                .iter()
                .filter(|(_, item)| is_here(item))
                .map(|(key, it)| (it.due.is_some(), it.written, key)),
        );
        all.sort_unstable();
        let keys: Vec<Key> = all.into_iter().map(|(_, _, key)| key.clone()).collect();
        let mut file = self.file.borrow_mut();
        let file = match file.as_mut() {
            Some(file) => file,
            None => file.insert(spool::file()?),
        };
        let mut from = file.seek(SeekFrom::End(0))?;
        let mut out = io::BufWriter::new(file);
        for key in keys {
            if self.here.get() <= self.limit / 2 {
                break;
            }
            let Some(item) = items.get_mut(&key) else { continue };
            let Text::Here(text) = &item.text else { continue };
            out.write_all(text.as_bytes())?;
            let length = text.len();
            self.here.set(self.here.get() - length);
            item.text = Text::There(from, length);
            from += u64::try_from(length).map_err(io::Error::other)?;
        }
        out.flush()
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

    fn put(&self, write: Write, text: String) {
        let mut items = self.items.borrow_mut();
        let before = items.get(&write.key);
        let mut all_due = self.due.borrow_mut();
        let due = all_due.entry(owner_of(&write.key)).or_default();
        if let Some(at) = before.and_then(|before| before.due) {
            due.remove(&(at, write.key.clone()));
        }
        if let Some(at) = write.due {
            due.insert((at, write.key.clone()));
        }
        let freed = match before.map(|before| &before.text) {
            Some(Text::Here(text)) => text.len(),
            _ => 0,
        };
        self.here.set(self.here.get() + text.len() - freed);
        self.writes.set(self.writes.get() + 1);
        let version = before.map_or(1, |before| before.version + 1);
        let (due, expires, written) = (write.due, write.expires, self.writes.get());
        let text = Text::Here(text.into_boxed_str());
        items.insert(write.key, Item { version, text, due, expires, written });
    }
}

/// Only remediation and what is shared are ever written in a replay.
fn owner_of(key: &Key) -> Owner {
    let owners = [Owner::Remediation, Owner::Notifications, Owner::Batch, Owner::Scaling];
    owners.into_iter().find(|owner| key.belongs_to(*owner)).unwrap_or(Owner::Shared)
}

impl Ledger for Shelf {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let count = transaction.writes.len();
        if count > MAX_WRITES {
            return Err(LedgerError::TooLarge { count });
        }
        for write in &transaction.writes {
            self.check(write)?;
        }
        for write in transaction.writes {
            let text = encode(&write.key, &write.record)?;
            self.put(write, text);
        }
        if self.here.get() > self.limit
            && let Err(error) = self.make_room()
        {
            let (operation, target) = ("write", "the file for what is over".to_owned());
            return Err(LedgerError::Refused { operation, target, problem: error.to_string() });
        }
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
        let found = due
            .get(&owner)
            .into_iter()
            .flatten()
            .take_while(|(at, _)| *at <= now)
            .map(|(at, key)| Due { at: *at, key: key.clone() })
            .filter(|due| after.is_none_or(|after| due > after));
        Ok(found.take(limit).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use steward::ledger::{News, Record};
    use steward::notification::Subject;

    use super::*;

    /// Nothing here ever waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn subject(number: u64) -> Subject {
        Subject::Digest { channel: format!("channel-{number}") }
    }

    fn write(number: u64, seq: u64, expect: Expect, due: Option<Timestamp>) -> Transaction {
        let subject = subject(number);
        let (key, record) = (Key::news(&subject), Record::News(News { subject, seq }));
        Transaction { writes: vec![Write { key, expect, record, due, expires: None }] }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_in_the_file_is_read_and_written_like_the_rest() {
        let shelf = Shelf::new(2_000);
        for number in 0..100 {
            now(shelf.commit(write(number, number, Expect::Absent, None))).unwrap();
        }
        assert!(shelf.here.get() <= 2_000, "{} bytes are here", shelf.here.get());
        for number in 0..100 {
            let stored = shelf.get(&Key::news(&subject(number))).unwrap().unwrap();
            assert_eq!(stored.record, Record::News(News { subject: subject(number), seq: number }));
        }
        now(shelf.commit(write(3, 700, Expect::Version(1), None))).unwrap();
        let stored = shelf.get(&Key::news(&subject(3))).unwrap().unwrap();
        assert_eq!(
            (stored.version, stored.record),
            (2, Record::News(News { subject: subject(3), seq: 700 }))
        );
    }

    #[test]
    fn a_write_that_expects_something_else_is_a_conflict() {
        let shelf = Shelf::new(LIMIT);
        now(shelf.commit(write(1, 1, Expect::Absent, None))).unwrap();
        for expect in [Expect::Absent, Expect::Version(2)] {
            let error = now(shelf.commit(write(1, 2, expect, None))).unwrap_err();
            assert_eq!(error, LedgerError::Conflict { key: Key::news(&subject(1)) });
        }
    }

    #[test]
    fn what_is_due_comes_in_order_and_once() {
        let shelf = Shelf::new(LIMIT);
        for (number, due) in [(1, 30), (2, 10), (3, 20), (4, 99)] {
            now(shelf.commit(write(number, 1, Expect::Absent, Some(at(due))))).unwrap();
        }
        now(shelf.commit(write(2, 2, Expect::Version(1), Some(at(25))))).unwrap();
        let due = now(shelf.due(Owner::Shared, at(30), None, 10)).unwrap();
        assert_eq!(due.iter().map(|due| due.at).collect::<Vec<_>>(), [at(20), at(25), at(30)]);
        let rest = now(shelf.due(Owner::Shared, at(30), due.first(), 1)).unwrap();
        assert_eq!(rest.first(), due.get(1));
        assert_eq!(shelf.next_due(Owner::Shared), Some(at(20)));
        assert_eq!(shelf.next_due(Owner::Remediation), None);
    }

    #[test]
    fn what_may_be_forgotten_is() {
        let shelf = Shelf::new(LIMIT);
        let mut transaction = write(1, 1, Expect::Absent, None);
        transaction.writes.iter_mut().for_each(|write| write.expires = Some(at(50)));
        now(shelf.commit(transaction)).unwrap();
        shelf.forget(at(49));
        assert!(shelf.get(&Key::news(&subject(1))).unwrap().is_some());
        shelf.forget(at(50));
        assert_eq!((shelf.get(&Key::news(&subject(1))).unwrap(), shelf.here.get()), (None, 0));
    }
}
