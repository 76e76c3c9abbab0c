//! Slack by a bot, on its bad days: every incident has its message once, its steps stand below in their order, and each once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use steward_sim::house::{EVENTS, House, Plan, TELL};
use steward_sim::lambda::gateway::{Call, When};
use steward_sim::slack::workspace::{Fault, Message, Trouble};
use steward_sim::slack::{CHANNEL, TOKEN};

use crate::support::{PATIENCE, applied, house, one_by_one, plan, run, services, stop};

const INCIDENTS: usize = 20;
/// The parameter that holds the bot's token.
const BOT: &str = "/steward-secrets/slack-bot";
/// A message that Slack did not take waits for a minute. Somebody asks sooner.
const IMPATIENT: Duration = Duration::from_secs(2);

/// All alerts go to one channel of a bot's.
fn by_bot() -> Plan {
    let mut file = one_by_one();
    let told = file["notifications"].as_object_mut().unwrap();
    told.insert("slack".to_owned(), json!("off"));
    told.insert("topic".to_owned(), json!("off"));
    told.insert("channels".to_owned(), json!({"ops": {"slack": {"bot": BOT, "channel": CHANNEL}}}));
    let mut parameters = applied(file);
    parameters.insert(BOT.to_owned(), TOKEN.to_owned());
    // A lease that nobody gives back outlives its invocation by two seconds.
    Plan { parameters, concurrency: 4, timeout: Duration::from_secs(9), ..plan() }
}

/// The second failure of a service, of another kind.
fn crash(service: &str, task: u32) -> Value {
    let mut event = stop(service, task);
    event["detail"]["containers"][0] = json!({"name": "app", "exitCode": 1, "lastStatus": "STOPPED"});
    event
}

/// The third one.
fn no_image(service: &str, task: u32) -> Value {
    let mut event = stop(service, task);
    event["detail"]["stopCode"] = json!("TaskFailedToStart");
    event["detail"]["stoppedReason"] = json!(format!(
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref \
         123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/{service}:9f31c2e: not found"
    ));
    event["detail"]["containers"][0] = json!({"name": "app", "lastStatus": "STOPPED"});
    event
}

/// What goes wrong, with calls that go well in between.
fn bad_day() -> Vec<Option<Fault>> {
    let faults = [
        Fault::RateLimited(1),
        Fault::Status { status: 503, done: false },
        Fault::Status { status: 503, done: true },
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Slow(Duration::from_millis(800)),
        Fault::Trouble { trouble: Trouble::InternalError, done: true },
        Fault::Trouble { trouble: Trouble::FatalError, done: false },
        Fault::RateLimited(5),
        // Longer than anybody waits for an answer.
        Fault::Slow(Duration::from_secs(6)),
    ];
    faults.into_iter().flat_map(|fault| [Some(fault), None]).collect()
}

fn send(house: &House, names: &[String], wave: u32, event: impl Fn(&str, u32) -> Value) {
    for (task, name) in (wave * 1000..).zip(names) {
        house.send(&event(name, task).to_string()).unwrap();
    }
}

/// What is to be told still.
async fn untold(house: &House) -> Vec<Value> {
    let due: BTreeSet<String> = house.due().await.unwrap().into_iter().collect();
    let items = house.items().await.unwrap();
    let is_due =
        |item: &&Value| item.pointer("/pk/S").and_then(Value::as_str).is_some_and(|key| due.contains(key));
    let subject = |item: &Value| {
        let record: Value = serde_json::from_str(item.pointer("/item/S")?.as_str()?).ok()?;
        record.pointer("/record/news/subject").cloned()
    };
    items.iter().filter(is_due).filter_map(subject).collect()
}

/// Waits until everything is told. Who was not told asks again and again.
async fn all_told(house: &House) {
    assert!(house.sqs.drained(EVENTS, PATIENCE).await.unwrap());
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let untold = untold(house).await;
        if untold.is_empty() {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "{untold:#?}: {:#?}", house.notifications.logs());
        tokio::time::sleep(IMPATIENT).await;
        for subject in self::untold(house).await {
            house.sqs.send(TELL, &json!({"steward": "tell", "subject": subject}).to_string(), None).unwrap();
        }
    }
}

/// What tells a message from all others.
fn key(message: &Message) -> String {
    message.metadata.as_ref().unwrap()["event_payload"]["key"].as_str().unwrap().to_owned()
}

/// Where a text stands in the replies of a thread, for each time that it does.
fn places(replies: &[String], text: &str) -> Vec<usize> {
    (0..).zip(replies).filter(|(_, reply)| reply.contains(text)).map(|(place, _)| place).collect()
}

fn check(house: &House, names: &[String]) {
    let (roots, keys) = house.slack.workspace(|slack| {
        let mut roots: BTreeMap<String, Vec<(String, Vec<String>)>> = BTreeMap::new();
        for thread in slack.threads(CHANNEL) {
            let root = thread.parent.expect("nobody deletes anything").read();
            let is_about = |name: &&String| root.contains(&format!("service {name} in shop"));
            let name = names.iter().find(is_about).unwrap_or_else(|| panic!("{root}"));
            let replies = thread.replies.iter().map(|reply| reply.read()).collect();
            roots.entry(name.clone()).or_default().push((root, replies));
        }
        (roots, slack.messages(CHANNEL).map(key).collect::<Vec<_>>())
    });
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "a step was told twice: {roots:#?}");
    for name in names {
        let threads = roots.get(name).unwrap_or_else(|| panic!("{name} is lost: {roots:#?}"));
        let [(root, replies)] = threads.as_slice() else { panic!("{name} is told by {threads:#?}") };
        assert!(root.contains("3 failures"), "{root}");
        let (crash, no_image) = (places(replies, "(app_error)"), places(replies, "(image_not_found)"));
        assert_eq!((crash.len(), no_image.len()), (1, 1), "{name}: {replies:#?}");
        assert!(crash < no_image, "{name}: {replies:#?}");
    }
}

#[test]
fn a_bot_loses_nothing_and_repeats_nothing_whatever_slack_and_a_kill_do_in_between() {
    run(async {
        let house = house(&by_bot()).await;
        let names = services(INCIDENTS);
        let posts = || When::any().function("notifications").operation("chat.postMessage");
        // The first message is there, and whoever sent it is dead before that is noted.
        let killed = house.gateway.kill_after(posts().mentions("api-000").nth(1), &house.notifications);
        send(&house, &names[..1], 0, stop);
        let posted = async {
            while !house.gateway.hits(killed).iter().any(Call::succeeded) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, posted).await.expect("the message is posted");
        house.slack.faults("chat.postMessage", bad_day());
        send(&house, &names[1..], 1, stop);
        all_told(&house).await;
        let looks = house.gateway.calls_of(&When::any().operation("conversations.history"));
        assert!(!looks.is_empty(), "nobody looked for what may have arrived");
        assert_eq!(house.gateway.calls_of(&posts().mentions("api-000")).len(), 1, "its message was found");
        house.slack.faults("chat.postMessage", bad_day());
        house.slack.faults("chat.update", [Some(Fault::ResetAfter), None, Some(Fault::RateLimited(1))]);
        house.slack.faults("conversations.replies", [Some(Fault::Status { status: 503, done: false })]);
        send(&house, &names, 2, crash);
        assert!(house.sqs.drained(EVENTS, PATIENCE).await.unwrap());
        // Of failures within one second nobody knows which came first.
        tokio::time::sleep(Duration::from_secs(1)).await;
        send(&house, &names, 3, no_image);
        all_told(&house).await;
        check(&house, &names);
    });
}
