//! Finds secrets: places where one may begin, and for each a rule that says whether there is one and where it ends.
//!
//! Every rule looks back and ahead by a bounded number of bytes, or hides what it looked at, and the search goes on
//! behind it. So the cost is linear in the text.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use super::MARK;
use super::names::{self, Certainty};

/// So much of a value tells whether it is a secret.
const MAX_LOOK: usize = 256;
/// No URL that means anything has a longer authority.
const MAX_URL: usize = 512;

/// What may begin at a place.
#[derive(Clone, Copy)]
enum Begin {
    /// An AWS access key id.
    AccessKeyId,
    /// A token that its maker marks by a prefix, with at least so many characters to come.
    Prefixed(usize),
    /// A JSON Web Token, whole or cut.
    Jwt,
    /// A PEM block.
    Pem,
    /// The path of a webhook's URL is the secret.
    Webhook,
    /// The authority of a URL may hold a password.
    Url,
    /// The token behind the scheme of an authorization header.
    Scheme,
    /// `=` or `:` behind a name.
    Separator,
    /// `--name value`.
    Flag,
    /// `-u user:password`.
    User,
}

/// Matched without regard to case; where case matters, the rule looks again.
const BEGINNINGS: &[(&str, Begin)] = &[
    ("AKIA", Begin::AccessKeyId),
    ("ASIA", Begin::AccessKeyId),
    ("ABIA", Begin::AccessKeyId),
    ("ACCA", Begin::AccessKeyId),
    ("xoxa-", Begin::Prefixed(8)),
    ("xoxb-", Begin::Prefixed(8)),
    ("xoxc-", Begin::Prefixed(8)),
    ("xoxd-", Begin::Prefixed(8)),
    ("xoxe-", Begin::Prefixed(8)),
    ("xoxe.", Begin::Prefixed(8)),
    ("xoxp-", Begin::Prefixed(8)),
    ("xoxr-", Begin::Prefixed(8)),
    ("xoxs-", Begin::Prefixed(8)),
    ("xapp-", Begin::Prefixed(8)),
    ("ghp_", Begin::Prefixed(16)),
    ("gho_", Begin::Prefixed(16)),
    ("ghu_", Begin::Prefixed(16)),
    ("ghs_", Begin::Prefixed(16)),
    ("ghr_", Begin::Prefixed(16)),
    ("github_pat_", Begin::Prefixed(16)),
    ("glpat-", Begin::Prefixed(16)),
    ("glsa_", Begin::Prefixed(16)),
    ("dckr_pat_", Begin::Prefixed(16)),
    ("npm_", Begin::Prefixed(30)),
    ("pypi-", Begin::Prefixed(30)),
    ("hf_", Begin::Prefixed(24)),
    ("hvs.", Begin::Prefixed(20)),
    ("SG.", Begin::Prefixed(20)),
    ("ya29.", Begin::Prefixed(16)),
    ("whsec_", Begin::Prefixed(12)),
    ("sk_live_", Begin::Prefixed(12)),
    ("sk_test_", Begin::Prefixed(12)),
    ("rk_live_", Begin::Prefixed(12)),
    ("rk_test_", Begin::Prefixed(12)),
    ("sk-", Begin::Prefixed(24)),
    ("GOCSPX-", Begin::Prefixed(16)),
    ("shpat_", Begin::Prefixed(16)),
    ("dop_v1_", Begin::Prefixed(16)),
    ("AGE-SECRET-KEY-1", Begin::Prefixed(16)),
    ("AIza", Begin::Prefixed(30)),
    ("eyJ", Begin::Jwt),
    ("-----BEGIN", Begin::Pem),
    ("hooks.slack.com/", Begin::Webhook),
    ("hooks.slack-gov.com/", Begin::Webhook),
    ("webhook.office.com/", Begin::Webhook),
    ("outlook.office.com/webhook/", Begin::Webhook),
    ("hooks.zapier.com/", Begin::Webhook),
    ("logic.azure.com/", Begin::Webhook),
    ("discord.com/api/", Begin::Webhook),
    ("discordapp.com/api/", Begin::Webhook),
    ("hooks.chime.aws/", Begin::Webhook),
    ("chat.googleapis.com/v1/", Begin::Webhook),
    ("api.telegram.org/", Begin::Webhook),
    ("://", Begin::Url),
    ("bearer ", Begin::Scheme),
    ("basic ", Begin::Scheme),
    ("=", Begin::Separator),
    (":", Begin::Separator),
    (">", Begin::Separator),
    ("%3D", Begin::Separator),
    ("--", Begin::Flag),
    (" -u", Begin::User),
    ("--user ", Begin::User),
];

