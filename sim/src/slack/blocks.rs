//! The rules of Block Kit that messages run into.
//!
//! # Sources
//!
//! | what | source |
//! |---|---|
//! | how many, how long, and which text goes where | Slack's reference of each block: `docs.slack.dev/reference/block-kit/blocks` |
//! | `block_id`: at most 255 characters, unique in a message | the same |
//! | an unknown key in a block is refused; so are `emoji` beside `mrkdwn` and `verbatim` beside `plain_text` | the same, "text object" |
//! | all blocks together, as JSON: about 13,000 characters | not documented; found by users, `slackapi/bolt-js#2509` |

use std::collections::BTreeSet;

use serde_json::Value;

/// Blocks of one message that are longer than this as JSON are refused as `msg_blocks_too_long`; in characters.
pub(super) const MAX_SERIALISED: usize = 13_000;
/// Blocks of one message.
const MAX_BLOCKS: usize = 50;
/// Text of all `markdown` blocks of a message together.
const MAX_MARKDOWN: usize = 12_000;
/// Texts that may be either.
const BOTH: [&str; 2] = ["plain_text", "mrkdwn"];

/// What breaks a rule in a list of blocks, in words for whoever reads the test; `None` when nothing does.
pub fn violation(blocks: &Value) -> Option<String> {
    let Some(blocks) = blocks.as_array() else { return Some("blocks is not a list".to_owned()) };
    if blocks.len() > MAX_BLOCKS {
        return Some(format!("{} blocks, {MAX_BLOCKS} allowed", blocks.len()));
    }
    let mut ids = BTreeSet::new();
    let each = |(place, block)| {
        let why = block_violation(block).or_else(|| id_violation(block, &mut ids));
        why.map(|why| format!("block {place}: {why}"))
    };
    blocks.iter().enumerate().find_map(each).or_else(|| markdown_violation(blocks))
}

/// Characters of blocks as JSON.
pub(super) fn serialised(blocks: &[Value]) -> usize {
    blocks.iter().map(|block| block.to_string().chars().count() + 1).sum()
}

fn block_violation(block: &Value) -> Option<String> {
    match block.get("type").and_then(Value::as_str) {
        Some("header") => {
            keys(block, &["text"]).or_else(|| text_violation(block.get("text"), 150, &["plain_text"]))
        }
        Some("section") => keys(block, &["text", "fields", "accessory", "expand"]).or_else(|| section(block)),
        Some("context") => keys(block, &["elements"]).or_else(|| {
            list(block, "elements", 10, |element| match element.get("type").and_then(Value::as_str) {
                Some("image") => image(element),
                _ => text_violation(Some(element), 2000, &BOTH),
            })
        }),
        Some("actions") => keys(block, &["elements"]).or_else(|| list(block, "elements", 25, element)),
        Some("divider") => keys(block, &[]),
        Some("image") => image(block),
        Some("markdown") => {
            (length(block.get("text")) == 0).then(|| "a markdown block without text".to_owned())
        }
        Some("rich_text") => block
            .get("elements")
            .and_then(Value::as_array)
            .is_none()
            .then(|| "elements is not a list".to_owned()),
        Some("video" | "input" | "file") => None,
        other => Some(format!("type {other:?} is none of Block Kit's")),
    }
}

fn section(block: &Value) -> Option<String> {
    if block.get("text").is_none() && block.get("fields").is_none() {
        return Some("a section has neither text nor fields".to_owned());
    }
    let text = block.get("text").and_then(|text| text_violation(Some(text), 3000, &BOTH));
    let fields = || {
        block
            .get("fields")
            .and_then(|_| list(block, "fields", 10, |field| text_violation(Some(field), 2000, &BOTH)))
    };
    text.or_else(fields).or_else(|| block.get("accessory").and_then(element))
}

/// An image, as a block or in a context.
fn image(image: &Value) -> Option<String> {
    let (url, alt) = (length(image.get("image_url")), length(image.get("alt_text")));
    if url > 3000 || (url == 0 && image.get("slack_file").is_none()) {
        return Some(format!("an image_url of {url} characters, 1 to 3000 allowed"));
    }
    (alt == 0 || alt > 2000).then(|| format!("an alt_text of {alt} characters, 1 to 2000 allowed"))
}

/// What a person can press or choose; of these, buttons are looked at.
fn element(element: &Value) -> Option<String> {
    let long = |name: &str, most| {
        let length = length(element.get(name));
        (length > most).then(|| format!("{name} of {length} characters, {most} allowed"))
    };
    let action = long("action_id", 255);
    match element.get("type").and_then(Value::as_str) {
        Some("button") => action
            .or_else(|| text_violation(element.get("text"), 75, &["plain_text"]))
            .or_else(|| long("url", 3000))
            .or_else(|| long("value", 2000)),
        Some("image") => image(element),
        Some(_) => action,
        None => Some("an element without type".to_owned()),
    }
}

fn id_violation<'block>(block: &'block Value, ids: &mut BTreeSet<&'block str>) -> Option<String> {
    let id = block.get("block_id")?;
    let Some(id) = id.as_str() else { return Some("block_id is not a text".to_owned()) };
    if id.chars().count() > 255 {
        return Some("block_id is longer than 255 characters".to_owned());
    }
    (!ids.insert(id)).then(|| format!("block_id {id} is there twice"))
}

