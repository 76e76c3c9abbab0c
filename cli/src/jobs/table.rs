//! A table whose cells have several lines, none wider than its column.

use std::io::{self, Write};

use anstyle::Style;
use textwrap::core::display_width;

use crate::terminal::{DIM, wrapped_to};

/// Between two columns.
const GAP: &str = "  ";

/// What stands in a row, below a title.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell(Vec<(Style, String)>);

impl Cell {
    /// With another line, wrapped where it is wider than the column.
    #[must_use]
    pub(crate) fn line(mut self, style: Style, text: impl Into<String>) -> Self {
        self.0.push((style, text.into()));
        self
    }

    fn lines(&self, width: usize) -> Vec<(Style, String)> {
        let wrapped = |(style, text): &(Style, String)| {
            wrapped_to(width, text, "", "").into_iter().map(|line| (*style, line)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(wrapped).collect()
    }
}

/// Writes a table. Each column has a title and a width.
pub(crate) fn write_table<const COLUMNS: usize>(
    out: &mut impl Write,
    columns: [(&'static str, usize); COLUMNS],
    rows: &[[Cell; COLUMNS]],
) -> io::Result<()> {
    let titles = columns.map(|(title, _)| Cell::default().line(DIM, title));
    write_row(out, columns, &titles)?;
    for row in rows {
        write_row(out, columns, row)?;
    }
    Ok(())
}

fn write_row<const COLUMNS: usize>(
    out: &mut impl Write,
    columns: [(&'static str, usize); COLUMNS],
    cells: &[Cell; COLUMNS],
) -> io::Result<()> {
    let cells: Vec<(usize, Vec<(Style, String)>)> =
        columns.iter().zip(cells).map(|((_, width), cell)| (*width, cell.lines(*width))).collect();
    let height = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    for number in 0..height {
        // Nothing is written behind the last text of a line.
        let mut space = String::new();
        for (width, lines) in &cells {
            let (style, text) =
                lines.get(number).map_or((Style::new(), ""), |(style, text)| (*style, text.as_str()));
            if !text.is_empty() {
                write!(out, "{space}{style}{text}{style:#}")?;
                space.clear();
            }
            space.push_str(&" ".repeat(width.saturating_sub(display_width(text))));
            space.push_str(GAP);
        }
        writeln!(out)?;
    }
    Ok(())
}
