//! `jobs[].retry`: what follows failures.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch::{EndingKind, RetryRule, Then};
use crate::config::Glob;
use crate::config::file::fault::Check;
use crate::config::file::form::{OnOff, Words, the_word, word};
use crate::diagnosis::Cause;

/// The most rules.
const MAX_RULES: usize = 50;
/// The longest glob of a reason: ECS writes at most so much.
const MAX_REASON: usize = 1_024;
/// What a failed task's memory may become, in percent.
const PERCENT: (u32, u32) = (100, 1_000);

/// What follows failures of some kind: all that it says of them must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retry {
    /// Its cause, or `run_timeout` or `provision_timeout`, is one of these. By default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causes: Option<Vec<Ending>>,
    /// The exit code is one of these, such as `1` or `75-78`. By default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_codes: Option<Vec<ExitCodes>>,
    /// A reason that ECS gives is like this; `*` stands for any characters, `?` for one. By default any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1_024)))]
    pub reason: Option<String>,
    /// What follows.
    #[serde(deserialize_with = "the_word")]
    pub then: Next,
    /// With `retry`: whether it goes on demand. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub on_demand: Option<OnOff>,
    /// With `retry`: so much memory, of what the failed one had. Default `100%`, to `1000%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Percent>,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Next {
    /// Another attempt, while there is one left.
    Retry,
    /// It has failed at once.
    Fail,
    /// It counts as a success.
    Ignore,
    /// It is done, and counts neither as a success nor as a failure.
    Skip,
}

impl Words for Next {
    const EXPECTED: &'static str = "`retry`, `fail`, `ignore` or `skip`";
}

/// Checks all rules.
pub(super) fn check(rules: &[Retry], check: &mut Check<'_>) -> Vec<RetryRule> {
    if rules.len() > MAX_RULES {
        check.whole(format!(
            "{} rules; at most {MAX_RULES}: one can name several causes and exit codes",
            rules.len()
        ));
    }
    let mut checked: Vec<RetryRule> = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let mut check = check.entry(index);
        let rule = rule.check(&mut check);
        if checked.iter().any(|before| is_about_all(before) || is_about_the_same(before, &rule)) {
            check.whole("is never reached: a rule before it holds for all that this one is about");
        }
        checked.push(rule);
    }
    checked
}

fn is_about_all(rule: &RetryRule) -> bool {
    rule.endings.is_empty() && rule.exit_codes.is_empty() && rule.reason.is_none()
}

fn is_about_the_same(one: &RetryRule, other: &RetryRule) -> bool {
    one.endings == other.endings && one.exit_codes == other.exit_codes && one.reason == other.reason
}

impl Retry {
    pub(super) fn of(rule: &RetryRule) -> Self {
        let (then, on_demand, memory) = match rule.then {
            Then::Retry { on_demand, memory_percent } => {
                (Next::Retry, Some(OnOff::of(on_demand)), Some(Percent(memory_percent)))
            }
            Then::Fail => (Next::Fail, None, None),
            Then::Ignore => (Next::Ignore, None, None),
            Then::Skip => (Next::Skip, None, None),
        };
        let causes: Vec<Ending> = rule.endings.iter().map(|ending| Ending(*ending)).collect();
        let exit_codes: Vec<ExitCodes> =
            rule.exit_codes.iter().map(|codes| ExitCodes(*codes.start(), *codes.end())).collect();
        Self {
            causes: Some(causes).filter(|causes| !causes.is_empty()),
            exit_codes: Some(exit_codes).filter(|codes| !codes.is_empty()),
            reason: rule.reason.as_ref().map(|glob| glob.as_str().to_owned()),
            then,
            on_demand,
            memory,
        }
    }

    fn check(&self, check: &mut Check<'_>) -> RetryRule {
        if let Some(reason) = &self.reason
            && (reason.is_empty() || reason.chars().count() > MAX_REASON)
        {
            check.fault(
                "reason",
                format!("no reason is like this: 1 to {MAX_REASON} characters, such as `*reset by peer*`"),
            );
        }
        if self.then != Next::Retry {
            for (key, is_said) in [("on_demand", self.on_demand.is_some()), ("memory", self.memory.is_some())]
            {
                if is_said {
                    check.fault(key, "is for `then: retry`: nothing else has another attempt");
                }
            }
        }
        let then = match self.then {
            Next::Retry => Then::Retry {
                on_demand: self.on_demand.is_some_and(OnOff::is_on),
                memory_percent: self.check_memory(check),
            },
            Next::Fail => Then::Fail,
            Next::Ignore => Then::Ignore,
            Next::Skip => Then::Skip,
        };
        RetryRule {
            endings: self.causes.iter().flatten().map(|Ending(ending)| *ending).collect(),
            exit_codes: self
                .exit_codes
                .iter()
                .flatten()
                .map(|ExitCodes(first, last)| *first..=*last)
                .collect(),
            reason: self.reason.as_deref().map(Glob::new),
            then,
        }
    }

