//! For whoever tunes the scaler: one trace, compiled in seconds, without the command line's other parts.
//!
//!     cargo run -q --release -p steward-scaling-sim --example tune -- TRACE [load=1] [service=2.0] [start=30] [promise=60]
//!         [hours=24] [seed=1] [max=100] [ours] [course] [orders] [html=FILE]
//!
//!     cargo run -q --release -p steward-scaling-sim --example tune -- matrix [quick] TRACE...
//!
//! `ours` leaves the peers out. `course` prints desired tasks and backlog by the minute, `orders` each order and what
//! it comes from.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a tool for developers talks to their terminal, and ends where it is called wrongly"
)]

use std::time::Instant;

use steward_scaling_sim::matrix::{Row, cells};
use steward_scaling_sim::{
    Comparison, Options, Policy, Rival, Trace, World, course, looks, page, scaler, search, settings, steward,
    text,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().expect("the first argument is a trace, or `matrix`");
    if path == "matrix" {
        return matrix(arguments.get(1..).unwrap_or_default());
    }
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let number = |key: &str| {
        let found = arguments.iter().find_map(|argument| argument.strip_prefix(key)?.strip_prefix('='));
        found.map(|text| text.parse::<f64>().expect("a number"))
    };
    let whole =
        |key: &str| number(key).map(|number| format!("{number:.0}").parse::<u64>().expect("a whole number"));
    let ms = |key: &str| number(key).map(|s| format!("{:.0}", s * 1_000.0).parse::<u64>().expect("seconds"));
    let defaults = Options::default();
    let options = Options {
        load: number("load").unwrap_or(1.0),
        service_time: ms("service"),
        start_up: ms("start").unwrap_or(defaults.start_up),
        promise: ms("promise").unwrap_or(defaults.promise),
        shorten: whole("hours").and_then(|hours| u32::try_from(hours).ok()),
        seed: whole("seed").unwrap_or(1),
        max: whole("max").and_then(|max| u32::try_from(max).ok()).unwrap_or(defaults.max),
        ..defaults
    };
    let trace = Trace::read(path, &std::fs::read_to_string(path).expect("a file")).expect("a trace");
    let world = World::new(&trace, options).expect("a world");
    let scaler = scaler(&options);
    let began = Instant::now();
    let ours = steward(&world, &scaler);
    let took = began.elapsed();
    let peers: &[Policy] = if has("ours") { &[] } else { &Policy::PEERS };
    let began = Instant::now();
    let rivals: Vec<Rival> = peers
        .iter()
        .map(|policy| Rival { policy: *policy, tried: search(&world, &settings(*policy, options.min)) })
        .collect();
    let tried: usize = rivals.iter().map(|rival| rival.tried.len()).sum();
    let comparison = Comparison { ours: Some(ours), shows_ours: true, rivals };
    print!("{}", text(&comparison, &world, "as it learns"));
    eprintln!("ours took {took:.2?}; {tried} settings of peers {:.2?}", began.elapsed());
    if let Some(path) = arguments.iter().find_map(|argument| argument.strip_prefix("html=")) {
        std::fs::write(path, page(&comparison, &world, &scaler, "a trace", "as it learns")).expect("a page");
    }
    if has("orders") {
        for decision in
            looks(&world, &scaler).0.into_iter().map(|look| look.decision).filter(|it| it.order.is_some())
        {
            let at = decision.at.duration_since(world.begins).as_secs();
            println!("{at:>8} s {:?} {:?} {:?}", decision.order, decision.limit, decision.need);
            println!("           {:?}", decision.estimate);
        }
    }
    if has("course") {
        let points = course(&world, &scaler).points;
        for (at, desired, visible) in
            points.chunk_by(|one, other| one.0 / 60 == other.0 / 60).filter_map(|minute| minute.last())
        {
            println!("{:>8} min {desired:>5} tasks {visible:>7} waiting", at / 60);
        }
    }
}

fn matrix(arguments: &[String]) {
    println!("{}", Row::head());
    for path in arguments.iter().filter(|argument| *argument != "quick") {
        let trace = Trace::read(path, &std::fs::read_to_string(path).expect("a file")).expect("a trace");
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        for cell in cells(&trace, arguments.iter().any(|argument| argument == "quick")) {
            let world = cell.world(&trace).expect("a world");
            let comparison = cell.compare(&world);
            println!("{}", Row { trace: name.clone(), cell, comparison }.line());
        }
    }
}
