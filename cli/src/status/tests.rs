use steward::action::Ruling;
use steward::arn::ClusterArn;
use steward::config::{Configuration, Glob, Match};
use steward::ledger::{
    ChannelRecord, Key, MemoryLedger, News, Patrol, Record, Scope, Silence, Silences, Switch, Transaction,
    Trouble, Write,
};
use steward::notification::Subject;
use steward::ports::Ledger;
use steward::redact::redact;

use super::read::{Settings, Status, read};
use super::{json, needs, text};
use crate::jobs::sample::{block_on, pending, written};
use crate::open::sample::{at, cluster, failing, is_documented, keep, proposed, service, unknown};
use crate::terminal::WIDTH;

const CONFIGURATION: &str = "
version: 1
defaults: {mode: propose}
services: [{match: {cluster: shop}, mode: act}, {match: {cluster: shop, service: api}}]
jobs: [{name: nightly, cluster: shop, task_definition: report, schedule: cron(0 2 * * ? *)}]
";

fn configured(text: &str) -> Settings {
    let configuration = crate::configuration::read(text).ok().unwrap().configuration;
    Settings { configuration, version: Some(7) }
}

fn status(ledger: &MemoryLedger, settings: Result<Settings, String>) -> Status {
    let arn =
        |name: &str| Ok(ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{name}")));
    block_on(read(ledger, settings, arn, at("22:00:00"))).unwrap()
}

fn shown(status: &Status) -> String {
    let needs = needs::of(status, at("22:00:00"));
    let text = written(|out| text::write(out, "prod", status, &needs, at("22:00:00")));
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= WIDTH, "{line}");
    }
    text
}

fn put(ledger: &MemoryLedger, write: Write) {
    block_on(ledger.commit(Transaction { writes: vec![write] })).unwrap();
}

fn patrol(ledger: &MemoryLedger, time: &str) {
    let mut patrol = Patrol::new(cluster());
    patrol.begins(at(time));
    let write = Write::new(Key::patrol(&cluster()), None, Record::Patrol(patrol));
    put(ledger, Write { due: Some(at("22:02:00")), ..write });
}

#[test]
fn where_nothing_needs_a_person_that_is_said() {
    let ledger = MemoryLedger::new();
    patrol(&ledger, "21:57:00");
    let settings = Settings { configuration: Configuration::default(), version: None };
    let status = status(&ledger, Ok(settings));
    assert_eq!(needs::of(&status, at("22:00:00")), Vec::<String>::new());
    insta::assert_snapshot!(shown(&status));
}

#[test]
fn all_that_is_going_on_stands_on_one_screen_and_what_needs_a_person_last() {
    let ledger = MemoryLedger::new();
    patrol(&ledger, "21:40:00");
    for name in ["api", "web"] {
        let target = service(name);
        keep(&ledger, failing(&target, 3, at("21:00:00")), &[proposed(&target, at("21:00:04"))]);
    }
    let checkout = service("checkout");
    keep(&ledger, failing(&checkout, 12, at("21:00:00")), &[unknown(&checkout, at("21:00:04"))]);
    for name in ["cart", "mail", "search", "stock"] {
        keep(&ledger, failing(&service(name), 1, at("21:50:00")), &[]);
    }
    let ruling =
        Ruling { by: "ana@laptop".to_owned(), at: at("21:10:00"), why: Some("migration".to_owned()) };
    let scope = Scope::Cluster(cluster());
    let switch = Switch { scope: scope.clone(), paused: Some(ruling.clone()), resumed: None };
    put(&ledger, Write::new(Key::switch(&scope), None, Record::Switch(switch)));
    let about = Match { service: Some(Glob::new("api")), ..Match::default() };
    let silences = vec![Silence::new(about, at("23:00:00"), ruling)];
    put(&ledger, Write::new(Key::silences(), None, Record::Silences(Silences { silences })));
    let subject = Subject::Digest { channel: "ops".to_owned() };
    let news = Record::News(News::next(subject.clone(), None, at("21:40:00")));
    put(&ledger, Write { due: Some(at("21:45:00")), ..Write::new(Key::news(&subject), None, news) });
    let mut slack = ChannelRecord::new("slack");
    slack.trouble = Some(Trouble { since: at("21:30:00"), problem: redact("channel_not_found") });
    put(&ledger, Write::new(Key::channel("slack"), None, Record::Channel(Box::new(slack))));
    let run = pending("nightly");
    let due = run.look_at;
    let write = Write::new(Key::run(&run.id), None, Record::Run(Box::new(run)));
    put(&ledger, Write { due, ..write });
    let status = status(&ledger, Ok(configured(CONFIGURATION)));
    is_documented("status", &shown(&status));
    let needs = needs::of(&status, at("22:00:00"));
    let json = json::of(Some("prod"), &status, &needs);
    let count = |name: &str| json[name].as_array().unwrap().len();
    assert_eq!((count("incidents"), count("actions"), count("needs")), (7, 3, 6));
    assert_eq!(json["runs"]["waiting"], 1);
    assert_eq!(json["configuration"]["version"], 7);
}

#[test]
fn without_the_configuration_the_ledger_speaks_all_the_same() {
    let ledger = MemoryLedger::new();
    keep(&ledger, failing(&service("api"), 3, at("21:00:00")), &[]);
    let text = shown(&status(&ledger, Err("/steward/prod/configuration is damaged".to_owned())));
    assert!(text.contains("rules        not known: /steward/prod/configuration is damaged"), "{text}");
    assert!(text.contains("shop/api  image_not_found, for 59m"), "{text}");
    assert!(text.contains("scaling      not known without the configuration"), "{text}");
}
