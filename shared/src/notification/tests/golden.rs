//! What people read, in every language: to be read by whoever changes a word.

use super::rules::Forms;
use super::samples::{Texts, diagnosis, incident_of, samples, stopped};
use super::*;
use crate::diagnosis::Diagnosis;

/// A diagnosis with a cause, from what ECS says where it stops a task for it.
fn diagnosed(cause: Cause) -> Diagnosis {
    let exit = |code: i64| json!([{"name": "checkout", "image": "checkout:rel-43", "exitCode": code}]);
    let because = |reason: &str| json!([{"name": "checkout", "image": "checkout:rel-43", "reason": reason, "exitCode": 137}]);
    let exited = |code| json!({"stopCode": "EssentialContainerExited", "containers": exit(code)});
    let reasons = include_str!("../../diagnosis/reasons.tsv").lines();
    let reasons =
        reasons.filter_map(|line| line.split_once('\t')).filter(|(word, _)| *word == cause.as_str());
    let said = reasons.flat_map(|(_, reason)| {
        [
            json!({"stoppedReason": reason}),
            json!({"stopCode": "ServiceSchedulerInitiated", "stoppedReason": reason}),
            json!({"stopCode": "SpotInterruption", "stoppedReason": reason}),
            json!({"stopCode": "EssentialContainerExited", "containers": because(reason)}),
        ]
    });
    let exits = [137, 139, 134, 1, 0].map(exited);
    let exits = exits.into_iter().map(|mut changes| {
        changes["stoppedReason"] = json!("Essential container in task exited");
        changes
    });
    let of = |changes: Value| diagnosis(&stopped(&Texts::usual(), &changes));
    said.chain(exits)
        .map(of)
        .find(|found| found.cause == cause)
        .unwrap_or_else(|| panic!("no event of {cause}"))
}

fn every_cause(language: Language) -> String {
    let style = Style::of(language);
    // A deployment that waits is no task's cause: see the stages.
    let causes = Cause::ALL.iter().filter(|cause| !cause.is_benign() && **cause != Cause::AwaitsAnswer);
    let told = causes.map(|cause| {
        let incident = incident_of(&Texts::usual(), &diagnosed(*cause), 2);
        let message = style.incident(&incident);
        Forms::of(&incident.subject(), &message, "opened").check(&incident.subject());
        format!("{}\n{}\n{}", message.title, message.status, message.advice.unwrap())
    });
    told.collect::<Vec<_>>().join("\n\n")
}

fn every_stage(language: Language) -> String {
    let told = samples(&Texts::usual(), language).into_iter().map(|sample| {
        let reply = sample.reply.map(|reply| format!("\n↳ {}", plain(&reply))).unwrap_or_default();
        format!("── {}\n{}{reply}", sample.name, plain(&sample.root))
    });
    told.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn every_cause_in_english() {
    insta::assert_snapshot!(every_cause(Language::En));
}

#[test]
fn every_cause_in_japanese() {
    insta::assert_snapshot!(every_cause(Language::Ja));
}

#[test]
fn every_stage_in_english() {
    insta::assert_snapshot!(every_stage(Language::En));
}

#[test]
fn every_stage_in_japanese() {
    insta::assert_snapshot!(every_stage(Language::Ja));
}

#[test]
fn every_channel_takes_every_stage() {
    for language in Language::ALL {
        for sample in samples(&Texts::usual(), language) {
            for message in [&sample.root].into_iter().chain(&sample.reply) {
                let forms = Forms::of(&sample.subject, message, &sample.name);
                forms.check(&sample.subject);
                forms.check_harmless();
            }
        }
    }
}

#[test]
fn a_mail_in_japanese_has_a_subject_of_the_names_in_it() {
    let sample = samples(&Texts::usual(), Language::Ja).swap_remove(0);
    assert_eq!(mail::subject(&sample.root), "WARNING: checkout (shop): (image_not_found)");
}

#[test]
fn many_short_log_lines_leave_their_fence_closed() {
    let mut message = samples(&Texts::usual(), Language::En).swap_remove(0).root;
    for length in [1, 30, 54, 60] {
        message.logs = vec![crate::redact::redact(&"x".repeat(length)); 400];
        for value in [slack::blocks(&message), slack::reply(&message)] {
            let blocks = value["blocks"].as_array().unwrap();
            let mut texts = blocks.iter().filter_map(|block| block["text"]["text"].as_str());
            let logs = texts.find(|text| text.starts_with("*Last log lines*")).unwrap();
            assert!(logs.ends_with("x```"), "{logs}");
        }
    }
}
