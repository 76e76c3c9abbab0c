//! What Slack is sent, and what is made of its answers.
#![allow(clippy::disallowed_methods, reason = "time is paused here, and what is spawned is awaited")]

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::aws::scripted::{Answer, Script, Sent, run, run_paused};
use crate::aws::tests::told;
use crate::config::MemoryParameters;
use crate::ledger::Root;
use crate::notification::{Message, Subject};
use crate::ports::{Channel, Overwrite, ParameterStore};

const PARAMETER: &str = "/secrets/slack";
const WEBHOOK: &str = "https://hooks.slack.com/services/T0/B0/s3cr3t";
const TOKEN: &str = "xoxb-1-2-s3cr3t";

type Headers = &'static [(&'static str, &'static str)];

fn http(status: u16, headers: Headers, body: &str) -> Answer {
    Answer::Http(status, headers, body.to_owned())
}

/// An answer of a method.
fn said(body: &Value) -> Answer {
    Answer::ok(body)
}

fn no(word: &str) -> Answer {
    said(&json!({"ok": false, "error": word}))
}

fn holding(secret: &str) -> MemoryParameters {
    let parameters = MemoryParameters::default();
    if !secret.is_empty() {
        run(parameters.put(PARAMETER, secret, Overwrite::Yes)).unwrap();
    }
    parameters
}

fn webhook(script: &Script, secret: &str) -> SlackWebhook<MemoryParameters> {
    SlackWebhook::new(&script.sdk(), "ops".to_owned(), holding(secret), PARAMETER.to_owned(), None)
}

fn bot(script: &Script, secret: &str) -> SlackBot<MemoryParameters> {
    let (name, parameter, channel) = ("ops".to_owned(), PARAMETER.to_owned(), "C1".to_owned());
    SlackBot::new(&script.sdk(), name, holding(secret), parameter, channel, None)
}

fn letter<'l>(told: &'l (Subject, Message), how: How<'l>) -> Letter<'l> {
    Letter { subject: &told.0, message: &told.1, key: "open:1", how, form: Form::Rich }
}

fn root() -> Root {
    Root { channel: "C1".to_owned(), id: "1.000100".to_owned() }
}

/// A new message by webhook.
fn by_webhook(answers: &[Answer], secret: &str) -> (Result<Option<Root>, SendError>, Vec<Sent>) {
    let script = Script::of(answers.to_vec());
    let told = told();
    let result = run_paused(webhook(&script, secret).send(&letter(&told, How::New)));
    (result, script.sent())
}

fn by_bot(answers: &[Answer], how: How<'_>, form: Form) -> (Result<Option<Root>, SendError>, Vec<Sent>) {
    let script = Script::of(answers.to_vec());
    let told = told();
    let letter = Letter { form, ..letter(&told, how) };
    (run_paused(bot(&script, TOKEN).send(&letter)), script.sent())
}

fn posted() -> Answer {
    said(&json!({"ok": true, "channel": "C1", "ts": "1.000100", "message": {"bot_id": "B1"}}))
}

#[test]
fn a_webhook_gets_blocks_and_its_messages_are_not_found_again() {
    let (result, sent) = by_webhook(&[http(200, &[], "ok")], WEBHOOK);
    assert_eq!(result, Ok(None));
    assert_eq!((sent[0].uri.as_str(), &sent[0].json()["blocks"][0]["type"]), (WEBHOOK, &json!("header")));
    let script = Script::of([]);
    assert!(!webhook(&script, WEBHOOK).edits() && bot(&script, TOKEN).edits());
    assert_eq!((webhook(&script, WEBHOOK).name(), bot(&script, TOKEN).name()), ("ops", "ops"));
}

