//! Whom a message rings, and what of it a person reads.
//!
//! | what | source |
//! |---|---|
//! | `<!channel>`, `<!here>`, `<!everyone>`, `<@U…>` and `<!subteam^S…>` ring, in mrkdwn only | `docs.slack.dev/messaging/formatting-message-text` |
//! | `&`, `<` and `>` are control characters; as `&amp;`, `&lt;` and `&gt;` they are themselves | the same |
//! | `@channel` and its like ring where `link_names` is set or `parse` is `full` | the same, "automatic parsing" |
//! | in a block's mrkdwn "certain mentions" are parsed unless it is `verbatim` | `docs.slack.dev/reference/block-kit/composition-objects/text-object` |
//! | rich text rings by elements: `user`, `usergroup`, `broadcast` | `docs.slack.dev/reference/block-kit/blocks/rich-text-block` |
//!
//! Mentions in code, and in a `text` that stands behind blocks, count too: a check had better be too strict.

use std::collections::BTreeSet;

use serde_json::Value;

/// What rings everybody, by name.
const BROADCASTS: [&str; 4] = ["channel", "here", "everyone", "group"];

/// Whom a message rings, as mrkdwn writes it: `!channel`, `!here`, `@U0123`, `!subteam^S0123`.
pub type Ring = String;

/// Whom a text and its blocks ring. `linked`: whether Slack is asked to look for names itself.
pub(super) fn rings(text: &str, blocks: &[Value], linked: bool) -> BTreeSet<Ring> {
    let mut rings = BTreeSet::new();
    in_mrkdwn(text, &mut rings);
    if linked {
        bare(text, &mut rings);
    }
    for block in blocks {
        in_block(block, &mut rings);
    }
    rings
}

fn in_mrkdwn(text: &str, rings: &mut BTreeSet<Ring>) {
    // Each control sequence, without what is shown in its place: `<!here|here>` is `!here`.
    let sequences = text.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    let targets = sequences.map(|(inside, _)| inside.split('|').next().unwrap_or(inside));
    rings.extend(targets.filter(|target| is_ring(target)).map(str::to_owned));
}

/// Names as people type them.
fn bare(text: &str, rings: &mut BTreeSet<Ring>) {
    let named = BROADCASTS.iter().filter(|name| text.contains(&format!("@{name}")));
    rings.extend(named.map(|name| format!("!{name}")));
}

fn is_ring(target: &str) -> bool {
    let id = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match (target.strip_prefix('@'), target.strip_prefix('!')) {
        (Some(user), _) => id(user),
        (_, Some(name)) => BROADCASTS.contains(&name) || name.strip_prefix("subteam^").is_some_and(id),
        _ => false,
    }
}

fn in_block(value: &Value, rings: &mut BTreeSet<Ring>) {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    match field("type") {
        Some("mrkdwn" | "markdown") => {
            let text = field("text").unwrap_or_default();
            in_mrkdwn(text, rings);
            if value.get("verbatim") != Some(&Value::Bool(true)) {
                bare(text, rings);
            }
        }
        Some("user") => rings.extend(field("user_id").map(|user| format!("@{user}"))),
        Some("usergroup") => rings.extend(field("usergroup_id").map(|group| format!("!subteam^{group}"))),
        Some("broadcast") => rings.extend(field("range").map(|range| format!("!{range}"))),
        _ => {}
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| in_block(value, rings)),
        Value::Object(fields) => fields.values().for_each(|value| in_block(value, rings)),
        _ => {}
    }
}

/// What a person reads, a line each text; `text` alone is for notifications where there are blocks.
pub(super) fn read(text: &str, blocks: &[Value]) -> String {
    let mut lines = Vec::new();
    for block in blocks {
        texts(block, &mut lines);
    }
    let shown = if blocks.is_empty() { text.to_owned() } else { lines.join("\n") };
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// All texts in the order in which they are shown: a section's own text above its fields.
fn texts(value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| texts(value, lines)),
        Value::Object(fields) => {
            if let Some(text) = fields.get("text").and_then(Value::as_str) {
                lines.push(text.to_owned());
            }
            let parts = ["text", "fields", "accessory", "elements", "alt_text"];
            for part in parts.iter().filter_map(|part| fields.get(*part)) {
                match part {
                    Value::String(alt) if fields.get("alt_text") == Some(part) => lines.push(alt.clone()),
                    part => texts(part, lines),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> Vec<Ring> {
        rings(text, &[], false).into_iter().collect()
    }

    #[test]
    fn unescaped_mentions_ring() {
        assert_eq!(of("look <!channel>, <!here|here> and <@U0123|ann>"), ["!channel", "!here", "@U0123"]);
        assert_eq!(of("<!subteam^S01|@ops> `<!everyone>`"), ["!everyone", "!subteam^S01"]);
    }

    #[test]
    fn what_is_escaped_or_only_looks_like_a_mention_rings_nobody() {
        for quiet in
            ["&lt;!channel&gt;", "@channel", "<https://a.example/|!here>", "<#C01>", "<@>", "<!date^1^x|y>"]
        {
            assert_eq!(of(quiet), [] as [Ring; 0], "{quiet}");
        }
        assert_eq!(of("a < b <!here"), [] as [Ring; 0], "nothing closes it");
    }

    #[test]
    fn bare_names_ring_where_slack_is_asked_to_link_them() {
        let linked: Vec<Ring> = rings("hey @here, mail @channel.example", &[], true).into_iter().collect();
        assert_eq!(linked, ["!channel", "!here"]);
    }

    #[test]
    fn blocks_ring_by_mrkdwn_and_rich_text_but_not_by_plain_text() {
        let blocks = [
            json!({ "type": "header", "text": { "type": "plain_text", "text": "<!channel>" } }),
            json!({ "type": "section", "fields": [{ "type": "mrkdwn", "text": "<@U1>" }] }),
            json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
                { "type": "broadcast", "range": "here" }, { "type": "user", "user_id": "U2" }] }] }),
        ];
        let all: Vec<Ring> = rings("", &blocks, false).into_iter().collect();
        assert_eq!(all, ["!here", "@U1", "@U2"]);
    }

    #[test]
    fn a_bare_name_in_a_block_rings_unless_it_is_verbatim() {
        let of = |verbatim| {
            let text = json!({ "type": "mrkdwn", "text": "@here", "verbatim": verbatim });
            rings("", &[json!({ "type": "section", "text": text })], false).len()
        };
        assert_eq!((of(Value::Null), of(json!(false)), of(json!(true))), (1, 1, 0));
    }

    #[test]
    fn a_person_reads_the_blocks_and_not_the_text_behind_them() {
        let blocks = [
            json!({ "type": "header", "text": { "type": "plain_text", "text": "web" } }),
            json!({ "type": "section", "text": { "type": "mrkdwn", "text": "a &lt; b" },
                "fields": [{ "type": "mrkdwn", "text": "f" }] }),
            json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": "c" }] }),
        ];
        assert_eq!(read("fallback", &blocks), "web\na < b\nf\nc");
        assert_eq!(read("a &amp;lt; b", &[]), "a &lt; b");
    }
}
