use std::fmt::{Debug, Display};

use serde::de::DeserializeOwned;

use super::*;
use crate::action::HostSign;
use crate::arn::{ClusterArn, ServiceName, TaskArn, TaskDefinitionArn};
use crate::diagnosis::Cause;
use crate::guard::{Gone, Needed};
use crate::incident::Target;
use crate::ledger::Scope;
use crate::redact::redact;
use crate::remediation::memory::NoRoom;
use crate::remediation::{Lack, Nearest, Room};
use crate::words::{full_stop, in_turn, moment};

fn at() -> Timestamp {
    "2026-11-20T21:04:00Z".parse().unwrap()
}

fn revision(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/api:{number}"))
}

/// That a Japanese text is one, and that what is to be typed, looked up or compared stands in it as in the English one: what
/// is in backticks, and words with a digit, a colon, an at sign or an underscore within.
pub(crate) fn check_translation(english: &str, japanese: &str) {
    let is_japanese = |c: char| ('\u{3040}'..='\u{30FF}').contains(&c);
    assert!(japanese.chars().any(is_japanese), "not Japanese: {japanese}");
    let commands = english.split('`').skip(1).step_by(2).map(|command| format!("`{command}`"));
    let is_name = |word: &&str| {
        let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
        inner.contains([':', '@', '_']) || inner.len() > 11 && inner.contains(|c: char| c.is_ascii_digit())
    };
    let names = english.split([' ', '(', ')', '`', ',']).filter(is_name);
    let names = names.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
    for verbatim in commands.chain(names) {
        assert!(japanese.contains(&verbatim), "{verbatim} of {english:?} is not in {japanese:?}");
    }
}

/// That each reason is said in both languages, in English where it is shown, and comes back from the ledger as it was.
#[track_caller]
fn check<T>(reasons: Vec<T>, say: fn(&T, Language) -> String)
where
    T: Debug + Display + PartialEq + serde::Serialize + DeserializeOwned,
{
    for reason in reasons {
        let (english, japanese) = (say(&reason, Language::En), say(&reason, Language::Ja));
        check_translation(&english, &japanese);
        assert!(!japanese.ends_with('。'), "{japanese}");
        assert_eq!(reason.to_string(), english);
        let stored = serde_json::to_string(&reason).unwrap();
        assert_eq!(serde_json::from_str::<T>(&stored).unwrap(), reason, "{stored}");
    }
}

fn scopes() -> [Scope; 3] {
    let cluster = ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop");
    let target = Target::Service { cluster: cluster.clone(), name: ServiceName::new("api_1") };
    [Scope::Global, Scope::Cluster(cluster), Scope::Target(target)]
}

fn refusals() -> Vec<Refusal> {
    let mut refusals = vec![
        Refusal::NotEnrolled,
        Refusal::FromElsewhere,
        Refusal::Unobserved { what: Needed::Service, why: None },
        Refusal::ModeObserves,
        Refusal::Frozen { until: at(), why: Some(redact("year_end")) },
        Refusal::Frozen { until: at(), why: None },
        Refusal::EcsRollsBack,
        Refusal::ForeignController(redact("CODE_DEPLOY")),
        Refusal::NotRolling,
        Refusal::DeployedMeanwhile,
        Refusal::StackInProgress { stack: redact("shop_api"), status: redact("UPDATE_IN_PROGRESS") },
        Refusal::NotStable { until: at() },
        Refusal::CoolingDown { until: at() },
        Refusal::AttemptsUsedUp { attempts: 3 },
        Refusal::DoneBefore,
        Refusal::FailedBefore,
        Refusal::DoesNotLast { times: 3 },
        Refusal::Rejected { by: redact("ana@laptop"), why: Some(redact("not_today")) },
        Refusal::Rejected { by: redact("ana@laptop"), why: None },
        Refusal::Locked { by: "cf69c730006d".to_owned() },
        Refusal::BudgetSpent { scope: Scope::Global, until: Timestamp::MAX },
        Refusal::CorrelatedOutage { services: 4 },
        Refusal::MemoryOutOfBounds { max: 8_192 },
        Refusal::AnotherHostDrains { instance: "8f0c2a".to_owned() },
        Refusal::ScaledByOther { own: true },
        Refusal::ScaledByOther { own: false },
    ];
    refusals.extend(Remedy::ALL.map(Refusal::RemedyOff));
    refusals.extend(Gone::ALL.map(Refusal::PreconditionGone));
    let why = || Some(redact("ThrottlingException: Rate_exceeded"));
    refusals.extend(Needed::ALL.map(|what| Refusal::Unobserved { what, why: why() }));
    for scope in scopes() {
        refusals.push(Refusal::Paused { scope: scope.clone(), by: redact("ana@laptop"), why: why() });
        refusals.push(Refusal::Paused { scope: scope.clone(), by: redact("ana@laptop"), why: None });
        refusals.push(Refusal::BudgetSpent { scope, until: at() });
    }
    refusals
}

