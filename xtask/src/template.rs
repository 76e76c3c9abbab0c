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
        .current_dir(root))?;
    scan(root, &python)
}

/// checkov reads CloudFormation, so it gets what SAM makes of the template. What is left aside says so, with its reason, in the
/// `Metadata` of its resource.
fn scan(root: &Path, python: &Python) -> Result<(), String> {
    let folder = root.join("target/sam");
    std::fs::create_dir_all(&folder).map_err(|error| format!("making {}: {error}", folder.display()))?;
    let translated = folder.join("translated.json");
    run(python
        .tool("python")?
        .arg("tests/template/translate.py")
        .arg(&translated)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(root))?;
    run(Python::scanner(root)?
        .tool("checkov")?
        .args(["--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "--file"])
        .arg(&translated)
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