#[test]
fn what_a_webhook_answers_is_judged_by_whether_the_message_may_have_arrived() {
    for (answer, trouble, pause, says) in [
        (http(429, &[("Retry-After", "7")], ""), Trouble::Later, Some(7), "slow down"),
        (http(429, &[("Retry-After", "soon")], ""), Trouble::Later, None, "slow down"),
        (http(500, &[], "rollup_error"), Trouble::Unknown, None, "500 rollup_error"),
        (http(503, &[], "down"), Trouble::Unknown, None, "503 down"),
        (http(302, &[("Location", "https://example.com/")], ""), Trouble::Refused, None, "redirect"),
        (http(400, &[], "invalid_blocks"), Trouble::Form, None, "400 invalid_blocks"),
        (http(400, &[], "invalid_payload: no JSON"), Trouble::Form, None, "400 invalid_payload"),
        (http(400, &[], "no_text"), Trouble::Form, None, "400 no_text"),
        (http(400, &[], "user_not_found"), Trouble::Refused, None, "400 user_not_found"),
        (http(403, &[], "invalid_token"), Trouble::Refused, None, "403 invalid_token"),
        (http(404, &[], "no_service"), Trouble::Refused, None, "404 no_service"),
        (http(410, &[], "channel_is_archived"), Trouble::Refused, None, "410 channel_is_archived"),
        (Answer::Broken, Trouble::Unknown, None, "no answer"),
        (Answer::Hang, Trouble::Unknown, None, "in time"),
    ] {
        let (result, sent) = by_webhook(std::slice::from_ref(&answer), WEBHOOK);
        let error = result.unwrap_err();
        let asked = error.retry_after.map(|pause| pause.as_secs());
        assert_eq!((error.trouble, asked, error.channel.as_str()), (trouble, pause, "ops"), "{error}");
        assert!(error.problem.contains(says) && !error.problem.contains("s3cr3t"), "{error}");
        assert_eq!(sent.len(), 1, "nothing is sent twice, and no redirect followed: {answer:?}");
    }
}

#[test]
fn what_was_certainly_not_taken_is_tried_once_more_after_a_short_pause() {
    let busy = || http(429, &[("Retry-After", "3")], "");
    for (answers, tries, trouble) in [
        (vec![busy(), http(200, &[], "ok")], 2, None),
        (vec![Answer::NoConnection, http(200, &[], "ok")], 2, None),
        (vec![busy(), busy(), http(200, &[], "ok")], 2, Some(Trouble::Later)),
        (vec![Answer::NoConnection], 2, Some(Trouble::Later)),
        (vec![http(429, &[("Retry-After", "4")], ""), http(200, &[], "ok")], 1, Some(Trouble::Later)),
        (vec![Answer::Broken, http(200, &[], "ok")], 1, Some(Trouble::Unknown)),
    ] {
        let (result, sent) = by_webhook(&answers, WEBHOOK);
        assert_eq!((sent.len(), result.err().map(|error| error.trouble)), (tries, trouble), "{answers:?}");
    }
}

#[test]
fn a_secret_that_slack_refused_is_read_anew_for_the_next_message() {
    let script = Script::of([http(404, &[], "no_service"), http(200, &[], "")]);
    let (channel, told) = (webhook(&script, WEBHOOK), told());
    run(channel.send(&letter(&told, How::New))).unwrap_err();
    let replaced = "https://hooks.slack.com/services/T0/B1/other";
    run(channel.parameters().put(PARAMETER, replaced, Overwrite::Yes)).unwrap();
    run_paused(channel.send(&letter(&told, How::New))).unwrap();
    assert_eq!(script.sent()[1].uri, replaced);
    let script = Script::of([no("token_revoked"), posted()]);
    let channel = bot(&script, TOKEN);
    run_paused(channel.send(&letter(&told, How::New))).unwrap_err();
    run(channel.token.parameters().put(PARAMETER, "xoxb-new", Overwrite::Yes)).unwrap();
    run_paused(channel.send(&letter(&told, How::New))).unwrap();
    let tokens: Vec<Option<String>> = script.sent().into_iter().map(|sent| sent.authorization).collect();
    assert_eq!(tokens, [Some(format!("Bearer {TOKEN}")), Some("Bearer xoxb-new".to_owned())]);
}

#[test]
fn nothing_is_sent_to_what_is_no_webhook_of_slack_and_no_secret_is_said() {
    for (secret, says) in [
        ("", "there is no parameter /secrets/slack"),
        ("http://hooks.slack.com/services/s3cr3t", "https://"),
        ("https://hooks.slack.com.evil.example/services/s3cr3t", "its host"),
        ("https://hooks.slack.com@evil.example/services/s3cr3t", "its host"),
        ("https://hooks.slack.com:8443/services/s3cr3t", "its host"),
        ("https://evil.example/hooks.slack.com/s3cr3t", "its host"),
        ("https://hooks.slack.com/", "its path"),
        ("https://hooks.slack.com/services/s3cr3t?x=1", "its path"),
        ("https://hooks.slack.com/services/s3cr3t\nHost: evil", "its path"),
        ("xoxb-s3cr3t", "https://"),
    ] {
        let (result, sent) = by_webhook(&[http(200, &[], "")], secret);
        let error = result.unwrap_err();
        assert!(error.problem.contains(says) && !error.problem.contains("s3cr3t"), "{secret}: {error}");
        assert_eq!((sent.len(), error.trouble), (0, Trouble::Refused), "{secret}");
    }
}

