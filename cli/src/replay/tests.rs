//! Replays of small recordings.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};
use steward::config::Configuration;

use super::progress::Progress;
use super::source::{self, Recording};
use super::{Decided, page, report, report::Report, text};
use crate::configuration;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-central-1";

/// A folder of one test, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("steward-replay-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn named(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.display()), "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

fn event(at: &str, kind: &str, resource: &str, detail: &Value) -> Value {
    json!({
        "version": "0", "id": format!("{at}-{resource}"), "source": "aws.ecs", "account": ACCOUNT, "region": REGION,
        "detail-type": kind, "time": at, "detail": detail,
        "resources": [format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{resource}")],
    })
}

/// A service of the cluster `shop`, and what ECS tells of it on 20 November.
struct Told(&'static str);

impl Told {
    fn deployment(&self, at: &str, id: u32, name: &str, reason: &str) -> Value {
        let at = format!("2026-11-20T{at}Z");
        let detail = json!({
            "eventType": "INFO", "eventName": format!("SERVICE_DEPLOYMENT_{name}"),
            "deploymentId": format!("ecs-svc/{id}"), "updatedAt": at, "reason": reason,
        });
        event(&at, "ECS Deployment State Change", &format!("service/shop/{}", self.0), &detail)
    }

    fn steady(&self, at: &str) -> Value {
        let at = format!("2026-11-20T{at}Z");
        let detail = json!({
            "eventType": "INFO", "eventName": "SERVICE_STEADY_STATE", "createdAt": at,
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"),
        });
        event(&at, "ECS Service Action", &format!("service/shop/{}", self.0), &detail)
    }

    fn task(&self, at: &str, task: &str, deployment: u32, state: (&str, &str, &str)) -> Value {
        let (at, (status, code, reason)) = (format!("2026-11-20T{at}Z"), state);
        let stopped = status == "STOPPED";
        let detail = json!({
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"),
            "taskArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/shop/{task}"),
            "taskDefinitionArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{}:{deployment}", self.0),
            "group": format!("service:{}", self.0), "startedBy": format!("ecs-svc/{deployment}"),
            "desiredStatus": if stopped { "STOPPED" } else { "RUNNING" }, "lastStatus": status,
            "launchType": "FARGATE", "containers": [{"name": "app"}], "createdAt": at, "updatedAt": at,
            "stopCode": code, "stoppedReason": reason, "stoppedAt": at, "version": if stopped { 5 } else { 3 },
            "overrides": {"containerOverrides": [{"environment": [{"name": "A", "value": "never-read"}]}]},
        });
        event(&at, "ECS Task State Change", &format!("task/shop/{task}"), &detail)
    }

    fn runs(&self, at: &str, task: &str, deployment: u32) -> Value {
        self.task(at, task, deployment, ("RUNNING", "", ""))
    }

    fn fails(&self, at: &str, task: &str, deployment: u32) -> Value {
        let reason = "CannotPullContainerError: failed to resolve ref shop/api:9: shop/api:9: not found";
        self.task(at, task, deployment, ("STOPPED", "TaskFailedToStart", reason))
    }

    /// One revision runs well for an hour, and the next has no image; at 12:00 somebody puts that right.
    fn bad_revision(&self) -> Vec<Value> {
        let mut events = vec![
            self.deployment("10:00:00", 41, "IN_PROGRESS", ""),
            self.runs("10:01:00", "a1", 41),
            self.runs("10:01:01", "a2", 41),
            self.deployment("10:02:00", 41, "COMPLETED", ""),
            self.deployment("11:00:00", 42, "IN_PROGRESS", ""),
        ];
        let minutes = [1, 2, 4, 7, 12, 20];
        events.extend(
            minutes.iter().map(|minute| self.fails(&format!("11:{minute:02}:00"), &format!("b{minute}"), 42)),
        );
        events.extend([
            self.deployment("12:00:00", 43, "IN_PROGRESS", ""),
            self.runs("12:01:00", "c1", 43),
            self.task(
                "12:01:30",
                "a1",
                41,
                (
                    "STOPPED",
                    "ServiceSchedulerInitiated",
                    "Scaling activity initiated by (deployment ecs-svc/41)",
                ),
            ),
            self.deployment("12:02:00", 43, "COMPLETED", ""),
            self.steady("12:02:01"),
        ]);
        events
    }
}

