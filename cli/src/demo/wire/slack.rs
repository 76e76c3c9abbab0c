//! A message in Slack as text: what its blocks say, without their form.

use serde_json::Value;

/// The lines of a message: its header first.
pub(super) fn text_of(body: &Value) -> Vec<String> {
    let blocks = body.get("blocks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    blocks.iter().flat_map(block).collect()
}

fn block(block: &Value) -> Vec<String> {
    let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "context" => list(block.get("elements")).filter_map(text).collect(),
        "section" if block.get("fields").is_some() => list(block.get("fields")).filter_map(field).collect(),
        _ => block.get("text").and_then(text).map(|text| lines(&text)).unwrap_or_default(),
    }
}

fn list(values: Option<&Value>) -> impl Iterator<Item = &Value> {
    values.and_then(Value::as_array).into_iter().flatten()
}

/// Quotes stand behind `>`, as in mails.
fn lines(text: &str) -> Vec<String> {
    match text.strip_prefix("```").and_then(|text| text.strip_suffix("```")) {
        Some(quote) => quote.lines().map(|line| format!("> {line}")).collect(),
        None => text.lines().map(|line| line.replace("*Next:*", "Next:")).collect(),
    }
}

/// `*Name*`, and the value below it.
fn field(field: &Value) -> Option<String> {
    let text = text(field)?;
    let (name, value) = text.split_once('\n')?;
    Some(format!("{}: {value}", name.trim_matches('*')))
}

fn text(value: &Value) -> Option<String> {
    let text = value.get("text")?.as_str()?;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_a_message_says_is_shown() {
        let body = json!({"text": "[WARNING] api", "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "🟠 service api"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "2 failures &amp; counting"}},
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Cluster*\nshop"}]},
            {"type": "section", "text": {"type": "mrkdwn", "text": "```a &lt;b&gt;\nc```"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Next:* look"}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "observed"}]},
        ]});
        let shown = [
            "🟠 service api",
            "2 failures & counting",
            "Cluster: shop",
            "> a <b>",
            "> c",
            "Next: look",
            "observed",
        ];
        assert_eq!(text_of(&body), shown);
    }
}