fn no_more_memory(why: NoRoom, raised: usize) -> Escalation {
    Escalation::NoMoreMemory { container: redact("app_1"), why, raised }
}

fn nearest() -> Nearest {
    Nearest {
        instance: redact("i-0c41d7e92ab05f386"),
        lacks: vec![
            Lack::Active(redact("DRAINING")),
            Lack::Agent,
            Lack::Cpu(256),
            Lack::Memory(512),
            Lack::Ports(vec![8080, 9090]),
            Lack::Attributes(vec![redact("ecs.capability.task-eni_1")]),
        ],
        others: 3,
        away: 1,
        drain: 2,
        more: true,
    }
}

fn moved() -> Moved {
    Moved { tasks: 4, cpu: Some(512), memory: Some(1024) }
}

#[test]
fn what_moving_costs_is_an_estimate_with_its_prices_and_none_where_the_size_is_not_known() {
    let costs = |moved: Moved, language| Sentence::Costs { moved }.say(language);
    let english = costs(moved(), Language::En);
    assert_eq!(
        english,
        "Up to 4 tasks move to on-demand capacity, each 0.5 vCPU, 1 GB. Estimate: at most $0.07 more an hour (us-east-1, \
         Linux/x86, March 2026; Spot is up to 70% cheaper)."
    );
    check_translation(&english, &costs(moved(), Language::Ja));
    let unknown = Moved { memory: None, ..moved() };
    assert!(!costs(unknown, Language::En).contains('$'));
    check_translation(&costs(unknown, Language::En), &costs(unknown, Language::Ja));
    let one = Moved { tasks: 1, cpu: Some(256), memory: Some(512) };
    assert!(costs(one, Language::En).starts_with("1 task moves to on-demand capacity: 0.25 vCPU, 0.5 GB."));
}

fn escalations() -> Vec<Escalation> {
    vec![
        Escalation::unobserved("ThrottlingException: Rate_exceeded"),
        Escalation::NotTheRevision(Cause::CapacityUnavailable),
        Escalation::RanWellBefore(Cause::OutOfMemory),
        Escalation::NoGoodRevision,
        Escalation::GoodRevisionGone { revision: revision(41) },
        Escalation::GoodRevisionFails,
        Escalation::ForeignController(redact("CODE_DEPLOY")),
        Escalation::Stuck { since: at() },
        Escalation::MostTasksUnwell { unwell: 3, running: 4 },
        Escalation::NotDeclared,
        Escalation::NoNetwork,
        Escalation::TooLate,
        no_more_memory(NoRoom::AtMax { max: 8_192 }, 0),
        no_more_memory(NoRoom::NeedsCpu { cpu: 256 }, 2),
        no_more_memory(NoRoom::NoLimit, 0),
        no_more_memory(NoRoom::NotUnderstood, 1),
        Escalation::HostManaged { provider: redact("managed_hosts") },
        Escalation::HostMayServe { is_well: true },
        Escalation::HostMayServe { is_well: false },
        Escalation::NoRoom(Room::NoInstances),
        Escalation::NoRoom(Room::Free { instance: redact("i-0c41d7e92ab05f386") }),
        Escalation::NoRoom(Room::Nearest(nearest())),
        Escalation::Limited { to: 1, was: 4, since: at(), service: redact("api_1"), cluster: redact("shop") },
    ]
}

#[test]
fn every_refusal_has_its_words_in_each_language() {
    check(refusals(), refusal);
}

