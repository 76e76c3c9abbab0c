//! A message as a mail: what SNS sends to a person's address.

use super::Message;

/// SNS refuses subjects of 100 characters (`Publish` in its API reference).
const SUBJECT_CHARS: usize = 99;

/// A subject of printable ASCII in one line, the severity first: mail programs on a lock screen show little more.
pub fn subject(message: &Message) -> String {
    let title = format!("{}: {}", message.tone.word(), message.title);
    let ascii: String = title.chars().map(to_ascii).collect();
    if ascii.len() <= SUBJECT_CHARS {
        return ascii;
    }
    let mut short: String = ascii.chars().take(SUBJECT_CHARS - 3).collect();
    short.push_str("...");
    short
}

fn to_ascii(character: char) -> char {
    match character {
        ' '..='~' => character,
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201C}' | '\u{201D}' => '"',
        '\u{2010}'..='\u{2015}' => '-',
        whitespace if whitespace.is_whitespace() => ' ',
        _ => '?',
    }
}

/// The text, in paragraphs: mails are read in proportional type, so nothing is aligned.
pub fn body(message: &Message) -> String {
    let mut paragraphs = vec![format!("{}\n{}", message.title, message.status)];
    paragraphs.extend(message.asks.iter().map(ToString::to_string));
    let facts: Vec<String> =
        message.facts.iter().map(|fact| format!("{}: {}", fact.name, fact.value)).collect();
    if !facts.is_empty() {
        paragraphs.push(facts.join("\n"));
    }
    if !message.evidence.is_empty() {
        let quotes: Vec<String> = message.evidence.iter().map(|quote| format!("> {quote}")).collect();
        paragraphs.push(format!("Evidence:\n{}", quotes.join("\n")));
    }
    if let Some(advice) = &message.advice {
        paragraphs.push(format!("Next: {advice}"));
    }
    paragraphs.extend(message.done.iter().map(ToString::to_string));
    paragraphs.join("\n\n")
}
