//! Finds the objects of a text of JSON, one at a time: NDJSON, lists, values one behind the other, lines that begin with a
//! time, and answers that hold a list, however large the whole is.
//!
//! # Invariants
//!
//! * What is damaged costs itself: the next object that begins a line is read again.
//! * No more than one object is held, and none that is larger than [`MAX_OBJECT_BYTES`].

use std::io::{self, Read};

/// A batch of SQS in one object is at most 6 MB, and JSON in JSON grows.
pub(super) const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;
/// So much is kept of what stands before an object in its line, or instead of one.
const MAX_LEAD_BYTES: usize = 200;
/// So much is read at a time.
const BUFFER: usize = 64 * 1024;
/// Members of an answer or a batch that are lists of what is looked for.
const LISTS: [&[u8]; 4] = [b"events", b"logEvents", b"Messages", b"Records"];

/// Something that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The line in which it begins, from 1.
    pub(super) line: usize,
    /// What stands before it in its line.
    pub(super) lead: String,
    pub(super) found: Found,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// From one brace to the one that closes it.
    Object(Vec<u8>),
    /// An object that does not end.
    Cut,
    /// An object that is too large.
    TooLarge,
    /// A line without an object.
    Text,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Inside a list: its elements are looked for.
    List,
    /// Inside the object around it, of which nothing else is wanted.
    Around,
}

/// Reads a text from its beginning to its end.
pub(super) struct Scan<R> {
    input: R,
    buffer: Vec<u8>,
    from: usize,
    line: usize,
    /// Whether the next byte is the first of its line.
    begins_line: bool,
    levels: Vec<Level>,
    lead: Vec<u8>,
    /// Whether objects stand one in a line: then one that begins a line is a new one.
    one_a_line: bool,
}

/// Where in an object the next byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// In no string.
    Object,
    String,
    /// In a string, behind a backslash.
    Escape,
}

/// An object as far as it was read.
struct Open {
    bytes: Vec<u8>,
    line: usize,
    begins_line: bool,
    depth: usize,
    within: Within,
    /// Where the latest string begins.
    string_from: usize,
    /// The latest whole string, one level deep.
    key: Option<std::ops::Range<usize>>,
    /// The latest byte that is no space.
    last: u8,
    is_too_large: bool,
}

impl Open {
    fn push(&mut self, byte: u8) {
        if self.bytes.len() < MAX_OBJECT_BYTES {
            self.bytes.push(byte);
        } else {
            self.is_too_large = true;
        }
    }

    /// Whether what begins now is a list that is looked for.
    fn is_at_list(&self) -> bool {
        let key = self.key.clone().and_then(|key| self.bytes.get(key));
        self.depth == 1 && self.last == b':' && key.is_some_and(|key| LISTS.contains(&key))
    }

    fn string(&mut self, byte: u8) {
        match byte {
            _ if self.within == Within::Escape => self.within = Within::String,
            b'\\' => self.within = Within::Escape,
            b'"' => {
                self.within = Within::Object;
                self.last = byte;
                if self.depth == 1 {
                    self.key = Some(self.string_from..self.bytes.len());
                }
            }
            _ => {}
        }
    }
}

