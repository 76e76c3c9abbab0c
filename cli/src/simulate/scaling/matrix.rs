//! `steward simulate scaling --matrix`: all traces of the corpus at several loads, service times and start-up delays.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use steward_scaling_sim::matrix::{Row, between, cells, markdown};
use steward_scaling_sim::{Trace, busiest, cloud, lines, scaler, timeline};

use super::{name, read};

/// Where real input lies, which is not part of the project.
const CORPUS: &str = "../shared/corpus";
/// The charts are of this load, service time and start-up, where a trace has it, in milliseconds.
const CHARTED: (f64, Option<u64>, u64) = (1.0, Some(2_000), 30_000);
/// The charts over time show so much, in seconds.
const CLOSE_UP: u64 = 3 * 3_600;

#[derive(Args)]
pub(super) struct Matrix {
    /// Run the corpus' traces at several loads, service times and start-up delays; fail where a proof does
    #[arg(long = "matrix", id = "matrix", conflicts_with = "trace")]
    is_asked: bool,
    /// Fewer of them, and the first hours alone
    #[arg(long, requires = "matrix", conflicts_with = "trace")]
    quick: bool,
    /// Write the table into this page, between its lines, and charts into the folder of the page's name
    #[arg(long, value_name = "PAGE", requires = "matrix", conflicts_with_all = ["quick", "trace"])]
    write: Option<PathBuf>,
}

#[allow(clippy::disallowed_methods, reason = "how long it took is told to whoever waits for it")]
pub(super) fn run(matrix: &Matrix) -> io::Result<ExitCode> {
    let began = Instant::now();
    let mut out = anstream::stdout().lock();
    let mut rows: Vec<Row> = Vec::new();
    writeln!(out, "{}", Row::head())?;
    for path in traces()? {
        let trace = read(&path)?;
        for cell in cells(&trace, matrix.quick) {
            let world = cell.world(&trace).map_err(io::Error::other)?;
            let row = Row { trace: name(&path), cell, comparison: cell.compare(&world) };
            writeln!(out, "{}", row.line())?;
            out.flush()?;
            rows.push(row);
        }
    }
    if let Some(page) = &matrix.write {
        write(page, &rows)?;
    }
    let holding = rows.iter().filter(|row| row.holds()).count();
    writeln!(out, "{holding} of {} hold in all; {:.0} s", rows.len(), began.elapsed().as_secs_f64())?;
    Ok(if holding == rows.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All traces of the corpus, by name. That there is none is an error: nothing would be proved.
#[allow(clippy::disallowed_methods, reason = "where the corpus lies is the environment's to say")]
fn traces() -> io::Result<Vec<PathBuf>> {
    let folder =
        PathBuf::from(std::env::var_os("STEWARD_CORPUS").unwrap_or_else(|| CORPUS.into())).join("traces");
    let missing = |why: String| {
        io::Error::other(format!(
            "{}: {why}; set STEWARD_CORPUS to a folder that has traces/*.csv, or run in the clone of the repository beside it",
            folder.display()
        ))
    };
    let entries = std::fs::read_dir(&folder).map_err(|error| missing(error.to_string()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    if paths.is_empty() { Err(missing("there is no *.csv".to_owned())) } else { Ok(paths) }
}

fn write(page: &Path, rows: &[Row]) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", page.display()));
    let text = std::fs::read_to_string(page).map_err(named)?;
    let text = between(&text, &markdown(rows)).ok_or_else(|| {
        io::Error::other(format!("{}: the lines are missing between which the table stands", page.display()))
    })?;
    std::fs::write(page, text).map_err(named)?;
    charts(&page.with_extension(""), rows)
}

/// Of each trace one cell, as charts.
fn charts(folder: &Path, rows: &[Row]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for path in traces()? {
        let of_trace = || rows.iter().filter(|row| row.trace == name(&path));
        let is_charted = |row: &&Row| {
            let options = &row.cell.options;
            (options.load, options.service_time, options.start_up) == CHARTED
        };
        let Some(row) = of_trace().find(is_charted).or_else(|| of_trace().next()) else { continue };
        let trace: Trace = read(&path)?;
        let world = row.cell.world(&trace).map_err(io::Error::other)?;
        let lines = lines(&row.comparison, &world, &scaler(&row.cell.options));
        let ends = world.ends / 1_000;
        let from = if ends < 2 * CLOSE_UP { 0 } else { busiest(&world) };
        let to = ends.min(from + CLOSE_UP);
        let file = |kind: &str| folder.join(format!("{}-{kind}.svg", row.trace));
        std::fs::write(file("settings"), cloud(&row.comparison, false).file())?;
        std::fs::write(file("time"), timeline(&lines, from, to).file())?;
    }
    Ok(())
}
