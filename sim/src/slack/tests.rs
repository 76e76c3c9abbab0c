use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use serde_json::json;

use super::*;
use crate::http::forward;

const WEBHOOK: &str = "/services/T1/B1/secret";

async fn post(slack: &Slack, path: &str, body: &Value) -> Result<(u16, hyper::HeaderMap, String), String> {
    let request = Request::post(path).body(Bytes::from(body.to_string())).unwrap();
    let origin = slack.origin();
    let response =
        forward(origin.trim_start_matches("http://"), request).await.map_err(|error| error.to_string())?;
    let (head, body) = response.into_parts();
    Ok((head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap()))
}

async fn status(slack: &Slack, body: &Value) -> (u16, String) {
    let (status, _, text) = post(slack, WEBHOOK, body).await.unwrap();
    (status, text)
}

#[tokio::test]
async fn a_good_message_is_posted_and_kept() {
    let slack = Slack::start().await.unwrap();
    let message = json!({ "text": "hello", "blocks": [{ "type": "divider" }] });
    assert_eq!(status(&slack, &message).await, (200, "ok".to_owned()));
    assert_eq!(slack.posted(), std::slice::from_ref(&message));
    let delivery = &slack.delivered(1).await[0];
    assert_eq!((delivery.path.as_str(), delivery.status), (WEBHOOK, Some(200)));
    assert!(delivery.headers.contains_key("content-length"));
}

#[tokio::test]
async fn a_message_that_breaks_the_rules_is_refused_in_slacks_words() {
    let slack = Slack::start().await.unwrap();
    let refused = |words: &str| (400, words.to_owned());
    assert_eq!(status(&slack, &json!({ "text": "a", "blocks": [{}] })).await, refused("invalid_blocks"));
    assert_eq!(status(&slack, &json!({ "blocks": [] })).await, refused("no_text"));
    assert_eq!(status(&slack, &json!([])).await, refused("invalid_payload"));
    let elsewhere = post(&slack, "/services/T1/B1", &json!({ "text": "a" })).await.unwrap();
    assert_eq!((elsewhere.0, elsewhere.2.as_str()), (404, "no_service"));
    assert_eq!(slack.posted(), [] as [Value; 0]);
    assert_eq!(slack.deliveries().len(), 4);
}

#[tokio::test]
async fn scripted_replies_come_in_their_order_and_post_nothing() {
    let slack = Slack::start().await.unwrap();
    let elsewhere = "http://127.0.0.1:1/".to_owned();
    slack.script([
        Reply::RateLimited(30),
        Reply::Broken,
        Reply::InvalidPayload,
        Reply::InvalidToken,
        Reply::NoService,
        Reply::Redirect(elsewhere.clone()),
    ]);
    let message = json!({ "text": "a" });
    let (code, headers, _) = post(&slack, WEBHOOK, &message).await.unwrap();
    assert_eq!((code, headers["retry-after"].to_str().unwrap()), (429, "30"));
    for expected in
        [(500, "rollup_error"), (400, "invalid_payload"), (403, "invalid_token"), (404, "no_service")]
    {
        let (status, text) = status(&slack, &message).await;
        assert_eq!((status, text.as_str()), expected);
    }
    let (code, headers, _) = post(&slack, WEBHOOK, &message).await.unwrap();
    assert_eq!((code, headers["location"].to_str().unwrap()), (302, elsewhere.as_str()));
    assert_eq!(slack.posted().len(), 0);
    assert_eq!(status(&slack, &message).await.0, 200, "the script is over");
}

#[tokio::test]
async fn a_lost_answer_leaves_a_message_that_people_can_read() {
    let slack = Slack::start().await.unwrap();
    slack.script([Reply::LoseAnswer]);
    post(&slack, WEBHOOK, &json!({ "text": "a" })).await.unwrap_err();
    assert_eq!(slack.posted().len(), 1);
    assert_eq!(slack.deliveries()[0].status, None);
}