static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(BEGINNINGS.iter().map(|(text, _)| text))
        .ok()
});

/// The places of all secrets, in order and apart from each other.
///
/// Without its automaton, which a test builds from the same table, it holds the whole text a secret.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let Some(automaton) = AUTOMATON.as_ref() else { return Vec::from([Range { start: 0, end: text.len() }]) };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(place) = automaton.find(Input::new(text).range(from..)) {
        let begin = BEGINNINGS.get(place.pattern().as_usize()).map(|(_, begin)| *begin);
        from = match begin.and_then(|begin| begin.secret(text, place.range())) {
            Some(secret) if secret.end > secret.start => {
                let end = secret.end;
                found.push(secret);
                end
            }
            _ => place.start() + 1,
        };
        while !text.is_char_boundary(from) {
            from += 1;
        }
    }
    with_secret_access_keys(text, found)
}

impl Begin {
    /// Where the secret lies that begins at `at`, if one does.
    fn secret(self, text: &str, at: Range<usize>) -> Option<Range<usize>> {
        match self {
            Self::AccessKeyId => access_key_id(text, at),
            Self::Prefixed(more) => prefixed(text, at, more),
            Self::Jwt => jwt(text, at),
            Self::Pem => pem(text, at),
            Self::Webhook => Some(webhook(text, &at)),
            Self::Url => password_in_url(text, at),
            Self::Scheme => behind_scheme(text, at.end),
            Self::Separator => pair(text, &at),
            Self::Flag => flag(text, &at),
            Self::User => user(text, at.end),
        }
    }
}

pub(super) fn byte_at(text: &str, index: usize) -> Option<u8> {
    text.as_bytes().get(index).copied()
}

fn byte_before(text: &str, index: usize) -> Option<u8> {
    index.checked_sub(1).and_then(|before| byte_at(text, before))
}

/// The end of the run of bytes from `start` for which `holds`. Runs of whole characters only: stops are ASCII.
pub(super) fn run(text: &str, start: usize, holds: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes().get(start..).unwrap_or_default();
    start + bytes.iter().take_while(|byte| holds(**byte)).count()
}

pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn follows_a_word(text: &str, start: usize) -> bool {
    byte_before(text, start).is_some_and(|byte| byte.is_ascii_alphanumeric())
}

/// Ends a value that stands without quotes.
fn ends_value(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b';' | b'<' | b'>' | b'\\' | b'`')
}

