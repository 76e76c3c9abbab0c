//! What work takes and what a month costs: `cargo bench -p steward-bench --bench cost`. With `-- --write` it writes `docs/cost.md`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a command of developers"
)]

use steward_bench::cost::page::document;
use steward_bench::work::Works;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` runs benchmarks, and wants them not to run.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let page = document(&Works::measure());
    if arguments.iter().any(|argument| argument == "--write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cost.md");
        std::fs::write(path, page).unwrap();
        println!("{path} is written");
    } else {
        println!("{page}");
    }
}
