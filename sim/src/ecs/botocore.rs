//! Holds requests and answers against the model of ECS that AWS publishes in botocore, from which its SDKs are made.
//!
//! What is checked of a value, at any depth: members that the shape does not have, required members, types, enumerations,
//! and bounds of numbers, texts and lists. Texts are not held against patterns: for ECS these concern tags alone.
//!
//! # Invariants
//!
//! * Output is held to the same rules as input, unlike in an SDK, which takes what it can.
//! * A shape that this checker cannot judge is a violation, not a pass.

use serde_json::{Map, Value};

use crate::moto::{MotoError, service_model};

/// ECS as botocore describes it.
#[derive(Clone, Debug)]
pub struct ApiModel(Value);

/// Input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A request.
    Input,
    /// An answer.
    Output,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

impl ApiModel {
    /// Of the installed botocore, which is installed if need be. Blocks meanwhile.
    ///
    /// # Errors
    ///
    /// Where it cannot be installed or read.
    pub fn of_ecs() -> Result<Self, MotoError> {
        Ok(Self(service_model("ecs")?))
    }

    /// What is wrong with a value, each with its path; empty: nothing.
    pub fn violations(&self, operation: &str, side: Side, value: &Value) -> Vec<String> {
        let mut found = Violations { model: self, found: Vec::new() };
        match self
            .0
            .pointer(&format!("/operations/{operation}/{}/shape", side.name()))
            .and_then(Value::as_str)
        {
            Some(shape) => found.shape(operation, shape, value),
            None => found.add(operation, &format!("there is no such operation with an {}", side.name())),
        }
        found.found
    }

    /// Whether an operation may answer with this exception. Those that are common to all services are not in the model:
    /// throttling, unreadable input, unknown operations.
    pub fn has_error(&self, operation: &str, code: &str) -> bool {
        const COMMON: [&str; 3] =
            ["ThrottlingException", "SerializationException", "UnknownOperationException"];
        let errors = self.0.pointer(&format!("/operations/{operation}/errors")).and_then(Value::as_array);
        let is_code = |error: &Value| error.get("shape").is_some_and(|shape| shape == code);
        COMMON.contains(&code) || errors.into_iter().flatten().any(is_code)
    }

    /// What is wrong with the body of an exception.
    pub fn violations_of_error(&self, body: &Value) -> Vec<String> {
        let mut found = Violations { model: self, found: Vec::new() };
        let mut members = body.clone();
        let code = members.as_object_mut().and_then(|members| members.remove("__type"));
        match code.as_ref().and_then(Value::as_str) {
            Some(code) if self.0.pointer(&format!("/shapes/{code}")).is_some() => {
                found.shape(code, code, &members);
            }
            Some(_) => {}
            None => found.add("error", "has no __type"),
        }
        found.found
    }
}

struct Violations<'model> {
    model: &'model ApiModel,
    found: Vec<String>,
}

