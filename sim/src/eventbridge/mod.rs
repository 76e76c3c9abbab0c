//! Patterns of EventBridge rules, and which events they match.
//!
//! An event is flattened into its leaves, each with the place that it has in the arrays around it. A pattern is flattened into
//! ways (one for each choice of its `$or`), each a list of leaves. A way matches where each of its leaves finds one in the event,
//! and all that were found agree on the element of every array that they are in.
//!
//! What a pattern says that is not known here is an error, never a match.
//!
//! | what | source |
//! |---|---|
//! | all that is named must match; a list is of alternatives; what is not named does not matter | EventBridge User Guide, event patterns |
//! | the value of an event may be a list: one of its members must match | the same, arrays |
//! | prefix, suffix, anything-but, numeric, cidr, exists, equals-ignore-case, wildcard, `$or` | the same, comparison operators |
//! | leaves below one array match within one of its elements | Event Ruler, array consistency |
//! | exists looks at leaves: of an object or an empty list there is none | the same, README |
//! | a number is matched by how it is written: 300 is not 300.0 | EventBridge User Guide, event patterns |
//!
//! JSON's reader keeps no more of a number than whether it has a fraction or an exponent: 300.0 and 3.0e2 are one number here, and two for
//! EventBridge.

mod leaves;
mod value;

use serde_json::{Map, Value};

use leaves::{Leaf, Places, leaves_of};
use value::Matcher;

/// As many ways as a pattern may have by its `$or`.
const MOST_WAYS: usize = 1000;

/// Why something is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is not an object.
    #[error("{at}: a pattern is an object, and each of its values an object or a list")]
    Shape {
        /// Where, as a JSON pointer.
        at: String,
    },
    /// An object or a list without members, which EventBridge refuses.
    #[error("{at}: EventBridge refuses an empty object or list")]
    Empty {
        /// Where.
        at: String,
    },
    /// A comparison that is not known, or not in this form.
    #[error("{at}: {what} is no comparison that is known here")]
    Comparison {
        /// Where.
        at: String,
        /// What stands there.
        what: String,
    },
    /// Too many ways.
    #[error("{at}: its `$or` make more than {MOST_WAYS} ways")]
    Ways {
        /// Where.
        at: String,
    },
}

/// A rule's pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    ways: Vec<Way>,
}

/// Leaves that must all be found.
type Way = Vec<Wanted>;

#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    path: Vec<String>,
    /// One of them must match.
    any: Vec<Matcher>,
}

impl Pattern {
    /// Reads a pattern, as a rule has it.
    pub fn read(pattern: &Value) -> Result<Self, PatternError> {
        let mut ways = ways_of(pattern, &[])?;
        for way in &mut ways {
            // What is absent is looked for among what was found before it: EventBridge goes by the names in order.
            way.sort_by(|one, other| one.path.cmp(&other.path));
        }
        Ok(Self { ways })
    }

    /// Whether an event matches.
    pub fn matches(&self, event: &Value) -> bool {
        let leaves = leaves_of(event);
        self.ways.iter().any(|way| is_found(way, &leaves))
    }
}

fn is_found(way: &Way, leaves: &[Leaf<'_>]) -> bool {
    let mut reached = vec![Places::default()];
    for wanted in way {
        let mut next: Vec<Places> = Vec::new();
        for places in &reached {
            next.extend(found(wanted, leaves, places));
        }
        next.sort();
        next.dedup();
        if next.is_empty() {
            return false;
        }
        reached = next;
    }
    true
}

/// The places at which a leaf is found that agree with those that were found before.
fn found<'event>(
    wanted: &'event Wanted,
    leaves: &'event [Leaf<'event>],
    places: &'event Places,
) -> impl Iterator<Item = Places> + 'event {
    let here = move || {
        let of_path = leaves.iter().filter(move |leaf| leaf.path == wanted.path);
        of_path.filter_map(move |leaf| Some((leaf, places.with(&leaf.places)?)))
    };
    let present = here()
        .filter(|(leaf, _)| wanted.any.iter().any(|matcher| matcher.matches(leaf.value)))
        .map(|(_, places)| places);
    let absent = wanted.any.contains(&Matcher::Absent) && here().next().is_none();
    present.chain(absent.then(|| places.clone()))
}

fn pointer(path: &[String]) -> String {
    if path.is_empty() { "the pattern".to_owned() } else { format!("/{}", path.join("/")) }
}

/// The ways below a path.
fn ways_of(pattern: &Value, path: &[String]) -> Result<Vec<Way>, PatternError> {
    match pattern {
        Value::Object(members) if members.is_empty() => Err(PatternError::Empty { at: pointer(path) }),
        Value::Object(members) => of_object(members, path),
        Value::Array(any) if any.is_empty() => Err(PatternError::Empty { at: pointer(path) }),
        Value::Array(any) if !path.is_empty() => {
            let any = any.iter().map(|one| {
                Matcher::read(one)
                    .ok_or_else(|| PatternError::Comparison { at: pointer(path), what: one.to_string() })
            });
            Ok(vec![vec![Wanted { path: path.to_vec(), any: any.collect::<Result<_, _>>()? }]])
        }
        _ => Err(PatternError::Shape { at: pointer(path) }),
    }
}

fn of_object(members: &Map<String, Value>, path: &[String]) -> Result<Vec<Way>, PatternError> {
    let mut ways: Vec<Way> = vec![Vec::new()];
    for (name, member) in members {
        let below = match (name.as_str(), member) {
            ("$or", Value::Array(choices)) if choices.len() < 2 || !choices.iter().all(Value::is_object) => {
                let what = "`$or` of fewer than two objects".to_owned();
                return Err(PatternError::Comparison { at: pointer(path), what });
            }
            ("$or", Value::Array(choices)) => {
                let ways = choices.iter().map(|choice| ways_of(choice, path));
                ways.collect::<Result<Vec<_>, _>>()?.concat()
            }
            _ => ways_of(member, &[path, std::slice::from_ref(name)].concat())?,
        };
        if ways.len().saturating_mul(below.len()) > MOST_WAYS {
            return Err(PatternError::Ways { at: pointer(path) });
        }
        let with = |way: &Way| below.iter().map(|more| [way.as_slice(), more].concat()).collect::<Vec<_>>();
        ways = ways.iter().flat_map(with).collect();
    }
    Ok(ways)
}

#[cfg(test)]
mod tests;
