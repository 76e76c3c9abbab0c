//! Figures for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::calls::Calls;
use crate::figures::{Figures, Times, milliseconds};
use crate::goals::{Bound, Goal, figures, goals, megabytes};
use crate::machine::Machine;
use crate::share::Share;

/// What a program is in the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It does nothing: no function on this runtime can be below it.
    Floor,
    /// A function of Steward's.
    Ours,
    /// The same job, as people write it today.
    Peer,
}

/// A program that was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// What it is in the comparison.
    pub role: Role,
    /// What its invocations are about.
    pub job: String,
    /// What would be uploaded, in bytes.
    pub zipped_bytes: u64,
    /// What its invocations call.
    pub calls: Calls,
}

/// All programs under one share of the processor.
#[derive(Debug, Clone, PartialEq)]
pub struct Lap {
    /// Which.
    pub share: Share,
    /// The part of a processor that a program got that would take all of it; `None` where there is no limit.
    pub got: Option<f64>,
    /// By program; or why it was not measured.
    pub outcome: Result<BTreeMap<String, Figures>, String>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// Environments of each program under each share.
    pub cold: usize,
    /// Warm invocations of each program under each share.
    pub warm: usize,
    /// By what shares were cut, in a sentence.
    pub means: String,
    /// What ran.
    pub programs: Vec<Program>,
    /// What it took.
    pub laps: Vec<Lap>,
    /// What was not measured, and why: a sentence each.
    pub left_out: Vec<String>,
}

impl Report {
    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let Self { machine, cold, warm, .. } = self;
        line(
            &mut text,
            &format!(
                "{machine}. {cold} cold starts and {warm} warm invocations of each program under each share of the processor, in turn."
            ),
        );
        for left in &self.left_out {
            line(&mut text, &format!("\n**NOT MEASURED**: {left}"));
        }
        line(&mut text, "\n### Goals\n");
        self.goals_table(&mut text);
        for lap in &self.laps {
            self.lap_tables(&mut text, lap);
        }
        line(&mut text, "\n### Packages and calls\n");
        self.calls_table(&mut text);
        text
    }

    fn goals_table(&self, text: &mut String) {
        line(text, "| function | goal | at most | measured | |\n|---|---|---:|---:|---|");
        for goal in goals(self) {
            let (most, measured) =
                (most(goal.bound), goal.measured.map_or("–".to_owned(), |value| measured(&goal, value)));
            line(
                text,
                &format!(
                    "| {} | {} | {most} | {measured} | {} |",
                    goal.program,
                    goal.what,
                    goal.verdict().word()
                ),
            );
        }
    }

    fn lap_tables(&self, text: &mut String, lap: &Lap) {
        let got = lap.got.map_or(String::new(), |got| format!("; a busy program got {:.1} %", got * 100.0));
        line(text, &format!("\n### {}{got}\n", lap.share));
        if let Err(why) = &lap.outcome {
            line(text, &format!("**NOT MEASURED**: {why}"));
            return;
        }
        line(
            text,
            "| milliseconds | to the first `next` p50 | p99 | first p50 | p99 | warm p50 | p99 | CPU to `next` | CPU first | CPU warm | peak MB |",
        );
        line(text, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        for program in &self.programs {
            let Some(taken) = figures(self, lap.share, program) else { continue };
            let mut row = format!("| {} |", program.name);
            for times in [&taken.init, &taken.first, &taken.warm] {
                let _ = write!(row, " {} | {} |", time(times.p50()), time(times.p99()));
            }
            for times in [&taken.cpu_init, &taken.cpu_first, &taken.cpu_warm] {
                let _ = write!(row, " {} |", time(times.p50()));
            }
            let _ = write!(
                row,
                " {} |",
                taken.peak_memory.map_or("–".to_owned(), |peak| format!("{:.1}", megabytes(peak)))
            );
            line(text, &row);
        }
        self.ratios(text, lap);
    }

    /// Every program beside the peer.
    fn ratios(&self, text: &mut String, lap: &Lap) {
        let peer = self.programs.iter().find(|program| program.role == Role::Peer);
        let Some((peer, beside)) = peer.and_then(|peer| Some((peer, figures(self, lap.share, peer)?))) else {
            return;
        };
        line(
            text,
            &format!(
                "\n| part of {} | to the first `next` | first | warm | CPU first | CPU warm | peak memory |",
                peer.name
            ),
        );
        line(text, "|---|---:|---:|---:|---:|---:|---:|");
        for program in self.programs.iter().filter(|program| program.role != Role::Peer) {
            let Some(taken) = figures(self, lap.share, program) else { continue };
            let mut row = format!("| {} |", program.name);
            for part in parts(taken, beside) {
                let _ = write!(row, " {} |", part.map_or("–".to_owned(), fraction));
            }
            line(text, &row);
        }
    }

    fn calls_table(&self, text: &mut String) {
        line(
            text,
            "| program | invoked with | zipped MB | calls of the first invocation | of a warm one |\n|---|---|---:|---|---|",
        );
        for Program { name, job, zipped_bytes, calls, .. } in &self.programs {
            let zipped = megabytes(*zipped_bytes);
            line(
                text,
                &format!("| {name} | {job} | {zipped:.2} | {} | {} |", told(&calls.first), told(&calls.warm)),
            );
        }
    }

    /// As JSON: times in milliseconds, sizes in bytes.
    pub fn json(&self) -> Value {
        let programs: Vec<Value> = self
            .programs
            .iter()
            .map(|program| {
                json!({
                    "name": program.name, "role": role(program.role), "job": program.job, "zipped_bytes": program.zipped_bytes,
                    "calls": {"first": program.calls.first, "warm": program.calls.warm},
                })
            })
            .collect();
        let goals: Vec<Value> = goals(self).iter().map(goal_json).collect();
        json!({
            "machine": self.machine.json(), "cold_starts": self.cold, "warm_invocations": self.warm, "means": self.means,
            "programs": programs, "goals": goals, "laps": self.laps.iter().map(Self::lap_json).collect::<Vec<_>>(),
            "not_measured": self.left_out,
        })
    }

    fn lap_json(lap: &Lap) -> Value {
        let head = json!({"share": lap.share.to_string(), "part_of_processor": lap.share.part(), "busy_program_got": lap.got.map(rounded)});
        let mut lap_json = head;
        let (name, value) = match &lap.outcome {
            Err(why) => ("not_measured", json!(why)),
            Ok(taken) => {
                let taken: BTreeMap<&String, Value> =
                    taken.iter().map(|(name, taken)| (name, figures_json(taken))).collect();
                ("programs", json!(taken))
            }
        };
        if let Some(fields) = lap_json.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
        lap_json
    }
}

