//! Finds the fragments of the cause table in a text: one pass, whatever the text is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::cause::Cause;
use super::names;
use super::rules::{ANY_TEXT, Families, NAMES, ROWS};

/// No text that ECS writes is longer than 1,024 characters; more than this is not looked at.
const MAX_BYTES: usize = 64 * 1024;

/// What a text says about the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) cause: Cause,
    /// The row of the table that decided; `None` where the error's name alone did.
    pub(crate) row: Option<usize>,
}

/// Classifies a text by the table. `None` where it says nothing about a cause.
pub(crate) fn classify(text: &str) -> Option<Finding> {
    let table = TABLE.as_ref()?;
    let clean = normalise(text);
    let clean = names::without_subjects(without_stop_code(&clean));
    let name = name_of(&clean, table);
    let clean = names::without_names(&clean);
    let families = name.map_or(ANY_TEXT, |name| name.families);
    let present = Present::find(&clean, &table.fragments);
    let row = table.rows.iter().position(|row| row.families.intersects(families) && row.holds(&present));
    match row.and_then(|index| Some((index, ROWS.get(index)?))) {
        Some((index, row)) => Some(Finding { cause: row.cause?, row: Some(index) }),
        None => name.and_then(|name| name.otherwise).map(|cause| Finding { cause, row: None }),
    }
}

/// Lower case, straight quotes, one space for any run of white space and control characters.
fn normalise(text: &str) -> String {
    // Nearly every text is printable ASCII with single blanks.
    let mut last = b'.';
    let is_plain = text.len() <= MAX_BYTES
        && text.bytes().all(|byte| {
            let holds = matches!(byte, b'!'..=b'~') || (byte == b' ' && last != b' ');
            last = byte;
            holds
        });
    if is_plain {
        return text.to_ascii_lowercase();
    }
    let mut clean = String::with_capacity(text.len().min(MAX_BYTES));
    for character in text.chars() {
        if clean.len() >= MAX_BYTES {
            break;
        }
        match character {
            '’' | '‘' | 'ʼ' => clean.push('\''),
            '“' | '”' => clean.push('"'),
            blank if blank.is_whitespace() || blank.is_control() => {
                if !clean.ends_with(' ') {
                    clean.push(' ');
                }
            }
            other => clean.push(other.to_ascii_lowercase()),
        }
    }
    clean
}

/// Some texts begin with the stop code.
fn without_stop_code(clean: &str) -> &str {
    clean.strip_prefix("taskfailedtostart").map_or(clean, |rest| rest.trim_start_matches([':', ' ']))
}

/// One way an error's text may begin: a name that ECS or its agent gives it, or a phrase that says as much.
#[derive(Debug, Clone, Copy)]
pub(in crate::diagnosis) struct Name {
    /// Lower case letters and digits only: spacing and case of names vary.
    pub(in crate::diagnosis) squeezed: &'static str,
    pub(in crate::diagnosis) families: Families,
    /// What it means where no row says more; `None`: nothing.
    pub(in crate::diagnosis) otherwise: Option<Cause>,
}

/// The first name in the text that stands by itself fixes the family: services are called after errors, too.
fn name_of(clean: &str, table: &Table) -> Option<&'static Name> {
    let mut squeezed: Vec<u8> = Vec::with_capacity(clean.len());
    squeezed.extend(clean.bytes().filter(u8::is_ascii_alphanumeric));
    let in_a_word = |place: Option<usize>| {
        let byte = place.and_then(|place| clean.as_bytes().get(place));
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/'))
    };
    // Names are found in order, so where they stand is found in one walk.
    let mut places = clean.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric());
    let mut walked = 0;
    let mut place_of = |squeezed: usize| {
        let (place, _) = places.nth(squeezed.checked_sub(walked)?)?;
        walked = squeezed + 1;
        Some(place)
    };
    let mut stands_alone = |start: usize, end: usize| {
        let first = place_of(start);
        let last = if end > start + 1 { place_of(end - 1) } else { first };
        !in_a_word(first.and_then(|first| first.checked_sub(1))) && !in_a_word(last.map(|last| last + 1))
    };
    table
        .names
        .find_iter(&squeezed)
        .find(|name| stands_alone(name.start(), name.end()))
        .and_then(|name| NAMES.get(name.pattern().as_usize()))
}

