use super::*;

/// A desk with five messages, a second apart, and a thread of two replies below the second.
fn full() -> (Desk, Vec<String>) {
    let mut desk = Desk::unlimited();
    let mut names = Vec::new();
    for text in ["one", "two", "three", "four", "five"] {
        names.push(desk.posted(text, &json!({ "metadata": event(&json!({ "of": text })) })));
        desk.wait(1000);
    }
    desk.posted("reply", &json!({ "thread_ts": names[1] }));
    desk.posted("loud", &json!({ "thread_ts": names[1], "reply_broadcast": true }));
    (desk, names)
}

#[test]
fn a_channel_is_read_newest_first_and_without_quiet_replies() {
    let (mut desk, _) = full();
    let answer = desk.here("conversations.history", &none());
    assert_eq!(listed(&answer), ["loud", "five", "four", "three", "two", "one"]);
    let body = answer.body().unwrap();
    assert_eq!((&body["has_more"], body.get("response_metadata")), (&json!(false), None));
    assert_eq!(
        (&body["messages"][4]["reply_count"], body["messages"][5].get("reply_count")),
        (&json!(2), None)
    );
}

#[test]
fn a_range_leaves_out_its_ends_unless_it_is_inclusive() {
    let (mut desk, names) = full();
    let range = json!({ "oldest": names[1], "latest": names[3] });
    let cases = [
        (none(), vec!["three"]),
        (json!({ "inclusive": true }), vec!["four", "three", "two"]),
        (json!({ "inclusive": "1" }), vec!["four", "three", "two"]),
    ];
    for (more, expected) in cases {
        assert_eq!(listed(&desk.here("conversations.history", &with(&range, &more))), expected, "{more}");
    }
    let since = desk.here("conversations.history", &json!({ "oldest": "1700000003" }));
    assert_eq!(listed(&since), ["loud", "five", "four"], "whole seconds do");
}

#[test]
fn pages_hold_each_message_once_even_while_new_ones_come() {
    let (mut desk, _) = full();
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = desk.here("conversations.history", &json!({ "limit": "2", "cursor": cursor }));
        all.extend(listed(&answer).into_iter().map(str::to_owned));
        desk.posted("late", &none());
        let body = answer.body().unwrap();
        let Some(next) = body["response_metadata"]["next_cursor"].as_str() else {
            assert_eq!(body["has_more"], false);
            break;
        };
        cursor = next.to_owned();
        assert!(cursor.ends_with('='), "as Slack's, it must be escaped");
    }
    assert_eq!(all, ["loud", "five", "four", "three", "two", "one"]);
}

#[test]
fn a_thread_is_read_in_order_by_any_of_its_messages() {
    let (mut desk, names) = full();
    let answer = desk.here("conversations.replies", &json!({ "ts": names[1] }));
    assert_eq!(listed(&answer), ["two", "reply", "loud"]);
    let body = answer.body().unwrap();
    assert_eq!(
        (&body["messages"][1]["thread_ts"], &body["messages"][1]["text"]),
        (&json!(names[1]), &json!("reply"))
    );
    let reply = body["messages"][1]["ts"].clone();
    assert_eq!(
        listed(&desk.here("conversations.replies", &json!({ "ts": reply }))),
        ["two", "reply", "loud"]
    );
    let alone = desk.here("conversations.replies", &json!({ "ts": names[0] }));
    assert_eq!(listed(&alone), ["one"]);
    let since = desk.here("conversations.replies", &json!({ "ts": names[1], "oldest": names[1] }));
    assert_eq!(listed(&since), ["reply", "loud"]);
    let first = desk.here("conversations.replies", &json!({ "ts": names[1], "limit": 1 }));
    let cursor = first.body().unwrap()["response_metadata"]["next_cursor"].clone();
    let rest = desk.here("conversations.replies", &json!({ "ts": names[1], "cursor": cursor }));
    assert_eq!((listed(&first), listed(&rest)), (vec!["two"], vec!["reply", "loud"]));
}

#[test]
fn metadata_comes_only_when_it_is_asked_for_and_allowed() {
    let (mut desk, names) = full();
    desk.slack.install("xoxb-blind", "A1", &["channels:history"]);
    let read = |desk: &mut Desk, token: &str, method: &str, asked: Value| {
        let arguments =
            json!({ "channel": "C1", "ts": names[0], "latest": names[1], "include_all_metadata": asked });
        let answer = desk.slack.call(method, token, &arguments, desk.now, None);
        answer.body().unwrap()["messages"][0].get("metadata").cloned()
    };
    let whole = Some(event(&json!({ "of": "one" })));
    for method in ["conversations.history", "conversations.replies"] {
        assert_eq!(read(&mut desk, TOKEN, method, json!(true)), whole, "{method}");
        assert_eq!(read(&mut desk, TOKEN, method, json!("true")), whole, "{method}");
        assert_eq!(read(&mut desk, TOKEN, method, Value::Null), None, "{method}");
        assert_eq!(read(&mut desk, "xoxb-blind", method, json!(true)), None, "{method}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_in_slacks_words() {
    let (mut desk, names) = full();
    let history = "conversations.history";
    let refused = [
        (history, json!({ "channel": null }), "invalid_arguments"),
        (history, json!({ "channel": "C9" }), "channel_not_found"),
        (history, json!({ "channel": "alerts" }), "channel_not_found"),
        (history, json!({ "channel": "C2" }), "not_in_channel"),
        (history, json!({ "oldest": "yesterday" }), "invalid_ts_oldest"),
        (history, json!({ "latest": "-1" }), "invalid_ts_latest"),
        (history, json!({ "cursor": names[0] }), "invalid_cursor"),
        (history, json!({ "limit": "many" }), "invalid_arguments"),
        (history, json!({ "limit": 0 }), "invalid_arguments"),
        ("conversations.replies", none(), "invalid_arguments"),
        ("conversations.replies", json!({ "ts": "1600000000.000100" }), "thread_not_found"),
    ];
    for (method, more, word) in refused {
        assert_eq!(desk.here(method, &more).error(), Some(word), "{method} {more}");
    }
}

#[test]
fn an_archived_channel_can_still_be_read() {
    let (mut desk, _) = full();
    desk.slack.archive("C1", true);
    assert_eq!(listed(&desk.here("conversations.history", &json!({ "limit": 1 }))), ["loud"]);
}

#[test]
fn a_change_of_text_is_marked_and_one_of_blocks_is_not() {
    let mut desk = Desk::unlimited();
    let ts = desk.posted("a", &json!({ "blocks": section("a") }));
    for (blocks, marked) in [(section("b"), false), (Value::Null, true)] {
        assert!(desk.here("chat.update", &json!({ "ts": ts, "text": "b", "blocks": blocks })).is_ok());
        let answer = desk.here("conversations.history", &none());
        assert_eq!(answer.body().unwrap()["messages"][0].get("edited").is_some(), marked, "{blocks}");
    }
}
