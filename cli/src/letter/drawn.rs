//! A message on a terminal: lines of a given width.

use anstyle::Style;

use super::{Block, Look, Piece};
use crate::terminal::{BOLD, DIM, wrapped_to};

/// Between two columns of fields.
const GAP: usize = 2;

/// A line, and how it looks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub(crate) style: Style,
    pub(crate) text: String,
}

/// Draws a message, no line wider than `width`.
pub(crate) fn drawn(look: &Look, width: usize) -> Vec<Line> {
    let mut lines = match look {
        Look::Blocks(blocks) => blocks.iter().flat_map(|block| of_block(block, width)).collect(),
        Look::Mail { subject, body } => {
            let mut lines = styled(BOLD, &format!("Subject: {subject}"), "", width);
            lines.push(Line::default());
            lines.extend(styled(Style::new(), body, "", width));
            lines
        }
        Look::Card { title, text, steps } => {
            let mut lines = styled(BOLD, title, "", width);
            lines.extend(styled(Style::new(), text, "", width));
            lines.extend(steps.iter().flat_map(|step| styled(Style::new(), step, "→ ", width)));
            lines
        }
        Look::Words(text) => styled(Style::new(), text, "", width),
    };
    while lines.last().is_some_and(|line| line.text.is_empty()) {
        lines.pop();
    }
    lines
}

fn of_block(block: &Block, width: usize) -> Vec<Line> {
    match block {
        Block::Header(text) => styled(BOLD, text, "", width),
        Block::Section { text, fields } => {
            let mut lines = paragraph(text, width);
            for pair in fields.chunks(2) {
                lines.extend(columns(pair, width));
            }
            lines
        }
        Block::Context(elements) => {
            elements.iter().flat_map(|element| styled(DIM, &flat(element), "", width)).collect()
        }
        Block::Divider => vec![Line { style: DIM, text: "─".repeat(width) }],
        Block::Other(name) => vec![Line { style: DIM, text: format!("[{name}]") }],
    }
}

/// Text, and quotes behind a bar.
fn paragraph(pieces: &[Piece], width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for part in pieces.chunk_by(|a, b| is_quote(a) == is_quote(b)) {
        if part.iter().all(is_quote) {
            lines.extend(styled(DIM, &flat(part), "▏ ", width));
        } else {
            lines.extend(styled(Style::new(), flat(part).trim_matches('\n'), "", width));
        }
    }
    lines
}

fn is_quote(piece: &Piece) -> bool {
    matches!(piece, Piece::Quote(_))
}

/// Two fields side by side: name above value.
fn columns(pair: &[Vec<Piece>], width: usize) -> Vec<Line> {
    let column = width.saturating_sub(GAP) / 2;
    let cells: Vec<Vec<String>> = pair
        .iter()
        .map(|field| flat(field).lines().flat_map(|line| wrapped_to(column, line, "", "")).collect())
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let row = |number: usize| {
        let cell =
            |place: usize| cells.get(place).and_then(|cell| cell.get(number)).map_or("", String::as_str);
        let pad = (column + GAP).saturating_sub(textwrap::core::display_width(cell(0)));
        let text = format!("{}{:pad$}{}", cell(0), "", cell(1)).trim_end().to_owned();
        Line { style: if number == 0 { BOLD } else { Style::new() }, text }
    };
    (0..height).map(row).collect()
}

/// Pieces as one text. Code keeps its marks, so that commands can be told from what surrounds them.
fn flat(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Code(text) => format!("`{text}`"),
        other => other.text().to_owned(),
    };
    pieces.iter().map(piece).collect()
}

fn styled(style: Style, text: &str, mark: &str, width: usize) -> Vec<Line> {
    let wrapped = text.lines().flat_map(|line| wrapped_to(width, line, mark, mark));
    wrapped.map(|text| Line { style, text: text.trim_end().to_owned() }).collect()
}
