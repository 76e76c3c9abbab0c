//! Events of the project, and of the corpus beside it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `$STEWARD_CORPUS`, from the project's root; `../shared/corpus` without it. Where it is not there, that is said, and nothing is checked with it.
#[allow(clippy::explicit_write, reason = "`eprintln!` is kept by the harness, and a skip must be seen")]
pub(crate) fn corpus() -> Option<PathBuf> {
    let place = root().join(std::env::var_os("STEWARD_CORPUS").unwrap_or_else(|| "../shared/corpus".into()));
    if place.is_dir() {
        return Some(place);
    }
    writeln!(
        std::io::stderr(),
        "\nNOT CHECKED: no corpus at {}: patterns are untested with it",
        place.display()
    )
    .unwrap();
    None
}

fn collect(folder: &Path, below: &Path, events: &mut BTreeMap<String, Value>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, below, events);
            continue;
        }
        let name = path.strip_prefix(below).unwrap().display().to_string();
        let read = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        let each = match read {
            Some(Value::Array(all)) => all,
            Some(one) => vec![one],
            None => continue,
        };
        for (index, event) in each.into_iter().enumerate() {
            // What something else has wrapped has come through a rule already.
            if event["source"].is_string() && event["detail-type"].is_string() {
                events.insert(if index == 0 { name.clone() } else { format!("{name}#{index}") }, event);
            }
        }
    }
}

/// What EventBridge delivers, by file.
pub(crate) fn events_of(folder: &Path) -> BTreeMap<String, Value> {
    let mut events = BTreeMap::new();
    collect(folder, folder, &mut events);
    events
}

/// The project's own samples.
pub(crate) fn samples() -> BTreeMap<String, Value> {
    events_of(&root().join("events"))
}

/// Samples whose row in `expected.tsv` says that they open an incident.
pub(crate) fn that_open_incidents() -> Vec<String> {
    let rows = std::fs::read_to_string(root().join("events/expected.tsv")).unwrap();
    let opens = rows.lines().filter(|row| row.ends_with("\topens"));
    opens.map(|row| row.split('\t').next().unwrap().to_owned()).collect()
}
