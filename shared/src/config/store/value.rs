//! JSON as Parameter Store takes it, and hashes of it.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The most bytes of a standard parameter. Advanced ones cost money each month, and hold twice as much.
pub const MAX_VALUE_BYTES: usize = 4_096;

/// JSON in which neither `{{` nor `}}` occurs: Parameter Store takes those for references to other parameters, and
/// refuses the value. Braces in texts are escaped; where objects end one after the other, a space stands between.
pub(super) fn encode(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let compact = serde_json::to_string(value)?;
    let mut out = String::with_capacity(compact.len());
    let (mut in_text, mut is_escaped) = (false, false);
    for c in compact.chars() {
        match c {
            '{' if in_text => out.push_str("\\u007b"),
            '}' if in_text => out.push_str("\\u007d"),
            '}' if out.ends_with('}') => out.push_str(" }"),
            c => out.push(c),
        }
        match c {
            '"' if !is_escaped => in_text = !in_text,
            _ => {}
        }
        is_escaped = in_text && c == '\\' && !is_escaped;
    }
    Ok(out)
}

/// SHA-256 of a value, as 64 hexadecimal digits.
pub(super) fn sha256(value: &str) -> String {
    Sha256::digest(value.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        for half in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
        hex
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn objects_that_end_together_are_held_apart_and_braces_in_texts_are_escaped() {
        for (value, text) in [
            (json!({"a": {"b": 1}}), r#"{"a":{"b":1} }"#),
            (json!({"a": {"b": {}}}), r#"{"a":{"b":{} } }"#),
            (json!({"a": "{{x}}"}), r#"{"a":"\u007b\u007bx\u007d\u007d"}"#),
            (json!({"{{a": r#"\"}}"#}), r#"{"\u007b\u007ba":"\\\"\u007d\u007d"}"#),
            (json!([{}, {}]), "[{},{}]"),
        ] {
            let encoded = encode(&value).unwrap();
            assert_eq!(encoded, text);
            assert_eq!(serde_json::from_str::<Value>(&encoded).unwrap(), value);
        }
    }

    #[test]
    fn hashes_are_those_of_everybody() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            r#"[{}"\\a]{0,8}"#.prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(r#"[{}"\\a]{0,4}"#, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_value_has_what_parameter_store_refuses_and_all_read_back(value in any_json()) {
            let encoded = encode(&value).unwrap();
            prop_assert!(!encoded.contains("{{") && !encoded.contains("}}"), "{}", encoded);
            prop_assert_eq!(serde_json::from_str::<Value>(&encoded).unwrap(), value);
        }
    }
}