fn access_key_id(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let in_capitals = text.get(at.clone())?.bytes().all(|byte| byte.is_ascii_uppercase());
    if !in_capitals || follows_a_word(text, at.start) {
        return None;
    }
    let end = run(text, at.end, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    // Sixteen characters follow; where the text was cut, fewer do.
    (end - at.end >= 12).then_some(at.start..end)
}

fn prefixed(text: &str, at: Range<usize>, more: usize) -> Option<Range<usize>> {
    if follows_a_word(text, at.start) {
        return None;
    }
    let end = run(text, at.end, |byte| is_token_byte(byte) || byte == b'.');
    (end - at.end >= more).then_some(at.start..end)
}

fn jwt(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    if text.get(at.clone()) != Some("eyJ") || follows_a_word(text, at.start) {
        return None;
    }
    let header = run(text, at.end, is_token_byte);
    if header - at.end < 8 {
        return None;
    }
    let end = run(text, header, |byte| is_token_byte(byte) || matches!(byte, b'.' | b'='));
    let is_whole = end > header;
    (is_whole || header - at.end >= 20).then_some(at.start..end)
}

fn pem(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let head_end = run(text, at.end, |byte| byte.is_ascii_uppercase() || matches!(byte, b' ' | b'0'..=b'9'));
    if !text.get(at.end..head_end)?.contains("PRIVATE KEY") {
        return None;
    }
    let rest = text.get(head_end..)?;
    let end = rest.find("-----END").map_or(text.len(), |end| {
        let end = head_end + end + "-----END".len();
        run(text, run(text, end, |byte| byte != b'-'), |byte| byte == b'-')
    });
    Some(at.start..end)
}

fn webhook(text: &str, at: &Range<usize>) -> Range<usize> {
    let end = run(text, at.end, |byte| !ends_value(byte) && !matches!(byte, b'|' | b')' | b','));
    at.end..end
}

/// Hides the password of `scheme://user:password@host`, also where it holds a slash or an at sign.
fn password_in_url(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes().get(at.end..)?;
    let length = bytes.iter().take(MAX_URL).take_while(|byte| !ends_value(**byte)).count();
    let end = (at.end..=at.end + length).rev().find(|end| text.is_char_boundary(*end))?;
    let rest = text.get(at.end..end)?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let last_sign = rest.rfind('@')?;
    if !authority.contains('@') {
        // `host:443/path@sha256…` has a port where a password would be.
        let (user, behind) = authority.split_once(':')?;
        let is_port = behind.bytes().all(|byte| byte.is_ascii_digit());
        return (!is_port && !user.is_empty()).then(|| at.end + user.len() + 1..at.end + last_sign);
    }
    match authority.find(':').filter(|colon| *colon < last_sign) {
        Some(colon) => Some(at.end + colon + 1..at.end + last_sign),
        // A token may stand where the user would.
        None => authority.find('@').filter(|sign| *sign >= 16).map(|sign| at.end..at.end + sign),
    }
}

/// A token behind `Bearer` or `Basic`: not a word of prose.
fn behind_scheme(text: &str, start: usize) -> Option<Range<usize>> {
    let end =
        run(text, start, |byte| is_token_byte(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'='));
    let token = text.get(start..end)?;
    let has = |of: fn(&u8) -> bool| token.as_bytes().iter().skip(1).any(of);
    let is_mixed = has(u8::is_ascii_digit) || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
    (token.len() >= 24 || (token.len() >= 6 && is_mixed)).then_some(start..end)
}

/// The value behind a name that means a secret.
fn pair(text: &str, separator: &Range<usize>) -> Option<Range<usize>> {
    let name = names::before(text, separator.start)?;
    let is_assignment = byte_at(text, separator.start) != Some(b':');
    let certainty = name.certainty(text, is_assignment)?;
    let is_filler = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b':' | b'>');
    let start = run(text, separator.end, is_filler);
    if text.get(start..).is_some_and(|value| value.starts_with("arn:")) {
        return None;
    }
    let value = Value::at(text, start);
    let spaced = byte_at(text, separator.end).is_some_and(|byte| byte.is_ascii_whitespace());
    let shown = text.get(value.range.clone()).filter(|shown| !shown.is_empty())?;
    let is_prose = names::is_said_of_a_secret(shown);
    let hides = match certainty {
        Certainty::Header => return header(text, &value),
        Certainty::Cookie => {
            return Some(start..run(text, start, |byte| !matches!(byte, b'"' | b'\'' | b'\\')));
        }
        Certainty::InQuotes => value.quoted && shown.len() >= 8,
        Certainty::Sure if is_assignment || value.quoted || !spaced => true,
        // `password: hunter2`, but not `for DB_PASSWORD: AccessDeniedException: …`. What was hidden inside the value
        // already is not hidden again.
        Certainty::Sure => !is_prose && (looks_random(shown) || !shown.contains(MARK)),
        Certainty::Doubtful => is_assignment || value.quoted || (!is_prose && looks_secret(shown)),
    };
    hides.then(|| value.whole(text))
}

/// `Authorization: Basic dXNlcjpwYXNz`: the scheme stays, where there is one.
fn header(text: &str, value: &Value) -> Option<Range<usize>> {
    let word = text.get(value.range.clone())?;
    let schemes = ["basic", "bearer", "digest", "token", "apikey", "negotiate", "aws4-hmac-sha256"];
    if schemes.contains(&word.to_ascii_lowercase().as_str()) {
        let start = run(text, value.range.end, |byte| byte == b' ');
        return Some(start..run(text, start, |byte| !ends_value(byte)));
    }
    let is_token =
        value.quoted || looks_random(word) || (word.len() >= 8 && !names::is_said_of_a_secret(word));
    is_token.then(|| value.whole(text))
}

/// `name=` behind the `&` of a query: another pair.
fn begins_a_pair(text: &str, start: usize) -> bool {
    let end = name_end(text, start);
    end > start && byte_at(text, end) == Some(b'=')
}

/// The end of a name that begins at `start`.
fn name_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes().get(start..).unwrap_or_default();
    start + bytes.iter().take(names::MAX_NAME).take_while(|byte| is_token_byte(**byte)).count()
}

