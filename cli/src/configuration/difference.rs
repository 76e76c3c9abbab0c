//! What a configuration changes, setting by setting.

mod jobs;
mod scaling;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::Value;
use steward::config::file::{File, Service};
use steward::config::{Configuration, Entry, Policy, Rules};

use crate::terminal::{BOLD, DIM};

/// What is one setting, although it has keys of its own.
const IN_ONE: [&str; 10] = [
    "notifications.slack",
    "notifications.flapping",
    "notifications.budget",
    "notifications.channels.",
    "guards.budgets.",
    "guards.outage",
    "rerun",
    "network",
    "success",
    "breaker",
];
/// What is as the stack was deployed where the file does not say it.
const DEPLOYED: [&str; 2] = ["notifications.slack", "notifications.topic"];

/// A setting that changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    name: String,
    before: String,
    after: String,
}

/// The settings that change, by name. Entries of `services` are known by what they match, jobs by their names, and services
/// that are scaled by theirs: one that comes or goes is one line, and one that stays is compared key by key.
pub(crate) fn lines(before: &Configuration, after: &Configuration) -> Vec<Line> {
    let mut all = settings_that_change(before, after);
    all.extend(entries_that_change(&before.policy, &after.policy));
    all.extend(jobs::that_change(&before.jobs, &after.jobs));
    all.extend(scaling::that_change(&before.scaling, &after.scaling));
    all
}

fn settings_that_change(before: &Configuration, after: &Configuration) -> Vec<Line> {
    let settings = |configuration: &Configuration| {
        let mut file = File::of(configuration);
        file.services = None;
        file.jobs = None;
        if let Some(scaling) = &mut file.scaling {
            scaling.services = None;
        }
        settings(&file)
    };
    let (defaults, before, after) = (settings(&Configuration::default()), settings(before), settings(after));
    changed(&before, &after, |name, value| match value {
        None if DEPLOYED.contains(&name) => "as deployed".to_owned(),
        None => "none".to_owned(),
        Some(value) if defaults.get(name) == Some(value) => format!("{value} (default)"),
        Some(value) => value.clone(),
    })
}

fn changed(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    shown: impl Fn(&str, Option<&String>) -> String,
) -> Vec<Line> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Line {
            name: name.clone(),
            before: shown(name, before.get(name)),
            after: shown(name, after.get(name)),
        })
        .collect()
}

fn entries_that_change(before: &Policy, after: &Policy) -> Vec<Line> {
    let find = |policy: &Policy, entry: &Entry| {
        policy.services.iter().find(|other| other.selector == entry.selector).cloned()
    };
    let gone = before.services.iter().filter(|entry| find(after, entry).is_none());
    let mut lines: Vec<Line> = gone
        .map(|entry| Line {
            name: name_of(entry),
            before: besides(entry, &before.defaults),
            after: "none".to_owned(),
        })
        .collect();
    for entry in &after.services {
        match find(before, entry) {
            None => lines.push(Line {
                name: name_of(entry),
                before: "none".to_owned(),
                after: besides(entry, &after.defaults),
            }),
            Some(was) => {
                let shown =
                    |_: &str, value: Option<&String>| value.map_or_else(|| "none".to_owned(), String::clone);
                let keys = changed(&rules(&was.rules, &was), &rules(&entry.rules, entry), shown);
                let name = name_of(entry);
                lines.extend(
                    keys.into_iter().map(|line| Line { name: format!("{name}.{}", line.name), ..line }),
                );
            }
        }
    }
    lines.extend(order_that_changes(before, after));
    lines
}

/// Of two entries that are as narrow the first holds, so their order matters.
fn order_that_changes(before: &Policy, after: &Policy) -> Option<Line> {
    let common = |policy: &Policy, other: &Policy| -> Vec<String> {
        let is_in_other =
            |entry: &&Entry| other.services.iter().any(|known| known.selector == entry.selector);
        policy.services.iter().filter(is_in_other).map(|entry| format!("[{}]", entry.selector)).collect()
    };
    let (before, after) = (common(before, after), common(after, before));
    (before != after).then(|| Line {
        name: "services, their order".to_owned(),
        before: before.join(" "),
        after: after.join(" "),
    })
}

fn name_of(entry: &Entry) -> String {
    format!("services[{}]", entry.selector)
}

/// What an entry says besides the defaults.
fn besides(entry: &Entry, defaults: &Rules) -> String {
    let defaults = rules(defaults, entry);
    let own = rules(&entry.rules, entry);
    let mode = ("mode".to_owned(), entry.rules.mode.as_str().to_owned());
    let others = own.into_iter().filter(|(key, value)| key != "mode" && defaults.get(key) != Some(value));
    let said: Vec<String> =
        std::iter::once(mode).chain(others).map(|(key, value)| format!("{key} {value}")).collect();
    said.join(", ")
}

/// Rules as an entry writes them, key by key.
fn rules(rules: &Rules, entry: &Entry) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let entry = Service::of(&Entry { rules: rules.clone(), ..entry.clone() });
    if let Ok(Value::Object(keys)) = serde_json::to_value(entry) {
        for (key, value) in keys.into_iter().filter(|(key, _)| key != "match") {
            add(&mut settings, key, &value);
        }
    }
    settings
}

/// Every setting as text, by its path.
fn settings(file: &File) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    if let Ok(Value::Object(sections)) = serde_json::to_value(file) {
        for (section, value) in sections.into_iter().filter(|(name, _)| name != "version") {
            add(&mut settings, section, &value);
        }
    }
    settings
}

