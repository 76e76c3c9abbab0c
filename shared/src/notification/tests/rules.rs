//! What channels take, as their documentation has it, and what no message may hold.

use super::*;

/// The shape of an address of the AWS console, as the links of the samples have it.
const CONSOLE: &str = "<https://eu-central-1.console.aws.amazon.com/";

/// Every form of a message in every channel.
pub(super) struct Forms {
    pub(super) slack: Vec<Value>,
    pub(super) words: Value,
    pub(super) mail: [String; 2],
    pub(super) amazon_q: Value,
    pub(super) plain: String,
}

impl Forms {
    pub(super) fn of(subject: &Subject, message: &Message, key: &str) -> Self {
        Self {
            slack: vec![slack::blocks(message), slack::reply(message)],
            words: slack::words(message),
            mail: [mail::subject(message), mail::body(message)],
            amazon_q: amazon_q::notification(subject, message, key),
            plain: plain(message),
        }
    }

    /// Every text that leaves.
    pub(super) fn texts(&self) -> Vec<&str> {
        let json = self.slack.iter().chain([&self.words, &self.amazon_q]).flat_map(strings);
        json.chain(self.mail.iter().map(String::as_str)).chain([self.plain.as_str()]).collect()
    }

    /// Panics where a channel would refuse it.
    #[track_caller]
    pub(super) fn check(&self, subject: &Subject) {
        self.slack.iter().for_each(check_blocks);
        check_text(&self.words["text"]);
        let [title, body] = &self.mail;
        assert!((1..100).contains(&title.len()), "{title}");
        assert!(title.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{title}");
        assert!(!body.is_empty() && body.len() < 256 * 1_024);
        check_amazon_q(&self.amazon_q, subject);
        for json in self.slack.iter().chain([&self.words, &self.amazon_q]) {
            assert_eq!(serde_json::from_str::<Value>(&json.to_string()).unwrap(), *json);
        }
    }

    /// Panics where somebody would be rung, be led elsewhere, or read a text of others as one of ours.
    #[track_caller]
    pub(super) fn check_harmless(&self) {
        for text in self.slack.iter().flat_map(strings) {
            assert_eq!(text.matches('<').count(), text.matches(CONSOLE).count(), "{text}");
            check_fences(text);
        }
        for text in strings(&self.words) {
            assert!(!text.contains('<') && !text.contains("```"), "{text}");
        }
        for text in strings(&self.amazon_q) {
            for sign in ["<", "](", "```", "@here", "@channel", "@everyone"] {
                assert!(!text.contains(sign), "{sign}: {text}");
            }
        }
        for text in self.texts() {
            let is_astray = |c: char| {
                matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
                    || (c.is_control() && c != '\n')
            };
            assert!(!text.contains(is_astray), "{text:?}");
        }
    }
}

/// A text has one fence, which nothing in it ends, or none.
#[track_caller]
fn check_fences(text: &str) {
    let Some((_, behind)) = text.split_once("```") else { return };
    let inside = behind.strip_suffix("```").unwrap_or_else(|| panic!("open: {text}"));
    assert!(!inside.contains('`'), "{text}");
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[track_caller]
fn check_text(text: &Value) {
    assert!((1..=3_000).contains(&text.as_str().unwrap().chars().count()), "{text}");
}

/// Block Kit's reference of blocks and text objects.
#[track_caller]
fn check_blocks(message: &Value) {
    check_text(&message["text"]);
    let blocks = message["blocks"].as_array().unwrap();
    assert!((1..=50).contains(&blocks.len()), "{}", blocks.len());
    assert!(message["blocks"].to_string().chars().count() <= 10_000, "{message}");
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => check_object(&block["text"], "plain_text", 150),
            "section" => {
                if let Some(fields) = block["fields"].as_array() {
                    assert!((1..=10).contains(&fields.len()), "{block}");
                    for field in fields {
                        check_object(field, "mrkdwn", 2_000);
                    }
                } else {
                    check_object(&block["text"], "mrkdwn", 3_000);
                }
            }
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()), "{block}");
                for element in elements {
                    check_object(element, "mrkdwn", 3_000);
                }
            }
            other => panic!("no block of ours: {other}"),
        }
    }
}

#[track_caller]
fn check_object(object: &Value, kind: &str, most: usize) {
    assert_eq!(object["type"], kind, "{object}");
    assert_eq!(object["verbatim"], if kind == "mrkdwn" { json!(true) } else { Value::Null }, "{object}");
    let text = object["text"].as_str().unwrap();
    assert!((1..=most).contains(&text.chars().count()), "{object}");
}

/// The schema of custom notifications.
#[track_caller]
fn check_amazon_q(value: &Value, subject: &Subject) {
    assert_eq!(value["version"], "1.0");
    assert_eq!(value["source"], "custom");
    assert_eq!(value["content"]["textType"], "client-markdown");
    assert!((1..=250).contains(&value["content"]["title"].as_str().unwrap().chars().count()));
    assert!(!value["content"]["description"].as_str().unwrap().is_empty(), "{value}");
    let other = Subject::Digest { channel: "another".to_owned() };
    let thread = |subject: &Subject| {
        let message = Message::brief(Tone::Good, crate::redact::redact("another"), Language::En);
        amazon_q::notification(subject, &message, "another")["metadata"]["threadId"].clone()
    };
    assert_eq!(value["metadata"]["threadId"], thread(subject));
    assert_ne!(value["metadata"]["threadId"], thread(&other));
    assert!(value.to_string().len() < 256 * 1_024);
}