impl<R: Read> Scan<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            from: 0,
            line: 1,
            begins_line: true,
            levels: Vec::new(),
            lead: Vec::new(),
            one_a_line: false,
        }
    }

    /// The line that was reached.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// The next object, or what stands where one should.
    ///
    /// # Errors
    ///
    /// Where the input cannot be read; nothing more comes then.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let (line, begins_line) = (self.line, self.begins_line);
            let Some(byte) = self.take()? else { return Ok(self.text(line)) };
            if self.levels.last() == Some(&Level::Around) {
                self.around(byte)?;
                continue;
            }
            match byte {
                b'\n' => {
                    if let Some(piece) = self.text(line) {
                        return Ok(Some(piece));
                    }
                }
                b'{' => {
                    if let Some(piece) = self.object(line, begins_line)? {
                        return Ok(Some(piece));
                    }
                }
                _ if !self.lead.is_empty() => self.lead(byte),
                b'[' => self.levels.push(Level::List),
                b']' | b'}' => self.leave(),
                b',' | b' ' | b'\t' | b'\r' => {}
                _ => self.lead(byte),
            }
        }
    }

    fn leave(&mut self) {
        self.levels.pop();
    }

    fn lead(&mut self, byte: u8) {
        if self.lead.len() < MAX_LEAD_BYTES {
            self.lead.push(byte);
        }
    }

    /// A line that ended without an object.
    fn text(&mut self, line: usize) -> Option<Piece> {
        if self.lead.is_empty() {
            return None;
        }
        let lead = self.take_lead();
        Some(Piece { line, lead, found: Found::Text })
    }

    fn take_lead(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.lead)).trim().to_owned()
    }

    /// Passes over what stands around a list.
    fn around(&mut self, byte: u8) -> io::Result<()> {
        match byte {
            b'}' => self.leave(),
            b'"' => self.pass(0, true)?,
            b'{' | b'[' => self.pass(1, false)?,
            _ => {}
        }
        Ok(())
    }

    /// Passes over the rest of a value.
    fn pass(&mut self, mut depth: usize, mut in_string: bool) -> io::Result<()> {
        let mut escaped = false;
        while depth > 0 || in_string {
            let Some(byte) = self.take()? else { return Ok(()) };
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads an object whose brace was taken. `None`: it holds a list, whose elements come next.
    fn object(&mut self, line: usize, begins_line: bool) -> io::Result<Option<Piece>> {
        let mut open = Open {
            bytes: vec![b'{'],
            line,
            begins_line,
            depth: 1,
            within: Within::Object,
            string_from: 0,
            key: None,
            last: b'{',
            is_too_large: false,
        };
        while let Some(byte) = self.take()? {
            if byte == b'\n' {
                if self.begins_anew(&open)? {
                    return Ok(Some(self.piece(open.line, Found::Cut)));
                }
                // No string of JSON goes over a line.
                open.within = Within::Object;
                open.push(byte);
                continue;
            }
            if open.within != Within::Object {
                open.string(byte);
                open.push(byte);
                continue;
            }
            match byte {
                b'"' => (open.within, open.string_from) = (Within::String, open.bytes.len() + 1),
                b'[' if open.is_at_list() => {
                    self.lead.clear();
                    self.levels.extend([Level::Around, Level::List]);
                    return Ok(None);
                }
                b'{' | b'[' => open.depth += 1,
                b'}' | b']' => open.depth -= 1,
                _ => {}
            }
            open.push(byte);
            if !byte.is_ascii_whitespace() && byte != b'"' {
                open.last = byte;
            }
            if open.depth == 0 {
                self.one_a_line |= open.begins_line && open.line == self.line;
                let found = if open.is_too_large { Found::TooLarge } else { Found::Object(open.bytes) };
                return Ok(Some(self.piece(open.line, found)));
            }
        }
        Ok(Some(self.piece(open.line, Found::Cut)))
    }

    fn piece(&mut self, line: usize, found: Found) -> Piece {
        Piece { line, lead: self.take_lead(), found }
    }

    /// Whether the line that begins now begins another object: then the one before it is damaged.
    fn begins_anew(&mut self, open: &Open) -> io::Result<bool> {
        let goes_on =
            matches!(open.last, b':' | b',' | b'[') && open.within == Within::Object && !self.one_a_line;
        Ok(!goes_on && self.peek()? == Some(b'{'))
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.from == self.buffer.len() {
            self.buffer.resize(BUFFER, 0);
            self.from = 0;
            let read = loop {
                match self.input.read(&mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            self.buffer.truncate(*read.as_ref().unwrap_or(&0));
            read?;
        }
        Ok(self.buffer.get(self.from).copied())
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let Some(byte) = self.peek()? else { return Ok(None) };
        self.from += 1;
        self.begins_line = byte == b'\n';
        self.line += usize::from(self.begins_line);
        Ok(Some(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each piece as `line lead|what`.
    fn scanned(text: &str) -> Vec<String> {
        let mut scan = Scan::new(text.as_bytes());
        let mut pieces = Vec::new();
        while let Some(Piece { line, lead, found }) = scan.next().unwrap() {
            let found = match found {
                Found::Object(bytes) => String::from_utf8(bytes).unwrap().replace('\n', "~"),
                other => format!("{other:?}"),
            };
            pieces.push(format!("{line} {lead}|{found}"));
        }
        pieces
    }

    #[test]
    fn objects_are_found_in_every_form_that_recordings_have() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("lines", "{\"a\":1}\n\n{\"b\":2}\n", &["1 |{\"a\":1}", "3 |{\"b\":2}"]),
            ("a list, one a line", "[\n{\"a\":1},\n{\"b\":2}\n]", &["2 |{\"a\":1}", "3 |{\"b\":2}"]),
            ("a list in a line", "[{\"a\":[{}]},{\"b\":2}]", &["1 |{\"a\":[{}]}", "1 |{\"b\":2}"]),
            ("over several lines", "{\n \"a\":\n {}\n}{\"b\":2}", &["1 |{~ \"a\":~ {}~}", "4 |{\"b\":2}"]),
            ("not indented", "{\n\"a\":\n{\n\"b\":2\n}\n}\n", &["1 |{~\"a\":~{~\"b\":2~}~}"]),
            ("behind a time", "2026-11-20T21:04:00Z {\"a\":1}", &["1 2026-11-20T21:04:00Z|{\"a\":1}"]),
            ("behind a stream", "at s[3] \"x\": {\"a\":1}", &["1 at s[3] \"x\":|{\"a\":1}"]),
            (
                "an answer with a list",
                "{\n \"events\": [\n  {\"a\":\"}{\"},\n  {\"b\":2}\n ],\n \"searched\": [{\"x\": \"]\"}], \"next\": null}\n{\"c\":3}",
                &["3 |{\"a\":\"}{\"}", "4 |{\"b\":2}", "7 |{\"c\":3}"],
            ),
            ("a batch", "{\"Records\":[{\"body\":\"[\\\"{\"}]}", &["1 |{\"body\":\"[\\\"{\"}"]),
            ("nothing", " \n\n", &[]),
        ];
        for (what, text, expected) in cases {
            assert_eq!(scanned(text), *expected, "{what}");
        }
    }

    #[test]
    fn what_is_damaged_costs_itself() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("a text", "{\"a\":1}\nhello\n{\"b\":2}", &["1 |{\"a\":1}", "2 hello|Text", "3 |{\"b\":2}"]),
            (
                "cut in a string",
                "{\"a\":1}\n{\"x\":\"y\n{\"b\":2}",
                &["1 |{\"a\":1}", "2 |Cut", "3 |{\"b\":2}"],
            ),
            (
                "cut behind a comma",
                "{\"a\":1}\n{\"x\":1,\n{\"b\":2}",
                &["1 |{\"a\":1}", "2 |Cut", "3 |{\"b\":2}"],
            ),
            ("the first", "{\"x\":{\n{\"b\":2}\n", &["1 |Cut", "2 |{\"b\":2}"]),
            ("the last", "{\"a\":1}\n{\"x\":", &["1 |{\"a\":1}", "2 |Cut"]),
            ("a brace too many", "{\"a\":1}}\n{\"b\":2}", &["1 |{\"a\":1}", "2 |{\"b\":2}"]),
            (
                "in a list",
                "[\n{\"a\":1},\nhello,\n{\"b\":2}]",
                &["2 |{\"a\":1}", "3 hello,|Text", "4 |{\"b\":2}"],
            ),
        ];
        for (what, text, expected) in cases {
            assert_eq!(scanned(text), *expected, "{what}");
        }
    }

    #[test]
    fn an_object_that_is_too_large_is_passed_over() {
        let text = format!("{{\"a\":\"{}\"}}\n{{\"b\":2}}", "x".repeat(MAX_OBJECT_BYTES));
        assert_eq!(scanned(&text), ["1 |TooLarge", "2 |{\"b\":2}"]);
    }
}
