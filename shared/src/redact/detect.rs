//! Finds secrets: a table of beginnings, and for each a rule that says where the secret ends, if it is one.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};

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
    /// `Bearer …`.
    Bearer,
    /// The value of an authorization header, to the end of the line.
    Header,
    /// The value of a pair whose name leaves no doubt.
    Named,
    /// The value of a pair whose name also stands in prose.
    MaybeNamed,
}

/// Matched without regard to case; where case matters, the rule looks again.
const BEGINNINGS: &[(&str, Begin)] = &[
    ("AKIA", Begin::AccessKeyId),
    ("ASIA", Begin::AccessKeyId),
    ("ABIA", Begin::AccessKeyId),
    ("ACCA", Begin::AccessKeyId),
    ("xoxa-", Begin::Prefixed(8)),
    ("xoxb-", Begin::Prefixed(8)),
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
    ("dckr_pat_", Begin::Prefixed(16)),
    ("npm_", Begin::Prefixed(30)),
    ("sk_live_", Begin::Prefixed(12)),
    ("rk_live_", Begin::Prefixed(12)),
    ("sk-", Begin::Prefixed(24)),
    ("AIza", Begin::Prefixed(30)),
    ("eyJ", Begin::Jwt),
    ("-----BEGIN", Begin::Pem),
    ("hooks.slack.com/", Begin::Webhook),
    ("hooks.slack-gov.com/", Begin::Webhook),
    ("webhook.office.com/", Begin::Webhook),
    ("discord.com/api/webhooks/", Begin::Webhook),
    ("discordapp.com/api/webhooks/", Begin::Webhook),
    ("hooks.chime.aws/", Begin::Webhook),
    ("chat.googleapis.com/v1/", Begin::Webhook),
    ("://", Begin::Url),
    ("bearer ", Begin::Bearer),
    ("authorization", Begin::Header),
    ("password", Begin::Named),
    ("passwd", Begin::Named),
    ("passphrase", Begin::Named),
    ("pwd", Begin::Named),
    ("api_key", Begin::Named),
    ("api-key", Begin::Named),
    ("apikey", Begin::Named),
    ("secret_key", Begin::Named),
    ("secret-key", Begin::Named),
    ("secretkey", Begin::Named),
    ("secret_access_key", Begin::Named),
    ("secretaccesskey", Begin::Named),
    ("access_key", Begin::Named),
    ("access-key", Begin::Named),
    ("accesskey", Begin::Named),
    ("accountkey", Begin::Named),
    ("client_secret", Begin::Named),
    ("client-secret", Begin::Named),
    ("clientsecret", Begin::Named),
    ("private_key", Begin::Named),
    ("private-key", Begin::Named),
    ("privatekey", Begin::Named),
    ("access_token", Begin::Named),
    ("accesstoken", Begin::Named),
    ("auth_token", Begin::Named),
    ("authtoken", Begin::Named),
    ("refresh_token", Begin::Named),
    ("session_token", Begin::Named),
    ("sessiontoken", Begin::Named),
    ("x-amz-signature", Begin::Named),
    ("x-amz-credential", Begin::Named),
    ("x-amz-security-token", Begin::Named),
    ("secret", Begin::MaybeNamed),
    ("token", Begin::MaybeNamed),
    ("credential", Begin::MaybeNamed),
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
        match begin.and_then(|begin| begin.secret(text, place.range())) {
            Some(secret) if secret.end > secret.start => {
                from = secret.end;
                found.push(secret);
            }
            _ => from = place.start() + 1,
        }
        while !text.is_char_boundary(from) {
            from += 1;
        }
    }
    add_secret_access_keys(text, &mut found);
    found
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
            Self::Bearer => bearer(text, at),
            Self::Header => header(text, at),
            Self::Named => pair(text, at, true),
            Self::MaybeNamed => pair(text, at, false),
        }
    }
}

fn byte_at(text: &str, index: usize) -> Option<u8> {
    text.as_bytes().get(index).copied()
}

fn byte_before(text: &str, index: usize) -> Option<u8> {
    index.checked_sub(1).and_then(|before| byte_at(text, before))
}

/// The end of the run of bytes from `start` for which `holds`. Runs of whole characters only: stops are ASCII.
fn run(text: &str, start: usize, holds: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes().get(start..).unwrap_or_default();
    start + bytes.iter().take_while(|byte| holds(**byte)).count()
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Ends a value that stands without quotes.
fn ends_value(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b';' | b'&' | b'<' | b'>' | b'\\' | b'`')
}

