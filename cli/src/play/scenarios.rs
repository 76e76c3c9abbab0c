//! Scenarios by name, and what a channel gets of one.

use std::io;
use std::path::Path;

use steward::config::Mode;
use steward_sim::scenario::{self, Listener, Post, Scenario};

/// A scenario that comes with Steward, by its name, or one of a file that ends with `.yaml`.
pub(crate) fn find(name: &str) -> io::Result<Scenario> {
    let is_file = Path::new(name).extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    if is_file {
        let text = std::fs::read_to_string(name)
            .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
        return Scenario::read(name, &text).map_err(io::Error::other);
    }
    let all = Scenario::all().map_err(io::Error::other)?;
    let names: Vec<String> = all.iter().map(|scenario| scenario.name.clone()).collect();
    all.into_iter().find(|scenario| scenario.name == name).ok_or_else(|| {
        let known = names.join(", ");
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("no scenario is called {name}; there are {known}. One of your own is a file that ends with .yaml"),
        )
    })
}

/// What a channel gets of a scenario under Steward in a mode.
pub(crate) fn posts(name: &str, mode: Mode, listener: Listener) -> io::Result<Vec<Post>> {
    scenario::hear(&find(name)?, mode, listener).map_err(io::Error::other)
}
