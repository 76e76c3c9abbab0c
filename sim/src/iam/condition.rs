//! A condition's operators.

use serde_json::Value;

use super::glob::{Glob, Reach};
use super::{Request, texts};

/// An operator with one key and its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    pub(super) set: Option<Set>,
    if_exists: bool,
    pub(super) key: String,
    pub(super) values: Vec<Wanted>,
}

/// How the values of the request are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// Of texts or truths; whether it is negated.
    Text {
        negated: bool,
    },
    /// Of texts whose case does not matter.
    TextOfAnyCase {
        negated: bool,
    },
    Arn {
        negated: bool,
    },
    /// `Null`.
    Null,
}

/// A value of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// Of a text.
    Text(Glob),
    /// Of an ARN: its six components.
    Arn(Vec<Glob>),
    /// Of `Null`: whether the key must be absent.
    Absent(bool),
}

/// Reads all of a statement's conditions; an error says what is not known.
pub(super) fn read(conditions: &Value) -> Result<Vec<Condition>, String> {
    let operators = conditions.as_object().ok_or_else(|| conditions.to_string())?;
    let mut read = Vec::new();
    for (operator, keys) in operators {
        let keys = keys.as_object().ok_or_else(|| format!("{operator} in this form"))?;
        for (key, values) in keys {
            let condition = Condition::read(operator, key, values);
            read.push(condition.ok_or_else(|| format!("{operator} of {key} in this form"))?);
        }
    }
    Ok(read)
}

impl Condition {
    fn read(name: &str, key: &str, values: &Value) -> Option<Self> {
        let (set, name) = match name.split_once(':') {
            None => (None, name),
            Some(("ForAllValues", name)) => (Some(Set::All), name),
            Some(("ForAnyValue", name)) => (Some(Set::Any), name),
            Some(_) => return None,
        };
        let (if_exists, name) = name.strip_suffix("IfExists").map_or((false, name), |name| (true, name));
        let negated = name.contains("Not");
        let (operator, has_wildcards) = match name {
            "StringEquals" | "StringNotEquals" => (Operator::Text { negated }, false),
            "StringLike" | "StringNotLike" => (Operator::Text { negated }, true),
            "StringEqualsIgnoreCase" | "StringNotEqualsIgnoreCase" => {
                (Operator::TextOfAnyCase { negated }, false)
            }
            "ArnEquals" | "ArnLike" | "ArnNotEquals" | "ArnNotLike" => (Operator::Arn { negated }, true),
            "Bool" => (Operator::TextOfAnyCase { negated: false }, false),
            "Null" if set.is_none() && !if_exists => (Operator::Null, false),
            _ => return None,
        };
        let truth = |text: &str| matches!(text, "true" | "false").then(|| text == "true");
        let wanted = |text: &str| match operator {
            Operator::Null => truth(text).map(Wanted::Absent),
            _ if name == "Bool" && truth(text).is_none() => None,
            Operator::Arn { .. } => arn(text).map(Wanted::Arn),
            Operator::TextOfAnyCase { .. } => Some(Wanted::Text(Glob::Literal(text.to_lowercase()))),
            Operator::Text { .. } if has_wildcards => Glob::read(text, Reach::Everything).map(Wanted::Text),
            // Variables stand in these, too, and are not needed.
            Operator::Text { .. } if text.contains("${") => None,
            Operator::Text { .. } => Some(Wanted::Text(Glob::Literal(text.to_owned()))),
        };
        let values = texts(values)?.into_iter().map(wanted).collect::<Option<_>>()?;
        Some(Self { operator, set, if_exists, key: key.to_owned(), values })
    }

    pub(super) fn holds(&self, request: &Request) -> bool {
        let values = request.values(&self.key).filter(|values| !values.is_empty());
        if self.operator == Operator::Null {
            return self.values.contains(&Wanted::Absent(values.is_none()));
        }
        let negated = self.operator.is_negated();
        let fits = |value: &String| {
            self.values.iter().any(|wanted| self.operator.fits(wanted, value, request)) != negated
        };
        match (values, self.set) {
            (None, Some(Set::All)) => true,
            (None, Some(Set::Any)) => self.if_exists,
            (None, None) => self.if_exists || negated,
            (Some(values), Some(Set::All)) => values.iter().all(fits),
            (Some(values), Some(Set::Any)) => values.iter().any(fits),
            (Some([value]), None) => fits(value),
            // A key with several values asks for a set operator; what IAM does without is not defined.
            (Some(_), None) => false,
        }
    }
}

impl Operator {
    fn is_negated(self) -> bool {
        match self {
            Self::Text { negated } | Self::TextOfAnyCase { negated } | Self::Arn { negated } => negated,
            Self::Null => false,
        }
    }

    fn fits(self, wanted: &Wanted, value: &str, request: &Request) -> bool {
        match (self, wanted) {
            (Self::TextOfAnyCase { .. }, Wanted::Text(glob)) => glob.matches(&value.to_lowercase(), request),
            (Self::Text { .. }, Wanted::Text(glob)) => glob.matches(value, request),
            (Self::Arn { .. }, Wanted::Arn(globs)) => {
                let components: Vec<&str> = value.splitn(6, ':').collect();
                let pairs = globs.iter().zip(&components);
                components.len() == 6
                    && pairs.into_iter().all(|(glob, component)| glob.matches(component, request))
            }
            _ => false,
        }
    }
}

/// Its six components.
fn arn(text: &str) -> Option<Vec<Glob>> {
    // A lone star stands for any ARN.
    let text = if text == "*" { "*:*:*:*:*:*" } else { text };
    let components: Vec<&str> = text.splitn(6, ':').collect();
    let globs = components.iter().map(|component| Glob::read(component, Reach::Everything));
    (components.len() == 6).then(|| globs.collect())?
}
