//! What the table is paid by: DynamoDB's request units, from the sizes of items.
//!
//! A strongly consistent read takes a unit for each 4 KB of an item, an eventually consistent one half of that; a write takes a
//! unit for each 1 KB, in a transaction two; and the index takes a write where an item enters it or leaves it, and two where its
//! place changes. <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>.

use jiff::Timestamp;

use super::Key;

/// A read unit reads so many bytes.
const READ: usize = 4 * 1_024;
/// A write unit writes so many bytes.
const WRITE: usize = 1_024;
/// `pk` and its value's share of an entry of the index: `due_owner` with two letters, `due_at` with thirteen digits.
const INDEX_KEYS: usize = "due_owner".len() + 2 + "due_at".len() + number(13);

/// Bytes of a number of so many digits: one for each two, and one more.
const fn number(digits: usize) -> usize {
    digits.div_ceil(2) + 1
}

/// Bytes of an item as the table has it: names of attributes and their values.
pub(super) fn item_bytes(key: &Key, text: &str, due: Option<Timestamp>, expires: Option<Timestamp>) -> usize {
    let always = "pk".len() + key.as_str().len() + "item".len() + text.len() + "version".len() + number(4);
    let of_due = if due.is_some() { INDEX_KEYS } else { 0 };
    let of_expiry = if expires.is_some() { "expires_at".len() + number(10) } else { 0 };
    always + of_due + of_expiry
}

/// Bytes of an item's entry in the index.
pub(super) fn entry_bytes(key: &Key) -> usize {
    "pk".len() + key.as_str().len() + INDEX_KEYS
}

/// Half units of a strongly consistent read of one item; what is not there is read, too.
pub(super) fn strong_read(bytes: usize) -> u64 {
    2 * units(bytes, READ)
}

/// Half units of a query of the index, which is eventually consistent: its entries are read as one.
pub(super) fn query(bytes: usize) -> u64 {
    units(bytes, READ)
}

/// Units of one write.
pub(super) fn write(bytes: usize, in_transaction: bool) -> u64 {
    units(bytes, WRITE) * if in_transaction { 2 } else { 1 }
}

/// Units that the index takes: an entry is smaller than one.
pub(super) fn index(before: Option<Timestamp>, after: Option<Timestamp>) -> u64 {
    match (before, after) {
        (None, None) => 0,
        (Some(before), Some(after)) if before == after => 0,
        (Some(_), Some(_)) => 2,
        (None, Some(_)) | (Some(_), None) => 1,
    }
}

fn units(bytes: usize, each: usize) -> u64 {
    u64::try_from(bytes.div_ceil(each).max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn units_are_begun_ones() {
        for (bytes, half_reads, writes) in
            [(0, 2, 1), (1, 2, 1), (1_024, 2, 1), (1_025, 2, 2), (4_096, 2, 4), (4_097, 4, 5)]
        {
            assert_eq!((strong_read(bytes), write(bytes, false)), (half_reads, writes), "{bytes}");
            assert_eq!((query(bytes), write(bytes, true)), (half_reads / 2, 2 * writes), "{bytes}");
        }
    }

    #[test]
    fn the_index_takes_what_changes_in_it() {
        for (before, after, writes) in [
            (None, None, 0),
            (None, Some(1), 1),
            (Some(1), None, 1),
            (Some(1), Some(1), 0),
            (Some(1), Some(2), 2),
        ] {
            assert_eq!(index(before.map(at), after.map(at)), writes, "{before:?} {after:?}");
        }
    }

    #[test]
    fn an_item_is_as_large_as_its_names_and_values() {
        let key = Key::from_text("r#x");
        // pk 2 + 3, item 4 + 10, version 7 + 3.
        assert_eq!(item_bytes(&key, "0123456789", None, None), 29);
        // due_owner 9 + 2, due_at 6 + 8; expires_at 10 + 6.
        assert_eq!(item_bytes(&key, "0123456789", Some(at(1)), Some(at(1))), 29 + 25 + 16);
        assert_eq!(entry_bytes(&key), 5 + 25);
    }
}
