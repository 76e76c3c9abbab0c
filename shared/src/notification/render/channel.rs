//! What is said of channels: what one was not told, and that one refuses messages.

use jiff::Timestamp;

use super::Style;
use crate::config::Allowance;
use crate::incident::Severity;
use crate::ledger::{ChannelRecord, HeldBack, Withheld};
use crate::notification::{Message, Tone};
use crate::redact::{Redacted, redact};
use crate::words::{self, Language, alerts};

/// So much of what was held back is named.
const MAX_NAMED: usize = 10;

pub(super) fn digest(channel: &HeldBack, budget: Allowance, style: &Style<'_>) -> Message {
    let language = style.language;
    let count = u64::try_from(channel.waiting.len()).unwrap_or_default() + channel.more;
    let title = redact(&alerts::digest(count, language));
    let line = |withheld: &Withheld| {
        let (at, why) = (words::moment(withheld.at, language), alerts::withheld(&withheld.why, language));
        redact(&format!("{at}: {} ({why})", withheld.title))
    };
    let mut done: Vec<Redacted> = channel.waiting.iter().rev().take(MAX_NAMED).map(line).collect();
    let named = u64::try_from(done.len()).unwrap_or_default();
    if count > named {
        let more = usize::try_from(count - named).unwrap_or(usize::MAX);
        done.push(redact(&alerts::and_more(more, language)));
    }
    let status = redact(&alerts::digest_status(budget, language));
    let advice = Some(redact(alerts::digest_advice(language)));
    Message { status, advice, done, ..Message::brief(Tone::Alert(Severity::Warning), title, language) }
}

pub(super) fn trouble(channel: &ChannelRecord, since: Timestamp, style: &Style<'_>) -> Message {
    let language = style.language;
    let trouble = channel.trouble.as_ref().filter(|trouble| trouble.since == since);
    let tone = if trouble.is_some() { Tone::Alert(Severity::Critical) } else { Tone::Good };
    let title = redact(&alerts::channel(&channel.channel, trouble.is_some(), language));
    let evidence = trouble.map(|trouble| trouble.problem.clone()).into_iter().collect();
    let advice = trouble.map(|_| redact(&alerts::channel_advice(&channel.channel, language)));
    let ended = channel.recovered_at.filter(|at| trouble.is_none() && *at >= since);
    let status = match (&trouble, ended) {
        (None, None) => Redacted::default(),
        _ => redact(&alerts::channel_status(since, ended, language)),
    };
    Message { status, evidence, advice, ..Message::brief(tone, title, language) }
}

/// In one line, for a thread.
pub(super) fn line(channel: &ChannelRecord, refuses: bool, language: Language) -> Redacted {
    redact(&alerts::channel(&channel.channel, refuses, language))
}
