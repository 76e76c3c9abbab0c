//! Scenarios on a terminal, in 80 columns.

use std::io::{self, Write};

use anstyle::Style;
use jiff::SignedDuration;
use steward::notification::plain;
use steward_sim::scenario::{Played, Row as Measured, Run, Scenario, What};

use super::rows::{Across, Line, Row, Scene, Sign, line};
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW, lines, wrapped};

/// The time, and two columns with a bar between them: 80 together.
const TIME: usize = 8;
const COLUMN: usize = 34;
/// Runs are called no longer.
const RUN: usize = 20;

/// Several, each in observe and in act mode side by side.
pub(in crate::demo) fn write(out: &mut impl Write, scenes: &[Scene]) -> io::Result<()> {
    writeln!(out, "\n{BOLD}Scenarios{BOLD:#}: ECS as a model, Steward as it is, time since the beginning.")?;
    writeln!(out, "On the left Steward observes, on the right it acts.")?;
    writeln!(
        out,
        "{DIM}* world  · ECS  ▲ incident  ■ refusal  ► action  ✔ well  ┃ alert, by its title{DIM:#}"
    )?;
    for scene in scenes {
        writeln!(out)?;
        write!(out, "{BOLD}")?;
        wrapped(out, "", &scene.title)?;
        write!(out, "{BOLD:#}{DIM}")?;
        wrapped(out, "", &scene.why)?;
        writeln!(out, "{DIM:#}")?;
        writeln!(out, "{DIM}{:TIME$}{:<COLUMN$} │ act{DIM:#}", "", "observe")?;
        for row in &scene.rows {
            write_row(out, row)?;
        }
        write_measures(out, &scene.measures)?;
        writeln!(out, "{DIM}In full: steward demo --scenario {}{DIM:#}", scene.name)?;
    }
    Ok(())
}

/// One row, in one column or two.
pub(in crate::demo) fn write_row(out: &mut impl Write, row: &Row) -> io::Result<()> {
    let time = format!("{:<TIME$}", clock(row.after));
    match &row.what {
        Across::Both(line) => {
            let first = format!("{time}{} ", line.sign.mark());
            let style = style_of(line.sign);
            for text in lines(&line.text, &first, &format!("{:width$}", "", width = TIME + 2)) {
                writeln!(out, "{style}{text}{style:#}")?;
            }
        }
        Across::Each([left, right]) => {
            let (left, right) = (cells(left), cells(right));
            for number in 0..left.len().max(right.len()) {
                let time = if number == 0 { time.as_str() } else { "" };
                let cell = |cells: &[(Style, String)]| cells.get(number).cloned().unwrap_or_default();
                let ((style, text), (right_style, right)) = (cell(&left), cell(&right));
                let pad = COLUMN.saturating_sub(textwrap::core::display_width(&text));
                let bar = format!("{DIM}│{DIM:#}");
                if right.is_empty() {
                    writeln!(out, "{time:<TIME$}{style}{text}{style:#}{:pad$} {bar}", "")?;
                } else {
                    let right = format!("{right_style}{right}{right_style:#}");
                    writeln!(out, "{time:<TIME$}{style}{text}{style:#}{:pad$} {bar} {right}", "")?;
                }
            }
        }
    }
    Ok(())
}

/// The lines of one cell, none wider than its column.
fn cells(told: &[Line]) -> Vec<(Style, String)> {
    let mut cells = Vec::new();
    for line in told {
        let mark = format!("{} ", line.sign.mark());
        let options = textwrap::Options::new(COLUMN)
            .initial_indent(&mark)
            .subsequent_indent("  ")
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        let style = style_of(line.sign);
        cells.extend(textwrap::wrap(&line.text, options).into_iter().map(|text| (style, text.into_owned())));
    }
    cells
}

fn style_of(sign: Sign) -> Style {
    match sign {
        Sign::World | Sign::Remedy => BOLD,
        Sign::Ecs | Sign::Plain => DIM,
        Sign::Bad => RED,
        Sign::Good => GREEN,
        Sign::Held => YELLOW,
        Sign::Alert => Style::new(),
    }
}

/// Hours, minutes and seconds since the beginning; days where there are any.
pub(in crate::demo) fn clock(after: SignedDuration) -> String {
    let seconds = after.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60 % 60);
    match days {
        0 => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
        days => format!("{days}d{:02}:{minutes:02}", hours % 24),
    }
}

fn write_measures(out: &mut impl Write, measures: &[Measured]) -> io::Result<()> {
    writeln!(
        out,
        "{DIM}{:<RUN$}  {:<13}  {:<15}  alerts{DIM:#}",
        "from first failure", "to remedy", "to recovery"
    )?;
    for row in measures {
        let alerts = row.alerts.map(|alerts| alerts.to_string()).unwrap_or_default();
        let line = format!("{:<RUN$}  {:<13}  {:<15}  {alerts}", row.run, row.remedy, row.recovery);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// One in full: each mode's timeline with its alerts as they were sent, and whether all came as the file expects.
/// Answers whether it did.
pub(in crate::demo) fn write_one(
    out: &mut impl Write,
    scenario: &Scenario,
    played: &[Played],
) -> io::Result<bool> {
    write!(out, "{BOLD}")?;
    wrapped(out, "", scenario.title())?;
    write!(out, "{BOLD:#}")?;
    wrapped(out, "", scenario.why())?;
    let mut is_met = true;
    for run in played {
        let Run::Steward(mode) = run.run else { continue };
        writeln!(out, "\n{BOLD}Steward in {} mode{BOLD:#}", mode.as_str())?;
        write_timeline(out, scenario, run)?;
        let expected = scenario.modes().find(|(of, _)| *of == mode);
        for unmet in expected.iter().flat_map(|(_, expected)| run.unmet(expected)) {
            is_met = false;
            write!(out, "{RED}")?;
            wrapped(out, "not as expected: ", &unmet.to_string())?;
            write!(out, "{RED:#}")?;
        }
    }
    writeln!(out)?;
    write_measures(out, &played.iter().map(Measured::of).collect::<Vec<_>>())?;
    Ok(is_met)
}

fn write_timeline(out: &mut impl Write, scenario: &Scenario, played: &Played) -> io::Result<()> {
    for entry in &played.entries {
        let time = clock(entry.at.duration_since(scenario.begins()));
        if let What::Alert { message, .. } = &entry.what {
            let bar = format!("{:TIME$}┃ ", "");
            for (number, text) in plain(message).lines().enumerate() {
                let first = if number == 0 { format!("{time:<TIME$}┃ ") } else { bar.clone() };
                for line in lines(text, &first, &bar) {
                    writeln!(out, "{line}")?;
                }
            }
            continue;
        }
        let line = line(&entry.what);
        let style = style_of(line.sign);
        write!(out, "{style}")?;
        wrapped(out, &format!("{time:<TIME$}{} ", line.sign.mark()), &line.text)?;
        write!(out, "{style:#}")?;
    }
    Ok(())
}
