//! Slack's Block Kit read back, as far as alerts use it: what is drawn is what is sent.

use serde_json::Value;

/// What a fence begins and ends with.
const FENCE: &str = "```";

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// A headline, without markup.
    Header(String),
    /// A paragraph, and fields in two columns.
    Section { text: Vec<Piece>, fields: Vec<Vec<Piece>> },
    /// What one may pass over.
    Context(Vec<Vec<Piece>>),
    /// A line across.
    Divider,
    /// A block that this version draws by its name alone.
    Other(String),
}

/// A piece of marked-up text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Plain(String),
    Bold(String),
    Code(String),
    /// Between fences.
    Quote(String),
    Link {
        url: String,
        text: String,
    },
}

impl Piece {
    /// Its text alone.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Plain(text)
            | Self::Bold(text)
            | Self::Code(text)
            | Self::Quote(text)
            | Self::Link { text, .. } => text,
        }
    }
}

/// The blocks of a message, those of its attachments included.
pub(crate) fn read(message: &Value) -> Vec<Block> {
    let listed = |value: &Value| value.get("blocks").and_then(Value::as_array).cloned().unwrap_or_default();
    let attached = message.get("attachments").and_then(Value::as_array).into_iter().flatten();
    let blocks: Vec<Value> = listed(message).into_iter().chain(attached.flat_map(listed)).collect();
    if blocks.is_empty() {
        let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
        return vec![Block::Section { text: pieces(text), fields: Vec::new() }];
    }
    blocks.iter().map(block).collect()
}

fn block(block: &Value) -> Block {
    let text = |value: &Value| value.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let all = |name: &str| -> Vec<Vec<Piece>> {
        let elements = block.get(name).and_then(Value::as_array).into_iter().flatten();
        elements.map(|element| pieces(&text(element))).collect()
    };
    match block.get("type").and_then(Value::as_str).unwrap_or_default() {
        "header" => Block::Header(block.get("text").map(text).unwrap_or_default()),
        "section" => {
            let paragraph = block.get("text").map(|value| pieces(&text(value))).unwrap_or_default();
            Block::Section { text: paragraph, fields: all("fields") }
        }
        "context" => Block::Context(all("elements")),
        "divider" => Block::Divider,
        other => Block::Other(other.to_owned()),
    }
}

/// What Slack shows of its three escaped characters.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Marked-up text in pieces: fences first, for nothing is marked up in them.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (place, part) in text.split(FENCE).enumerate() {
        match (place % 2, part) {
            (_, "") => {}
            (1, quote) => pieces.push(Piece::Quote(unescaped(quote))),
            (_, text) => marked(text, &mut pieces),
        }
    }
    pieces
}

fn marked(text: &str, pieces: &mut Vec<Piece>) {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let starts = plain.chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        if let Some((piece, behind)) = span(rest, first).filter(|_| starts || first == '<') {
            push_plain(&mut plain, pieces);
            pieces.push(piece);
            rest = behind;
        } else {
            plain.push(first);
            rest = rest.strip_prefix(first).unwrap_or_default();
        }
    }
    push_plain(&mut plain, pieces);
}

fn push_plain(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Plain(unescaped(&std::mem::take(plain))));
    }
}

/// The marked span that a text begins with, and what stands behind it.
fn span(text: &str, first: char) -> Option<(Piece, &str)> {
    let ends = match first {
        '*' => '*',
        '`' => '`',
        '<' => '>',
        _ => return None,
    };
    let (inner, behind) = text.strip_prefix(first)?.split_once(ends)?;
    let is_span = !inner.is_empty() && !inner.contains('\n') && inner.trim() == inner;
    if !is_span {
        return None;
    }
    let piece = match first {
        '*' => Piece::Bold(unescaped(inner)),
        '`' => Piece::Code(unescaped(inner)),
        _ => {
            let (url, text) = inner.split_once('|').unwrap_or((inner, inner));
            if !url.starts_with("https://") {
                return None;
            }
            Piece::Link { url: unescaped(url), text: unescaped(text) }
        }
    };
    Some((piece, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_read_back_and_nothing_is_marked_up_in_a_fence() {
        let plain = |text: &str| Piece::Plain(text.to_owned());
        for (text, expected) in [
            ("*Causes*\n3 × killed", vec![Piece::Bold("Causes".to_owned()), plain("\n3 × killed")]),
            ("run `a &lt;b&gt;` now", vec![plain("run "), Piece::Code("a <b>".to_owned()), plain(" now")]),
            ("```*a* &amp; b```", vec![Piece::Quote("*a* & b".to_owned())]),
            ("2*3*4 and api-*", vec![plain("2*3*4 and api-*")]),
            ("a `b", vec![plain("a `b")]),
            ("&lt;!channel&gt;", vec![plain("<!channel>")]),
            (
                "<https://a.example/x|Task>",
                vec![Piece::Link { url: "https://a.example/x".to_owned(), text: "Task".to_owned() }],
            ),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }
}