struct Table {
    names: AhoCorasick,
    fragments: AhoCorasick,
    rows: Vec<CompiledRow>,
}

struct CompiledRow {
    families: Families,
    any: Present,
    and_any: Present,
}

impl CompiledRow {
    fn holds(&self, present: &Present) -> bool {
        present.intersects(&self.any) && (self.and_any.is_empty() || present.intersects(&self.and_any))
    }
}

/// A set of fragments, one bit each.
#[derive(Clone, PartialEq, Eq)]
struct Present([u64; Self::WORDS]);

impl Present {
    const WORDS: usize = 12;

    fn none() -> Self {
        Self([0; Self::WORDS])
    }

    fn add(&mut self, fragment: usize) {
        if let Some(word) = self.0.get_mut(fragment / 64) {
            *word |= 1 << (fragment % 64);
        }
    }

    fn find(clean: &str, fragments: &AhoCorasick) -> Self {
        let mut present = Self::none();
        for found in fragments.find_overlapping_iter(clean) {
            present.add(found.pattern().as_usize());
        }
        present
    }

    fn intersects(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(ours, theirs)| ours & theirs != 0)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// Built on first use, in microseconds; `None` only if the table did not compile, which a test rules out.
static TABLE: LazyLock<Option<Table>> = LazyLock::new(compile);

fn compile() -> Option<Table> {
    let mut ids: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut texts: Vec<&'static str> = Vec::new();
    let mut set_of = |fragments: &[&'static str]| {
        let mut set = Present::none();
        for fragment in fragments {
            let id = *ids.entry(fragment).or_insert_with(|| {
                texts.push(fragment);
                texts.len() - 1
            });
            set.add(id);
        }
        set
    };
    let rows = ROWS
        .iter()
        .map(|row| CompiledRow { families: row.families, any: set_of(row.any), and_any: set_of(row.and_any) })
        .collect();
    if texts.len() > Present::WORDS * 64 {
        return None;
    }
    let names = AhoCorasick::builder()
        .match_kind(aho_corasick::MatchKind::LeftmostLongest)
        .build(NAMES.iter().map(|name| name.squeezed))
        .ok()?;
    Some(Table { names, fragments: AhoCorasick::new(texts).ok()?, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_compiles() {
        assert!(TABLE.is_some());
        for name in NAMES {
            assert!(name.squeezed.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name:?}");
        }
        for row in ROWS {
            for fragment in row.any.iter().chain(row.and_any) {
                assert_eq!(normalise(fragment), **fragment, "a fragment that can never be found");
            }
        }
    }

    #[test]
    fn case_quotes_and_white_space_do_not_matter() {
        for text in [
            "You've reached the limit on the number of tasks",
            "YOU’VE REACHED  the\nlimit on\tthe number of tasks",
        ] {
            assert_eq!(classify(text).map(|finding| finding.cause), Some(Cause::QuotaExceeded), "{text}");
        }
    }

    #[test]
    fn a_service_called_after_an_error_is_none() {
        let text = "(service team-CannotPullContainerError-x) was unable to place a task because no container instance met";
        assert_eq!(classify(text).map(|finding| finding.cause), Some(Cause::PlacementFailed));
        assert_eq!(classify("MyCannotPullContainerErrorService"), None);
    }

    #[test]
    fn a_text_that_names_no_cause_is_none() {
        for text in
            ["", " ", "Essential container in task exited", "Task failed to start", "TaskFailedToStart: "]
        {
            assert_eq!(classify(text), None, "{text}");
        }
    }
}
