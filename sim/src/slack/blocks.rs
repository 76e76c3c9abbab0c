//! The limits of Block Kit that messages run into.

use serde_json::Value;

/// What breaks a limit in a list of blocks, in words for whoever reads the test; `None` when nothing does.
pub fn violation(blocks: &Value) -> Option<String> {
    let Some(blocks) = blocks.as_array() else { return Some("blocks is not a list".to_owned()) };
    if blocks.len() > 50 {
        return Some(format!("{} blocks, 50 allowed", blocks.len()));
    }
    blocks
        .iter()
        .enumerate()
        .find_map(|(place, block)| block_violation(block).map(|why| format!("block {place}: {why}")))
}

fn block_violation(block: &Value) -> Option<String> {
    match block.get("type").and_then(Value::as_str) {
        Some("header") => text_violation(block.get("text"), 150, &["plain_text"]),
        Some("section") => section_violation(block),
        Some("context") => {
            list(block, "elements", 10, |element| match element.get("type").and_then(Value::as_str) {
                Some("image") => None,
                _ => text_violation(Some(element), 2000, &["plain_text", "mrkdwn"]),
            })
        }
        Some("actions") => list(block, "elements", 25, |_| None),
        Some("divider" | "image" | "rich_text" | "markdown" | "video" | "input" | "file") => None,
        other => Some(format!("type {other:?} is none of Block Kit's")),
    }
}

fn section_violation(block: &Value) -> Option<String> {
    let kinds = ["plain_text", "mrkdwn"];
    if block.get("text").is_none() && block.get("fields").is_none() {
        return Some("a section has neither text nor fields".to_owned());
    }
    let text = block.get("text").and_then(|text| text_violation(Some(text), 3000, &kinds));
    let fields = || {
        block
            .get("fields")
            .and_then(|_| list(block, "fields", 10, |field| text_violation(Some(field), 2000, &kinds)))
    };
    text.or_else(fields)
}

fn list(block: &Value, name: &str, most: usize, check: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let Some(elements) = block.get(name).and_then(Value::as_array) else {
        return Some(format!("{name} is not a list"));
    };
    if elements.is_empty() || elements.len() > most {
        return Some(format!("{} {name}, 1 to {most} allowed", elements.len()));
    }
    elements.iter().find_map(check)
}

fn text_violation(text: Option<&Value>, most: usize, kinds: &[&str]) -> Option<String> {
    let field = |name: &str| text.and_then(|text| text.get(name)).and_then(Value::as_str);
    let kind = field("type").unwrap_or("missing");
    if !kinds.contains(&kind) {
        return Some(format!("text of type {kind}, not {kinds:?}"));
    }
    let length = field("text").map_or(0, |text| text.chars().count());
    (length == 0 || length > most).then(|| format!("a text of {length} characters, 1 to {most} allowed"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(kind: &str, length: usize) -> Value {
        json!({ "type": kind, "text": "ä".repeat(length) })
    }

    #[test]
    fn blocks_at_their_limits_are_taken() {
        let full = json!([
            { "type": "header", "text": text("plain_text", 150) },
            { "type": "section", "text": text("mrkdwn", 3000), "fields": vec![text("mrkdwn", 2000); 10] },
            { "type": "context", "elements": vec![text("mrkdwn", 2000); 10] },
            { "type": "divider" },
        ]);
        assert_eq!(violation(&full), None);
        assert_eq!(violation(&vec![json!({ "type": "divider" }); 50].into()), None);
    }

    #[test]
    fn blocks_beyond_a_limit_are_refused() {
        let beyond = [
            json!({ "type": "header", "text": text("plain_text", 151) }),
            json!({ "type": "header", "text": text("mrkdwn", 10) }),
            json!({ "type": "section", "text": text("mrkdwn", 3001) }),
            json!({ "type": "section", "text": text("mrkdwn", 0) }),
            json!({ "type": "section", "fields": vec![text("mrkdwn", 1); 11] }),
            json!({ "type": "section", "fields": [text("mrkdwn", 2001)] }),
            json!({ "type": "section" }),
            json!({ "type": "context", "elements": vec![text("mrkdwn", 1); 11] }),
            json!({ "type": "context", "elements": [] }),
            json!({ "type": "banner" }),
        ];
        for block in beyond {
            assert!(violation(&json!([block])).is_some(), "{block}");
        }
        assert!(violation(&vec![json!({ "type": "divider" }); 51].into()).is_some());
        assert!(violation(&json!({})).is_some());
    }
}
