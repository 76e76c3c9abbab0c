//! What is printed.

use std::io::{self, Write};

use steward::remediation::memory::{Step, cloud_formation, json_patch, terraform};

use super::{Change, Format};

pub(super) fn write(out: &mut impl Write, change: &Change, format: Format) -> io::Result<()> {
    let family = change.revision.family();
    match format {
        Format::Text => for_people(out, change),
        Format::JsonPatch => {
            let patch = json_patch(&change.sizes, &change.raise);
            writeln!(out, "{}", serde_json::to_string_pretty(&patch)?)
        }
        Format::Cloudformation => write!(out, "{}", cloud_formation(&change.raise)),
        Format::Terraform => write!(out, "{}", terraform(family.as_str(), &change.raise)),
    }
}

fn for_people(out: &mut impl Write, change: &Change) -> io::Result<()> {
    let Change { service, cluster, revision, raise, count, .. } = change;
    writeln!(out, "{service} in {cluster} runs {}", revision.family_and_revision())?;
    let container = &raise.container;
    match count {
        Some(count) => writeln!(out, "{container} ran out of memory in {count} tasks")?,
        None => writeln!(out, "{container} is to get more memory")?,
    }
    writeln!(out, "\nThe smallest change that gives it more:")?;
    let rows = [
        (format!("container {container}, memory"), "MiB", raise.limit),
        ("task, memory".to_owned(), "MiB", raise.task_memory),
        ("task, CPU".to_owned(), "units", raise.task_cpu),
    ];
    for (what, unit, Step { from, to }) in
        rows.into_iter().filter_map(|(what, unit, step)| Some((what, unit, step?)))
    {
        writeln!(out, "  {what}: {from} -> {to} {unit}")?;
    }
    writeln!(out, "\nIn the form of your own code:")?;
    for format in ["json-patch", "cloudformation", "terraform"] {
        writeln!(out, "  steward memory {service} --cluster {cluster} --format {format}")?;
    }
    Ok(())
}