fn lines(events: &[Value]) -> String {
    events.iter().flat_map(|event| [event.to_string(), "\n".to_owned()]).collect()
}

fn recording(files: &[String]) -> Recording {
    source::read(files, source::LIMIT, &mut |_| ()).unwrap()
}

fn decided(name: &str, yaml: &str) -> Decided {
    let configuration = match configuration::read(&format!("version: 1\n{yaml}")) {
        Ok(valid) => valid.configuration,
        Err(problems) => panic!("{problems:?}"),
    };
    Decided { name: name.to_owned(), configuration }
}

fn defaults() -> Decided {
    Decided { name: "the defaults".to_owned(), configuration: Configuration::default() }
}

fn in_mode(mode: &str) -> Decided {
    decided(&format!("{mode}.yaml"), &format!("services:\n  - match: {{cluster: shop}}\n    mode: {mode}\n"))
}

fn replay(text: &str, a: &Decided, b: Option<&Decided>) -> Report {
    let folder = Folder::new();
    let file = folder.write("events.ndjson", text.as_bytes());
    report(&mut recording(&[file]), a, b, &mut Progress::new()).unwrap()
}

fn in_words(report: &Report) -> String {
    let mut out = Vec::new();
    text::write(&mut out, report).unwrap();
    anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
}

#[test]
fn a_bad_revision_in_mode_observe_says_what_would_be_done_and_why_events_were_quiet() {
    let report = replay(&lines(&Told("api").bad_revision()), &in_mode("observe"), None);
    insta::assert_snapshot!(in_words(&report));
}

#[test]
fn against_mode_act_the_same_recording_shows_the_action_and_what_it_rests_on() {
    let report = replay(&lines(&Told("api").bad_revision()), &in_mode("observe"), Some(&in_mode("act")));
    insta::assert_snapshot!(in_words(&report));
}

#[test]
fn what_nobody_enrolled_is_refused_by_name() {
    let report = replay(&lines(&Told("api").bad_revision()), &defaults(), None);
    let refused: Vec<_> =
        report.played.refused.iter().map(|row| (row.remedy, row.reason, row.incidents)).collect();
    assert_eq!(refused, [(Some("roll_back"), "not_enrolled", 1)]);
    assert!(report.played.actions.listed.is_empty());
}

#[test]
fn a_breaker_that_fires_later_in_the_recording_was_there_before() {
    let api = Told("api");
    let mut events = api.bad_revision();
    let failed = "tasks failed to start";
    events.push(api.deployment("11:30:00", 42, "FAILED", failed));
    let fails = replay(&lines(&events), &in_mode("act"), None).played;
    assert!(fails.refused.iter().any(|row| row.reason == "ecs_rolls_back"), "{:?}", fails.refused);
    // It fails the deployment, and goes nowhere: then somebody has to.
    let acted = fails.actions.listed.rows.first().unwrap();
    assert!(acted.at >= "2026-11-20T11:30:00Z".parse().unwrap(), "{acted:?}");
    assert!(!acted.assumed.contains(&"not_watched"), "{acted:?}");

    let back = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/41.";
    events.push(api.deployment("11:30:01", 41, "IN_PROGRESS", back));
    let goes_back = replay(&lines(&events), &in_mode("act"), None).played;
    assert!(goes_back.actions.listed.is_empty(), "{:?}", goes_back.actions);
}

