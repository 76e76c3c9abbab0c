use super::*;

#[test]
fn a_token_that_is_not_valid_is_refused_before_anything_else() {
    let mut desk = Desk::new();
    desk.slack.install("xoxb-revoked", "A2", SCOPES);
    desk.slack.revoke("xoxb-revoked");
    desk.slack.install("xoxb-removed", "A3", SCOPES);
    desk.slack.uninstall("A3");
    let refused = [
        ("", "not_authed"),
        ("xoxb-unknown", "invalid_auth"),
        ("xoxb-revoked", "token_revoked"),
        ("xoxb-removed", "account_inactive"),
    ];
    for (token, word) in refused {
        for method in ["chat.postMessage", "chat.update", "conversations.history", "conversations.replies"] {
            let answer = desk.slack.call(method, token, &none(), desk.now, None);
            assert_eq!((answer.status(), answer.error()), (Some(200), Some(word)), "{method}");
        }
    }
}

#[test]
fn a_missing_scope_is_named() {
    let mut desk = Desk::new();
    desk.slack.install("xoxb-writer", "A1", &["chat:write", "chat:write.public"]);
    desk.slack.install("xoxb-reader", "A1", &["channels:history"]);
    let needed = [
        ("xoxb-reader", "chat.postMessage", "chat:write"),
        ("xoxb-reader", "chat.update", "chat:write"),
        ("xoxb-writer", "conversations.history", "channels:history"),
        ("xoxb-writer", "conversations.replies", "channels:history"),
    ];
    for (token, method, scope) in needed {
        let answer = desk.slack.call(method, token, &json!({ "channel": "C1" }), desk.now, None);
        assert_eq!(
            (answer.error(), &answer.body().unwrap()["needed"]),
            (Some("missing_scope"), &json!(scope))
        );
    }
    let answer = desk.slack.call("conversations.history", "xoxb-writer", &none(), desk.now, None);
    assert_eq!(answer.body().unwrap()["provided"], "chat:write,chat:write.public");
}

#[test]
fn an_app_posts_where_it_is_a_member_or_into_all_public_channels_by_scope() {
    let mut desk = Desk::new();
    let elsewhere = json!({ "channel": "C2", "text": "a" });
    assert_eq!(desk.call("chat.postMessage", &elsewhere).error(), Some("not_in_channel"));
    desk.slack.install("xoxb-public", "A1", &["chat:write", "chat:write.public"]);
    assert!(desk.slack.call("chat.postMessage", "xoxb-public", &elsewhere, desk.now, None).is_ok());
    desk.slack.kick("A1", "C1");
    assert_eq!(desk.post("a", &none()).error(), Some("not_in_channel"));
}

#[test]
fn a_channel_that_is_not_there_or_archived_takes_no_message() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.call("chat.postMessage", &json!({ "channel": "C9", "text": "a" })).error(),
        Some("channel_not_found")
    );
    assert_eq!(desk.call("chat.postMessage", &json!({ "text": "a" })).error(), Some("channel_not_found"));
    desk.slack.archive("C1", true);
    assert_eq!(desk.post("a", &none()).error(), Some("is_archived"));
    desk.slack.archive("C1", false);
    desk.posted("a", &none());
}

#[test]
fn a_method_that_is_not_imitated_is_unknown() {
    assert_eq!(Desk::new().call("chat.delete", &none()).error(), Some("unknown_method"));
}

#[test]
fn any_token_says_whose_bot_it_is_and_its_messages_say_the_same() {
    let mut desk = Desk::new();
    desk.slack.install("xoxb-2", "A2", &[]);
    let bot = |answer: Answer, at: &str| answer.body().unwrap().pointer(at).unwrap().clone();
    let other = desk.slack.call("auth.test", "xoxb-2", &none(), desk.now, None);
    assert_eq!(bot(other, "/bot_id"), "BA2");
    let own = bot(desk.call("auth.test", &none()), "/bot_id");
    assert_eq!(bot(desk.post("a", &none()), "/message/bot_id"), own);
    let nobody = desk.slack.call("auth.test", "", &none(), desk.now, None);
    assert_eq!(nobody.error(), Some("not_authed"));
}
