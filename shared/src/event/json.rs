//! JSON as it stands in a text: strings that need no change are borrowed from it, and objects keep their members as they came.
//!
//! An event has some hundred strings, of which a dozen are kept. `serde_json::Value` copies each of them, and sorts the names of
//! each object into a tree; here they are looked through once, and copied where they are kept. Of members with one name the last
//! holds, as in `serde_json`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Up to so many members are looked through one by one; more than ECS ever sends are sorted, so that a hostile object costs no
/// more than its length and its logarithm.
const FEW: usize = 48;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Json<'t>>),
    Object(Object<'t>),
}

/// An object's members, of which each may be taken once.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Object<'t> {
    members: Vec<(Cow<'t, str>, Option<Json<'t>>)>,
    is_sorted: bool,
}

impl<'t> Json<'t> {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A member, where this is an object that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'t>> {
        if let Self::Object(object) = self { object.get(name) } else { None }
    }
}

impl<'t> Object<'t> {
    fn of(members: Vec<(Cow<'t, str>, Option<Json<'t>>)>) -> Self {
        let mut object = Self { members, is_sorted: false };
        if object.members.len() > FEW {
            // Stable: of equal names the last stays the last.
            object.members.sort_by(|(a, _), (b, _)| a.cmp(b));
            object.is_sorted = true;
        }
        object
    }

    /// The place of the last member of that name.
    fn place(&self, name: &str) -> Option<usize> {
        if self.is_sorted {
            let behind = self.members.partition_point(|(known, _)| known.as_ref() <= name);
            let last = behind.checked_sub(1)?;
            return self.members.get(last).is_some_and(|(known, _)| known == name).then_some(last);
        }
        self.members.iter().rposition(|(known, _)| known == name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json<'t>> {
        self.members.get(self.place(name)?)?.1.as_ref()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Takes a member out: it is not there any more, and neither are others of its name.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json<'t>> {
        let place = self.place(name)?;
        self.members.get_mut(place)?.1.take()
    }

    /// The names of what is there still, in order, each once.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.members.iter().map(|(name, _)| name.as_ref()).collect();
        if !self.is_sorted {
            names.sort_unstable();
        }
        names.dedup();
        names.retain(|name| self.contains(name));
        names
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.iter().all(|(_, value)| value.is_none())
    }

    /// Adds a member in the place of others of its name.
    pub(crate) fn put(&mut self, name: &'static str, value: Json<'t>) {
        if let Some((_, known)) = self.place(name).and_then(|place| self.members.get_mut(place)) {
            *known = Some(value);
            return;
        }
        let mut members = std::mem::take(&mut self.members);
        members.push((Cow::Borrowed(name), Some(value)));
        *self = Self::of(members);
    }
}

impl From<Value> for Json<'static> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(Cow::Owned(text)),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => Self::Object(map.into()),
        }
    }
}

impl From<Map<String, Value>> for Object<'static> {
    fn from(map: Map<String, Value>) -> Self {
        Self::of(map.into_iter().map(|(name, value)| (Cow::Owned(name), Some(value.into()))).collect())
    }
}

impl<'de: 't, 't> Deserialize<'de> for Json<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfJson)
    }
}

struct OfJson;

impl<'de> Visitor<'de> for OfJson {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, Some(value)));
        }
        Ok(Json::Object(Object::of(members)))
    }
}

/// A member's name: serde's own `Cow` is always a copy.
struct Name<'t>(Cow<'t, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OfName)
    }
}

struct OfName;

impl<'de> Visitor<'de> for OfName {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Json<'_> {
        serde_json::from_str(text).unwrap()
    }

    fn object(text: &str) -> Object<'_> {
        match read(text) {
            Json::Object(object) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_text_is_read_as_serde_json_reads_it() {
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "137.0",
            "1e300",
            r#""a text""#,
            r#""with \"escapes\" and \u00e9""#,
            r#"[1, [], {}, [{"a": null}]]"#,
            r#"{"b": 1, "a": {"c": [true, false]}, "": ""}"#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            // Objects of a `Value` come sorted: members are compared by name.
            assert_eq!(sorted(read(text)), sorted(Json::from(value)), "{text}");
        }
    }

    fn sorted(value: Json<'_>) -> Json<'_> {
        match value {
            Json::Object(mut object) => {
                object.members.sort_by(|(a, _), (b, _)| a.cmp(b));
                for (_, member) in &mut object.members {
                    *member = member.take().map(sorted);
                }
                Json::Object(object)
            }
            Json::List(items) => Json::List(items.into_iter().map(sorted).collect()),
            other => other,
        }
    }

    #[test]
    fn what_needs_no_change_is_borrowed() {
        assert!(matches!(read(r#""plain""#), Json::Text(Cow::Borrowed("plain"))));
        assert!(matches!(read(r#""with \"escapes\"""#), Json::Text(Cow::Owned(_))));
    }

    #[test]
    fn of_members_with_one_name_the_last_holds_and_goes_with_the_others() {
        let wide: Vec<String> = (0..2 * FEW).map(|number| format!(r#","m{number}": 0"#)).collect();
        let wide = wide.concat();
        for text in [r#"{"a": 1, "b": 2, "a": 3}"#.to_owned(), format!(r#"{{"a": 1, "b": 2, "a": 3{wide}}}"#)]
        {
            let mut object = object(&text);
            assert_eq!(object.get("a"), Some(&Json::Number(3.into())), "{text}");
            assert_eq!(object.take("a"), Some(Json::Number(3.into())));
            assert_eq!(object.get("a"), None);
            assert_eq!(object.take("a"), None);
            assert_eq!(object.names().first(), Some(&"b"));
            assert!(object.get("nothing").is_none() && object.contains("b"));
        }
    }

    #[test]
    fn a_member_that_is_put_stands_for_others_of_its_name() {
        let mut object = object(r#"{"b": 1}"#);
        object.put("a", Json::Null);
        object.put("b", Json::Bool(true));
        assert_eq!(object.names(), ["a", "b"]);
        assert_eq!(object.get("b"), Some(&Json::Bool(true)));
        assert!(!object.is_empty() && Object::default().is_empty());
    }

    #[test]
    fn a_value_that_is_owned_is_the_same() {
        let mut object = Object::from(json!({"z": [1, "x"], "a": null}).as_object().unwrap().clone());
        assert_eq!(object.names(), ["a", "z"]);
        assert!(object.take("z").is_some_and(|list| matches!(list, Json::List(_))));
    }

    #[test]
    fn a_hostile_object_costs_no_more_than_its_length() {
        let members: Vec<String> = (0..100_000).map(|number| format!(r#""{number}": 0"#)).collect();
        let text = format!("{{{}}}", members.join(","));
        let mut object = object(&text);
        for number in 0..100_000 {
            assert!(object.take(&number.to_string()).is_some());
        }
        assert!(object.is_empty());
    }
}
