//! YAML as a tree in which every key and value knows its line and column.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Error, Location, MessageFormatter as _, Spanned, UserMessageFormatter};

/// A line and a column, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl At {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    fn of(location: Location) -> Self {
        Self { line: location.line().max(1), column: location.column().max(1) }
    }
}

#[derive(Debug)]
pub(crate) struct Tree {
    at: At,
    node: Node,
}

#[derive(Debug)]
enum Node {
    Scalar(Value),
    List(Vec<Tree>),
    Map(Vec<(String, At, Tree)>),
}

impl Tree {
    /// Reads the one document of a text.
    pub(crate) fn parse(text: &str) -> Result<Self, (At, String)> {
        // `off` is a word, not a truth value, as in YAML 1.2.
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|error: Error| {
            let at = error.location().map_or(At::START, At::of);
            (at, UserMessageFormatter.format_message(error.without_snippet()).into_owned())
        })
    }

    /// The tree without its places.
    pub(crate) fn value(&self) -> Value {
        match &self.node {
            Node::Scalar(value) => value.clone(),
            Node::List(items) => items.iter().map(Self::value).collect(),
            Node::Map(entries) => {
                entries.iter().map(|(key, _, value)| (key.clone(), value.value())).collect()
            }
        }
    }

    /// Where a value stands; where it is missing, the last key on the way to it.
    pub(crate) fn at(&self, path: &[String]) -> At {
        let Some((first, rest)) = path.split_first() else { return self.at };
        self.child(first).map_or(self.at, |child| child.at(rest))
    }

    /// A path as people write it, such as `services[2].mode`.
    pub(crate) fn shown(&self, path: &[String]) -> String {
        let mut tree = Some(self);
        let mut shown = String::new();
        for segment in path {
            let node = tree.map(|tree| &tree.node);
            if matches!(node, Some(Node::List(_))) {
                shown.extend(["[", segment, "]"]);
            } else {
                shown.push_str(if shown.is_empty() { "" } else { "." });
                shown.push_str(segment);
            }
            tree = tree.and_then(|tree| tree.child(segment));
        }
        shown
    }

    fn child(&self, segment: &str) -> Option<&Self> {
        match &self.node {
            Node::Map(entries) => entries.iter().find(|(key, ..)| key == segment).map(|(_, _, value)| value),
            Node::List(items) => segment.parse().ok().and_then(|index: usize| items.get(index)),
            Node::Scalar(_) => None,
        }
    }

    /// Where a key stands, rather than its value.
    pub(crate) fn key_at(&self, path: &[String]) -> At {
        let Some((last, parents)) = path.split_last() else { return self.at };
        let parent = parents.iter().try_fold(self, |tree, segment| tree.child(segment));
        match parent.map(|parent| &parent.node) {
            Some(Node::Map(entries)) => {
                entries.iter().find(|(key, ..)| key == last).map_or_else(|| self.at(path), |(_, at, _)| *at)
            }
            _ => self.at(path),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<Node>::deserialize(deserializer)?;
        Ok(Self { at: At::of(referenced), node: value })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        let number = serde_json::Number::from_f64(value);
        number.map(|number| Node::Scalar(number.into())).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map: Vec<(String, At, Tree)> = Vec::new();
        while let Some(Spanned { value: key, referenced, .. }) = entries.next_key::<Spanned<String>>()? {
            if map.iter().any(|(known, ..)| *known == key) {
                return Err(A::Error::custom(format!("the key `{key}` stands here twice")));
            }
            map.push((key, At::of(referenced), entries.next_value()?));
        }
        Ok(Node::Map(map))
    }
}
