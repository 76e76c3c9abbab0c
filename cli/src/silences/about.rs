//! What a silence is about, as people write it: `service=api-* cause=task_crashed`.

use jiff::SignedDuration;
use steward::apply::people::{LONGEST_SILENCE, SHORTEST_SILENCE};
use steward::config::{Duration, Glob, Match};
use steward::diagnosis::Cause;
use steward::incident::Severity;

/// The keys, as errors name them.
const KEYS: &str = "cluster, service, tag:KEY, cause and severity";
const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];
/// Words that look alike this much are suggested (Jaro-Winkler).
const LOOKS_LIKE: f64 = 0.75;
/// So many of them, at most.
const SUGGESTED: usize = 3;

/// One `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    Cluster(Glob),
    Service(Glob),
    Tag(String, Glob),
    Cause(Cause),
    Severity(Severity),
}

/// Reads one condition.
pub(crate) fn condition(text: &str) -> Result<Condition, String> {
    let (key, value) = text
        .split_once('=')
        .map(|(key, value)| (key.trim(), value.trim()))
        .ok_or_else(|| format!("write KEY=VALUE, such as service=api-*; the keys are {KEYS}"))?;
    if value.is_empty() {
        return Err(format!("{key} of what? `*` stands for any characters"));
    }
    match key {
        "cluster" => Ok(Condition::Cluster(Glob::new(value))),
        "service" => Ok(Condition::Service(Glob::new(value))),
        "cause" => cause(value).map(Condition::Cause),
        "severity" => severity(value).map(Condition::Severity),
        _ => match key.strip_prefix("tag:").map(str::trim) {
            Some("") | None if key.starts_with("tag") => {
                Err("a tag is written tag:KEY=VALUE, such as tag:team=web".to_owned())
            }
            Some(tag) => Ok(Condition::Tag(tag.to_owned(), Glob::new(value))),
            None => Err(format!("`{key}` is no key here; the keys are {KEYS}")),
        },
    }
}

pub(crate) fn cause(word: &str) -> Result<Cause, String> {
    Cause::from_word(word).ok_or_else(|| {
        let asked = word.to_lowercase().replace('-', "_");
        let likeness = |cause: &Cause| {
            let known = cause.as_str();
            let is_part = known.split('_').any(|part| part == asked);
            if is_part { 1.0 } else { strsim::jaro_winkler(&asked, known) }
        };
        let mut near: Vec<(f64, Cause)> = Cause::ALL
            .iter()
            .map(|cause| (likeness(cause), *cause))
            .filter(|(like, _)| *like >= LOOKS_LIKE)
            .collect();
        near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let near: Vec<String> = near.iter().take(SUGGESTED).map(|(_, cause)| format!("`{cause}`")).collect();
        match near.as_slice() {
            [] => format!("no cause is called `{word}`; docs/causes.md has them all"),
            near => format!("no cause is called `{word}`; did you mean {}?", near.join(" or ")),
        }
    })
}

fn severity(word: &str) -> Result<Severity, String> {
    SEVERITIES
        .into_iter()
        .find(|severity| severity.as_str() == word)
        .ok_or_else(|| format!("`{word}` is no severity; those are info, warning and critical"))
}

/// What conditions say together. All must hold; of several causes one is enough.
pub(crate) fn about(conditions: &[Condition]) -> Result<Match, String> {
    let mut about = Match::default();
    for condition in conditions {
        let known = match condition {
            Condition::Cluster(glob) => about.cluster.replace(glob.clone()).map(|_| "cluster".to_owned()),
            Condition::Service(glob) => about.service.replace(glob.clone()).map(|_| "service".to_owned()),
            Condition::Severity(least) => about.severity.replace(*least).map(|_| "severity".to_owned()),
            Condition::Tag(key, glob) => {
                about.tags.insert(key.clone(), glob.clone()).map(|_| format!("tag:{key}"))
            }
            Condition::Cause(cause) => {
                about.causes.insert(*cause);
                None
            }
        };
        if let Some(key) = known {
            return Err(format!("{key} is named twice, and nothing is both: ask for two silences"));
        }
    }
    let everything = Match { severity: Some(Severity::Info), ..Match::default() };
    if about == everything || about.is_about_all() {
        return Err("that is everything: name a cluster, a service, a tag or a cause as well".to_owned());
    }
    Ok(about)
}

/// How long a silence lasts.
pub(crate) fn lasts(text: &str) -> Result<SignedDuration, String> {
    let asked = text.parse::<Duration>().map_err(|error| error.to_string())?;
    if (SHORTEST_SILENCE..=LONGEST_SILENCE).contains(&asked.get()) {
        return Ok(asked.get());
    }
    let (least, most) = (Duration::new(SHORTEST_SILENCE), Duration::new(LONGEST_SILENCE));
    Err(format!("from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Match, String> {
        let conditions: Result<Vec<Condition>, String> = texts.iter().map(|text| condition(text)).collect();
        about(&conditions?)
    }

    #[test]
    fn conditions_say_together_what_a_silence_is_about() {
        let service = Match { service: Some(Glob::new("api-*")), ..Match::default() };
        assert_eq!(read(&["service=api-*"]), Ok(service.clone()));
        let all = read(&["cluster=shop", "service = api-*", "tag:team=web", "severity=warning"]).unwrap();
        let tags = [("team".to_owned(), Glob::new("web"))].into();
        assert_eq!(
            all,
            Match { cluster: Some(Glob::new("shop")), tags, severity: Some(Severity::Warning), ..service }
        );
        let causes = read(&["cause=out_of_memory", "cause=image_not_found"]).unwrap().causes;
        assert_eq!(causes, [Cause::OutOfMemory, Cause::ImageNotFound].into());
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        for (texts, says) in [
            (&["api"][..], "write KEY=VALUE, such as service=api-*"),
            (&["services=api"], "`services` is no key here; the keys are cluster, service, tag:KEY"),
            (&["service="], "service of what?"),
            (&["tag=web"], "tag:KEY=VALUE"),
            (&["tag:=web"], "tag:KEY=VALUE"),
            (&["cause=memory"], "no cause is called `memory`; did you mean `out_of_memory`"),
            (&["cause=image_not_fund"], "did you mean `image_not_found`"),
            (&["cause=zzz"], "docs/causes.md has them all"),
            (&["severity=high"], "`high` is no severity; those are info, warning and critical"),
            (&["service=api", "service=web"], "service is named twice"),
            (&["tag:team=a", "tag:team=b"], "tag:team is named twice"),
            (&["severity=info"], "that is everything"),
            (&[], "that is everything"),
        ] {
            let error = read(texts).unwrap_err();
            assert!(error.contains(says), "{texts:?}: {error}");
        }
    }

    #[test]
    fn a_silence_lasts_from_a_minute_to_thirty_days() {
        for (text, is_right) in
            [("1m", true), ("2h", true), ("1h30m", true), ("30d", true), ("59s", false), ("31d", false)]
        {
            assert_eq!(lasts(text).is_ok(), is_right, "{text}");
        }
        assert_eq!(lasts("31d"), Err("from 1m to 30d".to_owned()));
        assert!(lasts("2").unwrap_err().contains("has no unit; write `2s`"));
    }
}
