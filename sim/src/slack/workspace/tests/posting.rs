use super::*;

#[test]
fn a_message_is_answered_with_its_name_and_is_in_the_channel() {
    let mut desk = Desk::new();
    let answer =
        desk.post("down", &json!({ "blocks": section("*down*"), "metadata": event(&json!({ "id": "1" })) }));
    let body = answer.body().unwrap();
    assert_eq!(
        (&body["ok"], &body["channel"], &body["ts"]),
        (&json!(true), &json!("C1"), &json!("1700000000.000100"))
    );
    assert_eq!((&body["message"]["text"], &body["message"]["blocks"]), (&json!("down"), &section("*down*")));
    assert_eq!(body["message"]["metadata"]["event_payload"]["id"], "1");
    assert_eq!(desk.slack.message("C1", "1700000000.000100").unwrap().read(), "*down*");
    assert_eq!(desk.posted("again", &none()), "1700000000.000200", "no two have one name");
}

#[test]
fn a_channel_may_be_called_by_its_name() {
    let mut desk = Desk::new();
    for name in ["alerts", "#alerts"] {
        let answer = desk.call("chat.postMessage", &json!({ "channel": name, "text": "a" }));
        assert_eq!(answer.body().unwrap()["channel"], "C1", "{name}");
    }
}

#[test]
fn what_breaks_a_rule_is_refused_in_slacks_words_and_not_posted() {
    let wide: Value = (0..5).map(|_| section(&"a".repeat(2900))[0].clone()).collect();
    let refused = [
        (json!({ "text": "" }), "no_text"),
        (json!({ "text": null }), "no_text"),
        (json!({ "text": null, "blocks": section("a") }), "no_text"),
        (json!({ "text": "a".repeat(40_001) }), "msg_too_long"),
        (json!({ "blocks": [{ "type": "banner" }] }), "invalid_blocks"),
        (json!({ "blocks": section(&"a".repeat(3001)) }), "invalid_blocks"),
        (json!({ "blocks": { "type": "divider" } }), "invalid_blocks_format"),
        (json!({ "blocks": wide }), "msg_blocks_too_long"),
        (json!({ "metadata": "alert" }), "invalid_metadata_format"),
        (json!({ "metadata": { "event_type": "alert" } }), "invalid_metadata_schema"),
        (json!({ "metadata": { "event_type": "", "event_payload": {} } }), "invalid_metadata_schema"),
        (json!({ "metadata": { "event_type": "a", "event_payload": [] } }), "invalid_metadata_schema"),
        (
            json!({ "metadata": { "event_type": "a", "event_payload": {}, "x": 1 } }),
            "invalid_metadata_schema",
        ),
        (json!({ "thread_ts": "1600000000.000100" }), "thread_not_found"),
        (json!({ "thread_ts": 1.6e9 }), "invalid_thread_ts"),
        (json!({ "thread_ts": "yesterday" }), "invalid_thread_ts"),
    ];
    for (more, word) in refused {
        let mut desk = Desk::new();
        let answer = desk.post("a", &more);
        assert_eq!((answer.error(), answer.status()), (Some(word), Some(200)), "{more}");
        assert_eq!(desk.texts(), [] as [&str; 0], "{more}");
    }
}

#[test]
fn a_refusal_of_blocks_says_which() {
    let answer = Desk::new().post("a", &json!({ "blocks": [{ "type": "divider" }, { "type": "section" }] }));
    let body = answer.body().unwrap();
    assert_eq!(
        body["response_metadata"]["messages"][0],
        "[ERROR] block 1: a section has neither text nor fields"
    );
}

#[test]
fn texts_at_their_limit_are_taken() {
    let mut desk = Desk::new();
    let at_limit = "ä".repeat(40_000);
    assert!(desk.post(&at_limit, &json!({ "blocks": section(&"ä".repeat(3000)) })).is_ok());
}

#[test]
fn metadata_that_is_too_large_is_lost_with_a_warning() {
    let mut desk = Desk::new();
    let answer = desk.post("a", &json!({ "metadata": event(&json!({ "id": "x".repeat(4000) })) }));
    assert!(answer.is_ok());
    assert_eq!(answer.body().unwrap()["warning"], "metadata_too_large");
    assert_eq!(desk.slack.message("C1", answer.ts().unwrap()).unwrap().metadata, None);
}

#[test]
fn a_reply_is_in_its_thread_and_in_the_channel_only_where_that_was_asked_for() {
    let mut desk = Desk::unlimited();
    let parent = desk.posted("parent", &none());
    desk.posted("other", &none());
    desk.posted("quiet", &json!({ "thread_ts": parent }));
    let answer = desk.post("loud", &json!({ "thread_ts": parent, "reply_broadcast": true }));
    assert_eq!(answer.body().unwrap()["message"]["subtype"], "thread_broadcast");
    let in_channel = |message: &&Message| message.is_in_channel();
    let seen: Vec<&str> =
        desk.slack.messages("C1").filter(in_channel).map(|message| message.text.as_str()).collect();
    assert_eq!(seen, ["parent", "other", "loud"]);
    let threads = desk.slack.threads("C1");
    let replies: Vec<&str> = threads[0].replies.iter().map(|reply| reply.text.as_str()).collect();
    assert_eq!((threads.len(), replies), (2, vec!["quiet", "loud"]));
}