#[test]
fn nothing_is_sent_with_what_is_no_bot_token_and_no_secret_is_said() {
    for (secret, says) in [
        ("", "there is no parameter /secrets/slack: put the bot token there"),
        ("xoxp-s3cr3t", "xoxb-"),
        (WEBHOOK, "xoxb-"),
        ("xoxb-s3cr3t\r\nHost: evil", "characters"),
        ("xoxb-s3cr3t@evil.example", "slack-gov.com"),
    ] {
        let (script, told) = (Script::of([posted()]), told());
        let error = run(bot(&script, secret).send(&letter(&told, How::New))).unwrap_err();
        assert!(error.problem.contains(says) && !error.problem.contains("s3cr3t"), "{secret}: {error}");
        assert_eq!((script.sent().len(), error.trouble), (0, Trouble::Refused), "{secret}");
    }
}

#[test]
fn govslack_has_hosts_of_its_own() {
    let (_, sent) = by_webhook(&[http(200, &[], "")], " https://hooks.slack-gov.com/services/T0/B0/x \n");
    assert_eq!(sent[0].uri, "https://hooks.slack-gov.com/services/T0/B0/x");
    let (script, told) = (Script::of([posted()]), told());
    run(bot(&script, "xoxb-1@slack-gov.com").send(&letter(&told, How::New))).unwrap();
    assert_eq!(script.sent()[0].uri, "https://slack-gov.com/api/chat.postMessage");
    assert_eq!(script.sent()[0].authorization.as_deref(), Some("Bearer xoxb-1"));
}

#[test]
fn a_bot_posts_and_says_where_the_message_is() {
    let (result, sent) = by_bot(&[posted()], How::New, Form::Rich);
    assert_eq!(result, Ok(Some(root())));
    let body = sent[0].json();
    assert_eq!(sent[0].uri, "https://slack.com/api/chat.postMessage");
    assert_eq!((&body["channel"], &body["blocks"][0]["type"]), (&json!("C1"), &json!("header")));
    assert_eq!(body["metadata"]["event_type"], "ecs_steward");
    let key = body["metadata"]["event_payload"]["key"].as_str().unwrap();
    assert!(key.len() == 32 && !sent[0].body.contains("open:1"), "a hash: {key}");
    assert_eq!(body.get("thread_ts"), None);
}

#[test]
fn a_bot_replies_in_the_thread_aloud_or_not() {
    let elsewhere = Root { channel: "C9".to_owned(), id: "9.9".to_owned() };
    for aloud in [true, false] {
        let (_, sent) = by_bot(&[posted()], How::Reply { root: &elsewhere, aloud }, Form::Rich);
        let body = sent[0].json();
        assert_eq!(
            (&body["channel"], &body["thread_ts"], &body["reply_broadcast"], &body["blocks"][0]["type"]),
            (&json!("C9"), &json!("9.9"), &json!(aloud), &json!("section")),
            "the thread stays where it began"
        );
        assert!(body["metadata"]["event_payload"]["key"].is_string());
    }
}

#[test]
fn a_bot_edits_with_blocks_or_takes_the_old_ones_away() {
    let root = root();
    let (result, sent) = by_bot(&[posted()], How::Edit(&root), Form::Rich);
    assert_eq!(result, Ok(Some(root.clone())));
    let body = sent[0].json();
    assert_eq!(sent[0].uri, "https://slack.com/api/chat.update");
    assert_eq!((&body["ts"], &body["blocks"][0]["type"]), (&json!("1.000100"), &json!("header")));
    assert_eq!(body.get("metadata"), None, "it stays as it was posted");
    let (_, sent) = by_bot(&[posted()], How::Edit(&root), Form::Plain);
    assert_eq!(sent[0].json()["blocks"], json!([]));
    let (_, sent) = by_bot(&[posted()], How::New, Form::Plain);
    assert_eq!(sent[0].json().get("blocks"), None);
}

