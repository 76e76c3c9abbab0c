//! Texts with wildcards and policy variables.

use super::Request;

/// How far a `*` reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Over everything.
    Everything,
    /// Of a resource: at a segment's end over everything, elsewhere to the next colon.
    Segments,
}

/// A text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Glob {
    /// Without any.
    Literal(String),
    /// With some, or with variables.
    Parts(Vec<Part>),
}

/// A part of such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Is(char),
    /// `?`
    One,
    /// `*`; whether it passes colons.
    Any(bool),
    /// `${key}`, and its default.
    Variable(String, Option<String>),
}

impl Glob {
    /// Nothing where a variable has no end or no name.
    pub(super) fn read(text: &str, reach: Reach) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if let Some(behind) = rest.strip_prefix("${") {
                let (variable, after) = behind.split_once('}')?;
                parts.push(variable_of(variable)?);
                rest = after;
                continue;
            }
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
            let ends_segment = rest.is_empty() || rest.starts_with(':');
            parts.push(match character {
                '*' => Part::Any(reach == Reach::Everything || ends_segment),
                '?' => Part::One,
                character => Part::Is(character),
            });
        }
        let literal =
            parts.iter().map(|part| if let Part::Is(character) = part { Some(*character) } else { None });
        Some(literal.collect::<Option<String>>().map_or(Self::Parts(parts), Self::Literal))
    }

    /// Whether it stands for a text, with the request's values of its variables. One without a value stands for nothing.
    pub(super) fn matches(&self, text: &str, request: &Request) -> bool {
        let parts = match self {
            Self::Literal(literal) => return literal == text,
            Self::Parts(parts) => parts,
        };
        let Some(parts) = with_values(parts, request) else { return false };
        // By which parts the text so far may have been matched.
        let mut reached = vec![false; parts.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        pass_over(&parts, &mut reached);
        for character in text.chars() {
            let mut next = vec![false; parts.len() + 1];
            for (index, part) in parts.iter().enumerate() {
                if reached.get(index) != Some(&true) {
                    continue;
                }
                let to = match part {
                    Part::Is(wanted) if *wanted == character => index + 1,
                    Part::One => index + 1,
                    Part::Any(passes) if *passes || character != ':' => index,
                    _ => continue,
                };
                if let Some(to) = next.get_mut(to) {
                    *to = true;
                }
            }
            pass_over(&parts, &mut next);
            reached = next;
        }
        reached.last() == Some(&true)
    }

    /// A text that it stands for, with `any` for each `*`: where that stands in no policy, what stands for this text stands for all.
    pub(super) fn example(&self, any: &str) -> String {
        let text = |part: &Part| match part {
            Part::Is(character) => character.to_string(),
            Part::One => "~".to_owned(),
            Part::Any(_) => any.to_owned(),
            Part::Variable(_, default) => default.clone().unwrap_or_default(),
        };
        match self {
            Self::Literal(literal) => literal.clone(),
            Self::Parts(parts) => parts.iter().map(text).collect(),
        }
    }
}

/// With the request's values of variables; nothing where it has not one of one.
fn with_values(parts: &[Part], request: &Request) -> Option<Vec<Part>> {
    let mut valued = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Variable(key, default) => {
                let value = match request.values(key) {
                    Some([value]) => value,
                    Some(_) => return None,
                    None => default.as_ref()?,
                };
                valued.extend(value.chars().map(Part::Is));
            }
            part => valued.push(part.clone()),
        }
    }
    Some(valued)
}

/// A star may stand for nothing.
fn pass_over(parts: &[Part], reached: &mut [bool]) {
    for (index, part) in parts.iter().enumerate() {
        if reached.get(index) == Some(&true)
            && matches!(part, Part::Any(_))
            && let Some(next) = reached.get_mut(index + 1)
        {
            *next = true;
        }
    }
}

/// What stands between `${` and `}`.
fn variable_of(text: &str) -> Option<Part> {
    if let "*" | "?" | "$" = text {
        return text.chars().next().map(Part::Is);
    }
    let (key, default) = match text.split_once(',') {
        None => (text, None),
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (key, Some(quoted.to_owned()))
        }
    };
    let key = key.trim();
    (key.contains(':') && !key.contains(char::is_whitespace)).then(|| Part::Variable(key.to_owned(), default))
}
