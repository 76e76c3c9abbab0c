use super::*;
use crate::arn::{ClusterArn, ServiceName};
use crate::scaling::sample::{at, decision as sample, short, target};
use crate::scaling::{Estimate, Leave, Need, Order, PoolName, Problem, QueueName, Rate};

const PROMISE: SignedDuration = SignedDuration::from_secs(60);

fn said_in_both(decision: &Decision) -> String {
    let [en, ja] = Language::ALL.map(|language| super::decision(decision, PROMISE, language));
    format!("{en}\n{ja}")
}

fn at_rest() -> Decision {
    Decision { desired: Some(12), order: None, ..sample(at("03:08:00")) }
}

fn with(limit: Limit, change: impl Fn(&mut Decision)) -> Decision {
    let mut decision = Decision { limit, ..at_rest() };
    change(&mut decision);
    decision
}

fn all_limits() -> Vec<Decision> {
    let one = |decision: &mut Decision| (decision.desired, decision.wanted) = (Some(1), 1);
    let capped = |limit| Decision { limit, ..short(at("03:08:00")) };
    vec![
        sample(at("03:08:00")),
        with(Limit::Drain, |decision| {
            one(decision);
            decision.estimate.visible = 1;
        }),
        with(Limit::Steady, |_| ()),
        with(Limit::Steady, |decision| {
            one(decision);
            decision.estimate = Estimate { rate: Rate(100), is_burst: true, ..decision.estimate };
        }),
        with(Limit::InFlight, |_| ()),
        with(Limit::Warm, one),
        with(Limit::Warm, |decision| {
            one(decision);
            decision.estimate.delayed = 7;
        }),
        with(Limit::Recent, |decision| decision.need = Need { steady: 2, ..Need::default() }),
        with(Limit::Min, |decision| decision.need = Need::default()),
        with(Limit::Max, |_| ()),
        capped(Limit::Max),
        with(Limit::Pool, |_| ()),
        capped(Limit::Pool),
        capped(Limit::Groups),
        with(Limit::Nothing, |decision| (decision.desired, decision.wanted) = (Some(0), 0)),
    ]
}

fn all_holds() -> Vec<Hold> {
    let why = || "AccessDeniedException: not authorized".to_owned();
    let leaves = [
        Leave::Given,
        Leave::Paused { by: "ana@laptop".to_owned() },
        Leave::AutoScalingTarget,
        Leave::NotScalable { what: "a DAEMON service".to_owned() },
        Leave::Unknown { why: why() },
    ];
    let mut holds: Vec<Hold> = leaves.into_iter().map(Hold::NoLeave).collect();
    holds.extend([
        Hold::UnknownService { why: why() },
        Hold::NoService,
        Hold::UnknownQueue { queue: QueueName("orders".to_owned()), why: why() },
        Hold::UnknownProtection { why: why() },
        Hold::Suspended,
        Hold::Deploying,
        Hold::Incident,
        Hold::Action,
        Hold::StartsFail { failed: 1 },
        Hold::StartsFail { failed: 7 },
        Hold::Poison { since: at("03:00:00") },
        Hold::Recent { until: at("03:12:00") },
        Hold::NotEmptyYet { readings: 0 },
        Hold::NotEmptyYet { readings: 2 },
        Hold::Unprotected,
        Hold::Working { tasks: 1 },
        Hold::Working { tasks: 1_200 },
        Hold::Pool(PoolName("db".to_owned())),
    ]);
    holds
}

fn all_problems() -> Vec<Problem> {
    let why = || quoted("AccessDeniedException: not authorized");
    let short = |limit| Problem::Short { limit, allowed: 20, needed: 34, wait: SignedDuration::from_mins(9) };
    vec![
        Problem::Poison { since: at("03:00:00") },
        Problem::UnknownService { why: why() },
        Problem::NoService,
        short(Limit::Max),
        short(Limit::Pool),
        short(Limit::Groups),
        Problem::StartsFail { failed: 1 },
        Problem::StartsFail { failed: 1_000 },
        Problem::Refused { from: 3, to: 12 },
        Problem::UnknownQueue { queue: QueueName("orders".to_owned()), why: why() },
        Problem::Owned,
        Problem::NotScalable { what: quoted("a DAEMON service") },
        Problem::UnknownProtection { why: why() },
        Problem::Proposed { from: 3, to: 12 },
        Problem::Unprotected,
    ]
}