#[test]
fn slacks_words_say_what_became_of_a_message_and_what_to_do() {
    for (word, trouble, says) in [
        ("ratelimited", Trouble::Later, ""),
        ("internal_error", Trouble::Unknown, ""),
        ("fatal_error", Trouble::Unknown, ""),
        ("service_unavailable", Trouble::Unknown, ""),
        ("request_timeout", Trouble::Unknown, ""),
        ("invalid_blocks", Trouble::Form, ""),
        ("invalid_blocks_format", Trouble::Form, ""),
        ("msg_too_long", Trouble::Form, ""),
        ("msg_blocks_too_long", Trouble::Form, ""),
        ("no_text", Trouble::Form, ""),
        ("invalid_metadata_format", Trouble::Form, ""),
        ("invalid_metadata_schema", Trouble::Form, ""),
        ("message_not_found", Trouble::Gone, ""),
        ("edit_window_closed", Trouble::Gone, ""),
        ("cant_update_message", Trouble::Gone, ""),
        ("thread_not_found", Trouble::Gone, ""),
        ("channel_not_found", Trouble::Refused, "/invite"),
        ("not_in_channel", Trouble::Refused, "/invite"),
        ("is_archived", Trouble::Refused, "unarchive"),
        ("invalid_auth", Trouble::Refused, "bot token"),
        ("not_authed", Trouble::Refused, "bot token"),
        ("account_inactive", Trouble::Refused, "bot token"),
        ("token_revoked", Trouble::Refused, "bot token"),
        ("missing_scope", Trouble::Refused, "chat:write"),
        ("restricted_action", Trouble::Refused, "settings"),
        ("a_word_of_tomorrow", Trouble::Refused, "docs.slack.dev"),
    ] {
        let (result, sent) = by_bot(&[no(word)], How::New, Form::Rich);
        let error = result.unwrap_err();
        assert_eq!((error.trouble, sent.len()), (trouble, 1), "{error}");
        assert!(error.problem.starts_with(&format!("chat.postMessage: {word}")), "{error}");
        assert!(error.problem.contains(says) && !error.problem.contains("s3cr3t"), "{error}");
    }
}

#[test]
fn what_a_method_answers_besides_is_judged_by_its_status() {
    let needs = json!({"ok": false, "error": "missing_scope", "needed": "chat:write", "provided": "none"});
    for (answer, trouble, pause, says) in [
        (http(429, &[("retry-after", "30")], "{}"), Trouble::Later, Some(30), "slow down"),
        (http(502, &[], "<html>"), Trouble::Unknown, None, "502"),
        (http(301, &[], ""), Trouble::Refused, None, "redirect"),
        (http(200, &[], "<html>"), Trouble::Unknown, None, "says nothing"),
        (http(404, &[], "<html>"), Trouble::Refused, None, "says nothing"),
        (said(&needs), Trouble::Refused, None, "(needed: chat:write)"),
        (no("xoxb-1-2-s3cr3t"), Trouble::Refused, None, "chat.postMessage: "),
        (Answer::Broken, Trouble::Unknown, None, "no answer"),
        (Answer::Hang, Trouble::Unknown, None, "in time"),
    ] {
        let (result, _) = by_bot(&[answer], How::New, Form::Rich);
        let error = result.unwrap_err();
        assert_eq!(
            (error.trouble, error.retry_after.map(|pause| pause.as_secs())),
            (trouble, pause),
            "{error}"
        );
        assert!(error.problem.contains(says) && !error.problem.contains("s3cr3t"), "{error}");
    }
}

/// The metadata's key of a letter, as it was posted.
fn key_of(how: How<'_>) -> String {
    let (_, sent) = by_bot(&[posted()], how, Form::Rich);
    sent[0].json()["metadata"]["event_payload"]["key"].as_str().unwrap().to_owned()
}

fn message(ts: &str, bot: &str, key: &str) -> Value {
    let metadata = json!({"event_type": "ecs_steward", "event_payload": {"key": key}});
    json!({"ts": ts, "bot_id": bot, "metadata": metadata})
}

fn page(messages: &[Value], next: &str) -> Answer {
    said(&json!({"ok": true, "messages": messages, "response_metadata": {"next_cursor": next}}))
}

fn look(answers: &[Answer], how: How<'_>) -> (Result<Option<Root>, SendError>, Vec<Sent>) {
    let own = said(&json!({"ok": true, "bot_id": "B1"}));
    let script = Script::of([own].into_iter().chain(answers.iter().cloned()));
    let told = told();
    let since = Timestamp::from_microsecond(1_700_000_000_000_042).unwrap();
    (run_paused(bot(&script, TOKEN).find(&letter(&told, how), since)), script.sent())
}