#[test]
fn every_escalation_has_its_words_in_each_language() {
    check(escalations(), escalation);
}

#[test]
fn whatever_holds_a_remedy_back_has_its_words_in_each_language() {
    let refused = refusals().into_iter().map(Why::Refused);
    check(refused.chain(escalations().into_iter().map(Why::Escalated)).collect(), why);
}

#[test]
fn every_because_has_its_words_in_each_language() {
    let task = TaskArn::new("arn:aws:ecs:eu-central-1:123456789012:task/shop/4c5e0d0a8f2b4a6f");
    let becauses = vec![
        Because::RevisionFails {
            revision: revision(42),
            count: 3,
            cause: Cause::ImageNotFound,
            good: revision(41),
        },
        Because::DeploymentStuck { revision: revision(42), since: at(), good: revision(41) },
        Because::TaskHangs { how: "UNHEALTHY".to_owned(), since: at() },
        Because::TasksRetire { from: at() },
        Because::TaskLost { task, cause: Cause::SpotInterrupted },
        Because::RunsOutOfMemory { revision: revision(42), container: redact("app_1"), count: 3 },
        Because::HostFails { since: at(), sign: HostSign::StatusCheck, moves: Some(3) },
        Because::HostFails {
            since: at(),
            sign: HostSign::Tasks { unhealthy: 2, stopped: 4, of: 7 },
            moves: None,
        },
        Because::SpotInterruption { at: at(), moves: Some(0) },
        Because::HostRecovered { since: at() },
        Because::SpotUnavailable { count: 5, running: 1, desired: 4, moved: moved() },
        Because::SpotAgain { since: at(), failed: 0 },
        Because::SpotAgain { since: at(), failed: 2 },
        Because::StartsFail { count: 40, since: at(), cause: Cause::ImageNotFound, running: 1, desired: 4 },
    ];
    check(becauses, because);
}

#[test]
fn every_withdrawal_has_its_words_in_each_language() {
    let refused = refusals().into_iter().map(Withdrawal::Refused);
    let escalated = escalations().into_iter().map(Withdrawal::Escalated);
    let own = [Withdrawal::NotWanted, Withdrawal::IncidentOver, Withdrawal::NotApproved];
    check(refused.chain(escalated).chain(own).collect(), withdrawal);
}

#[test]
fn every_doubt_has_its_words_in_each_language() {
    let doubts = vec![
        Doubt::DeploymentStopped,
        Doubt::DeploymentForgotten,
        Doubt::ServiceGone,
        Doubt::TaskForgotten,
        Doubt::DeployedMeanwhile,
        Doubt::NoTaskFound,
        Doubt::NoPrimary,
        Doubt::HostGone,
        Doubt::NotAsked,
        Doubt::StrategyChanged,
        Doubt::CountChanged,
        Doubt::Unread(redact("ThrottlingException: Rate_exceeded")),
    ];
    check(doubts, doubt);
}

#[test]
fn every_remedy_has_a_name_and_a_question_in_each_language() {
    for remedy in Remedy::ALL {
        check_translation(super::remedy(remedy, Language::En), super::remedy(remedy, Language::Ja));
        check_translation(&question(remedy, Language::En), &question(remedy, Language::Ja));
    }
    assert_eq!(question(Remedy::RollBack, Language::En), "roll back?");
}

#[test]
fn times_stops_and_spaces_are_those_of_the_language() {
    assert_eq!(Language::ALL.map(|language| moment(at(), language)), ["20 Nov 21:04 UTC", "11/20 21:04 UTC"]);
    let stopped = |text: &str, language| full_stop(text.to_owned(), language);
    assert_eq!(Language::ALL.map(|language| stopped("rel-43", language)), ["rel-43.", "rel-43。"]);
    for text in ["Cut…", "Done.", "Really?", "終了。"] {
        assert_eq!(Language::ALL.map(|language| stopped(text, language)), [text, text]);
    }
    assert_eq!(in_turn("One.", "Two.", Language::En), "One. Two.");
    assert_eq!(in_turn("One.", "", Language::En), "One.");
    assert_eq!(in_turn("一。", "二。", Language::Ja), "一。二。");
    assert_eq!(in_turn("一: done.", "二。", Language::Ja), "一: done. 二。");
}
