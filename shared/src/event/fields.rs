//! Reads the fields of a JSON object tolerantly, and keeps count of what it did not know.
//!
//! ECS adds fields, enum values and detail-types without notice, and trims or blanks others. So a reader *takes* each
//! field that it knows out of the object: a missing, null, empty or oddly typed optional field is absent, and what is
//! left in the object at the end is counted as unrecognised. Only what nothing can be said without is required, and its
//! absence is an error that names the field by its path.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;

use super::json::{Json, Object};
use super::time;

/// How many unrecognised paths are kept by name; beyond it they are only counted.
const KEPT_PATHS: usize = 16;

/// ECS's own longest texts have 1,024 characters. What is longer is cut: it is nobody's reason.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// A required field that is missing or not what it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {problem}")]
pub struct FieldError {
    /// The field's path from the event's root, such as `detail.lastStatus`.
    pub path: String,
    /// What is wrong with it, such as `is missing`.
    pub problem: String,
}

/// What an event held that this version does not know. Never fatal: a reason to look for an update.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unrecognised {
    paths: Vec<String>,
    count: usize,
}

impl Unrecognised {
    /// Paths of unknown fields, `path=value` of unknown enum values, the first sixteen of them.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// How many there were in all.
    pub fn count(&self) -> usize {
        self.count
    }

    fn note(&mut self, path: impl FnOnce() -> String) {
        self.count += 1;
        if self.paths.len() < KEPT_PATHS {
            self.paths.push(path());
        }
    }
}

