//! What is said of jobs: what happened to one, how its runs stand, and what a person can do about it.
//!
//! Nothing is hidden or cut here: whoever sends it does both. In Japanese a command has a space on either side, for Slack
//! takes a backtick beside a letter for text.

mod en;
mod ja;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Language::{self, En, Ja};
use super::alerts::duration;
use super::{causes, moment};
use crate::arn::ClusterArn;
use crate::batch::{BadRun, Happened, JobName, LateFor, Recovered, RunId, Tally};
use crate::diagnosis::Cause;

/// What a person can do, in a sentence or two with the commands for it. As a next step of Amazon Q none may be longer than
/// 350 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToDo<'t> {
    /// Find out what became of a run.
    FindOut {
        /// Which.
        run: &'t RunId,
        /// Tasks of which nobody knows.
        tasks: u32,
    },
    /// Repair the job, and try it before its breaker closes.
    CloseBreaker {
        /// Which job.
        job: &'t JobName,
        /// Failed runs in a row.
        failures: u32,
        /// Further slots are skipped until then.
        until: Timestamp,
    },
    /// Look why a job has not succeeded for so long.
    LookForSuccess {
        /// Which job.
        job: &'t JobName,
        /// Since when.
        since: Timestamp,
    },
    /// Do again what failed.
    Retry {
        /// Of which run.
        run: &'t RunId,
        /// Whether some of its tasks succeeded.
        in_part: bool,
    },
    /// Do a run that was left out.
    Catch {
        /// Which.
        run: &'t RunId,
    },
    /// Do many that were left out, if they are still wanted.
    CatchSome {
        /// Of which job.
        job: &'t JobName,
        /// The earliest is after this time.
        after: Timestamp,
        /// The latest is before this time.
        before: Timestamp,
    },
    /// Let a run begin that does not.
    LetBegin {
        /// Which.
        run: &'t RunId,
        /// Why it does not.
        why: &'t LateFor,
    },
    /// Wait for a task that does not come to run, or give the run up.
    GiveUp {
        /// Which run.
        run: &'t RunId,
    },
    /// End the run for which others are skipped.
    EndEarlier {
        /// Which.
        run: &'t RunId,
    },
    /// Look at the job's runs.
    Look {
        /// Of which job.
        job: &'t JobName,
    },
}

/// What a person can do, in their language.
pub fn to_do(what: &ToDo<'_>, language: Language) -> String {
    match language {
        En => en::to_do(what),
        Ja => ja::to_do(what),
    }
}

/// The job, and where its tasks run: `job nightly-etl in batch`.
pub fn place(job: &JobName, cluster: Option<&ClusterArn>, language: Language) -> String {
    let cluster = cluster.map(ClusterArn::name).filter(|name| !name.is_empty());
    match (language, cluster) {
        (En, Some(cluster)) => format!("job {job} in {cluster}"),
        (En, None) => format!("job {job}"),
        (Ja, Some(cluster)) => format!("ジョブ {job} ({cluster})"),
        (Ja, None) => format!("ジョブ {job}"),
    }
}

/// What happened to a job, in one line.
pub fn happened(place: &str, what: &Happened, language: Language) -> String {
    match language {
        En => en::happened(place, what),
        Ja => ja::happened(place, what),
    }
}

/// The title of a trouble that is over, or is but for the runs of which nobody knows how they ended.
pub fn recovered(place: &str, has_unknown: bool, language: Language) -> String {
    match (language, has_unknown) {
        (En, false) => format!("{place} succeeds again"),
        (En, true) => format!("{place} succeeds again, but how an earlier run ended is unknown"),
        (Ja, false) => format!("{place} は再び成功しました"),
        (Ja, true) => format!("{place} は再び成功しましたが、以前の実行の結果は不明です"),
    }
}