#[test]
fn without_a_deployment_event_it_is_assumed_that_ecs_rolls_out_and_that_is_said() {
    let api = Told("api");
    let quiet = |event: &Value| event["detail-type"] != "ECS Deployment State Change";
    let mut events: Vec<Value> = api.bad_revision().into_iter().filter(quiet).collect();
    events.push(api.steady("10:02:00"));
    let report = replay(&lines(&events), &in_mode("act"), None);
    // Nothing says on which deployment it was steady, so there is no revision to go back to.
    let reasons: Vec<_> = report.played.no_remedy.iter().map(|row| row.reason).collect();
    assert_eq!(reasons, ["no_good_revision"], "{:?}", report.played.refused);

    let with = replay(&lines(&api.bad_revision()), &in_mode("act"), None);
    let assumed = &with.played.actions.listed.rows.first().unwrap().assumed;
    assert_eq!(*assumed, ["not_watched", "still_active", "no_stack", "no_tags"]);
}

#[test]
fn a_container_that_runs_out_of_memory_is_not_remedied_on_a_guess_of_its_size() {
    let api = Told("api");
    let mut events = api.bad_revision();
    events.retain(|event| event["time"].as_str().is_some_and(|at| at < "2026-11-20T11:00"));
    for minute in [31, 32, 33, 34] {
        let state =
            ("STOPPED", "EssentialContainerExited", "OutOfMemoryError: Container killed due to memory usage");
        let mut event = api.task(&format!("11:{minute}:00"), &format!("o{minute}"), 41, state);
        event["detail"]["containers"] = json!([{"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}]);
        events.push(event);
    }
    let yaml = "services:\n  - match: {cluster: shop}\n    mode: act\n    remedies: {raise_memory: on}\n";
    let report = replay(&lines(&events), &decided("act.yaml", yaml), None);
    let reasons: Vec<_> = report.played.no_remedy.iter().map(|row| row.reason).collect();
    assert!(reasons.contains(&"unobserved"), "{reasons:?}");
    assert!(report.played.actions.listed.is_empty(), "{:?}", report.played.actions);
}

#[test]
fn replaying_twice_says_the_same() {
    let text = lines(&[Told("api").bad_revision(), Told("web").bad_revision()].concat());
    let once = serde_json::to_string(&replay(&text, &in_mode("act"), None)).unwrap();
    assert_eq!(serde_json::to_string(&replay(&text, &in_mode("act"), None)).unwrap(), once);
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let mut events = [Told("api").bad_revision(), Told("web").bad_revision()].concat();
    let once = serde_json::to_string(&replay(&lines(&events), &in_mode("act"), None)).unwrap();
    for turn in 0..6 {
        let middle = events.len() / 3 + turn;
        events.rotate_left(middle);
        if turn % 2 == 0 {
            events.reverse();
        }
        let again = serde_json::to_string(&replay(&lines(&events), &in_mode("act"), None)).unwrap();
        assert_eq!(again, once, "turn {turn}");
    }
}

#[test]
fn little_memory_changes_nothing() {
    let folder = Folder::new();
    let text = lines(&[Told("api").bad_revision(), Told("web").bad_revision()].concat());
    let file = folder.write("events.ndjson", text.as_bytes());
    let configuration = in_mode("act").configuration;
    let play = |limit: usize, shelf: usize| {
        let mut recording = source::read(std::slice::from_ref(&file), limit, &mut |_| ()).unwrap();
        let tally = super::world::play(&mut recording, &configuration, shelf, &mut |_| ()).unwrap();
        assert_eq!(tally.failed, 0, "{:?}", tally.first_failed);
        serde_json::to_string(&super::report::Played::of("it", &[("sns".to_owned(), false)], &tally)).unwrap()
    };
    assert_eq!(play(5_000, 4_000), play(source::LIMIT, super::shelf::LIMIT));
}

#[test]
fn against_itself_nothing_is_different() {
    let text = lines(&Told("api").bad_revision());
    for decided in [defaults(), in_mode("observe"), in_mode("propose"), in_mode("act")] {
        let report = replay(&text, &decided, Some(&decided));
        assert!(report.difference.unwrap().is_empty(), "{}", decided.name);
    }
}

#[test]
fn a_quieter_configuration_loses_alerts() {
    let text = lines(&Told("api").bad_revision());
    let quiet =
        decided("quiet.yaml", "notifications:\n  routes:\n    - match: {cluster: shop}\n      to: []\n");
    let report = replay(&text, &defaults(), Some(&quiet));
    let difference = report.difference.unwrap();
    assert!(difference.alerts_lost.count() > 0 && difference.alerts_gained.is_empty());
    let against = report.against.unwrap();
    assert_eq!(against.alerts.count, 0);
    let withheld: u64 = against.channels.iter().filter_map(|row| row.withheld.get("no_route")).sum();
    assert!(withheld > 0, "{:?}", against.channels);
}

#[test]
fn a_damaged_line_costs_itself_and_is_named() {
    let folder = Folder::new();
    let events = Told("api").bad_revision();
    let mut damaged: Vec<String> = events.iter().map(ToString::to_string).collect();
    let cut = damaged[6].split_at(damaged[6].len() / 2).0.to_owned();
    damaged.insert(6, cut);
    damaged.insert(3, "START RequestId: 7".to_owned());
    damaged.insert(9, r#"{"detail-type": "ECS Task State Change", "detail": {"x": 1}}"#.to_owned());
    damaged.push(r#"{"taskArns": []}"#.to_owned());
    let file = folder.write("events.ndjson", damaged.join("\n").as_bytes());
    let mut recording = recording(&[file, folder.0.join("gone").display().to_string()]);
    let unread: Vec<String> = recording.unread.named.iter().map(|named| folder.named(named)).collect();
    insta::assert_snapshot!(unread.join("\n"));
    let damaged = report(&mut recording, &in_mode("act"), None, &mut Progress::new()).unwrap();
    let whole = replay(&lines(&events), &in_mode("act"), None);
    assert_eq!(
        serde_json::to_string(&damaged.played).unwrap(),
        serde_json::to_string(&whole.played).unwrap()
    );
}

#[test]
fn every_way_of_recording_gives_the_same_events() {
    let events = Told("api").bad_revision();
    let whole = serde_json::to_string(&replay(&lines(&events), &in_mode("act"), None).played).unwrap();
    let logged =
        |event: &Value| json!({"timestamp": 1_800_000_000_000_i64, "message": event.to_string(), "id": "1"});
    let gzip = |text: &str| {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let sqs: Vec<Value> =
        events.iter().map(|event| json!({"messageId": "1", "body": event.to_string()})).collect();
    let received: Vec<Value> =
        events.iter().map(|event| json!({"MessageId": "1", "Body": event.to_string()})).collect();
    let all_logged: Vec<Value> = events.iter().map(logged).collect();
    let export: String =
        lines(&events).lines().flat_map(|event| ["2026-11-20T23:00:00.000Z ", event, "\n"]).collect();
    let firehose: String = all_logged
        .iter()
        .map(|event| {
            json!({"messageType": "DATA_MESSAGE", "logGroup": "x", "logEvents": [event]}).to_string()
        })
        .collect();
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("a list", json!(events).to_string().into_bytes()),
        ("a list over many lines", serde_json::to_string_pretty(&events).unwrap().into_bytes()),
        ("an SQS batch", json!({"Records": sqs}).to_string().into_bytes()),
        ("aws sqs receive-message", serde_json::to_string_pretty(&json!({"Messages": received})).unwrap().into_bytes()),
        (
            "aws logs filter-log-events",
            serde_json::to_string_pretty(&json!({"events": all_logged, "searchedLogStreams": [{"logStreamName": "x", "searchedCompletely": true}]}))
                .unwrap()
                .into_bytes(),
        ),
        ("an export of CloudWatch Logs", gzip(&export)),
        ("a subscription of CloudWatch Logs", gzip(&firehose)),
    ];
    for (what, bytes) in forms {
        let folder = Folder::new();
        folder.write("a/b/000000", &bytes);
        folder.write("aws-logs-write-test", b"Permission Check Successful");
        let mut recording = recording(&[folder.0.display().to_string()]);
        assert_eq!(recording.unread, source::Unread::default(), "{what}");
        let played = report(&mut recording, &in_mode("act"), None, &mut Progress::new()).unwrap().played;
        assert_eq!(serde_json::to_string(&played).unwrap(), whole, "{what}");
    }
}

#[test]
fn an_event_without_a_time_takes_that_of_its_log_line() {
    let folder = Folder::new();
    let mut event = Told("api").steady("10:00:00");
    event["time"] = json!("");
    event["detail"]["createdAt"] = json!("");
    let file = folder.write("x", format!("2026-11-20T09:00:00.000Z {event}").as_bytes());
    let at: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    assert_eq!(recording(&[file]).span, Some((at, at)));

    let file = folder.write("y", event.to_string().as_bytes());
    let mut timeless = recording(&[file]);
    assert_eq!((timeless.span, timeless.timeless), (None, 1));
    let report = report(&mut timeless, &defaults(), None, &mut Progress::new()).unwrap();
    assert_eq!(report.played.failed, 0);
}

#[test]
fn a_time_that_cannot_be_is_named() {
    let folder = Folder::new();
    let text = Told("api").steady("10:00:00").to_string().replace("2026-", "9026-");
    let recording = recording(&[folder.write("x", text.as_bytes())]);
    assert_eq!((recording.events, recording.unread.count), (0, 1));
    assert!(recording.unread.named[0].contains("its time cannot be"), "{:?}", recording.unread);
}

#[test]
fn events_of_another_account_are_told_and_never_changed() {
    let own = lines(&Told("api").bad_revision());
    let other: String = lines(&Told("web").bad_revision()[4..12]).replace(ACCOUNT, "999999999999");
    let report = replay(&format!("{own}{other}"), &in_mode("act"), None);
    assert_eq!((report.recording.account.as_deref(), report.recording.elsewhere), (Some(ACCOUNT), 8));
    assert!(report.played.actions.listed.rows.iter().all(|row| !row.target.as_str().contains("web")));
}

#[test]
fn what_is_redacted_stays_redacted() {
    let api = Told("api");
    let mut events = api.bad_revision();
    let secret = "AKIAIOSFODNN7EXAMPLE";
    for (minute, task) in [(21, "s1"), (22, "s2")] {
        let state = ("STOPPED", "EssentialContainerExited", "password=hunter2hunter2 AKIAIOSFODNN7EXAMPLE");
        events.push(api.task(&format!("11:{minute}:00"), task, 42, state));
    }
    let text = format!("{}{{\"AKIAIOSFODNN7EXAMPLE\": \"password=hunter2hunter2\"}}\n", lines(&events));
    let report = replay(&text, &in_mode("act"), Some(&in_mode("observe")));
    let shown = [in_words(&report), serde_json::to_string(&report).unwrap(), page::of(&report).unwrap()];
    assert_eq!(report.recording.unread, 1);
    for (place, shown) in shown.iter().enumerate() {
        for hidden in [secret, "hunter2", "never-read"] {
            assert!(!shown.contains(hidden), "form {place} shows {hidden}");
        }
    }
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let events = [Told("recommendations-for-everybody").bad_revision(), Told("api").bad_revision()].concat();
    let report = replay(&lines(&events), &in_mode("observe"), Some(&in_mode("act")));
    let alone = replay(&lines(&events), &in_mode("act"), None);
    for text in [in_words(&report), in_words(&alone)] {
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn the_page_holds_all_of_it_and_loads_nothing() {
    let report = replay(&lines(&Told("api").bad_revision()), &in_mode("observe"), Some(&in_mode("act")));
    let page = page::of(&report).unwrap();
    for part in [
        "What B changes",
        "A: observe.yaml",
        "B: act.yaml",
        "UpdateService api to api:41",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for foreign in ["<script", "http://", "https://", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}
