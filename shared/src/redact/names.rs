//! Names of values, and whether they mean a secret.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::detect::{byte_at, is_token_byte};

/// No name of a setting is longer.
pub(super) const MAX_NAME: usize = 64;
/// Between `"name":"DB_PASSWORD"` and its `"value":` there is no more than this.
const MAX_BEFORE_VALUE: usize = 160;

/// Words that leave no doubt.
const SURE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "apikey",
    "secretkey",
    "secretaccesskey",
    "accesskey",
    "accountkey",
    "sharedaccesskey",
    "privatekey",
    "clientsecret",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "sessiontoken",
    "securitytoken",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "xamzsignature",
    "xamzcredential",
];
/// Words that mean a secret where they end a name of several parts: `DB_PASS`, `sig=`.
const SURE_ENDINGS: &[&str] = &["pass", "pw", "sig", "signature"];
/// Words that also stand in prose.
const DOUBTFUL: &[&str] = &["secret", "token", "credential", "credentials", "secrets", "tokens"];
/// All of these words in one pass: most names hold none.
static WORDS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(SURE.iter().chain(DOUBTFUL)).ok());
/// What may follow the word in a name that stands before a colon: `token-service:42` is no token.
const ENDINGS: &[&str] =
    &["key", "value", "prod", "production", "dev", "staging", "stage", "test", "live", "new", "old"];
/// Headers that carry credentials.
const HEADERS: &[&str] = &["authorization", "proxyauthorization", "xapikey"];
/// Headers of which everything to the end of the line is a credential.
const COOKIES: &[&str] = &["cookie", "setcookie"];

/// How sure a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// What follows is a secret.
    Sure,
    /// What follows is one if it is written like one.
    Doubtful,
    /// A header: a scheme and a token.
    Header,
    /// A header, all of whose value goes.
    Cookie,
    /// Only a value in quotes is one: `"auth": "…"` of a Docker configuration.
    InQuotes,
}

/// A name before a separator.
pub(super) struct Name {
    /// In lower case, with its punctuation.
    lower: String,
    range: Range<usize>,
}

/// The name that ends before `end`, past quotes, blanks and escapes.
pub(super) fn before(text: &str, end: usize) -> Option<Name> {
    let bytes = text.as_bytes();
    let back = |from: usize, holds: &dyn Fn(u8) -> bool| {
        let window = bytes.get(from.saturating_sub(MAX_NAME)..from).unwrap_or_default();
        from - window.iter().rev().take_while(|byte| holds(**byte)).count()
    };
    let name_end = back(end, &|byte| byte == b' ' || matches!(byte, b'"' | b'\'' | b'\\' | b']'));
    let start = back(name_end, &is_token_byte);
    Name::new(text, start..name_end)
}

impl Name {
    pub(super) fn new(text: &str, range: Range<usize>) -> Option<Self> {
        let name = text.get(range.clone()).filter(|name| !name.is_empty() && name.len() <= MAX_NAME)?;
        Some(Self { lower: name.to_ascii_lowercase(), range })
    }

    /// Whether the name means a secret; `None`: it does not.
    pub(super) fn certainty(&self, text: &str, is_assignment: bool) -> Option<Certainty> {
        let before = self.range.start.checked_sub(1).and_then(|before| byte_at(text, before));
        // Part of an ARN, a path or an image's name: it names something, and assigns nothing.
        let in_a_name = matches!(before, Some(b':' | b'/' | b'.')) && !is_assignment;
        if in_a_name {
            return None;
        }
        let plain: String = self.lower.chars().filter(char::is_ascii_alphanumeric).collect();
        if HEADERS.contains(&plain.as_str()) {
            return Some(Certainty::Header);
        }
        if COOKIES.contains(&plain.as_str()) {
            return Some(Certainty::Cookie);
        }
        if plain == "auth" {
            return Some(Certainty::InQuotes);
        }
        if plain == "value" && self.is_value_of_a_secret(text) {
            return Some(Certainty::Sure);
        }
        let may_mean = WORDS.as_ref().is_none_or(|words| words.is_match(&plain));
        if (may_mean && means(&plain, SURE, is_assignment)) || self.ends_in(SURE_ENDINGS) {
            return Some(Certainty::Sure);
        }
        (may_mean && means(&plain, DOUBTFUL, is_assignment)).then_some(Certainty::Doubtful)
    }