/// How a trouble stands, in one line.
pub fn status(
    since: Timestamp,
    counts: &BTreeMap<String, u32>,
    recovered: Option<&Recovered>,
    language: Language,
) -> String {
    let bad = counts_of(counts, language);
    let from = moment(since, language);
    let ended = recovered
        .map(|it| (&it.by, moment(it.at, language), duration(it.at.duration_since(since), language)));
    let head = match (ended, language) {
        (None, En) => format!("since {from}"),
        (None, Ja) => format!("{from} から"),
        (Some((by, at, took)), En) => format!("run {by} succeeded {at}, after {took}"),
        (Some((by, at, took)), Ja) => format!("{at} に実行 {by} が成功しました ({took}後)"),
    };
    match (bad.is_empty(), language) {
        (true, _) => head,
        (false, En) => format!("{head}; runs that did not succeed: {bad}"),
        (false, Ja) => format!("{head}。成功しなかった実行: {bad}"),
    }
}

/// Runs that did not succeed: `2 failed, 500 skipped`.
fn counts_of(counts: &BTreeMap<String, u32>, language: Language) -> String {
    let count = |(word, count): (&String, &u32)| match language {
        En => format!("{count} {}", en::ended(word)),
        Ja => format!("{}{count}件", ja::ended(word)),
    };
    listed(counts.iter().map(count), language)
}

/// A run and the time that its slot names.
pub fn run(run: &RunId, scheduled: Timestamp, language: Language) -> String {
    let at = moment(scheduled, language);
    match language {
        En => format!("{run}, due {at}"),
        Ja => format!("{run} (予定 {at})"),
    }
}

/// What became of a run's tasks: `37 succeeded, 3 failed`. Empty where it had none.
pub fn tally(tally: &Tally, language: Language) -> String {
    let Tally { succeeded, ignored, skipped, failed, timed_out, cancelled, unknown, .. } = *tally;
    let words = [
        (succeeded, "succeeded", "成功"),
        (ignored, "failed and ignored", "失敗 (無視)"),
        (skipped, "done by rule", "ルールにより終了"),
        (failed, "failed", "失敗"),
        (timed_out, "ran for too long", "タイムアウト"),
        (cancelled, "cancelled", "キャンセル"),
        (unknown, "unknown", "不明"),
    ];
    let some = words.into_iter().filter(|(count, ..)| *count > 0);
    let word = |(count, en, ja): (u32, &str, &str)| match language {
        En => format!("{count} {en}"),
        Ja => format!("{ja} {count}"),
    };
    listed(some.map(word), language)
}

/// The line that says how many runs there are by now.
pub fn grew(count: usize, language: Language) -> String {
    match language {
        En => format!("{count} runs did not succeed by now"),
        Ja => format!("成功しなかった実行が{count}件に達しました"),
    }
}

/// Tasks that did not succeed, of all of a run.
fn share(bad: &BadRun, language: Language) -> Option<String> {
    let Tally { failed, timed_out, unknown, .. } = bad.tally;
    let (count, tasks) = (failed + timed_out + unknown, bad.tasks);
    (tasks > 1 && count > 0).then(|| match language {
        En => format!("{count} of {tasks} tasks"),
        Ja => format!("{tasks}タスク中{count}タスク"),
    })
}

/// The cause that most of a run's failed tasks have, with its word.
fn leading_cause(bad: &BadRun, language: Language) -> Option<String> {
    // Of two that are as frequent the first by its word, as ever.
    let (word, _) = bad.causes.iter().rev().max_by_key(|(_, count)| **count)?;
    let headline = match (word.as_str(), language) {
        ("run_timeout", En) => "it ran for too long",
        ("run_timeout", Ja) => "実行時間の上限を超えました",
        ("provision_timeout", En) => "it did not come to run in time",
        ("refused", En) => "RunTask refused it",
        ("refused", Ja) => "RunTask に拒否されました",
        ("provision_timeout", Ja) => "時間内に起動しませんでした",
        (word, _) => match Cause::from_word(word) {
            Some(cause) => causes::headline(cause, language),
            None => return Some(word.to_owned()),
        },
    };
    Some(format!("{headline} ({word})"))
}

fn listed(parts: impl Iterator<Item = String>, language: Language) -> String {
    let between = match language {
        En => ", ",
        Ja => "、",
    };
    parts.collect::<Vec<_>>().join(between)
}

/// The time that a slot names, as a command takes it.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