fn access_key_id(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let in_capitals = text.get(at.clone())?.bytes().all(|byte| byte.is_ascii_uppercase());
    let inside_a_word = byte_before(text, at.start).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let end = run(text, at.end, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    // Sixteen characters follow; where the text was cut, fewer do.
    (in_capitals && !inside_a_word && end - at.end >= 12).then_some(at.start..end)
}

fn prefixed(text: &str, at: Range<usize>, more: usize) -> Option<Range<usize>> {
    let inside_a_word = byte_before(text, at.start).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let end = run(text, at.end, is_token_byte);
    (!inside_a_word && end - at.end >= more).then_some(at.start..end)
}

fn jwt(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    if text.get(at.clone()) != Some("eyJ") || byte_before(text, at.start).is_some_and(is_token_byte) {
        return None;
    }
    let header = run(text, at.end, is_token_byte);
    let end = run(text, at.end, |byte| is_token_byte(byte) || matches!(byte, b'.' | b'='));
    let is_whole = end > header && header - at.end >= 8;
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

/// Hides the password of `scheme://user:password@host`, also where it holds an unescaped slash.
fn password_in_url(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let end = run(text, at.end, |byte| !ends_value(byte));
    let rest = text.get(at.end..end)?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if let Some(sign) = authority.rfind('@') {
        let user_info = authority.get(..sign)?;
        return match user_info.find(':') {
            Some(colon) => Some(at.end + colon + 1..at.end + sign),
            None => (sign >= 16).then_some(at.end..at.end + sign),
        };
    }
    let (user, behind) = authority.split_once(':')?;
    let is_port = behind.bytes().all(|byte| byte.is_ascii_digit());
    let sign = rest.rfind('@')?;
    (!is_port && !user.is_empty()).then_some(at.end + user.len() + 1..at.end + sign)
}

fn bearer(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let end =
        run(text, at.end, |byte| is_token_byte(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'='));
    let token = text.get(at.end..end)?;
    let is_word = token.len() < 12 && !token.bytes().any(|byte| byte.is_ascii_digit());
    (!is_word && token.len() >= 6).then_some(at.end..end)
}

fn header(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let (value, _) = value_start(text, at.end)?;
    let end = run(text, value, |byte| !matches!(byte, b'"' | b'\'' | b'\n' | b'\\'));
    Some(value..end)
}

/// Where the value of a pair begins, and whether it stands in quotes: behind `=`, `:` or `=>`.
fn value_start(text: &str, name_end: usize) -> Option<(usize, bool)> {
    let is_filler = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\' | b']');
    let separator = run(text, name_end, is_filler);
    if !matches!(byte_at(text, separator), Some(b'=' | b':')) {
        return None;
    }
    let behind = run(text, separator, |byte| matches!(byte, b'=' | b':' | b'>'));
    let value = run(text, behind, is_filler);
    let filler = text.get(behind..value)?;
    Some((value, filler.contains(['"', '\''])))
}

fn pair(text: &str, at: Range<usize>, certain: bool) -> Option<Range<usize>> {
    let name_end = name_end(text, at.end, certain)?;
    let Some((value, quoted)) = value_start(text, name_end) else {
        return certain.then(|| flag_value(text, &at, name_end)).flatten();
    };
    let in_an_arn = byte_at(text, name_end) == Some(b':') && byte_before(text, at.start) == Some(b':');
    if in_an_arn {
        return None;
    }
    let end = run(text, value, |byte| !ends_value(byte));
    let shown = text.get(value..end)?;
    if shown.is_empty() || shown.starts_with("arn:") {
        return None;
    }
    let is_prose = !certain && !quoted && is_prose_colon(text, name_end) && !looks_random(shown);
    (!is_prose).then_some(value..end)
}

/// A name may go on: `DB_PASSWORD_PROD`, `secretKey`. A doubtful one only by an underscore: `secretsmanager:` is none.
fn name_end(text: &str, word_end: usize, certain: bool) -> Option<usize> {
    let end = run(text, word_end, is_token_byte);
    let more = text.get(word_end..end)?;
    let accepted =
        certain || more.is_empty() || more == "s" || more.starts_with('_') || more.starts_with('-');
    accepted.then_some(end)
}

/// `--password VALUE`.
fn flag_value(text: &str, at: &Range<usize>, name_end: usize) -> Option<Range<usize>> {
    let word_start = text.get(..at.start)?.rfind(|c: char| c.is_whitespace()).map_or(0, |space| space + 1);
    if !text.get(word_start..at.start)?.starts_with("--") || byte_at(text, name_end) != Some(b' ') {
        return None;
    }
    let value = run(text, name_end, |byte| byte == b' ' || byte == b'"' || byte == b'\'');
    let end = run(text, value, |byte| !ends_value(byte));
    (byte_at(text, value) != Some(b'-')).then_some(value..end)
}

/// `name: value` as prose writes it, with a space behind the colon.
fn is_prose_colon(text: &str, name_end: usize) -> bool {
    byte_at(text, name_end) == Some(b':')
        && byte_at(text, name_end + 1).is_some_and(|b| b.is_ascii_whitespace())
}

fn looks_random(value: &str) -> bool {
    value.len() >= 8 && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// AWS secret access keys have no mark: forty characters of base64 in mixed case, with digits.
fn add_secret_access_keys(text: &str, found: &mut Vec<Range<usize>>) {
    const LENGTH: usize = 40;
    let is_key_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
    let mut start = 0;
    let mut keys = Vec::new();
    while start < text.len() {
        let end = run(text, start, is_key_byte);
        if end - start == LENGTH && text.get(start..end).is_some_and(is_mixed) {
            keys.push(start..end);
        }
        start = end + 1;
    }
    keys.retain(|key| !found.iter().any(|secret| key.start < secret.end && secret.start < key.end));
    if !keys.is_empty() {
        found.append(&mut keys);
        found.sort_by_key(|secret| secret.start);
    }
}

fn is_mixed(word: &str) -> bool {
    let has = |of: fn(&u8) -> bool| word.as_bytes().iter().any(of);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}
