//! What a person saw, as the page docs/first-hour.md: ids and times, which differ each time, stand for themselves.

use std::fmt::Write as _;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[derive(Default)]
pub(crate) struct Transcript {
    text: String,
    open: bool,
}

impl Transcript {
    pub(crate) fn say(&mut self, prose: &str) {
        self.close();
        writeln!(self.text, "{prose}\n").unwrap();
    }

    pub(crate) fn command(&mut self, line: &str, printed: &str, code: i32) {
        self.close();
        self.text.push_str("```console\n");
        self.open = true;
        writeln!(self.text, "$ {line}").unwrap();
        self.text.push_str(&steady(printed));
        if code != 0 {
            writeln!(self.text, "$ echo $?\n{code}").unwrap();
        }
        self.close();
    }

    pub(crate) fn block(&mut self, kind: &str, text: &str) {
        self.close();
        writeln!(self.text, "```{kind}\n{}\n```\n", steady(text.trim_end())).unwrap();
    }

    pub(crate) fn finish(mut self) -> String {
        self.close();
        let mut text = self.text.trim_end().to_owned();
        text.push('\n');
        text
    }

    fn close(&mut self) {
        if self.open {
            self.text.push_str("```\n\n");
            self.open = false;
        }
    }
}

/// The text with ids and times that are the same each time.
pub(crate) fn steady(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    if lines.is_empty() { String::new() } else { format!("{}\n", lines.join("\n")) }
}

fn line(line: &str) -> String {
    let words: Vec<String> = line.split(' ').map(word).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    // `28 Nov 10:00 UTC`, `28 Nov`.
    for at in 1..words.len() {
        if MONTHS.contains(&words[at].trim_matches(|c: char| !c.is_ascii_alphanumeric()))
            && is_digits(words[at - 1], 2)
        {
            words[at - 1] = "28";
            words[at] = "Nov";
        }
    }
    words.join(" ")
}

fn word(word: &str) -> String {
    let start = word.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0);
    let end = word.rfind(|c: char| c.is_ascii_alphanumeric()).map_or(0, |end| end + 1);
    if start >= end {
        return word.to_owned();
    }
    let (before, rest) = word.split_at(start);
    let (it, after) = rest.split_at(end - start);
    let is_hex = |text: &str| {
        text.len() >= 8
            && text.chars().all(|c| c.is_ascii_hexdigit())
            && text.chars().any(|c| c.is_ascii_digit())
    };
    let steady = if is_hex(it) && it.len() == 64 {
        format!("{}…", "c0ffee00")
    } else if is_hex(it) && it.len() < 64 && !it.chars().all(|c| c.is_ascii_digit()) {
        "c0ffee00".to_owned()
    } else if let Some((path, id)) = it.rsplit_once('/').filter(|(_, id)| is_hex(id)) {
        let _ = id;
        format!("{path}/0123456789abcdef")
    } else if it.len() >= 19 && it.as_bytes()[4] == b'-' && it.contains('T') && it.starts_with("20") {
        "2026-11-28T10:00:00Z".to_owned()
    } else if it.len() == 10 && it.starts_with("20") && it.as_bytes()[4] == b'-' && it.as_bytes()[7] == b'-' {
        "2026-11-28".to_owned()
    } else if it.len() == 5
        && it.as_bytes()[2] == b':'
        && it.chars().filter(char::is_ascii_digit).count() == 4
    {
        "10:00".to_owned()
    } else if it.len() == 8 && it.as_bytes()[2] == b':' && it.as_bytes()[5] == b':' {
        "10:00:00".to_owned()
    } else {
        it.to_owned()
    };
    format!("{before}{steady}{after}")
}

fn is_digits(text: &str, most: usize) -> bool {
    let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}