#[test]
fn every_limit_is_explained_in_both_languages() {
    let told: Vec<String> = all_limits().iter().map(said_in_both).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_hold_is_explained_in_both_languages() {
    let told = all_holds().into_iter().map(|held| {
        let lines = Language::ALL
            .map(|language| format!("{}: {}", short_hold(&held, language), hold(&held, language)));
        lines.join("\n")
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_decision_says_what_is_done_what_is_kept_and_what_is_not_known() {
    let fewer = Decision { wanted: 3, limit: Limit::Recent, ..at_rest() };
    let recent = Decision { holds: vec![Hold::Recent { until: at("03:12:00") }], ..fewer.clone() };
    let order = Some(Order { from: 12, to: 5 });
    let partly = Decision { order, holds: vec![Hold::Working { tasks: 5 }], ..fewer };
    let unknown = Decision {
        desired: None,
        holds: vec![Hold::UnknownService { why: "throttled".to_owned() }],
        ..at_rest()
    };
    let holds = vec![Hold::Incident, Hold::StartsFail { failed: 7 }];
    let held = Decision { desired: Some(3), order: None, holds, ..sample(at("03:08:00")) };
    let told = [recent, partly, unknown, held].map(|decision| said_in_both(&decision));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_problem_is_told_and_what_to_do_about_it_fits_a_next_step() {
    let mut shown = Vec::new();
    let long = Target::Service {
        cluster: ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{}", "c".repeat(30))),
        name: ServiceName::new("s".repeat(30)),
    };
    for problem in all_problems() {
        let [en, ja] =
            Language::ALL.map(|language| happened(&place(&target(), language), &problem, language));
        assert!(en.is_ascii() || en.contains('→'), "{en}");
        shown.extend([en, ja]);
        let commands = |text: &str| {
            let quoted = text.split('`').skip(1).step_by(2).filter(|quoted| quoted.starts_with("steward "));
            let mut commands: Vec<String> = quoted.map(str::to_owned).collect();
            commands.sort();
            commands
        };
        for tell in
            [|target: &Target, problem: &Problem, language| Some(to_do(target, problem, language)), ask]
        {
            let [en, ja] = Language::ALL.map(|language| tell(&target(), &problem, language));
            assert_eq!(en.as_deref().map(commands), ja.as_deref().map(commands));
            for language in Language::ALL {
                let Some(text) = tell(&long, &problem, language) else { continue };
                assert!(text.chars().count() <= 350, "{} characters: {text}", text.chars().count());
                assert!(text.ends_with(['.', '。']), "{text}");
                assert_eq!(redact(&text).as_str(), text, "nothing of ours looks like a secret");
            }
            for command in ja.as_deref().map(commands).unwrap_or_default() {
                let behind = |text: &str| {
                    text.split(&format!("`{command}`")).skip(1).all(|it| it.starts_with([' ', '。']))
                };
                assert!(ja.as_deref().is_some_and(behind), "{ja:?}");
            }
            shown.extend(en.into_iter().chain(ja));
        }
    }
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn no_text_of_others_shows_a_secret_or_is_longer_than_a_quote() {
    let secret = || format!("password=hunter2hunter2 {}", "x".repeat(2_000));
    let holds = [
        Hold::UnknownService { why: secret() },
        Hold::UnknownQueue { queue: QueueName(secret()), why: secret() },
        Hold::UnknownProtection { why: secret() },
        Hold::NoLeave(Leave::Paused { by: secret() }),
        Hold::NoLeave(Leave::NotScalable { what: secret() }),
        Hold::NoLeave(Leave::Unknown { why: secret() }),
        Hold::Pool(PoolName(secret())),
    ];
    for held in holds {
        for language in Language::ALL {
            let text = hold(&held, language);
            assert!(!text.contains("hunter2") && text.chars().count() < 1_100, "{text}");
        }
    }
}

#[test]
fn a_command_names_a_service_and_nothing_that_is_none() {
    let of = |cluster: &str, name: &str| {
        let cluster = ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{cluster}"));
        named(&Target::Service { cluster, name: ServiceName::new(name) })
    };
    assert_eq!(of("shop", "worker-2_x"), "shop/worker-2_x");
    for name in ["", "a b", "`rm -rf`", "x;y", "$(x)", "AKIAIOSFODNN7EXAMPLE"] {
        assert_eq!(of("shop", name), "CLUSTER/SERVICE", "{name}");
    }
}

#[test]
fn spans_and_counts_are_as_exact_as_they_have_to_be() {
    let spans = [0, 350, 1_000, 1_850, 9_999, 10_500, 60_000, 119_000, 240_000]
        .map(|ms| span(SignedDuration::from_millis(ms), En));
    assert_eq!(spans, ["0 s", "350 ms", "1 s", "1.8 s", "9.9 s", "10 s", "60 s", "119 s", "4 min"]);
    assert_eq!([0, 999, 1_000, 1_234_567, u64::MAX].map(count)[..4], ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(wait(SignedDuration::MAX, PROMISE, En), "more than a day, promised 60 s");
}
