//! One JSON object. docs/doctor.md describes it; members are added, and none goes or changes its meaning within a version.

use std::io::{self, Write};

use serde::Serialize;

use super::checks::Finding;

/// The version of the form.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'f> {
    version: u32,
    stack: &'f str,
    findings: &'f [Finding],
}

pub(super) fn write(out: &mut impl Write, name: &str, findings: &[Finding]) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document { version: VERSION, stack: name, findings })?;
    writeln!(out)
}
