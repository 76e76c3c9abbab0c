//! A message as plain text: for mail, the console and tests.

use super::Message;

/// Wide enough for the longest name of a fact.
const NAME_WIDTH: usize = 12;

/// Renders a message as lines without markup. Lines are not wrapped: that is the reader's width to decide.
pub fn plain(message: &Message) -> String {
    let mut lines = vec![format!("[{}] {}", message.tone.word(), message.title), message.status.to_string()];
    lines.extend(message.asks.iter().map(|ask| format!("! {ask}")));
    for fact in &message.facts {
        lines.push(format!("{:<NAME_WIDTH$}  {}", fact.name, fact.value));
    }
    for quote in &message.evidence {
        lines.push(format!("{:<NAME_WIDTH$}  {quote}", "Evidence"));
    }
    if let Some(advice) = &message.advice {
        lines.push(format!("{:<NAME_WIDTH$}  {advice}", "Next"));
    }
    lines.extend(message.done.iter().map(ToString::to_string));
    lines.join("\n")
}