    fn ends_in(&self, words: &[&str]) -> bool {
        let last = self.lower.rsplit(['_', '-']).next().unwrap_or_default();
        words.contains(&last)
            || (self.lower.ends_with("pass") && self.lower.len() <= 12 && !self.lower.contains("by"))
    }

    /// `{"name": "DB_PASSWORD", "value": …}`, as ECS writes environments.
    fn is_value_of_a_secret(&self, text: &str) -> bool {
        let from = self.range.start.saturating_sub(MAX_BEFORE_VALUE);
        let Some(from) = (from..=self.range.start).find(|from| text.is_char_boundary(*from)) else {
            return false;
        };
        let before = text.get(from..self.range.start).unwrap_or_default().to_ascii_lowercase();
        let Some((_, named)) = before.rsplit_once("name") else { return false };
        named
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
            .filter(|word| !word.is_empty())
            .any(|word| {
                let plain: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
                SURE.iter().chain(DOUBTFUL).any(|secret| plain.contains(secret)) || word.ends_with("_pass")
            })
    }
}

/// Whether a word stands in the name, at its end unless something is assigned.
fn means(plain: &str, words: &[&str], is_assignment: bool) -> bool {
    words.iter().any(|word| {
        plain.rfind(word).is_some_and(|at| {
            let rest = plain.get(at + word.len()..).unwrap_or_default();
            is_assignment
                || rest.is_empty()
                || ENDINGS.contains(&rest)
                || rest.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

/// Last words of names that say something about a secret, and hold none: `TOKEN_TTL`, `SECRET_ARN`.
const ABOUT: &[&str] = &[
    "age",
    "algorithm",
    "arn",
    "audience",
    "count",
    "days",
    "dir",
    "disabled",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "file",
    "header",
    "host",
    "hours",
    "id",
    "interval",
    "issuer",
    "length",
    "lifetime",
    "location",
    "max",
    "min",
    "minutes",
    "mode",
    "name",
    "names",
    "namespace",
    "path",
    "policy",
    "port",
    "prefix",
    "provider",
    "region",
    "required",
    "rotation",
    "seconds",
    "size",
    "source",
    "store",
    "suffix",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "version",
];
/// Values of switches.
const SWITCHES: &[&str] = &["true", "false", "yes", "no", "on", "off", "none", "null", "enabled", "disabled"];

/// Whether what is called so, and is set to that, is a secret by its name.
///
/// Unlike text that is about to be shown, a setting that is only suspected is not hidden but complained of: so what names a
/// secret, says where it lies, or counts something is none.
pub(super) fn holds_a_secret(name: &str, value: &str) -> bool {
    let words: Vec<String> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect();
    let is_about = words.last().is_some_and(|last| ABOUT.contains(&last.as_str()));
    let value = value.trim();
    let is_elsewhere =
        ["arn:", "/", "./", "http://", "https://", "${"].iter().any(|begin| value.starts_with(begin));
    if value.is_empty() || is_about || is_elsewhere || SWITCHES.contains(&value.to_ascii_lowercase().as_str())
    {
        return false;
    }
    match Name::new(name, 0..name.len()).and_then(|known| known.certainty(name, true)) {
        Some(Certainty::Sure | Certainty::Header) => true,
        // `MAX_TOKENS=4096`.
        Some(Certainty::Doubtful) => !value.bytes().all(|byte| byte.is_ascii_digit()),
        Some(Certainty::Cookie | Certainty::InQuotes) | None => false,
    }
}

/// Words that are said of a secret rather than being one: `password: denied`.
pub(super) fn is_said_of_a_secret(value: &str) -> bool {
    const SAID: &[&str] = &[
        "access",
        "authentication",
        "cannot",
        "could",
        "denied",
        "does",
        "error",
        "expired",
        "failed",
        "failure",
        "has",
        "incorrect",
        "invalid",
        "is",
        "missing",
        "must",
        "no",
        "not",
        "null",
        "none",
        "required",
        "service",
        "the",
        "unable",
        "unauthorized",
        "unknown",
        "was",
        "wrong",
    ];
    let word = value.trim_end_matches([':', ',', '.', ')']).to_ascii_lowercase();
    SAID.contains(&word.as_str()) || word.ends_with("exception") || word.ends_with("error")
}
