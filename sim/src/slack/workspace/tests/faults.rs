use std::time::Duration;

use super::*;

/// Posts a text by both ways, each with a fault.
fn both(fault: Fault) -> (Desk, [Answer; 2]) {
    let mut desk = Desk::unlimited();
    let message = json!({ "channel": "C1", "text": "a" });
    let api = desk.slack.call("chat.postMessage", TOKEN, &message, desk.now, Some(fault));
    let hook = desk.slack.webhook(HOOK, &message, desk.now, Some(fault));
    (desk, [api, hook])
}

#[test]
fn a_fault_tells_the_client_one_thing_and_does_another() {
    let status = |status, done| Fault::Status { status, done };
    let trouble = |done| Fault::Trouble { trouble: Trouble::FatalError, done };
    // Fault; status and word of the Web API, of a webhook; messages that are there.
    let cases = [
        (Fault::RateLimited(30), (Some(429), Some("ratelimited")), (Some(429), Some("rate_limited")), 0),
        (
            status(503, false),
            (Some(503), Some("upstream connect error")),
            (Some(503), Some("upstream connect error")),
            0,
        ),
        (
            status(500, true),
            (Some(500), Some("upstream connect error")),
            (Some(500), Some("upstream connect error")),
            2,
        ),
        (trouble(false), (Some(200), Some("fatal_error")), (Some(500), Some("rollup_error")), 0),
        (trouble(true), (Some(200), Some("fatal_error")), (Some(500), Some("rollup_error")), 2),
        (Fault::Slow(Duration::from_secs(9)), (Some(200), None), (Some(200), None), 2),
        (Fault::HiddenDrop, (Some(200), None), (Some(200), None), 0),
        (Fault::ResetBefore, (None, None), (None, None), 0),
        (Fault::ResetAfter, (None, None), (None, None), 2),
        (Fault::Hang, (None, None), (None, None), 0),
    ];
    for (fault, api, hook, there) in cases {
        let (desk, answers) = both(fault);
        let heard = answers.each_ref().map(|answer| (answer.status(), answer.error()));
        assert_eq!((heard, desk.slack.messages("C1").count()), ([api, hook], there), "{fault:?}");
    }
}

#[test]
fn resets_and_silence_are_told_apart() {
    assert_eq!(both(Fault::ResetAfter).1, [Answer::Cut, Answer::Cut]);
    assert_eq!(both(Fault::ResetBefore).1, [Answer::Cut, Answer::Cut]);
    assert_eq!(both(Fault::Hang).1, [Answer::Hang, Answer::Hang]);
}

#[test]
fn a_pause_and_a_delay_are_as_long_as_they_were_drawn() {
    let [api, hook] = both(Fault::RateLimited(30)).1;
    assert_eq!((api.retry_after(), hook.retry_after()), (Some(30), Some(30)));
    for answer in both(Fault::Slow(Duration::from_secs(9))).1 {
        let Answer::Given(given) = answer else { panic!("{answer:?}") };
        assert_eq!(given.delay, Duration::from_secs(9));
    }
}

#[test]
fn a_hidden_drop_is_found_out_by_who_comes_back() {
    let mut desk = Desk::unlimited();
    let message = json!({ "channel": "C1", "text": "a" });
    let answer = desk.slack.call("chat.postMessage", TOKEN, &message, desk.now, Some(Fault::HiddenDrop));
    let ts = answer.ts().unwrap().to_owned();
    assert_eq!(answer.body().unwrap()["message"]["text"], "a", "it looks like any other answer");
    assert_eq!((desk.slack.messages("C1").count(), desk.slack.dropped("C1").count()), (0, 1));
    assert_eq!(
        desk.here("chat.update", &json!({ "ts": ts, "text": "b" })).error(),
        Some("message_not_found")
    );
    assert_eq!(desk.here("conversations.replies", &json!({ "ts": ts })).error(), Some("thread_not_found"));
    assert_eq!(desk.post("reply", &json!({ "thread_ts": ts })).error(), Some("thread_not_found"));
    assert_eq!(listed(&desk.here("conversations.history", &none())), [] as [&str; 0]);
}

#[test]
fn a_fault_saves_no_call_from_the_rules() {
    let mut desk = Desk::new();
    let empty = json!({ "channel": "C1" });
    let slow = Some(Fault::Slow(Duration::from_secs(1)));
    let answer = desk.slack.call("chat.postMessage", TOKEN, &empty, desk.now, slow);
    assert_eq!(answer.error(), Some("no_text"));
    let answer = desk.slack.call("chat.postMessage", TOKEN, &empty, desk.now, Some(Fault::HiddenDrop));
    assert_eq!((answer.error(), desk.slack.dropped("C1").count()), (Some("no_text"), 0));
}

#[test]
fn a_change_whose_answer_is_lost_is_made() {
    let mut desk = Desk::unlimited();
    let ts = desk.posted("a", &none());
    let change = json!({ "channel": "C1", "ts": ts, "text": "b" });
    let answer = desk.slack.call("chat.update", TOKEN, &change, desk.now, Some(Fault::ResetAfter));
    assert_eq!((answer, desk.texts()), (Answer::Cut, vec!["b"]));
}