#[tokio::test]
async fn a_hanging_slack_answers_nobody() {
    let slack = Slack::start().await.unwrap();
    slack.always(Reply::Hang);
    let message = json!({ "text": "a" });
    let answer = tokio::time::timeout(Duration::from_millis(50), post(&slack, WEBHOOK, &message)).await;
    assert!(answer.is_err());
    assert_eq!(slack.delivered(1).await[0].status, None);
    assert_eq!(slack.posted().len(), 0);
}

mod web_api {
    use super::*;

    struct Said {
        status: u16,
        headers: hyper::HeaderMap,
        body: Value,
    }

    /// Calls with headers and a body as they are.
    async fn send(slack: &Slack, request: hyper::http::request::Builder, body: &str) -> Result<Said, String> {
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let origin = slack.origin();
        let response = forward(origin.trim_start_matches("http://"), request)
            .await
            .map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Said { status: head.status.as_u16(), headers: head.headers, body })
    }

    fn as_us(request: hyper::http::request::Builder) -> hyper::http::request::Builder {
        request.header("authorization", format!("Bearer {TOKEN}"))
    }

    async fn json_call(slack: &Slack, method: &str, body: &Value) -> Result<Said, String> {
        let request = as_us(Request::post(format!("/api/{method}")));
        send(slack, request.header("content-type", "application/json; charset=utf-8"), &body.to_string())
            .await
    }

    fn message(text: &str) -> Value {
        json!({ "channel": CHANNEL, "text": text })
    }

    #[tokio::test]
    async fn a_message_is_posted_by_json_and_found_by_form_and_query() {
        let slack = Slack::start().await.unwrap();
        let said = json_call(&slack, "chat.postMessage", &message("hello")).await.unwrap();
        assert_eq!((said.status, &said.body["ok"], said.body.get("warning")), (200, &json!(true), None));
        let form = as_us(Request::post("/api/conversations.replies"))
            .header("content-type", "application/x-www-form-urlencoded");
        let ts = said.body["ts"].as_str().unwrap();
        let found = send(&slack, form, &format!("channel={CHANNEL}&ts={ts}")).await.unwrap();
        assert_eq!(found.body["messages"][0]["text"], "hello");
        let query = as_us(Request::get(format!("/api/conversations.history?channel={CHANNEL}&limit=1")));
        assert_eq!(send(&slack, query, "").await.unwrap().body["messages"][0]["ts"], ts);
        let calls: Vec<String> = slack.called(3).await.into_iter().map(|call| call.method).collect();
        assert_eq!(calls, ["chat.postMessage", "conversations.replies", "conversations.history"]);
    }

    #[tokio::test]
    async fn methods_that_read_do_not_see_json() {
        let slack = Slack::start().await.unwrap();
        for method in ["conversations.history", "conversations.replies"] {
            let said =
                json_call(&slack, method, &json!({ "channel": CHANNEL, "ts": "1.000100" })).await.unwrap();
            assert_eq!(said.body["error"], "invalid_arguments", "{method}");
            assert_eq!(
                said.body["response_metadata"]["messages"][0],
                "[ERROR] missing required field: channel"
            );
        }
    }

    #[tokio::test]
    async fn a_form_carries_blocks_and_metadata_as_text_and_may_carry_the_token() {
        let slack = Slack::start().await.unwrap();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", TOKEN)
            .append_pair("channel", CHANNEL)
            .append_pair("text", "a&b")
            .append_pair("blocks", r#"[{"type":"divider"}]"#)
            .append_pair("metadata", r#"{"event_type":"e","event_payload":{}}"#)
            .finish();
        let request = Request::post("/api/chat.postMessage")
            .header("content-type", "application/x-www-form-urlencoded");
        let said = send(&slack, request, &form).await.unwrap();
        assert_eq!((&said.body["ok"], &said.body["message"]["text"]), (&json!(true), &json!("a&b")));
        slack.workspace(|workspace| {
            let message = workspace.messages(CHANNEL).next().unwrap();
            assert_eq!((message.blocks.len(), message.metadata.is_some()), (1, true));
        });
    }

    #[tokio::test]
    async fn a_request_that_slack_cannot_read_is_refused_in_its_words() {
        let slack = Slack::start().await.unwrap();
        let json = "application/json; charset=utf-8";
        let good = message("a").to_string();
        let cases = [
            (json, "{", "invalid_json"),
            (json, "[]", "json_not_object"),
            ("application/json; charset=latin-1", &good, "invalid_charset"),
            ("application/xml", &good, "invalid_post_type"),
            ("", &good, "missing_post_type"),
        ];
        for (kind, body, word) in cases {
            let mut request = as_us(Request::post("/api/chat.postMessage"));
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let said = send(&slack, request, body).await.unwrap();
            assert_eq!((said.status, &said.body["error"]), (200, &json!(word)), "{kind} {body}");
        }
        let request = Request::post("/api/chat.postMessage").header("content-type", json);
        let with_token = json!({ "token": TOKEN, "channel": CHANNEL, "text": "a" }).to_string();
        assert_eq!(send(&slack, request, &with_token).await.unwrap().body["error"], "not_authed");
        let request =
            as_us(Request::post("/api/chat.postMessage")).header("content-type", "application/json");
        assert_eq!(send(&slack, request, &good).await.unwrap().body["warning"], "missing_charset");
        assert_eq!(slack.workspace(|workspace| workspace.messages(CHANNEL).count()), 1);
    }

    #[tokio::test]
    async fn faults_of_a_method_come_in_their_order_and_leave_others_alone() {
        let slack = Slack::start().await.unwrap();
        let unavailable = Fault::Status { status: 503, done: false };
        slack.faults(
            "chat.postMessage",
            [Some(Fault::RateLimited(7)), Some(unavailable), Some(Fault::ResetAfter), None],
        );
        let said = json_call(&slack, "chat.postMessage", &message("one")).await.unwrap();
        assert_eq!((said.status, said.headers["retry-after"].to_str().unwrap()), (429, "7"));
        assert_eq!(said.body, json!({ "ok": false, "error": "ratelimited" }));
        let other = json_call(&slack, "chat.update", &json!({})).await.unwrap();
        assert_eq!(other.body["error"], "channel_not_found");
        let said = json_call(&slack, "chat.postMessage", &message("two")).await.unwrap();
        assert_eq!((said.status, said.body), (503, Value::Null));
        assert!(json_call(&slack, "chat.postMessage", &message("three")).await.is_err());
        assert!(json_call(&slack, "chat.postMessage", &message("four")).await.is_ok());
        let there: Vec<String> = slack
            .workspace(|workspace| workspace.messages(CHANNEL).map(|message| message.text.clone()).collect());
        assert_eq!(there, ["three", "four"]);
        assert_eq!(slack.calls()[3].answer, None);
    }

    #[tokio::test]
    async fn a_slow_slack_answers_late_and_a_hanging_one_never() {
        let slack = Slack::start().await.unwrap();
        slack.faults("chat.postMessage", [Some(Fault::Slow(Duration::from_millis(60))), Some(Fault::Hang)]);
        for text in ["slow", "never"] {
            let message = message(text);
            let call = json_call(&slack, "chat.postMessage", &message);
            assert!(tokio::time::timeout(Duration::from_millis(30), call).await.is_err(), "{text}");
        }
        let there = slack.workspace(|workspace| workspace.messages(CHANNEL).count());
        assert_eq!((slack.called(2).await.len(), there), (2, 1), "what was slow was done");
    }

    #[tokio::test]
    async fn webhooks_post_into_the_workspace_and_keep_to_its_rates() {
        let mut workspace = Workspace::new();
        workspace.open("C1", "alerts");
        workspace.hook(WEBHOOK, "A1", "C1");
        let slack = Slack::serve(workspace).await.unwrap();
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(status(&slack, &json!({ "text": "a" })).await.0);
        }
        assert_eq!(answers, [200, 200, 200, 429]);
        assert_eq!(slack.workspace(|workspace| workspace.messages("C1").count()), 3);
        assert_eq!(post(&slack, "/services/T1/B2/other", &json!({ "text": "a" })).await.unwrap().0, 404);
    }
}
