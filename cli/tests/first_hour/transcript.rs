//! What a person saw, as the page docs/first-hour.md: ids and times, which differ each time, stand for themselves.

use std::fmt::Write as _;

const ACCOUNT: &str = "123456789012";
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// As wide as the other pages' prose.
const WIDTH: usize = 130;

#[derive(Default)]
pub(crate) struct Transcript {
    text: String,
}

impl Transcript {
    pub(crate) fn say(&mut self, prose: &str) {
        let options = textwrap::Options::new(WIDTH).word_separator(textwrap::WordSeparator::AsciiSpace);
        let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
        writeln!(self.text, "{}\n", textwrap::fill(prose, options)).unwrap();
    }

    pub(crate) fn command(&mut self, line: &str, printed: &str, code: i32) {
        self.text.push_str("```console\n");
        self.text.push_str(&steady(&format!("$ {line}")));
        self.text.push_str(&steady(printed));
        if code != 0 {
            writeln!(self.text, "$ echo $?\n{code}").unwrap();
        }
        self.text.push_str("```\n\n");
    }

    pub(crate) fn block(&mut self, kind: &str, text: &str) {
        writeln!(self.text, "```{kind}\n{}```\n", steady(text.trim_end())).unwrap();
    }

    pub(crate) fn finish(self) -> String {
        let mut text = self.text.trim_end().to_owned();
        text.push('\n');
        text
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
    // `28 Nov 10:00 UTC`, `28 Nov 2026`.
    for at in 1..words.len() {
        if MONTHS.contains(&words[at].trim_matches(|c: char| !c.is_ascii_alphanumeric()))
            && is_digits(words[at - 1], 2)
        {
            words[at - 1] = "28";
            words[at] = "Nov";
            if let Some(year) = words.get_mut(at + 1).filter(|word| word.len() == 4 && is_digits(word, 4)) {
                *year = "2026";
            }
        }
        let counted = COUNTED.iter().find(|(counted, _)| words[at] == *counted);
        if let Some((_, count)) = counted.filter(|_| words[at - 1].len() == 2 && is_digits(words[at - 1], 2))
        {
            words[at - 1] = count;
        }
    }
    words.join(" ")
}

/// Counts that depend on how fast the machine is, by what stands behind them.
const COUNTED: [(&str, &str); 3] = [("failures", "15"), ("×", "14"), ("tasks", "14")];

fn word(word: &str) -> String {
    let start = word.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0);
    let end = word.rfind(|c: char| c.is_ascii_alphanumeric()).map_or(0, |end| end + 1);
    if start >= end {
        return word.to_owned();
    }
    let (before, rest) = word.split_at(start);
    let (it, after) = rest.split_at(end - start);
    let place = |at: usize, byte: u8| it.as_bytes().get(at) == Some(&byte);
    let steady = if it.len() >= 19 && it.starts_with("20") && place(4, b'-') && it.contains('T') {
        "2026-11-28T10:00:00Z".to_owned()
    } else if it.len() == 10 && it.starts_with("20") && place(4, b'-') && place(7, b'-') {
        "2026-11-28".to_owned()
    } else if it.len() == 5 && place(2, b':') {
        "10:00".to_owned()
    } else if it.len() == 8 && place(2, b':') && place(5, b':') {
        "10:00:00".to_owned()
    } else if is_duration(it) {
        "12m".to_owned()
    } else {
        ids(&it.replace("us-east-1b", "us-east-1a"))
    };
    format!("{before}{steady}{after}")
}

/// `33s`, `12m4s`.
fn is_duration(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(['s', 'm'])
        && text.chars().all(|c| c.is_ascii_digit() || ['h', 'm', 's'].contains(&c))
}

/// The text with each id in it as one that is the same each time.
fn ids(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (it, behind) = rest.split_at(run.max(rest.chars().next().map_or(0, char::len_utf8)));
        let is_id = it.len() >= 8
            && it.chars().all(|c| c.is_ascii_hexdigit())
            && it.chars().any(|c| c.is_ascii_digit())
            && it != ACCOUNT;
        steady.push_str(match it.len() {
            64 if is_id => "c0ffee00…",
            _ if is_id => "c0ffee00",
            _ => it,
        });
        rest = behind;
    }
    steady
}

fn is_digits(text: &str, most: usize) -> bool {
    let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}