impl Violations<'_> {
    fn add(&mut self, path: &str, what: &str) {
        self.found.push(format!("{path}: {what}"));
    }

    fn shape(&mut self, path: &str, name: &str, value: &Value) {
        let Some(shape) = self.model.0.pointer(&format!("/shapes/{name}")) else {
            return self.add(path, &format!("has the unknown shape {name}"));
        };
        let kind = shape.get("type").and_then(Value::as_str).unwrap_or_default();
        match (kind, value) {
            ("structure", Value::Object(members)) => self.structure(path, shape, members),
            ("list", Value::Array(items)) => {
                self.bounds(path, shape, items.len() as u64, "items");
                for (index, item) in items.iter().enumerate() {
                    self.member(&format!("{path}[{index}]"), shape.get("member"), item);
                }
            }
            ("map", Value::Object(members)) => {
                for (key, item) in members {
                    self.member(&format!("{path}{{{key}}}"), shape.get("value"), item);
                }
            }
            ("string", Value::String(text)) => self.text(path, shape, text),
            ("integer", Value::Number(number))
                if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) =>
            {
                self.number(path, shape, value);
            }
            ("long", Value::Number(number)) if number.is_i64() => self.number(path, shape, value),
            ("double" | "float", Value::Number(_)) => self.number(path, shape, value),
            ("boolean", Value::Bool(_)) => {}
            // In JSON 1.1 times are seconds since 1970.
            ("timestamp", Value::Number(number)) if number.as_f64().is_some_and(|seconds| seconds >= 0.0) => {
            }
            _ => self.add(path, &format!("is no {kind}: {value}")),
        }
    }

    fn structure(&mut self, path: &str, shape: &Value, members: &Map<String, Value>) {
        let known = shape.get("members").and_then(Value::as_object);
        for required in shape.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !required.as_str().is_some_and(|name| members.contains_key(name)) {
                self.add(path, &format!("lacks {required}"));
            }
        }
        for (name, value) in members {
            let path = format!("{path}.{name}");
            match known.and_then(|known| known.get(name)) {
                Some(member) => self.member(&path, Some(member), value),
                None => self.add(&path, "is unknown"),
            }
        }
    }

    /// What a list, map or structure says of its member.
    fn member(&mut self, path: &str, member: Option<&Value>, value: &Value) {
        match member.and_then(|member| member.get("shape")).and_then(Value::as_str) {
            Some(shape) => self.shape(path, shape, value),
            None => self.add(path, "has no shape"),
        }
    }

    fn text(&mut self, path: &str, shape: &Value, text: &str) {
        if let Some(values) = shape.get("enum").and_then(Value::as_array)
            && !values.iter().any(|value| value == text)
        {
            self.add(path, &format!("{text:?} is not in the enumeration"));
        }
        self.bounds(path, shape, text.chars().count() as u64, "characters");
    }

    fn bounds(&mut self, path: &str, shape: &Value, size: u64, of: &str) {
        let bound = |name: &str| shape.get(name).and_then(Value::as_u64);
        if bound("min").is_some_and(|least| size < least) || bound("max").is_some_and(|most| size > most) {
            self.add(path, &format!("has {size} {of}, out of bounds"));
        }
    }

    fn number(&mut self, path: &str, shape: &Value, value: &Value) {
        let (number, bound) = (value.as_f64(), |name: &str| shape.get(name).and_then(Value::as_f64));
        let beyond = |bound: Option<f64>, is_beyond: fn(f64, f64) -> bool| {
            number.zip(bound).is_some_and(|(number, bound)| is_beyond(number, bound))
        };
        if beyond(bound("min"), |number, least| number < least)
            || beyond(bound("max"), |number, most| number > most)
        {
            self.add(path, &format!("{value} is out of bounds"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A service of one operation that shows every kind of shape.
    fn model() -> ApiModel {
        let shape = |name: &str| json!({ "shape": name });
        ApiModel(json!({
            "operations": { "Do": { "input": shape("In"), "output": shape("Out"), "errors": [shape("Sad")] } },
            "shapes": {
                "In": {
                    "type": "structure",
                    "required": ["name"],
                    "members": {
                        "name": shape("Name"), "count": shape("Count"), "mode": shape("Mode"), "at": shape("At"),
                        "names": shape("Names"), "labels": shape("Labels"), "on": shape("Flag"),
                    },
                },
                "Out": { "type": "structure", "members": {} },
                "Sad": { "type": "structure", "members": { "message": shape("Name") } },
                "Name": { "type": "string", "min": 1, "max": 3 },
                "Count": { "type": "integer", "min": 0, "max": 10 },
                "Mode": { "type": "string", "enum": ["FAST"] },
                "At": { "type": "timestamp" },
                "Names": { "type": "list", "member": shape("Name"), "max": 2 },
                "Labels": { "type": "map", "key": shape("Name"), "value": shape("Name") },
                "Flag": { "type": "boolean" },
            },
        }))
    }

    #[test]
    fn a_value_of_the_shape_passes() {
        let value = json!({
            "name": "abc", "count": 10, "mode": "FAST", "at": 1.5, "names": ["a", "b"], "labels": { "k": "v" }, "on": true,
        });
        assert_eq!(model().violations("Do", Side::Input, &value), Vec::<String>::new());
    }

    #[test]
    fn each_kind_of_violation_is_found_where_it_is() {
        for (value, path) in [
            (json!({}), "Do: lacks \"name\""),
            (json!({ "name": "a", "nam": 1 }), "Do.nam: is unknown"),
            (json!({ "name": "abcd" }), "Do.name: has 4 characters"),
            (json!({ "name": "" }), "Do.name: has 0 characters"),
            (json!({ "name": 1 }), "Do.name: is no string"),
            (json!({ "name": "a", "count": 11 }), "Do.count: 11 is out of bounds"),
            (json!({ "name": "a", "count": 1.5 }), "Do.count: is no integer"),
            (json!({ "name": "a", "mode": "SLOW" }), "Do.mode: \"SLOW\" is not"),
            (json!({ "name": "a", "at": "2026-01-01T00:00:00Z" }), "Do.at: is no timestamp"),
            (json!({ "name": "a", "names": ["a", "b", "c"] }), "Do.names: has 3 items"),
            (json!({ "name": "a", "names": ["a", null] }), "Do.names[1]: is no string"),
            (json!({ "name": "a", "labels": { "k": "long" } }), "Do.labels{k}: has 4 characters"),
            (json!({ "name": "a", "on": "yes" }), "Do.on: is no boolean"),
        ] {
            let found = model().violations("Do", Side::Input, &value);
            assert_eq!(found.len(), 1, "{value}: {found:?}");
            assert!(found[0].starts_with(path), "{found:?} does not begin with {path}");
        }
    }

    #[test]
    fn an_operation_or_an_error_that_is_not_there_is_no_pass() {
        assert_eq!(model().violations("Undo", Side::Output, &json!({})).len(), 1);
        assert_eq!(model().violations("Do", Side::Output, &json!({ "extra": 1 })).len(), 1);
        assert!(model().has_error("Do", "Sad") && !model().has_error("Do", "Glad"));
        assert_eq!(
            model().violations_of_error(&json!({ "__type": "Sad", "message": "no" })),
            Vec::<String>::new()
        );
        assert_eq!(model().violations_of_error(&json!({ "__type": "Sad", "reason": "no" })).len(), 1);
        assert_eq!(model().violations_of_error(&json!({ "message": "no" })).len(), 1);
    }
}
