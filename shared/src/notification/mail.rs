//! A message as a mail: what SNS sends to a person's address.

use super::Message;
use crate::redact::Redacted;
use crate::words::alerts;

/// SNS refuses subjects of 100 characters (`Publish` in its API reference).
const SUBJECT_CHARS: usize = 99;

/// A subject of printable ASCII in one line, the severity first: mail programs on a lock screen show little more.
pub fn subject(message: &Message) -> String {
    let title = format!("{}: {}", message.tone.word(), message.title);
    let ascii: String = title.chars().map(to_ascii).collect();
    let ascii = ascii.split_whitespace().collect::<Vec<_>>().join(" ");
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
        // What ASCII cannot say is left out: the names and the cause stand in ASCII in every language.
        '\u{3000}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}' => ' ',
        whitespace if whitespace.is_whitespace() => ' ',
        _ => '?',
    }
}

/// The text, in paragraphs: mails are read in proportional type, so nothing is aligned.
pub fn body(message: &Message) -> String {
    let language = message.language;
    let head = [&message.title, &message.status].into_iter().filter(|text| !text.as_str().is_empty());
    let mut paragraphs = vec![head.map(ToString::to_string).collect::<Vec<_>>().join("\n")];
    paragraphs.extend(message.asks.iter().map(ToString::to_string));
    let facts: Vec<String> =
        message.facts.iter().map(|fact| format!("{}: {}", fact.name.text(language), fact.value)).collect();
    if !facts.is_empty() {
        paragraphs.push(facts.join("\n"));
    }
    paragraphs.extend(quoted(alerts::evidence(language), &message.evidence));
    if let Some(advice) = &message.advice {
        paragraphs.push(format!("{}: {advice}", alerts::next(language)));
    }
    paragraphs.extend(quoted(alerts::logs(language), &message.logs));
    paragraphs.extend(message.done.iter().map(ToString::to_string));
    let links =
        message.links.iter().map(|link| format!("{}: {}", alerts::link(link.what, language), link.url));
    let links: Vec<String> = links.collect();
    if !links.is_empty() {
        paragraphs.push(links.join("\n"));
    }
    paragraphs.join("\n\n")
}

fn quoted(name: &str, texts: &[Redacted]) -> Option<String> {
    let quotes: Vec<String> = texts.iter().map(|text| format!("> {text}")).collect();
    (!quotes.is_empty()).then(|| format!("{name}:\n{}", quotes.join("\n")))
}
