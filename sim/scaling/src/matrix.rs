//! The committed matrix: recorded loads at several volumes, service times and start-up delays.

use std::fmt::Write as _;

use crate::compare::{Comparison, Proofs, Rival};
use crate::outcome::Outcome;
use crate::peer::grid::settings;
use crate::policy::Policy;
use crate::search::{search, steward};
use crate::steward::scaler;
use crate::trace::Trace;
use crate::world::{Options, World, WorldError};

/// At most so many tasks: enough for the matrix's largest load.
const MAX_TASKS: u32 = 200;
/// Of the largest load the first days say enough, in hours.
const LARGE_SHORTENED: u32 = 72;
/// The quick matrix has so many hours of each trace.
const QUICK_SHORTENED: u32 = 12;

/// One world of the matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// What holds in it.
    pub options: Options,
}

/// What came of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The trace's name.
    pub trace: String,
    /// The cell.
    pub cell: Cell,
    /// What came of it.
    pub comparison: Comparison,
}

/// All cells for a trace; the quick matrix has fewer, of the trace's first hours.
pub fn cells(trace: &Trace, is_quick: bool) -> Vec<Cell> {
    let (loads, services): (&[f64], &[Option<u64>]) = match (trace, is_quick) {
        (Trace::Counts(_), false) => (&[0.3, 1.0, 4.0], &[Some(500), Some(2_000), Some(10_000)]),
        (Trace::Counts(_), true) => (&[1.0, 4.0], &[Some(500), Some(10_000)]),
        (Trace::Jobs(_), _) => (&[0.5, 1.0, 4.0, 20.0], &[None, Some(500), Some(2_000), Some(10_000)]),
    };
    let start_ups: &[u64] = if is_quick { &[30_000, 90_000] } else { &[10_000, 30_000, 90_000] };
    let mut cells = Vec::new();
    for load in loads {
        for service_time in services {
            for start_up in start_ups {
                let large = (matches!(trace, Trace::Counts(_)) && *load > 1.0).then_some(LARGE_SHORTENED);
                let shorten = if is_quick { Some(QUICK_SHORTENED) } else { large };
                let (load, service_time, start_up) = (*load, *service_time, *start_up);
                let options =
                    Options { load, service_time, start_up, max: MAX_TASKS, shorten, ..Options::default() };
                cells.push(Cell { options });
            }
        }
    }
    cells
}

impl Cell {
    /// The world of it.
    pub fn world(&self, trace: &Trace) -> Result<World, WorldError> {
        World::new(trace, self.options)
    }

    /// Ours against all settings of all peers.
    pub fn compare(&self, world: &World) -> Comparison {
        let rivals = Policy::PEERS
            .into_iter()
            .map(|policy| Rival { policy, tried: search(world, &settings(policy, self.options.min)) });
        Comparison {
            ours: Some(steward(world, &scaler(&self.options))),
            shows_ours: true,
            rivals: rivals.collect(),
        }
    }
}

impl Row {
    /// What holds in it.
    pub fn proofs(&self) -> Option<Proofs> {
        self.comparison.proofs()
    }

    /// Whether all holds.
    pub fn holds(&self) -> bool {
        self.proofs().is_some_and(Proofs::hold)
    }

    /// For people, in 80 columns: one line, and one more for each thing that does not hold.
    pub fn line(&self) -> String {
        let options = &self.cell.options;
        let mut line = format!(
            "{:12.12} {:>4} {:>5} {:>4}",
            self.trace,
            options.load,
            service(options.service_time),
            seconds(options.start_up)
        );
        // Writing to a string does not fail.
        if let Some(ours) = &self.comparison.ours {
            let (late, hours) = (ours.late_share() * 100.0, ours.task_hours);
            let _ = write!(line, " {late:>7.3} {hours:>8.2} {:>5} {:>5}  ", ours.reversals, burst(ours));
        }
        line.push_str(if self.holds() { "holds" } else { "FAILS" });
        for fails in self.fails() {
            let _ = write!(line, "\n{:13}{fails}", "");
        }
        line
    }