#[test]
fn a_reply_has_no_replies() {
    let mut desk = Desk::unlimited();
    let parent = desk.posted("parent", &none());
    let reply = desk.posted("reply", &json!({ "thread_ts": parent }));
    assert_eq!(desk.post("deeper", &json!({ "thread_ts": reply })).error(), Some("cannot_reply_to_message"));
}

#[test]
fn a_reply_to_a_deleted_message_stands_alone_without_a_word() {
    let mut desk = Desk::unlimited();
    let parent = desk.posted("parent", &none());
    desk.posted("first", &json!({ "thread_ts": parent }));
    assert!(desk.slack.delete("C1", Ts::parse(&parent).unwrap()));
    let answer = desk.post("late", &json!({ "thread_ts": parent }));
    assert_eq!(answer.body().unwrap()["message"].get("thread_ts"), None);
    let threads = desk.slack.threads("C1");
    assert_eq!((threads[0].parent, threads[0].replies.len()), (None, 1));
    assert_eq!(threads[1].parent.unwrap().text, "late");
}

#[test]
fn who_is_rung_is_told_by_text_and_blocks_alike() {
    let mut desk = Desk::unlimited();
    desk.posted("quiet &lt;!channel&gt; @here", &none());
    desk.posted("by text <!channel>", &none());
    desk.posted("by blocks", &json!({ "blocks": section("<@U1>") }));
    desk.posted("by link_names @here", &json!({ "link_names": "1" }));
    desk.posted("by parse @here", &json!({ "parse": "full" }));
    let ringing = desk.slack.ringing("C1");
    let rings: Vec<_> = ringing.map(|message| message.rings().collect::<Vec<_>>()).collect();
    assert_eq!(rings, [["!channel"], ["@U1"], ["!here"], ["!here"]]);
}

#[test]
fn a_channel_takes_three_messages_at_once_whichever_way_they_come() {
    let mut desk = Desk::new();
    desk.slack.invite("A1", "C2");
    desk.posted("one", &none());
    assert!(desk.slack.webhook(HOOK, &json!({ "text": "two" }), desk.now, None).is_ok());
    desk.wait(500);
    assert_eq!(
        desk.call("chat.postMessage", &json!({ "channel": "#alerts", "text": "three" })).error(),
        None
    );
    let refused = desk.post("four", &none());
    assert_eq!(
        (refused.status(), refused.retry_after(), refused.error()),
        (Some(429), Some(1), Some("ratelimited"))
    );
    let refused = desk.slack.webhook(HOOK, &json!({ "text": "four" }), desk.now, None);
    assert_eq!(
        (refused.status(), refused.retry_after(), refused.error()),
        (Some(429), Some(1), Some("rate_limited"))
    );
    assert!(desk.call("chat.postMessage", &json!({ "channel": "C2", "text": "elsewhere" })).is_ok());
    desk.wait(500);
    desk.posted("four", &none());
    assert_eq!(desk.texts(), ["one", "two", "three", "four"]);
}

#[test]
fn a_webhook_answers_in_words_and_posts_into_its_channel() {
    let mut desk = Desk::unlimited();
    let hook = |desk: &mut Desk, path: &str, body: &Value| {
        let answer = desk.slack.webhook(path, body, desk.now, None);
        (answer.status().unwrap(), answer.body().unwrap().as_str().unwrap().to_owned())
    };
    let said = |status: u16, word: &str| (status, word.to_owned());
    assert_eq!(hook(&mut desk, HOOK, &json!({ "text": "a", "blocks": section("b") })), said(200, "ok"));
    assert_eq!(desk.slack.messages("C1").next().unwrap().author, Author::Webhook("A1".to_owned()));
    assert_eq!(hook(&mut desk, "/services/T1/B2/other", &json!({ "text": "a" })), said(404, "no_service"));
    assert_eq!(hook(&mut desk, HOOK, &Value::Null), said(400, "invalid_payload"));
    assert_eq!(hook(&mut desk, HOOK, &none()), said(400, "no_text"));
    assert_eq!(hook(&mut desk, HOOK, &json!({ "text": "a", "blocks": [{}] })), said(400, "invalid_blocks"));
    desk.slack.archive("C1", true);
    assert_eq!(hook(&mut desk, HOOK, &json!({ "text": "a" })), said(410, "channel_is_archived"));
    desk.slack.hook(HOOK, "A1", "C9");
    assert_eq!(hook(&mut desk, HOOK, &json!({ "text": "a" })), said(404, "channel_not_found"));
    desk.slack.uninstall("A1");
    assert_eq!(hook(&mut desk, HOOK, &json!({ "text": "a" })), said(404, "no_service"));
    assert_eq!(desk.texts(), ["a"]);
}
