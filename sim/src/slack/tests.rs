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