fn markdown_violation(blocks: &[Value]) -> Option<String> {
    let markdown = blocks.iter().filter(|block| block.get("type").is_some_and(|kind| kind == "markdown"));
    let all: usize = markdown.map(|block| length(block.get("text"))).sum();
    (all > MAX_MARKDOWN).then(|| format!("{all} characters of markdown, {MAX_MARKDOWN} allowed"))
}

/// Keys that a block may not have.
fn keys(block: &Value, allowed: &[&str]) -> Option<String> {
    let keys = block.as_object()?.keys();
    keys.map(String::as_str)
        .find(|key| !allowed.contains(key) && !["type", "block_id"].contains(key))
        .map(|key| format!("{key} is no property of it"))
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
    let text = text.and_then(Value::as_object);
    let kind = text.and_then(|text| text.get("type")).and_then(Value::as_str).unwrap_or("missing");
    if !kinds.contains(&kind) {
        return Some(format!("text of type {kind}, not {kinds:?}"));
    }
    let stray = if kind == "mrkdwn" { "emoji" } else { "verbatim" };
    if text.is_some_and(|text| text.contains_key(stray)) {
        return Some(format!("{stray} beside {kind}"));
    }
    let length = length(text.and_then(|text| text.get("text")));
    (length == 0 || length > most).then(|| format!("a text of {length} characters, 1 to {most} allowed"))
}

/// Characters of a text; 0 where there is none.
fn length(text: Option<&Value>) -> usize {
    text.and_then(Value::as_str).map_or(0, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(kind: &str, length: usize) -> Value {
        json!({ "type": kind, "text": "ä".repeat(length) })
    }

    fn button(changed: &Value) -> Value {
        let mut button =
            json!({ "type": "button", "text": text("plain_text", 75), "url": "https://a.example/" });
        button.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        json!({ "type": "actions", "elements": [button] })
    }

    #[test]
    fn blocks_at_their_limits_are_taken() {
        let full = json!([
            { "type": "header", "text": text("plain_text", 150), "block_id": "b".repeat(255) },
            { "type": "section", "text": text("mrkdwn", 3000), "fields": vec![text("mrkdwn", 2000); 10] },
            { "type": "context", "elements": vec![text("mrkdwn", 2000); 10] },
            { "type": "divider" },
            { "type": "markdown", "text": "a".repeat(12_000) },
            { "type": "image", "image_url": "https://a.example/i.png", "alt_text": "a graph" },
            button(&json!({ "value": "v".repeat(2000) })),
        ]);
        assert_eq!(violation(&full), None);
        assert_eq!(violation(&vec![json!({ "type": "divider" }); 50].into()), None);
    }

    #[test]
    fn blocks_beyond_a_limit_are_refused() {
        let beyond = [
            json!({ "type": "header", "text": text("plain_text", 151) }),
            json!({ "type": "header", "text": text("mrkdwn", 10) }),
            json!({ "type": "header" }),
            json!({ "type": "section", "text": text("mrkdwn", 3001) }),
            json!({ "type": "section", "text": text("mrkdwn", 0) }),
            json!({ "type": "section", "text": "plain words" }),
            json!({ "type": "section", "fields": vec![text("mrkdwn", 1); 11] }),
            json!({ "type": "section", "fields": [text("mrkdwn", 2001)] }),
            json!({ "type": "section" }),
            json!({ "type": "context", "elements": vec![text("mrkdwn", 1); 11] }),
            json!({ "type": "context", "elements": [] }),
            json!({ "type": "markdown", "text": "a".repeat(12_001) }),
            json!({ "type": "image", "image_url": "https://a.example/i.png" }),
            json!({ "type": "rich_text" }),
            json!({ "type": "banner" }),
            button(&json!({ "text": text("plain_text", 76) })),
            button(&json!({ "url": "u".repeat(3001) })),
            button(&json!({ "action_id": "a".repeat(256) })),
        ];
        for block in beyond {
            assert!(violation(&json!([block])).is_some(), "{block}");
        }
        assert!(violation(&vec![json!({ "type": "divider" }); 51].into()).is_some());
        assert!(violation(&json!({})).is_some());
    }

    #[test]
    fn a_key_that_slack_does_not_know_is_refused() {
        let stray = [
            json!({ "type": "divider", "text": text("mrkdwn", 1) }),
            json!({ "type": "section", "txt": 1, "text": text("mrkdwn", 1) }),
            json!({ "type": "section", "text": { "type": "mrkdwn", "text": "a", "emoji": true } }),
            json!({ "type": "header", "text": { "type": "plain_text", "text": "a", "verbatim": true } }),
        ];
        for block in stray {
            assert!(violation(&json!([block])).is_some(), "{block}");
        }
    }

    #[test]
    fn two_blocks_of_one_id_are_refused() {
        let divider = |id: &str| json!({ "type": "divider", "block_id": id });
        assert_eq!(violation(&json!([divider("a"), divider("b")])), None);
        assert_eq!(
            violation(&json!([divider("a"), divider("a")])).unwrap(),
            "block 1: block_id a is there twice"
        );
        assert!(violation(&json!([divider(&"b".repeat(256))])).is_some());
    }
}