/// Where an object stands, put into words only when somebody asks.
#[derive(Clone, Copy)]
enum Path<'p> {
    Of(&'p str),
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(root) => f.write_str(root),
            Self::Member(Path::Of(""), name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}

/// One JSON object on its way to becoming a domain type.
pub(crate) struct Fields<'u, 't> {
    object: Object<'t>,
    path: Path<'u>,
    unrecognised: &'u mut Unrecognised,
}

impl<'u, 't> Fields<'u, 't> {
    pub(crate) fn new(object: Object<'t>, path: &'u str, seen: &'u mut Unrecognised) -> Self {
        Self { object, path: Path::Of(path), unrecognised: seen }
    }

    /// `value` as an object, or an error that names `path`.
    pub(crate) fn of_value(
        value: Json<'t>,
        path: &'u str,
        seen: &'u mut Unrecognised,
    ) -> Result<Self, FieldError> {
        match value {
            Json::Object(object) => Ok(Self::new(object, path, seen)),
            other => Err(FieldError {
                path: path.to_owned(),
                problem: format!("must be an object, but is {}", kind_of(&other)),
            }),
        }
    }

    fn path_of(&self, name: &str) -> String {
        Path::Member(&self.path, name).to_string()
    }

    fn odd(&mut self, name: &str, value: &Json<'t>) {
        let path = self.path_of(name);
        self.unrecognised.note(|| format!("{path} ({})", kind_of(value)));
    }

    fn take(&mut self, name: &str) -> Option<Json<'t>> {
        self.object.take(name).filter(|value| !value.is_null())
    }

    /// Marks fields as known that this crate has no use for, or must not keep: environments and overrides are dropped
    /// here, and so can never be printed.
    pub(crate) fn skip(&mut self, names: &[&str]) {
        for name in names {
            self.object.take(name);
        }
    }

    /// The value as it is, whatever it is.
    pub(crate) fn raw(&mut self, name: &str) -> Option<Json<'t>> {
        self.take(name)
    }

    /// A look at a text without taking it.
    pub(crate) fn peek(&self, name: &str) -> Option<&str> {
        self.object.get(name).and_then(Json::as_str)
    }

    /// Drops all that is left, uncounted: for objects whose schema is somebody else's.
    pub(crate) fn discard(&mut self) {
        self.object = Object::default();
    }

    /// A text, or a number or truth value as its text; absent when empty.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.word(name).map(Cow::into_owned)
    }

    /// [`Fields::text`], of which only what is needed is copied.
    pub(crate) fn word(&mut self, name: &str) -> Option<Cow<'t, str>> {
        match self.take(name)? {
            Json::Text(text) if text.trim().is_empty() => None,
            Json::Text(text) => Some(bounded(text)),
            Json::Number(number) => Some(Cow::Owned(number.to_string())),
            Json::Bool(truth) => Some(Cow::Owned(truth.to_string())),
            other => {
                self.odd(name, &other);
                None
            }
        }
    }

    /// A text that nothing can be said without.
    pub(crate) fn required_text(&mut self, name: &str) -> Result<String, FieldError> {
        match self.take(name) {
            Some(Json::Text(text)) if !text.trim().is_empty() => Ok(text.into_owned()),
            Some(Json::Text(_)) => self.refuse(name, "is empty"),
            Some(other) => self.refuse(name, &format!("must be a text, but is {}", kind_of(&other))),
            None => self.refuse(name, "is missing"),
        }
    }

    fn refuse<T>(&self, name: &str, problem: &str) -> Result<T, FieldError> {
        Err(FieldError { path: self.path_of(name), problem: problem.to_owned() })
    }

    /// A point in time in any form that ECS, its API or its command line writes; anything else is absent.
    pub(crate) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.take(name)?;
        let moment = time::lenient(&value);
        if moment.is_none() && value.as_str().is_none_or(|text| !text.is_empty()) {
            self.odd(name, &value);
        }
        moment
    }

    /// A whole number, also where it was written as a text.
    pub(crate) fn integer(&mut self, name: &str) -> Option<i64> {
        let value = self.take(name)?;
        let number = match &value {
            Json::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Json::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.odd(name, &value);
        }
        number
    }

    /// A truth value.
    pub(crate) fn truth(&mut self, name: &str) -> Option<bool> {
        let value = self.take(name)?;
        let truth = if let Json::Bool(truth) = value { Some(truth) } else { None };
        if truth.is_none() {
            self.odd(name, &value);
        }
        truth
    }

    /// The texts of a list; what is not a text is passed over.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(Json::List(items)) = self.take(name) else { return Vec::new() };
        items
            .into_iter()
            .filter_map(|item| match item {
                Json::Text(text) if !text.is_empty() => Some(text.into_owned()),
                _ => None,
            })
            .collect()
    }

    /// Reads the objects of a list, at most `limit` of them; what is not an object is counted and passed over.
    pub(crate) fn each<T>(
        &mut self,
        name: &str,
        limit: usize,
        mut read: impl FnMut(&mut Fields<'_, 't>) -> T,
    ) -> Vec<T> {
        let items = match self.take(name) {
            Some(Json::List(items)) => items,
            Some(other) => {
                self.odd(name, &other);
                return Vec::new();
            }
            None => return Vec::new(),
        };
        let list = Path::Member(&self.path, name);
        let mut read_items = Vec::with_capacity(items.len().min(limit));
        for (index, item) in items.into_iter().enumerate() {
            let path = Path::Item(&list, index);
            match item {
                Json::Object(object) if read_items.len() < limit => {
                    let mut fields = Fields { object, path, unrecognised: &mut *self.unrecognised };
                    read_items.push(read(&mut fields));
                    fields.finish();
                }
                _ => self.unrecognised.note(|| path.to_string()),
            }
        }
        read_items
    }

    /// Reads an object inside this one.
    pub(crate) fn inside<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'_, 't>) -> T) -> Option<T> {
        match self.take(name)? {
            Json::Object(object) => {
                let path = Path::Member(&self.path, name);
                let mut fields = Fields { object, path, unrecognised: &mut *self.unrecognised };
                let value = read(&mut fields);
                fields.finish();
                Some(value)
            }
            other => {
                self.odd(name, &other);
                None
            }
        }
    }

    /// Counts a value of an enum that is not known, with its text.
    pub(crate) fn unknown_value(&mut self, name: &str, text: &str) {
        let path = self.path_of(name);
        let shown: String = text.chars().take(40).collect();
        self.unrecognised.note(|| format!("{path}={shown}"));
    }

    /// Counts what nobody took.
    pub(crate) fn finish(&mut self) {
        let left = std::mem::take(&mut self.object);
        if left.is_empty() {
            return;
        }
        for name in left.names() {
            let path = self.path_of(name);
            self.unrecognised.note(|| path.chars().take(80).collect());
        }
    }
}

/// Cuts a text between characters.
fn bounded(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT_BYTES {
        return text;
    }
    let end = (0..=MAX_TEXT_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    Cow::Owned(text.get(..end).unwrap_or_default().to_owned())
}

/// Tools that know only floating-point numbers write 137 as 137.0.
fn whole(number: f64) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "bounded and without a fraction")]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn kind_of(value: &Json<'_>) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::Text(_) => "a text",
        Json::List(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// Defines an enum of ECS with a place for values that are not known yet: they keep their text.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A value that this version does not know, as it was written.
            Other(String),
        }

        impl $name {
            /// The value for a text; a text that is not known is kept.
            pub fn from_text(text: impl Into<String> + AsRef<str>) -> Self {
                match text.as_ref() {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text.into()),
                }
            }

            /// The text as ECS writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }

            #[allow(dead_code, reason = "not every enum is read as a field")]
            pub(crate) fn take(fields: &mut $crate::event::fields::Fields<'_, '_>, name: &str) -> Option<Self> {
                let value = Self::from_text(fields.word(name)?);
                if let Self::Other(text) = &value {
                    fields.unknown_value(name, text);
                }
                Some(value)
            }
        }
    };
}
pub(crate) use open_enum;
