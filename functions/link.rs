//! How the functions are linked: the build script of each of them.
//!
//! A released one lies where the linker put it. One that may lie anywhere has tens of thousands of addresses written into it by each start, on
//! hundreds of pages, before it does anything; `docs/performance.md` has the figures.
#![allow(clippy::disallowed_methods, reason = "cargo tells a build script what to do by its environment")]
#![allow(clippy::print_stdout, reason = "and is answered by its standard output")]

fn main() {
    println!("cargo::rerun-if-changed=../link.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|told| told == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