fn figures_json(taken: &Figures) -> Value {
    json!({
        "to_first_next": times_json(&taken.init), "first": times_json(&taken.first), "warm": times_json(&taken.warm),
        "cpu_to_first_next": times_json(&taken.cpu_init), "cpu_first": times_json(&taken.cpu_first),
        "cpu_warm": times_json(&taken.cpu_warm), "peak_memory_bytes": taken.peak_memory,
    })
}

fn times_json(times: &Times) -> Value {
    let of = |time: Option<Duration>| time.map(milliseconds).map(rounded);
    json!({"count": times.count(), "p50_ms": of(times.p50()), "p99_ms": of(times.p99()), "mean_ms": of(times.mean())})
}

fn goal_json(goal: &Goal) -> Value {
    let (unit, most) = match goal.bound {
        Bound::Milliseconds(most) => ("ms", most),
        Bound::OnePartIn(parts) => ("part of the peer's", 1.0 / parts),
        Bound::Megabytes(most) => ("MB", most),
    };
    json!({
        "function": goal.program, "goal": goal.what, "unit": unit, "at_most": rounded(most),
        "measured": goal.measured.map(rounded), "verdict": goal.verdict().word().trim_matches('*'),
    })
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Floor => "floor",
        Role::Ours => "ours",
        Role::Peer => "peer",
    }
}

