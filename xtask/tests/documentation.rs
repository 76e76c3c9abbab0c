//! The pages people read: each of their links leads somewhere, and each page is led to.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every page, by its path from the root: those at the root, and all below `docs/`.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    gather(&root(), false, &mut found);
    gather(&root().join("docs"), true, &mut found);
    found
}

fn gather(folder: &Path, below: bool, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && below {
            gather(&path, below, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path.strip_prefix(root()).unwrap().to_path_buf(), text);
        }
    }
}

/// The lines that are no code, each without the code in it, and their numbers.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with("    ") {
            // What stands between two backticks is code.
            lines.push((index + 1, line.split('`').step_by(2).collect::<Vec<_>>().join("")));
        }
    }
    lines
}

/// The targets of `[text](target)` and of `[text]: target`.
fn links(line: &str) -> Vec<&str> {
    let defined =
        line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).chain(defined).collect()
}

/// The anchors of a page as GitHub makes them of headings, and those that it names itself.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let heading = line.trim_start_matches('#');
        if !fenced && heading.len() < line.len() && heading.starts_with(' ') {
            let slug = slug(heading.trim());
            let again = (1..).map(|n| format!("{slug}-{n}"));
            let free = std::iter::once(slug.clone()).chain(again).find(|name| !found.contains(name));
            found.extend(free);
        }
        for named in line.split("id=\"").skip(1) {
            found.extend(named.split('"').next().map(str::to_owned));
        }
    }
    found
}

fn slug(heading: &str) -> String {
    // Of a link in a heading only the text counts.
    let text: String = heading
        .split("](")
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once(')').map_or("", |(_, rest)| rest) })
        .collect();
    text.to_lowercase()
        .chars()
        .filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'))
        .map(|sign| if sign == ' ' { '-' } else { sign })
        .collect()
}

/// Where a link on a page leads, from the root.
fn resolve(page: &Path, target: &str) -> PathBuf {
    let mut path = page.parent().unwrap().to_path_buf();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => {
                assert!(path.pop(), "{}: {target} leads out of the project", page.display());
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

/// What is wrong with the links of these pages, and which pages each leads to.
fn follow(pages: &BTreeMap<PathBuf, String>) -> (Vec<String>, BTreeMap<PathBuf, BTreeSet<PathBuf>>) {
    let mut dead = Vec::new();
    let mut leads: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for (page, text) in pages {
        for (number, line) in prose(text) {
            for link in
                links(&line).into_iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
            {
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                let to = if file.is_empty() { page.clone() } else { resolve(page, file) };
                let problem = match pages.get(&to) {
                    Some(text) if !anchor.is_empty() && !anchors(text).contains(anchor) => "no such heading",
                    None if !root().join(&to).exists() => "no such file",
                    _ => "",
                };
                if !problem.is_empty() {
                    dead.push(format!("{}:{number}: {link}: {problem}", page.display()));
                }
                leads.entry(page.clone()).or_default().insert(to);
            }
        }
    }
    (dead, leads)
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let (dead, leads) = follow(&pages());
    assert!(leads.values().map(BTreeSet::len).sum::<usize>() > 50, "hardly a link was found");
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn the_readme_leads_to_every_page() {
    let pages = pages();
    let (_, leads) = follow(&pages);
    let mut reached = BTreeSet::new();
    let mut next = vec![PathBuf::from("README.md")];
    while let Some(page) = next.pop() {
        if reached.insert(page.clone()) {
            next.extend(leads.get(&page).into_iter().flatten().cloned());
        }
    }
    let lost: Vec<_> = pages.keys().filter(|page| !reached.contains(*page)).collect();
    assert!(lost.is_empty(), "no link leads from README.md to {lost:?}");
}

#[test]
fn a_dead_link_is_found_with_its_line() {
    let pages = BTreeMap::from([
        (
            PathBuf::from("docs/a.md"),
            "# A\n[b](b.md) [no](none.md) [top](#a)\n`[code](x.md)`\n```\n[more](y.md)\n```\n[h](b.md#what-it-is-1) [i](b.md#it)\n"
                .to_owned(),
        ),
        (PathBuf::from("docs/b.md"), "# What `it` is?\n## [What](a.md) it is\n[up](../README.md)".to_owned()),
    ]);
    let (dead, _) = follow(&pages);
    assert_eq!(dead, ["docs/a.md:2: none.md: no such file", "docs/a.md:7: b.md#it: no such heading"]);
}