/// A way to people, a channel and a budget are one setting each, whatever their form in the file. A route is one, too, a job's
/// rule of `retry` and a scaled service's `hours`, by its place: the first that matches holds. So is each of its queues.
fn add(settings: &mut BTreeMap<String, String>, name: String, value: &Value) {
    match value {
        Value::Object(keys) if !IN_ONE.iter().any(|one| name.starts_with(one)) => {
            for (key, value) in keys {
                add(settings, format!("{name}.{key}"), value);
            }
        }
        Value::Array(rules)
            if ["notifications.routes", "retry", "hours", "queues"].contains(&name.as_str()) =>
        {
            for (place, rule) in rules.iter().enumerate() {
                settings.insert(format!("{name}[{place}]"), text(rule));
            }
        }
        value => {
            settings.insert(name, text(value));
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(keys) if keys.is_empty() => "declared".to_owned(),
        Value::Object(keys) => {
            keys.iter().map(|(key, value)| format!("{key} {}", below(value))).collect::<Vec<_>>().join(", ")
        }
        Value::Array(entries) if entries.is_empty() => "none".to_owned(),
        Value::Array(entries) => entries.iter().map(text).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

/// The text of what stands in another: keys between parentheses, for theirs are not the other's.
fn below(value: &Value) -> String {
    match value {
        Value::Object(keys) if !keys.is_empty() => format!("({})", text(value)),
        value => text(value),
    }
}

/// Writes the lines in columns.
pub(crate) fn write_lines(out: &mut impl Write, lines: &[Line]) -> io::Result<()> {
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or_default();
    for Line { name, before, after } in lines {
        writeln!(out, "  {name:<width$}  {DIM}{before}{DIM:#} → {BOLD}{after}{BOLD:#}")?;
    }
    if lines.is_empty() {
        writeln!(out, "  no setting gets another value")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::read;

    /// The lines between two files, each as `name: before → after`.
    pub(super) fn between(before: &str, after: &str) -> Vec<String> {
        let configuration = |text: &str| read(&format!("version: 1\n{text}")).ok().unwrap().configuration;
        lines(&configuration(before), &configuration(after))
            .into_iter()
            .map(|Line { name, before, after }| format!("{name}: {before} → {after}"))
            .collect()
    }

    #[test]
    fn an_entry_that_comes_or_goes_is_one_line_with_what_it_says_besides_the_defaults() {
        let with =
            "services: [{match: {cluster: shop, service: a*}, remedies: {run_task: off}, rerun: {}}]\n";
        let said = "mode observe, remedies.run_task off, rerun declared";
        assert_eq!(between("", with), [format!("services[cluster shop, service a*]: none → {said}")]);
        assert_eq!(between(with, ""), [format!("services[cluster shop, service a*]: {said} → none")]);
    }

    #[test]
    fn an_entry_that_stays_is_compared_by_what_holds_wherever_it_stands() {
        let before = "services: [{match: {service: api}}]\n";
        let after =
            "services: [{match: {service: web}, mode: act}, {match: {service: api}, mode: propose}]\n";
        assert_eq!(
            between(before, after),
            ["services[service web]: none → mode act", "services[service api].mode: observe → propose"]
        );
        // A default that changes changes what holds for the entry, too.
        assert_eq!(
            between(before, &format!("defaults: {{hung: 1h}}\n{before}")),
            ["defaults.hung: 10m (default) → 1h", "services[service api].hung: 10m → 1h"]
        );
        assert_eq!(between(before, "services: [{match: {service: api}, hung: 10m}]\n"), Vec::<String>::new());
    }

    #[test]
    fn the_order_of_entries_is_a_setting() {
        assert_eq!(
            between(
                "services: [{match: {service: a*}}, {match: {service: \"*a\"}}]\n",
                "services: [{match: {service: \"*a\"}}, {match: {service: a*}}]\n"
            ),
            ["services, their order: [service a*] [service *a] → [service *a] [service a*]"]
        );
    }

    #[test]
    fn windows_and_budgets_are_a_setting_each() {
        assert_eq!(
            between(
                "",
                "guards: {freeze: [{days: [sat], from: 22:00, to: 06:00, why: no}], budgets: {service: {count: 1}}}\n"
            ),
            [
                "guards.budgets.service: count 3, within 6h (default) → count 1, within 6h",
                "guards.freeze: none (default) → days sat, from 22:00, to 06:00, utc_offset +00:00, why no",
            ]
        );
    }

    #[test]
    fn a_channel_and_a_route_are_a_setting_each() {
        let mail = "mail: {topic: 'arn:aws:sns:eu:123456789012:mail'}";
        let ops = "ops: {slack: {bot: /s/bot, channel: C0123456789}, budget: {count: 2}, fallback: mail}";
        let before = format!("notifications: {{channels: {{{mail}}}, routes: [{{to: [mail]}}]}}\n");
        let route = "{match: {service: a*, causes: [killed, segfault]}, to: [ops, mail], language: ja}";
        let after = format!(
            "notifications: {{repeat: off, budget: {{count: 9}}, channels: {{{ops}, {mail}}}, routes: [{route}, {{to: []}}]}}\n"
        );
        let said = "budget (count 2, within 1h), fallback mail, slack (bot /s/bot, channel C0123456789)";
        let matches = "match (causes killed; segfault, service a*)";
        assert_eq!(
            between(&before, &after),
            [
                "notifications.budget: count 40, within 1h (default) → count 9, within 1h".to_owned(),
                format!("notifications.channels.ops: none → {said}"),
                "notifications.repeat: 4h (default) → off".to_owned(),
                format!("notifications.routes[0]: to mail → language ja, {matches}, to ops; mail"),
                "notifications.routes[1]: none → to none".to_owned(),
            ]
        );
        let lines = between(&after, "");
        assert!(lines.contains(&format!("notifications.channels.ops: {said} → none")), "{lines:?}");
    }
}