#[test]
fn a_message_is_found_by_its_key_over_pages_and_only_ones_own() {
    let key = key_of(How::New);
    let others = [
        json!({"ts": "1.1", "text": "somebody"}),
        message("2.2", "B1", "another"),
        message("3.3", "B2", &key),
        json!({"ts": "4.4", "bot_id": "B1", "metadata": {"event_type": "x", "event_payload": {"key": key}}}),
    ];
    let (found, sent) = look(&[page(&others, "n=2"), page(&[message("5.5", "B1", &key)], "")], How::New);
    assert_eq!(found, Ok(Some(Root { channel: "C1".to_owned(), id: "5.5".to_owned() })));
    let uris: Vec<&str> = sent.iter().map(|sent| sent.uri.as_str()).collect();
    let history = "https://slack.com/api/conversations.history";
    assert_eq!(uris, ["https://slack.com/api/auth.test", history, history]);
    for part in ["channel=C1", "oldest=1700000000.000042", "include_all_metadata=true", "limit=100"] {
        assert!(sent[1].body.contains(part), "{part} in {}", sent[1].body);
    }
    assert!(!sent[1].body.contains("cursor") && sent[2].body.contains("cursor=n%3D2"), "{sent:?}");
}

#[test]
fn a_reply_is_looked_for_in_its_thread() {
    let root = root();
    let how = How::Reply { root: &root, aloud: false };
    let (found, sent) = look(&[page(&[message("5.5", "B1", &key_of(how))], "")], how);
    assert_eq!(found, Ok(Some(Root { id: "5.5".to_owned(), ..root.clone() })));
    assert_eq!(sent[1].uri, "https://slack.com/api/conversations.replies");
    assert!(sent[1].body.contains("ts=1.000100"), "{}", sent[1].body);
}

#[test]
fn looking_ends_after_some_pages() {
    let (found, sent) = look(&[page(&[], "more")], How::New);
    assert_eq!((found, sent.len()), (Ok(None), 1 + 5));
}

#[test]
fn who_may_not_read_cannot_tell_and_who_is_not_answered_says_so() {
    for word in ["missing_scope", "not_in_channel", "channel_not_found", "thread_not_found", "invalid_auth"] {
        assert_eq!(look(&[no(word)], How::New).0, Ok(None), "{word}");
    }
    for (answer, trouble, pause) in [
        (http(429, &[("retry-after", "30")], ""), Trouble::Later, Some(30)),
        (no("internal_error"), Trouble::Unknown, None),
        (http(503, &[], ""), Trouble::Unknown, None),
        (Answer::Hang, Trouble::Unknown, None),
    ] {
        let error = look(&[answer], How::New).0.unwrap_err();
        assert_eq!(
            (error.trouble, error.retry_after.map(|pause| pause.as_secs())),
            (trouble, pause),
            "{error}"
        );
    }
}

#[test]
fn posts_keep_a_second_between_them_and_edits_do_not() {
    let (script, told, root) = (Script::of([posted()]), told(), root());
    let channel = bot(&script, TOKEN);
    let elapsed = run_paused(async {
        let mut elapsed = Vec::new();
        for how in [How::New, How::Reply { root: &root, aloud: false }, How::Edit(&root), How::Edit(&root)] {
            let began = Instant::now();
            channel.send(&letter(&told, how)).await.unwrap();
            elapsed.push(began.elapsed().as_secs());
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        let began = Instant::now();
        channel.send(&letter(&told, How::New)).await.unwrap();
        elapsed.push(began.elapsed().as_secs());
        elapsed
    });
    assert_eq!(elapsed, [0, 1, 0, 0, 0]);
}

#[test]
fn nobody_waits_for_longer_than_two_seconds() {
    let waits = run_paused(tokio::task::LocalSet::new().run_until(async {
        let pace = Rc::new(pace::Pace::default());
        let wait = |pace: Rc<pace::Pace>| async move {
            let began = Instant::now();
            pace.keep().await;
            began.elapsed().as_secs()
        };
        let tasks: Vec<_> = (0..5).map(|_| tokio::task::spawn_local(wait(Rc::clone(&pace)))).collect();
        let mut waits = Vec::new();
        for task in tasks {
            waits.push(task.await.unwrap());
        }
        waits
    }));
    assert_eq!(waits, [0, 1, 2, 2, 2]);
}
