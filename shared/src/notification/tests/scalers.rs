//! Troubles of a scaled service: one of everything that may be wrong with one.

use super::samples::{Sample, Texts};
use super::*;
use crate::redact::quoted;
use crate::scaling::sample::{at as moment, decision, short, trouble};
use crate::scaling::{Hold, Limit, Problem, QueueName, ScalerTrouble};

fn troubles(texts: &Texts) -> Vec<(&'static str, ScalerTrouble, &'static str)> {
    let now = moment("03:08:00");
    let (decided, broken) = (decision(now), short(now));
    let of = |what, decision| trouble(&texts.target(), &texts.service, what, decision);
    let why = || quoted(&texts.problem);
    let capped = |limit| Problem::Short { limit, allowed: 20, needed: 34, wait: broken.estimate.wait };
    let queue = || QueueName(texts.service.clone());
    let stalled = Problem::Poison { since: moment("03:00:00") };
    let unread = Problem::UnknownQueue { queue: queue(), why: why() };
    let unknown = Hold::UnknownService { why: texts.problem.clone() };
    let unknown =
        crate::scaling::Decision { desired: None, order: None, holds: vec![unknown], ..decided.clone() };
    let mut critical = of(vec![stalled.clone(), capped(Limit::Max)], &broken);
    (critical.severity, critical.critical_at) = (Severity::Critical, Some(moment("03:23:00")));
    let mut calm = of(vec![capped(Limit::Max)], &decided);
    calm.standing.clear();
    let mut over = calm.clone();
    over.recovered = Some(moment("03:48:00"));
    vec![
        ("scaling: none is completed", of(vec![stalled], &decided), "poison:"),
        ("scaling: critical", critical, "critical"),
        ("scaling: at the maximum", of(vec![capped(Limit::Max)], &broken), "short:"),
        ("scaling: at a shared limit", of(vec![capped(Limit::Pool)], &broken), "short:"),
        ("scaling: too few groups", of(vec![capped(Limit::Groups)], &broken), "short:"),
        ("scaling: starts fail", of(vec![Problem::StartsFail { failed: 7 }], &decided), "starts_fail:"),
        ("scaling: refused", of(vec![Problem::Refused { from: 3, to: 12 }], &decided), "refused:"),
        ("scaling: proposed", of(vec![Problem::Proposed { from: 3, to: 12 }], &decided), "proposed:"),
        ("scaling: queue unreadable", of(vec![unread], &decided), "unknown_queue:"),
        (
            "scaling: service unreadable",
            of(vec![Problem::UnknownService { why: why() }], &unknown),
            "unknown_service:",
        ),
        ("scaling: no service", of(vec![Problem::NoService], &unknown), "no_service:"),
        ("scaling: owned by another", of(vec![Problem::Owned], &decided), "owned:"),
        ("scaling: not scalable", of(vec![Problem::NotScalable { what: why() }], &decided), "not_scalable:"),
        (
            "scaling: protection unreadable",
            of(vec![Problem::UnknownProtection { why: why() }], &decided),
            "unknown_protection:",
        ),
        ("scaling: unprotected", of(vec![Problem::Unprotected], &decided), "unprotected:"),
        ("scaling: still at the maximum", of(vec![capped(Limit::Max)], &broken), "still"),
        ("scaling: nothing wrong for now", calm, "opened"),
        ("scaling: over", over, "recovered"),
    ]
}

pub(super) fn of_scaler(texts: &Texts, language: Language) -> Vec<Sample> {
    let style = Style::of(language);
    let sample = |(name, trouble, key): (&str, ScalerTrouble, &str)| {
        let step = match key {
            "still" => Step::still(1, moment("07:08:00")),
            key => {
                let steps = Story::of_scaler(&trouble).steps;
                steps.into_iter().find(|step| step.key.starts_with(key)).unwrap_or_else(|| panic!("no {key}"))
            }
        };
        Sample {
            name: name.to_owned(),
            subject: trouble.subject(),
            root: style.scaler(&trouble),
            reply: Some(style.scaler_step(&trouble, &step)),
        }
    };
    troubles(texts).into_iter().map(sample).collect()
}

#[test]
fn a_trouble_is_routed_by_its_service_its_cluster_and_how_much_it_matters() {
    for (name, trouble, _) in troubles(&Texts::usual()) {
        let story = Story::of_scaler(&trouble);
        assert_eq!(story.target, Some(Texts::usual().target()), "{name}");
        assert_eq!(story.cluster.unwrap().name(), "shop", "{name}");
        let severity = if trouble.is_open() { trouble.severity } else { Severity::Info };
        assert_eq!((story.severity, story.is_open), (severity, trouble.is_open()), "{name}");
    }
}

#[test]
fn a_person_is_asked_for_a_proposal_with_the_command_and_for_nothing_else() {
    for (name, trouble, _) in troubles(&Texts::usual()) {
        let message = Style::default().scaler(&trouble);
        let asks = message.asks.iter().map(|ask| ask.as_str().to_owned()).collect::<String>();
        let is_proposal = name == "scaling: proposed";
        assert_eq!(
            asks.contains("`steward scaling shop/checkout --approve 12`"),
            is_proposal,
            "{name}: {asks}"
        );
        assert_eq!(asks.is_empty(), !is_proposal, "{name}");
        let weights = Story::of_scaler(&trouble).steps;
        assert_eq!(weights.iter().any(|step| step.weight == Weight::Asks), is_proposal, "{name}");
    }
}

#[test]
fn a_queue_that_cannot_be_read_is_the_one_that_is_linked() {
    let why = quoted("AccessDenied");
    let unread = Problem::UnknownQueue { queue: QueueName("payments".to_owned()), why };
    let decided = decision(moment("03:08:00"));
    let message =
        Style::default().scaler(&trouble(&Texts::usual().target(), "orders", vec![unread], &decided));
    assert!(message.links[1].url.ends_with("%2F123456789012%2Fpayments"), "{:?}", message.links);
    assert_eq!(message.evidence[0].as_str(), "AccessDenied");
}

#[test]
fn keys_of_earlier_steps_never_change_while_a_trouble_goes_on() {
    let mut known = std::collections::BTreeSet::new();
    let all = troubles(&Texts::usual());
    let mut one = all[0].1.clone();
    for (second, (_, trouble, _)) in (0_i64..).zip(&all) {
        for note in &trouble.notes {
            let at = note.at + SignedDuration::from_secs(second);
            one.notes.push(crate::scaling::ScalerNote { at, what: note.what.clone() });
            let now = Story::of_scaler(&one).keys();
            assert!(now.is_superset(&known), "{known:?} became {now:?}");
            known = now;
        }
    }
    one.recovered = Some(moment("09:00:00"));
    assert!(Story::of_scaler(&one).keys().is_superset(&known));
}
