//! A message as plain text: for mail, the console and tests.

use super::Message;
use crate::words::alerts;

/// Wide enough for the longest name of a fact in English.
const NAME_WIDTH: usize = 12;

/// Renders a message as lines without markup. Lines are not wrapped: that is the reader's width to decide.
pub fn plain(message: &Message) -> String {
    let language = message.language;
    let mut lines = vec![format!("[{}] {}", message.tone.word(), message.title)];
    lines.extend([&message.status].into_iter().map(ToString::to_string).filter(|status| !status.is_empty()));
    lines.extend(message.asks.iter().map(|ask| format!("! {ask}")));
    let mut row = |name: &str, value: &str| lines.push(format!("{}  {value}", padded(name)));
    for fact in &message.facts {
        row(fact.name.text(language), fact.value.as_str());
    }
    for quote in &message.evidence {
        row(alerts::evidence(language), quote.as_str());
    }
    if let Some(advice) = &message.advice {
        row(alerts::next(language), advice.as_str());
    }
    for line in &message.logs {
        row(alerts::logs(language), line.as_str());
    }
    lines.extend(message.done.iter().map(ToString::to_string));
    lines.join("\n")
}

/// The three characters that chats read as control characters: with them mentions and links begin and end.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An escaped text that was cut, without half of an escaped character at its end.
pub(super) fn without_half(mut cut: String) -> String {
    if let Some(start) = cut.rfind('&')
        && !cut.get(start..).is_some_and(|entity| entity.contains(';'))
    {
        cut.truncate(start);
    }
    cut
}

/// As wide as the others on a terminal: Japanese takes two columns a character.
fn padded(name: &str) -> String {
    let width: usize = name.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
    format!("{name}{}", " ".repeat(NAME_WIDTH.saturating_sub(width)))
}
