use super::*;

fn update(desk: &mut Desk, ts: &str, more: &Value) -> Answer {
    desk.here("chat.update", &with(&json!({ "ts": ts, "text": "new" }), more))
}

#[test]
fn a_changed_message_keeps_its_name_and_its_place() {
    let mut desk = Desk::unlimited();
    let first = desk.posted("first", &json!({ "blocks": section("first") }));
    desk.posted("second", &none());
    desk.wait(1000);
    let answer = update(&mut desk, &first, &json!({ "blocks": section("changed") }));
    assert_eq!((answer.ts(), &answer.body().unwrap()["text"]), (Some(first.as_str()), &json!("new")));
    assert_eq!(desk.texts(), ["new", "second"]);
    let message = desk.slack.message("C1", &first).unwrap();
    assert_eq!((message.edits.len(), message.read()), (1, "changed".to_owned()));
}

#[test]
fn a_change_of_text_alone_drops_the_blocks_unless_slack_keeps_them() {
    for (keeps, shown) in [(false, "new"), (true, "old block")] {
        let mut desk = Desk::unlimited();
        desk.slack.text_updates_keep_blocks(keeps);
        let ts = desk.posted("old", &json!({ "blocks": section("old block") }));
        assert!(update(&mut desk, &ts, &none()).is_ok());
        assert_eq!(desk.slack.message("C1", &ts).unwrap().read(), shown);
        assert!(update(&mut desk, &ts, &json!({ "blocks": [] })).is_ok());
        assert_eq!(desk.slack.message("C1", &ts).unwrap().read(), "new", "an empty list drops them always");
    }
}

#[test]
fn metadata_stays_until_it_is_replaced_or_taken_away() {
    let mut desk = Desk::unlimited();
    let ts = desk.posted("a", &json!({ "metadata": event(&json!({ "n": 1 })) }));
    let cases = [
        (none(), Some(event(&json!({ "n": 1 })))),
        (json!({ "metadata": event(&json!({ "n": 2 })) }), Some(event(&json!({ "n": 2 })))),
        (json!({ "metadata": {} }), None),
    ];
    for (more, expected) in cases {
        assert!(update(&mut desk, &ts, &more).is_ok());
        assert_eq!(desk.slack.message("C1", &ts).unwrap().metadata, expected, "{more}");
    }
}

#[test]
fn what_cannot_be_changed_is_refused_in_slacks_words() {
    let mut desk = Desk::unlimited();
    desk.slack.install("xoxb-2", "A2", SCOPES);
    desk.slack.invite("A2", "C1");
    let ts = desk.posted("ours", &none());
    let other = json!({ "channel": "C1", "text": "theirs" });
    let theirs = desk.slack.call("chat.postMessage", "xoxb-2", &other, desk.now, None);
    let theirs = theirs.ts().unwrap().to_owned();
    let person = desk.slack.say("C1", "U1", "hello", None, desk.now).unwrap().to_string();
    desk.slack.webhook(HOOK, &json!({ "text": "hooked" }), desk.now, None);
    let hooked = desk.slack.messages("C1").last().unwrap().ts.to_string();
    let refused = [
        (theirs, none(), "cant_update_message"),
        (person, none(), "cant_update_message"),
        (hooked, none(), "cant_update_message"),
        ("1700000000.999999".to_owned(), none(), "message_not_found"),
        ("now".to_owned(), none(), "message_not_found"),
        (ts.clone(), json!({ "channel": "alerts" }), "channel_not_found"),
        (ts.clone(), json!({ "text": "" }), "no_text"),
        (ts.clone(), json!({ "text": "a".repeat(4001) }), "msg_too_long"),
        (ts.clone(), json!({ "blocks": [{}] }), "invalid_blocks"),
    ];
    for (ts, more, word) in refused {
        assert_eq!(update(&mut desk, &ts, &more).error(), Some(word), "{ts} {more}");
    }
    assert_eq!(desk.texts(), ["ours", "theirs", "hello", "hooked"]);
    desk.slack.archive("C1", true);
    assert_eq!(update(&mut desk, &ts, &none()).error(), Some("is_inactive"));
}

#[test]
fn a_deleted_message_is_not_found() {
    let mut desk = Desk::unlimited();
    let ts = desk.posted("a", &none());
    desk.slack.delete("C1", Ts::parse(&ts).unwrap());
    assert_eq!(update(&mut desk, &ts, &none()).error(), Some("message_not_found"));
}

#[test]
fn a_message_cannot_be_changed_after_its_window() {
    let mut desk = Desk::unlimited();
    desk.slack.edit_window(Some(SignedDuration::from_mins(5)));
    let ts = desk.posted("a", &none());
    desk.wait(300_000);
    assert!(update(&mut desk, &ts, &none()).is_ok());
    desk.wait(1);
    assert_eq!(update(&mut desk, &ts, &none()).error(), Some("edit_window_closed"));
}

#[test]
fn a_change_that_names_somebody_rings() {
    let mut desk = Desk::unlimited();
    let ts = desk.posted("a", &none());
    update(&mut desk, &ts, &json!({ "blocks": section("<!here>") }));
    update(&mut desk, &ts, &json!({ "blocks": section("quiet again") }));
    let rings: Vec<&str> = desk.slack.message("C1", &ts).unwrap().rings().collect();
    assert_eq!(rings, ["!here"], "what rang once rang");
}

#[test]
fn fifty_changes_a_minute_are_taken() {
    let mut desk = Desk::new();
    let ts = desk.posted("a", &none());
    for _ in 0..50 {
        assert!(update(&mut desk, &ts, &none()).is_ok());
    }
    let refused = update(&mut desk, &ts, &none());
    assert_eq!((refused.status(), refused.retry_after()), (Some(429), Some(60)));
    assert!(desk.here("conversations.history", &none()).is_ok(), "each method has its own allowance");
    desk.wait(60_000);
    assert!(update(&mut desk, &ts, &none()).is_ok());
    assert_eq!(desk.slack.message("C1", &ts).unwrap().edits.len(), 51);
}
