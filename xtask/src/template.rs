//! Checks of `template.yaml`, and of what services are told to be like, without AWS.

use std::path::Path;

use crate::tools::{Python, run};

pub(crate) fn check(root: &Path) -> Result<(), String> {
    let python = Python::ready(root)?;
    run(python.tool("sam")?.args(["validate", "--template-file", "template.yaml"]).current_dir(root))?;
    run(python
        .tool("sam")?
        .args(["validate", "--lint", "--template-file", "template.yaml"])
        .current_dir(root))?;
    // With what AWS recommends for serverless applications; what is left aside says so at its resource.
    run(python
        .tool("cfn-lint")?
        .args(["--append-rules", "cfn_lint_serverless.rules", "--template", "template.yaml"])
        .current_dir(root))?;
    run(python
        .tool("python")?
        .args(["-m", "unittest", "discover", "--start-directory", "tests/template"])
        // Nothing but sources belongs into the folder.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(root))
}

/// The example of a worker that protects itself: it needs Python alone.
pub(crate) fn check_worker(root: &Path) -> Result<(), String> {
    unittests(root, "docs/examples/worker")
}

/// How a release is packed, from the same files in other places, at other times.
pub(crate) fn check_release(root: &Path) -> Result<(), String> {
    unittests(root, "tests/release")
}

fn unittests(root: &Path, folder: &str) -> Result<(), String> {
    run(Python::ready(root)?
        .tool("python")?
        .args(["-m", "unittest", "discover", "--start-directory", folder])
        // Nothing but sources belongs into the folder.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(root))
}