    fn check_memory(&self, check: &mut Check<'_>) -> u32 {
        let Some(Percent(percent)) = self.memory else { return 100 };
        let (least, most) = PERCENT;
        if !(least..=most).contains(&percent) {
            check.out_of_bounds(
                "memory",
                &Percent(percent),
                &Percent(least),
                &Percent(most),
                "with less it fails again, and who needs ten times as much says so in `memory`",
            );
        }
        percent
    }
}

/// A cause, or a time that was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending(pub EndingKind);

static ENDINGS: LazyLock<Vec<&'static str>> = LazyLock::new(|| Ending::all().map(Ending::as_str).collect());

impl Ending {
    fn all() -> impl Iterator<Item = Self> {
        let causes = Cause::ALL.iter().map(|cause| EndingKind::Cause(*cause));
        causes.chain([EndingKind::RunTimeout, EndingKind::ProvisionTimeout]).map(Self)
    }

    fn as_str(self) -> &'static str {
        match self.0 {
            EndingKind::Cause(cause) => cause.as_str(),
            EndingKind::RunTimeout => "run_timeout",
            EndingKind::ProvisionTimeout => "provision_timeout",
        }
    }
}

impl Serialize for Ending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Ending {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Ending;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cause such as `out_of_memory`, `run_timeout` or `provision_timeout`; docs/causes.md has all causes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Ending, E> {
                Ending::all()
                    .find(|ending| ending.as_str() == text)
                    .ok_or_else(|| E::unknown_variant(text, ENDINGS.as_slice()))
            }
        }
        deserializer.deserialize_any(Word)
    }
}

/// Exit codes from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitCodes(pub i64, pub i64);

/// Why a text is no exit code, and no range of such.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExitCodesError {
    /// `many`
    #[error("`{0}` is no exit code: write one such as `1`, or a range such as `75-78`")]
    Malformed(String),
    /// `0`
    #[error("0 is the exit code of what did not fail: write one from 1 to {}", i32::MAX)]
    NoFailure,
    /// `78-75`
    #[error("`{0}` begins behind its end")]
    Backwards(String),
}

impl FromStr for ExitCodes {
    type Err = ExitCodesError;

    fn from_str(text: &str) -> Result<Self, ExitCodesError> {
        let code = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i32>().ok().filter(|_| is_number).map(i64::from)
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Some(first), Some(last)) = (code(first.trim()), code(last.trim())) else {
            return Err(ExitCodesError::Malformed(text.to_owned()));
        };
        match (first, last) {
            (0, _) | (_, 0) => Err(ExitCodesError::NoFailure),
            _ if last < first => Err(ExitCodesError::Backwards(text.to_owned())),
            _ => Ok(Self(first, last)),
        }
    }
}

impl Serialize for ExitCodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(first, last) = self;
        if first == last {
            serializer.serialize_i64(*first)
        } else {
            serializer.collect_str(&format_args!("{first}-{last}"))
        }
    }
}

impl<'de> Deserialize<'de> for ExitCodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrRange;
        impl Visitor<'_> for NumberOrRange {
            type Value = ExitCodes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an exit code such as `1`, or a range such as `75-78`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ExitCodes, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ExitCodes, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(NumberOrRange)
    }
}

/// So many percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub u32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Percent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a percentage such as `150%`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Percent, E> {
                let digits =
                    text.strip_suffix('%').filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let number = digits.and_then(|digits| digits.parse().ok());
                number.map(Percent).ok_or_else(|| {
                    E::custom(format_args!("`{text}` is no percentage: write one such as `150%`"))
                })
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Percent, E> {
                Err(E::custom(format_args!("`{number}` has no unit; write `{number}%`")))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Ending {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ending".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A cause, or `run_timeout` or `provision_timeout`.",
            "type": "string",
            "enum": *ENDINGS,
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ExitCodes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ExitCodes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An exit code such as `1`, or a range such as `75-78`.",
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": i32::MAX},
                {"type": "string", "pattern": r"^\s*[0-9]+\s*(-\s*[0-9]+\s*)?$"},
            ],
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Percent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Such as `150%`.",
            "type": "string",
            "pattern": "^[0-9]+%$",
        })
    }
}
