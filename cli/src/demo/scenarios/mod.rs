//! Scenarios in the demo: the same world under Steward in two modes side by side, and how long each took.

mod rows;
mod show;

use std::io;
use std::path::Path;

use steward::config::Mode;
use steward_sim::scenario::{self, Played, Run, Scenario};

use crate::play::scenarios::find;

pub(super) use rows::{Across, Line, Row, Scene, Sign};
pub(super) use show::{clock, write, write_one, write_row};

/// The modes that stand side by side.
const MODES: [Mode; 2] = [Mode::Observe, Mode::Act];

/// The scenarios of the overview, played.
pub(super) fn overview() -> io::Result<Vec<Scene>> {
    let all = Scenario::all().map_err(io::Error::other)?;
    all.iter().filter(|scenario| scenario.is_in_demo()).map(scene).collect()
}

fn scene(scenario: &Scenario) -> io::Result<Scene> {
    let [observe, act] = MODES.map(|mode| play(scenario, Run::Steward(mode)));
    let alone = [false, true].map(|breaker| play(scenario, Run::EcsAlone { breaker }));
    let [without, with] = alone;
    Ok(Scene::of(scenario, &[observe?, act?], &[without?, with?]))
}

/// A scenario by name, or one of a file, played in every mode that it names, and without Steward.
pub(super) fn one(name: &str) -> io::Result<(Scenario, Vec<Played>)> {
    let scenario = find(name)?;
    let played: io::Result<Vec<Played>> =
        scenario::runs(&scenario).into_iter().map(|run| play(&scenario, run)).collect();
    Ok((scenario, played?))
}

/// Plays all of them and writes their measures.
pub(super) fn write_document(path: &Path) -> io::Result<usize> {
    let all = Scenario::all().map_err(io::Error::other)?;
    let mut played = Vec::new();
    for scenario in &all {
        let runs: io::Result<Vec<Played>> =
            scenario::runs(scenario).into_iter().map(|run| play(scenario, run)).collect();
        played.push((scenario, runs?));
    }
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    std::fs::write(path, scenario::document(&played)).map_err(named)?;
    Ok(all.len())
}

fn play(scenario: &Scenario, run: Run) -> io::Result<Played> {
    scenario::play(scenario, run).map_err(io::Error::other)
}