/// A value of a pair, of which not more is looked at than it takes to know what it is.
struct Value {
    range: Range<usize>,
    quoted: bool,
}

impl Value {
    /// The value that begins at `start`: in quotes up to the same quote, else up to what ends a value.
    fn at(text: &str, start: usize) -> Self {
        let escapes = run(text, start, |byte| byte == b'\\');
        if let Some(quote @ (b'"' | b'\'')) = byte_at(text, escapes) {
            let begin = escapes + 1;
            let end = Self::closing_quote(text, begin, quote, escapes > start);
            return Self { range: begin..end, quoted: true };
        }
        let bytes = text.as_bytes().get(start..).unwrap_or_default();
        let length = bytes.iter().take(MAX_LOOK).take_while(|byte| !ends_value(**byte)).count();
        let end = (start..=start + length).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(start);
        Self { range: start..end, quoted: false }
    }

    /// All of it, to be hidden.
    fn whole(&self, text: &str) -> Range<usize> {
        if self.quoted {
            return self.range.clone();
        }
        let start = self.range.start;
        let mut end = run(text, start, |byte| !ends_value(byte) && byte != b'&');
        while byte_at(text, end) == Some(b'&') && !begins_a_pair(text, end + 1) {
            end = run(text, end + 1, |byte| !ends_value(byte) && byte != b'&');
        }
        start..end
    }

    /// The next quote of the kind that opened the value. A text that was cut has none: then all is the value.
    fn closing_quote(text: &str, begin: usize, quote: u8, escaped: bool) -> usize {
        let mut at = begin;
        while let Some(byte) = byte_at(text, at) {
            let behind_escape = byte == b'\\' && byte_at(text, at + 1) == Some(quote);
            if behind_escape && !escaped {
                at += 2;
            } else if behind_escape || byte == quote {
                return at;
            } else {
                at += 1;
            }
        }
        text.len()
    }
}

/// `--password VALUE`.
fn flag(text: &str, at: &Range<usize>) -> Option<Range<usize>> {
    let end = name_end(text, at.end);
    let name = names::Name::new(text, at.end..end)?;
    let is_sure = matches!(name.certainty(text, true)?, Certainty::Sure | Certainty::Doubtful);
    if !is_sure || byte_at(text, end) != Some(b' ') || byte_at(text, end + 1) == Some(b'-') {
        return None;
    }
    Some(Value::at(text, run(text, end, |byte| byte == b' ')).whole(text))
}

/// `-u user:password`, `-uuser:password` and `--user user:password`, as curl takes them.
fn user(text: &str, start: usize) -> Option<Range<usize>> {
    let start = run(text, start, |byte| byte == b' ');
    let name = name_end(text, start);
    let end = run(text, name, |byte| !ends_value(byte));
    (name > start && byte_at(text, name) == Some(b':')).then_some(name + 1..end)
}

fn looks_random(value: &str) -> bool {
    let is_address = value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':'));
    value.len() >= 6 && !is_address && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Long enough to be no word, or with digits.
fn looks_secret(value: &str) -> bool {
    looks_random(value) || (value.len() >= 16 && value.bytes().all(is_token_byte))
}

/// AWS secret access keys have no mark: forty characters of base64 in mixed case, with digits.
fn with_secret_access_keys(text: &str, found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    const LENGTH: usize = 40;
    if text.len() < LENGTH {
        return found;
    }
    let is_key_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
    let mut all = Vec::with_capacity(found.len());
    let mut known = found.into_iter().peekable();
    let mut start = 0;
    while start < text.len() {
        let end = run(text, start, is_key_byte);
        while let Some(secret) = known.next_if(|secret| secret.start < end) {
            all.push(secret);
        }
        let is_apart = all.last().is_none_or(|secret: &Range<usize>| secret.end <= start);
        if end - start == LENGTH
            && is_apart
            && !is_in_an_arn(text, start)
            && text.get(start..end).is_some_and(is_mixed)
        {
            all.push(start..end);
        }
        start = end + 1;
    }
    all.extend(known);
    all
}

/// Names of load balancers and ids of tasks are as long, too.
fn is_in_an_arn(text: &str, start: usize) -> bool {
    let from = start.saturating_sub(MAX_LOOK);
    let before = text.as_bytes().get(from..start).unwrap_or_default();
    let word = before.rsplit(|byte| ends_value(*byte)).next().unwrap_or_default();
    word.windows(4).any(|window| window == b"arn:")
}

fn is_mixed(word: &str) -> bool {
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}