    /// The head of these lines.
    pub fn head() -> &'static str {
        "trace        load  each start  late %    hours  rev. burst"
    }

    /// What does not hold, in few words.
    fn fails(&self) -> Vec<String> {
        let (Some(ours), Some(proofs)) = (&self.comparison.ours, self.proofs()) else {
            return vec!["not run".to_owned()];
        };
        let mut fails: Vec<String> = self
            .comparison
            .rivals
            .iter()
            .map(|rival| (rival.policy, rival.winners(ours).count()))
            .filter(|(_, winners)| *winners > 0)
            .map(|(policy, winners)| format!("{} wins with {winners} settings", policy.as_str()))
            .collect();
        fails.extend((!proofs.no_kills).then(|| "kills".to_owned()));
        fails.extend((!proofs.calm).then(|| "reversals".to_owned()));
        fails.extend((!proofs.quick).then(|| "burst".to_owned()));
        fails
    }

    /// A row of the table in the documentation.
    fn markdown(&self) -> String {
        let options = &self.cell.options;
        let (load, each, start) = (options.load, service(options.service_time), seconds(options.start_up));
        let mut row = format!("| {} | {load} | {each} | {start} |", self.trace);
        let _ = match &self.comparison.ours {
            Some(ours) => write!(row, " {} |", told(ours)),
            None => write!(row, " |"),
        };
        for rival in &self.comparison.rivals {
            let best = rival.best(self.comparison.ours.as_ref());
            let nearest = self.comparison.ours.as_ref().and_then(|ours| rival.nearest(ours));
            let _ = match (best, nearest) {
                (Some(best), Some(nearest)) => {
                    let Outcome { task_hours, reversals, .. } = nearest.outcome;
                    write!(row, " {}; {reversals} at {task_hours:.1} |", cost(&best.outcome))
                }
                _ => write!(row, " |"),
            };
        }
        let verdict =
            if self.holds() { "holds".to_owned() } else { format!("**{}**", self.fails().join(", ")) };
        let _ = write!(row, " {verdict} |");
        row
    }
}

/// The table of the documentation.
pub fn markdown(rows: &[Row]) -> String {
    let holding = rows.iter().filter(|row| row.holds()).count();
    let mut table = format!("{holding} of {} hold in all.\n\n", rows.len());
    table
        .push_str("| trace | load | service time | start-up | Steward: late, task-hours, reversals, burst |");
    for policy in Policy::PEERS {
        let _ = write!(table, " {} |", policy.as_str());
    }
    table.push_str(" |\n|---|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        table.push_str(&row.markdown());
        table.push('\n');
    }
    table
}

fn cost(outcome: &Outcome) -> String {
    format!("{:.3} %, {:.1} h", outcome.late_share() * 100.0, outcome.task_hours)
}

fn told(outcome: &Outcome) -> String {
    format!("{}, {}, {}", cost(outcome), outcome.reversals, burst(outcome))
}

fn burst(outcome: &Outcome) -> String {
    outcome.burst_reaction.map_or("–".to_owned(), |seconds| format!("{seconds:.0} s"))
}

fn service(ms: Option<u64>) -> String {
    ms.map_or("own".to_owned(), seconds)
}

fn seconds(ms: u64) -> String {
    format!("{} s", ms as f64 / 1_000.0)
}

/// A text with what stands between two lines of it replaced; `None` where it lacks them.
pub fn between(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGINS)?;
    let (_, after) = rest.split_once(ENDS)?;
    Some(format!("{before}{BEGINS}\n\n{}\n{ENDS}{after}", table.trim_end().to_owned() + "\n"))
}

/// Where the table begins in the documentation.
const BEGINS: &str = "<!-- steward simulate scaling --matrix --write: from here -->";
/// And where it ends.
const ENDS: &str = "<!-- to here -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_put_between_its_lines_and_nowhere_else() {
        let text = format!("before\n{BEGINS}\nold\n{ENDS}\nafter\n");
        let new = between(&text, "| new |\n").unwrap();
        assert_eq!(new, format!("before\n{BEGINS}\n\n| new |\n\n{ENDS}\nafter\n"));
        assert_eq!(between(&new, "| new |\n").unwrap(), new);
        assert_eq!(between("no lines", "x"), None);
    }

    #[test]
    fn the_matrix_has_several_loads_service_times_and_start_ups() {
        for trace in [Trace::Counts(Vec::new()), Trace::Jobs(Vec::new())] {
            let cells = cells(&trace, false);
            let several = |value: &dyn Fn(&Options) -> String| {
                cells.iter().map(|cell| value(&cell.options)).collect::<std::collections::BTreeSet<_>>().len()
                    >= 3
            };
            assert!(several(&|options| options.load.to_string()));
            assert!(several(&|options| format!("{:?}", options.service_time)));
            assert!(several(&|options| options.start_up.to_string()));
        }
    }
}