/// What was taken, as parts of what the peer took, in the order of the table.
fn parts(taken: &Figures, beside: &Figures) -> [Option<f64>; 6] {
    let part = |of: fn(&Figures) -> &Times| {
        let (ours, peers) = (of(taken).p50()?, of(beside).p50()?);
        (!peers.is_zero()).then(|| ours.as_secs_f64() / peers.as_secs_f64())
    };
    let memory = || Some(megabytes(taken.peak_memory?) / megabytes(beside.peak_memory?));
    [
        part(|figures| &figures.init),
        part(|figures| &figures.first),
        part(|figures| &figures.warm),
        part(|figures| &figures.cpu_first),
        part(|figures| &figures.cpu_warm),
        memory(),
    ]
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn most(bound: Bound) -> String {
    match bound {
        Bound::Milliseconds(most) => format!("{most} ms"),
        Bound::OnePartIn(parts) => format!("1/{parts}"),
        Bound::Megabytes(most) => format!("{most} MB"),
    }
}

fn measured(goal: &Goal, value: f64) -> String {
    match goal.bound {
        Bound::Milliseconds(_) => format!("{value:.2} ms"),
        Bound::OnePartIn(_) => fraction(value),
        Bound::Megabytes(_) => format!("{value:.2} MB"),
    }
}

/// A part as one part in so many, as far as it is a part.
fn fraction(part: f64) -> String {
    if part > 0.0 && part < 1.0 { format!("1/{:.1}", 1.0 / part) } else { format!("{part:.2}") }
}

/// Milliseconds in three figures or so.
fn time(time: Option<Duration>) -> String {
    match time.map(milliseconds) {
        None => "–".to_owned(),
        Some(time) if time < 10.0 => format!("{time:.2}"),
        Some(time) if time < 100.0 => format!("{time:.1}"),
        Some(time) => format!("{time:.0}"),
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// `GetItem, 2 PutItem`
fn told(calls: &BTreeMap<String, u64>) -> String {
    if calls.is_empty() {
        return "none".to_owned();
    }
    let each =
        calls.iter().map(|(name, count)| if *count == 1 { name.clone() } else { format!("{count} {name}") });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn taken(init: u64, first: u64, warm: u64, megabytes: u64) -> Figures {
        let times = |micros: u64| Times::of([Duration::from_micros(micros)]);
        Figures {
            init: times(init),
            first: times(first),
            warm: times(warm),
            cpu_init: times(init / 2),
            cpu_first: times(first / 2),
            cpu_warm: Times::default(),
            peak_memory: Some(megabytes * 1_000_000),
        }
    }

    fn program(name: &str, role: Role, zipped_bytes: u64, calls: &[(&str, u64)]) -> Program {
        let of = |times: u64| calls.iter().map(|(name, count)| ((*name).to_owned(), count * times)).collect();
        let calls = Calls { first: of(2), warm: of(1) };
        Program { name: name.to_owned(), role, job: "an event".to_owned(), zipped_bytes, calls }
    }

    /// A floor, one function and the peer, without a limit and at 128 MB.
    pub(crate) fn report() -> Report {
        let lap = |share, got, slower: u64| {
            let of = |name: &str, figures| (name.to_owned(), figures);
            let outcome = Ok(BTreeMap::from([
                of("floor", taken(900, 300 * slower, 200 * slower, 3)),
                of("notifications", taken(2_500, 4_000 * slower, 3_000 * slower, 9)),
                of("peer", taken(150_000, 45_000 * slower, 8_000 * slower, 54)),
            ]));
            Lap { share, got, outcome }
        };
        Report {
            machine: Machine {
                processor: "A processor".to_owned(),
                cores: 2,
                kernel: "Linux 6.18".to_owned(),
                python: Some("3.11.7".to_owned()),
            },
            cold: 1,
            warm: 1,
            means: "by hand".to_owned(),
            programs: vec![
                program("floor", Role::Floor, 600_000, &[]),
                program("notifications", Role::Ours, 3_100_000, &[("GetItem", 1), ("slack", 2)]),
                program("peer", Role::Peer, 16_000_000, &[("GetItem", 1)]),
            ],
            laps: vec![
                lap(Share::Whole, None, 1),
                lap(Share::OfMemory(128), Some(0.073), 14),
                Lap {
                    share: Share::OfMemory(256),
                    got: None,
                    outcome: Err("somebody took the cable".to_owned()),
                },
            ],
            left_out: vec!["256 MB: somebody took the cable".to_owned()],
        }
    }

    #[test]
    fn a_report_as_people_read_it() {
        insta::assert_snapshot!(report().markdown());
    }

    #[test]
    fn what_was_not_measured_is_in_the_json_by_name() {
        let json = report().json();
        assert_eq!(json["laps"][2]["not_measured"], "somebody took the cable");
        assert_eq!(json["not_measured"][0], "256 MB: somebody took the cable");
        assert_eq!(json["laps"][0]["programs"]["notifications"]["cpu_warm"]["p50_ms"], Value::Null);
    }

    #[test]
    fn the_json_has_milliseconds_bytes_and_verdicts() {
        let json = report().json();
        assert_eq!(json["laps"][0]["programs"]["peer"]["to_first_next"]["p50_ms"], 150.0);
        assert_eq!(json["programs"][1]["zipped_bytes"], 3_100_000);
        let verdicts: Vec<&str> =
            json["goals"].as_array().unwrap().iter().filter_map(|goal| goal["verdict"].as_str()).collect();
        assert_eq!(verdicts, ["missed", "met", "missed", "missed", "missed", "met", "missed"]);
    }

    #[test]
    fn a_part_is_told_as_one_in_so_many_until_it_is_more_than_the_whole() {
        assert_eq!(
            (fraction(0.25), fraction(1.5), fraction(0.0)),
            ("1/4.0".to_owned(), "1.50".to_owned(), "0.00".to_owned())
        );
    }
}
